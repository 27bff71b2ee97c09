"""Links between metrics from the effects of many experiments: slopes of all edges of a graph from one joint fit.

The slope of a child y on its parents x is Lambda_xx^-1 Lambda_xy, with Lambda the covariance of the true effects on all
metrics (`effect_spread`). It assumes that what reaches the child round its parents is uncorrelated with the effects on
them; `bypass` tests that. Intervals come from leaving out groups of experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.bypass import Bypass, bypass
from vitalfew.stats.effect_arrays import checked, held
from vitalfew.stats.effect_spread import Refits, Spread, Tails, fit_spread, refits
from vitalfew.stats.k_class import KClass, Slopes, check_columns, edge, family

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Pair = tuple[int, tuple[int, ...]]
NOT_IDENTIFIED, WEAK = 2.0, 4.0
"""Strength z below which a link is not identified, and below which it is weak."""
_LARGE = 200_000  # numbers in the noise, above which refits are one step each


@dataclass(frozen=True, slots=True, eq=False)
class LinkFit:
    """One child on its p parents; slopes in units of the child per unit of the parent.

    Attributes:
        child: its column.
        parents: their columns.
        slopes: from the joint fit, `(p,)`.
        covariance: of the slopes, `(p, p)`, by leaving out groups of experiments.
        df: degrees of freedom of t for an interval.
        z: strength of identification of all slopes together; below 2: not identified, below 4: weak.
        z_each: strength of each parent given the others, `(p,)`.
        naive: ordinary regression of effects on effects, with its ordinary standard errors: wrong, shown beside.
        others: slopes by other estimators (`total_covariance`, `liml`, `stabilised`), `(p,)` each.
        bypass: test of no path round the parents; None: nothing to test it with.
        experiments: that measured the child and all parents.
    """

    child: int
    parents: tuple[int, ...]
    slopes: Floats
    covariance: Floats
    df: float
    z: float
    z_each: Floats
    naive: Slopes
    others: Mapping[str, Floats]
    bypass: Bypass | None
    experiments: int

    @property
    def se(self) -> Floats:
        """Standard errors of the slopes, `(p,)`."""
        return np.sqrt(self.covariance.diagonal())

    @property
    def bypass_p(self) -> float | None:
        """P-value of no path round the parents; None: not tested."""
        return None if self.bypass is None else self.bypass.p

    def intervals(self, confidence: float = 0.95) -> Floats:
        """Lower and upper ends, `(p, 2)`."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, (1 + confidence) / 2)) * self.se
        return np.column_stack([self.slopes - half, self.slopes + half])


class Fitted(NamedTuple):
    """A joint fit and the fits without each group of experiments, when they are at hand."""

    spread: Spread
    refits: Refits


def fit_links(
    effects: ArrayLike,
    noise: ArrayLike,
    edges: Sequence[tuple[int, Sequence[int]]],
    *,
    weights: ArrayLike | None = None,
    within: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    tails: Tails = "normal",
    fitted: Fitted | None = None,
) -> tuple[LinkFit, ...]:
    """Fit the slopes of every child on its parents.

    Args:
        effects: treatment minus control of K experiments on G metrics, `(K, G)`; NaN: not measured.
        noise: covariance of each experiment's effects, `(K, G, G)`.
        edges: child and parents as columns, one entry per child; a metric that is a parent of a parent serves to test
            for paths round the parents.
        weights: n_t n_c / (n_t + n_c), `(K,)`; by default from the noise.
        within: pooled covariance of units within arms, `(G, G)`; by default from noise and weights.
        clusters: control group of each experiment, `(K,)`; those that share one are left out together.
        tails: "far" pulls in experiments that stand far out; "t" for effects with heavier tails than normal.
        fitted: a joint fit at hand; see `fit_corpus`.

    Returns:
        One fit per edge, in their order.

    Raises:
        UsageError: shapes or columns do not fit, or the noise is no covariance.
        NotEnoughData: too few experiments, or too few that measured a child with all its parents.

    >>> rng = np.random.default_rng(3)
    >>> parent = rng.normal(0, 0.03, 500)
    >>> noise = np.tile([[4e-4, 2e-4], [2e-4, 4e-4]], (500, 1, 1))
    >>> errors = rng.multivariate_normal([0, 0], noise[0], 500)
    >>> link = fit_links(np.column_stack([parent, -0.3 * parent]) + errors, noise, [(1, (0,))])[0]
    >>> round(float(link.naive.slopes[0]), 1), round(float(link.slopes[0]), 1), link.z > 4
    (-0.1, -0.3, True)
    """
    pairs = [(int(child), tuple(int(parent) for parent in parents)) for child, parents in edges]
    values, spread = checked(effects, noise)
    for child, parents in pairs:
        check_columns(child, parents, values.shape[1])
    values = held(values, spread)
    known = fitted or fit_corpus(values, spread, clusters=clusters, tails=tails)
    found = []
    for child, parents in pairs:
        checks = family(edge(values, spread, child, parents, weights=weights, within=within, clusters=clusters))
        below = upstream_of(child, parents, pairs)
        size, pooled = pooled_noise(values, spread, weights, within)
        test = bypass(values, size, pooled, child, parents, below, clusters=clusters) if below else None
        found.append(_link(child, parents, known, checks, test))
    return tuple(found)


