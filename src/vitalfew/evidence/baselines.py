"""What is known of a metric before an experiment: its level, how units vary, what covariates take away of that."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.columns import DENOMINATOR, covariates_of
from vitalfew.results.moments import moments_of
from vitalfew.results.rows import QuantilesRow
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS, is_zero_or_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.results.rows import LifetimesRow, MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Metric

FEWEST = 30
"""Units from which a variance is worth planning with."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One metric as history shows it.

    Attributes:
        metric: its key.
        mean: its level.
        sd: standard deviation of what one unit adds to it; for a ratio of its linearised value, for a quantile or a
            time what gives the standard error with the root of n.
        units: units behind it.
        reduction: share of the variance that covariates take away (CUPED), 0 to 1.
        design_effect: by how much clusters raise the variance; 1 without.
        complete: share of the units that have a value.
        is_share: whether each unit is 0 or 1, so that the variance moves with the level.
        cluster_size: units in a cluster on average; 1 without.
        basis: where it is from, in words.
    """

    metric: str
    mean: float
    sd: float
    units: int
    basis: str
    reduction: float = 0.0
    design_effect: float = 1.0
    complete: float = 1.0
    is_share: bool = False
    cluster_size: float = 1.0

    @property
    def has_level(self) -> bool:
        """Whether the level is further from zero than its standard error, so that a share of it says something."""
        return abs(self.mean) * math.sqrt(self.units * self.complete) > self.sd * math.sqrt(self.design_effect)

    @property
    def variance(self) -> float:
        """Variance per unit that counts: without what covariates explain, with what clusters add."""
        return self.sd**2 * (1.0 - self.reduction) * self.design_effect / max(self.complete, 1e-9)

    def variance_at(self, change: float) -> float:
        """The same in an arm whose level differs by `change`: of a share it moves with the level."""
        if not self.is_share:
            return self.variance
        level = min(max(self.mean + change, 0.0), 1.0)
        here = self.mean * (1.0 - self.mean)
        return self.variance * (level * (1.0 - level) / here if here > 0 else 1.0)


def baseline(
    key: str,
    metric: Metric,
    arm: str,
    moments: Iterable[MomentsRow],
    distributions: Iterable[QuantilesRow | LifetimesRow],
    basis: str,
) -> Baseline | str:
    """What the rows of one arm tell about a metric, or why they tell nothing.

    Args:
        key: of the metric.
        metric: its definition.
        arm: the arm whose units are looked at; control, or history.
        moments: rows of one experiment.
        distributions: order statistics and lifetimes of the same.
        basis: where the rows are from, in words.
    """
    if metric.kind in DISTRIBUTIONS:
        told = [row for row in distributions if (row.metric, row.arm, row.segment) == (key, arm, None)]
        return _of_distribution(key, metric, told[0], basis) if told else "nothing was measured"
    rows = [row for row in moments if row.arm == arm and row.segment is None and key in row.names]
    parts = [moments_of(row) for row in rows if row.names == rows[0].names]
    if not parts:
        return "nothing was measured"
    return _of_moments(key, metric, reduce(add, parts), basis)


def clustered(independent: Baseline, clusters: Baseline) -> Baseline:
    """The baseline over units with the design effect that the one over clusters shows.

    With v the variance of one cluster's linearised value and m units in a cluster, n units weigh like n / m clusters.
    """
    size = independent.units * independent.complete / max(clusters.units, 1)
    residual = independent.sd**2 * (1.0 - independent.reduction)
    over_clusters = clusters.sd**2 * (1.0 - clusters.reduction) * size
    effect = over_clusters / residual if residual > 0 else 1.0
    return replace(
        independent,
        basis=f"{independent.basis}, in {clusters.units:,} clusters",
        design_effect=max(effect, 1e-6),
        cluster_size=max(size, 1.0),
    )


def _of_moments(key: str, metric: Metric, moments: Moments, basis: str) -> Baseline | str:
    n, bottom = moments.count(key), f"{key}{DENOMINATOR}"
    if n < FEWEST:
        return f"only {n:,} {'unit has' if n == 1 else 'units have'} a value; at least {FEWEST} are needed"
    names, weights, level = [key], np.ones(1), moments.mean_of(key)
    if bottom in moments.names:
        below = moments.mean_of(bottom)
        if not below:
            return "its denominator is zero"
        level /= below
        names, weights = [key, bottom], np.array([1.0, -level]) / below
    variance = float(weights @ _covariances(moments, names) @ weights)
    if not math.isfinite(variance):
        return "its values are too large to compute with"
    if variance <= 0:
        return "every unit has the same value, so no change could ever be found"
    reduction = _explained(moments, names, weights, covariates_of(key, moments.names), variance)
    is_share = is_zero_or_one(metric) and bottom not in moments.names
    return Baseline(
        key, level, math.sqrt(variance), moments.units, basis, reduction, complete=n / moments.units, is_share=is_share
    )


def _covariances(moments: Moments, names: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[moments.covariance_of(first, second) for second in names] for first in names])


def _explained(
    moments: Moments,
    names: Sequence[str],
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
    covariates: Sequence[str],
    variance: float,
) -> float:
    """Share of the variance that a regression on covariates takes away; those that do not vary are left out."""
    varying = [name for name in covariates if moments.variance_of(name) > 0]
    if not varying:
        return 0.0
    across = np.array([[moments.covariance_of(name, other) for other in varying] for name in names])
    slopes = weights @ across
    within = _covariances(moments, varying)
    explained = float(slopes @ np.linalg.pinv(within, rcond=1e-10, hermitian=True) @ slopes) / variance
    return min(max(explained, 0.0), 0.999) if math.isfinite(explained) else 0.0


def _of_distribution(key: str, metric: Metric, row: QuantilesRow | LifetimesRow, basis: str) -> Baseline | str:
    from vitalfew.stats.lifetimes import median_sample, restricted_mean_sample
    from vitalfew.stats.quantiles import quantile_sample

    if isinstance(row, QuantilesRow):
        units = row.n
        found = quantile_sample([row], [metric.quantile or 0.5])
    else:
        units = row.units
        horizon = metric.horizon or max(row.times, default=1.0)
        found = median_sample([row]) if metric.summary == "median" else restricted_mean_sample([row], [horizon])
    if found.reasons[0] is not None:
        return found.reasons[0]
    level, square = float(found.sample.level[0]), float(found.sample.variance[0] / found.sample.n[0])
    if not (math.isfinite(square) and square > 0):
        return "its standard error cannot be told from the data"
    return Baseline(key, level, math.sqrt(square * units), units, basis)
