"""Plans: which candidates to fund within everything that bounds them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.options import options_of
from vitalfew.decide.plans_tables import PlanTables, plan_tables
from vitalfew.decide.prices import price

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Grade

TODAY = date(2026, 6, 1)
Gains = dict[str, float]


def planned(
    gains: Gains, initiatives: dict[str, Any], *, found: dict[str, Any] | None = None, today: date = TODAY, **kinds: Any
) -> PlanTables:
    """Plans for initiatives by the expected points of each: 0.2 of retention are 75 points."""
    promises = tuple(promise(key, "retention", points / 75 * 0.2, 0.002) for key, points in gains.items())
    complete = {key: {"reach": 1.0} | initiative for key, initiative in initiatives.items()}
    defined = definitions(initiatives=complete, **kinds)
    inputs = Inputs.of(defined, tables(promises=promises, **(found or {})), today, 1)
    options = options_of(inputs)
    return plan_tables(options, inputs, price(options, inputs))


THREE = {"a": {"cost": 6}, "b": {"cost": 5}, "c": {"cost": 5}}
POINTS = {"a": 7.0, "b": 5.5, "c": 5.4}


def test_the_best_plan_is_better_than_taking_the_best_first() -> None:
    best, cheapest = planned(POINTS, THREE, policy={"budget": 10}).plans
    assert set(best.lines) == {"b", "c"}
    assert best.value is not None
    assert best.value.mean == pytest.approx(10.9, abs=0.1)
    assert (best.cost, best.budget, best.p_over, best.gap) == (10, 10, 0, 0)
    assert cheapest.lines == best.lines
    assert cheapest.notes == ("the best plan is the cheapest within 5 % of its value",)


def test_the_cheapest_plan_leaves_out_what_hardly_counts() -> None:
    best, cheapest = planned({"a": 20, "b": 0.5}, {"a": {"cost": 6}, "b": {"cost": 5}}, policy={"budget": 20}).plans
    assert set(best.lines) == {"a", "b"}
    assert cheapest.lines == ("a",)
    assert cheapest.notes == ("saves 5 person-weeks for at most 5 % of the value",)


def test_one_unit_saved_is_told_as_one() -> None:
    cheapest = planned({"a": 20, "b": 0.5}, {"a": {"cost": 6}, "b": {"cost": 1}}, policy={"budget": 20}).plans[1]
    assert cheapest.notes == ("saves 1 person-week for at most 5 % of the value",)


def test_what_a_tenth_more_of_a_bound_would_give_is_told() -> None:
    best = planned(POINTS, THREE, policy={"budget": 10}).plans[0]
    assert best.binding == ("the budget of 10 person-weeks: a tenth more would give 1.59 points more",)
    assert planned(POINTS, THREE, policy={"budget": 40}).plans[0].binding == ()


def test_without_a_budget_it_says_what_was_taken() -> None:
    best = planned(POINTS, THREE).plans[0]
    assert best.budget == 8
    assert "no budget given: half of the candidates' cost is taken, 8 person-weeks" in best.notes


def test_a_team_does_no_more_than_it_can() -> None:
    teams = {"t": {"title": "Search", "capacity": 5}}
    lines = {key: line | {"team": "t"} for key, line in THREE.items()}
    best = planned(POINTS, lines, policy={"budget": 40}, teams=teams).plans[0]
    assert best.lines == ("b",)
    assert best.binding == ()  # a tenth of 5 lets nothing else in
    wider = planned(POINTS, lines, policy={"budget": 40}, teams={"t": {"title": "Search", "capacity": 5.6}}).plans[0]
    assert wider.binding == ("the capacity of Search, 5.6 person-weeks: a tenth more would give 1.5 points more",)


def test_what_is_needed_comes_with_what_needs_it() -> None:
    lines = {"base": {"cost": 4}, "top": {"cost": 4, "prerequisites": ["base"]}, "other": {"cost": 4}}
    best = planned({"top": 9.0, "other": 5.0}, lines, policy={"budget": 8}).plans[0]
    assert set(best.lines) == {"top", "base"}
    assert any("funded without a value of its own" in note and "base" in note for note in best.notes)
    poor = planned({"top": 9.0, "other": 5.0}, lines, policy={"budget": 7}).plans[0]
    assert poor.lines == ("other",)


def test_what_is_out_already_is_needed_no_more() -> None:
    lines = {"base": {"cost": 4, "status": "shipped"}, "top": {"cost": 4, "prerequisites": ["base"]}}
    assert planned({"top": 9.0}, lines, policy={"budget": 4}).plans[0].lines == ("top",)


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ({"status": "dropped", "cost": 1}, "top is left out: it needs base, which was dropped"),
        ({}, "top is left out: it needs base, which has no cost"),
    ],
)
def test_what_cannot_be_had_keeps_out_what_needs_it(base: dict[str, Any], why: str) -> None:
    lines = {"base": base, "top": {"cost": 4, "prerequisites": ["base"]}, "other": {"cost": 1}}
    best = planned({"top": 9.0, "other": 1.0}, lines, policy={"budget": 10}).plans[0]
    assert best.lines == ("other",)
    assert why in best.notes


def test_of_two_that_exclude_each_other_one_is_taken() -> None:
    lines = {"a": {"cost": 6, "excludes": ["b"]}, "b": {"cost": 5}, "c": {"cost": 5}}
    best = planned({"a": 9.0, "b": 5.5, "c": 5.4}, lines, policy={"budget": 40}).plans[0]
    assert set(best.lines) == {"a", "c"}
    gone = lines | {"b": {"cost": 5, "status": "shipped"}}
    assert planned({"a": 9.0, "c": 5.4}, gone, policy={"budget": 40}).plans[0].lines == ("c",)


def test_what_is_out_keeps_out_what_it_excludes() -> None:
    lines = {"a": {"cost": 6}, "b": {"cost": 5, "status": "shipped", "excludes": ["a"]}, "c": {"cost": 5}}
    best = planned({"a": 9.0, "c": 5.4}, lines, policy={"budget": 40}).plans[0]
    assert best.lines == ("c",)
    assert "a is left out: it is excluded by b, which is out" in best.notes


def test_a_minimum_share_is_kept_and_what_it_costs_is_told() -> None:
    lines = {"a": {"cost": 6, "horizon": "h1"}, "b": {"cost": 5, "horizon": "h1"}, "bet": {"cost": 4, "horizon": "h3"}}
    policy = {"budget": 11, "minimum_shares": {"h3": 0.3}}
    best, _, unfenced = planned({"a": 7.0, "b": 5.5, "bet": 1.0}, lines, policy=policy).plans
    assert set(best.lines) == {"a", "bet"}
    assert set(unfenced.lines) == {"a", "b"}
    assert best.horizons == pytest.approx({"h1": 0.6, "h3": 0.4})
    assert any(note.startswith("the minimum shares cost 4.") and " points (3" in note for note in best.notes)


def test_a_share_that_nothing_can_fill_leaves_nothing_and_says_so() -> None:
    policy = {"budget": 10, "minimum_shares": {"h3": 0.2}}
    best = planned(POINTS, THREE, policy=policy).plans[0]
    assert best.lines == ()
    assert best.notes[0] == (
        "nothing is to be funded: together these leave nothing: at least 20 % of the spending for h3"
    )


def test_losses_on_a_guardrail_are_added_up() -> None:
    # Each may lose at most 0.012 + 1.645 x 0.002 = 0.0153 hours; the margin is enough for one.
    experiments = {
        key: {"initiative": key, "source": "players", "variant": "arm", "control": "old", "metrics": ["hours"]}
        for key in POINTS
    }
    metrics = {
        "retention": {"source": "players", "column": "r", "kind": "proportion"},
        "tickets": {"source": "players", "column": "t", "direction": "down"},
        "hours": {"source": "players", "column": "h"},
    }
    kinds: dict[str, Any] = {"experiments": experiments, "metrics": metrics, "policy": {"budget": 40}}

    def best(margin: float, grade: Grade = "tested") -> Any:
        guardrails = {"hours": {"margin": margin}}
        effects = tuple(effect(key, "hours", -0.012, 0.002, grade=grade) for key in POINTS)
        return planned(POINTS, THREE, found={"effects": effects}, guardrails=guardrails, **kinds).plans[0]

    assert best(0.02).lines == ("a",)
    assert set(best(0.031).lines) == {"a", "b"}
    assert best(0.031, "dated").lines == ("a",)  # 0.012 + 1.645 x 0.0036: it may be wrong by 0.003 besides
    assert best(0.044).binding[0].startswith("the margin of the guardrail hours: a tenth more would give 5.")
    nothing = best(0.015)
    assert nothing.lines == ()
    assert any("the margin of the guardrail hours keeps out a, b and c" in note for note in nothing.notes)


def test_what_comes_too_late_is_left_out() -> None:
    lines = {
        "a": {"cost": 1, "needed_by": date(2026, 5, 1)},
        "b": {"cost": 1, "needed_by": date(2026, 6, 20), "weeks": 4},
    }
    best = planned({"a": 7.0, "b": 5.0}, lines | {"c": {"cost": 1}}, policy={"budget": 9}).plans[0]
    assert "a" not in best.lines
    assert "a is left out: it was needed by 2026-05-01" in best.notes
    assert "b is left out: it is needed by 2026-06-20 and takes 4 weeks" in best.notes


def test_nothing_worth_doing_gives_an_empty_plan() -> None:
    found = planned({"a": -3.0}, {"a": {"cost": 2}}, policy={"budget": 9})
    assert found.plans[0].lines == ()
    assert found.plans[0].notes[0] == "nothing is to be funded: no candidate is expected to be worth anything"
    assert (found.frontier, found.sequence) == ((), ())
    assert planned({}, {}) == PlanTables()


def test_costs_that_are_not_sure_may_break_the_budget() -> None:
    lines = {"a": {"cost": {"p10": 4, "p50": 6, "p90": 9}}}
    best = planned({"a": 7.0}, lines, policy={"budget": 7}).plans[0]
    assert best.costs is not None
    assert best.costs.low == pytest.approx(4, rel=0.05)
    assert best.costs.high == pytest.approx(9, rel=0.05)
    assert best.p_over == pytest.approx(0.31, abs=0.03)


def test_regret_is_what_hindsight_would_add() -> None:
    defined = definitions(
        initiatives={"a": {"cost": 1, "reach": 1.0}, "b": {"cost": 1, "reach": 1.0}}, policy={"budget": 1}
    )
    promises = (promise("a", "retention", 0.02, 0.05), promise("b", "retention", 0.01, 0.05))
    inputs = Inputs.of(defined, tables(promises=promises), TODAY, 1)
    options = options_of(inputs)
    best = plan_tables(options, inputs, price(options, inputs)).plans[0]
    values = options.values()[:, :2000]
    wanted = np.maximum(values.max(axis=0), 0) - values[options.lines.index("a")]
    assert best.lines == ("a",)
    assert best.regret == pytest.approx(float(wanted.mean()), rel=1e-4)


def test_value_that_decays_pays_early() -> None:
    best = planned({"a": 7.0}, {"a": {"cost": 1, "half_life_weeks": 3}}, policy={"budget": 9}).plans[0]
    assert best.payoff[0] == pytest.approx(1 - 2 ** (-13 / 3), abs=0.01)
    assert sum(best.payoff) == pytest.approx(1)
    steady = planned({"a": 7.0}, {"a": {"cost": 1}}, policy={"budget": 9}).plans[0]
    assert steady.payoff == pytest.approx([0.25] * 4)


def test_value_on_a_factor_that_follows_late_pays_late() -> None:
    factors = {"retention": {"range": [0.1, 0.3], "lag_weeks": 26}, "tickets": {"range": [0, 10]}}
    best = planned({"a": 7.0}, {"a": {"cost": 1}}, policy={"budget": 9}, factors=factors).plans[0]
    assert best.payoff == pytest.approx([0, 0, 0.5, 0.5])


def test_an_agreed_share_for_technical_health_is_kept_and_what_it_costs_is_told() -> None:
    lines = {"a": {"cost": 6}, "b": {"cost": 5}, "mend": {"cost": 4, "origin": "technical"}}
    policy = {"budget": 11, "technical": {"share": 0.3}}
    best, _, unfenced = planned({"a": 7.0, "b": 5.5, "mend": 1.0}, lines, policy=policy).plans
    assert set(best.lines) == {"a", "mend"}
    assert set(unfenced.lines) == {"a", "b"}
    assert [best.technical, unfenced.technical] == pytest.approx([0.4, 0.0])
    assert any(note.startswith("the minimum shares cost 4.") for note in best.notes)
    assert planned({"a": 7.0}, {"a": {"cost": 6}}, policy={"budget": 11}).plans[0].technical is None
