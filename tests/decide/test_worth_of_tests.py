"""EVPI and EVSI of one choice: closed forms, quadrature, published numbers, and what must hold of any belief."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from vitalfew.decide.worth import evpi, evsi, gain_of_choice, perfect, places_of, roll_out_size, worth_of_tests
from vitalfew.errors import UsageError

means, sds, ses = st.floats(-5, 5), st.floats(0.01, 5), st.floats(0.01, 50)
beliefs = st.lists(st.floats(-10, 10), min_size=1, max_size=12)
ordinary = settings(deadline=None)


def density(x: float, mean: float, sd: float) -> float:
    return math.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (1.0, 2.0), (-0.5, 0.7), (3.0, 1.0)])
def test_the_value_of_knowing_agrees_with_quadrature(mean: float, sd: float) -> None:
    known, _ = quad(lambda x: max(x, 0.0) * density(x, mean, sd), mean - 12 * sd, mean + 12 * sd, points=[0.0])
    assert gain_of_choice(mean, sd) == pytest.approx(known, abs=1e-9)
    assert evpi(mean, sd) == pytest.approx(known - max(mean, 0.0), abs=1e-9)


@pytest.mark.parametrize(("mean", "sd", "se"), [(0.0, 1.0, 1.0), (1.0, 2.0, 0.5), (-0.5, 0.7, 2.0)])
def test_the_value_of_a_test_agrees_with_quadrature_over_its_results(mean: float, sd: float, se: float) -> None:
    spread, weight = math.hypot(sd, se), sd**2 / (sd**2 + se**2)

    def kept(result: float) -> float:
        return max(mean + weight * (result - mean), 0.0) * density(result, mean, spread)

    turning = mean - mean / weight
    after, _ = quad(kept, mean - 12 * spread, mean + 12 * spread, points=[turning], limit=200)
    assert evsi(mean, sd, se) == pytest.approx(after - max(mean, 0.0), abs=1e-8)


@given(means, sds, ses)
def test_a_test_is_worth_something_and_never_more_than_knowing(mean: float, sd: float, se: float) -> None:
    assert 0 <= evsi(mean, sd, se) <= evpi(mean, sd) + 1e-12


@given(means, sds, ses, st.floats(1.01, 10))
def test_a_larger_test_is_worth_more(mean: float, sd: float, se: float, larger: float) -> None:
    assert evsi(mean, sd, se / math.sqrt(larger)) >= evsi(mean, sd, se) - 1e-12


@given(means, sds)
def test_an_exact_test_is_worth_as_much_as_knowing_and_an_endless_error_nothing(mean: float, sd: float) -> None:
    assert evsi(mean, sd, 1e-9) == pytest.approx(evpi(mean, sd), abs=1e-6)
    assert evsi(mean, sd, 1e12) == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0.01, 5), ses)
def test_who_is_sure_already_learns_nothing_of_worth(mean: float, se: float) -> None:
    assert evsi(mean, mean / 100, se) == pytest.approx(0.0, abs=1e-9)
    assert evsi(-mean, mean / 100, se) == pytest.approx(0.0, abs=1e-9)


@ordinary
@given(beliefs, st.floats(-3, 3), st.floats(-10, 10), st.lists(ses, min_size=2, max_size=5))
def test_of_any_belief_larger_tests_are_worth_more_and_none_more_than_knowing(
    effects: list[float], slope: float, rest: float, errors: list[float]
) -> None:
    worth = worth_of_tests(effects, slope, rest, sorted(errors)).worth
    most = perfect(effects, slope, rest)
    scale = 1e-9 * (1 + abs(slope) * 10 + abs(rest))
    assert np.all(worth >= 0)
    assert np.all(worth <= most + scale)
    assert np.all(np.diff(worth) <= scale)


@ordinary
@example([0.0, 1.925e-235], 1.0, -7.7e-292)
@given(beliefs, st.floats(0.1, 3), st.floats(-10, 10))
def test_of_any_belief_an_exact_test_tells_all_and_an_endless_error_nothing(
    effects: list[float], slope: float, rest: float
) -> None:
    exact, useless = worth_of_tests(effects, slope, rest, [1e-7, 1e9]).worth
    assert exact == pytest.approx(perfect(effects, slope, rest), abs=1e-5)
    assert useless == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("se", [0.2, 1.0, 3.0, 10.0])
def test_places_of_a_normal_belief_give_the_closed_form(se: float) -> None:
    draws = 1.0 + 2.0 * ndtri((np.arange(20_000) + 0.5) / 20_000)
    found = worth_of_tests(places_of(draws), 1.5, -2.0, [se])
    assert found.worth[0] == pytest.approx(evsi(-0.5, 3.0, 1.5 * se), rel=0.03, abs=2e-4)
    spread = 2.0**2 / math.hypot(2.0, se)  # of what is believed after the test
    assert found.p_build[0] == pytest.approx(float(ndtr((1.0 - 2.0 / 1.5) / spread)), abs=0.003)


def test_a_belief_of_two_places_agrees_with_its_own_arithmetic() -> None:
    # N is -1 or 1, a coin each: built when the estimate is above 0, right with probability Phi(1 / se).
    found = worth_of_tests([-1.0, 1.0], 1.0, 0.0, [2.0])
    assert found.worth[0] == pytest.approx(float(ndtr(0.5)) - 0.5, abs=1e-9)
    assert found.hurdle[0] == pytest.approx(0.0, abs=1e-9)


def test_a_metric_that_should_fall_is_worth_the_same_as_one_that_should_rise() -> None:
    effects = np.array([-3.0, -1.0, 0.0, 0.5])
    down, up = (worth_of_tests(sign * effects, sign * 2.0, -1.0, [0.5, 2.0]) for sign in (1.0, -1.0))
    assert down.worth == pytest.approx(up.worth)
    assert down.hurdle == pytest.approx(-up.hurdle)
    assert down.effect == pytest.approx(-up.effect)


def test_places_keep_the_mean_and_the_mass_at_zero() -> None:
    draws = np.concatenate([np.zeros(5_000), np.random.default_rng(1).normal(2, 1, 5_000)])
    places = places_of(draws)
    assert places.mean() == pytest.approx(draws.mean())
    assert (places == 0).mean() == pytest.approx(0.49, abs=0.02)


def test_the_published_size_of_a_test_before_a_roll_out() -> None:
    """Feit & Berman 2019: a population of 100,000, responses of 0.68 with sd 0.03 between arms."""
    assert round(roll_out_size(100_000, math.sqrt(0.68 * 0.32), 0.03)) == 2284


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="standard error"):
        worth_of_tests([1.0], 1.0, 0.0, [0.0])
    with pytest.raises(UsageError, match="above zero"):
        roll_out_size(1000, 0.0, 1.0)
