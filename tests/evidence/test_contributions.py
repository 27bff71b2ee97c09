"""What work gave at the top: measured there or carried by links, each piece once, with every error."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evidence.effect_tables import corpora_of, corpus_of
from vitalfew.evidence.contributions import contributions, tops
from vitalfew.results.rows import (
    ContributionRow,
    Estimate,
    LinkCovarianceRow,
    LinkRow,
    PlaceboRow,
    SeriesRow,
    ShrunkRow,
    Tables,
)
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.evidence.corpus import Corpora

TODAY = date(2026, 6, 1)
METRICS = ("clicks", "speed", "use", "money")
LINKS: dict[str, Any] = {
    "click_use": {"parent": "clicks", "child": "use"},
    "speed_use": {"parent": "speed", "child": "use"},
    "use_money": {"parent": "use", "child": "money"},
}


def defined(**kinds: Any) -> Definitions:
    metric = {"source": "users", "column": "x"}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": dict.fromkeys(METRICS[:3], metric) | {"money": metric | {"level": "business"}},
            "factors": {"money": {"range": [0, 10]}},
            "links": LINKS,
            "teams": {"red": {}, "blue": {}},
            "features": {"search": {}},
            "initiatives": {
                "find": {"team": "red", "feature": "search", "shipped": date(2026, 3, 1), "reach": 0.5},
                "sort": {"team": "red", "shipped": date(2026, 4, 1), "reach": 1.0},
                "idea": {"team": "blue", "reach": 1.0},
            },
            "experiments": {
                "x_find": {"source": "users", "variant": "v", "initiative": "find"},
                "x_sort": {"source": "users", "variant": "v", "initiative": "sort"},
                "x_idea": {"source": "users", "variant": "v", "initiative": "idea"},
            },
        }
        | kinds
    )


def link(key: str, mean: float, sd: float, grade: Any = "tested") -> LinkRow:
    parent, child = LINKS[key]["parent"], LINKS[key]["child"]
    ends = (mean - 1.96 * sd, mean + 1.96 * sd)
    return LinkRow(
        key, parent, child, "influence", "estimated", mean, *ends, sd, grade, 6.0, 40, "joint", believed=(mean, sd)
    )


TABLES = Tables(links=(link("click_use", 0.5, 0.1), link("speed_use", 0.2, 0.05), link("use_money", 2.0, 0.4)))
NOISE = np.diag([0.01, 0.04, 0.0025, 0.09])


def given(effects: dict[str, dict[str, float]]) -> Corpora:
    return corpora_of(corpus_of(effects, NOISE, METRICS))


def one(rows: tuple[ContributionRow, ...], kind: str, subject: str) -> ContributionRow:
    (row,) = [row for row in rows if row.kind == kind and row.subject == subject and row.metric == "money"]
    return row


def half(row: ContributionRow) -> float:
    assert row.contribution is not None
    assert row.contribution.high is not None
    return (row.contribution.high - row.contribution.estimate) / 1.959964


def mean(row: ContributionRow) -> float:
    assert row.contribution is not None
    return row.contribution.estimate


def test_tops_are_the_business_and_what_leads_nowhere_further() -> None:
    assert tops(defined()) == ("money",)
    assert tops(defined(links={}, factors={"money": {"range": [0, 1]}, "use": {"range": [0, 1]}})) == ("use", "money")


def test_what_was_measured_at_the_top_is_taken_as_it_is() -> None:
    row = one(
        contributions(defined(), TABLES, given({"x_find": {"clicks": 1.0, "money": 0.7}}), TODAY),
        "experiment",
        "x_find",
    )
    assert mean(row) == pytest.approx(0.7)
    assert half(row) == pytest.approx(0.3)
    assert (row.links, row.grade) == ((), "tested")


def test_else_links_carry_it_there_with_the_errors_of_effects_and_slopes() -> None:
    """Against a million draws of the effect and of both slopes."""
    tables = replace(TABLES, links=(link("click_use", 0.5, 0.1), link("use_money", 2.0, 0.4, "staged")))
    row = one(contributions(defined(), tables, given({"x_find": {"clicks": 1.0}}), TODAY), "experiment", "x_find")
    rng = np.random.default_rng(1)
    drawn = rng.normal(1.0, 0.1, 10**6) * rng.normal(0.5, 0.1, 10**6) * rng.normal(2.0, 0.4, 10**6)
    assert mean(row) == pytest.approx(1.0)
    assert half(row) == pytest.approx(drawn.std(), rel=0.01)
    assert row.links == ("click_use", "use_money")
    assert row.grade == "staged"
    assert row.notes == ("by its effect on clicks",)


def test_what_is_known_half_way_stands_in_for_all_below_it() -> None:
    row = one(
        contributions(defined(), TABLES, given({"x_find": {"clicks": 9.0, "use": 0.3}}), TODAY), "experiment", "x_find"
    )
    assert mean(row) == pytest.approx(0.6)
    assert row.links == ("use_money",)


def test_slopes_that_err_together_count_together() -> None:
    effects = given({"x_find": {"clicks": 1.0, "speed": 1.0}})
    apart = one(contributions(defined(), TABLES, effects, TODAY), "experiment", "x_find")
    shared = replace(TABLES, link_covariances=(LinkCovarianceRow("click_use", "speed_use", -0.0045),))
    together = one(contributions(defined(), shared, effects, TODAY), "experiment", "x_find")
    assert mean(apart) == pytest.approx(mean(together)) == pytest.approx(1.4)
    assert half(apart) ** 2 - half(together) ** 2 == pytest.approx(2 * 0.0045 * (2.0**2 + 0.4**2), rel=1e-6)


def test_initiatives_count_by_their_reach_and_sums_are_of_shipped_work_only() -> None:
    effects = {"x_find": {"money": 0.8}, "x_sort": {"money": 0.5}, "x_idea": {"money": 9.0}}
    rows = contributions(defined(), TABLES, given(effects), TODAY)
    assert mean(one(rows, "initiative", "find")) == pytest.approx(0.4)
    team = one(rows, "team", "red")
    assert mean(team) == pytest.approx(0.9)
    assert half(team) == pytest.approx((0.15**2 + 0.3**2) ** 0.5)
    assert team.notes[0] == "sum of find and sort"
    assert mean(one(rows, "feature", "search")) == pytest.approx(0.4)
    assert not [row for row in rows if row.subject == "blue"]


def test_a_wrong_link_moves_all_that_rest_on_it_together() -> None:
    rows = contributions(defined(), TABLES, given({"x_find": {"use": 0.3}, "x_sort": {"use": 0.3}}), TODAY)
    both, alone = one(rows, "team", "red"), one(rows, "initiative", "sort")
    assert mean(both) == pytest.approx(1.5 * mean(alone))
    noise = 2.0**2 * 0.0025
    second = 0.4**2 * 0.0025
    assert half(both) ** 2 == pytest.approx(1.25 * (noise + second) + (0.45 * 0.4) ** 2, rel=1e-6)


def test_several_experiments_on_one_initiative_are_joined_not_added() -> None:
    experiments = {key: {"source": "users", "variant": "v", "initiative": "sort"} for key in ("x_sort", "x_again")}
    effects = given({"x_sort": {"money": 0.4}, "x_again": {"money": 0.6}})
    row = one(contributions(defined(experiments=experiments), TABLES, effects, TODAY), "initiative", "sort")
    assert mean(row) == pytest.approx(0.5)
    assert half(row) == pytest.approx(0.3 / 2**0.5)


def test_sums_are_without_luck_where_that_is_known() -> None:
    fair = Estimate(0.2, 0.2 - 0.196, 0.2 + 0.196)
    shrunk = ShrunkRow("x_sort", "b", "money", "randomised", Estimate(0.5), fair, 0.9, joint=False, experiments=30)
    rows = contributions(defined(), replace(TABLES, shrunk=(shrunk,)), given({"x_sort": {"money": 0.5}}), TODAY)
    assert mean(one(rows, "experiment", "x_sort")) == pytest.approx(0.5)
    assert mean(one(rows, "initiative", "sort")) == pytest.approx(0.2)
    assert half(one(rows, "team", "red")) == pytest.approx(0.1, rel=1e-3)


def released(initiatives: list[str]) -> tuple[Definitions, Corpora]:
    definitions = defined(releases={"spring": {"date": date(2026, 4, 1), "initiatives": initiatives, "team": "red"}})
    release = corpus_of({"spring": {"money": 1.0}}, NOISE, METRICS, kind="releases", grade="dated")
    return definitions, corpora_of(corpus_of({"x_sort": {"money": 0.5}}, NOISE, METRICS), release)


def test_a_release_whose_work_was_tested_is_counted_once_in_sums() -> None:
    rows = contributions(*interleaved(released(["sort"])), TODAY)
    assert mean(one(rows, "release", "spring")) == pytest.approx(1.0)
    assert mean(one(rows, "team", "red")) == pytest.approx(0.5)
    apart = contributions(*interleaved(released(["find"])), TODAY)
    assert mean(one(apart, "team", "red")) == pytest.approx(1.5)
    assert one(apart, "team", "red").grade == "dated"


def interleaved(pair: tuple[Definitions, Corpora]) -> tuple[Definitions, Tables, Corpora]:
    return pair[0], TABLES, pair[1]


def test_what_came_with_a_release_of_another_team_is_no_teams_alone() -> None:
    definitions = defined(
        releases={
            "spring": {"date": date(2026, 4, 1), "team": "red"},
            "april": {"date": date(2026, 4, 3), "team": "blue"},
            "late": {"date": date(2026, 4, 5), "team": "red"},
        }
    )
    release = corpus_of({"spring": {"money": 1.0}}, NOISE, METRICS, kind="releases", grade="dated")
    corpora = corpora_of(corpus_of({"x_idea": {"money": 0.5}}, NOISE, METRICS), release)

    def teams(*others: str) -> list[str]:
        came = PlaceboRow("spring", "money", (), 0.1, descriptive=False, bundle=others, before_days=28, after_days=28,
                          message="")  # fmt: skip
        rows = contributions(definitions, replace(TABLES, placebos=(came,)), corpora, TODAY)
        return [row.subject for row in rows if row.kind == "team" and row.metric == "money"]

    assert teams() == ["red"]
    assert teams("late") == ["red"]
    assert teams("april", "late") == []


def rising(by: float, level: float = 5.0) -> tuple[SeriesRow, ...]:
    days = [TODAY - timedelta(days=back) for back in range(149, -1, -1)]
    values = [level + (by if at >= 75 else 0.0) for at in range(150)]
    return tuple(
        SeriesRow("kpi", "money", None, day.isoformat(), value) for day, value in zip(days, values, strict=True)
    )


def test_what_work_does_not_explain_is_shown() -> None:
    effects = given({"x_find": {"money": 0.8}, "x_sort": {"money": 0.5}})
    rows = contributions(defined(), replace(TABLES, series=rising(2.0)), effects, TODAY)
    rest = one(rows, "unexplained", "money")
    assert mean(rest) == pytest.approx(2.0 - 0.9)
    assert half(rest) == pytest.approx((0.15**2 + 0.3**2) ** 0.5)
    assert "explains 0.9 (find and sort)" in rest.notes[0]


def test_a_series_on_another_scale_is_not_held_against_experiments() -> None:
    corpus = corpus_of({"x_sort": {"money": 0.5}}, NOISE, METRICS, levels={"money": 5.0})
    tables = replace(TABLES, series=rising(2_000.0, level=5_000.0))
    rest = one(contributions(defined(), tables, corpora_of(corpus), TODAY), "unexplained", "money")
    assert rest.contribution is None
    assert "another scale" in rest.notes[0]


def test_rows_name_work_and_teams_and_no_person() -> None:
    rows = contributions(defined(), TABLES, given({"x_find": {"money": 0.8}}), TODAY)
    assert {row.kind for row in rows} == {"experiment", "initiative", "feature", "team"}
