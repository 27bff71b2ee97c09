"""What experts say of a slope, beside what data say: a prior, and later a score.

A range of 80 % stands for a normal distribution. Where data identify a slope, both are combined by their precision;
where they do not, the range alone is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.basics import Estimate
from vitalfew.stats.normal import cdf, two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Link

    Floats = NDArray[np.float64]

_Z80 = two_sided(0.8)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A slope as an expert sees it: mean and standard deviation, child units per unit of the parent."""

    mean: float
    sd: float

    def score(self, estimate: float, se: float) -> float:
        """How likely an estimate at least so far from the opinion is, if both are right about their errors."""
        error = math.hypot(self.sd, se)
        return 2 * cdf(-abs(estimate - self.mean) / error) if error > 0 else float(estimate == self.mean)


def opinion_of(link: Link) -> Opinion | None:
    """What the definition of a link says of its slope; None without a range."""
    if link.low is None or link.high is None:
        return None
    return Opinion((link.low + link.high) / 2, abs(link.high - link.low) / 2 / _Z80)


def as_range(link: Link) -> Estimate | None:
    """The expert's range of 80 % as it was said."""
    if link.low is None or link.high is None:
        return None
    low, high = sorted((link.low, link.high))
    return Estimate((low + high) / 2, low, high)


def combined(slopes: Floats, covariance: Floats, opinions: Sequence[Opinion | None]) -> tuple[Floats, Floats]:
    """Slopes into one child `(p,)` with their covariance, joined with opinions on some of them by precision.

    One opinion shifts the other slopes too, as far as the data cannot tell them apart. An opinion without doubt fixes
    its slope.

    >>> mean, cov = combined(np.array([1.0]), np.array([[0.04]]), [Opinion(0.0, 0.2)])
    >>> mean.round(3).tolist(), cov.round(3).tolist()
    ([0.5], [[0.02]])
    """
    mean, spread = np.array(slopes, dtype=np.float64), np.array(covariance, dtype=np.float64)
    for at, opinion in enumerate(opinions):
        if opinion is None:
            continue
        total = spread[at, at] + opinion.sd**2
        if not total > 0:
            continue
        gain = spread[:, at] / total
        mean = mean + gain * (opinion.mean - mean[at])
        spread = spread - np.outer(gain, spread[at])
        spread = (spread + spread.T) / 2
    return mean, spread
