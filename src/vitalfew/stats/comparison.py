"""Two arms compared on one metric: the readable face of the vectorised core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.arrays import SMALLEST_P, Fault, differences, lifts, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.arrays import Sample
    from vitalfew.stats.moments import Moments

WELCH = "difference of means, Welch's t"
DELTA = "difference of ratios of means, delta method, Welch's t"
FIELLER_CONFIDENCE = 0.95
UNBOUNDED_LIFT = "no interval for the relative change: the control mean is not clearly different from zero"
NO_LIFT = "no relative change: the control mean is zero"
TINY_P = "the p-value is smaller than a computer can write; the smallest number is shown"
PAIRS = "some units have only one of numerator and denominator; the ratio is over the units that have both"


class VarianceMissing(NotEnoughData):
    """The source gives no (possible) variance: the difference is known, its uncertainty is not."""


class Bounds(NamedTuple):
    """An interval; `confidence` as a share, bounds in the metric's unit."""

    confidence: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lift:
    """Relative change: (treatment - control) / |control|, 0.02 is +2 %. `reason` says why there is no interval."""

    estimate: float | None
    low: float | None
    high: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Treatment minus control on one metric.

    Attributes:
        estimate: difference in the metric's unit, never flipped by direction.
        se: its standard error.
        df: degrees of freedom (Satterthwaite).
        p_value: two-sided, of no difference; never 0.
        intervals: one per confidence asked for, in that order.
        relative: relative change with Fieller's 95 % interval.
        n_control: units of the control arm that have the metric.
        n_treatment: units of the treatment arm that have the metric.
        mean_control: mean (or ratio of means) of the control arm.
        mean_treatment: mean (or ratio of means) of the treatment arm.
        method: how it was computed, in words.
        notes: what a reader should know besides.
    """

    estimate: float
    se: float
    df: float
    p_value: float
    intervals: tuple[Bounds, ...]
    relative: Lift
    n_control: int
    n_treatment: int
    mean_control: float
    mean_treatment: float
    method: str
    notes: tuple[str, ...] = ()


def compare(
    control: Moments,
    treatment: Moments,
    *,
    numerator: str,
    denominator: str | None = None,
    confidences: Sequence[float] = (0.8, 0.95),
) -> Comparison:
    """Compare the mean of a column, or the ratio of two means, between two arms.

    Args:
        control: moments of the control arm's units.
        treatment: moments of the treatment arm's units, with the same columns.
        numerator: the column to compare; a 0/1 column makes it a difference of proportions.
        denominator: the column to divide by, for a ratio of means.
        confidences: of the two-sided intervals, as shares.

    Raises:
        VarianceMissing: the source gave no variance.
        NotEnoughData: fewer than two units in an arm, no variation in either arm, or a denominator of zero.

    References:
        Welch 1947, Biometrika 34, eq. 28; Fieller 1954, JRSS B 16; Deng, Knoblich & Lu 2018, KDD, section 3.1.

    >>> from vitalfew.stats import Moments, compare
    >>> old = Moments.of({"minutes": [4.0, 6.0, 5.0, 7.0, 3.0]})
    >>> new = Moments.of({"minutes": [6.0, 8.0, 7.0, 9.0, 5.0]})
    >>> found = compare(old, new, numerator="minutes")
    >>> found.estimate, round(found.p_value, 4)
    (2.0, 0.0805)
    >>> [round(bound, 2) for bound in found.intervals[1]]
    [0.95, -0.31, 4.31]
    """
    _check_confidences(confidences)
    arms = [sample([moments], [numerator], [denominator]) for moments in (control, treatment)]
    found = differences(arms[0], arms[1], confidences)
    if found.fault[0] != Fault.NONE:
        refuse(Fault(int(found.fault[0])), numerator, denominator, arms)
    relative = lifts(arms[0], arms[1], found, FIELLER_CONFIDENCE)
    p_value = float(found.p_value[0])
    notes = [TINY_P] if p_value <= SMALLEST_P else []
    if denominator is not None and not all(
        has_pairs(moments, numerator, denominator) for moments in (control, treatment)
    ):
        notes.append(PAIRS)
    return Comparison(
        estimate=float(found.estimate[0]),
        se=float(found.se[0]),
        df=float(found.df[0]),
        p_value=p_value,
        intervals=tuple(
            Bounds(confidence, float(found.low[at, 0]), float(found.high[at, 0]))
            for at, confidence in enumerate(confidences)
        ),
        relative=lift_of(float(relative.estimate[0]), float(relative.low[0]), float(relative.high[0])),
        n_control=int(arms[0].n[0]),
        n_treatment=int(arms[1].n[0]),
        mean_control=float(arms[0].level[0]),
        mean_treatment=float(arms[1].level[0]),
        method=WELCH if denominator is None else DELTA,
        notes=tuple(notes),
    )


def lift_of(estimate: float, low: float, high: float) -> Lift:
    """A relative change from numbers that may be NaN, with the reason for what is missing."""
    if np.isnan(estimate):
        return Lift(None, None, None, NO_LIFT)
    if np.isnan(low) or np.isnan(high):
        return Lift(estimate, None, None, UNBOUNDED_LIFT)
    return Lift(estimate, low, high)


def has_pairs(moments: Moments, numerator: str, denominator: str) -> bool:
    """Whether every unit that has one of the two columns has the other too."""
    y, x = moments.at(numerator), moments.at(denominator)
    return bool(moments.n[y, y] == moments.n[y, x] == moments.n[x, x])


def fault_sentence(fault: Fault, metric: str, units: tuple[int, int]) -> str:
    """Say why a metric has no interval; `units` with the metric in the control and the treatment arm."""
    control, treatment = units
    return {
        Fault.TOO_FEW: f"not enough data for '{metric}': {control:,} units in control and {treatment:,} in treatment",
        Fault.VARIANCE_MISSING: f"variance missing for '{metric}': its difference has no interval",
        Fault.ZERO_DENOMINATOR: f"not enough data for '{metric}': its denominator is zero in an arm",
        Fault.CONSTANT: f"not enough data for '{metric}': it is the same for every unit of both arms",
        Fault.OUT_OF_RANGE: f"the values of '{metric}' are too large, or too near zero, to compute with",
        Fault.NONE: "",
    }[fault]


def refuse(fault: Fault, numerator: str, denominator: str | None, arms: Sequence[Sample]) -> NoReturn:
    """Raise the error for a comparison that has no answer."""
    name = numerator if denominator is None else f"{numerator} / {denominator}"
    sentence = fault_sentence(fault, name, (int(arms[0].n[0]), int(arms[1].n[0])))
    if fault is Fault.VARIANCE_MISSING:
        raise VarianceMissing(sentence, expected="a variance per arm that is not negative")
    if fault is Fault.TOO_FEW:
        raise NotEnoughData(sentence, expected="at least two units in each arm")
    raise NotEnoughData(sentence)


def _check_confidences(confidences: Sequence[float]) -> None:
    wrong = [confidence for confidence in confidences if not 0 < confidence < 1]
    if wrong:
        raise UsageError(f"{wrong[0]} is no confidence", expected="a share between 0 and 1, for example 0.95")
