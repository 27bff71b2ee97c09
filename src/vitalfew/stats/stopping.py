"""What a group sequential result says once it has stopped: p-value, estimate and interval that allow for the looks.

Results are ordered by stage: an earlier crossing upwards is more than a later one, at the same look a larger z is more
(Armitage 1957; Tsiatis, Rosner & Mehta 1984, Biometrics 40; Jennison & Turnbull 2000, sections 8.4 and 8.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.errors import NotEnoughData
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.group_sequential import check_looks
from vitalfew.stats.normal import check_confidence
from vitalfew.stats.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDEST = 12.0  # standard errors around the estimate in which bounds are looked for first
_MOST = 1e3  # standard errors beyond which no path is followed
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Stopped:
    """A group sequential result at the look where the experiment ended.

    Attributes:
        p_value: two-sided, of no difference, allowing for the looks before.
        estimate: median-unbiased, in the unit of the estimate given.
        low: lower bound of the interval, likewise; infinite where it lies beyond a thousand standard errors.
        high: upper bound, likewise.
    """

    p_value: float
    estimate: float
    low: float
    high: float


def stopped(
    estimate: float, se: float, shares: Sequence[float], high: Sequence[float], confidence: float = 0.95
) -> Stopped:
    """Allow for the looks before the one at which an experiment ended, by crossing or because it was the last.

    Args:
        estimate: difference at the last look made, in the metric's unit.
        se: its standard error.
        shares: of the planned information, of every look made until then.
        high: efficacy boundary of these looks (the last is not used); it stops below its negative, too.
        confidence: of the interval, as a share.

    Raises:
        NotEnoughData: the standard error is not a positive number.
        UsageError: shares that do not rise, a boundary missing, a confidence that is no share.

    >>> found = stopped(2.5, 1.0, [0.5, 1.0], [2.963, 1.969])
    >>> round(found.p_value, 4), round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
    (0.0143, 2.483, 0.502, 4.45)
    """
    if not (se > 0 and math.isfinite(se) and math.isfinite(estimate)):
        raise NotEnoughData("a result without a standard error cannot be tested", expected="a positive standard error")
    check_confidence(confidence)
    check_looks(shares, high)
    # Designs are symmetric: counted from the side of the estimate, small probabilities keep their digits.
    sign, z, now = math.copysign(1.0, estimate), abs(estimate) / se, shares[-1]
    tail = 1 - confidence

    def at_least(size: float) -> float:
        """Probability of a result at least as high as this one, when the truth is `size` standard errors."""
        drift = size / math.sqrt(now)
        path = walk(shares, [-bound for bound in high], high, drift)
        up = path.crossing(drift)[0][:-1].sum()
        return float(up + path.fronts[-1].above(now, z, drift))

    upper = at_least(0.0)
    p_value = min(1.0, max(2 * min(upper, 1 - upper), SMALLEST_P))
    middle, one, other = (sign * _root(at_least, chance, z) * se for chance in (0.5, tail / 2, 1 - tail / 2))
    return Stopped(p_value, middle, min(one, other), max(one, other))


def _root(at_least: Callable[[float], float], chance: float, z: float) -> float:
    from scipy.optimize import brentq

    low, high = z - _WIDEST, z + _WIDEST
    while at_least(low) > chance:
        if low < -_MOST:
            return -math.inf
        low -= z - low
    while at_least(high) < chance:
        if high > _MOST + z:
            return math.inf
        high += high - z
    return float(brentq(lambda size: at_least(size) - chance, low, high, xtol=_CLOSE))
