from __future__ import annotations

import numpy as np
import pytest

from vitalfew.errors import UsageError
from vitalfew.stats.k_class import k_class
from vitalfew.stats.link_strength import experiments_needed, strengths

WITHIN = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.6], [0.4, 0.6, 1.0]])
SPREAD = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, 0.8], [0.5, 0.8, 1.5]]) * 1e-4
SIZES = np.random.default_rng(0).lognormal(np.log(4_000), 0.5, 60)


def corpora(spread: np.ndarray, within: np.ndarray, count: int, runs: int, seed: int) -> np.ndarray:
    """Strengths as `k_class` finds them, of corpora that are simulated here."""
    rng, found = np.random.default_rng(seed), []
    width = len(spread)
    for _ in range(runs):
        weights = rng.choice(SIZES, count)
        true = rng.multivariate_normal(np.zeros(width), spread, count)
        noise = within / weights[:, None, None]
        effects = true + rng.multivariate_normal(np.zeros(width), within, count) / np.sqrt(weights)[:, None]
        child = effects @ np.ones((width, 1))
        wide = np.pad(noise, ((0, 0), (0, 1), (0, 1)))
        wide[:, width, width] = noise.sum(axis=(1, 2))
        wide[:, width, :width] = wide[:, :width, width] = noise.sum(axis=2)
        told = k_class(
            np.hstack([effects, child]), wide + 1e-12 * np.eye(width + 1), width, range(width), weights=weights
        )
        found.append(told.z)
    return np.array(found)


def test_simulated_strengths_are_those_of_whole_corpora() -> None:
    expected = corpora(SPREAD, WITHIN, 80, 300, 1)
    found = strengths(SPREAD, WITHIN, SIZES, 80, runs=2_000, seed=2)
    assert np.median(found) == pytest.approx(np.median(expected), abs=0.3)
    assert found.std() == pytest.approx(expected.std(), rel=0.2)


@pytest.mark.parametrize("parents", [1, 3])
def test_with_so_many_experiments_four_of_five_corpora_are_strong_enough(parents: int) -> None:
    spread, within = SPREAD[:parents, :parents], WITHIN[:parents, :parents]
    needed = experiments_needed(spread, within, SIZES)
    shares = [
        (strengths(spread, within, SIZES, round(needed * factor), runs=2_000, seed=3) > 4).mean()
        for factor in (0.8, 1.0, 1.2)
    ]
    assert shares[0] < 0.78
    assert 0.75 < shares[1] < 0.83
    assert shares[2] > 0.82


def test_beyond_the_largest_simulated_corpus_the_size_is_right_too() -> None:
    faint = SPREAD[:1, :1] / 12
    needed = experiments_needed(faint, WITHIN[:1, :1], SIZES)
    assert needed > 1_500
    share = (strengths(faint, WITHIN[:1, :1], SIZES, round(needed), runs=400, seed=4) > 4).mean()
    assert 0.7 < share < 0.88


def test_a_parent_that_nothing_moved_takes_no_number_of_experiments() -> None:
    assert experiments_needed([[0.0]], [[1.0]], SIZES) == np.inf
    same = np.ones((2, 2)) * 3e-4
    assert experiments_needed(same, WITHIN[:2, :2], SIZES) > 30_000


def test_units_do_not_matter_and_the_seed_decides() -> None:
    units = np.array([1e-6, 1.0, 1e6])
    scale = np.outer(units, units)
    first = experiments_needed(SPREAD, WITHIN, SIZES)
    assert experiments_needed(SPREAD * scale, WITHIN * scale, SIZES) == pytest.approx(first, rel=1e-6)
    assert experiments_needed(SPREAD, WITHIN, SIZES) == first


def test_matrices_of_different_parents_are_refused() -> None:
    with pytest.raises(UsageError, match="spread"):
        strengths(SPREAD, WITHIN[:2, :2], SIZES, 10)
