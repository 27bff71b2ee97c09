"""Limits within which a series lies as long as nothing special happens: the chart of individual values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 8
"""Values below which limits would say more about the few than about the series."""
_SPREAD = 2.66
"""Three standard deviations in mean moving ranges of two: 3 / 1.128 (Shewhart 1931; Wheeler & Chambers 1992, ch. 3)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Centre line and natural process limits, in the unit of the values."""

    centre: float
    low: float
    high: float

    def beyond(self, value: float) -> bool:
        """Whether a value lies outside, and so asks for a cause."""
        return not self.low <= value <= self.high


def control_limits(values: Sequence[float]) -> Limits | None:
    """Limits of a chart of individual values and moving ranges; None with fewer than eight values.

    Args:
        values: in order of time, `(n,)`.

    >>> control_limits([10, 12, 10, 12, 10, 12, 10, 12])
    Limits(centre=11.0, low=5.68, high=16.32)
    """
    if len(values) < FEWEST:
        return None
    centre = sum(values) / len(values)
    moving = sum(abs(later - earlier) for earlier, later in pairwise(values)) / (len(values) - 1)
    return Limits(centre, centre - _SPREAD * moving, centre + _SPREAD * moving)
