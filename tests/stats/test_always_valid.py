"""Confidence sequences: duality with p-values, tuning, the source's own formula, what is said before the burn-in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import UsageError
from vitalfew.stats.always_valid import (
    BURN_IN,
    UNPLANNED,
    critical,
    half_widths,
    one_sided_p_values,
    one_sided_widths,
    p_values,
    tuning,
)

units = st.integers(BURN_IN, 10_000_000)
confidences = st.floats(0.5, 0.9999)


@given(units, units)
def test_two_sided_widths_are_those_of_the_source(n: int, planned: int) -> None:
    rho2 = float(tuning(planned))
    published = np.sqrt(2 * (n * rho2 + 1) / (n * n * rho2) * np.log(np.sqrt(n * rho2 + 1) / 0.05))
    assert float(half_widths(1 / np.sqrt(n), n, planned)) == pytest.approx(published, rel=1e-12)


@given(units, units)
def test_one_sided_widths_are_just_within_the_bound_of_the_source(n: int, planned: int) -> None:
    time = n * float(tuning(planned, 0.1))
    published = np.sqrt(2 * (time + 1) / time * np.log1p(np.sqrt(time + 1) / 0.1))
    exact = float(one_sided_widths(1.0, n, planned))
    assert 0.9 * published < exact <= published


@given(units, units, confidences)
def test_p_is_the_error_rate_at_which_the_interval_touches_zero(n: int, planned: int, confidence: float) -> None:
    edge, side = half_widths(1.0, n, planned, confidence), one_sided_widths(1.0, n, planned, confidence)
    assert float(p_values(edge, 1.0, n, planned)) == pytest.approx(1 - confidence, rel=1e-6)
    assert float(one_sided_p_values(side, 1.0, n, planned)) == pytest.approx(1 - confidence, rel=1e-6)


@given(st.floats(1e-3, 1e3), st.floats(1e-4, 0.5))
def test_less_is_significant_when_less_error_is_allowed_and_more_on_one_side(time: float, alpha: float) -> None:
    assert critical(time, alpha / 2) > critical(time, alpha) > critical(time, alpha, two_sided=False)


def test_widths_are_smallest_relative_to_their_units_at_the_planned_number() -> None:
    plans = np.array([100.0, 500.0, 900.0, 1_000.0, 1_100.0, 2_000.0, 100_000.0])
    assert plans[np.argmin(half_widths(1.0, 1_000, plans))] == 1_000


def test_scale_and_sign_change_no_p_value() -> None:
    estimate, n = np.array([0.3, -0.3, 0.0]), np.full(3, 5_000)
    one, other = p_values(estimate, 0.1, n, 4_000), p_values(1e6 * estimate, 1e5, n, 4_000)
    assert one == pytest.approx(other)
    assert one[0] == one[1]
    assert one[2] == 1.0


def test_nothing_is_said_before_the_burn_in() -> None:
    early = BURN_IN - 1
    assert np.isnan(half_widths(1.0, early, 1_000))
    assert np.isnan(one_sided_widths(1.0, early, 1_000))
    assert p_values(1e6, 1.0, early, 1_000) == 1.0
    assert one_sided_p_values(1e6, 1.0, early, 1_000) == 1.0


def test_what_has_no_standard_error_has_no_p_value() -> None:
    assert np.isnan(p_values(np.nan, np.nan, 1_000, 1_000))
    assert np.isnan(p_values(0.0, 0.0, 1_000, 1_000))


def test_p_values_never_vanish_and_never_exceed_one() -> None:
    found = p_values(np.array([1e9, 0.0]), 1.0, 10_000, 10_000)
    assert 0 < found[0] < 1e-300
    assert found[1] == 1.0


def test_a_sequence_without_a_plan_loses_as_little_as_is_said() -> None:
    best = half_widths(1.0, UNPLANNED, UNPLANNED)
    loss = half_widths(1.0, UNPLANNED * np.array([0.1, 10, 1_000]), UNPLANNED) / best - 1
    assert loss == pytest.approx([0.26, 0.07, 0.28], abs=0.005)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_error_rate_is_refused(alpha: float) -> None:
    with pytest.raises(UsageError, match="is no share"):
        critical(1.0, alpha)
