"""Effects of many (metric, segment, arm) at once: the vectorised core under `compare`.

Every array has one entry per comparison, `(m,)`. What cannot be computed is NaN, with the reason in `fault`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.stats.stack import Stack, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments
    from vitalfew.stats.stack import Places

    Floats = NDArray[np.float64]
    Faults = NDArray[np.int64]

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
        df: degrees of freedom of the variance; n - 1 when None.
    """

    n: Floats
    shift: Floats
    mean: Floats
    variance: Floats
    fault: Faults
    df: Floats | None = None

    @classmethod
    def joined(cls, parts: Sequence[Sample]) -> Sample:
        """Entries of several samples after each other."""
        fields = zip(*((one.n, one.shift, one.mean, one.variance, one.freedom) for one in parts), strict=True)
        n, shift, mean, variance, freedom = (np.concatenate(field) for field in fields)
        return cls(n, shift, mean, variance, np.concatenate([one.fault for one in parts]), freedom)

    @property
    def freedom(self) -> Floats:
        """Degrees of freedom of the variance."""
        return self.n - 1 if self.df is None else self.df

    def only(self, at: int) -> Sample:
        """One entry, `(1,)`."""
        one = slice(at, at + 1)
        df = None if self.df is None else self.df[one]
        return Sample(self.n[one], self.shift[one], self.mean[one], self.variance[one], self.fault[one], df)

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
    fault: Faults


@dataclass(frozen=True, slots=True)
class Lifts:
    """Relative change, (treatment - control) / |control|, with its Fieller interval, `(m,)`.

    The interval is NaN where the control mean is not clearly non-zero: it would be unbounded. The estimate is NaN
    where the control mean is zero.
    """

    estimate: Floats
    low: Floats
    high: Floats


class Columns(NamedTuple):
    """Places of numerators and denominators in a stack, `(m,)` each; those of a mean are the same. `ratio`: no mean."""

    y: Places
    x: Places
    ratio: NDArray[np.bool_]


def sample(moments: Sequence[Moments], numerators: Sequence[str], denominators: Sequence[str | None]) -> Sample:
    """Collect arms for a comparison, one entry per (moments, numerator, denominator), `(m,)`.

    Without a denominator an entry is a mean. With one it is a ratio of means over the units that have both, with the
    variance of its linearisation (delta method): var(y) - 2 r cov(x, y) + r^2 var(x), over the squared mean of x
    (Deng, Knoblich & Lu 2018, section 3.1).
    """
    parts = []
    for at in blocks(moments):
        stack = Stack(moments[at])
        parts.append(gathered(stack, columns(stack, numerators[at], denominators[at])))
    return parts[0] if len(parts) == 1 else Sample.joined(parts)


def columns(stack: Stack, numerators: Sequence[str], denominators: Sequence[str | None]) -> Columns:
    """Look up the columns of means and ratios."""
    y, ratio = stack.places(numerators), np.array([name is not None for name in denominators], dtype=bool)
    if not ratio.any():
        return Columns(y, y, ratio)
    bottoms = [top if bottom is None else bottom for top, bottom in zip(numerators, denominators, strict=True)]
    return Columns(y, stack.places(bottoms), ratio)


def gathered(stack: Stack, asked: Columns) -> Sample:
    """`sample` of Moments that were laid end to end already."""
    found = _means(stack, asked.y)
    if not asked.ratio.any():
        return found
    pairs = zip(_parts(found), _parts(_ratios(stack, asked.y, asked.x)), strict=True)
    n, shift, mean, variance, fault = (np.where(asked.ratio, two, one) for one, two in pairs)
    return Sample(n, shift, mean, variance, fault.astype(np.int64))


def differences(control: Sample, treatment: Sample, confidences: Sequence[float]) -> Differences:
    """Welch's test and intervals of treatment minus control (Welch 1947, eq. 28 for the degrees of freedom)."""
    return contrast((treatment, control), (1.0, -1.0), confidences)


