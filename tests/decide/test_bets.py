"""How long it took to find out, and what had been spent by then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from decide.building import definitions, effect, tables
from vitalfew.decide.bets import bets, spent_until
from vitalfew.results.rows import BetRow, VerdictRow
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.chain import Act, follow
from vitalfew.workspace.definitions import Initiative

TODAY = date(2026, 6, 1)


def _log(*days: tuple[str, str]) -> ActLog:
    acts: list[Act] = []
    for kind, day in days:
        said = {"at": f"{day}T09:00:00Z", "by": "p-anna", "about": "h", "definition": None, "body_hash": "0" * 64}
        acts.append(follow(acts[-1] if acts else None, kind=kind, **said))
    return ActLog(tuple(acts), {act.n: {} for act in acts})


def _bet(log: ActLog, verdict: VerdictRow | None, initiative: dict[str, Any], **experiment: Any) -> BetRow:
    defined = definitions(
        initiatives={"gate": initiative},
        hypotheses={"h": {"initiative": "gate", "metric": "retention"}},
        experiments={"e": {"source": "players", "variant": "arm", "initiative": "gate", **experiment}},
    )
    found = tables(effects=(effect("e", "retention", 0.02, 0.005),), verdicts=(verdict,) if verdict else ())
    (row,) = bets(defined, log, found, TODAY)
    return row


def _spoken(due: str, estimate: float | None) -> VerdictRow:
    return VerdictRow("h", "gate", "retention", "kept", "", promised=0.02, estimate=estimate, due=due)


def test_from_the_first_forecast_to_the_day_of_the_verdict() -> None:
    log = _log(("forecast", "2026-02-01"), ("forecast", "2026-02-03"), ("lock", "2026-02-10"))
    row = _bet(log, _spoken("2026-05-02", 0.02), {}, end="2026-04-20")
    assert (row.asked, row.evidence, row.verdict, row.days) == ("2026-02-01", "2026-04-20", "2026-05-02", 90)
    assert row.open_days is None
    assert not row.overdue


def test_what_is_due_and_not_measured_is_overdue_and_stays_open() -> None:
    row = _bet(_log(("lock", "2026-02-01")), _spoken("2026-05-02", None), {}, end="2026-04-20")
    assert row.overdue
    assert (row.verdict, row.days, row.open_days) == (None, None, 120)


def test_what_was_measured_without_a_promise_gets_no_verdict_and_is_not_overdue() -> None:
    spoken = VerdictRow("h", "gate", "retention", "no_promise", "", promised=None, estimate=0.02, due="2026-05-02")
    row = _bet(_log(("lock", "2026-02-01")), spoken, {}, end="2026-04-20")
    assert (row.verdict, row.overdue) == (None, False)


def test_on_the_day_itself_a_bet_is_open_and_not_overdue() -> None:
    row = _bet(_log(("lock", "2026-02-01")), _spoken("2026-06-01", 0.02), {}, end="2026-04-20")
    assert (row.verdict, row.open_days, row.overdue) == (None, 120, False)


def test_without_any_forecast_nothing_says_when_it_was_asked() -> None:
    row = _bet(ActLog(), None, {})
    assert (row.asked, row.evidence, row.days, row.open_days) == (None, None, None, None)


def test_spending_before_the_first_evidence_is_added_up() -> None:
    spent = [
        {"at": "2026-04-01", "amount": 3.0},
        {"at": "2026-04-20", "amount": 2.0},
        {"at": "2026-04-21", "amount": 9},
    ]
    row = _bet(ActLog(), None, {"spent": spent, "cost": 50}, end="2026-04-20")
    assert (row.spent, row.spread) == (5.0, False)


@pytest.mark.parametrize(
    ("initiative", "spent"),
    [
        ({"cost": 30, "started": "2026-01-01", "shipped": "2026-01-31"}, 30.0),
        ({"cost": {"p10": 10, "p50": 20, "p90": 90}, "started": "2026-05-25", "weeks": 2}, 10.0),
        ({"cost": 30, "started": "2026-07-01", "weeks": 2}, 0.0),
        ({"cost": 30, "started": "2026-01-01"}, None),
        ({"cost": 30, "shipped": "2026-01-31"}, None),
    ],
)
def test_without_dates_cost_is_spread_over_the_work(initiative: dict[str, Any], spent: float | None) -> None:
    found, spread = spent_until(Initiative.model_validate(initiative), TODAY)
    assert found == spent
    assert spread is (spent is not None)
