"""Those who chose against those like them: referees, planted truth, and what must hold whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.treatment.treatment_effects import TreatmentEffect

from vitalfew.errors import DataError, UsageError
from vitalfew.stats.matching import (
    ChosenEffect,
    comparable,
    e_value,
    e_values,
    matched_effect,
    weighted_effect,
)
from vitalfew.stats.propensity import propensity

EFFECT = 1.5


def planted(seed: int, units: int = 4000, confounding: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariates, who took it up and outcomes: the active take it up more and spend more, whatever it does to them."""
    rng = np.random.default_rng(seed)
    covariates = np.column_stack(
        (rng.normal(size=units), rng.exponential(size=units), (rng.random(units) < 0.4).astype(float))
    )
    odds = -1.2 + confounding * (0.8 * covariates[:, 0] + 0.3 * covariates[:, 1] - 0.5 * covariates[:, 2])
    took = rng.random(units) < 1 / (1 + np.exp(-odds))
    outcome = 5 + 2 * covariates[:, 0] + covariates[:, 1] + EFFECT * took + rng.normal(size=units)
    return covariates, took, outcome


def test_chances_are_those_of_statsmodels() -> None:
    covariates, took, _ = planted(1)
    ours = propensity(covariates, took)
    theirs = sm.Logit(took.astype(float), sm.add_constant(covariates)).fit(disp=0, tol=1e-12)
    assert not ours.separated
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.chance, theirs.predict(), rtol=1e-8)


def test_the_weighted_effect_is_that_of_statsmodels() -> None:
    covariates, took, outcome = planted(2, units=1500, confounding=0.6)
    units = comparable(covariates, took)
    assert units.kept.all()
    ours = weighted_effect(outcome, units)
    design = sm.add_constant(covariates)
    logit = sm.Logit(took.astype(float), design).fit(disp=0)
    theirs = TreatmentEffect(sm.OLS(outcome, design), took.astype(int), results_select=logit)
    found = theirs.ipw(effect_group=1).results_gmm
    assert ours.estimate == pytest.approx(found.params[0], rel=1e-6)
    assert ours.se == pytest.approx(found.bse[0] * np.sqrt(1500 / 1499), rel=1e-5)  # theirs has divisor n


def test_the_planted_effect_is_found_where_the_plain_difference_is_twice_as_large() -> None:
    covariates, took, outcome = planted(3, units=20_000)
    units = comparable(covariates, took)
    plain = outcome[took].mean() - outcome[~took].mean()
    assert plain > 2 * EFFECT
    for found in (weighted_effect(outcome, units), matched_effect(outcome, units)):
        assert abs(found.estimate - EFFECT) < 3.5 * found.se
        assert found.se < 0.08
    assert np.abs(units.before).max() > 0.5
    assert units.balanced


def test_intervals_hold_what_they_promise() -> None:
    inside = np.zeros(2)
    for seed in range(120):
        covariates, took, outcome = planted(1000 + seed, units=800, confounding=0.7)
        units = comparable(covariates, took)
        for at, found in enumerate((weighted_effect(outcome, units), matched_effect(outcome, units))):
            inside[at] += abs(found.estimate - EFFECT) < 1.96 * found.se
    assert (inside / 120 > 0.88).all()


def test_units_of_the_same_odds_are_compared_as_groups() -> None:
    rng = np.random.default_rng(9)
    paid = rng.random(3000) < 0.5
    took = rng.random(3000) < np.where(paid, 0.6, 0.3)
    outcome = 2.0 * paid + 0.5 * took + rng.normal(size=3000)
    units = comparable(paid[:, None].astype(float), took)
    weighted, pairs = weighted_effect(outcome, units), matched_effect(outcome, units)
    assert pairs.estimate == pytest.approx(weighted.estimate, abs=1e-9)  # both standardise by the one covariate
    assert pairs.se == pytest.approx(weighted.se, rel=0.1)


def test_clusters_make_the_error_larger_where_their_members_move_together() -> None:
    covariates, took, outcome = planted(4, units=2000)
    which = np.repeat(np.arange(100), 20)
    together = outcome + np.random.default_rng(4).normal(size=100)[which] * 2
    units = comparable(covariates, took)
    alone, clustered = weighted_effect(together, units), weighted_effect(together, units, which)
    assert clustered.estimate == alone.estimate
    assert clustered.se != pytest.approx(alone.se, rel=0.02)
    each = weighted_effect(together, units, np.arange(2000))
    assert each.se == pytest.approx(alone.se, rel=1e-9)


def test_covariates_that_tell_all_are_held_back_and_the_certain_left_out() -> None:
    x = np.linspace(-3, 3, 400)
    found = propensity(x[:, None], x > 0)
    assert found.separated
    assert np.isfinite(found.coefficients).all()
    covariates, took, _ = planted(5, confounding=4.0)
    units = comparable(covariates, took)
    assert units.left_out > 0
    assert (units.weights[~units.kept] == 0).all()
    assert units.fitted.chance.max() < 1


@given(st.integers(0, 10**6), st.floats(0.1, 50), st.floats(-100, 100))
def test_units_of_covariates_do_not_matter(seed: int, scale: float, move: float) -> None:
    covariates, took, outcome = planted(seed, units=300)
    first = weighted_effect(outcome, comparable(covariates, took))
    second = weighted_effect(outcome, comparable(covariates * scale + move, took))
    assert second.estimate == pytest.approx(first.estimate, rel=1e-5, abs=1e-6)
    assert second.se == pytest.approx(first.se, rel=1e-4)


@given(st.integers(0, 10**6))
def test_weights_make_means_alike(seed: int) -> None:
    covariates, took, _ = planted(seed, units=600, confounding=0.5)
    units = comparable(covariates, took)
    assert np.abs(units.after).max() <= max(np.abs(units.before).max(), 0.1)
    assert 0 < units.effective <= (~took).sum() + 1e-9


@given(st.floats(0.05, 20))
def test_the_e_value_is_the_same_both_ways_and_at_least_one(ratio: float) -> None:
    assert e_value(ratio) == pytest.approx(e_value(1 / ratio))
    assert e_value(ratio) >= 1


def test_e_values_of_an_effect_that_is_not_clear_begin_at_one() -> None:
    found = ChosenEffect(0.1, 0.2, 1.1, 1.0, 50, 50)
    whole, end = e_values(found, sd=1.0, half=0.4, share=False)
    assert end == 1.0
    assert whole == pytest.approx(e_value(np.exp(0.091)))
    share, _ = e_values(ChosenEffect(0.1, 0.01, 0.3, 0.2, 50, 50), sd=0.5, half=0.02, share=True)
    assert share == pytest.approx(e_value(1.5))


def test_what_cannot_be_compared_is_refused() -> None:
    covariates, took, _ = planted(6, units=100)
    with pytest.raises(DataError, match="only 0 units"):
        comparable(covariates, np.zeros(100, dtype=bool))
    with pytest.raises(UsageError, match="missing"):
        comparable(np.where(covariates > 1, np.nan, covariates), took)