def contrast(samples: Sequence[Sample], signs: Sequence[float], confidences: Sequence[float]) -> Differences:
    """Welch's test of a sum of independent arms, each with its sign: treatment minus control, or a 2 x 2 interaction.

    Args:
        samples: the arms, with one shared shift when their means are huge.
        signs: weight of each arm's mean, in the same order.
        confidences: of the two-sided intervals, as shares.
    """
    from scipy.special import stdtr, stdtrit

    fault = np.maximum.reduce([one.fault for one in samples])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore", under="ignore"):
        # Shifts cancel among themselves before the means are added to them.
        estimate = _sum([sign * one.shift for sign, one in zip(signs, samples, strict=True)])
        estimate = estimate + _sum([sign * one.mean for sign, one in zip(signs, samples, strict=True)])
        parts = [sign * sign * one.variance / one.n for sign, one in zip(signs, samples, strict=True)]
        squared = _sum(parts)
        se = np.sqrt(squared)
        # Shares of the variance, not the variances: their squares would overflow where the shares do not.
        df = 1.0 / _sum([(part / squared) ** 2 / one.freedom for part, one in zip(parts, samples, strict=True)])
        fault = np.where((fault == Fault.NONE) & (squared == 0), Fault.CONSTANT, fault)
        fault = np.where((fault == Fault.NONE) & ~np.isfinite(estimate + se + df), Fault.OUT_OF_RANGE, fault)
        fault = np.where((fault == Fault.VARIANCE_MISSING) & ~np.isfinite(estimate), Fault.OUT_OF_RANGE, fault)
        sound = fault == Fault.NONE
        se, df = np.where(sound, se, np.nan), np.where(sound, df, np.nan)
        p_value = np.maximum(2.0 * stdtr(df, -np.abs(estimate / se)), SMALLEST_P)
        # From the lower tail, where a confidence near 1 keeps its digits.
        half = np.array([-stdtrit(df, (1.0 - confidence) / 2.0) * se for confidence in confidences])
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

    with np.errstate(all="ignore"):
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


def _means(stack: Stack, y: Places) -> Sample:
    n, shift, mean = stack.n(y, y), stack.shift(y), stack.mean(y, y)
    with np.errstate(all="ignore"):
        rounding = 4 * _EPSILON * (shift + mean)
        variance, fault = sound(stack.cross(y, y) / (n - 1), rounding * rounding)
    few = n < _FEWEST
    mean = np.where(n > 0, mean, np.nan)
    return Sample(n, shift, mean, np.where(few, np.nan, variance), np.where(few, Fault.TOO_FEW, fault))


def _ratios(stack: Stack, y: Places, x: Places) -> Sample:
    n = stack.n(y, x)
    with np.errstate(all="ignore"):
        mean_y, mean_x = stack.shift(y) + stack.mean(y, x), stack.shift(x) + stack.mean(x, y)
        ratio = mean_y / mean_x
        var_y = stack.cross(y, y) / (stack.n(y, y) - 1)
        var_x = ratio * ratio * (stack.cross(x, x) / (stack.n(x, x) - 1))
        variance = var_y - 2 * ratio * (stack.cross(y, x) / (n - 1)) + var_x
        # The terms cancel when the ratio is the same for every unit; what is left is their rounding.
        rounding = 16 * _EPSILON * (var_y + var_x + _EPSILON * mean_y * mean_y)
        variance, fault = sound(np.where(np.isinf(mean_y * mean_y), np.inf, variance), rounding)
        variance = variance / mean_x / mean_x
    few, zero = n < _FEWEST, mean_x == 0
    fault = np.where(few, Fault.TOO_FEW, np.where(zero, Fault.ZERO_DENOMINATOR, fault))
    none = few | zero
    return Sample(n, np.zeros(len(n)), np.where(none, np.nan, ratio), np.where(none, np.nan, variance), fault)


def sound(variance: Floats, rounding: Floats) -> tuple[Floats, Faults]:
    """The variance, 0 when it is only rounding, NaN when it is not given or cannot be one; and the fault."""
    large = np.isinf(variance) | np.isinf(rounding)
    missing = ~large & (np.isnan(variance) | (variance < -rounding))
    kept = np.where(variance <= rounding, 0.0, variance)
    fault = np.where(large, Fault.OUT_OF_RANGE, np.where(missing, Fault.VARIANCE_MISSING, Fault.NONE))
    return np.where(large | missing, np.nan, kept), fault


def _parts(found: Sample) -> tuple[NDArray[np.generic], ...]:
    return found.n, found.shift, found.mean, found.variance, found.fault


def _sum(parts: Sequence[Floats]) -> Floats:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
