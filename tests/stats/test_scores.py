"""NPS, CSAT and CES with the intervals that the literature found best."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import Moments
from vitalfew.stats.scores import mean_score, net_score, share_score


def test_fifty_promoters_and_twenty_detractors_of_a_hundred() -> None:
    nps = net_score(50, 20, 100)
    assert (nps.estimate, round(nps.low, 1), round(nps.high, 1)) == (30, 14.1, 44.2)
    assert nps.method == "adjusted Wald (Rocks 2016)"


def test_eighty_satisfied_of_a_hundred() -> None:
    csat = share_score(80, 100)
    assert (csat.estimate, round(csat.low, 3), round(csat.high, 3)) == (0.8, 0.711, 0.867)


@given(st.integers(0, 500), st.integers(1, 500))
def test_shares_agree_with_statsmodels(satisfied: int, others: int) -> None:
    found = share_score(satisfied, satisfied + others)
    referee = proportion_confint(satisfied, satisfied + others, method="wilson")
    assert (found.low, found.high) == pytest.approx(referee, abs=1e-9)


def test_effort_as_a_mean_agrees_with_scipy() -> None:
    answers = np.random.default_rng(1).integers(1, 8, 60).astype(float)
    arm = Moments.of({"ces": answers})
    found = mean_score(arm.mean_of("ces"), arm.variance_of("ces"), arm.count("ces"))
    referee = stats.ttest_1samp(answers, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((referee.low, referee.high), rel=1e-9)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_net_scores_stay_on_their_scale_and_need_an_answer(top: int, middle: int, bottom: int) -> None:
    if top + middle + bottom == 0:
        with pytest.raises(NotEnoughData, match="no answers"):
            net_score(top, bottom, 0)
        return
    found = net_score(top, bottom, top + middle + bottom)
    assert -100 <= found.low < found.high <= 100


@pytest.mark.parametrize(("mean", "variance", "n"), [(5.0, 0.0, 30), (5.0, math.nan, 1), (math.nan, math.nan, 0)])
def test_a_mean_without_variation_has_no_interval(mean: float, variance: float, n: int) -> None:
    with pytest.raises(NotEnoughData):
        mean_score(mean, variance, n)


@pytest.mark.parametrize(("top", "bottom", "n"), [(80, 30, 100), (-1, 2, 3), (2, -1, 3), (math.nan, 0, 3)])
def test_answers_at_the_ends_that_cannot_be_are_refused(top: float, bottom: float, n: int) -> None:
    with pytest.raises(UsageError):
        net_score(top, bottom, n)


@pytest.mark.prove
@pytest.mark.parametrize(("top", "bottom", "n"), [(0.5, 0.2, 30), (0.5, 0.2, 100), (0.1, 0.05, 100), (0.34, 0.33, 50)])
def test_net_scores_cover_the_truth(top: float, bottom: float, n: int) -> None:
    drawn = np.random.default_rng(11).multinomial(n, [top, 1 - top - bottom, bottom], 4000)
    found = [net_score(row[0], row[2], n) for row in drawn.tolist()]
    inside = np.mean([score.low <= 100 * (top - bottom) <= score.high for score in found])
    assert 0.93 <= inside <= 0.975
