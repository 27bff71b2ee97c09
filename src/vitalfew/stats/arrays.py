"""Effects of many (metric, segment, arm) at once: the vectorised core under `compare`.

Every array has one entry per comparison, `(m,)`. What cannot be computed is NaN, with the reason in `fault`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments

    Floats = NDArray[np.float64]

SMALLEST_P = 5e-324
"""Smallest positive float: what a p-value too small for floating point is set to, never 0."""
_EPSILON = float(np.finfo(np.float64).eps)
_FEWEST = 2  # units that a variance needs


class Fault(IntEnum):
    """Why a comparison has no interval."""

    NONE = 0
    TOO_FEW = 1
    VARIANCE_MISSING = 2
    ZERO_DENOMINATOR = 3
    CONSTANT = 4
    OUT_OF_RANGE = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """What a comparison needs of one arm; `(m,)` each.

    Attributes:
        n: units that count.
        shift: constant the location is relative to, so that differences of huge means keep their digits.
        mean: mean (or ratio of means) minus shift, in the metric's unit.
        variance: of one unit's contribution, so that variance / n is the squared standard error.
        fault: `Fault` of this arm alone.
    """

    n: Floats
    shift: Floats
    mean: Floats
    variance: Floats
    fault: NDArray[np.int64]

    @property
    def level(self) -> Floats:
        """Mean (or ratio) of each arm, in the metric's unit."""
        return self.shift + self.mean


@dataclass(frozen=True, slots=True)
class Differences:
    """Treatment minus control in the metric's unit; `(m,)` each, intervals `(number of confidences, m)`."""

    estimate: Floats
    se: Floats
    df: Floats
    p_value: Floats
    low: Floats
    high: Floats
    fault: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lifts:
    """Relative change, (treatment - control) / |control|, with its Fieller interval, `(m,)`.

    The interval is NaN where the control mean is not clearly non-zero: it would be unbounded. The estimate is NaN
    where the control mean is zero.
    """

    estimate: Floats
    low: Floats
    high: Floats


def sample(moments: Sequence[Moments], numerators: Sequence[str], denominators: Sequence[str | None]) -> Sample:
    """Collect arms for a comparison, one entry per (moments, numerator, denominator), `(m,)`.

    Without a denominator an entry is a mean. With one it is a ratio of means over the units that have both, with the
    variance of its linearisation (delta method): var(y) - 2 r cov(x, y) + r^2 var(x), over the squared mean of x
    (Deng, Knoblich & Lu 2018, section 3.1).
    """
    picked = np.array(
        [_one(m, y, x) for m, y, x in zip(moments, numerators, denominators, strict=True)], dtype=np.float64
    ).reshape(-1, 5)
    n, shift, mean, variance, fault = picked.T
    return Sample(n, shift, mean, variance, fault.astype(np.int64))


def differences(control: Sample, treatment: Sample, confidences: Sequence[float]) -> Differences:
    """Welch's test and intervals of treatment minus control (Welch 1947, eq. 28 for the degrees of freedom)."""
    from scipy.special import stdtr, stdtrit

    fault = np.maximum(control.fault, treatment.fault)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        estimate = (treatment.shift - control.shift) + (treatment.mean - control.mean)
        part_c, part_t = control.variance / control.n, treatment.variance / treatment.n
        squared = part_c + part_t
        se = np.sqrt(squared)
        # Shares of the variance, not the variances: their squares would overflow where the shares do not.
        df = 1.0 / ((part_c / squared) ** 2 / (control.n - 1) + (part_t / squared) ** 2 / (treatment.n - 1))
        fault = np.where((fault == Fault.NONE) & (squared == 0), Fault.CONSTANT, fault)
        fault = np.where((fault == Fault.NONE) & ~np.isfinite(estimate + se + df), Fault.OUT_OF_RANGE, fault)
        sound = fault == Fault.NONE
        se, df = np.where(sound, se, np.nan), np.where(sound, df, np.nan)
        p_value = np.maximum(2.0 * stdtr(df, -np.abs(estimate / se)), SMALLEST_P)
        half = np.array([stdtrit(df, 0.5 + confidence / 2.0) * se for confidence in confidences])
    known = ~np.isin(fault, (Fault.TOO_FEW, Fault.ZERO_DENOMINATOR)) & np.isfinite(estimate)
    estimate = np.where(known, estimate, np.nan)
    return Differences(estimate, se, df, np.where(sound, p_value, np.nan), estimate - half, estimate + half, fault)


