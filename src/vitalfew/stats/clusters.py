"""Clustered randomisation: whole clusters are dealt, and few clusters carry few degrees of freedom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Fault, Sample
from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.moments import Moments


def for_clusters(arms: Sample, moments: Sequence[Moments], denominators: Sequence[str]) -> Sample:
    """Correct ratios over clusters for few clusters of unequal size; `(m,)`.

    With clusters of sizes N_g, an arm has as many clusters' worth of information as G = (sum N_g)^2 / sum N_g^2
    (Kish 1965, section 11.7): residuals are too small by (G - 1) / G when units are independent, as CR2 corrects
    (Bell & McCaffrey 2002), and G - 1 degrees of freedom are left.

    Args:
        arms: of `sample` or `adjusted`, ratios of cluster sums over cluster sizes.
        moments: over clusters, the same that `arms` came from.
        denominators: column of cluster sizes.
    """
    stack = Stack(moments)
    x = stack.places(denominators)
    n = stack.n(x, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = stack.shift(x) + stack.mean(x, x)
        effective = n / (1 + stack.cross(x, x) / n / mean**2)
        lost = arms.n - 1 - arms.freedom
        left = np.minimum(arms.freedom, effective - 1 - lost)
        variance = arms.variance * (arms.n - 1) / arms.n * effective / (effective - 1)
    known = np.isfinite(left) & (left > 0)
    fault = np.where((arms.fault == Fault.NONE) & ~known, Fault.TOO_FEW, arms.fault)
    return Sample(
        arms.n, arms.shift, arms.mean, np.where(known, variance, np.nan), fault, np.where(known, left, np.nan)
    )
