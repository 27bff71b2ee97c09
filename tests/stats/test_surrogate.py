"""The surrogate index: equal to regression on units, right when surrogacy holds, honest when it does not."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.surrogate import SurrogateIndex, cross_fitted, index_from, long_run, misfit

USERS = np.array([0.4, 0.3])


def test_the_index_from_moments_is_the_regression_on_units() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2_000, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    y = x @ USERS + rng.normal(size=2_000)
    referee = sm.OLS(y, sm.add_constant(x)).fit()
    index = index_from(np.cov(np.column_stack([x, y]), rowvar=False), 1_999)
    assert index.weights == pytest.approx(referee.params[1:], rel=1e-9)
    assert index.covariance == pytest.approx(referee.cov_params()[1:, 1:], rel=2e-3)
    assert index.explained == pytest.approx(referee.rsquared, rel=1e-9)


def test_each_fold_is_foretold_by_the_others() -> None:
    rng = np.random.default_rng(2)
    folds = np.array([np.cov(rng.normal(size=(3, 500))) for _ in range(4)])
    units = [100.0, 200.0, 300.0, 400.0]
    rest = np.einsum("f,fij->ij", units[1:], folds[1:]) / 900
    assert cross_fitted(folds, units)[0].weights == pytest.approx(index_from(rest, 900.0).weights)


def test_an_early_metric_that_is_the_later_one_foretells_it_wholly() -> None:
    index = index_from(np.ones((2, 2)), 100.0)
    assert index.weights == pytest.approx([1.0])
    assert index.covariance[0, 0] == pytest.approx(0.0, abs=1e-12)


def test_too_few_units_are_no_history() -> None:
    with pytest.raises(NotEnoughData):
        index_from(np.eye(4), 5.0)
    with pytest.raises(NotEnoughData):
        index_from(np.full((2, 2), np.nan), 500.0)
    with pytest.raises(NotEnoughData):
        cross_fitted(np.eye(2)[None], [100.0])


def test_a_ridge_steadies_metrics_that_repeat_each_other() -> None:
    twins = np.array([[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]])
    assert index_from(twins, 1_000.0, ridge=0.01).weights == pytest.approx([0.6 / 2.01] * 2)


def test_fewer_than_five_experiments_say_nothing_of_the_misfit() -> None:
    index = SurrogateIndex(np.ones(1), np.zeros((1, 1)), 0.5, 100.0)
    assert misfit([index] * 4, np.zeros((4, 2)), np.tile(np.eye(2), (4, 1, 1))) == (None, 4)
    with pytest.raises(UsageError):
        misfit([index], np.zeros((2, 2)), np.tile(np.eye(2), (2, 1, 1)))


def history(rng: np.random.Generator, count: int, units: int, bypass: float) -> tuple[np.ndarray, ...]:
    """Experiments: true effects, seen effects, covariances of units within arms; the later metric is last."""
    within = np.array([[1.0, 0.4, 0.0], [0.4, 1.0, 0.0], [0.0, 0.0, 0.0]])
    within[:2, 2] = within[2, :2] = within[:2, :2] @ USERS
    within[2, 2] = USERS @ within[:2, 2] + 1.0
    truth = np.zeros((count, 3))
    truth[:, :2] = rng.normal(0, 0.05, (count, 2))
    truth[:, 2] = truth[:, :2] @ USERS + rng.normal(0, bypass, count)
    root = np.linalg.cholesky(within)
    seen, spreads = np.empty((count, 3)), np.empty((count, 3, 3))
    for k in range(count):
        arms = [rng.normal(size=(units, 3)) @ root.T for _ in range(2)]
        seen[k] = truth[k] + arms[1].mean(axis=0) - arms[0].mean(axis=0)
        spreads[k] = (np.cov(arms[0], rowvar=False) + np.cov(arms[1], rowvar=False)) / 2
    return truth, seen, spreads


def coverage(bypass: float, runs: int, *, counted: bool) -> float:
    rng = np.random.default_rng(round(1_000 * bypass) + runs)
    held = []
    for _ in range(runs):
        truth, seen, within = history(rng, 21, 400, bypass)
        indexes = cross_fitted(within, np.full(21, 798.0))
        noise = within * 2 / 400
        missed = misfit(indexes[:20], seen[:20], noise[:20])[0] if counted else 0.0
        found = long_run(indexes[20], seen[20, :2], noise[20][:2, :2], missed or 0.0)
        held.append(abs(found.estimate - truth[20, 2]) <= 1.96 * found.se)
    return float(np.mean(held))


def test_the_foretold_effect_holds_the_truth_and_says_less_than_it_could_measure() -> None:
    rng = np.random.default_rng(5)
    truth, seen, within = history(rng, 21, 2_000, 0.0)
    index = cross_fitted(within, np.full(21, 3_998.0))[20]
    found = long_run(index, seen[20, :2], (within[20] / 1_000)[:2, :2])
    assert abs(found.estimate - truth[20, 2]) < 3 * found.se
    assert found.se < (within[20, 2, 2] / 1_000) ** 0.5  # the index is steadier than the later metric itself
    assert found.learned < found.noise


@pytest.mark.prove
def test_intervals_cover_when_surrogacy_holds_and_when_it_fails_only_with_the_misfit() -> None:
    assert 0.92 <= coverage(0.0, 400, counted=True) <= 0.99
    assert 0.91 <= coverage(0.1, 400, counted=True) <= 0.98
    assert coverage(0.1, 400, counted=False) < 0.7
