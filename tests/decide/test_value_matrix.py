"""Types of value by segment: effort, needs, gains and losses, with the cells where nobody looked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, effect, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.measured_lines import measured_lines
from vitalfew.decide.value_matrix import value_matrix

if TYPE_CHECKING:
    from vitalfew.results.rows import Tables, ValueCellRow
    from vitalfew.workspace.definitions import Definitions

METRICS = {
    "retention": {"source": "players", "column": "r", "kind": "proportion", "value_type": "functional"},
    "tickets": {"source": "players", "column": "t", "direction": "down", "value_type": "risk"},
}
WORK: dict[str, Any] = {
    "metrics": METRICS,
    "segments": {"new": {"source": "players", "filter": "n = 1"}},
    "needs": {"early": {"statement": "too early", "segment": "new", "harms": ["retention"]}},
    "initiatives": {
        "both": {"status": "shipped", "cost": 6.0},
        "need": {"status": "shipped", "cost": 4.0, "serves": ["early"]},
        "idea": {"cost": 99.0, "serves": ["early"]},
    },
    "hypotheses": {
        "r": {"initiative": "both", "metric": "retention"},
        "t": {"initiative": "both", "metric": "tickets", "segment": "new"},
    },
    "experiments": {"e": {"source": "players", "initiative": "both", "control": "old"}},
}


def cells(defined: Definitions, known: Tables) -> dict[tuple[str | None, str | None], ValueCellRow]:
    inputs = Inputs.of(defined, known, date(2026, 6, 1), 1)
    return {(row.type, row.segment): row for row in value_matrix(inputs, measured_lines(inputs))}


def test_effort_is_spread_over_what_work_was_meant_for_and_every_cell_is_there() -> None:
    found = cells(definitions(**WORK), tables())
    assert len(found) == 5 * 2
    assert {cell: row.effort for cell, row in found.items() if row.effort} == {
        ("functional", None): 3.0,
        ("risk", "new"): 3.0,
        ("functional", "new"): 4.0,  # of its need; an idea costs nothing yet
    }
    assert found["functional", "new"].needs == 1
    empty = found["economic", "new"]
    assert (empty.effort, empty.needs, empty.measured) == (0.0, 0, 0)


def test_gains_and_losses_are_counted_by_what_is_better_and_values_come_with_intervals() -> None:
    effects = (
        effect("e", "retention", 0.04, 0.01),
        effect("e", "tickets", 2.0, 0.5, segment="new"),
        effect("e", "retention", 0.001, 0.01, segment="new"),
    )
    found = cells(definitions(**WORK), tables(effects=effects))
    assert (found["functional", None].gains, found["functional", None].measured) == (1, 1)
    assert (found["risk", "new"].gains, found["risk", "new"].losses) == (0, 1)  # more tickets are worse
    assert (found["functional", "new"].gains, found["functional", "new"].measured) == (0, 1)
    whole = found["functional", None]
    assert whole.weight is not None
    assert whole.weight.estimate == pytest.approx(0.75)
    assert whole.value is not None
    assert whole.value.low < whole.value.mean == pytest.approx(15.0, rel=0.1)  # 0.04 of a range of 0.2, at weight 0.75
    assert found["economic", None].value is None


def test_without_a_type_of_value_there_is_no_matrix() -> None:
    assert cells(definitions(), tables()) == {}
