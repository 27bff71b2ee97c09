"""Effects of releases stand in where no experiment tells, and prove no promise below grade staged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.effects import known_effects, of_releases
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.verdicts import verdicts
from vitalfew.results.rows import PlaceboRow

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow, VerdictRow
    from vitalfew.workspace.definitions import Definitions, Grade

TODAY = date(2026, 6, 1)


def shop(*initiatives: str, **more: Any) -> Definitions:
    return definitions(
        initiatives={"gate": {"status": "shipped"}, "door": {"status": "shipped"}},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention"}},
        releases={"spring": {"date": "2026-03-01", "initiatives": list(initiatives or ("gate",))}},
        **more,
    )


def released(grade: Grade = "dated", estimate: float = 0.03) -> EffectRow:
    return replace(effect("spring", "retention", estimate, 0.001, grade=grade), arm="after", control="before")


def judged(row: EffectRow) -> VerdictRow:
    held = promise("gate", "retention", 0.02, 0.01, locked_at="2026-01-01T00:00:00Z")
    return verdicts(shop(), (held,), (), (), TODAY, released=(row,))[0]


def test_a_release_tells_of_its_one_initiative_where_no_experiment_does() -> None:
    found = tables(effects=(), release_effects=(released(),))
    known = known_effects(shop(), (), frozenset(), None, of_releases(shop(), found))
    assert known["gate"]["retention"].estimate == 0.03
    assert known["gate"]["retention"].grade == "dated"


def test_a_release_of_two_initiatives_tells_of_neither() -> None:
    assert of_releases(shop("gate", "door"), tables(release_effects=(released(),))) == ()


def test_a_release_among_others_on_the_same_days_tells_nothing_of_its_own() -> None:
    bundle = PlaceboRow("spring", "retention", (), None, descriptive=True, bundle=("late_march",), before_days=365,
                        after_days=28, message="came with another")  # fmt: skip
    assert of_releases(shop(), tables(release_effects=(released(),), placebos=(bundle,))) == ()


def test_an_experiment_counts_instead_of_a_release_and_is_never_averaged_with_it() -> None:
    defined = shop(experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}})
    tested = effect("exp", "retention", 0.01, 0.002)
    known = known_effects(defined, (tested,), frozenset(), None, (released(),))["gate"]["retention"]
    assert (known.estimate, known.se, known.grade) == (0.01, 0.002, "tested")


def test_only_the_strongest_grade_of_several_releases_counts() -> None:
    more = {
        "spring": {"date": "2026-03-01", "initiatives": ["gate"]},
        "may": {"date": "2026-05-01", "initiatives": ["gate"]},
    }
    defined = definitions(initiatives={"gate": {"status": "shipped"}}, releases=more)
    rows = (released("staged", 0.01), replace(released("dated"), experiment="may"))
    assert known_effects(defined, (), frozenset(), None, rows)["gate"]["retention"].estimate == 0.01


def test_dated_evidence_values_a_line_and_proves_no_promise() -> None:
    assert judged(released("dated")).verdict == "unproven"
    assert "only dated" in judged(released("dated")).reason
    assert judged(released("staged")).verdict == "kept"
    (line, _) = ledger(Inputs.of(shop(), tables(effects=(), release_effects=(released(),)), TODAY, 1))[0]
    assert line.value is not None
    assert line.grade == "dated"


def test_a_series_over_everybody_has_its_reach_within_it() -> None:
    few = {"gate": {"status": "shipped", "reach": 0.1}}
    defined = definitions(initiatives=few, releases={"spring": {"date": "2026-03-01", "initiatives": ["gate"]}})
    to_all, in_waves = (
        ledger(Inputs.of(defined, tables(effects=(), release_effects=(row,)), TODAY, 1))[0][0]
        for row in (released("staged"), replace(released("staged"), arm="released", control="not yet"))
    )
    assert to_all.value is not None
    assert in_waves.value is not None
    assert in_waves.value.mean < 0.2 * to_all.value.mean


@pytest.mark.parametrize(
    ("metric", "counts"),
    [
        ({"kind": "count", "window": {"length": 28}}, False),  # jobs a day are not jobs in four weeks
        ({"kind": "count", "window": {"length": 1}}, True),
        ({"kind": "ratio", "denominator": {"source": "log", "events": ["began"]}, "window": {"length": 28}}, True),
    ],
)
def test_what_is_counted_on_a_day_stands_for_nothing_that_is_counted_in_weeks(
    metric: dict[str, Any], *, counts: bool
) -> None:
    log = {"table": "log", "unit": "id", "time": "at", "event": "name"}
    told = definitions(
        sources={"log": log},
        metrics={"retention": {"source": "log", "events": ["done"], **metric}},
        factors={"retention": {"range": [0, 10]}},
        initiatives={"gate": {"status": "shipped"}},
        releases={"spring": {"date": "2026-03-01", "initiatives": ["gate"]}},
    )
    assert bool(of_releases(told, tables(release_effects=(released(),)))) is counts


def test_a_rollout_told_in_other_periods_counts_where_its_numbers_can_be_scaled() -> None:
    def told(kind: str) -> Definitions:
        rollout = {"source": "log", "period_days": 7}
        return definitions(
            sources={"log": {"table": "log", "unit": "id", "time": "at", "event": "name"}},
            metrics={"retention": {"source": "log", "events": ["done"], "kind": kind, "window": {"length": 28}}},
            factors={"retention": {"range": [0, 10]}},
            initiatives={"gate": {"status": "shipped"}},
            releases={"spring": {"date": "2026-03-01", "initiatives": ["gate"], "rollout": rollout}},
        )

    found = tables(release_effects=(released(),))
    assert of_releases(told("count"), found)
    assert not of_releases(told("proportion"), found)
