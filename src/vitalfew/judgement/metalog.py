"""A forecast of three quantiles as a distribution: the three-term metalog, else two half-normals.

Source: Keelin (2016), "The Metalog Distributions", Decision Analysis 13(4): equations 6 and 11 with three terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    type Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

FEASIBLE = (0.167, 0.833)
"""Bounds of (p50 - p10) / (p90 - p10) between which three terms give a rising quantile function."""

_K = math.log(9.0)  # the logit of 0.9
_Z90 = 1.2815515655446004  # the normal quantile of 0.9
_FARTHEST_LOGIT = 36.0  # beyond, a probability is 0 or 1 in double precision
_MOST_STEPS, _ENOUGH = 60, 1e-13


class Distribution(Protocol):
    """A continuous distribution by its quantile function and moments, in the metric's unit."""

    @property
    def mean(self) -> float:
        """The mean."""

    @property
    def variance(self) -> float:
        """The variance."""

    def quantile(self, u: ArrayLike) -> Array:
        """The quantile at `u`, an array of probabilities of any shape; infinite at 0 and 1."""

    def cdf(self, x: float) -> float:
        """P(X <= x)."""

    def distance(self, x: float) -> float:
        """E|X - x|."""

    @property
    def difference(self) -> float:
        """E|X - X'| of two independent draws: Gini's mean difference."""


class Quantiled(Protocol):
    """Anything with three quantiles and P(no effect): a promise, a forecast."""

    @property
    def p10(self) -> float:
        """The 10 % quantile, given that there is an effect."""

    @property
    def p50(self) -> float:
        """The median, given that there is an effect."""

    @property
    def p90(self) -> float:
        """The 90 % quantile, given that there is an effect."""

    @property
    def p_zero(self) -> float:
        """P(no effect)."""


@dataclass(frozen=True, slots=True)
class Metalog:
    """Quantile function a1 + a2 logit(u) + a3 (u - 1/2) logit(u)."""

    a1: float
    a2: float
    a3: float

    @property
    def mean(self) -> float:
        """The mean: a1 + a3 / 2."""
        return self.a1 + self.a3 / 2

    @property
    def variance(self) -> float:
        """The variance: a2² pi²/3 + a3² (1/12 + pi²/36)."""
        return self.a2**2 * math.pi**2 / 3 + self.a3**2 * (1 / 12 + math.pi**2 / 36)

    def quantile(self, u: ArrayLike) -> Array:
        """The quantile at `u`."""
        import numpy as np

        share = np.asarray(u, dtype=np.float64)
        with np.errstate(divide="ignore"):
            logit = np.log(share) - np.log1p(-share)
        return np.asarray(self.a1 + (self.a2 + self.a3 * (share - 0.5)) * logit)

    def cdf(self, x: float) -> float:
        """P(X <= x): the logit of it by Newton's method, by halves where that leaves the bracket."""
        low, high, at = -_FARTHEST_LOGIT, _FARTHEST_LOGIT, 0.0
        for _ in range(_MOST_STEPS):
            u = 1 / (1 + math.exp(-at))
            scale = self.a2 + self.a3 * (u - 0.5)
            beyond = self.a1 + scale * at - x
            low, high = (at, high) if beyond < 0 else (low, at)
            step = beyond / (scale + self.a3 * at * u * (1 - u))
            if abs(step) < _ENOUGH:
                break
            at = at - step if low < at - step < high else (low + high) / 2
        return 1 / (1 + math.exp(-at))

    def distance(self, x: float) -> float:
        """E|X - x|: twice the integral of the quantiles above x less x, less the mean of that."""
        u = self.cdf(x)
        if not 0 < u < 1:
            return abs(self.mean - x)
        entropy = -u * math.log(u) - (1 - u) * math.log1p(-u)
        skewed = 0.5 * (1 - u) * (1 + u * math.log(u / (1 - u)))
        above = self.a1 * (1 - u) + self.a2 * entropy + self.a3 * skewed
        return 2 * (above - x * (1 - u)) - (self.mean - x)

    @property
    def difference(self) -> float:
        """E|X - X'|: 2 a2, whatever the skew."""
        return 2 * self.a2


