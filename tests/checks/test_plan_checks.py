"""Checks of plans fire on their case and stay silent on a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from checks.test_detectors import TODAY, defined, found, subjects
from vitalfew.results.rows import CandidateLine, Cost, Estimate, ExplorationRow, MixRow, PlanRow, Tables, Value


def plan(**fields: Any) -> Tables:
    row: dict[str, Any] = {
        "plan": "best",
        "lines": ("a",),
        "value": Value(10, 5, 15, 0.99),
        "cost": 5.0,
        "budget": 10.0,
        "regret": 1.0,
        "gap": 0.0,
        "sides": {"customer": 6.0, "business": 4.0},
        "payoff": (0.25, 0.25, 0.25, 0.25),
    }
    return Tables(plans=(PlanRow(**(row | fields)),))


def candidate(cost: float, team: str | None = None) -> Tables:
    line = CandidateLine(
        "a", "A", "initiative", team, None, (), Cost(cost / 2, cost, 2 * cost), None, None, "test_first", None
    )
    return Tables(candidates=(line,))


@pytest.mark.parametrize("check", ["infeasible_policy", "one_sided", "short_term"])
def test_a_plan_for_all_sides_and_times_is_fine(check: str) -> None:
    assert subjects(check, defined(), plan()) == []
    assert subjects(check, defined(), Tables()) == []


def test_bounds_that_leave_nothing_are_an_error() -> None:
    blocking = ("the budget of 3", "at least 20 % of the spending for h3")
    stuck = plan(lines=(), value=Value(0, 0, 0, 0), blocking=blocking)
    (finding,) = found("infeasible_policy", defined(), stuck)
    assert finding.severity == "error"
    assert finding.message == (
        "Nothing can be funded: the budget of 3 and at least 20 % of the spending for h3 cannot be kept together."
    )


def test_a_side_that_gets_hardly_anything_is_told() -> None:
    (finding,) = found("one_sided", defined(), plan(sides={"customer": 9.5, "business": 0.5}))
    assert finding.message == "The best plan gives the business side hardly anything (customer 95 %, business 5 %)."
    assert subjects("one_sided", defined(), plan(sides={"customer": 8.9, "business": 1.1})) == []
    assert subjects("one_sided", defined(), plan(sides={"customer": 9.5})) == []
    assert subjects("one_sided", defined(), plan(sides=None, value=None)) == []


def test_value_that_falls_into_one_quarter_is_told() -> None:
    (finding,) = found("short_term", defined(), plan(payoff=(0.95, 0.05, 0, 0)))
    assert (finding.subject, finding.message) == (
        "portfolio",
        "95 % of the best plan's value falls into one quarter.",
    )
    assert subjects("short_term", defined(), plan(payoff=(0.89, 0.11, 0, 0))) == []
    near = defined(policy={"horizon_weeks": 13})
    assert found("short_term", near, plan(payoff=(1.0,)))[0].subject == "policy"


def test_what_costs_more_than_there_is_is_told() -> None:
    assert subjects("unaffordable", defined(policy={"budget": 10}), candidate(11)) == ["a"]
    assert subjects("unaffordable", defined(policy={"budget": 10}), candidate(9)) == []
    assert subjects("unaffordable", defined(), candidate(11)) == []
    teams = {"t": {"capacity": 5}}
    (finding,) = found("unaffordable", defined(policy={"budget": 10}, teams=teams), candidate(6, "t"))
    assert finding.message == "A costs 6 person-weeks, more than its team can do: 5."


def test_a_window_that_has_closed_is_told_of_open_work_alone() -> None:
    lines = {
        "late": {"needed_by": date(2026, 5, 31)},
        "today": {"needed_by": TODAY},
        "out": {"needed_by": date(2026, 5, 1), "status": "shipped"},
        "gone": {"needed_by": date(2026, 5, 1), "status": "dropped"},
    }
    assert subjects("window_closed", defined(initiatives=lines)) == ["late"]
    many = {f"late{n}": {"needed_by": date(2026, 5, 1)} for n in range(8)}
    assert subjects("window_closed", defined(initiatives=many))[-1] == "initiatives"


def test_capability_needs_a_sign_to_watch() -> None:
    lines = {
        "platform": {"capability": True, "status": "committed"},
        "idea": {"capability": True},
        "watched": {"capability": True, "status": "committed"},
    }
    asked = {"h": {"initiative": "watched", "metric": "fun", "due": date(2026, 9, 1)}}
    assert subjects("capability_unwatched", defined(initiatives=lines, hypotheses=asked)) == ["platform"]


def mix(share: Estimate | None, lines: int = 5) -> Tables:
    return Tables(
        horizon_mix=(MixRow("h1", 0.7, lines, 9.0, Estimate(1.0), None), MixRow("h3", 0.1, 0, 0.0, share, None))
    )


def test_a_horizon_with_clearly_less_than_half_of_its_target_is_told() -> None:
    (finding,) = found("horizon_missed", defined(), mix(Estimate(0.02, 0.01, 0.04)))
    told = "2 % of the effort that is agreed on goes into h3 (later); its target is 10 %."
    assert (finding.subject, finding.message) == ("policy", told)
    assert found("horizon_missed", defined(), mix(Estimate(0.02, 0.01, 0.06))) == []  # it may be half
    assert len(found("horizon_missed", defined(), mix(Estimate(0.0)))) == 1
    assert found("horizon_missed", defined(), mix(Estimate(0.0), lines=4)) == []  # few lines have no mix
    assert found("horizon_missed", defined(), mix(None)) == []


def test_exploring_that_teaches_little_is_told() -> None:
    row = ExplorationRow("h3", 0.1, None, 9, 1, Estimate(0.11, 0.04, 0.28), 3, 1, 0, None, 0, None)
    (finding,) = found("exploring_teaches_little", defined(), Tables(exploration=(row,)))
    assert finding.message == "Of 9 bets on h3 (later), 1 taught something."
    several = replace(row, share=Estimate(0.4, 0.2, 0.6))
    few = replace(row, share=None)
    assert found("exploring_teaches_little", defined(), Tables(exploration=(several, few))) == []
