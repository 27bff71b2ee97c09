"""Comparing two arms: against other people's programs, under changes of unit, and on data that say nothing."""

from __future__ import annotations

import math
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.stats.weightstats as sms
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import Moments, VarianceMissing, compare
from vitalfew.stats.arrays import Sample, differences, lifts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.stats import Comparison

ARM = st.lists(st.floats(-1000, 1000).map(lambda x: round(x, 3)), min_size=2, max_size=30)


def _arms(seed: int = 0, n: tuple[int, int] = (80, 120)) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, 3.0, n[0]), rng.gamma(2.0, 3.4, n[1])


def _compare(control: object, treatment: object) -> Comparison:
    return compare(Moments.of({"x": np.asarray(control)}), Moments.of({"x": np.asarray(treatment)}), numerator="x")


@given(ARM, ARM)
def test_welch_agrees_with_scipy_to_nine_digits(control: list[float], treatment: list[float]) -> None:
    assume(np.var(control) > 1e-6 or np.var(treatment) > 1e-6)
    found = _compare(control, treatment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy warns about a constant arm, which is sound here
        referee = stats.ttest_ind(treatment, control, equal_var=False)
        interval = referee.confidence_interval(0.95)
    assert found.df == pytest.approx(referee.df, rel=1e-9)
    assert found.p_value == pytest.approx(referee.pvalue, rel=1e-9, abs=1e-300)
    assert found.intervals[1].low == pytest.approx(interval.low, rel=1e-9, abs=1e-9)
    assert found.intervals[1].high == pytest.approx(interval.high, rel=1e-9, abs=1e-9)


def test_welch_agrees_with_statsmodels() -> None:
    control, treatment = _arms()
    found = _compare(control, treatment)
    referee = sms.CompareMeans(sms.DescrStatsW(treatment), sms.DescrStatsW(control))
    low, high = referee.tconfint_diff(alpha=0.2, usevar="unequal")
    assert found.p_value == pytest.approx(referee.ttest_ind(usevar="unequal")[1], rel=1e-9)
    assert (found.intervals[0].low, found.intervals[0].high) == pytest.approx((low, high), rel=1e-9)


def test_counts_means_and_method_are_told() -> None:
    control, treatment = _arms()
    found = _compare(control, treatment)
    assert (found.n_control, found.n_treatment) == (80, 120)
    assert found.mean_control == pytest.approx(control.mean())
    assert found.mean_treatment == pytest.approx(treatment.mean())
    assert "Welch" in found.method
    assert found.estimate == pytest.approx(treatment.mean() - control.mean())


@given(ARM, ARM, st.sampled_from([1e3, -1e6, 1e9]), st.floats(1e-6, 1e6))
def test_adding_a_constant_or_changing_the_unit_changes_no_p_value(
    control: list[float], treatment: list[float], constant: float, scale: float
) -> None:
    a, b = np.round(np.array(control) * 8) / 8, np.round(np.array(treatment) * 8) / 8  # exact after adding 1e9
    assume(np.var(a) + np.var(b) > 0)
    plain = _compare(a, b)
    assert _compare(a + constant, b + constant).p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert _compare(a * scale, b * scale).p_value == pytest.approx(plain.p_value, rel=1e-9)


@given(ARM, ARM)
def test_swapping_the_arms_turns_the_sign_and_nothing_else(control: list[float], treatment: list[float]) -> None:
    assume(np.var(control) + np.var(treatment) > 1e-6)
    one, other = _compare(control, treatment), _compare(treatment, control)
    assert one.estimate == -other.estimate
    assert one.p_value == other.p_value
    assert one.intervals[0].low == pytest.approx(-other.intervals[0].high)


# Relative change ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, -30.0])
def test_the_fieller_interval_ends_where_the_test_of_the_ratio_stops_rejecting(offset: float) -> None:
    control, treatment = (arm + offset for arm in _arms())
    found = _compare(control, treatment)
    t = stats.t.ppf(0.975, found.df)
    c, d = control.mean(), treatment.mean() - control.mean()
    v_c, v_t = control.var(ddof=1) / len(control), treatment.var(ddof=1) / len(treatment)

    def beyond(lift: float) -> float:
        """Above zero where `lift` is rejected; the definition of Fieller's set, solved numerically."""
        rho = lift if c > 0 else -lift
        return float((d - rho * c) ** 2 - t**2 * (v_t + (1 + rho) ** 2 * v_c))

    lift = found.relative
    assert lift.estimate == pytest.approx(d / abs(c))
    assert lift.estimate is not None
    assert lift.low == pytest.approx(optimize.brentq(beyond, -5, lift.estimate, xtol=1e-14), abs=1e-10)
    assert lift.high == pytest.approx(optimize.brentq(beyond, lift.estimate, 5, xtol=1e-14), abs=1e-10)


@given(ARM, ARM)
def test_the_relative_interval_excludes_zero_exactly_when_the_absolute_test_rejects(
    control: list[float], treatment: list[float]
) -> None:
    assume(np.var(control) + np.var(treatment) > 1e-6)
    found = _compare(control, treatment)
    lift = found.relative
    if lift.low is None or lift.high is None or abs(found.p_value - 0.05) < 1e-9:
        return
    assert (lift.low > 0 or lift.high < 0) == (found.p_value < 0.05)
    assert lift.low <= (lift.estimate or 0.0) <= lift.high


def test_a_control_mean_near_zero_gives_no_relative_interval_and_says_why() -> None:
    found = _compare([-1.0, 1.0, 0.1], [4.0, 5.0, 6.0])
    assert found.relative.low is None
    assert (
        found.relative.reason
        == "no interval for the relative change: the control mean is not clearly different from zero"
    )


def test_a_control_mean_of_zero_gives_no_relative_change() -> None:
    found = _compare([-1.0, 1.0], [4.0, 5.0])
    assert found.relative.estimate is None
    assert found.relative.reason == "no relative change: the control mean is zero"


# Ratios ------------------------------------------------------------------------------------------------------------


def _sessions(seed: int, users: int = 400) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    sessions = rng.integers(1, 20, users).astype(np.float64)
    return {
        "clicks": rng.binomial(sessions.astype(int), rng.beta(2, 5, users)).astype(np.float64),
        "sessions": sessions,
    }


def test_a_ratio_has_the_standard_error_of_its_linearisation() -> None:
    arms = [_sessions(1), _sessions(2, 500)]
    found = compare(Moments.of(arms[0]), Moments.of(arms[1]), numerator="clicks", denominator="sessions")
    ratios, parts = [], []
    for arm in arms:
        ratio = arm["clicks"].sum() / arm["sessions"].sum()
        influence = (arm["clicks"] - ratio * arm["sessions"]) / arm["sessions"].mean()
        ratios.append(ratio)
        parts.append(influence.var(ddof=1) / len(influence))
    assert found.estimate == pytest.approx(ratios[1] - ratios[0], rel=1e-12)
    assert found.se == pytest.approx(math.sqrt(sum(parts)), rel=1e-9)
    assert "delta method" in found.method


def test_a_ratio_agrees_with_the_bootstrap_over_users() -> None:
    arms = [_sessions(3), _sessions(4)]
    found = compare(Moments.of(arms[0]), Moments.of(arms[1]), numerator="clicks", denominator="sessions")
    rng = np.random.default_rng(5)
    draws = []
    for arm in arms:
        at = rng.integers(0, 400, (4000, 400))
        draws.append(arm["clicks"][at].sum(axis=1) / arm["sessions"][at].sum(axis=1))
    assert found.se == pytest.approx(float((draws[1] - draws[0]).std()), rel=0.05)


def test_users_without_a_denominator_are_left_out_and_told() -> None:
    arm = {"y": [1.0, 2.0, 4.0, 5.0], "x": [1.0, 2.0, 3.0, math.nan]}
    found = compare(Moments.of(arm), Moments.of(arm), numerator="y", denominator="x")
    assert found.n_control == 3
    assert found.mean_control == pytest.approx(7 / 6)
    assert "units that have both" in found.notes[0]


# Data that say nothing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "treatment", "sentence"),
    [
        ([1.0], [2.0, 3.0], "not enough data for 'x': 1 unit in control and 2 in treatment"),
        ([math.nan, math.nan], [2.0, 3.0], "not enough data for 'x': 0 units in control"),
        ([], [2.0, 3.0], "not enough data for 'x': 0 units in control"),
        ([0.1] * 7, [0.1] * 9, "'x': it does not vary between the units of an arm"),
        ([0.1] * 7, [0.7] * 9, "'x': it does not vary between the units of an arm"),
        ([1e200, -1e200], [1e200, 3.0], "the values of 'x' are too large"),
    ],
)
def test_data_that_say_nothing_are_refused_in_words(
    control: list[float], treatment: list[float], sentence: str
) -> None:
    with pytest.raises(NotEnoughData, match=sentence):
        _compare(control, treatment)


