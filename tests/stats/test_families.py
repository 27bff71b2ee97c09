"""Families of tests against statsmodels, scipy, Dunnett's tables, and the laws they must obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import dunnett as scipy_dunnett
from scipy.stats import false_discovery_control
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests

from vitalfew.stats.families import benjamini_hochberg, bonferroni, dunnett, dunnett_critical, holm

families = st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=12)


def test_adjustments_agree_with_statsmodels() -> None:
    p_values = np.random.default_rng(4).beta(0.3, 2.0, 60)
    p_values[10:20] = p_values[:10]  # ties
    for ours, theirs in ((holm, "holm"), (bonferroni, "bonferroni"), (benjamini_hochberg, "fdr_bh")):
        assert ours(p_values) == pytest.approx(multipletests(p_values, method=theirs)[1], rel=1e-12)


@given(families)
def test_false_discovery_adjustment_agrees_with_scipy(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values), rel=1e-12)


@given(families)
def test_stricter_promises_give_larger_p_values(p_values: list[float]) -> None:
    assert np.all(benjamini_hochberg(p_values) <= holm(p_values) * (1 + 1e-12))
    assert np.all(holm(p_values) <= bonferroni(p_values) * (1 + 1e-12))
    assert np.all(np.array(p_values) <= benjamini_hochberg(p_values) * (1 + 1e-12))


@given(families, st.integers(0, 1_000))
def test_the_order_of_the_tests_does_not_matter(p_values: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(p_values))
    for adjust in (holm, bonferroni, benjamini_hochberg):
        assert adjust(np.array(p_values)[order]) == pytest.approx(adjust(p_values)[order])


def test_what_was_not_tested_does_not_count() -> None:
    for adjust in (holm, bonferroni, benjamini_hochberg):
        found = adjust([0.01, np.nan, 0.04])
        assert np.isnan(found[1])
        assert found[[0, 2]] == pytest.approx(adjust([0.01, 0.04]))


def test_many_families_are_adjusted_at_once() -> None:
    rows = np.array([[0.01, 0.02, 0.9], [0.5, np.nan, 0.001]])
    for adjust in (holm, bonferroni, benjamini_hochberg):
        for row, found in zip(rows, adjust(rows), strict=True):
            np.testing.assert_allclose(found, adjust(row))
    assert holm([]).shape == (0,)


@pytest.mark.parametrize(
    ("df", "published"),
    [
        (10.0, [2.23, 2.57, 2.76, 2.89, 2.99]),
        (20.0, [2.09, 2.38, 2.54, 2.65, 2.73]),
        (np.inf, [1.96, 2.21, 2.35, 2.44, 2.51, 2.57, 2.61, 2.65, 2.69]),
    ],
)
def test_critical_values_equal_the_tables_of_dunnett(df: float, published: list[float]) -> None:
    # Dunnett 1964, Biometrics 20, two-sided 5 %, equal groups; his tables are given to two digits.
    for arms, value in enumerate(published, start=1):
        assert dunnett_critical(1.0, np.ones(arms), df) == pytest.approx(value, abs=0.0101)


def test_p_values_agree_with_scipy_for_unequal_groups() -> None:
    rng = np.random.default_rng(3)
    control, *arms = (rng.normal(mean, 1, n) for mean, n in ((0, 12), (0.9, 9), (0.3, 20), (1.1, 15)))
    theirs = scipy_dunnett(*arms, control=control, random_state=1)
    df = sum(len(group) - 1 for group in (control, *arms))
    pooled = sum(float(((group - group.mean()) ** 2).sum()) for group in (control, *arms)) / df
    parts = [pooled / len(group) for group in arms]
    ours = dunnett(theirs.statistic, pooled / len(control), parts, df)
    assert ours == pytest.approx(theirs.pvalue, abs=3e-4)  # theirs is quasi-random


def test_one_treatment_needs_no_adjustment() -> None:
    assert float(dunnett([2.3], 1.0, [2.0], 17.0)[0]) == pytest.approx(2 * student.sf(2.3, 17), rel=1e-7)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=5), st.floats(0.2, 5), st.sampled_from([12.0, 300.0, np.inf]))
def test_dunnett_is_never_stricter_than_bonferroni(statistics: list[float], control: float, df: float) -> None:
    found = dunnett(statistics, control, 1.0, df)
    alone = np.array([float(dunnett([t], control, 1.0, df)[0]) for t in statistics])
    assert np.all(found <= np.minimum(bonferroni(alone), 1.0) + 1e-8)
    assert np.all(found >= alone - 1e-8)


def test_an_arm_that_was_not_measured_leaves_the_others_as_they_are() -> None:
    found = dunnett([2.2, np.nan, 1.0], 1.0, [1.0, np.nan, 1.0], np.inf)
    assert np.isnan(found[1])
    assert found[[0, 2]] == pytest.approx(dunnett([2.2, 1.0], 1.0, [1.0, 1.0], np.inf))


def test_many_families_of_arms_are_judged_at_once() -> None:
    t = np.array([[2.2, 0.1], [3.0, 2.9]])
    df = np.array([[30.0], [1e9]])
    together = dunnett(t, 1.0, [1.0, 3.0], df)
    for row, freedom, found in zip(t, df, together, strict=True):
        assert found == pytest.approx(dunnett(row, 1.0, [1.0, 3.0], freedom), abs=1e-9)
