"""Checks of the way to evidence: each fires on its case and stays silent on a near miss."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from checks.test_detectors import defined, found, subjects
from vitalfew.decide.bets import open_bets
from vitalfew.results.rows import (
    BetRow,
    CandidateLine,
    Cost,
    FactorPart,
    PlanRow,
    Tables,
    Value,
    VerdictRow,
)

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Grade

type Part = tuple[float, float, float]
GOOD = Value(5.0, 1.0, 9.0, 0.95)


def candidate(
    key: str, team: str | None, grade: Grade = "tested", **parts: tuple[float, float, float]
) -> CandidateLine:
    shares = tuple(FactorPart(factor, *numbers) for factor, numbers in parts.items())
    cost = Cost(1, 2, 3)
    return CandidateLine(key, key, "initiative", team, GOOD, shares, cost, None, None, "test_first", grade)


def bet(at: int, *, days: int | None = None, spent: float | None = None) -> BetRow:
    evidence = None if spent is None else "2026-03-01"
    return BetRow(f"h{at}", f"i{at}", "2026-01-01", evidence, None, days, None, spent, spread=False, overdue=False)


@pytest.mark.parametrize(("due", "measured", "fires"), [(40, None, True), (20, None, False), (40, 0.1, False)])
def test_a_promise_long_due_without_a_measurement_is_named(due: int, measured: float | None, *, fires: bool) -> None:
    day = {40: "2026-04-20", 20: "2026-05-12"}[due]
    row = VerdictRow("h", "gate", "fun", "unproven", "", promised=0.1, estimate=measured, due=day)
    known = defined(initiatives={"gate": {"status": "live"}})
    assert bool(subjects("verdict_overdue", known, Tables(verdicts=(row,)))) is fires


@pytest.mark.parametrize(("days", "count", "fires"), [(200, 5, True), (200, 4, False), (170, 6, False)])
def test_a_long_way_to_the_verdict_is_told(days: int, count: int, *, fires: bool) -> None:
    rows = tuple(bet(at, days=days) for at in range(count))
    assert bool(subjects("slow_to_verdict", defined(), Tables(bets=rows))) is fires


@pytest.mark.parametrize("status", ["committed", "live"])
@pytest.mark.parametrize(
    ("count", "settled", "team", "fires"),
    [(6, 0, "t", True), (5, 0, "t", False), (6, 1, "t", False), (6, 0, None, False)],
)
def test_many_bets_open_without_a_verdict_are_told(
    status: str, count: int, settled: int, team: str | None, *, fires: bool
) -> None:
    made = {f"i{at}": {"status": status} | ({"team": team} if team else {}) for at in range(count)}
    asked = {f"h{at}": {"initiative": f"i{at}", "metric": "fun"} for at in range(count)}
    asked["again"] = {"initiative": "i0", "metric": "fun"}  # asks once more
    rows = tuple(replace(bet(at), verdict="2026-05-01" if at < settled else None) for at in range(count))
    known = defined(teams={"t": {"title": "Search"}}, initiatives=made, hypotheses=asked)
    assert subjects("unproven_pile", known, Tables(bets=rows)) == (["t"] if fires else [])


def test_an_idea_a_dropped_bet_and_one_that_asks_nothing_take_no_place() -> None:
    made = {
        "idea": {"status": "idea", "team": "t"},
        "dropped": {"status": "dropped", "team": "t"},
        "plain": {"status": "live", "team": "t"},
        "begun": {"status": "forecast", "started": date(2026, 5, 1), "team": "t"},
    }
    asked = {key: {"initiative": key, "metric": "fun"} for key in made if key != "plain"}
    known = defined(teams={"t": {"title": "Search"}}, initiatives=made, hypotheses=asked)
    assert open_bets(known, (), date(2026, 6, 1)) == {"t": ["begun"]}


@pytest.mark.parametrize(
    ("spent", "failed", "fires"),
    [(9.0, 3, True), (5.0, 3, False), (9.0, 2, False), (9.0, 0, False)],
)
def test_bets_that_failed_after_blind_spending_are_told(spent: float, failed: int, *, fires: bool) -> None:
    known = defined(initiatives={f"i{at}": {"cost": 10} for at in range(6)})
    rows = tuple(bet(at, spent=spent) for at in range(6))
    verdicts = tuple(VerdictRow(f"h{at}", f"i{at}", "fun", "fell_short", "") for at in range(failed))
    assert bool(subjects("spent_before_evidence", known, Tables(bets=rows, verdicts=verdicts))) is fires


@pytest.mark.parametrize(("grade", "fires"), [("opinion", True), ("tested", False), ("correlated", True)])
def test_work_in_progress_on_opinion_alone_is_named(grade: Grade, *, fires: bool) -> None:
    known = defined(
        initiatives={
            "big": {"status": "committed", "cost": 8, "title": "Big"},
            "small": {"status": "committed", "cost": 2},
            "idea": {"cost": 100},
        }
    )
    rows = found("rests_on_belief", known, Tables(candidates=(candidate("big", None, grade), candidate("small", None))))
    assert bool(rows) is fires
    if fires:
        assert rows[0].message == "80 % of work in progress rests on opinion: Big."


@pytest.mark.parametrize(
    ("parts", "fires"),
    [
        ({"fun": (9, 8, 10), "errors": (-2, -3, -1)}, True),
        ({"fun": (9, 8, 10), "errors": (-2, -5, 1)}, False),  # not clear
        ({"fun": (5, 4, 6), "money": (5, 4, 6), "errors": (-2, -3, -1)}, False),  # two factors carry it
        ({"fun": (9, 8, 10), "errors": (-0.5, -0.6, -0.4)}, False),  # a trifle
    ],
)
def test_a_value_bought_with_another_factor_is_told(parts: dict[str, Part], *, fires: bool) -> None:
    rows = (candidate("gate", None, "tested", **parts),)
    assert bool(subjects("hidden_tradeoff", defined(), Tables(candidates=rows))) is fires


def test_among_many_lines_a_loss_that_one_in_ten_shows_by_luck_is_not_told() -> None:
    by_luck: dict[str, Part] = {"fun": (9, 8, 10), "errors": (-2, -3.9, -0.1)}
    quiet: dict[str, Part] = {"fun": (9, 8, 10), "errors": (0, -1.9, 1.9)}
    rows = (
        candidate("odd", None, "tested", **by_luck),
        *(candidate(f"c{n}", None, "tested", **quiet) for n in range(20)),
    )
    assert not subjects("hidden_tradeoff", defined(), Tables(candidates=rows))
    bought = candidate("bought", None, "tested", fun=(9, 8, 10), errors=(-4, -5, -3))
    assert subjects("hidden_tradeoff", defined(), Tables(candidates=(*rows, bought))) == ["bought"]


@pytest.mark.parametrize(
    ("loss", "fires"), [((-4.0, -5.0, -3.0), True), ((-4.0, -12.0, 4.0), False), ((-1, -1.2, -0.8), False)]
)
def test_teams_whose_plans_pull_one_factor_apart_are_told(loss: tuple[float, float, float], *, fires: bool) -> None:
    lines = (candidate("up", "a", fun=(8, 6, 10)), candidate("down", "b", fun=loss))
    plan = PlanRow("best", ("up", "down"), GOOD, 4, 5, 0, 0)
    known = defined(teams={"a": {"title": "A"}, "b": {"title": "B"}})
    rows = found("team_conflict", known, Tables(candidates=lines, plans=(plan,)))
    assert bool(rows) is fires
    if fires:
        assert rows[0].message == "fun: what A would gain by the plan, B would lose."


def test_lines_outside_the_plan_are_no_conflict() -> None:
    lines = (candidate("up", "a", fun=(8, 6, 10)), candidate("down", "b", fun=(-4, -5, -3)))
    plan = PlanRow("best", ("up",), GOOD, 2, 5, 0, 0)
    assert not subjects("team_conflict", defined(teams={"a": {}, "b": {}}), Tables(candidates=lines, plans=(plan,)))
