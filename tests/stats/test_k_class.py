"""Slopes of effects on effects from summaries, held against a referee that is given every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from linearmodels.iv import IV2SLS, IVLIML

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.simulate.metric_graph import BUSINESS, SYSTEM, Planted, corpus, units
from vitalfew.stats.k_class import edge, k_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNT = 14
ROWS, SUMMARY = units(Planted(experiments=COUNT, users=90, feature=700.0, own=200.0, bypass=100.0), seed=3)


def _referee(parents: tuple[int, ...], kappa: float | None, *, liml: bool) -> Floats:
    """Experiment dummies as controls, experiment x arm dummies as instruments, on the rows of all units."""
    own = np.eye(COUNT)[ROWS.experiment]
    arms = own * ROWS.treated[:, None]
    parts = (ROWS.values[:, BUSINESS], own, ROWS.values[:, list(parents)], arms)
    model = IVLIML(*parts, kappa=kappa) if liml else IV2SLS(*parts)
    return np.asarray(model.fit().params)[COUNT:]


@pytest.mark.parametrize("parents", [SYSTEM[:1], SYSTEM])
def test_the_family_equals_the_referee_on_every_row(parents: tuple[int, ...]) -> None:
    found = k_class(SUMMARY.effects, SUMMARY.noise, BUSINESS, parents, weights=SUMMARY.weights, within=SUMMARY.within)
    rows = len(ROWS.values)
    assert found.naive.slopes == pytest.approx(_referee(parents, None, liml=False), rel=1e-8)
    assert found.liml.slopes == pytest.approx(_referee(parents, None, liml=True), rel=1e-8)
    kappa = 1 + COUNT / (rows - 2 * COUNT)
    assert found.total_covariance.slopes == pytest.approx(_referee(parents, kappa, liml=True), rel=1e-8)


def test_the_noise_of_each_experiment_does_as_well_as_the_pooled_one() -> None:
    drawn = corpus(Planted(experiments=100), 1)
    pooled = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights, within=drawn.within)
    each = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights)
    alone = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM)
    assert each.total_covariance.slopes == pytest.approx(pooled.total_covariance.slopes, abs=0.01)
    assert alone.total_covariance.slopes == pytest.approx(pooled.total_covariance.slopes, abs=0.03)
    assert alone.z == pytest.approx(pooled.z, abs=0.3)


def test_naive_errors_are_those_of_ordinary_regression() -> None:
    drawn = corpus(Planted(experiments=60), 1)
    found = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights).naive
    root = np.sqrt(drawn.weights)
    x, y = drawn.effects[:, list(SYSTEM)] * root[:, None], drawn.effects[:, BUSINESS] * root
    slopes, rest, _, _ = np.linalg.lstsq(x, y, rcond=None)
    assert found.slopes == pytest.approx(slopes, rel=1e-9)
    assert found.covariance == pytest.approx(np.linalg.inv(x.T @ x) * rest[0] / 57, rel=1e-9)


def test_strength_is_that_of_a_mean_of_squares_for_one_parent() -> None:
    rng = np.random.default_rng(1)
    effects = rng.normal(size=(4_000, 2))
    found = k_class(effects, np.tile(np.eye(2), (4_000, 1, 1)), 1, (0,))
    assert found.lam == pytest.approx(float((effects[:, 0] ** 2).mean()), rel=1e-9)
    assert found.z == pytest.approx((found.lam - 1) * np.sqrt(2_000))
    assert found.z_each == pytest.approx([found.z])
    assert abs(found.z) < 3


def test_a_parent_that_copies_another_is_weak_and_a_third_is_not() -> None:
    rng = np.random.default_rng(1)
    first, other = rng.normal(0, 2, 500), rng.normal(0, 2, 500)
    effects = np.column_stack([first, first, other, first + other]) + rng.normal(size=(500, 4))
    found = k_class(effects, np.tile(np.eye(4), (500, 1, 1)), 3, (0, 1, 2))
    assert found.z < 2
    assert np.abs(found.z_each[:2]).max() < 3
    assert found.z_each[2] > 30


def test_swapped_arms_and_repeated_clusters_change_nothing_but_the_error() -> None:
    drawn = corpus(Planted(experiments=80), 1)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], 80)[:, None]
    plain = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights)
    swapped = k_class(signs * drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights)
    assert swapped.total_covariance.slopes == pytest.approx(plain.total_covariance.slopes, rel=1e-12)
    assert swapped.total_covariance.covariance == pytest.approx(plain.total_covariance.covariance, rel=1e-9)
    twice = k_class(
        np.vstack([drawn.effects] * 2),
        np.concatenate([drawn.noise] * 2),
        BUSINESS,
        SYSTEM,
        clusters=np.tile(np.arange(80), 2),
    )
    once = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM)
    assert twice.total_covariance.slopes == pytest.approx(once.total_covariance.slopes, rel=1e-9)
    assert twice.total_covariance.covariance == pytest.approx(once.total_covariance.covariance, rel=1e-9)


def test_the_stabilised_slope_is_never_past_the_pole() -> None:
    drawn = corpus(Planted(experiments=12, feature=1.0, own=1.0), 5)
    found = k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights)
    assert found.stabilised.kappa < found.lam
    chosen = edge(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights)
    left = chosen.moments - found.stabilised.kappa * chosen.within
    assert np.linalg.eigvalsh(left[:-1, :-1])[0] > 0


def test_a_child_may_be_the_sum_of_its_parents_but_no_parent_may() -> None:
    drawn = corpus(Planted(experiments=100), 1)
    adds = np.column_stack([np.eye(12), np.eye(12)[0] + np.eye(12)[1]])
    effects, noise = drawn.effects @ adds, adds.T @ drawn.noise @ adds
    for kind in ("naive", "total_covariance", "liml", "stabilised"):
        assert getattr(k_class(effects, noise, 12, (0, 1)), kind).slopes == pytest.approx([1, 1], abs=1e-4)
    with pytest.raises(UsageError, match="follows from the other parents"):
        k_class(effects, noise, 3, (0, 1, 12))


def test_wrong_calls_are_refused_in_words() -> None:
    drawn = corpus(Planted(experiments=10), 1)
    with pytest.raises(UsageError, match="each once"):
        k_class(drawn.effects, drawn.noise, 3, (3,))
    with pytest.raises(UsageError, match="from 0 to 11"):
        k_class(drawn.effects, drawn.noise, 3, (12,))
    with pytest.raises(UsageError, match="one per experiment"):
        k_class(drawn.effects, drawn.noise, 3, (1,), weights=np.ones(4))
    lacking = drawn.effects.copy()
    lacking[:8, 1] = np.nan
    with pytest.raises(NotEnoughData, match="2 experiments"):
        k_class(lacking, drawn.noise, 3, (1,))
