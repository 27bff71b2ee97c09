"""Two arms compared on one metric: the readable face of the vectorised core."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn, get_args

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.always_valid import BURN_IN, UNPLANNED, half_widths, p_values
from vitalfew.stats.arrays import SMALLEST_P, Fault, differences, lifts
from vitalfew.stats.normal import check_confidence
from vitalfew.stats.regression import adjusted
from vitalfew.stats.skew import skew_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.arrays import Sample
    from vitalfew.stats.moments import Moments

Mode = Literal["fixed", "always_valid"]

WELCH = "difference of means, Welch's t"
DELTA = "difference of ratios of means, delta method, Welch's t"
FIELLER_CONFIDENCE = 0.95
UNBOUNDED_LIFT = "no interval for the relative change: the control mean is not clearly different from zero"
NO_LIFT = "no relative change: the control mean is zero"
TINY_P = "the p-value is smaller than a computer can write; the smallest number is shown"
TOO_EARLY = f"too early for an interval that holds at any time: it begins at {BURN_IN} units of both arms together"
NOBODY_PLANNED = (
    f"nobody planned a number of units: the interval is narrowest at {UNPLANNED:,}, and holds at any number"
)
OTHER_MODES = {
    "group_sequential": "compare in mode fixed and give estimate and se to vitalfew.stats.stopped",
    "bayesian": "compare in mode fixed and give estimate and se to vitalfew.stats.posterior",
}
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
        mean_control: mean (or ratio of means) of the control arm, as adjusted.
        mean_treatment: mean (or ratio of means) of the treatment arm, as adjusted.
        method: how it was computed, in words.
        notes: what a reader should know besides.
        mode: what the p-value and intervals promise: to be right at one look, or at all.
        planned: units at which always-valid intervals are narrowest; None in mode fixed.
        reduction: share of the squared standard error that covariates took away.
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
    mode: Mode = "fixed"
    planned: float | None = None
    reduction: float = 0.0


def compare(
    control: Moments,
    treatment: Moments,
    *,
    numerator: str,
    denominator: str | None = None,
    covariates: Sequence[str] = (),
    mode: Mode = "fixed",
    planned: float | None = None,
    confidences: Sequence[float] = (0.8, 0.95),
) -> Comparison:
    """Compare the mean of a column, or the ratio of two means, between two arms.

    Args:
        control: moments of the control arm's units.
        treatment: moments of the treatment arm's units, with the same columns.
        numerator: the column to compare; a 0/1 column makes it a difference of proportions.
        denominator: the column to divide by, for a ratio of means.
        covariates: columns measured before the exposure to adjust for (CUPED); those that cannot be used are noted.
        mode: "fixed" for one look that was planned beforehand, "always_valid" for any look at any time. For the other
            modes give `estimate` and `se` to `posterior`, or to `stopped` with `boundaries`.
        planned: units of both arms together at which always-valid intervals are to be narrowest.
        confidences: of the two-sided intervals, as shares.

    Raises:
        VarianceMissing: the source gave no variance.
        NotEnoughData: fewer than two units in an arm, no variation in either arm, or a denominator of zero.
        UsageError: no such column or mode, a confidence that is no share, planned units that are no number above 0.

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
    for confidence in confidences:
        check_confidence(confidence)
    _check_mode(mode, planned)
    name = numerator if denominator is None else f"{numerator} / {denominator}"
    fit = adjusted([control], [treatment], [numerator], [denominator], [_listed(covariates)])
    method = WELCH if denominator is None else DELTA
    if fit.used[0]:
        method += f", adjusted for {', '.join(fit.used[0])}"
    notes = [*fit.notes[0], *filter(None, skew_warnings([control], [treatment], [numerator], [denominator]))]
    if denominator is not None and not all(
        has_pairs(moments, numerator, denominator) for moments in (control, treatment)
    ):
        notes.append(PAIRS)
    found = comparison_of((fit.control, fit.treatment), name, confidences, method, notes)
    found = replace(found, reduction=float(fit.reduction[0]))
    return found if mode == "fixed" else _any_time(found, (fit.control, fit.treatment), planned)


