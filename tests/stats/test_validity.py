"""The estimators over thousands of simulated experiments each, inside exact binomial bands.

The same lines with 10,000 runs each are in docs/validation/experiments.md; `tools/validate_experiments.py` writes it.
"""

from __future__ import annotations

import pytest

from validity.cells import Cell, limits, nothing_changed, something_changed
from validity.figures import LEAST_P, band, figure
from validity.looks import rates

pytestmark = pytest.mark.prove
RUNS = 3000
LINES = len(nothing_changed()) + len(something_changed())


@pytest.mark.parametrize("cell", nothing_changed(), ids=lambda cell: cell.name)
def test_experiments_without_an_effect_are_called_significant_as_often_as_promised(cell: Cell) -> None:
    found = figure(cell, RUNS, LINES)
    assert found.runs == RUNS
    assert found.off == ()
    if cell.continuous:
        assert found.uniform > LEAST_P / 40  # some forty lines


@pytest.mark.parametrize("cell", something_changed(), ids=lambda cell: cell.name)
def test_intervals_hold_the_truth_as_often_as_promised(cell: Cell) -> None:
    found = figure(cell, RUNS, LINES)
    assert found.covers, found.covered


@pytest.mark.parametrize("cell", limits(), ids=lambda cell: cell.name)
def test_where_false_alarms_are_too_many_the_warning_is_there(cell: Cell) -> None:
    found = figure(cell, 1000)
    assert found.warned > (0.95 if found.rates[0] > band(0.05, 1000)[1] else 0.2)


def test_lifts_and_sizes_of_arms_are_told_as_often_as_promised() -> None:
    assert [rate for rate in rates(RUNS) if not rate.holds] == []


def test_pooling_a_ramp_goes_as_wrong_as_we_say() -> None:
    assert [rate.measured for rate in rates(500) if not rate.promised] == [1.0]
