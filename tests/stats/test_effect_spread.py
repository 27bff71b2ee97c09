"""The scatter of true effects: the likeliest covariance, found, and what must not change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

import vitalfew as vf
from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.simulate.metric_graph import SCENARIOS, Planted, PlantedCorpus, corpus
from vitalfew.stats.effect_arrays import prepare
from vitalfew.stats.effect_spread import fit_spread, jackknife, posterior_effects, refits
from vitalfew.stats.spread_steps import Expected, em_step, expected, nodes_of, revived

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SMALL = Planted(experiments=60)
SEEDS = st.integers(0, 10_000)


def _some(seed: int, count: int = 40, width: int = 3) -> tuple[Floats, Floats]:
    """Effects about as large as their noise, every experiment with a noise covariance of its own."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(width, width))
    halves = rng.normal(size=(count, width, width + 2))
    noise = halves @ halves.swapaxes(1, 2) / (width + 2)
    errors = np.stack([rng.multivariate_normal(np.zeros(width), one) for one in noise])
    return rng.normal(size=(count, width)) @ root.T + errors, noise


def _log_likelihood(effects: Floats, noise: Floats, matrix: Floats) -> float:
    total = noise + matrix
    inverse = np.linalg.inv(total)
    square = np.einsum("ki,kij,kj->", effects, inverse, effects)
    return float(-(square + np.linalg.slogdet(2 * np.pi * total)[1].sum()) / 2)


def test_one_metric_has_the_variance_at_which_the_slope_of_the_likelihood_is_zero() -> None:
    rng = np.random.default_rng(4)
    variances = rng.uniform(0.5, 2.0, 50)
    effects = rng.normal(0, np.sqrt(1.5 + variances))

    def slope(spread: float) -> float:
        return float((effects**2 / (spread + variances) ** 2 - 1 / (spread + variances)).sum())

    found = fit_spread(effects[:, None], variances[:, None, None])
    assert found.matrix[0, 0] == pytest.approx(brentq(slope, 1e-6, 50), rel=1e-5)
    assert found.converged


def test_equal_noise_leaves_the_mean_square_less_the_noise() -> None:
    effects = np.random.default_rng(2).normal(0, 2, (80, 1))
    found = fit_spread(effects, np.ones((80, 1, 1)))
    assert found.matrix[0, 0] == pytest.approx(float((effects**2).mean()) - 1, rel=1e-6)


def test_effects_smaller_than_their_noise_have_no_spread() -> None:
    effects = np.random.default_rng(2).normal(0, 0.5, (80, 1))
    found = fit_spread(effects, np.ones((80, 1, 1)))
    assert found.matrix[0, 0] == pytest.approx(0, abs=1e-6)
    means, covariances = posterior_effects(effects, np.ones((80, 1, 1)), found)
    assert np.abs(means).max() < 1e-5
    assert covariances.max() < 1e-5


def test_no_optimiser_finds_a_likelier_spread() -> None:
    effects, noise = _some(5)
    found = fit_spread(effects, noise)
    at = np.tril_indices(3)

    def loss(entries: Floats) -> float:
        root = np.zeros((3, 3))
        root[at] = entries
        return -_log_likelihood(effects, noise, root @ root.T)

    best = minimize(loss, np.eye(3)[at], method="BFGS", options={"gtol": 1e-8})
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-5)
    root = np.zeros((3, 3))
    root[at] = best.x
    assert found.matrix == pytest.approx(root @ root.T, rel=1e-3, abs=1e-4)
    assert found.log_likelihood == pytest.approx(_log_likelihood(effects, noise, found.matrix), abs=1e-6)


def test_thousands_of_plain_steps_come_to_the_same_place() -> None:
    drawn = corpus(SMALL, 3)
    data = prepare(drawn.effects, drawn.noise)
    here = expected(data, revived(np.eye(12)))
    likelihoods = [here.log_likelihood]
    for _ in range(1_500):
        here = expected(data, em_step(data, here))
        likelihoods.append(here.log_likelihood)
    assert np.diff(likelihoods).min() > -1e-8
    found = fit_spread(drawn.effects, drawn.noise)
    assert likelihoods[-1] <= found.log_likelihood + 1e-6
    assert likelihoods[-1] == pytest.approx(found.log_likelihood, abs=0.2)


@given(SEEDS)
def test_no_plain_step_lowers_the_likelihood_whatever_the_tails(seed: int) -> None:
    data = prepare(*_some(seed, count=12))
    for nodes in (nodes_of(None), nodes_of(4.0)):
        here = expected(data, revived(np.eye(3)), nodes)
        there = expected(data, em_step(data, here), nodes)
        assert there.log_likelihood >= here.log_likelihood - 1e-9