def test_a_missing_variance_is_an_error_of_its_own() -> None:
    known, unknown = (Moments.given("x", n=9, mean=1.0, variance=variance) for variance in (1.0, None))
    with pytest.raises(VarianceMissing, match="variance missing for 'x'"):
        compare(known, unknown, numerator="x")
    with pytest.raises(VarianceMissing, match="variance missing for 'x'"):
        compare(known, Moments.given("x", n=9, mean=1.0, variance=-2.0), numerator="x")


def test_a_denominator_of_zero_is_refused() -> None:
    arm = Moments.of({"y": [1.0, 2.0], "x": [0.0, 0.0]})
    with pytest.raises(NotEnoughData, match="'y / x': its denominator is zero"):
        compare(arm, arm, numerator="y", denominator="x")


def test_a_ratio_that_is_the_same_for_every_unit_is_constant() -> None:
    arm = Moments.of({"y": [0.3, 0.6, 2.1], "x": [0.1, 0.2, 0.7]})
    with pytest.raises(NotEnoughData, match="does not vary between the units"):
        compare(arm, arm, numerator="y", denominator="x")


def test_a_p_value_too_small_to_write_is_never_zero() -> None:
    rng = np.random.default_rng(0)
    found = _compare(rng.normal(0, 1, 20_000), rng.normal(5, 1, 20_000))
    assert 0 < found.p_value < 1e-300
    assert "smaller than a computer can write" in found.notes[0]


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_is_a_share(confidence: float) -> None:
    arm = Moments.of({"x": [1.0, 2.0]})
    with pytest.raises(UsageError, match=r"0\.95"):
        compare(arm, arm, numerator="x", confidences=[confidence])


