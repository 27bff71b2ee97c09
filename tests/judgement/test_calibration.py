from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_building import resolved
from vitalfew.judgement.calibration import Calibration, calibrated, drawn_calibration
from vitalfew.judgement.calibration_fit import SLOPE, SLOPE_SD, _given, _prior_precision, fit, prior_rows
from vitalfew.judgement.metalog import moments, sample
from vitalfew.judgement.record import Outcome, Quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GRID = (np.arange(500) + 0.5) / 500
NOISE = np.random.default_rng(3).standard_normal(500)
NUMBER = st.floats(-100, 100)
Z80 = 1.2815515655446004


def outcome(drawn: Floats, promise: Quantiles, known: Calibration, scale: float, noise: Floats = NOISE) -> Floats:
    """What comes of one promise, `(draws,)`."""
    return np.asarray(calibrated(drawn[None], [promise], known, scales=[scale], noise=noise)[0])


def quantiles(three: tuple[float, float, float], p_zero: float) -> Quantiles:
    low, middle, high = sorted(three)
    return Quantiles(low, middle, high, p_zero)


PROMISES = st.builds(quantiles, st.tuples(NUMBER, NUMBER, NUMBER), st.floats(0, 1))
SCALES = st.sampled_from([-20.0, -0.3, 0.01, 5.0])


@given(PROMISES, SCALES)
def test_a_perfect_record_returns_the_forecast(promise: Quantiles, scale: float) -> None:
    drawn = sample(promise, GRID)
    found = outcome(drawn, promise, Calibration.exactly(len(GRID)), scale)
    assert found == pytest.approx(drawn, abs=1e-9 * (1 + np.abs(drawn).max()))


@given(PROMISES, SCALES, st.floats(0.01, 100))
def test_the_unit_of_the_metric_changes_nothing(promise: Quantiles, scale: float, unit: float) -> None:
    known = Calibration.exactly(len(GRID), bias=0.05, slope=0.4, surprise=0.1, stretch=1.5)
    other = Quantiles(promise.p10 * unit, promise.p50 * unit, promise.p90 * unit, promise.p_zero)
    first = outcome(sample(promise, GRID), promise, known, scale)
    again = outcome(sample(other, GRID), other, known, scale * unit)
    apart = np.abs(again / unit - first) > 1e-6 * (1 + np.abs(first).max())
    assert apart.sum() <= 2  # rounding decides on the draw with which the mass of no effect begins, and ends


def test_mean_and_spread_are_those_of_the_model() -> None:
    promise = Quantiles(1, 2, 5, 0.2)
    mean, variance = moments(promise)
    known = Calibration.exactly(500, bias=0.1, slope=0.5, surprise=0.3, stretch=2.0)
    found = outcome(sample(promise, GRID), promise, known, 10.0)
    assert found.mean() == pytest.approx(0.1 * 10 + 0.5 * mean + 3 * NOISE.mean(), abs=0.05)
    assert found.var() == pytest.approx((0.3 * 10) ** 2 + 4 * variance, rel=0.1)


