"""Checks of the value model fire on their case and stay silent on a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from checks.test_detectors import METRIC, defined, effect, found, subjects
from vitalfew import checks
from vitalfew.results.rows import (
    CandidateLine,
    EffectRow,
    Estimate,
    FactorShareRow,
    GroupValueRow,
    HealthRow,
    Interval,
    RedundantRow,
    SayDoRow,
    Tables,
    Value,
    VitalFactorsRow,
    WeightRow,
)
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.chain import Act
from vitalfew.workspace.locks import value_model_cited

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

FUN = {"factors": {"fun": {"range": [0, 10]}}}
BOTH = {"factors": {"fun": {"range": [0, 10]}, "money": {"range": [0, 100]}}}
WEIGHED = (WeightRow("fun", 0.1, 0.05, 0.15, 5), WeightRow("money", 0.9, 0.85, 0.95, 5))


def clear(experiment: str, metric: str, estimate: float, se: float = 1.0) -> EffectRow:
    """An effect with its 95 % interval."""
    made = effect(experiment, metric, estimate, se=se)
    return EffectRow(
        **{name: getattr(made, name) for name in made.__slots__}
        | {"intervals": (Interval(0.95, estimate - 1.96 * se, estimate + 1.96 * se),)}
    )


# too many, redundant ---------------------------------------------------------------------------------------------


def parked(lines: int) -> Tables:
    whole = VitalFactorsRow(2, ("fun", "money"), Estimate(0.0), Estimate(1.0), lines=lines)
    return Tables(vital_factors=(whole,), factor_shares=(FactorShareRow("money", Estimate(0.0), 0.0, parked=True),))


def test_factors_that_change_no_decision_are_named_once_there_are_many_lines() -> None:
    (finding,) = found("too_many", defined(**BOTH), parked(20))
    assert (finding.severity, finding.message) == ("info", "Without money every decision would be the same.")
    assert found("too_many", defined(**BOTH), parked(19)) == []


def test_redundant_factors_are_named_with_the_one_to_keep() -> None:
    row = RedundantRow("fun", ("money",), "correlated", Estimate(0.9), 30, "money", 1.0, "fun and money move together")
    (finding,) = found("redundant", defined(**BOTH), Tables(redundant=(row,)))
    assert finding.message == "fun and money move together. Keep money."
    assert finding.severity == "warning"
    path = RedundantRow("fun", ("money",), "path", None, 0, None, 1.0, "fun is a means to money")
    assert [each.severity for each in found("redundant", defined(**BOTH), Tables(redundant=(path,)))] == ["info"]


# what value is made of -------------------------------------------------------------------------------------------


def economic(definitions: dict[str, Any], key: str) -> Definitions:
    made = defined(**definitions)
    raw = made.model_dump(mode="json", exclude_defaults=True)
    raw["metrics"][key]["value_type"] = "economic"
    return type(made).model_validate(raw)


def test_value_in_cash_alone_is_found() -> None:
    (finding,) = found("cash_only", economic(BOTH, "money"), Tables(weights=WEIGHED))
    assert finding.message == "90 % of the weight is on economic value."
    assert found("cash_only", economic(BOTH, "fun"), Tables(weights=WEIGHED)) == []
    assert found("cash_only", economic(BOTH, "money"), Tables()) == []


def test_value_of_payers_alone_is_found() -> None:
    stakeholders = {"buyer": {"role": "payer"}, "player": {"role": "user"}}
    factors = {"fun": {"range": [0, 10], "stakeholder": "buyer"}, "money": {"range": [0, 9], "stakeholder": "buyer"}}
    made = defined(stakeholders=stakeholders, factors=factors)
    assert len(found("cash_only", made, Tables(weights=WEIGHED))) == 1
    factors["fun"]["stakeholder"] = "player"
    assert found("cash_only", defined(stakeholders=stakeholders, factors=factors), Tables(weights=WEIGHED)) == []


@pytest.mark.parametrize(("inside", "severity"), [("fun", "info"), ("money", "warning")])
def test_factors_of_internal_belief_are_named(inside: str, severity: str) -> None:
    factors: dict[str, Any] = {key: dict(value) for key, value in BOTH["factors"].items()}
    factors[inside]["provenance"] = "internal"
    (finding,) = found("internal_only", defined(factors=factors), Tables(weights=WEIGHED))
    assert finding.severity == severity
    factors[inside]["provenance"] = "customer"
    assert found("internal_only", defined(factors=factors), Tables(weights=WEIGHED)) == []


def gap(estimate: float, low: float, high: float, lines: int = 8) -> Tables:
    said, done = Estimate(0.3), Estimate(0.3 + estimate)
    return Tables(say_do=(SayDoRow("fun", said, done, None, lines, Estimate(estimate, low, high), "m"),))


def test_saying_one_thing_and_doing_another_is_found() -> None:
    (finding,) = found("say_do_gap", defined(**FUN), gap(0.25, 0.1, 0.4))
    assert finding.message == "fun is said to count 30 %; 55 % of the effort went to it."
    for silent in (gap(0.19, 0.1, 0.3), gap(0.25, -0.01, 0.5), gap(0.25, 0.1, 0.4, lines=4)):
        assert found("say_do_gap", defined(**FUN), silent) == []


def test_a_value_model_in_use_needs_an_end() -> None:
    metrics = {"fun": {"source": "players", "column": "x"}}
    said = Tables(weights=(WeightRow("fun", 1.0),))
    assert subjects("no_end", defined(metrics=metrics, **FUN), said) == ["factors"]
    assert found("no_end", defined(metrics=metrics, **FUN)) == []
    assert found("no_end", defined(metrics=metrics, vision={"v": {"title": "x"}}, **FUN), said) == []
    assert found("no_end", defined(**FUN), said) == []


def test_a_goal_that_leads_to_no_factor_is_a_means_without_an_end() -> None:
    goal = {"o": {"title": "Less of it", "key_results": {"k": {"metric": "errors"}}}}
    (finding,) = found("means_without_end", defined(objectives=goal, **FUN))
    assert finding.message == "errors, the aim of the objective 'Less of it', leads to no factor."
    linked = defined(objectives=goal, links={"l": {"parent": "errors", "child": "fun"}}, **FUN)
    assert found("means_without_end", linked) == []
    assert found("means_without_end", defined(objectives=goal)) == []


def test_a_hypothesis_of_begun_work_is_an_aim_unless_it_is_about_a_guardrail() -> None:
    work = {"gate": {"status": "committed"}}
    asked = {"h": {"initiative": "gate", "metric": "errors"}}
    assert subjects("means_without_end", defined(initiatives=work, hypotheses=asked, **FUN)) == ["errors"]
    guarded = defined(initiatives=work, hypotheses=asked, guardrails={"errors": {"margin": 1}}, **FUN)
    assert found("means_without_end", guarded) == []
    idea = defined(initiatives={"gate": {"status": "idea"}}, hypotheses=asked, **FUN)
    assert found("means_without_end", idea) == []


# single factors --------------------------------------------------------------------------------------------------


def test_a_factor_that_no_experiment_measured_is_a_story_only() -> None:
    (finding,) = found("story_only", defined(**BOTH), Tables(effects=(effect("x", "fun", 1.0),)))
    assert (finding.subject, finding.severity) == ("money", "warning")
    assert finding.message == "money is a story only: no experiment measured it."
    (early,) = found("story_only", defined(**BOTH))
    assert (early.subject, early.severity) == ("factors", "info")
    measured = Tables(effects=(effect("x", "fun", 1.0), effect("x", "money", 1.0)))
    assert found("story_only", defined(**BOTH), measured) == []


@pytest.mark.parametrize(("largest", "subject"), [(1.9, ["fun"]), (2.1, [])])
def test_a_range_nobody_ever_came_near_is_found(largest: float, subject: list[str]) -> None:
    effects = tuple(effect(f"x{at}", "fun", 0.1 * at) for at in range(4))
    assert subjects("no_range", defined(**FUN), Tables(effects=(*effects, effect("y", "fun", largest)))) == subject


def test_few_effects_say_nothing_about_a_range() -> None:
    effects = tuple(effect(f"x{at}", "fun", 0.1) for at in range(4))
    assert found("no_range", defined(**FUN), Tables(effects=effects)) == []


@pytest.mark.parametrize(("se", "subject"), [(0.95, ["fun"]), (0.85, [])])
def test_a_factor_that_the_usual_experiment_cannot_see_is_found(se: float, subject: list[str]) -> None:
    """80 % power at 5 % takes 2.8 standard errors; a quarter of the swing is 2.5."""
    effects = tuple(effect(f"x{at}", "fun", 1.0, se=se) for at in range(3))
    assert subjects("insensitive", defined(**FUN), Tables(effects=effects)) == subject
    assert found("insensitive", defined(**FUN), Tables(effects=effects[:2])) == []


def test_a_factor_that_answers_after_the_horizon_is_found() -> None:
    assert subjects("insensitive", defined(factors={"fun": {"range": [0, 10], "lag_weeks": 53}})) == ["fun"]
    assert found("insensitive", defined(factors={"fun": {"range": [0, 10], "lag_weeks": 52}})) == []


@pytest.mark.parametrize(
    ("half", "turned", "subject"),
    [(4.5, False, ["fun"]), (6.0, False, ["fun"]), (6.5, False, []), (2.0, False, []), (4.5, True, ["fun"])],
)
def test_a_bend_that_is_all_but_a_straight_line_is_told(half: float, subject: list[str], *, turned: bool) -> None:
    utility = {"form": "saturating", "half": half}
    factor = {"range": [10, 0] if turned else [0, 10], "baseline": 1, "utility": utility}
    assert subjects("slight_bend", defined(factors={"fun": factor})) == subject
    assert subjects("slight_bend", defined(factors={"fun": {"range": [0, 10]}})) == []


def star(**more: Any) -> dict[str, Any]:
    return {"factors": {"fun": {"range": [0, 10], "north_star": True} | more}}


def test_a_north_star_that_no_experiment_moved_is_unproven() -> None:
    still = tuple(clear(f"x{at}", "fun", 0.5) for at in range(3))
    (finding,) = found("unproven_north_star", defined(**star()), Tables(effects=still))
    assert finding.message == "The North Star fun was moved by none of 3 experiments."
    moved = (*still, clear("y", "fun", 3.0))
    assert found("unproven_north_star", defined(**star()), Tables(effects=moved)) == []
    assert found("unproven_north_star", defined(**star()), Tables(effects=still[:2])) == []
    failed = (HealthRow("y", "sample_ratio", 0.0, "failed", "sizes"),)
    assert len(found("unproven_north_star", defined(**star()), Tables(effects=moved, health=failed))) == 1


def test_a_north_star_that_is_no_customers_value_or_counts_clicks_is_unproven() -> None:
    metrics = {
        "fun": {"source": "players", "column": "x", "kind": "count", "level": "feature"},
        "money": {"source": "players", "column": "x", "level": "business"},
    }
    (finding,) = found("unproven_north_star", defined(metrics=metrics, **star()))
    assert finding.message == "The North Star fun is not shown to be customers' value and counts activity in a feature."
    assert len(found("unproven_north_star", defined(metrics=metrics, **star(provenance="customer")))) == 1


def test_a_north_star_that_decides_badly_alone_or_is_one_of_two_is_unproven() -> None:
    row = VitalFactorsRow(1, ("fun",), Estimate(0.4, 0.3, 0.5), Estimate(0.2), declared=True, lines=20)
    (finding,) = found("unproven_north_star", defined(**star()), Tables(vital_factors=(row,)))
    assert finding.message == "The North Star fun would lose 40 % of the best plan's value if it decided alone."
    two = {"factors": {"fun": {"range": [0, 1], "north_star": True}, "money": {"range": [0, 1], "north_star": True}}}
    assert subjects("unproven_north_star", defined(**two))[0] == "factors"


# those who gain or lose ------------------------------------------------------------------------------------------


def voices(**kinds: Any) -> list[str]:
    stakeholders = {"player": {"title": "Players"}, "crew": {"title": "Crew", "raters": "staff"}}
    return subjects("voiceless", defined(stakeholders=stakeholders, **kinds))


def test_a_stakeholder_without_raters_factor_or_guardrail_has_no_voice() -> None:
    assert voices(**FUN) == ["stakeholders"]
    assert voices(factors={"fun": {"range": [0, 10], "stakeholder": "player"}}) == ["crew"]
    guarded = {"errors": {"margin": 1, "stakeholder": "crew"}}
    assert voices(factors={"fun": {"range": [0, 10], "stakeholder": "player"}}, guardrails=guarded) == []
    assert voices() == []


def candidate(line: str, p_in: float) -> CandidateLine:
    return CandidateLine(line, line, "initiative", None, None, (), None, 0.1, p_in, "test_first", "opinion")


@pytest.mark.parametrize(
    ("p_in", "p_loss", "p_breach", "kind", "harmed"),
    [
        (0.6, 0.6, None, "stakeholder", True),
        (0.4, 0.6, None, "stakeholder", False),
        (0.6, 0.4, None, "stakeholder", False),
        (0.6, 0.6, None, "segment", False),
        (0.6, 0.1, 0.25, "segment", True),
        (0.6, 0.1, 0.15, "segment", False),
        (0.6, 0.9, None, "raters", False),
    ],
)
def test_a_likely_candidate_by_which_somebody_loses_is_found(
    p_in: float, p_loss: float, p_breach: float | None, kind: Any, harmed: bool
) -> None:
    made = defined(
        stakeholders={"g": {"title": "Crew"}},
        segments={"g": {"title": "Crew"}},
        initiatives={"idea": {}},
        factors={"fun": {"range": [0, 10], "stakeholder": "g"}},
    )
    value = Value(1.0, 0.0, 2.0, 1 - p_loss)
    row = GroupValueRow("idea", "g", kind, value, p_loss, shipped=False, p_breach=p_breach)
    rows = found("harmed", made, Tables(candidates=(candidate("idea", p_in),), group_values=(row,)))
    assert [finding.message for finding in rows] == (["idea would likely harm Crew."] if harmed else [])


def test_work_that_goes_on_against_the_value_model_needs_a_recorded_decision() -> None:
    made = defined(initiatives={"gate": {"status": "committed"}, "idea": {}}, **FUN)
    dropped = tuple(replace(candidate(key, 0.01), recommendation="drop") for key in ("gate", "idea"))
    assert subjects("against_the_model", made, Tables(candidates=dropped, weights=WEIGHED)) == ["gate"]
    assert found("against_the_model", made, Tables(candidates=dropped)) == []
    kept = Tables(candidates=(candidate("gate", 0.5),), weights=WEIGHED)
    assert found("against_the_model", made, kept) == []
    platform = defined(initiatives={"gate": {"status": "committed", "capability": True}}, **FUN)
    assert found("against_the_model", platform, Tables(candidates=dropped[:1], weights=WEIGHED)) == []


def decided(definitions: Definitions, *about: str) -> ActLog:
    """A log of decisions about lines, which cite the value model as it stands."""
    cited = {"value_model": value_model_cited(definitions, ActLog())}
    acts = [
        Act(n, "2026-05-01T09:00:00Z", "lead", "decision", key, None, "0" * 64, "", f"{n:064d}")
        for n, key in enumerate(about, 1)
    ]
    return ActLog(tuple(acts), {act.n: cited for act in acts})


def agreed(follow: int, drop: int) -> tuple[Definitions, Tables]:
    """Agreed work, of which some would be funded and some would be dropped."""
    names = [f"line_{at}" for at in range(follow + drop)]
    made = defined(initiatives={key: {"status": "committed"} for key in names}, **FUN)
    lines = [replace(candidate(key, 0.9), recommendation="fund") for key in names[:follow]]
    lines += [replace(candidate(key, 0.01), recommendation="drop") for key in names[follow:]]
    return made, Tables(candidates=tuple(lines), weights=WEIGHED)


def test_a_decision_answers_for_work_against_the_value_model_until_that_is_another() -> None:
    made, tables = agreed(0, 2)
    log = decided(made, "line_0")
    assert [row.subject for row in against(made, tables, log)] == ["line_1"]
    changed = made.model_copy(update={"factors": defined(**BOTH).factors})
    none, earlier = against(changed, tables, log)
    assert (earlier.subject, earlier.severity) == ("line_0", "info")
    assert "cites an earlier one" in earlier.message
    assert (none.subject, none.severity) == ("line_1", "warning")


def against(definitions: Definitions, tables: Tables, log: ActLog, check: str = "against_the_model") -> list[Any]:
    return [row for row in checks.run(definitions, log, tables, date(2026, 6, 1)) if row.id == check]


@pytest.mark.parametrize(("follow", "drop", "told"), [(3, 1, False), (6, 2, False), (3, 2, True), (5, 2, True)])
def test_work_that_seldom_follows_the_value_model_is_counted_from_five_lines_on(
    follow: int, drop: int, told: bool
) -> None:
    made, tables = agreed(follow, drop)
    assert bool(against(made, tables, ActLog(), "seldom_followed")) is told
    assert against(made, replace(tables, weights=()), ActLog(), "seldom_followed") == []


def test_how_much_of_what_does_not_follow_was_explained_and_under_which_value_model_is_told() -> None:
    made, tables = agreed(3, 3)
    log = decided(made, "line_3", "line_4")
    (row,) = against(made, tables, log, "seldom_followed")
    assert row.message == (
        "50 % of agreed work follows the value model (3 of 6); of the other 3, 2 by a recorded decision."
    )
    changed = made.model_copy(update={"factors": defined(**BOTH).factors})
    (row,) = against(changed, tables, log, "seldom_followed")
    assert row.message.endswith("2 by a recorded decision (2 under an earlier value model).")


def test_an_empty_value_model_is_left_in_peace() -> None:
    assert checks.run(defined(), ActLog(), Tables(), date(2026, 6, 1)) == ()


def test_output_among_the_factors_is_named_and_what_keeps_delivery_able_is_not() -> None:
    metrics = {
        "speed": METRIC | {"title": "Story points a sprint"},
        "lead": METRIC | {"title": "Lead time of a change"},
    }
    known = defined(metrics=metrics, factors={key: {"range": [0, 1]} for key in metrics})
    (finding,) = found("output_as_value", known)
    assert (finding.subject, finding.message) == (
        "speed",
        "Story points a sprint counts output, and stands among the factors.",
    )
