"""Moments: exact, mergeable, and honest about missing values."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import UsageError
from vitalfew.stats import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUE = st.one_of(
    st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0])
)
ROW = st.tuples(VALUE, VALUE, VALUE)
ROWS = st.lists(ROW, max_size=25)
NAMES = ("a", "b", "c")


def _moments(rows: Sequence[Sequence[float]], shift: dict[str, float] | None = None) -> Moments:
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
    return Moments.of(dict(zip(NAMES, table.T, strict=True)), shift)


def _exact(rows: Sequence[Sequence[float]], i: int, j: int) -> tuple[int, Fraction, Fraction]:
    """Units, mean of column i and central product of i and j over the units that have both, in exact rationals."""
    pairs = [(Fraction(r[i]), Fraction(r[j])) for r in rows if math.isfinite(r[i]) and math.isfinite(r[j])]
    if not pairs:
        return 0, Fraction(0), Fraction(0)
    n = len(pairs)
    mean_i, mean_j = (sum((pair[side] for pair in pairs), Fraction(0)) / n for side in (0, 1))
    return n, mean_i, sum(((x - mean_i) * (y - mean_j) for x, y in pairs), Fraction(0))


def _agree(moments: Moments, rows: Sequence[Sequence[float]], tolerance: float = 1e-9) -> None:
    assert moments.units == len(rows)
    for i in range(len(NAMES)):
        for j in range(len(NAMES)):
            n, mean, product = _exact(rows, i, j)
            scale = math.sqrt(float(_exact(rows, i, i)[2]) * float(_exact(rows, j, j)[2]))
            size = max((abs(row[i]) for row in rows if math.isfinite(row[i])), default=0.0)
            assert moments.n[i, j] == n
            if n:
                assert (
                    abs(Fraction(float(moments.shift[i])) + Fraction(float(moments.mean[i, j])) - mean)
                    <= tolerance * size
                )
                assert abs(Fraction(float(moments.cross[i, j])) - product) <= tolerance * max(scale, 1e-12 * size)


@given(ROWS)
def test_moments_agree_with_exact_rationals_whatever_is_missing(rows: list[tuple[float, ...]]) -> None:
    _agree(_moments(rows), rows)


@given(ROWS, ROWS)
def test_adding_moments_equals_computing_on_the_joined_data(
    first: list[tuple[float, ...]], second: list[tuple[float, ...]]
) -> None:
    _agree(_moments(first) + _moments(second), [*first, *second])


@given(ROWS, ROWS, ROWS)
def test_adding_is_associative_and_commutative(
    first: list[tuple[float, ...]], second: list[tuple[float, ...]], third: list[tuple[float, ...]]
) -> None:
    a, b, c = _moments(first), _moments(second), _moments(third)
    rows = [*first, *second, *third]
    for joined in ((a + b) + c, a + (b + c), c + (b + a)):
        _agree(joined, rows)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=60), st.integers(1, 5), st.sampled_from([1e3, 1e6, 1e9, 1e12]))
def test_a_mean_of_up_to_1e12_sd_costs_no_digits(noise: list[float], parts: int, level: float) -> None:
    """Merges with one shared shift included."""
    rows = [(level + x, -level + 2 * x, 0.5 * x) for x in [*noise, -1.0, 1.0]]
    shift = dict(zip(NAMES, (float(round(level)), -float(round(level)), 0.0), strict=True))
    pieces = [_moments(rows[part::parts], shift) for part in range(parts)]
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined + piece
    for i in range(3):
        for j in range(3):
            exact = _exact(rows, i, j)[2]
            scale = math.sqrt(float(_exact(rows, i, i)[2]) * float(_exact(rows, j, j)[2]))
            assert abs(Fraction(float(joined.cross[i, j])) - exact) <= 1e-9 * scale


def test_a_value_that_is_missing_leaves_count_mean_and_variance_together() -> None:
    moments = Moments.of({"x": [1.0, math.nan, 3.0, math.inf, 5.0]})
    assert (moments.units, moments.count("x")) == (5, 3)
    assert moments.mean_of("x") == 3.0
    assert moments.variance_of("x") == 4.0


def test_values_near_the_largest_float_do_not_poison_the_mean() -> None:
    assert Moments.of({"x": [1e308, 1e308, 1e308]}).mean_of("x") == pytest.approx(1e308)


def test_a_column_without_any_value_has_no_mean_and_merges_without_a_trace() -> None:
    empty, full = Moments.of({"x": [math.nan, math.nan]}), Moments.of({"x": [1e12, 1e12 + 1]})
    assert math.isnan(empty.mean_of("x"))
    for joined in (empty + full, full + empty):
        assert joined.units == 4
        assert joined.variance_of("x") == 0.5


def test_reported_moments_without_a_variance_stay_without_one_when_merged() -> None:
    known = Moments.given("x", n=10, mean=1.0, variance=2.0)
    unknown = Moments.given("x", n=10, mean=2.0, variance=None)
    assert known.variance_of("x") == 2.0
    assert math.isnan((known + unknown).variance_of("x"))
    assert (known + unknown).mean_of("x") == 1.5


def test_picking_columns_keeps_their_moments() -> None:
    moments = _moments([(1.0, 2.0, 3.0), (2.0, math.nan, 5.0), (4.0, 1.0, 0.0)])
    picked = moments.pick(["c", "a"])
    assert picked.names == ("c", "a")
    assert picked.covariance_of("a", "c") == moments.covariance_of("c", "a")
    assert repr(picked) == "Moments(c, a; 3 units)"


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'revenue'"):
        Moments.of({"revenue": [1.0]}).mean_of("revenu")


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="different lengths"):
        Moments.of({"x": [1.0], "y": [1.0, 2.0]})


def test_moments_of_different_columns_cannot_be_added() -> None:
    with pytest.raises(UsageError, match="cannot be added"):
        Moments.of({"x": [1.0]}) + Moments.of({"y": [1.0]})
