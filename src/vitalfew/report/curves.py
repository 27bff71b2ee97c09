"""Pictures of one experiment: how its effect became clear, how a metric is spread in each arm, what more time buys."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from itertools import cycle, pairwise
from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.report.pictures import ticks
from vitalfew.report.svg import label, line, picture
from vitalfew.report.words import decimals, figure, share, with_unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.report.words import Unit
    from vitalfew.results.rows import BandRow, QuantilesRow

WIDE, HIGH = 560, 210
"""Width and height of a picture in pixels."""
LEFT, TOP, RIGHT, BOTTOM = 64, 12, 76, 44
STRIP = 36
"""Height of the strip of one arm in pixels."""
MOST_DATES = 4
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
"""Lines of one picture differ by their dashes, not by colour alone."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where numbers stand in a picture: `x` and `y` are the ends of both axes."""

    x: tuple[float, float]
    y: tuple[float, float]
    height: float = HIGH

    def right(self, value: float) -> float:
        """Pixels from the left."""
        low, high = self.x
        return LEFT + (WIDE - LEFT - RIGHT) * (value - low) / ((high - low) or 1.0)

    def down(self, value: float) -> float:
        """Pixels from the top; values beyond the axis are held at its ends."""
        low, high = self.y
        held = min(max(value, low), high)
        return self.height - BOTTOM - (self.height - TOP - BOTTOM) * (held - low) / ((high - low) or 1.0)


def cumulative(rows: Sequence[BandRow], unit: Unit, title: str, *, margin: float | None = None) -> Markup:
    """An effect with all units up to each day, and the interval that holds at every look.

    Args:
        rows: one per day, of one metric and arm, in order.
        unit: how numbers of the metric are written.
        title: the text alternative.
        margin: of a guardrail, positive in the metric's unit; drawn on the side that is worse.
    """
    days = [date.fromisoformat(row.day).toordinal() for row in rows]
    frame = Frame((days[0], days[-1]), _reach(rows, unit, margin))
    last = rows[-1]
    low, high = (end * unit.factor for end in (last.low, last.high))
    places = decimals(high - low)
    path = [(frame.right(day), frame.down(row.estimate * unit.factor)) for day, row in zip(days, rows, strict=True)]
    above = [(frame.right(day), frame.down(row.high * unit.factor)) for day, row in zip(days, rows, strict=True)]
    below = [(frame.right(day), frame.down(row.low * unit.factor)) for day, row in zip(days, rows, strict=True)]
    drawn = [
        tag("path", d=path_of([*above, *reversed(below)]) + "Z", class_="band"),
        *upright(frame, unit.change or "change"),
        *_margin(frame, unit, margin),
        tag("path", d=path_of(path), class_="curve"),
        tag("circle", cx=path[-1][0], cy=path[-1][1], r=3.6, class_="g-dot"),
        label(path[-1][0] + 8, path[-1][1] + 4, figure(last.estimate * unit.factor, places, signed=True), "note"),
        *_dates(frame, days),
    ]
    return picture(title, drawn, width=WIDE, height=HIGH, class_="wide")


def spread(rows: Sequence[QuantilesRow], unit: Unit, title: str) -> Markup:
    """Each arm's distribution on one axis: 5 to 95 % of the units thin, the middle half thick, the median a dot."""
    found = [(row.arm, dict(zip(row.probabilities, row.values, strict=True))) for row in rows]
    ends = [_at(values, p) * unit.factor for _, values in found for p in (0.05, 0.95)]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.04 or 1.0
    height = TOP + STRIP * len(found) + BOTTOM
    frame = Frame((low - room, high + room), (0.0, 1.0), height)
    drawn = _across(frame, unit.level or unit.change or "value")
    for place, (arm, values) in enumerate(found):
        y = TOP + STRIP * (place + 0.7)
        x = {p: frame.right(_at(values, p) * unit.factor) for p in (0.05, 0.25, 0.5, 0.75, 0.95)}
        drawn += [
            label(LEFT, y - 9, arm[:40], "note"),
            line(x[0.05], y, x[0.95], y, "g-thin"),
            line(x[0.25], y, x[0.75], y, "g-thick"),
            tag("circle", cx=x[0.5], cy=y, r=3.6, class_="g-dot"),
        ]
    return picture(title, drawn, width=WIDE, height=height, class_="wide")


