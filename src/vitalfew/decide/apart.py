"""How far apart groups of raters weigh: the total variation distance of their weights."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.group_values import group_weight_draws
from vitalfew.results.rows import DistanceRow, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.results.rows import GroupWeightRow

_TAILS = (0.1, 0.9)


def distances(rows: Iterable[GroupWeightRow], seed: int = 0) -> tuple[DistanceRow, ...]:
    """Every pair of the groups that are shown, the farthest apart first; empty for fewer than two.

    The distance is half the sum of the absolute differences of mean weights. Its interval is of draws from the groups'
    weights, which scatter: between groups that weigh alike it lies somewhat above 0.

    Args:
        rows: weights of groups of five raters or more, smaller ones merged.
        seed: of the draws.
    """
    by_group: dict[str, list[GroupWeightRow]] = {}
    for row in rows:
        by_group.setdefault(row.group, []).append(row)
    factors = list(dict.fromkeys(row.factor for each in by_group.values() for row in each))
    means = {
        name: np.array([next((row.mean for row in each if row.factor == key), 0.0) for key in factors])
        for name, each in by_group.items()
    }
    draws = {name: group_weight_draws(seed, factors, each) for name, each in by_group.items()}
    found = []
    for one, other in combinations(by_group, 2):
        low, high = np.quantile(np.abs(draws[one] - draws[other]).sum(axis=0) / 2, _TAILS)
        mean = float(np.abs(means[one] - means[other]).sum() / 2)
        found.append(DistanceRow(one, other, Estimate(mean, min(float(low), mean), max(float(high), mean))))
    return tuple(sorted(found, key=lambda pair: -pair.share.estimate))
