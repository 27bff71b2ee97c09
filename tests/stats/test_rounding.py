"""Rounding stays rounding: inputs that differ in their thirteenth digit, or in their order, say the same to nine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.simulate.metric_graph import EDGES, SCENARIOS, Planted, corpus
from vitalfew.stats.bayes import prior_from
from vitalfew.stats.effect_arrays import prepare
from vitalfew.stats.effect_spread import fit_spread, posterior_effects
from vitalfew.stats.link_fit import fit_corpus, fit_links
from vitalfew.stats.link_strength import strengths
from vitalfew.stats.scatter import scatter
from vitalfew.stats.simultaneous import Estimates
from vitalfew.stats.spread_settling import settle
from vitalfew.stats.spread_steps import NORMAL, expected, nodes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.effect_spread import Tails
    from vitalfew.stats.link_fit import Fitted

    Floats = NDArray[np.float64]
    Edges = Sequence[tuple[int, Sequence[int]]]

NOISE, SAME = 1e-13, 1e-9
FAR = replace(SCENARIOS["fat tails"], experiments=100)
TOP: Edges = (EDGES[0],)


def _moved(rng: np.random.Generator, values: Floats) -> Floats:
    """Every number off by up to 1e-13 of itself."""
    return values * (1 + rng.uniform(-NOISE, NOISE, values.shape))


def _again(effects: Floats, noise: Floats, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    moved = _moved(rng, noise)
    return _moved(rng, effects), (moved + moved.swapaxes(1, 2)) / 2


def _small(seed: int, count: int, width: int = 3) -> tuple[Floats, Floats]:
    """Effects about as large as their noise; the fewer, the oftener a direction is empty in some refits, not in all."""
    rng = np.random.default_rng(seed)
    root, halves = rng.normal(size=(width, width)), rng.normal(size=(count, width, width + 2))
    noise = halves @ halves.swapaxes(1, 2) / (width + 2)
    errors = np.stack([rng.multivariate_normal(np.zeros(width), one) for one in noise])
    return rng.normal(size=(count, width)) @ root.T + errors, noise


def _told(known: Fitted, effects: Floats, noise: Floats, edges: Edges) -> dict[str, Floats]:
    """All that comes of a fit: spread and single effects in units of their size, slopes, logarithms of their errors."""
    found = fit_links(effects, noise, edges, fitted=known)
    size = np.sqrt(known.spread.matrix.diagonal() + np.nanmedian(noise.diagonal(axis1=1, axis2=2), axis=0))
    means, covariances = posterior_effects(effects, noise, known.spread)
    return {
        "spread": known.spread.matrix / np.outer(size, size),
        "weights": known.spread.weights,
        "slopes": np.concatenate([each.slopes for each in found]),
        "errors": np.log(np.concatenate([each.se for each in found])),
        "strength": np.array([each.z for each in found]),
        "effects": means / size,
        "doubt": covariances / np.outer(size, size),
    }


def _furthest(effects: Floats, noise: Floats, edges: Edges, tails: Tails, seeds: range) -> dict[str, float]:
    """How far anything moves under noise in the thirteenth digit."""

    def at(values: Floats, errors: Floats) -> dict[str, Floats]:
        return _told(fit_corpus(values, errors, tails=tails), values, errors, edges)

    plain = at(effects, noise)
    unit = {"slopes": np.exp(plain["errors"])}
    again = [at(*_again(effects, noise, seed)) for seed in seeds]
    return {
        name: max(float(np.abs((each[name] - plain[name]) / unit.get(name, 1.0)).max()) for each in again)
        for name in plain
    }


def _still(moved: dict[str, float]) -> None:
    assert {name: size for name, size in moved.items() if not size < SAME} == {}


@pytest.mark.parametrize("count", [8, 12, 20, 40])
@pytest.mark.parametrize("seed", range(4))
def test_few_experiments_say_the_same_after_rounding(count: int, seed: int) -> None:
    effects, noise = _small(seed, count)
    _still(_furthest(effects, noise, [(2, (0, 1))], "normal", range(2)))


@pytest.mark.parametrize("tails", ["normal", "t", "far"])
def test_links_errors_and_single_effects_do_not_move_with_rounding(tails: Tails) -> None:
    for planted in (Planted(experiments=60), replace(FAR, missing=0.2)):
        drawn = corpus(planted, 1)
        _still(_furthest(drawn.effects, drawn.noise, TOP, tails, range(1)))


def test_the_order_of_experiments_does_not_move_the_spread() -> None:
    drawn = corpus(FAR, 1)
    order = np.random.default_rng(2).permutation(len(drawn.effects))
    tails: tuple[Tails, ...] = ("normal", "t", "far")
    for each in tails:
        plain = fit_spread(drawn.effects, drawn.noise, tails=each).matrix
        other = fit_spread(drawn.effects[order], drawn.noise[order], tails=each).matrix
        assert np.abs(other - plain).max() < 1e-12 * plain.max()


def test_metrics_that_add_up_move_as_far_as_their_ridge_makes_of_rounding() -> None:
    """Noise without one direction but for a ridge of 1e-6 makes of 1e-13 what is 1e-7 there, and no more."""
    effects, noise = _small(3, 40)
    adds = np.array([[1, 0, 0, 1.0], [0, 1, 0, 1], [0, 0, 1, 0]])
    plain = fit_corpus(effects @ adds, adds.T @ noise @ adds)
    for seed in range(3):
        other = fit_corpus(*_again(effects @ adds, adds.T @ noise @ adds, seed))
        assert other.spread.matrix == pytest.approx(plain.spread.matrix, abs=1e-6)
        assert other.refits.without == pytest.approx(plain.refits.without, abs=1e-5)


def test_a_direction_that_ended_up_empty_is_filled_again() -> None:
    data = prepare(*_small(1, 40))
    whole = settle(data, np.eye(3))
    emptied = np.diag([1.0, 1.0, 1e-9])
    for nodes in (NORMAL, nodes_of(5.0)):
        best = settle(data, np.eye(3), nodes).at
        found = settle(data, emptied, nodes)
        assert found.converged
        assert found.at.matrix == pytest.approx(best.matrix, rel=1e-9, abs=1e-9)
    assert whole.at.log_likelihood > expected(data, emptied).log_likelihood + 1


def test_at_rest_the_likelihood_has_no_slope_left() -> None:
    drawn = corpus(SCENARIOS["clickbait"], 1)  # of less than full rank
    data = prepare(drawn.effects, drawn.noise)
    for nodes in (NORMAL, nodes_of(3.0)):
        last = settle(data, np.eye(12), nodes)
        assert last.converged
        assert np.abs(last.at.slope() @ last.at.root).max() < 1e-8
        assert np.linalg.eigvalsh(last.at.slope())[0] > -1e-8  # nor any upwards into an empty direction


@pytest.mark.parametrize("seed", [4, 5, 12, 14, 17, 20])
def test_a_fit_comes_to_rest_however_much_errors_differ(seed: int) -> None:
    """Errors that differ a thousandfold, effects far above them, metrics missing: there the way to the top is long."""
    rng = np.random.default_rng(seed)
    count, width = 24, 6
    half = rng.normal(size=(width, width))
    noise = (half @ half.T + 0.01 * np.eye(width)) * 10 ** rng.uniform(-3, 3, count)[:, None, None]
    errors = np.einsum("kij,kj->ki", np.linalg.cholesky(noise), rng.normal(size=(count, width)))
    effects = 100 * rng.normal(size=(count, 5)) @ rng.normal(size=(5, width)) + errors
    effects = np.where(rng.random((count, width)) < 0.4, np.nan, effects)
    order = rng.permutation(count)
    found, other = (fit_spread(effects[rows], noise[rows]) for rows in (np.arange(count), order))
    assert found.converged
    assert other.converged
    assert other.matrix == pytest.approx(found.matrix, abs=1e-6 * found.matrix.max())


@pytest.mark.parametrize("seed", range(6))
def test_effects_on_one_metric_do_not_move_with_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.5, 2.0, 30)
    y = rng.normal(0, 1.2, 30) + rng.normal(0, se)
    again = _moved(rng, y), _moved(rng, se)
    one, other = scatter(y, se), scatter(*again)
    for name in ("spread", "low", "high", "means", "intervals", "positive"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-11, abs=1e-11), name
    first, second = prior_from(y, se), prior_from(*again)
    assert (second.mean, second.sd) == pytest.approx((first.mean, first.sd), rel=1e-11)


def test_draws_do_not_hang_on_the_sign_or_order_of_directions() -> None:
    """Two directions of the same size, told apart by rounding alone: the draws must not turn with them."""
    tilt = 1e-14 * np.array([[0.0, 1.0], [1.0, 0.0]])
    plain, tilted = (strengths(np.eye(2) + by, np.eye(2), [3.0], 30, runs=50, seed=1) for by in (0 * tilt, tilt))
    assert tilted == pytest.approx(plain, rel=1e-9)
    tests = [Estimates((0, 1), np.array([2.0, 1.0]), np.eye(2) + by, np.full(2, 50.0)) for by in (0 * tilt, tilt)]
    draws = [each._least_tails(200, 1) for each in tests]  # the draws, not the share of them
    assert draws[0] == pytest.approx(draws[1], rel=1e-9)


@pytest.mark.prove
@pytest.mark.parametrize("name", [*SCENARIOS, "K = 3000"])
@pytest.mark.parametrize("tails", ["normal", "t", "far"])
def test_no_cell_of_the_validation_moves_with_rounding(name: str, tails: Tails) -> None:
    planted = SCENARIOS.get(name, Planted(experiments=3_000))
    for seed in range(2 if name == "K = 3000" else 5):
        drawn = corpus(planted, seed)
        _still(_furthest(drawn.effects, drawn.noise, EDGES, tails, range(2)))


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(60))
def test_no_small_corpus_moves_with_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 7))
    effects, noise = _small(seed, int(rng.integers(width + 3, 80)), width)
    shrunk = effects * rng.uniform(0.2, 1.0, width)  # some metrics that hardly vary
    tails: tuple[Tails, ...] = ("normal", "t", "far")
    for each in tails:
        _still(_furthest(shrunk, noise, [(width - 1, tuple(range(width - 1)))], each, range(2)))
