"""The estimators over 10,000 simulated experiments each, inside exact binomial bands."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from experiment_validity import SEED, coverage, false_alarms, nothing_changed, p_values, sample_ratio_alarms, skewed

pytestmark = pytest.mark.prove


def test_experiments_without_an_effect_are_called_significant_as_often_as_promised() -> None:
    assert [figure for figure in false_alarms() if not figure.holds] == []


def test_p_values_of_means_are_uniform_when_nothing_changed() -> None:
    for at, what in enumerate(name for name in nothing_changed() if name.startswith("means")):
        found = p_values(nothing_changed()[what](np.random.default_rng([SEED, at])))
        assert kstest(found, "uniform").pvalue > 0.001, what


def test_intervals_hold_the_truth_as_often_as_promised() -> None:
    assert [figure for figure in coverage() if not figure.holds] == []


def test_sound_assignments_are_suspected_as_rarely_as_promised() -> None:
    assert [figure for figure in sample_ratio_alarms() if not figure.holds] == []


def test_the_limits_we_admit_are_still_limits() -> None:
    assert all(not figure.holds for figure in skewed())