@given(
    st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, 5e-324, math.nan, math.inf, 0.1]), max_size=5),
    st.lists(st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, 5e-324, math.nan, -math.inf, 0.1]), max_size=5),
)
def test_odd_values_give_finite_numbers_or_not_enough_data(control: list[float], treatment: list[float]) -> None:
    try:
        found = _compare(control, treatment)
    except NotEnoughData:
        return
    numbers = [found.estimate, found.se, found.df, found.p_value, *found.intervals[0], *found.intervals[1]]
    assert all(math.isfinite(number) for number in numbers)
    assert found.se > 0
    assert 0 < found.p_value <= 1


def test_ten_thousand_comparisons_take_milliseconds() -> None:
    rng = np.random.default_rng(0)
    m = 10_000

    def arm() -> Sample:
        fault = np.zeros(m, dtype=np.int64)
        return Sample(
            rng.integers(50, 5000, m).astype(float), np.full(m, 5.0), rng.normal(0, 1, m), rng.gamma(2, 2, m), fault
        )

    control, treatment = arm(), arm()
    differences(control, treatment, (0.8, 0.95))
    start = time.process_time()
    lifts(control, treatment, differences(control, treatment, (0.8, 0.95)))
    assert time.process_time() - start < 0.5  # about 20 ms on an idle core; the bound only keeps loops out