@given(SEEDS, st.floats(2.5, 40))
def test_the_slope_is_the_derivative_of_the_likelihood(seed: int, tail: float) -> None:
    data = prepare(*_some(seed, count=8))
    rng = np.random.default_rng(seed)
    root, way = rng.normal(size=(3, 3)) + 2 * np.eye(3), rng.normal(size=(3, 3))
    for nodes in (nodes_of(None), nodes_of(tail)):

        def at(step: float, nodes: object = nodes) -> Expected:
            return expected(data, root + step * way, nodes)  # type: ignore[arg-type]  # bound in the loop

        numeric = (at(1e-5).log_likelihood - at(-1e-5).log_likelihood) / 2e-5
        exact = -float(((at(0).slope() @ root) * way).sum())
        assert numeric == pytest.approx(exact, rel=1e-4, abs=1e-4)


def test_swapping_the_arms_of_experiments_changes_nothing() -> None:
    drawn = corpus(SMALL, 1)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], 60)
    for tails in ("normal", "t"):
        whole = fit_spread(drawn.effects, drawn.noise, tails=tails)
        swapped = fit_spread(drawn.effects * signs[:, None], drawn.noise, tails=tails)
        assert swapped.matrix == pytest.approx(whole.matrix, rel=1e-12, abs=1e-18)
        assert swapped.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-9)


def test_the_order_of_experiments_and_of_metrics_changes_nothing() -> None:
    drawn = corpus(SMALL, 1)
    rng = np.random.default_rng(2)
    rows, columns = rng.permutation(60), rng.permutation(12)
    whole = fit_spread(drawn.effects, drawn.noise).matrix
    other = fit_spread(drawn.effects[np.ix_(rows, columns)], drawn.noise[rows][:, columns][:, :, columns]).matrix
    assert other == pytest.approx(whole[np.ix_(columns, columns)], abs=1e-5 * float(whole.max()))


@given(SEEDS, st.floats(-6, 6))
def test_another_unit_of_a_metric_only_changes_its_unit(seed: int, power: float) -> None:
    effects, noise = _some(seed, count=15)
    unit = np.array([1.0, 10.0**power, 1.0])
    plain = fit_spread(effects, noise).matrix
    scaled = fit_spread(effects * unit, noise * np.outer(unit, unit)).matrix / np.outer(unit, unit)
    assert scaled == pytest.approx(plain, rel=1e-4, abs=1e-4)


@given(SEEDS)
def test_a_spread_has_no_negative_direction(seed: int) -> None:
    effects, noise = _some(seed, count=6)
    matrix = fit_spread(0.7 * effects, noise).matrix
    assert np.linalg.eigvalsh(matrix)[0] >= -1e-12 * np.trace(matrix)


def test_a_metric_that_half_the_experiments_lack_is_used_where_it_is_there() -> None:
    effects, noise = _some(7, count=60)
    lacking = effects.copy()
    lacking[::2, 2] = np.nan
    found = fit_spread(lacking, noise)

    def loss(entries: Floats) -> float:
        root = np.zeros((3, 3))
        root[np.tril_indices(3)] = entries
        matrix = root @ root.T
        return -_log_likelihood(lacking[1::2], noise[1::2], matrix) - _log_likelihood(
            lacking[::2, :2], noise[::2, :2, :2], matrix[:2, :2]
        )

    best = minimize(loss, np.eye(3)[np.tril_indices(3)], method="BFGS")
    assert found.log_likelihood == pytest.approx(-best.fun, abs=1e-5)


def test_an_experiment_without_any_metric_counts_for_nothing() -> None:
    effects, noise = _some(7)
    more = np.vstack([effects, np.full(3, np.nan)])
    wider = np.concatenate([noise, np.full((1, 3, 3), np.nan)])
    assert fit_spread(more, wider).matrix == pytest.approx(fit_spread(effects, noise).matrix, rel=1e-5)


def test_what_to_believe_is_the_regression_on_what_was_seen() -> None:
    effects, noise = _some(3)
    prior = fit_spread(effects, noise).matrix
    effects[0, 1] = np.nan
    means, covariances = posterior_effects(effects[:1], noise[:1], prior)
    seen = np.ix_([0, 2], [0, 2])
    gain = prior[:, [0, 2]] @ np.linalg.inv(prior[seen] + noise[0][seen])
    assert means[0] == pytest.approx(gain @ effects[0, [0, 2]], rel=1e-4)
    assert covariances[0] == pytest.approx(prior - gain @ prior[[0, 2]], rel=1e-4, abs=1e-5)


def test_heavier_tails_are_found_and_shrink_what_stands_out_less() -> None:
    drawn = corpus(Planted(experiments=300, tail=3.0), 1)
    plain = fit_spread(drawn.effects, drawn.noise)
    tailed = fit_spread(drawn.effects, drawn.noise, tails="t")
    assert plain.tail is None
    assert tailed.tail is not None
    assert tailed.tail <= 5
    assert tailed.log_likelihood > plain.log_likelihood + 20
    largest = int(np.abs(drawn.effects[:, 11]).argmax())
    assert tailed.weights[largest] < np.median(tailed.weights)
    errors = [
        np.mean((posterior_effects(drawn.effects, drawn.noise, one)[0] - drawn.true_effects) ** 2)
        for one in (plain, tailed)
    ]
    assert errors[1] < errors[0]


