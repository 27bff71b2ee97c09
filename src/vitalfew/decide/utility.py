"""What a change of a factor is worth: its utility, between 0 at the worst end of the range and 1 at the best.

Utilities are taken over z, the place on the range in the good direction (0 worst, 1 best), so that neither the unit nor
the order of the range's ends matters. Beyond an end the curve goes on as a straight line with its slope there.
Source: Keeney and Raiffa (1976), "Decisions with Multiple Objectives", chapters 4 and 5; the kink at the baseline:
Tversky and Kahneman (1992), "Advances in Prospect Theory", Journal of Risk and Uncertainty 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Definitions, Factor, Utility

    Reals = NDArray[np.floating[Any]]

MOST_CURVED = 500.0
"""Largest curvature of a saturating utility: half of the worth within 0.14 % of the range."""
WIDTH = 0.2
"""Width of a threshold that gives none, as a share of the range."""
_WITHIN = 2 * math.log(9.0)  # a logistic has 80 % of its rise within this many of its scales


@dataclass(frozen=True, slots=True)
class Curve:
    """The utility of one factor.

    Attributes:
        worst: the bad end of the range, in the metric's unit.
        best: the good end.
        start: where the metric stands on the range (0 worst, 1 best); None when no baseline is given, which only a
            linear utility allows.
        knots: places on the range and worth at each, of a piecewise utility; empty for the other forms.
        rho: curvature of a saturating utility; 0 for a straight line.
        middle: place of a threshold; None for the other forms.
        scale: of the threshold's logistic, on the range.
        loss: how many times more a loss counts than a gain.
    """

    worst: float
    best: float
    start: float | None = None
    knots: tuple[tuple[float, float], ...] = ()
    rho: float = 0.0
    middle: float | None = None
    scale: float = 1.0
    loss: float = 1.0

    def worth(self, z: Reals) -> Reals:
        """Utility at places on the range, an array of any shape: 0 at 0, 1 at 1, straight beyond."""
        if self.is_straight:
            return z
        inside = np.clip(z, 0, 1)
        below, above = self._ends
        return np.asarray(self._within(inside) + below * np.minimum(z, 0) + above * np.maximum(z - 1, 0))

    def change(self, by: Reals) -> Reals:
        """Change of utility when the metric changes from its baseline, in the metric's unit; of any shape.

        Args:
            by: treatment minus control, never flipped by direction.
        """
        step = by / (self.best - self.worst)
        if not self.is_straight:
            start = self.start or 0.0
            step = self.worth(start + step) - self.worth(np.asarray(start, dtype=step.dtype))
        return step if self.loss == 1 else np.where(step < 0, self.loss * step, step)

    def outside(self, by: Reals) -> float:
        """Share of changes after which the metric lies beyond an end of its range; 0 when no baseline is given."""
        if self.start is None:
            return 0.0
        low, high = sorted((end - self.start) * (self.best - self.worst) for end in (0, 1))
        return float(np.count_nonzero(by < low) + np.count_nonzero(by > high)) / by.size

    @property
    def is_straight(self) -> bool:
        """Whether every step along the range counts alike."""
        return not self.knots and self.middle is None and self.rho == 0

    @property
    def _ends(self) -> tuple[float, float]:
        """Slopes at the worst and the best end."""
        if self.knots:
            (z0, u0), (z1, u1), *_ = self.knots
            *_, (y0, v0), (y1, v1) = self.knots
            return (u1 - u0) / (z1 - z0), (v1 - v0) / (y1 - y0)
        if self.middle is not None:
            shares = (_logistic(-self.middle / self.scale), _logistic((1 - self.middle) / self.scale))
            below, above = (share * (1 - share) / self.scale / (shares[1] - shares[0]) for share in shares)
            return below, above
        whole = -math.expm1(-self.rho)
        return self.rho / whole, self.rho * math.exp(-self.rho) / whole

    def _within(self, z: Reals) -> Reals:
        if self.knots:
            places, worths = zip(*self.knots, strict=True)
            return np.asarray(np.interp(z, places, worths), dtype=z.dtype)
        if self.middle is None:
            return np.asarray(np.expm1(-self.rho * z) / math.expm1(-self.rho))
        low, high = _logistic(-self.middle / self.scale), _logistic((1 - self.middle) / self.scale)
        half = np.tanh((z - self.middle) / (2 * self.scale)) / 2  # a logistic less one half, that never overflows
        return np.asarray((half + 0.5 - low) / (high - low))


def curves_of(definitions: Definitions) -> Mapping[str, Curve]:
    """The utility of every factor."""
    return {key: curve(factor, definitions.metrics[key].direction) for key, factor in definitions.factors.items()}


def curve(factor: Factor, direction: str) -> Curve:
    """The utility of a factor whose metric is better upwards (`up`) or downwards (`down`)."""
    ends = sorted(factor.range)
    worst, best = ends if direction == "up" else reversed(ends)
    base = None if factor.baseline is None else (factor.baseline - worst) / (best - worst)
    utility = factor.utility

    def place(level: float) -> float:
        return (level - worst) / (best - worst)

    if utility.form == "saturating" and utility.half is not None:
        return Curve(worst, best, base, rho=curvature(place(utility.half)), loss=utility.loss)
    if utility.form == "threshold" and utility.target is not None:
        width = WIDTH if utility.width is None else utility.width / abs(best - worst)
        return Curve(worst, best, base, middle=place(utility.target), scale=width / _WITHIN, loss=utility.loss)
    return Curve(worst, best, base, knots=_knots(utility, place), loss=utility.loss)


def _knots(utility: Utility, place: Any) -> tuple[tuple[float, float], ...]:  # noqa: ANN401 - a function of one number
    inner = {place(level): worth for level, worth in utility.points}
    return tuple(sorted(({0.0: 0.0, 1.0: 1.0} | inner).items())) if inner else ()


def curvature(half: float) -> float:
    """The rho of (1 - e^(-rho z)) / (1 - e^(-rho)) that is one half at `half`.

    Args:
        half: place on the range, between 0 and 1; 0.5 gives a straight line (0).
    """
    if abs(half - 0.5) < 1e-9:  # noqa: PLR2004 - the middle of the range
        return 0.0
    if half > 0.5:  # noqa: PLR2004 - likewise; the curve is the same seen from the other end
        return -curvature(1 - half)
    low, high = 0.0, MOST_CURVED
    for _ in range(80):
        middle = (low + high) / 2
        if math.expm1(-middle * half) / math.expm1(-middle) < 0.5:  # noqa: PLR2004 - half of the worth
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _logistic(x: float) -> float:
    return 0.5 + math.tanh(x / 2) / 2
