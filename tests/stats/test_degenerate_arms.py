"""Arms that say nothing (empty, one unit, constant, missing, huge): no exception, no infinity, no p-value of zero."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from vitalfew.stats import Moments
from vitalfew.stats.arrays import Differences, differences, sample
from vitalfew.stats.clusters import for_clusters
from vitalfew.stats.outliers import influence, outlier_warnings
from vitalfew.stats.regression import adjusted
from vitalfew.stats.skew import skew_warnings
from vitalfew.stats.strata import left_out, stratified

COLUMNS: list[list[float]] = [
    [], [1.0], [1.0, 2.0], [math.nan] * 5, [3.0] * 30, [0.0] * 30, list(np.arange(30.0)), [1e308] * 3,
    [1e308, -1e308] * 15, [1e-300, 2e-300] * 15, [math.nan, 1.0, 2.0] * 10, [1e12, 1e12 + 1] * 15,
]  # fmt: skip


def _moments(y: list[float], x: list[float]) -> Moments:
    n = max(len(y), len(x))
    y, x = ((column + [math.nan] * n)[:n] for column in (y, x))
    return Moments.of({"y": y, "x": x, "z": np.arange(float(n)), "y/before": y})


def _is_sober(found: Differences) -> None:
    known = np.isfinite(found.p_value)
    assert known.any()
    assert (found.p_value[known] > 0).all()
    assert not np.isinf(found.estimate).any()


@pytest.mark.parametrize("bottom", [None, "x"])
def test_every_estimator_answers_soberly_on_3024_pairs_of_strange_arms(bottom: str | None) -> None:
    arms = [_moments(y, x) for y, x in product(COLUMNS, COLUMNS)]
    one, two = (list(side) for side in zip(*product(arms, arms[::7]), strict=True))
    tops, bottoms, sizes = ["y"] * len(one), [bottom] * len(one), ["x"] * len(one)
    cells = [list(zip(one, two, strict=True)), list(zip(two, one, strict=True))]
    found = adjusted(one, two, tops, bottoms, [("y/before", "z", "x")] * len(one))
    _is_sober(differences(found.control, found.treatment, (0.95,)))
    control, treatment = stratified(cells, tops, bottoms)
    _is_sober(differences(control, treatment, (0.95,)))
    control, treatment = for_clusters(found.control, one, sizes), for_clusters(found.treatment, two, sizes)
    _is_sober(differences(control, treatment, (0.95,)))
    plain = differences(sample(one, tops, bottoms), sample(two, tops, bottoms), (0.95,))
    assert len(outlier_warnings(plain, influence(one, two, tops, bottoms))) == len(one)
    assert len(skew_warnings(one, two, tops, bottoms)) == len(left_out(cells, tops)) == len(one)
