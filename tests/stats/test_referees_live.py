"""Scipy, statsmodels and tea-tasting on the cases of the referees: to 1e-6 where they compute the same thing.

What each disagreement means, and who is right, stands in docs/validation/referees.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
import tea_tasting as tt
from scipy import stats
from statsmodels.stats.multitest import multipletests

from referees.cases import Case, cases
from vitalfew.stats import Moments, compare, sample_ratio
from vitalfew.stats.arrays import differences
from vitalfew.stats.families import benjamini_hochberg, dunnett, holm
from vitalfew.stats.regression import adjusted

if TYPE_CHECKING:
    from typing import Any

    from vitalfew.stats.arrays import Differences

MEANS = ("means", "means, uneven arms and variances", "skewed means", "capped", "far apart", "control near zero")
SHARES = ("proportions", "few of many")
BEFORE = {"ratio and covariate": ("y_before", "d_before"), "covariate": ("x",), "covariate and a large effect": ("x",)}


def analysed(case: Case, metric: object) -> Any:
    sizes = [len(arm["y"]) for arm in case]
    columns = {name: np.concatenate([arm[name] for arm in case]) for name in case[0]}
    table = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    variants = np.repeat(np.arange(len(case)), sizes)
    return tt.Experiment({"m": metric}).analyze(pa.table({"variant": variants} | table))["m"]


def ours(name: str) -> Differences:
    control, treatment = (Moments.of(arm) for arm in cases()[name])
    found = adjusted([control], [treatment], ["y"], ["d" if "ratio" in name else None], [BEFORE.get(name, ())])
    return differences(found.control, found.treatment, (0.95,))


@pytest.mark.parametrize("name", [*MEANS, *SHARES, "ratio"])
def test_differences_are_those_of_tea_tasting(name: str) -> None:
    metric = tt.RatioOfMeans("y", "d") if name == "ratio" else tt.Mean("y")
    found, theirs = ours(name), analysed(cases()[name], metric)
    expected = [theirs.effect_size, theirs.effect_size_ci_lower, theirs.effect_size_ci_upper, theirs.pvalue]
    assert [found.estimate[0], found.low[0, 0], found.high[0, 0], found.p_value[0]] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", [*MEANS, *SHARES, "no noise to speak of"])
def test_differences_are_those_of_scipy(name: str) -> None:
    control, treatment = (np.array(arm["y"]) for arm in cases()[name])
    # Around a billion scipy, too, needs the billion taken away first; we do not.
    centre = 1e9 if name.startswith("no noise") else 0.0
    referee = stats.ttest_ind(treatment - centre, control - centre, equal_var=False)
    interval = referee.confidence_interval()
    found = ours(name)
    assert found.p_value[0] == pytest.approx(referee.pvalue, rel=1e-6)
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((interval.low, interval.high), rel=1e-6)


@pytest.mark.parametrize("name", ["covariate", "covariate and a large effect"])
def test_one_covariate_is_the_regression_of_statsmodels(name: str) -> None:
    case = cases()[name]
    y, x = (np.concatenate([arm[key] for arm in case]) for key in ("y", "x"))
    treated = np.repeat([0.0, 1.0], [len(arm["y"]) for arm in case])
    referee = sm.OLS(y, np.column_stack([np.ones_like(x), treated, x])).fit(cov_type="HC2")
    found = ours(name)
    assert found.estimate[0] == pytest.approx(referee.params[1], rel=1e-9)
    assert found.se[0] == pytest.approx(referee.bse[1], rel=0.02)


def test_two_covariates_are_the_interacted_regression_of_lin() -> None:
    rng = np.random.default_rng(3)
    columns = []
    for n, effect in ((120, 0.0), (180, 1.0)):
        x, z = rng.normal(5, 2, n), rng.exponential(1, n)
        columns.append({"y": 2 * x + (3 + effect) * z + effect + rng.normal(0, 2, n), "x": x, "z": z})
    y, x, z = (np.concatenate([arm[key] for arm in columns]) for key in ("y", "x", "z"))
    treated = np.repeat([0.0, 1.0], [120, 180])
    x, z = x - x.mean(), z - z.mean()
    design = np.column_stack([np.ones_like(x), treated, x, z, treated * x, treated * z])
    referee = sm.OLS(y, design).fit(cov_type="HC2")
    arms = [Moments.of(arm) for arm in columns]
    fit = adjusted([arms[0]], [arms[1]], ["y"], [None], [("x", "z")])
    found = differences(fit.control, fit.treatment, (0.95,))
    assert found.estimate[0] == pytest.approx(referee.params[1], rel=1e-9)
    # Theirs takes the covariates' mean as known, so it is the smaller one.
    assert referee.bse[1] * 0.98 < found.se[0] < referee.bse[1] * 1.25


def test_a_ratio_with_covariates_is_near_that_of_tea_tasting() -> None:
    theirs = analysed(cases()["ratio and covariate"], tt.RatioOfMeans("y", "d", "y_before", "d_before"))
    found = ours("ratio and covariate")
    # One coefficient, pooled over the arms, for the ratio before; ours are two per arm, for its parts.
    assert found.estimate[0] == pytest.approx(theirs.effect_size, rel=0.01)
    assert found.high[0, 0] - found.low[0, 0] == pytest.approx(
        theirs.effect_size_ci_upper - theirs.effect_size_ci_lower, rel=0.03
    )


def test_tea_tasting_pools_its_coefficient_over_the_arms_too() -> None:
    theirs = analysed(cases()["covariate and a large effect"], tt.Mean("y", "x"))
    found = ours("covariate and a large effect")
    assert found.estimate[0] - theirs.effect_size > 0.03


def test_tea_tasting_counts_units_without_a_value() -> None:
    case = cases()["missing values"]
    theirs = analysed(case, tt.Mean("y"))
    control, treatment = (np.array(arm["y"]) for arm in case)
    right = stats.ttest_ind(treatment, control, equal_var=False, nan_policy="omit").pvalue
    assert round(right, 3) == 0.037
    assert ours("missing values").p_value[0] == pytest.approx(right, rel=1e-6)
    assert theirs.pvalue < 0.02  # 32 and 41 values, taken for 60 and 60


def test_lifts_on_the_log_scale_cover_nearly_what_fieller_covers() -> None:
    theirs = analysed(cases()["means"], tt.Mean("y"))
    found = compare(*(Moments.of(arm) for arm in cases()["means"]), numerator="y").relative
    assert found.estimate == pytest.approx(theirs.rel_effect_size, rel=1e-6)
    assert (found.low, found.high) == pytest.approx(
        (theirs.rel_effect_size_ci_lower, theirs.rel_effect_size_ci_upper), rel=0.02
    )


def test_sizes_of_arms_are_tested_as_scipy_and_tea_tasting_do() -> None:
    case = cases()["proportions"]
    found = sample_ratio({"a": 400, "b": 500}).p_value
    assert found == pytest.approx(stats.binomtest(400, 900).pvalue, rel=1e-6)
    assert found == pytest.approx(analysed(case, tt.SampleRatio()).pvalue, rel=1e-6)


def test_corrections_over_families_are_those_of_statsmodels_and_scipy() -> None:
    case = [np.array(arm["y"]) for arm in cases()["three treatments"]]
    found = [stats.ttest_ind(arm, case[0], equal_var=False).pvalue for arm in case[1:]]
    assert holm(found) == pytest.approx(multipletests(found, method="holm")[1], rel=1e-9)
    assert benjamini_hochberg(found) == pytest.approx(multipletests(found, method="fdr_bh")[1], rel=1e-9)
    # Dunnett's test knows one common variance; with it, and its degrees of freedom, ours is the same.
    common = sum(((arm - arm.mean()) ** 2).sum() for arm in case) / (600 - 4)
    t = [(arm.mean() - case[0].mean()) / np.sqrt(common * 2 / 150) for arm in case[1:]]
    referee = stats.dunnett(*case[1:], control=case[0], rng=np.random.default_rng(1)).pvalue
    assert dunnett(t, common / 150, [common / 150] * 3, 596.0) == pytest.approx(referee, abs=2e-4)


def test_shares_in_two_arms_differ_from_the_exact_test_by_its_caution() -> None:
    theirs = analysed(cases()["proportions"], tt.Proportion("y"))
    assert 0 < theirs.pvalue - ours("proportions").p_value[0] < 0.01
