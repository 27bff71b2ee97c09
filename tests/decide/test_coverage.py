"""How much of what shipped was asked and told is counted, and planned work stands by what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, promise, tables
from report import sample
from vitalfew.decide.coverage import coverage, resting
from vitalfew.decide.inputs import Inputs
from vitalfew.report.html_record import bets
from vitalfew.report.review_words import bet_sentences
from vitalfew.report.view import View
from vitalfew.results.rows import (
    BetRow,
    CandidateLine,
    CoverageRow,
    Estimate,
    PlanRow,
    ShippedLine,
    Value,
)

if TYPE_CHECKING:
    from vitalfew.results.rows import RestingRow, Tables
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)


def inputs_of(defined: Definitions, **parts: Any) -> Inputs:
    return replace(Inputs.of(defined, tables(), TODAY, 1), tables=tables(**parts))


def out(key: str, *, measured: bool) -> ShippedLine:
    value = Value(1.0, 0.5, 1.5, 0.9) if measured else None
    return ShippedLine(key, key, "initiative", None, None, None, value, (), None, None, "kept", "keep", None, None)


def bet(initiative: str, verdict: str | None) -> BetRow:
    open_days = None if verdict else 40
    return BetRow(
        f"h_{initiative}", initiative, "2026-01-01", None, verdict, None, open_days, 3.0, spread=False, overdue=False
    )


def shipped() -> tuple[Definitions, dict[str, Any]]:
    days = {"bell": "2026-02-03", "gate": "2026-03-31", "lamp": "2026-04-01"}
    defined = definitions(
        initiatives={
            **{key: {"status": "shipped", "shipped": day} for key, day in days.items()},
            "old": {"status": "shipped"},
            "idea": {},
        },
        hypotheses={f"h_{key}": {"initiative": key, "metric": "retention"} for key in ("bell", "gate", "idea")},
    )
    parts = {
        "shipped": (out("bell", measured=True), out("gate", measured=False), out("lamp", measured=True)),
        "promises": (
            promise("bell", "retention", 0.1, 0.05, locked_at="2026-01-01"),
            promise("gate", "retention", 0.1, 0.05),
        ),
        "bets": (bet("bell", "2026-05-01"), bet("gate", None)),
    }
    return defined, parts


def test_what_shipped_is_counted_over_all_and_by_quarter_the_newest_first() -> None:
    defined, parts = shipped()
    assert coverage(inputs_of(defined, **parts)) == (
        CoverageRow(None, 4, asked=2, promised=1, measured=2, told=1),
        CoverageRow("2026-Q2", 1, asked=0, promised=0, measured=1, told=0),
        CoverageRow("2026-Q1", 2, asked=2, promised=1, measured=1, told=1),
    )


def test_before_anything_is_out_nothing_is_counted() -> None:
    assert coverage(inputs_of(definitions(initiatives={"idea": {}}))) == ()


def test_shares_bets_and_what_is_open_are_told_in_sentences() -> None:
    defined, parts = shipped()
    found = tables(coverage=coverage(inputs_of(defined, **parts)), bets=parts["bets"])
    told = bet_sentences(View(found, defined, sample.view().info))
    assert told[0].replace("\xa0", " ") == (
        "Of 4 shipped initiatives, 2 (50 %) had a hypothesis, 1 (25 %) a promise locked before the start, "
        "2 (50 %) were measured, 1 (25 %) have a verdict."
    )
    assert "1 bet open, the oldest for 40 days: gate." in told
    assert "Spent before the first evidence on 2 bets: 6 person-weeks." in told


def test_of_many_bets_those_open_longest_are_listed() -> None:
    defined = definitions(initiatives={f"i{at}": {} for at in range(30)})
    rows = tuple(replace(bet(f"i{at}", None), open_days=at) for at in range(30))
    view = View(tables(bets=rows), defined, sample.view().info)
    page = str(bets(view, 20))
    assert "20 of 30 bets" in page
    assert page.count("<tr") == 21
    assert page.index("29 so far") < page.index("11 so far")
    assert "Every bet" in str(bets(view))


def planned(costs: dict[str, Any], grades: dict[str, str | None], plan: tuple[str, ...] = ()) -> tuple[RestingRow, ...]:
    defined = definitions(initiatives={key: {"status": "committed", "cost": cost} for key, cost in costs.items()})
    best = PlanRow("best", plan, None, 0.0, 10.0, None, 0.0)
    found: Tables = tables(
        candidates=tuple(_candidate(key, grade) for key, grade in grades.items()), plans=(best,) if plan else ()
    )
    return resting(replace(Inputs.of(defined, tables(), TODAY, 1), tables=found))


def _candidate(key: str, grade: Any) -> CandidateLine:
    return CandidateLine(key, key, "initiative", None, None, (), None, 0.5, 0.5, "test_first", grade)


def test_agreed_work_stands_by_the_grade_it_rests_on_the_strongest_first() -> None:
    rows = planned({"a": 6.0, "b": 3.0, "c": 1.0}, {"a": "opinion", "b": "tested", "c": None})
    assert [(row.work, row.grade, row.lines, row.effort) for row in rows] == [
        ("agreed", "tested", 1, 3.0),
        ("agreed", "opinion", 1, 6.0),
        ("agreed", None, 1, 1.0),
    ]
    assert [row.share for row in rows] == [Estimate(0.3), Estimate(0.6), Estimate(0.1)]  # costs are plain numbers


def test_ranges_of_costs_give_an_interval_and_the_best_plan_stands_apart() -> None:
    wide = {"p10": 2.0, "p50": 4.0, "p90": 9.0}
    rows = planned({"a": wide, "b": 4.0}, {"a": "opinion", "b": "tested"}, plan=("a",))
    agreed = [row for row in rows if row.work == "agreed"]
    share = agreed[1].share
    assert share.low is not None
    assert share.high is not None
    assert share.low < share.estimate < share.high
    assert sum(row.share.estimate for row in agreed) == pytest.approx(1)
    assert [(row.grade, row.share.estimate) for row in rows if row.work == "plan"] == [("opinion", 1.0)]


def test_capability_and_work_without_a_cost_rest_on_nothing_that_is_asked_of_them() -> None:
    defined = definitions(
        initiatives={"skill": {"status": "committed", "cost": 5.0, "capability": True}, "free": {"status": "committed"}}
    )
    assert resting(inputs_of(defined)) == ()
