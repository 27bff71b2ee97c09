"""Forecasts beside what came of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vitalfew.judgement.metalog import moments
from vitalfew.judgement.scores import cdf, crps, pit

if TYPE_CHECKING:
    from vitalfew.judgement.metalog import Quantiled


@dataclass(frozen=True)
class Quantiles:
    """A forecast: quantiles given that there is an effect, and P(no effect)."""

    p10: float
    p50: float
    p90: float
    p_zero: float


@dataclass(frozen=True)
class Outcome:
    """What came of a locked promise, in the metric's unit.

    Attributes:
        hypothesis: its key.
        team: of the initiative; `calibration.NO_TEAM` without one.
        scale: one range of the factor (else one standard deviation); negative where less is better.
        promise: as locked.
        estimate: the effect on the day it fell due, unshrunk and without the promise as prior.
        se: its standard error at a fixed horizon.
    """

    hypothesis: str
    team: str
    scale: float
    promise: Quantiled
    estimate: float
    se: float

    def against(self, said: Quantiled, group: str) -> Resolved:
        """A forecast of the same hypothesis beside what came, counted for a group."""
        forecast = in_ranges(said, self.scale)
        return Resolved(self.hypothesis, group, forecast, self.estimate / self.scale, self.se / abs(self.scale))


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

    @cached_property
    def crps(self) -> float:
        """Score of the forecast, in ranges; 0 is best."""
        return crps(self.forecast, self.outcome, self.se)

    @cached_property
    def place(self) -> float:
        """Where in the forecast the measured effect fell, 0 to 1."""
        return pit(self.forecast, self.outcome, self.se)

    @cached_property
    def p_better(self) -> float:
        """P(the effect is measured as better than none), by the forecast."""
        return 1 - cdf(self.forecast, 0.0, self.se)


def in_ranges(said: Quantiled, scale: float) -> Quantiles:
    """A forecast in ranges of the factor and in the good direction.

    Args:
        said: in the metric's unit.
        scale: one range in the metric's unit; negative where less is better.
    """
    low, high = (said.p10, said.p90) if scale > 0 else (said.p90, said.p10)
    return Quantiles(low / scale, said.p50 / scale, high / scale, said.p_zero)
