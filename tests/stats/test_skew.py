"""Skew: the warning fires where a t test leaves its band, and rarely elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from aa import LAWS
from aa import means as welch
from vitalfew.stats import Moments
from vitalfew.stats.skew import (
    ADVICE,
    CARRIED,
    LARGEST_SHARE,
    LARGEST_SKEW,
    LOPSIDED,
    skew_of_difference,
    skew_warnings,
)


def _warning(control: object, treatment: object) -> str | None:
    arms = [Moments.of({"y": np.asarray(values)}) for values in (control, treatment)]
    return skew_warnings([arms[0]], [arms[1]], ["y"], [None])[0]


def test_skewed_values_in_uneven_arms_are_warned_of() -> None:
    rng = np.random.default_rng(1)
    assert _warning(rng.lognormal(0, 2, 1800), rng.lognormal(0, 2, 200)) == f"{LOPSIDED}; {ADVICE}"


def test_the_same_values_in_many_units_and_equal_arms_are_not() -> None:
    rng = np.random.default_rng(1)
    assert _warning(rng.exponential(1, 500), rng.exponential(1, 500)) is None


def test_one_extreme_value_in_equal_arms_is_warned_of() -> None:
    rng = np.random.default_rng(1)
    assert _warning(np.append(rng.normal(0, 1, 99), 80), rng.normal(0, 1, 100)) == f"{CARRIED}; {ADVICE}"


def test_a_ratio_says_that_its_numerator_was_judged() -> None:
    rng = np.random.default_rng(1)
    arms = [Moments.of({"y": rng.lognormal(0, 2, n), "x": np.ones(n)}) for n in (900, 100)]
    warning = skew_warnings([arms[0]], [arms[1]], ["y"], ["x"])[0]
    assert warning is not None
    assert "(judged by the numerator of the ratio)" in warning


def test_moments_without_third_powers_give_no_warning() -> None:
    given = Moments.given("y", n=50, mean=1.0, variance=9.0)
    assert skew_warnings([given], [given], ["y"], [None]) == [None]


def test_the_skewness_of_the_difference_is_that_of_many_simulated_differences() -> None:
    rng = np.random.default_rng(2)
    control, treatment = rng.exponential(1, (100_000, 45)), rng.exponential(1, (100_000, 5))
    found = treatment.mean(axis=1) - control.mean(axis=1)
    away = found - found.mean()
    n_c, n_t = np.array([45.0]), np.array([5.0])
    # Population moments of an exponential law: variance 1, third moment 2.
    skew, share = skew_of_difference(n_c, n_t, np.array([50.0]), np.array([100.0]))
    assert skew[0] == pytest.approx((away**3).mean() / (away**2).mean() ** 1.5, abs=0.03)
    assert share[0] == pytest.approx(4 / 50)


@pytest.mark.parametrize("constant", [0.0, 1e9])
def test_a_constant_or_another_unit_changes_no_warning(constant: float) -> None:
    rng = np.random.default_rng(1)
    control, treatment = np.round(rng.lognormal(0, 2, 1800) * 8) / 8, np.round(rng.lognormal(0, 2, 200) * 8) / 8
    assert _warning(control + constant, treatment + constant) == _warning(control * 1e-6, treatment * 1e-6)


RUNS = 2_000
# With 2,000 runs the band of a rate of .05 reaches from .0345 to .0665; what lies clearly inside or outside is judged.
SOUND, LIBERAL, CAUTIOUS = (0.046, 0.054), 0.064, 0.036


def _measured(law: str, share: float, n: int) -> tuple[float, float]:
    """False-positive rate at .05, and share of runs with a warning."""
    treated = round(share * n)
    seed = [sorted(LAWS).index(law), n, treated]
    rng = np.random.default_rng(seed)
    errors, warned, done = 0.0, 0.0, 0
    step = max(1, min(RUNS, 4_000_000 // n))
    while done < RUNS:
        runs = min(step, RUNS - done)
        arms = [LAWS[law](rng, (runs, units)) for units in (n - treated, treated)]
        errors += float((np.nan_to_num(welch(*arms).p_value, nan=1.0) < 0.05).sum())
        away = [arm - arm.mean(axis=1, keepdims=True) for arm in arms]
        squares, cubes = ((away[0] ** k).sum(axis=1) + (away[1] ** k).sum(axis=1) for k in (2, 3))
        units = [np.full(runs, float(arm.shape[1])) for arm in arms]
        skew, carried = skew_of_difference(units[0], units[1], squares, cubes)
        warned += float(((np.abs(skew) > LARGEST_SKEW) | (carried > LARGEST_SHARE)).sum())
        done += runs
    return errors / RUNS, warned / RUNS


@pytest.mark.prove
@pytest.mark.parametrize("law", ["normal", "exponential", "lognormal 1", "lognormal 2", "zero-inflated"])
def test_the_warning_fires_where_error_rates_leave_their_band_and_rarely_elsewhere(law: str) -> None:
    for share in (0.5, 0.1):
        for n in (50, 200, 1_000, 5_000, 20_000):
            rate, warned = _measured(law, share, n)
            where = (law, share, n, rate, warned)
            if rate > LIBERAL:
                assert warned > 0.95, where
            if rate < CAUTIOUS:
                assert warned > 0.8, where
            if SOUND[0] < rate < SOUND[1] and n >= 1_000:
                # A lognormal tail of sigma 2 is heavy in 20,000 units, too, though it errs no more.
                assert warned < (0.8 if law == "lognormal 2" else 0.3), where


def test_shares_show_all_their_skewness_and_tails_hide_some_of_it() -> None:
    """Squared skewness per unit of 0.04 both times: 24 successes of 1,000 units, and values with a tail."""
    share = np.zeros(500)
    share[:12] = 1.0
    assert _warning(share, share) is None
    assert _warning(share * 3 + 7, share * 3 + 7) is None
    tail = np.append(np.zeros(488), np.linspace(0.9, 1.1, 12))
    assert _warning(tail, tail) == f"{CARRIED}; {ADVICE}"
    share[4:] = 0.0
    assert _warning(share, share) == f"{CARRIED}; {ADVICE}"
