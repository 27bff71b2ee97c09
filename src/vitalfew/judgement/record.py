"""Forecasts whose outcome was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vitalfew.judgement.metalog import moments

if TYPE_CHECKING:
    from vitalfew.judgement.metalog import Quantiled


@dataclass(frozen=True)
class Quantiles:
    """A forecast in ranges of the factor and in the good direction."""

    p10: float
    p50: float
    p90: float
    p_zero: float


@dataclass(frozen=True)
class Resolved:
    """A forecast beside what came of it, in ranges of the factor and in the good direction.

    Attributes:
        hypothesis: its key.
        group: the team, source or person it is counted for.
        forecast: what was said.
        outcome: the measured effect, unshrunk.
        se: its standard error, at a fixed horizon.
    """

    hypothesis: str
    group: str
    forecast: Quantiles
    outcome: float
    se: float

    @cached_property
    def mean(self) -> float:
        """Mean of the forecast, no effect included."""
        return moments(self.forecast)[0]

    @cached_property
    def sd(self) -> float:
        """Standard deviation of the forecast, no effect included."""
        return math.sqrt(moments(self.forecast)[1])


def in_ranges(said: Quantiled, scale: float) -> Quantiles:
    """A forecast in ranges of the factor and in the good direction.

    Args:
        said: in the metric's unit.
        scale: one range in the metric's unit; negative where less is better.
    """
    low, high = (said.p10, said.p90) if scale > 0 else (said.p90, said.p10)
    return Quantiles(low / scale, said.p50 / scale, high / scale, said.p_zero)
