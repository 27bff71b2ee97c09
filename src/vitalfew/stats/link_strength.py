"""How many experiments a link takes: the strength z that a corpus of a given size would have, by simulation.

z = (lam - 1) sqrt(K / 2), with lam the smallest eigenvalue of the parents' scatter over their noise, as `k_class`
computes it. Its mean grows with the root of K and its spread hardly changes, so that few simulations find the size at
which it passes a limit with some probability.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

NUMBERS = 500_000
"""Drawn for one size, so that a child with many parents takes no longer."""
_RUNS, _FEWEST_RUNS = 2_000, 50  # simulated corpora per size
_ROUNDS = 6
_FIRST, _LARGEST = 40, 1_500  # experiments of the first simulated corpus, and of the largest; beyond it z is scaled
_HARDLY = 1e-3  # signal over noise below which no number of experiments helps
_NEAR = 0.02  # relative change of a size at which the search ends


def strengths(
    spread: ArrayLike, within: ArrayLike, weights: ArrayLike, experiments: int, *, runs: int = _RUNS, seed: int = 1
) -> Floats:
    """Strength z of identification in simulated corpora, `(runs,)`.

    Args:
        spread: covariance of true effects on the parents, `(p, p)`.
        within: covariance of units within arms, `(p, p)`.
        weights: n_t n_c / (n_t + n_c) of experiments, any number: sizes are drawn from them.
        experiments: in each simulated corpus, all of which measure all parents.
        runs: simulated corpora.
        seed: the same seed gives the same numbers.

    Raises:
        UsageError: the shapes do not fit.
    """
    signal, noise = (np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in (spread, within))
    if signal.shape != noise.shape or signal.shape[0] != signal.shape[1]:
        raise UsageError(f"spread {signal.shape}, within {noise.shape}", expected="two matrices of the parents")
    rng = np.random.default_rng(seed)
    size, width = (runs, experiments), len(noise)
    half = np.linalg.inv(np.linalg.cholesky(noise))
    root = _root(half @ signal @ half.T)
    weight = rng.choice(np.asarray(weights, dtype=np.float64).ravel(), size)
    drawn = np.sqrt(weight)[:, :, None] * (rng.normal(size=(*size, width)) @ root.T)
    drawn += rng.normal(size=(*size, width))
    lam = np.linalg.eigvalsh(drawn.swapaxes(1, 2) @ drawn / experiments)[:, 0]
    return np.asarray((lam - 1) * np.sqrt(experiments / 2))


def experiments_needed(
    spread: ArrayLike,
    within: ArrayLike,
    weights: ArrayLike,
    *,
    limit: float = 4.0,
    power: float = 0.8,
    numbers: int = NUMBERS,
    seed: int = 1,
) -> float:
    """Experiments with which z passes a limit with this probability; infinite: no number would do.

    Args:
        spread: see `strengths`.
        within: see `strengths`.
        weights: see `strengths`.
        limit: of z; 4 makes an estimate, 2 a weak one.
        power: probability to pass it.
        numbers: drawn for one size; fewer are quicker and less exact.
        seed: the same seed gives the same number.

    >>> needed = experiments_needed([[0.00025]], [[1.0]], [4_000.0])
    >>> 60 < needed < 70
    True
    """
    width = len(np.atleast_2d(np.asarray(within, dtype=np.float64)))
    count, needed = _FIRST, np.inf
    for _ in range(_ROUNDS):
        runs = max(_FEWEST_RUNS, min(_RUNS, numbers // (count * width)))
        found = strengths(spread, within, weights, count, runs=runs, seed=seed)
        typical, low = float(np.median(found)), float(np.quantile(found, 1 - power))
        if typical <= _HARDLY * np.sqrt(count / 2):
            if count == _LARGEST:
                return np.inf
            count = _LARGEST
            continue
        needed = count * ((limit + typical - low) / typical) ** 2
        following = int(np.clip(round(needed), width + 3, _LARGEST))
        if abs(following - count) <= _NEAR * count:
            break
        count = following
    return float(needed)


def _root(matrix: Floats) -> Floats:
    """The symmetric square root of a covariance that may be singular: no sign or order of directions sways draws."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
