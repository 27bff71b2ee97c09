"""Group sequential designs against published tables, and against the multivariate normal of scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.group_sequential import (
    boundaries,
    classic,
    drift_for,
    futility,
    inflation,
    power,
)
from vitalfew.stats.spending import Spending, spent
from vitalfew.stats.stopping import stopped
from vitalfew.stats.walk import walk

EQUAL = {looks: [(look + 1) / looks for look in range(looks)] for looks in range(1, 11)}

# Jennison & Turnbull 2000, tables 2.1 and 2.3: K = 1 to 10.
POCOCK = {
    0.01: [2.576, 2.772, 2.873, 2.939, 2.986, 3.023, 3.053, 3.078, 3.099, 3.117],
    0.05: [1.960, 2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555],
    0.10: [1.645, 1.875, 1.992, 2.067, 2.122, 2.164, 2.197, 2.225, 2.249, 2.270],
}
OBRIEN_FLEMING = {
    0.01: [2.576, 2.580, 2.595, 2.609, 2.621, 2.631, 2.640, 2.648, 2.654, 2.660],
    0.05: [1.960, 1.977, 2.004, 2.024, 2.040, 2.053, 2.063, 2.072, 2.080, 2.087],
    0.10: [1.645, 1.678, 1.710, 1.733, 1.751, 1.765, 1.776, 1.786, 1.794, 1.801],
}
# Tables 2.2 and 2.4, alpha .05: K = 2 to 10, by power.
POCOCK_INFLATION = {
    0.8: [1.110, 1.166, 1.202, 1.229, 1.249, 1.265, 1.279, 1.291, 1.301],
    0.9: [1.100, 1.151, 1.183, 1.207, 1.225, 1.239, 1.252, 1.262, 1.271],
}
OBRIEN_FLEMING_INFLATION = {
    0.8: [1.008, 1.017, 1.024, 1.028, 1.032, 1.035, 1.037, 1.038, 1.040],
    0.9: [1.007, 1.016, 1.022, 1.026, 1.030, 1.032, 1.034, 1.036, 1.037],
}


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.10])
def test_classic_constants_equal_the_published_tables(alpha: float) -> None:
    for looks in range(1, 11):
        assert round(classic(looks, alpha, "pocock")[-1], 3) == POCOCK[alpha][looks - 1]
        assert round(classic(looks, alpha, "obrien_fleming")[-1], 3) == OBRIEN_FLEMING[alpha][looks - 1]


@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_inflation_factors_equal_the_published_tables(wanted: float) -> None:
    for looks in range(2, 11):
        shares = EQUAL[looks]
        pocock = inflation(shares, classic(looks, 0.05, "pocock"), power=wanted)
        assert round(pocock, 3) == POCOCK_INFLATION[wanted][looks - 2]
        shrinking = inflation(shares, classic(looks, 0.05, "obrien_fleming"), power=wanted)
        assert round(shrinking, 3) == OBRIEN_FLEMING_INFLATION[wanted][looks - 2]


@pytest.mark.parametrize(
    ("looks", "spending", "published"),
    [
        (2, "obrien_fleming", [2.963, 1.969]),
        (3, "obrien_fleming", [3.710, 2.511, 1.993]),
        (4, "obrien_fleming", [4.333, 2.963, 2.359, 2.014]),
        (5, "obrien_fleming", [4.877, 3.357, 2.680, 2.290, 2.031]),
        (2, "pocock", [2.157, 2.201]),
        (3, "pocock", [2.279, 2.295, 2.296]),
        (4, "pocock", [2.368, 2.368, 2.358, 2.350]),
        (5, "pocock", [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_spending_boundaries_equal_the_published_ones(looks: int, spending: Spending, published: list[float]) -> None:
    assert [round(z, 3) for z in boundaries(EQUAL[looks], 0.05, spending)] == published


def test_unequal_and_one_sided_looks_equal_published_designs() -> None:
    assert [round(z, 3) for z in boundaries([0.3, 0.6, 1.0])] == [3.929, 2.670, 1.981]
    one_sided = boundaries([0.25, 0.5, 0.75, 1.0], 0.05, two_sided=False)
    assert one_sided == pytest.approx([3.74955, 2.53993, 2.01604, 1.72014], abs=5e-5)  # from a coarser grid


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_unequal_looks_spend_exactly_what_is_due(spending: Spending) -> None:
    shares = [0.2, 0.35, 0.7, 0.95]
    bounds = np.array(boundaries(shares, 0.05, spending))
    for looks in range(1, 5):
        inside = _inside(shares[:looks], -bounds[:looks], bounds[:looks], 0.0)
        assert 1 - inside == pytest.approx(2 * spent(shares[looks - 1], 0.025, spending), abs=2e-5)


@pytest.mark.parametrize("drift", [0.0, 1.5, -2.0, 3.0])
def test_crossing_probabilities_equal_the_multivariate_normal(drift: float) -> None:
    shares, low, high = [0.1, 0.45, 0.6, 1.2], [-3.0, -1.0, -math.inf, 0.5], [2.5, 2.2, 3.0, 2.0]
    up, down = walk(shares, low, high, drift).crossing(drift)
    for looks in range(1, 5):
        gone = float(up[:looks].sum() + down[:looks].sum())
        assert 1 - gone == pytest.approx(_inside(shares[:looks], low[:looks], high[:looks], drift), abs=3e-5)


def test_one_pass_answers_for_many_drifts() -> None:
    shares = EQUAL[5]
    bounds = boundaries(shares)
    drifts = np.array([[-3.0, 0.0], [1.0, 2.8]])
    together = power(shares, bounds, drifts)
    assert together.shape == (2, 2)
    for at in np.ndindex(2, 2):
        assert together[at] == pytest.approx(float(power(shares, bounds, float(drifts[at]))), abs=1e-9)


@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=6, unique_by=lambda x: round(x, 2)), st.floats(0.001, 0.2))
@settings(max_examples=25)
def test_boundaries_rise_when_less_error_is_allowed(shares: list[float], alpha: float) -> None:
    looks = sorted(shares)
    looser, stricter = boundaries(looks, alpha), boundaries(looks, alpha / 2)
    # Only the first boundary must rise: what it does not spend, later ones may.
    assert stricter[0] > looser[0] or math.isinf(looser[0])
    up, down = walk(looks, [-z for z in looser], looser).crossing()
    assert float(up.sum() + down.sum()) <= alpha + 1e-9


def test_looks_may_fall_anywhere_and_beyond_the_plan() -> None:
    assert boundaries([1.0]) == pytest.approx([1.959964], abs=1e-6)
    more = boundaries([0.5, 1.3])
    up, down = walk([0.5, 1.3], [-z for z in more], more).crossing()
    assert float(up.sum() + down.sum()) == pytest.approx(0.05, abs=1e-8)


def test_a_look_with_hardly_any_information_cannot_stop() -> None:
    bounds = boundaries([0.001, 1.0])
    assert math.isinf(bounds[0])
    assert bounds[1] == pytest.approx(1.959964, abs=1e-5)


def test_futility_meets_efficacy_at_the_end_and_costs_exactly_the_power() -> None:
    shares = EQUAL[5]
    high = boundaries(shares, 0.025, two_sided=False)
    drift = drift_for(shares, high, 0.9, "obrien_fleming")
    low = futility(shares, high, drift, 0.1)
    assert low[-1] == pytest.approx(high[-1], abs=1e-6)
    assert list(low) == sorted(low)
    up, down = walk(shares, low, high, drift).crossing(drift)
    assert float(up.sum()) == pytest.approx(0.9, abs=1e-7)
    assert float(down.sum()) == pytest.approx(0.1, abs=1e-7)
    # Non-binding: whoever goes on against it makes no more false claims than promised.
    ignoring = walk(shares, [-math.inf] * 5, high).crossing()[0].sum()
    assert float(ignoring) == pytest.approx(0.025, abs=1e-8)


def test_a_result_at_the_only_look_is_the_usual_test() -> None:
    found = stopped(2.0, 0.8, [1.0], [1.96])
    assert found.p_value == pytest.approx(2 * norm.sf(2.5), rel=1e-9)
    assert found.estimate == pytest.approx(2.0, abs=1e-7)
    assert (found.low, found.high) == pytest.approx((2.0 - 1.959964 * 0.8, 2.0 + 1.959964 * 0.8), abs=1e-5)


def test_crossing_at_the_first_look_is_judged_by_that_look_alone() -> None:
    bounds = boundaries(EQUAL[5])
    found = stopped(5.2, 1.0, EQUAL[5][:1], bounds[:1])
    assert found.p_value == pytest.approx(2 * norm.sf(5.2), rel=1e-6)


def test_a_later_result_allows_for_the_looks_before_it() -> None:
    shares, bounds = [0.5, 1.0], boundaries([0.5, 1.0])
    found = stopped(2.5, 1.0, shares, bounds)
    early = norm.sf(bounds[0])
    go_on = multivariate_normal([0, 0], [[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]])
    late = norm.cdf(bounds[0]) - norm.cdf(-bounds[0])
    late -= float(go_on.cdf([bounds[0], 2.5], lower_limit=[-bounds[0], -np.inf]))
    assert found.p_value == pytest.approx(2 * (early + late), abs=1e-6)
    assert found.estimate < 2.5


def test_on_the_last_boundary_p_is_alpha_and_the_interval_touches_zero() -> None:
    shares = [0.2, 0.5, 0.8, 1.0]
    bounds = boundaries(shares)
    found = stopped(3.0 * bounds[-1], 3.0, shares, bounds)
    assert found.p_value == pytest.approx(0.05, abs=1e-8)
    assert found.low == pytest.approx(0.0, abs=1e-6)


@given(st.floats(-6, 6))
@settings(max_examples=20)
def test_turning_the_sign_turns_the_result(z: float) -> None:
    shares, bounds = [0.5, 1.0], (2.963, 1.969)
    one, other = stopped(z, 1.0, shares, bounds), stopped(-z, 1.0, shares, bounds)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)
    assert (one.estimate, one.low) == pytest.approx((-other.estimate, -other.high), abs=1e-6)


@pytest.mark.parametrize("shares", [[], [0.5, 0.5], [0.5, 0.2], [0.0, 1.0], [float("nan")]])
def test_looks_out_of_order_are_refused(shares: list[float]) -> None:
    with pytest.raises(UsageError, match="of the planned information"):
        boundaries(shares)


def test_a_result_without_a_standard_error_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        stopped(1.0, 0.0, [1.0], [1.96])


def _inside(shares: list[float], low: list[float] | np.ndarray, high: list[float] | np.ndarray, drift: float) -> float:
    t = np.array(shares)
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    lower, upper = np.array(low), np.array(high)
    return float(
        multivariate_normal.cdf(
            upper, drift * np.sqrt(t), covariance, maxpts=2_000_000, abseps=1e-8, releps=1e-8, lower_limit=lower
        )
    )
