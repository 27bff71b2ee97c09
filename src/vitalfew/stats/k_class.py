"""Slopes of effects on effects from summary statistics: ordinary regression, total covariance, LIML and in between.

With M = mean_k w_k e_k e_k' and Omega the covariance of units within arms, the k-class slope of a child y on parents x
is b(kappa) = (M_xx - kappa Omega_xx)^-1 (M_xy - kappa Omega_xy). kappa 0 is the regression of effects on effects, which
is two-stage least squares with a dummy per experiment; kappa 1 takes the noise of users out exactly (total covariance;
Bibaut, Chou, Ejdemyr & Kallus 2024); LIML is the smallest eigenvalue of Omega^-1 M, right only if nothing goes round
the parents. These are the checks beside the joint fit of `effect_spread`, and the source of the strength z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.effect_arrays import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_MORE_THAN_PARENTS = 2  # experiments beyond the number of parents, for a slope and its error

_APART, _RIDGE = 1e-8, 1e-12  # least eigenvalue of correlations of parents; what keeps a matrix off singularity


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Slopes of the child on its parents, `(p,)`, their covariance, `(p, p)`, and the kappa behind them."""

    slopes: Floats
    covariance: Floats
    kappa: float

    @property
    def se(self) -> Floats:
        """Standard errors, `(p,)`."""
        return np.sqrt(self.covariance.diagonal())


@dataclass(frozen=True, slots=True, eq=False)
class KClass:
    """The k-class family for one child and its parents.

    Attributes:
        naive: kappa 0, with the standard errors of ordinary regression: what a scatter plot shows.
        total_covariance: kappa 1, sandwich covariance.
        liml: kappa the smallest eigenvalue, sandwich covariance.
        stabilised: kappa kept below what makes the total covariance singular, sandwich covariance.
        lam: smallest eigenvalue of Omega_xx^-1 M_xx; 1: the parents' effects are all noise.
        z: strength, (lam - 1) sqrt(K / 2); below 2 the slopes are not identified.
        z_each: strength of each parent given the others, `(p,)`.
        experiments: that measured the child and all parents.
    """

    naive: Slopes
    total_covariance: Slopes
    liml: Slopes
    stabilised: Slopes
    lam: float
    z: float
    z_each: Floats
    experiments: int


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """Experiments that measured a child and all its parents, child last: what the family needs of them."""

    effects: Floats
    weights: Floats
    within: Floats
    clusters: NDArray[np.intp]

    @property
    def moments(self) -> Floats:
        """M, `(p + 1, p + 1)`."""
        return np.asarray((self.effects * self.weights[:, None]).T @ self.effects / len(self.effects))

    def at(self, kappa: float) -> Slopes:
        """The slopes at one kappa with their sandwich covariance, experiments of one cluster taken together."""
        left = self.moments - kappa * self.within
        slopes = np.linalg.solve(left[:-1, :-1], left[:-1, -1])
        return Slopes(slopes, self._sandwich(left[:-1, :-1], slopes, kappa), kappa)

    def naive(self) -> Slopes:
        """Weighted regression through the origin, with its ordinary standard errors."""
        moments, count = self.moments, len(self.effects)
        slopes = np.linalg.solve(moments[:-1, :-1], moments[:-1, -1])
        rest = self.effects[:, -1] - self.effects[:, :-1] @ slopes
        variance = (self.weights * rest**2).sum() / (count - len(slopes))
        return Slopes(slopes, np.linalg.inv(moments[:-1, :-1]) * (variance / count), 0.0)

    def _sandwich(self, bread: Floats, slopes: Floats, kappa: float) -> Floats:
        rest = self.effects[:, -1] - self.effects[:, :-1] @ slopes
        noise = self.within[:-1, -1] - self.within[:-1, :-1] @ slopes
        each = (self.weights * rest)[:, None] * self.effects[:, :-1] - kappa * noise
        groups = np.zeros((self.clusters.max() + 1, len(slopes)))
        np.add.at(groups, self.clusters, each)
        outside = np.linalg.inv(bread)
        count = len(groups)
        spread = count / max(count - 1, 1) * (groups.T @ groups) / len(self.effects) ** 2
        return np.asarray(outside @ spread @ outside)


