"""Shared axes: values of one column on one scale, so that rows can be compared by eye."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.report.words import Unit

WIDEST = 2.5
"""An axis reaches at most this many times its largest estimate or its median interval, whichever is farther; wider
intervals are cut and end in an arrow."""
LEFT_ROOM = 0.25
"""An axis shows at least this share of its longer side on the other side of zero."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An estimate to draw: the dot, the 80 % interval (thick) and the 95 % interval (thin), where known."""

    dot: float
    thick: tuple[float, float] | None = None
    thin: tuple[float, float] | None = None
    hollow: bool = False

    def scaled(self, factor: float) -> Mark:
        """The mark in another unit; a negative factor turns it round, so that right is better."""
        return Mark(self.dot * factor, _scaled(self.thick, factor), _scaled(self.thin, factor), self.hollow)

    @property
    def reach(self) -> tuple[float, float]:
        """The outermost values to draw."""
        spans = [span for span in (self.thick, self.thin) if span]
        return min([self.dot, *(low for low, _ in spans)]), max([self.dot, *(high for _, high in spans)])


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `low` to `high` that always contains zero."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Position of a value, 0 (left end) to 1 (right end); values beyond the ends are held at them."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def beyond(self, value: float) -> bool:
        """Whether a value lies off the axis."""
        slack = 1e-9 * (self.high - self.low)
        return value < self.low - slack or value > self.high + slack


def axis_over(marks: Iterable[Mark]) -> Axis:
    """The axis for all marks of a column: it holds every dot, and intervals up to a limit."""
    drawn = list(marks)
    reaches = [max(map(abs, mark.reach)) for mark in drawn] or [0.0]
    limit = min(max(reaches), WIDEST * max([median(reaches), *(abs(mark.dot) for mark in drawn)]))
    low = max(-limit, min((mark.reach[0] for mark in drawn), default=0.0))
    high = min(limit, max((mark.reach[1] for mark in drawn), default=0.0))
    low, high = min(low, 0.0), max(high, 0.0)
    longer = max(-low, high) or 1.0
    return Axis(min(low, -LEFT_ROOM * longer) * 1.04, max(high, LEFT_ROOM * longer) * 1.04)


def metric_scales(marks: Iterable[tuple[str, Mark]]) -> dict[str, float]:
    """One scale per metric, so that metrics of different units share an axis: zero is common, the ends are own."""
    grouped: dict[str, list[Mark]] = {}
    for metric, mark in marks:
        grouped.setdefault(metric, []).append(mark)
    axes = {metric: axis_over(found) for metric, found in grouped.items()}
    return {metric: max(-axis.low, axis.high) for metric, axis in axes.items()}


def comparable(mark: Mark, metric: str, unit: Unit, scales: Mapping[str, float]) -> Mark:
    """A mark on the common axis of several metrics: right is better, 1 is the end of the metric's own scale."""
    return mark.scaled(unit.good / scales[metric])


def _scaled(span: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    if span is None:
        return None
    low, high = sorted((span[0] * factor, span[1] * factor))
    return low, high
