"""Is there a path round the parents? A test with the metrics further down the graph.

A slope of a child on its parents means what it says only if what goes round the parents has nothing to do with them.
If a metric further down (a grandparent) acts on the child by the parents alone, the child's effect less what the
parents carry is uncorrelated with the effect on that metric. The test holds all such covariances, noise taken out,
against zero at once: the over-identification test of Sargan and Hansen in the moments of total covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.k_class import check_columns, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_FEWEST_PER_METRIC = 3  # clusters of experiments per metric further down, below which nothing is tested


@dataclass(frozen=True, slots=True, eq=False)
class Bypass:
    """Result of the test.

    Attributes:
        p: p-value of no path round the parents.
        upstream: columns of the metrics further down that it used, `(q,)`.
        z: each one's covariance with what the parents leave of the child, in standard errors, `(q,)`.
        experiments: that measured child and parents.
    """

    p: float
    upstream: tuple[int, ...]
    z: Floats
    experiments: int


def bypass(
    effects: Floats,
    weights: Floats,
    within: Floats,
    child: int,
    parents: Sequence[int],
    upstream: Sequence[int],
    *,
    clusters: ArrayLike | None = None,
) -> Bypass | None:
    """Test that nothing of the metrics `upstream` reaches the child round its parents; None: too few experiments.

    Args:
        effects: `(K, G)`, NaN where not measured; an experiment that lacks some of `upstream` still counts.
        weights: `(K,)`.
        within: covariance of units within arms, or of weighted noise, `(G, G)`.
        child: column of the child.
        parents: columns of the parents.
        upstream: columns of metrics that act on the child by its parents alone, if nothing goes round.
        clusters: control group of each experiment, `(K,)`.

    Raises:
        UsageError: a column is named twice or does not exist.
    """
    check_columns(child, [*parents, *upstream], effects.shape[1])
    below, above = list(upstream), list(parents)
    rows = np.isfinite(effects[:, [*above, child]]).all(axis=1)
    groups = numbered(clusters, len(effects), rows)
    count = int(rows.sum())
    seen = np.isfinite(effects[rows][:, below])
    if count == 0 or min(groups.max() + 1, *seen.sum(axis=0)) < _FEWEST_PER_METRIC * (len(below) + len(above)):
        return None
    influences = _influences(effects[rows], weights[rows], within, (child, above, below))
    moments = influences.sum(axis=0)
    each = np.zeros((groups.max() + 1, len(below)))
    np.add.at(each, groups, influences)
    # Not centred at the estimate: that keeps the share of false alarms at its level in small corpora.
    spread = each.T @ each
    se = np.sqrt(spread.diagonal())
    z = moments / se
    statistic = float(z @ np.linalg.lstsq(spread / np.outer(se, se), z, rcond=1e-10)[0])
    from scipy.special import chdtrc

    return Bypass(float(chdtrc(len(below), statistic)), tuple(below), z, count)


def _influences(effects: Floats, weights: Floats, within: Floats, columns: tuple[int, list[int], list[int]]) -> Floats:
    """What each experiment adds to the covariances with the rest of the child, `(K, q)`, the slopes' error included."""
    child, above, below = columns
    parents, weighted = effects[:, above], effects[:, above] * weights[:, None]
    count = len(effects)
    bread = weighted.T @ parents / count - within[np.ix_(above, above)]
    slopes = np.linalg.solve(bread, weighted.T @ effects[:, child] / count - within[above, child])
    rest = weights * (effects[:, child] - parents @ slopes)
    seen = np.isfinite(effects[:, below])
    lower = np.where(seen, effects[:, below], 0.0)
    noise_above = within[above, child] - within[np.ix_(above, above)] @ slopes
    noise_below = within[below, child] - within[np.ix_(below, above)] @ slopes
    of_slopes = rest[:, None] * parents - noise_above
    of_rest = (rest[:, None] * lower - noise_below) * seen / seen.sum(axis=0)
    carried = lower.T @ weighted / seen.sum(axis=0)[:, None] - within[np.ix_(below, above)]
    return np.asarray(of_rest - of_slopes / count @ np.linalg.solve(bread, carried.T))
