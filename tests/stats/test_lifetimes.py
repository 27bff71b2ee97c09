"""Kaplan-Meier, restricted means and medians against published examples, statsmodels and the uncensored truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from vitalfew.errors import NotEnoughData
from vitalfew.stats.arrays import Fault, differences
from vitalfew.stats.lifetimes import median_interval, median_sample, restricted_mean_sample, survival


@dataclass
class Lives:
    """Times of an arm."""

    units: int
    times: tuple[float, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]


def lives(times: object, happened: object) -> Lives:
    t, e = np.asarray(times, dtype=np.float64), np.asarray(happened, dtype=bool)
    distinct = np.unique(t)
    counts = [(int((e & (t == at)).sum()), int((~e & (t == at)).sum())) for at in distinct]
    return Lives(len(t), tuple(distinct), tuple(c[0] for c in counts), tuple(c[1] for c in counts))


# Weeks in remission of 42 children (Freireich et al. 1963, as in Klein & Moeschberger 2003, table 1.1).
DRUG = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
ON_DRUG, ON_PLACEBO = lives(DRUG, RELAPSED), lives(PLACEBO, [1] * 21)


def test_the_remission_times_have_their_published_curve_and_standard_errors() -> None:
    curve = survival(ON_DRUG)
    at = curve.events > 0
    assert curve.times[at].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.share[at].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.se[at].round(3).tolist() == [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135]


def test_the_remission_times_have_their_published_medians() -> None:
    assert median_interval(ON_DRUG) == (23.0, 13.0, float("inf"))
    assert median_interval(ON_PLACEBO) == (8.0, 4.0, 11.0)


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
@given(st.integers(0, 10_000), st.integers(12, 80), st.booleans())
def test_curves_and_medians_agree_with_statsmodels(seed: int, n: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    t, c = rng.exponential(5, n), rng.uniform(2, 20, n)
    times, happened = np.minimum(t, c), t <= c
    times = np.ceil(times) if whole else times
    referee = SurvfuncRight(times, happened.astype(int))
    curve = survival(lives(times, happened))
    at = curve.events > 0
    assert curve.share[at] == pytest.approx(referee.surv_prob, abs=1e-9)
    assert curve.se[at][:-1] == pytest.approx(referee.surv_prob_se[:-1], abs=1e-9)
    if (np.abs(referee.surv_prob - 0.5) > 1e-9).all() and (referee.surv_prob < 0.5).any():
        try:
            found = median_interval(lives(times, happened))
        except NotEnoughData:
            return
        assert found[0] == referee.quantile(0.5)
        assert found[1:] == pytest.approx(referee.quantile_ci(0.5, method="cloglog"))


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.integers(1, 40))
def test_without_leavers_the_restricted_mean_is_the_mean_of_the_shortened_times(times: list[int], horizon: int) -> None:
    found = restricted_mean_sample([lives(times, [1] * len(times))], [float(horizon)]).sample
    shortened = np.minimum(times, horizon)
    assert found.level[0] == pytest.approx(shortened.mean(), abs=1e-9)
    assert found.variance[0] == pytest.approx(shortened.var(ddof=1), abs=1e-9)


def test_the_restricted_means_of_the_remission_times() -> None:
    # By hand: 6 + .8571 + 3 * .8067 + 3 * .7529 + 3 * .6902 + 6 * .6275 = 17.371 weeks of the first 22.
    arms = [restricted_mean_sample([arm], [22.0]).sample for arm in (ON_PLACEBO, ON_DRUG)]
    assert arms[1].level[0] == pytest.approx(17.3714, abs=5e-4)
    assert arms[0].level[0] == pytest.approx(np.minimum(PLACEBO, 22).mean())
    found = differences(arms[0], arms[1], (0.95,))
    assert found.estimate[0] == pytest.approx(8.7524, abs=5e-4)
    assert found.p_value[0] < 0.001


def test_a_horizon_beyond_the_follow_up_is_refused_with_both_days() -> None:
    found = restricted_mean_sample([ON_DRUG, ON_PLACEBO], [36.0, 36.0])
    assert found.sample.fault.tolist() == [Fault.TOO_FEW, Fault.NONE]  # everybody relapsed on placebo
    assert found.reasons[0] == (
        "not enough data: the horizon is 36 days, and nobody was followed for more than 35;"
        " shorten the horizon, or wait"
    )
    assert found.reasons[1] is None


def test_a_median_that_is_not_reached_says_how_many_are_left() -> None:
    arm = lives([3, 4, 5, 9, 9, 9, 9], [1, 1, 1, 0, 0, 0, 0])
    reason = median_sample([arm]).reasons[0]
    assert reason is not None
    assert "the median is not reached; 57 % were still without the event when the last one was left, at day 9" in reason
    with pytest.raises(NotEnoughData, match="not reached"):
        median_interval(arm)


def test_medians_are_compared_like_everything_else() -> None:
    rng = np.random.default_rng(5)
    arms = []
    for scale in (8, 12):
        t, c = rng.exponential(scale, 1000), rng.uniform(10, 40, 1000)
        arms.append(median_sample([lives(np.minimum(t, c), t <= c)]).sample)
    found = differences(arms[0], arms[1], (0.95,))
    assert found.low[0, 0] < 4 * np.log(2) < found.high[0, 0]
    assert found.se[0] == pytest.approx(np.hypot(8, 12) / np.sqrt(1000), rel=0.25)  # exponential: scale / root n


def test_events_on_few_days_leave_no_standard_error_of_the_median() -> None:
    reason = median_sample([lives([1] * 40 + [2] * 40 + [3] * 40, [1] * 120)]).reasons[0]
    assert reason is not None
    assert "many events fall on the same time" in reason
    assert "take the restricted mean" in reason


@pytest.mark.parametrize("arm", [lives([], []), lives([3], [1]), lives([3], [0])])
def test_arms_of_nobody_or_one_have_no_answer(arm: Lives) -> None:
    for found in (restricted_mean_sample([arm], [2.0]), median_sample([arm])):
        assert found.sample.fault[0] == Fault.TOO_FEW
        assert "not enough data" in str(found.reasons[0])
    with pytest.raises(NotEnoughData):
        median_interval(lives([5, 6], [0, 0]))


def test_the_half_way_median_of_an_even_number_is_the_ordinary_one() -> None:
    assert median_interval(lives(range(1, 41), [1] * 40))[0] == np.median(range(1, 41))
