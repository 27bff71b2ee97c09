"""How much one unit matters: each arm's largest or smallest value taken away, exactly, from Moments alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.stats.arrays import Fault, Sample, differences, sample
from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.arrays import Differences
    from vitalfew.stats.moments import Moments

End = Literal["low", "high"]
ENDS: tuple[End, End] = ("low", "high")
SIDES = ("control", "treatment")
LEVEL = 0.05
_ROUNDING = 1e-13  # of sums of squares


@dataclass(frozen=True, slots=True)
class Influence:
    """The comparison without one unit; every field holds `m` comparisons, NaN where the extremes are not known.

    Ratios have no influence: the denominator of the unit with the largest numerator is not known.
    """

    control_low: Differences
    control_high: Differences
    treatment_low: Differences
    treatment_high: Differences


def influence(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
    confidences: Sequence[float] = (0.95,),
) -> Influence:
    """Recompute every comparison without the smallest or largest unit of each arm; one entry per comparison, `(m,)`."""
    arms = {"control": control, "treatment": treatment}
    whole = {side: sample(moments, numerators, denominators) for side, moments in arms.items()}
    ratio = np.array([name is not None for name in denominators], dtype=bool)
    found = {}
    for side in SIDES:
        stack = Stack(arms[side])
        for end in ENDS:
            less = _without(whole[side], stack, stack.places(numerators), end, ratio)
            one, two = (less if name == side else whole[name] for name in SIDES)
            found[f"{side}_{end}"] = differences(one, two, confidences)
    return Influence(**found)


def outlier_warnings(found: Differences, without: Influence, level: float = LEVEL) -> list[str | None]:
    """A sentence where one unit decides: without it the effect is significant and was not, or the other way round."""
    sentences: list[str | None] = [None] * len(found.p_value)
    before = found.p_value < level
    for side in SIDES:
        for end in ENDS:
            less: Differences = getattr(without, f"{side}_{end}")
            turned = np.isfinite(less.p_value) & np.isfinite(found.p_value) & ((less.p_value < level) != before)
            for at in np.flatnonzero(turned):
                which = "largest" if end == "high" else "smallest"
                sentences[at] = (
                    f"one unit decides: without the {which} value of {side} the difference is {less.estimate[at]:.4g}"
                    f" (p {less.p_value[at]:.2g} at one look) instead of {found.estimate[at]:.4g}"
                    f" (p {found.p_value[at]:.2g} at one look);"
                    " look at that unit, or cap the metric"
                )
    return sentences


def _without(arm: Sample, stack: Stack, y: NDArray[np.intp], end: End, ratio: NDArray[np.bool_]) -> Sample:
    extreme = stack.high(y) if end == "high" else stack.low(y)
    n = arm.n - 1
    with np.errstate(all="ignore"):
        away = extreme - arm.mean
        mean = arm.mean - away / n
        squares = arm.variance * n
        left = squares - away * away * arm.n / n
        # What rounding leaves of values that are all the same is no variation.
        variance = np.where(left > _ROUNDING * squares, left, 0.0) / (n - 1)
    known = ~ratio & np.isfinite(extreme)
    fault = np.where(n < 2, Fault.TOO_FEW, np.where(known, arm.fault, Fault.VARIANCE_MISSING))  # noqa: PLR2004 - a variance needs two
    return Sample(n, arm.shift, np.where(known, mean, np.nan), np.where(known, variance, np.nan), fault)
