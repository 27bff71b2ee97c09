"""Uncertainty by leaving out groups of experiments: what is computed from a fit, computed again without each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.spread_settling import settle
from vitalfew.stats.spread_steps import Curve, Expected, bounded, expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.effect_arrays import Prepared

    Floats = NDArray[np.float64]

_STEADY = 1e-3  # damping of a step: with less, what moves a direction that is nearly empty moves everything
_ROUNDING = 1e-12  # of the largest variance along any direction
_FEWEST_GROUPS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Jackknifed:
    """Numbers with their uncertainty: estimate, `(p,)`, covariance, `(p, p)`, and degrees of freedom of t."""

    estimate: Floats
    covariance: Floats
    df: float

    @property
    def se(self) -> Floats:
        """Standard errors, `(p,)`."""
        return np.sqrt(self.covariance.diagonal())


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """The spread of all experiments, `(G, G)`, and the spreads without each group, `(groups, G, G)`.

    Attributes:
        matrix: of all.
        without: of all but one group each.
        sizes: experiments in each group, `(groups,)`.
    """

    matrix: Floats
    without: Floats
    sizes: NDArray[np.int64]

    def of(self, statistic: Callable[[Floats], ArrayLike]) -> Jackknifed:
        """Anything computed from a spread, `(G, G)` to `(p,)`, with its delete-a-group jackknife covariance."""
        whole = np.atleast_1d(np.asarray(statistic(self.matrix), dtype=np.float64))
        parts = np.array([np.atleast_1d(np.asarray(statistic(one), dtype=np.float64)) for one in self.without])
        count = len(parts)
        away = parts - parts.mean(axis=0)
        return Jackknifed(whole, (count - 1) / count * (away.T @ away), count - 1.0)


def refit(
    data: Prepared,
    root: Floats,
    *,
    groups: int,
    clusters: ArrayLike | None = None,
    one_step: bool = False,
) -> Refits:
    """Leave out each group and fit again from the full fit, or take one scoring step from there.

    Raises:
        NotEnoughData: fewer than two groups of experiments.
        UsageError: not one cluster per experiment.
    """
    at = deal(len(data.effects), groups, clusters)
    sizes = np.bincount(at)
    here = expected(data, _turned(root))
    roots = _stepped(here, at) if one_step else _climbed(data, here, at)
    without = roots @ roots.swapaxes(1, 2)
    scale = np.outer(data.scale, data.scale)
    return Refits(root @ root.T * scale, without * scale, sizes)


def deal(count: int, groups: int, clusters: ArrayLike | None = None) -> NDArray[np.intp]:
    """Group of each experiment, `(K,)`: clusters in the order in which they appear are dealt out in turn."""
    given = np.arange(count) if clusters is None else np.asarray(clusters)
    if given.shape != (count,):
        raise UsageError(f"clusters of shape {given.shape} for {count} experiments", expected="one per experiment")
    _, first, cluster = np.unique(given, return_index=True, return_inverse=True)
    number = first.argsort().argsort()[cluster]
    held = min(groups, len(first), count)
    if held < _FEWEST_GROUPS:
        hint = "experiments that share one control group count as one"
        raise NotEnoughData("no uncertainty from fewer than two groups of experiments", hint=hint)
    return np.asarray(number % held)


def _turned(root: Floats) -> Floats:
    """The root of the same Lambda along its own directions: of all that a fit may end in, one that is always the same.

    A damped step depends on the root it starts from. What rounding left of an empty direction is taken out.
    """
    values, vectors = np.linalg.eigh(root @ root.T)
    return np.asarray(vectors * np.sqrt(np.where(values > _ROUNDING * values[-1], values, 0.0)))


def _climbed(data: Prepared, here: Expected, at: NDArray[np.intp]) -> Floats:
    """A fit without each group, from one step towards it."""
    found = []
    for group, near in enumerate(_stepped(here, at)):
        others = data.pick(at != group)
        there = expected(others, near)
        gains = there.log_likelihood >= here.log_likelihoods[at != group].sum()
        found.append(settle(others, there if gains else here.root).at.root)
    return np.stack(found)


def _stepped(here: Expected, at: NDArray[np.intp]) -> Floats:
    """One step per group: what a group adds to the slope, over the curvature that the others leave."""
    root = here.root
    groups = int(at.max()) + 1
    slopes = np.zeros((groups, *root.shape))
    np.add.at(slopes, at, here.slopes())
    whole = here.slope()
    curve = Curve.at(here, whole)
    share = 1 - np.bincount(at) / len(at)
    steps = bounded(curve.step((whole - slopes) @ root, _STEADY) / share[:, None, None], root)
    return np.asarray(root + steps)
