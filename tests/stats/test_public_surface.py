"""What an analyst finds under `vitalfew.stats`: two arms compared in one call, and wrong calls answered in words."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats as referee

import vitalfew as vf
from vitalfew.errors import NotEnoughData, UsageError, VitalfewError
from vitalfew.stats import always_valid

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(7)
PAST = RNG.normal(10, 2, 900)
NOW = PAST + RNG.normal(0, 1, 900) + 0.2 * (np.arange(900) >= 400)


def _arms() -> tuple[vf.stats.Moments, vf.stats.Moments]:
    columns = [{"y": NOW[part], "y/before": PAST[part]} for part in (slice(400), slice(400, None))]
    return vf.stats.Moments.of(columns[0]), vf.stats.Moments.of(columns[1])


def test_every_public_name_is_there_and_none_is_a_module() -> None:
    found = {name: getattr(vf.stats, name) for name in vf.stats.__all__}
    assert all(callable(thing) and thing.__doc__ for thing in found.values())
    assert set(vf.stats.__all__) <= set(dir(vf.stats))


def test_naming_the_statistics_loads_no_numerical_package() -> None:
    code = "import sys, vitalfew as vf; vf.stats.__all__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_covariates_adjust_as_analysis_of_covariance_does() -> None:
    control, treatment = _arms()
    found = vf.stats.compare(control, treatment, numerator="y", covariates=["y/before"])
    arm = (np.arange(900) >= 400).astype(float)
    design = np.column_stack([np.ones(900), arm, PAST - PAST.mean()])
    fit = sm.OLS(NOW, design).fit(cov_type="HC2")
    assert found.estimate == pytest.approx(fit.params[1], rel=1e-9)
    assert found.se == pytest.approx(fit.bse[1], rel=0.005)
    assert found.mean_treatment - found.mean_control == pytest.approx(found.estimate)
    assert 0.75 < found.reduction < 0.85
    assert found.method.endswith("adjusted for y/before")


def test_one_covariate_may_be_named_alone() -> None:
    control, treatment = _arms()
    one = vf.stats.compare(control, treatment, numerator="y", covariates="y/before")
    assert one == vf.stats.compare(control, treatment, numerator="y", covariates=("y/before",))


def test_a_covariate_that_cannot_help_is_noted() -> None:
    columns = {"y": NOW[:50], "same": np.full(50, 3.0)}
    arms = vf.stats.Moments.of(columns), vf.stats.Moments.of({**columns, "y": NOW[50:100]})
    found = vf.stats.compare(*arms, numerator="y", covariates=["same"])
    assert found.notes == ("covariate left out: same (hardly varies)",)
    assert (found.reduction, found.se) == (0, vf.stats.compare(*arms, numerator="y").se)


def test_any_look_has_the_intervals_of_the_confidence_sequence() -> None:
    control, treatment = _arms()
    fixed = vf.stats.compare(control, treatment, numerator="y")
    found = vf.stats.compare(control, treatment, numerator="y", mode="always_valid", planned=2_000)
    half = float(always_valid.half_widths(fixed.se, 900, 2_000, 0.95))
    assert list(found.intervals[1]) == pytest.approx([0.95, fixed.estimate - half, fixed.estimate + half])
    assert found.p_value == pytest.approx(float(always_valid.p_values(fixed.estimate, fixed.se, 900, 2_000)))
    assert (found.mode, found.planned) == ("always_valid", 2_000)
    assert found.relative.low is not None
    assert fixed.relative.low is not None
    assert found.relative.low < fixed.relative.low


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.35, 0.5, 0.8])
def test_at_any_look_lift_and_difference_agree_about_zero(shift: float) -> None:
    rows = RNG.normal(5, 1, (2, 80))
    arms = vf.stats.Moments.of({"y": rows[0]}), vf.stats.Moments.of({"y": rows[1] + shift})
    found = vf.stats.compare(*arms, numerator="y", mode="always_valid", planned=160)
    assert found.relative.low is not None
    assert (found.intervals[1].low > 0) == (found.relative.low > 0) == (found.p_value < 0.05 and found.estimate > 0)


def test_too_few_units_for_any_look_have_no_interval_and_p_is_one() -> None:
    arms = vf.stats.Moments.of({"y": NOW[:40]}), vf.stats.Moments.of({"y": NOW[40:80] + 9})
    found = vf.stats.compare(*arms, numerator="y", mode="always_valid")
    assert (found.p_value, found.intervals, found.relative.low) == (1.0, (), None)
    assert any("begins at 100 units" in note for note in found.notes)


def test_heavy_tails_are_noted() -> None:
    rows = np.exp(2 * np.random.default_rng(3).standard_normal((2, 200)))
    arms = vf.stats.Moments.of({"y": rows[0]}), vf.stats.Moments.of({"y": rows[1]})
    assert any("extreme values" in note for note in vf.stats.compare(*arms, numerator="y").notes)


@pytest.mark.parametrize(("direction", "kept"), [("up", True), ("down", False)])
def test_a_guardrail_is_kept_exactly_when_p_is_at_most_alpha(direction: str, kept: bool) -> None:
    arms = [vf.stats.Moments.given("y", n=500, mean=mean, variance=1.0) for mean in (1.0, 1.1)]
    for mode in ("fixed", "always_valid"):
        found = vf.stats.compare(arms[0], arms[1], numerator="y", mode=mode, planned=1_000)
        for margin in (0.0, 0.01, 0.05, 0.1, 0.2, 0.4):
            test = vf.stats.non_inferior(found, margin, direction)  # type: ignore[arg-type] # both are directions
            assert test.kept == (test.p_value <= 0.05)
        assert vf.stats.non_inferior(found, 0.15, direction).kept == kept  # type: ignore[arg-type] # likewise


def test_non_inferiority_is_students_one_sided_test() -> None:
    one, other = RNG.normal(0, 1, 60), RNG.normal(0, 1.5, 80)
    found = vf.stats.compare(vf.stats.Moments.of({"y": one}), vf.stats.Moments.of({"y": other}), numerator="y")
    expected = referee.ttest_ind(other + 0.5, one, equal_var=False, alternative="greater").pvalue
    assert vf.stats.non_inferior(found, 0.5).p_value == pytest.approx(expected, rel=1e-9)


def test_without_leavers_the_restricted_mean_is_a_mean() -> None:
    one, other = RNG.exponential(5, 60), RNG.exponential(7, 70)
    found = vf.stats.compare_times((one, np.ones(60)), (other, np.ones(70)), horizon=8.0)
    expected = referee.ttest_ind(np.minimum(other, 8), np.minimum(one, 8), equal_var=False)
    assert (found.p_value, found.df) == pytest.approx((expected.pvalue, expected.df), rel=1e-9)


def test_medians_of_shifted_arms_differ_by_the_shift() -> None:
    values = RNG.normal(0, 1, 500)
    found = vf.stats.compare_quantiles(np.append(values, np.nan), values + 3, 0.5)
    assert found.estimate == pytest.approx(3)
    assert found.n_control == found.n_treatment == 500
    assert found.se == pytest.approx(math.sqrt(2 * math.pi / 2 / 500), rel=0.3)


def test_many_samples_are_joined_by_sum() -> None:
    parts = [vf.stats.Moments.of({"y": NOW[at : at + 100]}) for at in range(0, 900, 100)]
    assert sum(parts).variance_of("y") == pytest.approx(NOW.var(ddof=1), rel=1e-12)  # type: ignore[union-attr] # not empty


ARM = {"y": [1.0, 2.0, 4.0, 8.0]}
WRONG: list[Callable[[], object]] = [
    lambda: vf.stats.Moments.of({"y": ["a", "b"]}),
    lambda: vf.stats.Moments.of({"y": 3.0}),
    lambda: vf.stats.Moments.of({"y": [[1.0, 2.0]]}),
    lambda: vf.stats.Moments.of(ARM, shift={}),
    lambda: vf.stats.Moments.given("y", n=-1, mean=0, variance=1),
    lambda: vf.stats.Moments.given("y", n=math.nan, mean=0, variance=1),
    lambda: vf.stats.compare(vf.stats.Moments.of(ARM), vf.stats.Moments.of(ARM), numerator="x"),
    lambda: vf.stats.compare(*_arms(), numerator="y", covariates=["z"]),
    lambda: vf.stats.compare(*_arms(), numerator="y", mode="bayesian"),  # type: ignore[arg-type] # wrong on purpose
    lambda: vf.stats.compare(*_arms(), numerator="y", mode="always_valid", planned=0),
    lambda: vf.stats.compare(*_arms(), numerator="y", confidences=[95]),
    lambda: vf.stats.non_inferior(vf.stats.compare(*_arms(), numerator="y"), -1),
    lambda: vf.stats.non_inferior(vf.stats.compare(*_arms(), numerator="y"), 1, "sideways"),  # type: ignore[arg-type] # likewise
    lambda: vf.stats.compare_quantiles([1.0, 2.0], [[1.0]]),
    lambda: vf.stats.compare_quantiles([], []),
    lambda: vf.stats.compare_quantiles([1.0, 2.0], [1.0, 2.0], 1.5),
    lambda: vf.stats.compare_times(([1.0], [2]), ([1.0], [1])),
    lambda: vf.stats.compare_times(([-1.0], [1]), ([1.0], [1])),
    lambda: vf.stats.compare_times(([], []), ([], [])),
    lambda: vf.stats.compare_times(([1.0], [1]), ([1.0], [1]), horizon=0),
    lambda: vf.stats.wilson(1, 10, 95),
    lambda: vf.stats.wilson(1, math.inf),
    lambda: vf.stats.net_score(1, 1, 10, 1.0),
    lambda: vf.stats.sample_ratio({"a": -5, "b": 10}),
    lambda: vf.stats.sample_ratio({"a": math.nan, "b": 10}),  # type: ignore[dict-item] # likewise
    lambda: vf.stats.sequential_sample_ratio({"a": [1, -1], "b": [1, 1]}),
    lambda: vf.stats.find_phases([["a", "b"]]),
    lambda: vf.stats.find_phases([[math.inf, 1.0], [1.0, 1.0]]),
    lambda: vf.stats.holm([2.0]),
    lambda: vf.stats.dunnett([], 1.0, [], 10),
    lambda: vf.stats.boundaries([0.5, 1.0], 0.05, "hsd"),  # type: ignore[arg-type] # likewise
    lambda: vf.stats.classic_boundaries(3, 0.05, "hsd"),  # type: ignore[arg-type] # likewise
    lambda: vf.stats.stopped(1.0, 1.0, [0.5, 1.0], [2.9]),
    lambda: vf.stats.stopped(1.0, 0.0, [1.0], [1.96]),
    lambda: vf.stats.prior_from([0.1], [0.1, 0.2]),
    lambda: vf.stats.Design(mode="sequential"),  # type: ignore[arg-type] # likewise
    lambda: vf.stats.Design(family="hommel"),  # type: ignore[arg-type] # likewise
    lambda: vf.stats.Design(metrics=0),
    lambda: vf.stats.Design("bayesian", prior_sd=0.0),
    lambda: vf.stats.Design("always_valid", looks=()),
    lambda: vf.stats.segment_differences([[1.0, 2.0]], [[1.0, 1.0]]),  # type: ignore[list-item] # likewise
]


@pytest.mark.parametrize("call", WRONG)
def test_what_cannot_be_answered_is_refused_in_words(call: Callable[[], object]) -> None:
    with pytest.raises(VitalfewError) as error:
        call()
    assert isinstance(error.value, UsageError | NotEnoughData)
    assert len(str(error.value)) > 20


def test_no_variation_is_no_certainty() -> None:
    for part in (*vf.stats.posterior(0.1, 0.0, 0.0, 0.1), always_valid.p_values(1.0, 0.0, 1_000, 1_000)):
        assert np.isnan(part)
    belief = vf.stats.Belief(np.array(1.0), np.array(0.0))
    assert np.isnan(vf.stats.chance_above(belief))
    assert np.isnan(vf.stats.expected_loss(belief)).all()


def test_a_prior_without_spread_is_not_moved() -> None:
    assert [float(part) for part in vf.stats.posterior(0.4, 0.1, 0.1, 0.0)] == [0.1, 0.0]
    assert [float(part) for part in vf.stats.posterior(0.4, math.inf, 0.1, 0.2)] == pytest.approx([0.1, 0.2])


def test_a_quantile_of_one_arm_has_an_interval_or_says_how_many_values_it_needs() -> None:
    seconds = np.random.default_rng(3).exponential(10, 2000)
    found = vf.stats.quantile_of([*seconds, np.nan, np.inf], 0.9)
    assert found.n == 2000
    assert found.estimate == pytest.approx(np.quantile(seconds, 0.9), rel=1e-3)
    assert found.low < 10 * np.log(10) < found.high
    with pytest.raises(NotEnoughData, match="1,000 values are needed"):
        vf.stats.quantile_of(seconds[:400], 0.99)


def test_the_median_time_of_one_arm_counts_those_who_were_left_before() -> None:
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    relapsed = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = vf.stats.median_time(weeks, relapsed)  # as published: 23 weeks, from 13 on
    assert (found.estimate, found.low, found.high, found.n) == (23.0, 13.0, float("inf"), 21)
    with pytest.raises(UsageError, match="times and marks do not fit"):
        vf.stats.median_time([3.0, -1.0], [1, 1])
