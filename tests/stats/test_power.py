"""Planning against statsmodels, against its own inverse, and against what the modes promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower, TTestIndPower, normal_power_het

from vitalfew.errors import UsageError
from vitalfew.stats.designs import Design, chance_of, drift_needed, path_of
from vitalfew.stats.noise import design_effect, of_proportion, of_quantile, of_ratio
from vitalfew.stats.power import (
    assurance,
    days_needed,
    detectable,
    detectable_share,
    power,
    power_each,
    sample_size,
)

MODES = [
    Design(),
    Design("always_valid"),
    Design("group_sequential"),
    Design("group_sequential", spending="pocock", looks=(0.3, 1.0)),
    Design("bayesian", prior_sd=0.5),
    Design(two_sided=False),
    Design("always_valid", two_sided=False, alpha=0.1),
]


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_units_for_means_agree_with_statsmodels(alpha: float, wanted: float) -> None:
    effects = np.array([0.05, 0.2, 0.5, 1.2])
    theirs = [2 * TTestIndPower().solve_power(d, alpha=alpha, power=wanted) for d in effects]
    design = Design(alpha=alpha, power=wanted)
    assert sample_size(effects, 1.0, design) == pytest.approx(theirs, rel=1e-6)
    assert detectable(theirs, 1.0, design) == pytest.approx(effects, rel=1e-6)
    their_power = [TTestIndPower().power(d, 100, alpha) for d in effects]
    assert power(effects, 200, 1.0, design) == pytest.approx(their_power, abs=1e-6)


def test_one_sided_units_agree_with_statsmodels() -> None:
    theirs = 2 * TTestIndPower().solve_power(0.3, alpha=0.05, power=0.8, alternative="larger")
    assert float(sample_size(0.3, 1.0, Design(two_sided=False))) == pytest.approx(theirs, rel=1e-6)


def test_drifts_without_degrees_of_freedom_agree_with_statsmodels() -> None:
    for alpha in (0.05, 0.001):
        theirs = NormalIndPower().solve_power(0.1, alpha=alpha, power=0.8)
        assert (float(drift_needed(Design(alpha=alpha))) / 0.1) ** 2 * 2 == pytest.approx(theirs, rel=1e-6)


def test_power_for_proportions_with_their_own_variances_agrees_with_statsmodels() -> None:
    control, treatment = of_proportion(0.10), of_proportion(0.11)
    spread = math.sqrt(float(control + treatment))
    theirs = normal_power_het(0.01, 500_000, 0.05, std_null=spread, std_alternative=spread)
    theirs_small = normal_power_het(0.01, 10_000, 0.05, std_null=spread, std_alternative=spread)
    assert float(power(0.01, 1_000_000, control, Design(), treatment)) == pytest.approx(theirs, abs=1e-6)
    # Welch's t has 20,000 degrees of freedom here, the normal endlessly many.
    assert float(power(0.01, 20_000, control, Design(), treatment)) == pytest.approx(theirs_small, abs=5e-5)


@pytest.mark.parametrize("design", MODES, ids=lambda design: f"{design.mode} {design.alpha} {design.two_sided}")
def test_units_power_and_effects_are_three_faces_of_one_question(design: Design) -> None:
    units = sample_size([0.1, 0.4], 1.0, design, 1.5)
    assert power([0.1, 0.4], units, 1.0, design, 1.5) == pytest.approx([0.8, 0.8], abs=1e-6)
    assert detectable(units, 1.0, design, 1.5) == pytest.approx([0.1, 0.4], rel=1e-5)


@pytest.mark.parametrize("design", MODES, ids=lambda design: f"{design.mode} {design.alpha} {design.two_sided}")
def test_more_units_and_larger_effects_give_more_power(design: Design) -> None:
    grid = power(np.linspace(0.01, 1.0, 12)[:, None], np.geomspace(20, 20_000, 10), 1.0, design)
    assert np.all(np.diff(grid, axis=0) >= -1e-9)
    assert np.all(np.diff(grid, axis=1) >= -1e-9)
    assert np.all((grid >= 0) & (grid <= 1 + 1e-9))


@given(st.floats(0.001, 0.2), st.floats(0.55, 0.95))
@settings(max_examples=20)
def test_less_error_costs_more_units(alpha: float, wanted: float) -> None:
    base = float(sample_size(0.3, 1.0, Design(alpha=alpha, power=wanted)))
    assert float(sample_size(0.3, 1.0, Design(alpha=alpha / 2, power=wanted))) > base
    assert float(sample_size(0.3, 1.0, Design(alpha=alpha, power=wanted + 0.04))) > base


def test_the_modes_cost_what_is_said_of_them() -> None:
    fixed = float(drift_needed(Design()))
    factors = {mode: (float(drift_needed(Design(mode))) / fixed) ** 2 for mode in ("always_valid", "group_sequential")}
    assert factors["group_sequential"] == pytest.approx(1.025, abs=0.001)
    assert factors["always_valid"] == pytest.approx(1.722, abs=0.005)
    always = Design("always_valid")
    # Most experiments end long before: on average they take a tenth more than a fixed one.
    path, drift = path_of(always), float(drift_needed(always))
    stopped = np.sum(path.crossing(drift), axis=0)
    share = float(stopped @ np.asarray(path.shares) + (1 - stopped.sum()) * path.shares[-1])
    assert factors["always_valid"] * share < 1.11
    futile = (float(drift_needed(Design("group_sequential", futility=True))) / fixed) ** 2
    assert futile == pytest.approx(1.155, abs=0.002)


def test_nothing_to_find_is_found_as_rarely_as_promised() -> None:
    assert float(chance_of(0.0, Design())) == pytest.approx(0.05)
    assert float(chance_of(0.0, Design("group_sequential"))) == pytest.approx(0.025, abs=1e-7)
    assert float(chance_of(0.0, Design("group_sequential", two_sided=False))) == pytest.approx(0.05, abs=1e-7)
    assert float(chance_of(0.0, Design("always_valid"))) < 0.025


def test_arms_and_metrics_share_the_error_rate() -> None:
    three = (1.0, 1.0, 1.0, 1.0)
    assert Design(allocation=three, metrics=2).alpha_each == pytest.approx(0.05 / 6)
    assert Design(allocation=three, metrics=2, family="none").alpha_each == 0.05
    dunnett = Design(allocation=three, family="dunnett").alpha_each
    assert 0.05 / 3 < dunnett < 0.05
    assert Design(family="dunnett").alpha_each == pytest.approx(0.05)
    uneven = sample_size(0.2, 1.0, Design(allocation=(1.0, 9.0)))
    assert uneven > 2.5 * sample_size(0.2, 1.0, Design())


def test_noise_of_each_kind_of_metric() -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(1, 6, 200_000).astype(np.float64)
    y = rng.poisson(2 * x).astype(np.float64)
    cov = np.cov(y, x)
    linear = (y - y.mean() / x.mean() * x) / x.mean()
    ratio = of_ratio(y.mean(), x.mean(), cov[0, 0], cov[1, 1], cov[0, 1])
    assert float(ratio) == pytest.approx(linear.var(ddof=1), rel=1e-9)
    medians = np.median(rng.exponential(1.0, (4_000, 401)), axis=1)
    assert float(of_quantile(0.5, 0.5)) / 401 == pytest.approx(medians.var(), rel=0.1)
    assert float(design_effect(1, 0.5)) == 1.0
    assert float(design_effect(50, 0.02, 0.6)) > float(design_effect(50, 0.02)) == pytest.approx(1.98)


def test_clusters_have_fewer_degrees_of_freedom() -> None:
    alike = sample_size(0.5, design_effect(20, 0.1), Design(), cluster_size=20)
    assert alike > sample_size(0.5, design_effect(20, 0.1), Design())
    assert float(power(0.5, alike, design_effect(20, 0.1), Design(), cluster_size=20)) == pytest.approx(0.8, abs=1e-9)


def test_a_detectable_rise_of_a_share_uses_the_variance_it_leads_to() -> None:
    rise = float(detectable_share(20_000, 0.1, Design()))
    treatment = of_proportion(0.1 + rise)
    assert float(power(rise, 20_000, of_proportion(0.1), Design(), treatment)) == pytest.approx(0.8, abs=1e-9)
    assert rise > float(detectable(20_000, of_proportion(0.1), Design()))
    assert np.isnan(detectable_share(12, 0.95, Design()))


def test_assurance_averages_power_over_the_prior() -> None:
    design = Design("bayesian", prior_mean=0.01, prior_sd=0.05)
    effects = np.random.default_rng(8).normal(0.01, 0.05, 200_000)
    se = math.sqrt(4 / 20_000)
    weight = 1 / (1 + (se / 0.05) ** 2)
    seen = effects + np.random.default_rng(9).normal(0, se, 200_000)
    belief = 0.01 + weight * (seen - 0.01)
    taken = np.mean(belief / (se * math.sqrt(weight)) > 1.959964)
    assert float(assurance(20_000, 1.0, design)) == pytest.approx(taken, abs=0.005)
    with pytest.raises(UsageError, match="needs a prior"):
        assurance(1_000, 1.0, Design("bayesian"))


def test_guardrails_share_the_power_and_not_the_error_rate() -> None:
    assert power_each(0.8, 0) == pytest.approx(0.8)
    missed = sum(1 - power_each(0.8, 4) for _ in range(5))
    assert missed == pytest.approx(0.2)


def test_days_follow_the_arrival_of_new_units() -> None:
    daily = [1_000, 500, 250, 125, 100, 100, 100, 100]
    days = days_needed([0.0, 1_000.0, 1_250.0, 2_275.0, 2_275.0 + 1_275 / 7], daily)
    assert days == pytest.approx([0.0, 1.0, 1.5, 8.0, 9.0])
    assert np.isnan(days_needed([10.0], [])[0])
    assert np.isnan(days_needed([10.0], [5.0] + [0.0] * 7)[0])


def test_what_cannot_be_found_is_not_a_number_of_units() -> None:
    assert np.isnan(sample_size(0.0, 1.0, Design()))
    assert np.isnan(sample_size(0.0, 1.0, Design("always_valid")))


@pytest.mark.parametrize(
    "wrong",
    [{"allocation": (1.0,)}, {"allocation": (1.0, 0.0)}, {"alpha": 0.0}, {"power": 1.0}, {"chance": 2.0}],
)
def test_impossible_designs_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Design(**wrong)  # type: ignore[arg-type]  # wrong on purpose, one field at a time
