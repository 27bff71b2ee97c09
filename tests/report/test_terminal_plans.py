"""Plans in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from report import sample
from vitalfew.decide.plans_tables import PlanTables
from vitalfew.report.terminal_plans import print_plans
from vitalfew.results.rows import Estimate, FrontierRow, InformationRow, PlanRow, SequenceRow, Value

if TYPE_CHECKING:
    from vitalfew.report.view import View

BEST = PlanRow(
    plan="best",
    lines=("a", "b"),
    value=Value(10.0, 5.0, 15.0, 0.99),
    cost=11.0,
    budget=12.0,
    regret=2.0,
    gap=0.0,
    binding=("the budget of 12 person-weeks: a tenth more would give 1.5 points more",),
    notes=("no budget given: half of it is taken",),
    costs=Estimate(11.0, 9.0, 14.0),
    p_over=0.3,
    sides={"customer": 9.0, "business": 1.0},
    horizons={"h1": 0.7, "h3": 0.3},
    payoff=(0.7, 0.3),
)
FOUND = PlanTables(
    plans=(BEST, replace(BEST, plan="cheapest", lines=("a",), notes=("saves 4 person-weeks",))),
    frontier=(
        FrontierRow("all", 6.0, 5.0, 5.0, {"customer": 5.0}, ("a",)),
        FrontierRow("all", 12.0, 11.0, 10.0, {"customer": 9.0}, ("a", "b")),
        FrontierRow("business", 12.0, 10.0, 4.0, {"customer": 6.0, "business": 4.0}, ("c",), 0.0),
        FrontierRow("business", 12.0, 10.0, 4.0, {"customer": 6.0, "business": 4.0}, ("c",), 0.5),
    ),
    sequence=(
        SequenceRow(1, "a", None, 3.0, 0.0, 3.0, 0.2, "0.2 points lost per week of delay"),
        SequenceRow(2, "b", None, 4.0, 3.0, 7.0, None, "not to be told yet"),
    ),
)


def plans_text(found: PlanTables, view: View) -> str:
    out = io.StringIO()
    print_plans(found, view, Console(file=out, width=100, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    raw = io.StringIO()
    print_plans(FOUND, sample.view(), Console(file=raw, width=width, force_terminal=True, color_system=None))
    assert max(len(line) for line in raw.getvalue().splitlines()) <= width


def test_the_plan_is_told_with_its_interval_its_bounds_and_its_rivals() -> None:
    said = plans_text(FOUND, sample.view()).splitlines()
    assert said[0] == "Best plan: 2 lines for 11 of 12 person-weeks: 10 points expected (80 %: 5.0 to 15.0)."
    assert "It will cost 9 to 14 person-weeks (80 %), more than the budget with probability .30." in said
    assert "Whoever knew the values beforehand would get at least 2 points more." in said
    assert "Points by side: customer 9, business 1." in said
    assert "Of the value, by quarter once it is out: 70 %, 30 %." in said
    assert "Of the cost, by horizon: h1 70 %, h3 30 %." in said
    assert "The cheapest plan near it: without b (saves 4 person-weeks)." in said
    assert "No budget given: half of it is taken." in said


def test_what_to_find_out_first_stands_beside_the_plans_of_the_run_alone() -> None:
    known = tuple(InformationRow("effects", str(at), 1.0, 0.1, 0.2, f"Message {at}.") for at in range(5))
    view = sample.view()
    view = replace(view, tables=replace(view.tables, plans=FOUND.plans, information=known))
    said = plans_text(FOUND, view).splitlines()
    at = said.index("WHAT TO FIND OUT FIRST")
    assert [line for line in said[at + 1 :] if line.startswith("Message")] == ["Message 0.", "Message 1.", "Message 2."]
    other = replace(FOUND, plans=(replace(BEST, budget=20.0),))
    assert "WHAT TO FIND OUT FIRST" not in plans_text(other, view)


def test_bars_grow_with_the_value_and_equal_sets_are_told_once() -> None:
    said = plans_text(FOUND, sample.view()).splitlines()
    bars = [line.count("━") for line in said if "━" in line]
    assert bars == [15, 30]
    assert [line for line in said if line.startswith("business | ")] == ["business | 50 % | 6 | 4"]


def test_what_must_not_be_told_yet_is_not_told() -> None:
    hidden = replace(BEST, value=None, regret=None, sides=None, payoff=())
    frontier = (FrontierRow("all", 12.0, 11.0, None, None, ("a", "b")),)
    said = plans_text(PlanTables((hidden,), frontier), sample.view())
    assert "Best plan: 2 lines for 11 of 12 person-weeks.\n" in said
    assert "12 | not shown | 2" in said