def test_what_to_believe_is_nearer_to_the_truth_than_what_was_measured() -> None:
    drawn = corpus(SCENARIOS["base"], 2)
    means, covariances = posterior_effects(drawn.effects, drawn.noise, fit_spread(drawn.effects, drawn.noise))
    off = means - drawn.true_effects
    assert np.mean(off**2) < 0.55 * np.mean((drawn.effects - drawn.true_effects) ** 2)
    sds = np.sqrt(covariances.diagonal(axis1=1, axis2=2))
    assert 0.9 < np.mean(np.abs(off) < 1.96 * sds) < 0.99


def _top(matrix: Floats) -> Floats:
    return matrix[[0, 0, 1], [0, 1, 1]]


def test_leaving_out_by_fits_and_by_single_steps_agree_in_a_large_corpus() -> None:
    effects, noise = _some(1, count=600)
    full = fit_spread(effects, noise)
    fits = jackknife(effects, noise, _top, spread=full)
    steps = jackknife(effects, noise, _top, spread=full, one_step=True)
    assert fits.df == 14
    assert steps.se == pytest.approx(fits.se, rel=0.1)
    assert fits.estimate == pytest.approx(_top(full.matrix), rel=1e-6)


def test_the_error_of_a_single_variance_is_that_of_a_mean_of_squares() -> None:
    effects = np.random.default_rng(5).normal(0, 2, (900, 1))
    found = jackknife(effects, np.ones((900, 1, 1)), lambda matrix: matrix[0, 0], groups=900, one_step=True)
    assert found.se[0] == pytest.approx(float(np.std(effects**2, ddof=1) / 30), rel=0.01)


def test_experiments_that_share_a_control_are_left_out_together() -> None:
    effects, noise = _some(1, count=40)
    clusters = np.repeat(np.arange(4), 10)
    found = refits(effects, noise, fit_spread(effects, noise), clusters=clusters)
    assert found.sizes.tolist() == [10, 10, 10, 10]
    without = fit_spread(effects[10:], noise[10:]).matrix
    assert found.without[0] == pytest.approx(without, abs=2e-3 * float(np.trace(without)))
    with pytest.raises(NotEnoughData, match="fewer than two groups"):
        refits(effects, noise, fit_spread(effects, noise), clusters=np.zeros(40))


@pytest.mark.parametrize(
    ("effects", "noise", "words"),
    [
        (np.zeros(5), np.zeros((5, 1, 1)), "one row per experiment"),
        (np.zeros((5, 2)), np.zeros((5, 1, 1)), r"\(5, 2, 2\)"),
        (np.zeros((5, 1)), np.zeros((5, 1, 1)), "not above zero"),
        (np.zeros((4, 2)), np.tile([[1.0, 2.0], [2.0, 1.0]], (4, 1, 1)), "no covariance matrix"),
        (np.zeros((4, 2)), np.tile([[1.0, 0.5], [0.0, 1.0]], (4, 1, 1)), "not symmetric"),
        (np.zeros((4, 2)), np.tile([[1.0, np.nan], [np.nan, 1.0]], (4, 1, 1)), "covariance is missing"),
        (np.array([["a"]] * 4), np.ones((4, 1, 1)), "no numbers"),
    ],
)
def test_wrong_arrays_are_refused_in_words(effects: Floats, noise: Floats, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        vf.stats.fit_spread(effects, noise)


def test_too_little_is_refused_in_words() -> None:
    with pytest.raises(NotEnoughData, match="2 experiments"):
        fit_spread(np.zeros((2, 1)), np.ones((2, 1, 1)))
    with pytest.raises(NotEnoughData, match="no experiment measured metric number 2"):
        fit_spread(np.array([[0.1, np.nan]] * 4), np.tile(np.eye(2), (4, 1, 1)))
    with pytest.raises(UsageError, match="above 2"):
        nodes_of(2.0)
    with pytest.raises(UsageError, match="a spread of shape"):
        posterior_effects([[0.1]], [[[1.0]]], np.eye(2))


def test_metrics_that_add_up_are_no_reason_to_fail() -> None:
    effects, noise = _some(3)
    adds = np.array([[1, 0, 0, 1.0], [0, 1, 0, 1], [0, 0, 1, 0]])
    found = fit_spread(effects @ adds, adds.T @ noise @ adds).matrix
    plain = fit_spread(effects, noise).matrix
    assert found == pytest.approx(adds.T @ plain @ adds, rel=1e-3, abs=1e-3)


def test_a_start_of_ones_own_leads_to_the_same_place() -> None:
    drawn: PlantedCorpus = corpus(SMALL, 4)
    given_start = fit_spread(drawn.effects, drawn.noise, start=1e-3 * np.eye(12))
    assert given_start.log_likelihood == pytest.approx(fit_spread(drawn.effects, drawn.noise).log_likelihood, abs=1e-3)