def power_curves(curves: Mapping[str, Sequence[tuple[float, float]]], across: str, target: float, title: str) -> Markup:
    """Power against time, units or effect, one line per way of looking.

    Args:
        curves: points (x, power as a share) in order of x, by the name of the line.
        across: what x is, in words.
        target: the power that is aimed at, as a share.
        title: the text alternative.
    """
    xs = [x for points in curves.values() for x, _ in points]
    frame = Frame((min(xs), max(xs)), (0.0, 1.0))
    drawn = [*upright(frame, "power", percent=True), *numbers_below(frame), caption_below(frame, across)]
    drawn.append(line(LEFT, frame.down(target), WIDE - RIGHT, frame.down(target), "guide"))
    taken: list[float] = []
    highest_first = sorted(curves.items(), key=lambda named: -named[1][-1][1])
    for (name, points), dash in zip(highest_first, cycle(DASHES), strict=False):
        path = [(frame.right(x), frame.down(power)) for x, power in points]
        drawn.append(tag("path", d=path_of(path), class_="curve", stroke_dasharray=dash or None))
        drawn.append(label(path[-1][0] + 6, _free(path[-1][1] + 4, taken), name, "note"))
    return picture(title, drawn, width=WIDE + 64, height=HIGH, class_="wide")


def _reach(rows: Sequence[BandRow], unit: Unit, margin: float | None) -> tuple[float, float]:
    """The axis holds every estimate, zero and the last interval three times over; early intervals may be cut."""
    last = max(abs(rows[-1].low), abs(rows[-1].high), *(abs(row.estimate) for row in rows))
    limit = 3 * max(last, margin or 0.0)
    low = max(-limit, min(0.0, *(row.low for row in rows), -(margin or 0.0)))
    high = min(limit, max(0.0, *(row.high for row in rows), margin or 0.0))
    if high - low <= 0:
        low, high = -1.0, 1.0
    ends = sorted((low * unit.factor, high * unit.factor))
    return ends[0] * 1.05, ends[1] * 1.05


def _margin(frame: Frame, unit: Unit, margin: float | None) -> list[Markup]:
    if margin is None:
        return []
    y = frame.down(-unit.good * margin * unit.factor)
    return [line(LEFT, y, WIDE - RIGHT, y, "g-margin"), label(LEFT + 4, y - 4, "margin", "note")]


def upright(frame: Frame, caption: str, *, percent: bool = False) -> list[Markup]:
    """The axis on the left: its caption, lines and numbers."""
    drawn = [_turned(frame, caption)]
    values = ticks(*frame.y, most=5)
    for value in values:
        y = frame.down(value)
        text = share(value) if percent else figure(value, _places(values))
        kind = "axis" if value == 0 else "grid"
        drawn += [line(LEFT, y, WIDE - RIGHT, y, kind), label(LEFT - 6, y + 4, text, "tick end")]
    return drawn


def _across(frame: Frame, caption: str) -> list[Markup]:
    return [*numbers_below(frame), caption_below(frame, caption)]


def numbers_below(frame: Frame) -> list[Markup]:
    """Lines and numbers of the axis below."""
    drawn: list[Markup] = []
    values = ticks(*frame.x)
    for value in values:
        x = frame.right(value)
        drawn += [line(x, TOP, x, frame.height - BOTTOM, "grid")]
        drawn += [label(x, frame.height - BOTTOM + 18, figure(value, _places(values)), "tick mid")]
    return drawn


def _dates(frame: Frame, days: Sequence[int]) -> list[Markup]:
    step = max(1, -(-(days[-1] - days[0]) // MOST_DATES))
    drawn: list[Markup] = []
    for day in range(days[0], days[-1] + 1, step):
        text = f"{date.fromordinal(day).day} {date.fromordinal(day):%b}"
        drawn.append(label(frame.right(day), HIGH - BOTTOM + 18, text, "tick mid"))
    return [*drawn, caption_below(frame, "units first seen up to the end of this day")]


def caption_below(frame: Frame, text: str) -> Markup:
    """What the axis below shows."""
    return label((LEFT + WIDE - RIGHT) / 2, frame.height - 6, text, "caption mid")


def _turned(frame: Frame, text: str) -> Markup:
    middle = (frame.height - BOTTOM + TOP) / 2
    return tag("text", text, x=16, y=middle, class_="caption mid", transform=f"rotate(-90 16 {middle:g})")


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """Straight lines through some points, as SVG says it."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _places(values: Sequence[float]) -> int:
    """Decimals that tell neighbouring ticks apart."""
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _at(values: Mapping[float, float], probability: float) -> float:
    """The quantile at a probability, or at the nearest that was asked for."""
    return values[min(values, key=lambda known: abs(known - probability))]


def _free(y: float, taken: list[float]) -> float:
    """A height where no other name stands yet."""
    while any(abs(y - other) < 11 for other in taken):  # noqa: PLR2004 - pixels a line of text needs
        y += 11
    taken.append(y)
    return y


def interval_words(row: BandRow, unit: Unit) -> str:
    """The last word of a band, as the text beside its picture."""
    low, high = sorted((row.low * unit.factor, row.high * unit.factor))
    places = decimals(high - low)
    middle = with_unit(figure(row.estimate * unit.factor, places, signed=True), unit.change)
    return f"{middle} ({figure(low, places)} to {figure(high, places)})"
