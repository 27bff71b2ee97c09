from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vitalfew.judgement.metalog import FEASIBLE, Metalog, SplitNormal, fit, moments, sample

GRID = (np.arange(200_000) + 0.5) / 200_000
NUMBER = st.floats(min_value=-1e6, max_value=1e6)


@dataclass(frozen=True)
class Promise:
    p10: float
    p50: float
    p90: float
    p_zero: float


@given(NUMBER, NUMBER, NUMBER)
def test_the_distribution_returns_the_quantiles_it_was_given(first: float, second: float, third: float) -> None:
    p10, p50, p90 = sorted((first, second, third))
    found = fit(p10, p50, p90).quantile([0.1, 0.5, 0.9])
    assert found == pytest.approx([p10, p50, p90], rel=1e-9, abs=1e-6)


@given(NUMBER, NUMBER, NUMBER)
def test_quantiles_rise(first: float, second: float, third: float) -> None:
    p10, p50, p90 = sorted((first, second, third))
    assume(p90 - p10 > 1e-6)
    drawn = fit(p10, p50, p90).quantile(GRID[::100])
    assert np.all(np.diff(drawn) >= -1e-9 * (p90 - p10))


@pytest.mark.parametrize(
    ("position", "family"),
    [
        (0.0, SplitNormal),
        (0.166, SplitNormal),
        (0.168, Metalog),
        (0.5, Metalog),
        (0.832, Metalog),
        (0.834, SplitNormal),
    ],
)
def test_within_the_bound_it_is_a_metalog_and_beyond_it_two_half_normals(position: float, family: type) -> None:
    assert isinstance(fit(0, position, 1), family)
    assert FEASIBLE == (0.167, 0.833)


def test_the_coefficients_are_those_of_the_specification() -> None:
    k, d, r = math.log(9), 4.0, 0.25
    assert fit(1, 2, 5) == Metalog(2, d / (2 * k), (1 - 2 * r) * d / (0.8 * k))


@pytest.mark.parametrize("quantiles", [(1, 2, 5), (-3, 0, 3), (0, 0.8, 1), (0, 0.1, 2), (-2, 1.9, 2)])
def test_mean_and_variance_in_closed_form_are_those_of_the_quantile_function(
    quantiles: tuple[float, float, float],
) -> None:
    found = fit(*quantiles)
    drawn = found.quantile(GRID)
    assert found.mean == pytest.approx(drawn.mean(), abs=1e-3)
    assert found.variance == pytest.approx(drawn.var(), rel=2e-3)


def test_a_symmetric_forecast_is_a_logistic_distribution() -> None:
    found = fit(-1, 0, 1)
    scale = 1 / math.log(9)
    assert (found.mean, found.variance) == pytest.approx((0, scale**2 * math.pi**2 / 3))


def test_quantiles_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        fit(1, 0, 2)


def test_a_forecast_without_spread_is_its_number() -> None:
    found = fit(3, 3, 3)
    assert (found.mean, found.variance) == (3, 0)
    assert list(found.quantile([0.0, 0.3, 1.0])) == [3, 3, 3]


@pytest.mark.parametrize("promise", [Promise(1, 2, 5, 0.3), Promise(-1, 1, 2, 0.4), Promise(-5, -2, -1, 0.1)])
def test_draws_hold_p_zero_of_zeros_and_the_moments_of_the_mixture(promise: Promise) -> None:
    drawn = sample(promise, GRID)
    mean, variance = moments(promise)
    assert np.mean(drawn == 0) == pytest.approx(promise.p_zero, abs=1e-4)
    assert drawn.mean() == pytest.approx(mean, abs=2e-3)
    assert drawn.var() == pytest.approx(variance, rel=2e-3)
    assert np.all(np.diff(drawn) >= 0)


def test_given_an_effect_the_draws_have_the_promised_quantiles() -> None:
    drawn = sample(Promise(-1, 1, 2, 0.4), GRID)
    assert np.quantile(drawn[drawn != 0], [0.1, 0.5, 0.9]) == pytest.approx([-1, 1, 2], abs=1e-3)


def test_a_certain_nothing_is_zero_and_no_doubt_is_the_plain_distribution() -> None:
    assert np.all(sample(Promise(1, 2, 3, 1.0), GRID[:10]) == 0)
    assert sample(Promise(1, 2, 5, 0.0), GRID[::1000]) == pytest.approx(fit(1, 2, 5).quantile(GRID[::1000]))


def test_draws_keep_the_shape_of_the_uniform_numbers() -> None:
    assert sample(Promise(1, 2, 3, 0.2), np.full((4, 3), 0.5)).shape == (4, 3)


@pytest.mark.parametrize("promise", [Promise(2, 2, 2, 0.3), Promise(1, 1, 4, 0.5), Promise(-5, -2, -2, 0.25)])
def test_a_range_that_ends_on_one_side_of_zero_keeps_its_mass_of_no_effect(promise: Promise) -> None:
    drawn = sample(promise, GRID)
    assert np.mean(drawn == 0) == pytest.approx(promise.p_zero, abs=1e-4)
    assert drawn.mean() == pytest.approx(moments(promise)[0], abs=1e-3)
