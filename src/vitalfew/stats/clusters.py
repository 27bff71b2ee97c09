"""Clustered randomisation: whole clusters are dealt, and few clusters carry few degrees of freedom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Fault, Sample
from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.moments import Moments

_FEWEST = 2  # clusters' worth of information that a variance needs


def for_clusters(arms: Sample, moments: Sequence[Moments], denominators: Sequence[str]) -> Sample:
    """Correct ratios over clusters for few clusters of unequal size; `(m,)`.

    Residuals of clusters are smaller than the deviations they stand for, as their own cluster pulls the mean along.
    The variance is multiplied by what makes it unbiased when units inside a cluster are alike (a CR2-like factor: Bell
    & McCaffrey 2002, Survey Methodology 28): 1 / (1 - 2 b + a), with a = sum N^2 / (sum N)^2 and
    b = sum N^3 / (sum N sum N^2) over cluster sizes N. It keeps 1 / a - 1 degrees of freedom, as many as clusters of
    equal size with as much information would (Kish 1965, section 11.7). With independent units and very unequal
    clusters this is cautious.

    Args:
        arms: of `sample` or `adjusted`, ratios of cluster sums over cluster sizes.
        moments: over clusters, the same that `arms` came from.
        denominators: column of cluster sizes.
    """
    stack = Stack(moments)
    x = stack.places(denominators)
    n = stack.n(x, x)
    with np.errstate(all="ignore"):
        mean = stack.shift(x) + stack.mean(x, x)
        spread = stack.cross(x, x) / n / mean**2
        cubes = stack.third(x) / n / mean**3
        # Sizes without third moments are taken to be as skewed as a gamma distribution of their spread.
        cubes = np.where(np.isfinite(cubes), cubes, 2 * spread**2)
        a, b = (1 + spread) / n, (1 + 3 * spread + cubes) / (1 + spread) / n
        left = np.minimum(arms.freedom, 1 / a - 1 - (arms.n - 1 - arms.freedom))
        factor = (arms.n - 1) / arms.n / (1 - 2 * b + a)
        variance = arms.variance * factor
    known = (1 / a >= _FEWEST) & (left > 0) & (factor > 0)
    fault = np.where((arms.fault == Fault.NONE) & ~known, Fault.TOO_FEW, arms.fault)
    return Sample(
        arms.n, arms.shift, arms.mean, np.where(known, variance, np.nan), fault, np.where(known, left, np.nan)
    )