def fit_corpus(
    effects: ArrayLike,
    noise: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    tails: Tails = "normal",
    fitted: Spread | None = None,
) -> Fitted:
    """One joint fit with its refits, for many questions: links, chains of links, proxies.

    Large corpora, and those where experiments stand out, are refitted by a step each. `fitted`: a joint fit at hand.

    >>> effects, noise = np.random.default_rng(1).normal(0, 2, (60, 2)), np.tile(np.eye(2), (60, 1, 1))
    >>> known = fit_corpus(effects, noise)
    >>> known.refits.of(lambda spread: spread[0, 0]).df
    14.0
    """
    full = fitted or fit_spread(effects, noise, tails=tails)
    quick = np.size(noise) > _LARGE or bool(np.any(full.weights != 1))
    return Fitted(full, refits(effects, noise, full, clusters=clusters, one_step=quick))


def slopes_of(matrix: Floats, child: int, parents: Sequence[int]) -> Floats:
    """Slopes of the child on its parents in a covariance of true effects, `(p,)`.

    Where the effects of parents go together exactly, the smallest slopes that explain the child.
    """
    above = list(parents)
    inner, size = matrix[np.ix_(above, above)], np.sqrt(matrix.diagonal()[above])
    size = np.where(size > 0, size, 1.0)
    scaled = np.linalg.lstsq(inner / np.outer(size, size), matrix[above, child] / size, rcond=1e-10)[0]
    return np.asarray(scaled / size)


def upstream_of(child: int, parents: Sequence[int], edges: Sequence[Pair]) -> tuple[int, ...]:
    """Metrics that reach the child by its parents alone, if the edges are the whole graph."""
    above = dict(edges)
    found: set[int] = set()
    waiting = [*parents]
    while waiting:
        for metric in above.get(waiting.pop(), ()):
            if metric not in found:
                found.add(metric)
                waiting.append(metric)
    return tuple(sorted(found - {child, *parents}))


def pooled_noise(
    effects: Floats, noise: Floats, weights: ArrayLike | None, within: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Weights of the experiments, `(K,)`, and covariance of weighted noise, `(G, G)`, as given or from the noise."""
    variances = noise.diagonal(axis1=1, axis2=2)
    if weights is None:
        size = 1 / np.nanmean(variances / np.nanmedian(variances, axis=0), axis=1)
    else:
        size = np.asarray(weights, dtype=np.float64)
        if size.shape != (len(effects),):
            raise UsageError(f"weights of shape {size.shape} for {len(effects)} experiments", expected="one for each")
    if within is not None and weights is not None:
        return size, np.asarray(within, dtype=np.float64)
    seen = np.isfinite(noise)
    total = np.where(seen, noise * size[:, None, None], 0.0).sum(axis=0)
    return size, np.asarray(total / np.maximum(seen.sum(axis=0), 1))


def _link(child: int, parents: tuple[int, ...], known: Fitted, checks: KClass, test: Bypass | None) -> LinkFit:
    found = known.refits.of(lambda matrix: slopes_of(matrix, child, parents))
    others = {
        "total_covariance": checks.total_covariance.slopes,
        "liml": checks.liml.slopes,
        "stabilised": checks.stabilised.slopes,
    }
    return LinkFit(
        child,
        parents,
        found.estimate,
        found.covariance,
        found.df,
        checks.z,
        checks.z_each,
        checks.naive,
        others,
        test,
        checks.experiments,
    )