def comparison_of(
    arms: tuple[Sample, Sample], name: str, confidences: Sequence[float], method: str, notes: Sequence[str] = ()
) -> Comparison:
    """Compare two arms of one entry each at one look that was planned beforehand; `name` for errors.

    Raises:
        VarianceMissing: the source gave no variance.
        NotEnoughData: there is no answer.
    """
    found = differences(arms[0], arms[1], confidences)
    if found.fault[0] != Fault.NONE:
        refuse(Fault(int(found.fault[0])), name, arms)
    relative = lifts(arms[0], arms[1], found, FIELLER_CONFIDENCE)
    p_value = float(found.p_value[0])
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
        method=method,
        notes=(*notes, *([TINY_P] if p_value <= SMALLEST_P else [])),
    )


def _any_time(found: Comparison, arms: tuple[Sample, Sample], planned: float | None) -> Comparison:
    """The comparison with the p-value and intervals that hold at any look."""
    n = found.n_control + found.n_treatment
    best = float(UNPLANNED if planned is None else planned)
    notes = [note for note in found.notes if note != TINY_P]
    if planned is None:
        notes.append(NOBODY_PLANNED)
    p_value = float(p_values(found.estimate, found.se, n, best))
    if n < BURN_IN:
        nothing = Lift(found.relative.estimate, None, None, TOO_EARLY)
        changes: dict[str, object] = {"intervals": (), "relative": nothing}
        notes.append(TOO_EARLY)
    else:
        halves = [
            (bound.confidence, float(half_widths(found.se, n, best, bound.confidence))) for bound in found.intervals
        ]
        changes = {
            "intervals": tuple(Bounds(share, found.estimate - half, found.estimate + half) for share, half in halves),
            "relative": _wider_lift(found, arms, float(half_widths(1.0, n, best, FIELLER_CONFIDENCE))),
        }
    if p_value <= SMALLEST_P:
        notes.append(TINY_P)
    changes |= {"p_value": p_value, "notes": tuple(notes), "mode": "always_valid", "planned": best}
    return replace(found, **changes)  # type: ignore[arg-type] # fields by name


def _wider_lift(found: Comparison, arms: tuple[Sample, Sample], critical: float) -> Lift:
    """Relative change at another critical value: Fieller's interval with variances that much larger."""
    from scipy.special import stdtrit

    factor = (critical / float(stdtrit(found.df, 0.5 + FIELLER_CONFIDENCE / 2))) ** 2
    one, other = (replace(arm, variance=arm.variance * factor) for arm in arms)
    wider = lifts(one, other, differences(*arms, ()), FIELLER_CONFIDENCE)
    return lift_of(float(wider.estimate[0]), float(wider.low[0]), float(wider.high[0]))


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


def fault_sentence(fault: Fault, metric: str, units: tuple[int, int], of: Literal["unit", "cluster"] = "unit") -> str:
    """Say why a metric has no interval; `units` (or clusters) with the metric in the control and the treatment arm."""
    control, treatment = units
    counted = f"{control:,} {of}{'' if control == 1 else 's'} in control and {treatment:,} in treatment"
    if of == "cluster":
        counted += "; unequal clusters weigh like fewer equal ones, and each arm needs more than two of these"
    return {
        Fault.TOO_FEW: f"not enough data for '{metric}': {counted}",
        Fault.VARIANCE_MISSING: f"variance missing for '{metric}': its difference has no interval",
        Fault.ZERO_DENOMINATOR: f"not enough data for '{metric}': its denominator is zero in an arm",
        Fault.CONSTANT: f"not enough data for '{metric}': it does not vary between the units of an arm",
        Fault.OUT_OF_RANGE: f"the values of '{metric}' are too large, or too near zero, to compute with",
        Fault.NONE: "",
    }[fault]


def refuse(fault: Fault, name: str, arms: Sequence[Sample]) -> NoReturn:
    """Raise the error for a comparison that has no answer."""
    sentence = fault_sentence(fault, name, (int(arms[0].n[0]), int(arms[1].n[0])))
    if fault is Fault.VARIANCE_MISSING:
        raise VarianceMissing(sentence, expected="a variance per arm that is not negative")
    if fault is Fault.TOO_FEW:
        raise NotEnoughData(sentence, expected="at least two units in each arm")
    raise NotEnoughData(sentence)


def _listed(covariates: Sequence[str]) -> tuple[str, ...]:
    return (covariates,) if isinstance(covariates, str) else tuple(covariates)


def _check_mode(mode: str, planned: float | None) -> None:
    known = get_args(Mode)
    if mode not in known:
        raise UsageError(f"a comparison has no mode '{mode}'", expected=" or ".join(known), hint=OTHER_MODES.get(mode))
    if planned is not None and not 0 < planned < math.inf:
        raise UsageError(f"{planned:g} planned units", expected="a number above 0, of both arms together")
