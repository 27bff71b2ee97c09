"""Ramps are found on their day; what is no ramp stays one phase."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vitalfew.errors import UsageError
from vitalfew.stats.phases import phases


def drawn(shares: list[float], per_day: int, seed: int = 1) -> np.ndarray:
    """Units of two arms by day."""
    rng = np.random.default_rng(seed)
    first = np.array([rng.binomial(per_day, share) for share in shares])
    return np.stack([first, per_day - first], axis=1)


@given(arrays(np.int64, st.tuples(st.integers(1, 25), st.integers(1, 4)), elements=st.integers(0, 2_000)))
def test_phases_cover_all_days_once_and_in_order(counts: np.ndarray) -> None:
    found = phases(counts)
    assert found[0][0] == 0
    assert found[-1][1] == len(counts) - 1
    assert all(first <= last for first, last in found)
    assert all(one[1] + 1 == other[0] for one, other in pairwise(found))


@given(st.integers(0, 400), st.integers(1, 30), st.integers(1, 5))
def test_a_split_that_never_changes_is_one_phase(units: int, days: int, arms: int) -> None:
    assert phases(np.full((days, arms), units)) == [(0, days - 1)]


def test_a_ramp_in_steps_is_found_step_by_step() -> None:
    shares = [0.01] * 3 + [0.1] * 4 + [0.5] * 14
    assert phases(drawn(shares, 20_000)) == [(0, 2), (3, 6), (7, 20)]


def test_a_small_ramp_is_found_when_there_are_many_units() -> None:
    assert phases(drawn([0.45] * 10 + [0.5] * 20, 10_000)) == [(0, 9), (10, 29)]


def test_what_nobody_ramps_by_is_no_ramp_however_clear() -> None:
    counts = [[500_000, 500_000]] * 10 + [[503_000, 497_000]] * 10
    assert phases(counts) == [(0, 19)]
    assert phases([[5_000, 995_000]] * 10 + [[7_000, 993_000]] * 10) == [(0, 9), (10, 19)]


def test_an_arm_that_joins_later_begins_a_phase() -> None:
    assert phases([[500, 500, 0]] * 5 + [[500, 500, 500]] * 5) == [(0, 4), (5, 9)]


def test_a_handful_of_early_testers_is_no_phase() -> None:
    assert phases([[0, 6], [0, 5], *([[400, 400]] * 10)]) == [(0, 11)]


def test_days_without_units_belong_to_the_phase_before_them() -> None:
    counts = [[0, 0], [900, 100], [900, 100], [0, 0], [500, 500], [500, 500], [0, 0]]
    assert phases(counts) == [(0, 3), (4, 6)]
    assert phases([[0, 0]] * 3) == [(0, 2)]


@pytest.mark.parametrize("wrong", [[], [1, 2], [[1, -1]], [[float("nan"), 1.0]]])
def test_what_is_no_table_of_counts_is_refused(wrong: list[object]) -> None:
    with pytest.raises(UsageError, match="table of counts"):
        phases(wrong)  # type: ignore[arg-type]  # wrong on purpose
