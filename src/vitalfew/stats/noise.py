"""Variance of one unit's contribution, by kind of metric: what planning needs to know besides the effect.

Everywhere the squared standard error of an arm is variance / units. All functions work on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def of_proportion(share: ArrayLike) -> Floats:
    """Of a unit that does or does not: share (1 - share).

    >>> round(float(of_proportion(0.2)), 3)
    0.16
    """
    p = np.asarray(share, dtype=np.float64)
    return np.asarray(p * (1 - p))


def of_ratio(
    mean_y: ArrayLike, mean_x: ArrayLike, variance_y: ArrayLike, variance_x: ArrayLike, covariance: ArrayLike
) -> Floats:
    """Of a ratio of means y / x over units, linearised (Deng, Knoblich & Lu 2018, KDD, section 3.1).

    >>> round(float(of_ratio(3.0, 2.0, 4.0, 1.0, 0.5)), 4)
    1.1875
    """
    y, x, v_y, v_x, both = (
        np.asarray(part, dtype=np.float64) for part in (mean_y, mean_x, variance_y, variance_x, covariance)
    )
    ratio = y / x
    return np.asarray((v_y - 2 * ratio * both + ratio**2 * v_x) / x**2)


def of_quantile(q: ArrayLike, density: ArrayLike) -> Floats:
    """Of the q-quantile where the metric has this density there (in 1 / unit): q (1 - q) / density^2.

    >>> round(float(of_quantile(0.5, 1 / np.sqrt(2 * np.pi))), 4)
    1.5708
    """
    p, f = np.asarray(q, dtype=np.float64), np.asarray(density, dtype=np.float64)
    return np.asarray(p * (1 - p) / f**2)


def design_effect(cluster_size: ArrayLike, correlation: ArrayLike, variation: ArrayLike = 0.0) -> Floats:
    """Factor on the variance when whole clusters are randomised (Eldridge, Ashby & Kerry 2006, Int. J. Epidemiol. 35).

    Args:
        cluster_size: units per cluster on average.
        correlation: of two units in the same cluster (intraclass).
        variation: of cluster sizes, standard deviation / mean.

    >>> round(float(design_effect(20, 0.05)), 2)
    1.95
    """
    size, alike, cv = (np.asarray(part, dtype=np.float64) for part in (cluster_size, correlation, variation))
    return np.asarray(1 + (size * (1 + cv**2) - 1) * alike)
