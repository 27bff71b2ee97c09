"""Intervals as rows show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.modes import CONFIDENCES
from vitalfew.results.rows import Interval

if TYPE_CHECKING:
    from vitalfew.stats.simultaneous import Estimates


def intervals_of(one: Estimates) -> list[Interval]:
    """The intervals that rows show, of a single estimate."""
    bounds = [(confidence, *one.intervals(confidence)) for confidence in CONFIDENCES]
    return [Interval(confidence, float(low[0]), float(high[0])) for confidence, low, high in bounds]