def lifts(control: Sample, treatment: Sample, found: Differences, confidence: float = 0.95) -> Lifts:
    """Relative change with Fieller's interval (Fieller 1954), at the degrees of freedom of the absolute test.

    With c the control mean, d the difference and t the critical value, the interval holds every rho with
    (d - rho c)^2 <= t^2 (v_t + (1 + rho)^2 v_c). Zero is inside exactly when the absolute test at the same confidence
    does not reject, so the two never contradict each other.
    """
    from scipy.special import stdtrit

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        c, d = control.level, found.estimate
        v_c, v_t = control.variance / control.n, treatment.variance / treatment.n
        t2 = stdtrit(found.df, 0.5 + confidence / 2.0) ** 2
        leading = c * c - t2 * v_c
        middle = d * c + t2 * v_c
        root = np.sqrt(t2 * (v_c * (c + d) ** 2 + v_t * leading))
        bounded = leading > 0
        one, other = (middle - root) / leading, (middle + root) / leading
        # A negative control mean turns the ratio round: the sign of the lift stays that of the difference.
        low = np.where(c > 0, one, -other)
        high = np.where(c > 0, other, -one)
        estimate = np.where(c != 0, d / np.abs(c), np.nan)
    estimate = np.where(np.isfinite(estimate), estimate, np.nan)
    return Lifts(estimate, np.where(bounded, low, np.nan), np.where(bounded, high, np.nan))


def _one(moments: Moments, numerator: str, denominator: str | None) -> tuple[float, float, float, float, int]:
    """Units, shift, mean minus shift, variance of a contribution, and fault of one arm."""
    return _mean(moments, numerator) if denominator is None else _ratio(moments, numerator, denominator)


def _mean(moments: Moments, name: str) -> tuple[float, float, float, float, int]:
    at = moments.at(name)
    n, shift, mean = float(moments.n[at, at]), float(moments.shift[at]), float(moments.mean[at, at])
    if n < _FEWEST:
        return n, shift, mean if n else np.nan, np.nan, Fault.TOO_FEW
    rounding = 4 * _EPSILON * (shift + mean)
    return n, shift, mean, *_sound(float(moments.cross[at, at]) / (n - 1), rounding * rounding)


def _ratio(moments: Moments, numerator: str, denominator: str) -> tuple[float, float, float, float, int]:
    y, x = moments.at(numerator), moments.at(denominator)
    n = float(moments.n[y, x])
    if n < _FEWEST:
        return n, 0.0, np.nan, np.nan, Fault.TOO_FEW
    mean_y = float(moments.shift[y] + moments.mean[y, x])
    mean_x = float(moments.shift[x] + moments.mean[x, y])
    if mean_x == 0:
        return n, 0.0, np.nan, np.nan, Fault.ZERO_DENOMINATOR
    ratio = mean_y / mean_x
    var_y, var_x = moments.variance_of(numerator), ratio * ratio * moments.variance_of(denominator)
    variance = var_y - 2 * ratio * moments.covariance_of(numerator, denominator) + var_x
    # The terms cancel when the ratio is the same for every unit; what is left is their rounding.
    rounding = 16 * _EPSILON * (var_y + var_x + _EPSILON * mean_y * mean_y)
    variance, fault = _sound(variance, rounding)
    return n, 0.0, ratio, variance / mean_x / mean_x, fault


def _sound(variance: float, rounding: float) -> tuple[float, int]:
    """The variance: 0 when it is only rounding, missing when it is not given or cannot be one."""
    if np.isinf(variance) or np.isinf(rounding):
        return np.nan, Fault.OUT_OF_RANGE
    if np.isnan(variance) or variance < -rounding:
        return np.nan, Fault.VARIANCE_MISSING
    return (0.0 if variance <= rounding else variance), Fault.NONE
