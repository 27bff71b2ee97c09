"""Where effort went and what came of it, by what work has in common."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, tables
from vitalfew.decide.breakdowns import breakdowns, effort_by_quarter
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.measured_lines import measured_lines
from vitalfew.results.rows import GroupValueRow, Value
from vitalfew.stats.shares import wilson

if TYPE_CHECKING:
    from vitalfew.results.rows import BreakdownRow, Tables
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)


def broken_down(defined: Definitions, known: Tables | None = None) -> dict[tuple[str, str | None], BreakdownRow]:
    inputs = Inputs.of(defined, known or tables(), TODAY, 1)
    return {(row.kind, row.group): row for row in breakdowns(inputs, measured_lines(inputs))}


def ideas(origin: str, statuses: list[str], cost: Any = 4.0) -> dict[str, Any]:
    return {f"{origin}{at}": {"status": each, "origin": origin, "cost": cost} for at, each in enumerate(statuses)}


def test_counts_acceptance_and_effort_come_by_origin() -> None:
    initiatives = ideas("need", ["shipped"] * 3 + ["committed"] + ["idea"] * 4) | ideas("sales", ["shipped"] * 5, 8.0)
    rows = broken_down(definitions(initiatives=initiatives))
    need, sales = rows["origin", "need"], rows["origin", "sales"]
    assert (need.ideas, need.committed, need.shipped) == (8, 4, 3)
    assert need.accepted is not None
    assert (need.accepted.low, need.accepted.high) == wilson(4, 8, 0.8)
    assert (need.effort, sales.effort) == (16.0, 40.0)
    assert need.share is not None
    assert need.share.estimate == pytest.approx(16 / 56)
    assert (need.share.low, need.share.high) == (None, None)  # all costs are numbers, so nothing is uncertain
    assert ("team", None) not in rows  # no initiative names a team


def test_ranges_of_costs_give_the_share_of_effort_an_interval() -> None:
    wide = {"p10": 2.0, "p50": 4.0, "p90": 9.0}
    rows = broken_down(
        definitions(initiatives=ideas("need", ["shipped"] * 5, wide) | ideas("team", ["shipped"] * 5, 4.0))
    )
    share = rows["origin", "need"].share
    assert share is not None
    assert share.low is not None
    assert share.high is not None
    assert share.estimate == pytest.approx(0.5)
    assert share.low <= 0.5 < share.high
    other = rows["origin", "team"].share
    assert other is not None
    assert other.low is not None
    assert share.high + other.low == pytest.approx(1.0, abs=0.02)  # what one has more, the other has less


def test_of_fewer_than_five_nothing_but_counts_is_said() -> None:
    row = broken_down(definitions(initiatives=ideas("need", ["shipped"] * 4)))["origin", "need"]
    assert (row.ideas, row.committed, row.shipped) == (4, 4, 4)
    assert (row.accepted, row.share, row.value) == (None, None, None)
    assert row.notes == ("fewer than 5: counts only",)


def test_the_value_of_a_group_is_the_sum_of_its_lines_with_the_weights_they_share() -> None:
    names = ideas("need", ["shipped"] * 5)
    experiments = {f"x{key}": {"source": "players", "initiative": key, "control": "old"} for key in names}
    effects = tuple(effect(f"x{key}", "retention", 0.02, 0.005) for key in list(names)[:3])
    defined = definitions(initiatives=names, experiments=experiments)
    known = tables(effects=effects)
    row = broken_down(defined, known)["origin", "need"]
    assert row.value is not None
    assert row.measured == 3
    lines = {line.line: line for line in ledger(Inputs.of(defined, known, TODAY, 1))[0]}
    values = [each for key in list(names)[:3] if (each := lines[key].value)]
    assert row.value.mean == pytest.approx(sum(value.mean for value in values), rel=0.02)
    # Independent effects: the interval of the sum is that of one times the root of three.
    assert row.value.high - row.value.low == pytest.approx(np.sqrt(3) * (values[0].high - values[0].low), rel=0.1)


def test_dropped_work_is_an_idea_and_removed_work_was_committed() -> None:
    row = broken_down(definitions(initiatives=ideas("need", ["dropped"] * 3 + ["removed"] * 2)))["origin", "need"]
    assert (row.ideas, row.committed, row.shipped) == (5, 2, 0)


def test_effort_by_quarter_follows_dated_spending_and_else_spreads_the_cost_over_the_work() -> None:
    initiatives = {
        "dated": {
            "status": "shipped",
            "discipline": "product",
            "spent": [{"at": "2026-01-05", "amount": 3.0}, {"at": "2026-04-01", "amount": 1.0}],
        },
        "spread": {
            "status": "shipped",
            "discipline": "intimacy",
            "cost": 10.0,
            "started": "2026-03-27",
            "shipped": "2026-04-06",
        },
        "idea": {"discipline": "operations", "cost": 100.0, "started": "2026-12-01"},
    }
    rows = effort_by_quarter(Inputs.of(definitions(initiatives=initiatives), tables(), TODAY, 1))
    found = {(row.quarter, row.group): row.effort for row in rows}
    assert found == {
        ("2026-Q1", "intimacy"): pytest.approx(4.0),
        ("2026-Q1", "product"): 3.0,
        ("2026-Q2", "intimacy"): pytest.approx(6.0),
        ("2026-Q2", "product"): 1.0,
    }
    assert {row.quarter: sum(each.share for each in rows if each.quarter == row.quarter) for row in rows} == {
        "2026-Q1": pytest.approx(1.0),
        "2026-Q2": pytest.approx(1.0),
    }


def test_without_a_discipline_nothing_is_said_by_quarter() -> None:
    given = {"a": {"status": "shipped", "cost": 3.0, "started": "2026-01-01", "shipped": "2026-02-01"}}
    assert effort_by_quarter(Inputs.of(definitions(initiatives=given), tables(), TODAY, 1)) == ()


def test_effort_by_quarter_tells_who_gains_and_what_goes_into_technical_health() -> None:
    work: dict[str, Any] = {"status": "shipped", "started": "2026-01-01", "shipped": "2026-03-31"}
    defined = definitions(
        policy={"technical": {"share": 0.3}},
        initiatives={
            "both": work | {"cost": 3.0},
            "unsure": work | {"cost": 1.0},
            "plumbing": work | {"cost": 4.0, "origin": "technical"},
        },
    )
    rows = [
        GroupValueRow(line, side, "side", Value(2.0, low, 4.0, 0.9), 0.1, shipped=True)
        for line, low in (("both", 1.0), ("unsure", -1.0))
        for side in ("customer", "business")
    ]
    found = effort_by_quarter(Inputs.of(defined, tables(group_values=tuple(rows)), TODAY, 1))
    shares = {(row.kind, row.quarter, row.group): row.share for row in found}
    assert shares == pytest.approx(
        {
            ("sides", "2026-Q1", "win-win"): 3 / 8,
            ("sides", "2026-Q1", "open"): 1 / 8,
            ("sides", "2026-Q1", None): 4 / 8,
            ("technical", "2026-Q1", "technical"): 4 / 8,
            ("technical", "2026-Q1", None): 4 / 8,
        }
    )
    assert {row.lines for row in found} == {3}


def test_without_two_sides_a_discipline_or_a_policy_there_are_no_quarters() -> None:
    assert effort_by_quarter(Inputs.of(definitions(initiatives=ideas("need", ["shipped"])), tables(), TODAY, 1)) == ()