def k_class(
    effects: ArrayLike,
    noise: ArrayLike,
    child: int,
    parents: Sequence[int],
    *,
    weights: ArrayLike | None = None,
    within: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> KClass:
    """Compute the family for one child on experiments that measured it and all its parents.

    Args:
        effects: treatment minus control, `(K, G)`; NaN: not measured.
        noise: covariance of each, `(K, G, G)`.
        child: column of the child.
        parents: columns of the parents.
        weights: n_t n_c / (n_t + n_c) of each experiment, `(K,)`; by default from the noise.
        within: pooled covariance of units within arms, `(G, G)`, in the unit that the weights set, so without weights
            it is not used; by default the mean of weight times noise, which is right too where arms differ in variance.
        clusters: control group of each experiment, `(K,)`.

    Raises:
        UsageError: shapes or columns do not fit, or one parent follows from the others.
        NotEnoughData: too few experiments measured the child and all its parents.
    """
    values, spread = checked(effects, noise)
    chosen = edge(values, spread, child, parents, weights=weights, within=within, clusters=clusters)
    return family(chosen)


def edge(
    effects: Floats,
    noise: Floats,
    child: int,
    parents: Sequence[int],
    *,
    weights: ArrayLike | None = None,
    within: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Edge:
    """Pick what one child and its parents need from checked arrays; see `k_class`."""
    columns = check_columns(child, parents, effects.shape[1])
    rows = np.isfinite(effects[:, columns]).all(axis=1)
    count = int(rows.sum())
    if count < len(columns) - 1 + _MORE_THAN_PARENTS:
        hint = "these metrics have to be measured in the same experiments"
        raise NotEnoughData(f"{count} experiments measured a child and its {len(parents)} parents", hint=hint)
    picked = noise[rows][:, columns][:, :, columns]
    weight = _weights(picked) if weights is None else _one_each(weights, len(effects), "weights")[rows]
    if within is None or weights is None:
        pooled = (picked * weight[:, None, None]).mean(axis=0)
    else:
        pooled = np.asarray(within, dtype=np.float64)[np.ix_(columns, columns)]
    return Edge(effects[rows][:, columns], weight, _apart(pooled), numbered(clusters, len(effects), rows))


def family(chosen: Edge) -> KClass:
    """All members of the family on one edge."""
    moments, within = chosen.moments, chosen.within
    count = len(chosen.effects)
    lam = _smallest(moments[:-1, :-1], within[:-1, :-1])
    per_root = np.sqrt(2 / count)
    stabilised = chosen.at(min(1.0, lam - per_root))
    return KClass(
        chosen.naive(),
        chosen.at(1.0),
        chosen.at(_smallest(moments, within)),
        stabilised,
        lam,
        float((lam - 1) / per_root),
        _strengths(moments[:-1, :-1], within[:-1, :-1], count),
        count,
    )


def check_columns(child: int, parents: Sequence[int], width: int) -> list[int]:
    """The columns of parents and child, child last.

    Raises:
        UsageError: no parent, a column twice, or one that does not exist.
    """
    columns = [*parents, child]
    if len(columns) < 2 or len(set(columns)) < len(columns):  # noqa: PLR2004 - a child and a parent
        raise UsageError(f"child {child} with parents {tuple(parents)}", expected="a child and its parents, each once")
    if not all(0 <= column < width for column in columns):
        raise UsageError(f"child {child} with parents {tuple(parents)}", expected=f"columns from 0 to {width - 1}")
    return columns


def _apart(within: Floats) -> Floats:
    """The same covariance, child last, kept off singularity: a child may be the sum of its parents.

    Raises:
        UsageError: one parent follows from the others.
    """
    size = np.sqrt(within.diagonal())
    if np.linalg.eigvalsh((within / np.outer(size, size))[:-1, :-1])[0] < _APART:
        raise UsageError("a parent that follows from the other parents", hint="leave one of them out")
    return within + np.diag(_RIDGE * within.diagonal())


def _smallest(moments: Floats, within: Floats) -> float:
    lower = np.linalg.cholesky(within)
    half = np.linalg.solve(lower, moments)
    return float(np.linalg.eigvalsh(np.linalg.solve(lower, half.T))[0])


def _strengths(moments: Floats, within: Floats, count: int) -> Floats:
    """Strength of each parent after the others took their share (in the spirit of Sanderson & Windmeijer 2016)."""
    width = len(moments)
    found = np.zeros(width)
    for parent in range(width):
        others = [other for other in range(width) if other != parent]
        line = np.zeros(width)
        line[parent] = 1.0
        if others:
            inner = np.ix_(others, others)
            lam = _smallest(moments[inner], within[inner])
            kappa = min(1.0, lam - float(np.sqrt(2 / count)))
            left = moments - kappa * within
            line[others] = -np.linalg.solve(left[inner], left[others, parent])
        found[parent] = (line @ moments @ line) / (line @ within @ line)
    return np.asarray((found - 1) * np.sqrt(count / 2))


def _weights(noise: Floats) -> Floats:
    """Weights from the noise alone, such that weight times noise is the same for all on average."""
    variances = noise.diagonal(axis1=1, axis2=2)
    return np.asarray(1 / (variances / np.median(variances, axis=0)).mean(axis=1))


def numbered(clusters: ArrayLike | None, count: int, rows: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Clusters of some of the experiments as numbers from 0; without clusters each is its own.

    Raises:
        UsageError: not one cluster per experiment.
    """
    given = np.arange(count) if clusters is None else np.asarray(clusters)
    if given.shape != (count,):
        raise UsageError(f"clusters of shape {given.shape} for {count} experiments", expected="one per experiment")
    return np.asarray(np.unique(given[rows], return_inverse=True)[1])


def _one_each(given: ArrayLike, count: int, what: str) -> Floats:
    array = np.asarray(given, dtype=np.float64)
    if array.shape != (count,):
        raise UsageError(f"{what} of shape {array.shape} for {count} experiments", expected="one per experiment")
    return array
