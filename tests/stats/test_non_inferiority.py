"""Guardrails: margins in both directions, every mode, and the chance that an experiment still succeeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.stats.weightstats import ttest_ind

from vitalfew.errors import UsageError
from vitalfew.stats.non_inferiority import always, conditional_power, fixed, predictive_power

estimates, errors, margins = st.floats(-3, 3), st.floats(0.1, 2), st.floats(0, 3)


def test_the_fixed_test_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(2)
    old, new = rng.normal(5, 1, 80), rng.normal(4.9, 1.4, 60)
    _, p_value, df = ttest_ind(new, old, alternative="larger", usevar="unequal", value=-0.3)
    se = np.sqrt(old.var(ddof=1) / 80 + new.var(ddof=1) / 60)
    found = fixed(new.mean() - old.mean(), se, df, 0.3)
    assert float(found.p_value) == pytest.approx(p_value, rel=1e-9)
    assert float(found.p_harm) == pytest.approx(t.cdf((new.mean() - old.mean()) / se, df), rel=1e-9)


@given(estimates, errors, margins)
def test_a_metric_that_should_fall_is_the_mirror_of_one_that_should_rise(y: float, se: float, margin: float) -> None:
    for up, down in (
        (fixed(y, se, 40.0, margin, "up"), fixed(-y, se, 40.0, margin, "down")),
        (always(y, se, 900, 1_000, margin, "up"), always(-y, se, 900, 1_000, margin, "down")),
    ):
        assert (float(up.p_value), float(up.p_harm)) == (float(down.p_value), float(down.p_harm))
        assert float(up.bound) == -float(down.bound)


@given(estimates, errors, margins)
def test_the_bound_is_within_the_margin_exactly_when_p_says_so(y: float, se: float, margin: float) -> None:
    for found in (fixed(y, se, 40.0, margin), always(y, se, 900, 1_000, margin)):
        if abs(float(found.bound) + margin) > 1e-6:
            assert (float(found.bound) > -margin) == (float(found.p_value) < 0.05)


@given(estimates, errors, margins)
def test_looking_at_any_time_costs_certainty(y: float, se: float, margin: float) -> None:
    once, ever = fixed(y, se, np.inf, margin), always(y, se, 900, 1_000, margin)
    assert float(ever.p_value) >= float(once.p_value)
    assert float(ever.bound) < float(once.bound)


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(UsageError, match="a margin of -1"):
        fixed(0.0, 1.0, 10.0, [1.0, -1.0])


@pytest.mark.parametrize(("z", "share"), [(0.5, 0.5), (2.0, 0.2), (-1.0, 0.9)])
def test_conditional_and_predictive_power_are_what_simulations_show(z: float, share: float) -> None:
    rng = np.random.default_rng(4)
    left = rng.normal(0, np.sqrt(1 - share), 400_000)
    planned = z * np.sqrt(share) + 2.8 * (1 - share) + left
    assert float(conditional_power(z, share, 1.96, 2.8)) == pytest.approx(np.mean(planned > 1.96), abs=0.003)
    trend = z / np.sqrt(share)
    assert float(conditional_power(z, share, 1.96)) == float(conditional_power(z, share, 1.96, trend))
    believed_drift = rng.normal(trend, 1 / np.sqrt(share), 400_000)
    ends = z * np.sqrt(share) + believed_drift * (1 - share) + left
    assert float(predictive_power(z, share, 1.96)) == pytest.approx(np.mean(ends > 1.96), abs=0.003)


def test_a_certain_prior_makes_predictive_power_conditional() -> None:
    certain = predictive_power(0.5, 0.4, 1.96, 2.0, 1e-7)
    assert float(certain) == pytest.approx(float(conditional_power(0.5, 0.4, 1.96, 2.0)), abs=1e-6)


def test_at_the_end_the_result_is_what_it_is() -> None:
    assert conditional_power([2.0, 1.9], 1.0, 1.96).tolist() == [1.0, 0.0]
    assert predictive_power([2.0, 1.9], 1.0, 1.96).tolist() == [1.0, 0.0]