@dataclass(frozen=True, slots=True)
class SplitNormal:
    """Two half-normals that meet at the median, each with half of the mass; `below` and `above` are their sds."""

    median: float
    below: float
    above: float

    @property
    def mean(self) -> float:
        """The median plus (above - below) / sqrt(2 pi)."""
        return self.median + (self.above - self.below) / math.sqrt(2 * math.pi)

    @property
    def variance(self) -> float:
        """The mean of both squared sds, less the squared shift of the mean from the median."""
        return (self.below**2 + self.above**2) / 2 - (self.mean - self.median) ** 2

    def quantile(self, u: ArrayLike) -> Array:
        """The quantile at `u`."""
        import numpy as np
        from scipy.special import ndtri

        z = ndtri(np.asarray(u, dtype=np.float64))
        with np.errstate(invalid="ignore"):  # no spread times an infinite z
            spread = np.where(z < 0, self.below * z, self.above * z)
        return np.asarray(self.median + np.nan_to_num(spread, nan=0.0, posinf=np.inf, neginf=-np.inf))

    def cdf(self, x: float) -> float:
        """P(X <= x); a half without spread has all of its mass at the median."""
        sd = self.below if x < self.median else self.above
        if sd == 0:
            return 0.0 if x < self.median else 1.0
        return 0.5 * math.erfc((self.median - x) / sd / math.sqrt(2))

    def distance(self, x: float) -> float:
        """E|X - x|, half by half."""
        return 0.5 * (_half_distance(self.median - x, self.below) + _half_distance(x - self.median, self.above))

    @property
    def difference(self) -> float:
        """E|X - X'|: (below + above) / sqrt(pi)."""
        return (self.below + self.above) / math.sqrt(math.pi)


def _half_distance(x: float, sd: float) -> float:
    """E| |Z| sd - x | for a standard normal Z."""
    mean = sd * math.sqrt(2 / math.pi)
    if x <= 0 or sd == 0:
        return abs(mean - x)
    z = x / sd
    below = x * math.erf(z / math.sqrt(2)) - mean * (1 - math.exp(-0.5 * z * z))
    return 2 * below + mean - x


def fit(p10: float, p50: float, p90: float) -> Distribution:
    """The distribution with these quantiles.

    Args:
        p10: 10 % quantile.
        p50: median, not below p10.
        p90: 90 % quantile, not below p50.

    Raises:
        ValueError: the quantiles do not rise.
    """
    if not p10 <= p50 <= p90:
        raise ValueError("p10, p50 and p90 must rise")
    width = p90 - p10
    position = (p50 - p10) / width if width else 0.5
    if width and FEASIBLE[0] < position < FEASIBLE[1]:
        return Metalog(p50, width / (2 * _K), (1 - 2 * position) * width / (0.8 * _K))
    return SplitNormal(p50, (p50 - p10) / _Z90, (p90 - p50) / _Z90)


def sample(promise: Quantiled, u: ArrayLike) -> Array:
    """Draw from a promise: its distribution, mixed with a point mass P(no effect) at 0.

    This is the quantile function of the mixture, so it rises in `u`: common random numbers stay common.

    Args:
        promise: quantiles and P(no effect).
        u: uniform numbers strictly between 0 and 1, of any shape.

    Returns:
        Effects in the metric's unit, of the same shape.
    """
    import numpy as np

    share = np.asarray(u, dtype=np.float64)
    effect = 1.0 - promise.p_zero
    if effect <= 0:
        return np.zeros_like(share)
    distribution = fit(promise.p10, promise.p50, promise.p90)
    below = distribution.quantile(np.minimum(share / effect, 1.0))
    above = distribution.quantile(np.maximum((share - promise.p_zero) / effect, 0.0))
    # Beyond the mass of effects lies that of none: a forecast whose range ends on one side of zero has no tail there.
    is_loss, is_gain = (below < 0) & (share < effect), (above > 0) & (share > promise.p_zero)
    return np.where(is_loss, below, np.where(is_gain, above, 0.0))


def moments(promise: Quantiled) -> tuple[float, float]:
    """Mean and variance of a promise with its point mass at 0."""
    distribution = fit(promise.p10, promise.p50, promise.p90)
    effect = 1.0 - promise.p_zero
    mean = effect * distribution.mean
    return mean, effect * (distribution.variance + distribution.mean**2) - mean**2
