"""Beliefs after an experiment: closed forms against integration, and priors that recover what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from vitalfew.stats.bayes import (
    FEWEST_EXPERIMENTS,
    WEAK_SD,
    Belief,
    chance_above,
    expected_loss,
    interval,
    posterior,
    prior_from,
    truncated,
)

means, sds = st.floats(-5, 5), st.floats(0.05, 5)


@given(means, sds, means, sds)
def test_a_posterior_is_the_product_of_prior_and_likelihood(y: float, se: float, mean: float, sd: float) -> None:
    belief = posterior(y, se, mean, sd)
    precision = 1 / se**2 + 1 / sd**2
    assert float(belief.mean) == pytest.approx((y / se**2 + mean / sd**2) / precision, abs=1e-9)
    assert float(belief.sd) == pytest.approx(precision**-0.5, rel=1e-9)


def test_without_a_prior_the_data_speak_alone_and_with_a_certain_one_the_prior() -> None:
    assert [float(part) for part in posterior(0.3, 0.1)] == [0.3, 0.1]
    assert [float(part) for part in posterior(0.3, 0.1, 0.05, 0.0 + 1e-12)] == pytest.approx([0.05, 0.0], abs=1e-9)


@given(means, sds)
def test_expected_loss_is_the_integral_it_stands_for(mean: float, sd: float) -> None:
    taken, kept = (float(loss) for loss in expected_loss(Belief(np.array(mean), np.array(sd))))
    law = norm(mean, sd)
    ends = mean - 10 * sd, mean + 10 * sd
    integral = quad(lambda x: -min(x, 0.0) * law.pdf(x), *ends, points=[np.clip(0.0, *ends)])[0]
    assert taken == pytest.approx(integral, abs=1e-7)
    assert kept - taken == pytest.approx(mean, abs=1e-9)


def test_a_sure_winner_loses_nothing_and_never_less() -> None:
    taken, kept = expected_loss(Belief(np.array([40.0, 400.0]), np.array([1.0, 1.0])))
    assert taken.tolist() == [0.0, 0.0]
    assert kept == pytest.approx([40.0, 400.0])


@given(means, sds, means)
def test_the_chance_to_be_above_is_that_of_the_normal(mean: float, sd: float, than: float) -> None:
    belief = Belief(np.array(mean), np.array(sd))
    assert float(chance_above(belief, than)) == pytest.approx(norm.sf(than, mean, sd), abs=1e-12)
    low, high = interval(belief, 0.9)
    assert norm.cdf(high, mean, sd) - norm.cdf(low, mean, sd) == pytest.approx(0.9)


@given(st.floats(-8, 8), st.floats(0.1, 8))
def test_truncated_moments_agree_with_scipy(low: float, width: float) -> None:
    found = truncated(Belief(np.array(0.5), np.array(2.0)), 0.5 + 2 * low, 0.5 + 2 * (low + width))
    wanted = truncnorm(low, low + width, loc=0.5, scale=2.0)
    assert float(found.mean) == pytest.approx(wanted.mean(), rel=1e-6, abs=1e-6)
    assert float(found.sd) == pytest.approx(wanted.std(), rel=1e-3, abs=1e-4)


def test_truncation_far_in_either_tail_stays_in_the_region() -> None:
    belief = Belief(np.zeros(2), np.ones(2))
    found = truncated(belief, [30.0, -np.inf], [np.inf, -30.0])
    assert found.mean == pytest.approx([30.0333, -30.0333], abs=1e-3)


@pytest.mark.parametrize("sd", [0.01, 0.05])
def test_a_prior_recovers_the_spread_of_past_effects(sd: float) -> None:
    rng = np.random.default_rng(7)
    ses = rng.uniform(0.005, 0.04, 400)
    found = prior_from(rng.normal(0.005, np.sqrt(sd**2 + ses**2)), ses)
    assert found.sd == pytest.approx(sd, rel=0.15)
    assert found.mean == pytest.approx(0.005, abs=0.008)
    assert found.experiments == 400


def test_past_effects_without_spread_still_give_a_prior_that_is_no_point() -> None:
    ses = np.full(50, 0.02)
    found = prior_from(np.random.default_rng(1).normal(0.0, ses), ses)
    assert 0.0005 < found.sd < 0.02


def test_one_broken_experiment_hardly_moves_the_prior() -> None:
    rng = np.random.default_rng(5)
    ses = np.full(60, 0.01)
    effects = rng.normal(0.0, np.sqrt(0.02**2 + ses**2))
    clean = prior_from(effects, ses)
    broken = prior_from(np.append(effects, 3.0), np.append(ses, 0.01))
    assert broken.sd == pytest.approx(clean.sd, rel=0.25)
    assert (clean.cut, broken.cut) == (0, 1)


def test_few_experiments_and_those_without_errors_give_the_weak_prior() -> None:
    short = prior_from(np.zeros(FEWEST_EXPERIMENTS - 1), np.ones(FEWEST_EXPERIMENTS - 1))
    unknown = prior_from(np.zeros(100), np.full(100, np.nan))
    for found in (short, unknown, prior_from([], [])):
        assert (found.mean, found.sd, found.experiments) == (0.0, WEAK_SD, 0)


def test_intervals_hold_the_truth_under_the_learned_prior() -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(200):
        truths, ses = rng.normal(0.0, 0.02, 60), rng.uniform(0.01, 0.03, 60)
        seen = rng.normal(truths, ses)
        prior = prior_from(seen[:50], ses[:50])
        low, high = interval(posterior(seen[50:], ses[50:], prior.mean, prior.sd))
        held.extend(((low <= truths[50:]) & (truths[50:] <= high)).tolist())
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)
