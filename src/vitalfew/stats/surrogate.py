"""The surrogate index: what early metrics of a unit say of a later one, learned from units of the past.

The index is `s(x) = x'b`, with b from the regression of the later metric Y on the early ones X over units within arms.
Under two assumptions the effect on the index is the effect on Y: Y depends on the arm only through X (surrogacy), and
X foretells Y in new experiments as in old ones (comparability). Neither can be seen in the experiment itself; how far
both failed in experiments that were followed to the end (`misfit`) is added to the error. Source: Athey, Chetty,
Imbens & Kang (2019), NBER 26463; Duan, Ba & Zhang (2021), on the false positives of leaving errors out. A linear index
needs moments only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.scatter import FEWEST_EFFECTS, scatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_MOST_EXPLAINED = 1 - 1e-12  # of the later metric: an early one that is the same metric leaves no residual


@dataclass(frozen=True, slots=True, eq=False)
class SurrogateIndex:
    """What history says: an index of early metrics.

    Attributes:
        weights: units of the later metric per unit of each early one, `(p,)`.
        covariance: of the weights, `(p, p)`.
        explained: share of the later metric's variance between units that the index explains.
        units: that it was learned from.
    """

    weights: Floats
    covariance: Floats
    explained: float
    units: float


def index_from(within: Floats, units: float, *, ridge: float = 0.0) -> SurrogateIndex:
    """Learn the index from the covariance of units within arms.

    Args:
        within: covariance of early metrics and, last, the later one, `(p + 1, p + 1)`.
        units: degrees of freedom behind it: units less arms.
        ridge: added to each early variance, as a share of it; steadies metrics that nearly repeat each other.

    Raises:
        NotEnoughData: fewer than two units per early metric, or a covariance that nobody measured.

    >>> index = index_from(np.array([[1.0, 0.5], [0.5, 1.0]]), 1_000.0)
    >>> index.weights, round(float(index.covariance[0, 0] ** 0.5), 3), index.explained
    (array([0.5]), 0.027, 0.25)
    """
    size = len(within) - 1
    if not np.all(np.isfinite(within)) or units < 2 * size or size < 1:
        raise NotEnoughData(f"{units:.0f} units cannot say what {size} early metrics foretell")
    block, across, later = within[:size, :size], within[:size, size], float(within[size, size])
    inverse = np.linalg.pinv(block + ridge * np.diag(np.diag(block)), hermitian=True)
    weights = inverse @ across
    told = float((2 * across - block @ weights) @ weights)
    explained = min(max(told / later, 0.0), _MOST_EXPLAINED) if later > 0 else 0.0
    residual = later * (1 - explained)
    return SurrogateIndex(weights, residual / (units - size) * (inverse @ block @ inverse), explained, units)


def cross_fitted(within: Floats, units: ArrayLike, *, ridge: float = 0.0) -> list[SurrogateIndex]:
    """An index for each fold, learned from all others, so that no unit foretells itself.

    Args:
        within: covariance of units within the arms of each fold, later metric last, `(f, p + 1, p + 1)`.
        units: degrees of freedom behind each, `(f,)`.
        ridge: as in `index_from`.

    Raises:
        NotEnoughData: as in `index_from`.
    """
    sizes = np.asarray(units, dtype=np.float64)
    total, count = np.einsum("f,fij->ij", sizes, within), float(sizes.sum())
    rest = [(total - size * own, count - size) for size, own in zip(sizes, within, strict=True)]
    return [index_from(summed / left if left > 0 else summed * np.nan, left, ridge=ridge) for summed, left in rest]


@dataclass(frozen=True, slots=True)
class LongRun:
    """A foretold effect on the later metric, with the variances that its error is made of.

    Attributes:
        estimate: effect on the index.
        noise: from the units of this experiment.
        learned: from what is not known of the index.
        misfit: from effects that do not go through the index.
    """

    estimate: float
    noise: float
    learned: float
    misfit: float

    @property
    def se(self) -> float:
        """Standard error, all three sources of error together."""
        return float((self.noise + self.learned + self.misfit) ** 0.5)


def long_run(index: SurrogateIndex, effects: Floats, noise: Floats, misfit: float = 0.0) -> LongRun:
    """Foretell the effect on the later metric.

    Args:
        index: learned from other units than these.
        effects: on the early metrics, `(p,)`.
        noise: covariance of their errors, `(p, p)`.
        misfit: variance of effects that bypass the index, from `misfit`.

    >>> index = SurrogateIndex(np.array([0.5]), np.array([[0.01]]), 0.25, 1_000.0)
    >>> found = long_run(index, np.array([2.0]), np.array([[0.4]]))
    >>> found.estimate, round(found.se, 3)
    (1.0, 0.374)
    """
    weights = index.weights
    return LongRun(
        float(weights @ effects),
        max(float(weights @ noise @ weights), 0.0),
        max(float(effects @ index.covariance @ effects), 0.0),
        misfit,
    )


def misfit(indexes: Sequence[SurrogateIndex], effects: Floats, noise: Floats) -> tuple[float | None, int]:
    """How far the later metric went elsewhere than foretold, over experiments followed to the end.

    Args:
        indexes: of each experiment, learned without it.
        effects: on the early metrics and, last, the later one, `(k, p + 1)`.
        noise: covariances of their errors, `(k, p + 1, p + 1)`.

    Returns:
        Variance of the true difference, and experiments behind it; None with fewer than five of them.

    Raises:
        UsageError: not one index per experiment.
    """
    if len(indexes) != len(effects):
        raise UsageError(f"{len(indexes)} indexes for {len(effects)} experiments", expected="one for each")
    if len(effects) < FEWEST_EFFECTS:
        return None, len(effects)
    away, variance = np.empty(len(effects)), np.empty(len(effects))
    for k, index in enumerate(indexes):
        contrast = np.append(-index.weights, 1.0)
        away[k] = contrast @ effects[k]
        variance[k] = contrast @ noise[k] @ contrast + effects[k][:-1] @ index.covariance @ effects[k][:-1]
    return scatter(away, np.sqrt(np.maximum(variance, 1e-300))).mean_square, len(effects)
