"""A change held against placebo dates: where these do not overlap, it is ordinary least squares."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import UsageError
from vitalfew.stats.placebo import judge

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("k", [0, 1, 3])
def test_placebos_that_do_not_overlap_give_the_prediction_interval_of_a_regression(k: int) -> None:
    placebos, controls, moved = RNG.normal(size=30), RNG.normal(size=(k, 30)), RNG.normal(size=k)
    found = judge(2.5, placebos, 30, controls=controls, moved=moved)
    design = sm.add_constant(controls.T) if k else np.ones((30, 1))
    here = np.concatenate([[1.0], moved])[None, :]
    referee = sm.OLS(placebos, design).fit().get_prediction(here)
    assert found.estimate == pytest.approx(2.5 - referee.predicted_mean[0])
    assert found.se == pytest.approx(referee.se_obs[0])
    low, high = 2.5 - referee.conf_int(obs=True)[0][::-1]
    assert found.intervals[1] == pytest.approx((0.95, low, high))
    assert len(found.slopes) == k


def test_the_interval_excludes_nothing_exactly_when_p_is_below_five_percent() -> None:
    for change in np.linspace(-4, 4, 41):
        found = judge(float(change), RNG.normal(size=20), 12)
        _, low, high = found.intervals[1]
        assert (found.p < 0.05) == (low > 0 or high < 0)


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-100, 100))
def test_shifts_of_all_dates_change_nothing_and_scales_only_the_unit(change: float, scale: float, shift: float) -> None:
    placebos = np.random.default_rng(3).normal(size=25)
    plain, moved = judge(change, placebos, 13), judge(scale * change + shift, scale * placebos + shift, 13)
    assert moved.estimate == pytest.approx(scale * plain.estimate, abs=1e-6)
    assert moved.p == pytest.approx(plain.p, abs=1e-6)


def test_closely_spaced_dates_count_as_the_windows_they_cover() -> None:
    placebos = np.repeat(RNG.normal(size=13), 4)
    assert judge(2.0, placebos, 13).p == pytest.approx(judge(2.0, placebos[::4], 13).p)


def test_a_series_that_never_moves_gives_no_doubt() -> None:
    assert judge(0.0, np.zeros(20), 13).p == 1.0
    assert judge(1.0, np.zeros(20), 13).p == 0.0


def test_too_few_windows_or_missing_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="3 windows"):
        judge(1.0, np.zeros(20), 2.5)
    with pytest.raises(UsageError, match="finite"):
        judge(np.nan, np.zeros(20), 13)