@pytest.mark.parametrize("p_zero", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("three", [(1, 2, 5), (-1, 2, 6), (0, 0, 3), (-6, -2, 0)])
def test_no_effect_stays_none_and_moments_are_those_of_the_model(
    three: tuple[float, float, float], p_zero: float
) -> None:
    promise = Quantiles(*three, p_zero)
    grid = (np.arange(200_000) + 0.5) / 200_000
    drawn = sample(promise, grid)
    known = Calibration.exactly(len(grid), slope=0.4, stretch=math.sqrt(2))
    found = outcome(drawn, promise, known, 10.0, np.zeros(len(grid)))
    mean, variance = moments(promise)
    assert not found[drawn == 0].any()
    assert found.mean() == pytest.approx(0.4 * mean, rel=0.01)
    assert found.var() == pytest.approx(2 * variance, rel=0.01)
    assert (found < 0).mean() <= 1 - p_zero


def test_a_bias_points_to_the_good_side() -> None:
    promise = Quantiles(-3, -2, -1, 0.0)
    known = Calibration.exactly(1, bias=0.1)
    found = outcome(np.array([-2.0]), promise, known, -10.0, np.zeros(1))
    assert found == pytest.approx([-3.0])


def test_small_forecasts_bring_small_surprises() -> None:
    known = Calibration.exactly(1, surprise=0.1)
    usual = Calibration(known.bias, known.surprise, known.stretch, known.slope, known.spread, {}, np.array([0.2]))
    small, large = Quantiles(0.01, 0.01, 0.01, 0.0), Quantiles(0.4, 0.4, 0.4, 0.0)
    one = np.ones(1)
    assert outcome(0.01 * one, small, usual, 1.0, one) == pytest.approx([0.01 + 0.05 * 0.1])
    assert outcome(0.4 * one, large, usual, 1.0, one) == pytest.approx([0.5])


def test_before_any_record_the_prior_is_that_of_the_specification() -> None:
    found = fit(())
    assert found.slope.estimate == pytest.approx(SLOPE)
    assert found.slope.high == pytest.approx(SLOPE + Z80 * SLOPE_SD, abs=1e-6)
    assert found.typical_stretch**2 == pytest.approx(2.0, rel=0.002)
    assert (found.bias, found.typical_surprise, found.size) == (0.0, 0.0, 0.0)
    known = drawn_calibration((), 1, 20_000)
    assert known.slope_of("any").std() == pytest.approx(math.hypot(SLOPE_SD, known.spread.std() or 0.1), abs=0.1)
    assert (1 / known.stretch**2).mean() == pytest.approx(0.5, rel=0.05)


def test_doubling_a_range_leaves_what_is_ranked_by_a_prior_as_it_is() -> None:
    promise = Quantiles(1, 2, 5, 0.2)
    drawn, known = sample(promise, GRID), drawn_calibration((), 1, len(GRID))
    narrow = outcome(drawn, promise, known, 3.0)
    assert outcome(drawn, promise, known, 6.0) == pytest.approx(narrow, abs=1e-6)


def test_the_posterior_is_that_of_a_joint_normal() -> None:
    """Marginal likelihood and mean, once more by the covariance of outcomes and coefficients."""
    rng = np.random.default_rng(2)
    design, x, variance = rng.uniform(size=(6, 3)), rng.standard_normal(6), rng.uniform(0.5, 2, size=(1, 6))
    centre, precision = _prior_precision(0.3, np.array([0.1]), 1)
    log_likelihood, mean, covariance = _given(x, design, variance, (centre, precision))
    before = np.linalg.inv(precision[0])
    total = design @ before @ design.T + np.diag(variance[0])
    rest = x - design @ centre
    gain = before @ design.T @ np.linalg.inv(total)
    assert mean[0] == pytest.approx(centre + gain @ rest)
    assert covariance[0] == pytest.approx(before - gain @ design @ before)
    log_determinant = np.linalg.slogdet(total)[1]
    assert log_likelihood[0] == pytest.approx(-0.5 * (log_determinant + rest @ np.linalg.solve(total, rest)))


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_the_slope_is_found_within_its_interval_or_near(slope: float) -> None:
    found = fit(resolved(400, slope=slope), apart=False).slope
    assert found.low is not None
    assert found.high is not None
    assert found.low - 0.1 <= slope <= found.high + 0.1


@pytest.mark.parametrize("stretch", [0.6, 1.0, 2.0])
def test_ranges_that_are_too_wide_or_too_narrow_are_found(stretch: float) -> None:
    known = resolved(400, stretch=stretch, se=0.005)
    found = fit(known, apart=False)
    spread = math.sqrt(np.mean([each.sd**2 for each in known]))
    assert math.hypot(found.typical_stretch * spread, found.typical_surprise) / spread == pytest.approx(
        stretch, rel=0.2
    )


def test_the_interval_narrows_with_what_is_resolved() -> None:
    widths = []
    for count in (0, 10, 40, 160):
        slope = fit(resolved(count), apart=False).slope
        widths.append((slope.high or 0) - (slope.low or 0))
    assert widths == sorted(widths, reverse=True)


def test_the_order_of_outcomes_and_the_names_of_hypotheses_change_nothing() -> None:
    found = resolved(30, teams=3)
    first, again = fit(found), fit(list(reversed(found)))
    assert again.slope == first.slope
    assert again.mean == pytest.approx(first.mean)


def test_a_team_is_drawn_towards_all_the_more_the_less_is_known_of_it() -> None:
    many = resolved(300, slope=0.3)
    few = [Outcome(f"x{at}", "new", 1.0, each.forecast, 1.2 * each.mean, 0.02) for at, each in enumerate(many[:20])]
    slopes = []
    for count in (1, 5, 20):
        found = fit([*many, *(each.against(each.promise, "new") for each in few[:count])])
        slopes.append(found.slope_of("new").estimate)
        assert found.slope_of("team0").estimate == pytest.approx(0.3, abs=0.2)
    assert slopes == sorted(slopes)
    assert slopes[-1] > 0.6


def test_drawing_from_the_rows_gives_the_posterior_back() -> None:
    found = fit(resolved(40, teams=2))
    known = drawn_calibration(found.rows(), 11, 20_000)
    for drawn, estimate in ((known.slope, found.slope), (known.slope_of("team1"), found.slope_of("team1"))):
        assert drawn.mean() == pytest.approx(estimate.estimate, abs=0.01)
        assert drawn.std() == pytest.approx(((estimate.high or 0) - estimate.estimate) / Z80, rel=0.05)
    assert known.bias.mean() == pytest.approx(found.bias, abs=0.003)


def test_draws_of_one_team_do_not_depend_on_whether_others_ask() -> None:
    known = drawn_calibration(prior_rows(), 5, 1_000)
    first = known.slope_of("a").copy()
    known.slope_of("b")
    assert np.array_equal(known.slope_of("a"), first)
    assert not np.array_equal(known.slope_of("b"), first)
    assert np.array_equal(drawn_calibration(prior_rows(), 5, 1_000).slope_of("a"), first)


def test_an_outcome_is_the_same_in_any_unit_and_either_direction() -> None:
    promise = Quantiles(1, 2, 5, 0.1)
    up = Outcome("h", "blue", 10.0, promise, 3.0, 0.5)
    down = Outcome("h", "blue", -10.0, Quantiles(-5, -2, -1, 0.1), -3.0, 0.5)
    first, second = up.against(up.promise, "blue"), down.against(down.promise, "blue")
    assert (first.outcome, first.se, first.mean) == pytest.approx((second.outcome, second.se, second.mean))
    assert (first.crps, first.place, first.p_better) == pytest.approx((second.crps, second.place, second.p_better))
