"""Every check fires on its case and stays silent on a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from vitalfew import checks
from vitalfew.evidence.conflicts import conflicts
from vitalfew.results.rows import EffectRow, HealthRow, PromiseRow, Tables, UseRow
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.results.rows import FindingRow
    from vitalfew.workspace.definitions import Grade

TODAY = date(2026, 6, 1)
METRIC = {"source": "players", "column": "x"}


def defined(**kinds: Any) -> Definitions:
    base: dict[str, Any] = {
        "sources": {"players": {"table": "players.csv", "unit": "id"}},
        "metrics": {
            "fun": METRIC | {"side": "customer"},
            "errors": METRIC | {"side": "customer", "direction": "down"},
            "money": METRIC | {"level": "business"},
        },
    }
    return Definitions.model_validate(base | kinds)


def found(check: str, definitions: Definitions, tables: Tables | None = None) -> list[FindingRow]:
    return [row for row in checks.run(definitions, ActLog(), tables or Tables(), TODAY) if row.id == check]


def subjects(check: str, definitions: Definitions, tables: Tables | None = None) -> list[str]:
    return [row.subject for row in found(check, definitions, tables)]


def with_conflicts(definitions: Definitions, tables: Tables) -> Tables:
    return replace(tables, conflicts=conflicts(definitions, tables, TODAY))


def effect(
    experiment: str,
    metric: str,
    estimate: float,
    *,
    segment: str | None = None,
    grade: Grade = "tested",
    se: float = 1.0,
) -> EffectRow:
    """An effect with a standard error of 1, so that the estimate is its z."""
    return EffectRow(
        experiment, metric, 1, segment, "b", "a", estimate, se, (), None, None, {}, {}, "difference", "fixed", grade
    )


def ratio(experiment: str, p: float) -> HealthRow:
    return HealthRow(
        experiment, "sample_ratio", p, "failed" if p < 0.0005 else "warning" if p < 0.01 else "ok", "sizes"
    )


# trust ---------------------------------------------------------------------------------------------------------


def test_a_lone_experiment_below_one_in_a_hundred_raises_a_warning() -> None:
    (finding,) = found("sample_ratio", defined(), Tables(health=(ratio("x", 0.0086),)))
    assert (finding.severity, finding.subject) == ("warning", "x")


def test_the_same_p_among_thirty_experiments_raises_none() -> None:
    sound = tuple(ratio(f"x{number}", 0.5) for number in range(29))
    assert found("sample_ratio", defined(), Tables(health=(ratio("x", 0.0086), *sound))) == []


def test_a_failed_ratio_is_an_error_among_any_number() -> None:
    sound = tuple(ratio(f"x{number}", 0.5) for number in range(200))
    (finding,) = found("sample_ratio", defined(), Tables(health=(ratio("x", 0.0004), *sound)))
    assert finding.severity == "error"


def test_other_tests_of_trust_are_not_taken_for_sample_ratios() -> None:
    assert found("sample_ratio", defined(), Tables(health=(HealthRow("x", "crossed", 0.0001, "failed", "m"),))) == []


# promises ------------------------------------------------------------------------------------------------------

SHIPPED = {"gate": {"status": "shipped", "shipped": date(2026, 5, 1), "serves": ["fun"]}}
ASKED = {"h": {"initiative": "gate", "metric": "fun"}}


def promise(locked_at: str | None, proved: Any = "claimed") -> Tables:
    row = PromiseRow("h", "gate", "fun", "all", 1, 2, 3, 0.1, 2, locked_at=locked_at, proved=proved)
    return Tables(promises=(row,))


@pytest.mark.parametrize(
    ("hypotheses", "tables", "message"),
    [
        ({}, Tables(), "gate was begun without a hypothesis: nothing was promised."),
        (ASKED, Tables(), "gate has a hypothesis, but no promise was locked."),
        (ASKED, promise(None), "gate has a hypothesis, but no promise was locked."),
        (ASKED, promise("2026-05-20T00:00:00Z", "no"), "gate was promised only after it had started."),
    ],
)
def test_shipped_work_without_a_promise_before_its_start_is_found(
    hypotheses: dict[str, Any], tables: Tables, message: str
) -> None:
    (finding,) = found("unpredicted", defined(initiatives=SHIPPED, hypotheses=hypotheses), tables)
    assert finding.message == message


@pytest.mark.parametrize(
    ("initiative", "advice"),
    [
        (
            {"status": "committed"},
            "Let people forecast it, then lock the promise: `vitalfew act lock DIR h --by NAME`.",
        ),
        ({"status": "shipped", "shipped": date(2026, 5, 1)}, "before the next piece of work starts"),
    ],
)
def test_a_lock_is_advised_only_where_it_would_still_count(initiative: dict[str, Any], advice: str) -> None:
    kinds = {"initiatives": {"i": initiative}, "hypotheses": {"h": {"initiative": "i", "metric": "fun"}}}
    (finding,) = found("unpredicted", defined(**kinds))
    assert advice in finding.do


@pytest.mark.parametrize("proved", ["claimed", "proved"])
def test_a_locked_promise_is_enough(proved: str) -> None:
    assert (
        found("unpredicted", defined(initiatives=SHIPPED, hypotheses=ASKED), promise("2026-01-01T00:00:00Z", proved))
        == []
    )


@pytest.mark.parametrize(
    "initiative",
    [
        {"status": "forecast"},
        {"status": "dropped", "started": date(2026, 1, 1)},
        {"started": TODAY + timedelta(days=1)},
    ],
)
def test_ideas_dropped_work_and_work_that_starts_tomorrow_need_no_promise_yet(initiative: dict[str, Any]) -> None:
    assert found("unpredicted", defined(initiatives={"gate": initiative})) == []


def key_result(**fields: Any) -> Definitions:
    return defined(objectives={"o": {"title": "Calm", "serves": [], "key_results": {"k": fields}}})


def test_a_key_result_that_counts_output_or_has_no_baseline_is_found() -> None:
    (finding,) = found("output_key_result", key_result(title="Ship ten connections"))
    assert (finding.subject, finding.message) == (
        "o.k",
        "'Ship ten connections' of 'Calm' has no metric: it counts output.",
    )
    (other,) = found("output_key_result", key_result(metric="fun", target=2.0))
    assert other.message == "'k' of 'Calm' has no baseline."


def test_a_key_result_with_metric_baseline_and_target_is_fine() -> None:
    assert found("output_key_result", key_result(metric="fun", baseline=0.0, target=2.0)) == []


# value model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "severities"), [(5, []), (6, ["warning"]), (10, ["warning"]), (11, ["error"])])
def test_factors_are_counted(count: int, severities: list[str]) -> None:
    names = [f"m{number}" for number in range(count)]
    made = defined(metrics=dict.fromkeys(names, METRIC), factors={key: {"range": (0.0, 1.0)} for key in names})
    assert [finding.severity for finding in found("too_many", made)] == severities


def test_begun_work_that_serves_nothing_is_found() -> None:
    assert subjects("serves_nothing", defined(initiatives={"icon": {"shipped": date(2026, 5, 1)}})) == ["icon"]


@pytest.mark.parametrize(
    "kinds",
    [
        {"initiatives": {"icon": {"status": "idea"}}},
        {"initiatives": {"icon": {"status": "live", "serves": ["fun"]}}},
        {"initiatives": {"icon": {"status": "live", "exception": "the old one was not ours"}}},
        {"initiatives": {"icon": {"status": "live", "removes": "f"}}, "features": {"f": {}}},
        {
            "initiatives": {"icon": {"status": "live"}},
            "factors": {"fun": {"range": (0.0, 1.0)}},
            "hypotheses": {"h": {"initiative": "icon", "metric": "fun"}},
        },
    ],
)
def test_ideas_and_work_with_a_purpose_or_an_exception_are_fine(kinds: dict[str, Any]) -> None:
    assert found("serves_nothing", defined(**kinds)) == []


# needs ---------------------------------------------------------------------------------------------------------

NEED = {"n": {"statement": "People wait.", "harms": ["money"]}}


def test_a_request_without_a_need_is_found_and_one_with_a_need_is_not() -> None:
    bare = {"status": "live", "origin": "request", "serves": ["fun"]}
    linked = {"status": "live", "origin": "sales", "serves": ["n"]}
    through = {"status": "live", "origin": "sales", "serves": ["o"]}
    own = {"status": "live", "origin": "team", "serves": ["fun"]}
    made = defined(
        needs=NEED,
        objectives={"o": {"title": "Calm", "serves": ["n"]}},
        initiatives={"bare": bare, "linked": linked, "through": through, "own": own},
    )
    assert subjects("request_without_need", made) == ["bare"]


def test_a_need_without_a_way_to_the_business_is_found() -> None:
    assert subjects("not_closing", defined(needs={"n": {"statement": "People wait.", "harms": ["fun"]}})) == ["n"]


@pytest.mark.parametrize(
    "kinds",
    [
        {"needs": NEED},
        {"needs": {"n": {"statement": "s", "harms": ["fun"]}}, "links": {"l": {"parent": "fun", "child": "money"}}},
        {"needs": {"n": {"statement": "s"}}, "initiatives": {"i": {"serves": ["n", "money"]}}},
        {"needs": {"n": {"statement": "s"}}, "metrics": {"fun": METRIC}},
    ],
)
def test_a_need_closes_by_harm_by_link_or_by_what_serves_it(kinds: dict[str, Any]) -> None:
    assert found("not_closing", defined(**kinds)) == []


def test_an_objective_to_which_no_need_leads_is_found_and_one_with_a_need_is_not() -> None:
    result = {"metric": "money", "baseline": 1.0, "target": 2.0}
    objectives = {
        "alone": {"title": "Alone"},
        "named": {"title": "Named", "serves": ["n"]},
        "measured": {"title": "Measured", "key_results": {"k": result}},
        "worked": {"title": "Worked"},
    }
    made = defined(needs=NEED, objectives=objectives, initiatives={"i": {"serves": ["n", "worked"]}})
    assert subjects("not_closing", made) == ["alone"]


@pytest.mark.parametrize(
    ("evidence", "initiative", "experiments", "expected"),
    [
        ("assumed", {"status": "live"}, {}, ["n"]),
        ("observed", {"status": "live"}, {}, []),
        ("assumed", {"status": "forecast"}, {}, []),
        ("assumed", {"status": "live"}, {"x": {"source": "players", "initiative": "i"}}, []),
    ],
)
def test_work_on_an_assumed_cause_without_a_test_is_found(
    evidence: str, initiative: dict[str, Any], experiments: dict[str, Any], expected: list[str]
) -> None:
    need = {"statement": "s", "harms": ["money"], "causes": [{"cause": "Prices are hidden", "evidence": evidence}]}
    made = defined(needs={"n": need}, initiatives={"i": initiative | {"serves": ["n"]}}, experiments=experiments)
    assert subjects("assumed_cause", made) == expected


# conflicts -----------------------------------------------------------------------------------------------------


def shipped(**teams: date) -> dict[str, Any]:
    """One shipped initiative with an experiment per team, named after the team."""
    return {
        "teams": {key: {} for key in teams},
        "initiatives": {team: {"team": team, "shipped": day, "serves": ["fun"]} for team, day in teams.items()},
        "experiments": {f"x_{team}": {"source": "players", "initiative": team} for team in teams},
        "stakeholders": {"staff": {"title": "the technicians"}},
        "factors": {"fun": {"range": (0.0, 1.0), "stakeholder": "staff"}},
        "segments": {"small": {"title": "small firms"}},
    }


BOTH = shipped(ux=date(2026, 1, 1), security=date(2026, 3, 1))


def test_a_group_that_loses_beyond_doubt_is_found() -> None:
    (finding,) = found("harmed", defined(**BOTH), Tables(effects=(effect("x_ux", "fun", -4),)))
    assert finding.message == "x ux harms: fun got worse for the technicians."
    (other,) = found("harmed", defined(**BOTH), Tables(effects=(effect("x_ux", "fun", -4, segment="small"),)))
    assert other.message == "x ux harms: fun got worse for the segment small firms."


def test_no_finding_contradicts_the_interval_that_is_shown() -> None:
    inside, outside = (
        subjects("harmed", defined(**BOTH), Tables(effects=(effect("x_ux", "fun", estimate),)))
        for estimate in (-1.9, -2.0)
    )
    assert (inside, outside) == ([], ["x_ux"])


def test_groups_that_lose_by_the_same_experiment_are_told_in_one_sentence() -> None:
    effects = (effect("x_ux", "fun", -8), effect("x_ux", "fun", -8, segment="small"))
    (finding,) = found("harmed", defined(**BOTH), Tables(effects=effects))
    assert finding.message == "x ux harms: fun got worse for the technicians and the segment small firms."


def test_an_experiment_that_failed_its_trust_test_accuses_nobody() -> None:
    failed = (HealthRow("x_ux", "sample_ratio", 1e-9, "failed", "uneven"),)
    assert found("harmed", defined(**BOTH), Tables(effects=(effect("x_ux", "fun", -8),), health=failed)) == []


def test_a_loss_on_a_metric_that_should_fall_is_a_rise() -> None:
    watched = BOTH | {"guardrails": {"errors": {"margin": 3.0, "stakeholder": "staff"}}}
    assert subjects("harmed", defined(**watched), Tables(effects=(effect("x_ux", "errors", 4),))) == ["x_ux"]
    assert found("harmed", defined(**watched), Tables(effects=(effect("x_ux", "errors", -4),))) == []


@pytest.mark.parametrize(
    "effects",
    [
        (effect("x_ux", "fun", -1.5),),
        (effect("x_ux", "fun", -2.5), *(effect("x_ux", "fun", 0.1, segment=f"s{number}") for number in range(20))),
        (effect("x_ux", "fun", -9, grade="dated"),),
        (effect("x_ux", "money", -9),),
    ],
)
def test_a_loss_in_doubt_among_many_of_a_weak_grade_or_of_no_factor_harms_nobody(
    effects: tuple[EffectRow, ...],
) -> None:
    assert found("harmed", defined(**BOTH), Tables(effects=effects)) == []


def test_a_loss_within_the_margin_or_in_something_not_shipped_harms_nobody() -> None:
    within = defined(**BOTH, guardrails={"errors": {"margin": 5.0, "stakeholder": "staff"}})
    assert found("harmed", within, Tables(effects=(effect("x_ux", "errors", 4),))) == []
    later = defined(**shipped(ux=TODAY + timedelta(days=1)))
    assert found("harmed", later, Tables(effects=(effect("x_ux", "fun", -9),))) == []


def test_a_gain_of_the_business_that_the_customer_pays_for_is_found() -> None:
    tables = Tables(effects=(effect("x", "money", 5), effect("x", "fun", -4)))
    (finding,) = found("business_gains_customer_loses", defined(), with_conflicts(defined(), tables))
    assert (finding.subject, finding.message) == ("x", "x: the business gains (money), the customer loses (fun).")


@pytest.mark.parametrize(
    "effects",
    [
        (effect("x", "money", 5), effect("x", "fun", -1)),
        (effect("x", "money", 1), effect("x", "fun", -5)),
        (effect("x", "money", -5), effect("x", "fun", 5)),
        (effect("x", "money", 5), effect("y", "fun", -5)),
        (effect("x", "fun", 5), effect("x", "errors", 5)),
        (effect("x", "money", 5), effect("x", "fun", -5, segment="small")),
    ],
)
def test_one_sure_side_or_two_experiments_are_no_conflict(effects: tuple[EffectRow, ...]) -> None:
    tables = with_conflicts(defined(), Tables(effects=effects))
    assert found("business_gains_customer_loses", defined(), tables) == []


def test_conflicts_that_keep_to_a_treaty_are_not_flagged() -> None:
    exchange = {"gains": "money", "loses": "fun", "at_most": 1.0, "between": ["ux", "security"]}
    agreed = defined(**BOTH, policy={"treaties": [exchange]})
    dear = defined(**BOTH, policy={"treaties": [exchange | {"at_most": 0.5}]})
    within = Tables(effects=(effect("x", "money", 5), effect("x", "fun", -4)))
    later = Tables(
        effects=(effect("x_ux", "fun", 8), effect("x_security", "fun", -6), effect("x_security", "money", 7))
    )
    for check, tables in (("business_gains_customer_loses", within), ("undone", later)):
        assert found(check, agreed, with_conflicts(agreed, tables)) == []
        assert len(found(check, dear, with_conflicts(dear, tables))) == 1


def test_a_gain_that_a_later_release_of_another_team_took_back_is_found() -> None:
    tables = Tables(effects=(effect("x_ux", "fun", 8), effect("x_security", "fun", -6)))
    (finding,) = found("undone", defined(**BOTH), with_conflicts(defined(**BOTH), tables))
    assert finding.message == "On fun, x security took back what others had gained: x ux (75 %)."


@pytest.mark.parametrize(
    ("kinds", "effects"),
    [
        (BOTH, (effect("x_ux", "fun", -8), effect("x_security", "fun", 6))),
        (BOTH, (effect("x_ux", "fun", 8), effect("x_security", "fun", -1))),
        (BOTH, (effect("x_ux", "fun", 40), effect("x_security", "fun", -4))),
        (BOTH, (effect("x_ux", "fun", 8), effect("x_security", "errors", 6))),
        (BOTH | {"initiatives": {key: value | {"team": "ux"} for key, value in BOTH["initiatives"].items()}},
         (effect("x_ux", "fun", 8), effect("x_security", "fun", -6))),
    ],
    ids=["the gain came later", "in doubt", "a small part", "another metric", "the same team"],
)  # fmt: skip
def test_what_is_not_taken_back_by_others_is_not_undone(kinds: dict[str, Any], effects: tuple[EffectRow, ...]) -> None:
    tables = with_conflicts(defined(**kinds), Tables(effects=effects))
    assert found("undone", defined(**kinds), tables) == []


# use -----------------------------------------------------------------------------------------------------------


def use(feature: str, *, rare: bool, measured: bool = True, main: bool = True) -> UseRow:
    return UseRow(feature, measured, 30, main, hardly_used=rare if measured else None)


def test_hardly_used_features_are_counted_in_one_finding_the_costliest_first() -> None:
    features = {name: {"upkeep": upkeep} for name, upkeep in (("a", 1.0), ("b", 5.0), ("c", 0.0))}
    rows = (use("a", rare=True), use("b", rare=True), use("c", rare=False))
    (finding,) = found("hardly_used", defined(features=features), Tables(use=rows))
    assert finding.message == "2 of 3 features are hardly used: b and a."
    (alone,) = found("hardly_used", defined(features=features), Tables(use=rows[1:]))
    assert alone.message == "1 of 2 features is hardly used: b."


def test_young_unmeasured_and_used_features_and_other_windows_are_not_counted() -> None:
    features = {"young": {"shipped": TODAY - timedelta(days=20)}, "unknown": {}, "used": {}}
    rows = (
        use("young", rare=True),
        use("unknown", rare=True, measured=False),
        use("used", rare=False),
        use("used", rare=True, main=False),
    )
    assert found("hardly_used", defined(features=features), Tables(use=rows)) == []


def test_many_findings_about_work_that_is_done_are_told_as_one() -> None:
    few = {f"i{number}": {"status": "shipped"} for number in range(5)}
    many = {f"i{number}": {"status": "shipped"} for number in range(20)}
    going_on = {"next": {"status": "committed"}}
    for name in ("unpredicted", "serves_nothing"):
        assert len(found(name, defined(initiatives=few))) == 5
        folded = found(name, defined(initiatives=many | going_on))
        assert [finding.subject for finding in folded] == ["next", "initiatives"]
        assert "20 initiatives" in folded[1].message
        assert "and 15 more" in folded[1].message
