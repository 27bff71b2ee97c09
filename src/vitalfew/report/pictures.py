"""The larger pictures: value by factor, promised against measured, the inventory of use and its concentration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.axis import Axis, Mark
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import HEIGHT, label, line, picture, verdict_shape
from vitalfew.report.words import figure, share
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import Verdict

LETTERS = "ABCDEFGHIJ"
BARS = 560
"""Width of the bars of value by factor in pixels."""
SIDE = 400
"""Side of a square picture in pixels."""
BROAD = 1000
"""Width of a picture as wide as a page in pixels; it is as high as a square one."""
LEFT, TOP, RIGHT, BOTTOM = 66, 12, 24, 44
"""Margins of a square picture in pixels."""
LEAST_REACH = 0.001
LETTER, LINE = 6.5, 11
"""Room for a letter and for a line of text, in pixels."""
MOST_NAMES = 6
"""Names in a square picture; a broad one has room for more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A promise (80 % interval) and what was measured (95 % interval), on one scale; right and up are better.

    `name`: what it is about; `title`: both numbers in words.
    """

    name: str
    title: str
    promised: Mark
    measured: Mark
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sided:
    """What a line is worth to the business (across) and to customers (up), 80 % intervals; `open`: not shipped yet.

    `behind`: where it is said what stands behind it.
    """

    title: str
    across: Mark
    up: Mark
    open: bool
    behind: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """A feature in the inventory of use; `reach` as a share, `frequency` in uses per user and 30 days."""

    title: str
    reach: float
    frequency: float
    users: int
    hardly: bool


def stacked(axis: Axis, parts: Sequence[tuple[int, float]], total: Mark, title: str, width: int = BARS) -> Markup:
    """Signed bars of the parts of a value, losses left of zero and gains right, over the total with its interval.

    Args:
        axis: the axis of the column, in points.
        parts: place of each factor (its letter and shade) and its contribution in points.
        total: the value of the line.
        title: the text alternative.
        width: pixels.
    """
    drawn: list[Markup] = []
    reached = {True: 0.0, False: 0.0}
    for place, size in parts:
        start = reached[size >= 0]
        reached[size >= 0] = start + size
        left, right = sorted((_across(axis, start, width), _across(axis, start + size, width)))
        drawn.append(tag("rect", x=left, y=3, width=max(0.6, right - left), height=15, class_=f"f{place % 10}"))
        if right - left > 13:  # noqa: PLR2004 - pixels a letter needs
            drawn.append(label((left + right) / 2, 14.5, LETTERS[place % 10], f"letter t{place % 10}"))
    drawn.append(line(_across(axis, 0, width), 0, _across(axis, 0, width), 32, "g-zero"))
    if total.thick:
        drawn.append(
            line(_across(axis, total.thick[0], width), 26, _across(axis, total.thick[1], width), 26, "g-thick")
        )
    drawn.append(tag("circle", cx=_across(axis, total.dot, width), cy=26, r=3.4, class_="g-dot"))
    return picture(title, drawn, width=width, height=34, class_="wide")


def scale(axis: Axis, unit: str, width: int = BARS) -> Markup:
    """The axis of a column with its numbers."""
    marks: list[Markup] = [line(4, 4, width - 4, 4, "axis")]
    for value in ticks(axis.low, axis.high):
        x = _across(axis, value, width)
        marks += [line(x, 4, x, 8, "axis"), label(x, 19, figure(value, _places(value)), "tick mid")]
    return picture(f"Scale in {unit}", marks, width=width, height=HEIGHT, class_="wide")


def promised_against_measured(pairs: Sequence[Pair], unit: str) -> Markup:
    """Each promise against its measurement, with the line on which they are equal; above it is better than promised."""
    reaches = [end for pair in pairs for mark in (pair.promised, pair.measured) for end in mark.reach]
    dots = [abs(mark.dot) for pair in pairs for mark in (pair.promised, pair.measured)]
    limit = 1.6 * max(dots, default=1.0) or 1.0
    axis = Axis(max(-limit, min([0.0, *reaches])) * 1.05, min(limit, max([0.0, *reaches])) * 1.05)
    drawn = [*_frame(axis, f"promised, {unit}", f"measured, {unit}", percent=True, width=BROAD), _equal(axis, BROAD)]
    for pair in pairs:
        drawn += _cross(axis, pair, BROAD)
    farthest = sorted(pairs, key=lambda pair: -abs(pair.measured.dot - pair.promised.dot))
    places = [(pair.name, _right(axis, pair.promised.dot, BROAD), _up(axis, pair.measured.dot)) for pair in farthest]
    drawn += _names(places, BROAD, len(places), lift=9)
    return picture(
        f"Promised against measured, {len(pairs)} promises; below the line less was measured than promised",
        drawn, width=BROAD, height=SIDE, class_="broad",
    )  # fmt: skip


def quadrants(lines: Sequence[Sided], across: str, up: str, names: Sequence[str]) -> Markup:
    """Lines by two values, with the four quarters named; what is not shipped yet is hollow.

    Args:
        lines: to draw.
        across: what the value to the right is.
        up: what the value upwards is.
        names: of the quarters: both gain, only the upper side, only the right one, neither.
    """
    dots = [abs(mark.dot) for one in lines for mark in (one.across, one.up)]
    reaches = [end for one in lines for mark in (one.across, one.up) for end in mark.reach]
    limit = 1.6 * max(dots, default=1.0) or 1.0
    low, high = max(-limit, min([0.0, *reaches])), min(limit, max([0.0, *reaches]))
    axis = Axis(min(low, -0.3 * high) * 1.05, max(high, -0.3 * low) * 1.05)
    zero, floor = _right(axis, 0.0), _up(axis, 0.0)
    drawn = _frame(axis, across, up)
    drawn += [line(zero, TOP, zero, SIDE - BOTTOM, "guide"), line(LEFT, floor, SIDE - RIGHT, floor, "guide")]
    both, upper, right, neither = names
    drawn += [label(SIDE - RIGHT - 4, TOP + 12, both, "note end"), label(LEFT + 4, TOP + 12, upper, "note")]
    drawn += [label(SIDE - RIGHT - 4, SIDE - BOTTOM - 6, right, "note end")]
    drawn += [label(LEFT + 4, SIDE - BOTTOM - 6, neither, "note")]
    for one in lines:
        x, y = _right(axis, one.across.dot), _up(axis, one.up.dot)
        left, end = (_right(axis, each) for each in one.across.thick or (one.across.dot,) * 2)
        bottom, top = (_up(axis, each) for each in one.up.thick or (one.up.dot,) * 2)
        crossed = [line(left, y, end, y, "g-thin"), line(x, bottom, x, top, "g-thin")]
        dot = tag("circle", cx=x, cy=y, r=4, class_="g-ring" if one.open else "g-dot")
        shown = tag("g", tag("title", one.title), crossed, dot)
        drawn.append(tag("a", shown, href=one.behind, class_="opens") if one.behind else shown)
    leads = any(one.behind for one in lines)
    told = f"{count(len(lines), 'line')} by {across} and {up}"
    return picture(told, drawn, width=SIDE, height=SIDE, class_="square", holds_links=leads)


def inventory(features: Sequence[Used], limit: float) -> Markup:
    """Reach against frequency, both logarithmic; the shaded strip holds the hardly used."""
    across = Axis(math.log10(LEAST_REACH), 0.0)
    top = max([f.frequency for f in features], default=1.0)
    up = Axis(
        math.log10(min([0.5, *(f.frequency for f in features if f.frequency > 0)])), math.log10(max(top, 1.0)) + 0.1
    )
    edge = _right(across, math.log10(limit))
    drawn = [tag("rect", x=LEFT, y=TOP, width=edge - LEFT, height=SIDE - TOP - BOTTOM, class_="strip")]
    drawn += [label(LEFT + 6, TOP + 14, f"hardly used: under {share(limit)}", "note"), *_log_frame(across, up)]
    lowest = 10**up.low
    places = {
        feature: (
            _right(across, math.log10(max(feature.reach, LEAST_REACH))),
            _up(up, math.log10(max(feature.frequency, lowest))),
        )
        for feature in features
    }
    drawn += [
        tag("circle", cx=x, cy=y, r=4.5, class_="i-hardly" if feature.hardly else "i-used")
        for feature, (x, y) in places.items()
    ]
    busiest = sorted(places, key=lambda feature: -feature.users * feature.frequency)
    drawn += _names([(feature.title, *places[feature]) for feature in busiest])
    return picture(f"Reach and frequency of {len(features)} features", drawn, width=SIDE, height=SIDE, class_="square")


def concentration(uses: Sequence[float]) -> tuple[Markup, int]:
    """How much of all use the most used features hold, and how many of them hold 80 %."""
    ordered = sorted(uses, reverse=True)
    total = sum(ordered) or 1.0
    reached, points, needed = 0.0, [(0.0, 0.0)], 0
    for place, use in enumerate(ordered, start=1):
        needed = place if reached < 0.8 * total - 1e-12 else needed
        reached += use
        points.append((place / len(ordered), reached / total))
    square = Axis(0.0, 1.0)
    path = "M" + "L".join(f"{_right(square, x):.1f} {_up(square, y):.1f}" for x, y in points)
    drawn = [*_frame(square, "share of the features, most used first", "share of all use", percent=True)]
    drawn += [
        line(LEFT, _up(square, 0.8), SIDE - RIGHT, _up(square, 0.8), "guide"),
        tag("path", d=path, class_="curve"),
    ]
    drawn += [tag("circle", cx=_right(square, x), cy=_up(square, y), r=3, class_="i-used") for x, y in points[1:]]
    title = f"{needed} of {len(ordered)} measured features hold 80 % of all use"
    return picture(title, drawn, width=SIDE, height=SIDE, class_="square"), needed


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two ends, at most about `most` of them, with zero among them."""
    raw = (high - low) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _names(
    dots: Sequence[tuple[str, float, float]], width: float = SIDE, most: int = MOST_NAMES, lift: float = 0
) -> list[Markup]:
    """Names beside dots, the first before others, where no other dot or name is in the way; `lift`: so far above."""
    taken = [(x, y) for _, x, y in dots]
    drawn: list[Markup] = []
    for name, x, y in dots:
        title = name[:26]
        room = 10 + LETTER * len(title)
        for start, end, kind in ((x - room, x - 1, "note end"), (x + 1, x + room, "note")):
            inside = start > LEFT and end < width - RIGHT
            if len(drawn) < most and inside and not any(start < a < end and abs(b - y + lift) < LINE for a, b in taken):
                drawn.append(label(x - 8 if kind == "note end" else x + 10, y + 4 - lift, title, kind))
                taken += [(start + step * LETTER, y - lift) for step in range(int(room / LETTER) + 1)]
                break
    return drawn


def _across(axis: Axis, value: float, width: float) -> float:
    return 4 + (width - 8) * axis.place(value)


def _right(axis: Axis, value: float, width: float = SIDE) -> float:
    return LEFT + (width - LEFT - RIGHT) * axis.place(value)


def _up(axis: Axis, value: float) -> float:
    return SIDE - BOTTOM - (SIDE - TOP - BOTTOM) * axis.place(value)


def _places(value: float) -> int:
    return (
        0
        if value == 0 or (abs(value) >= 1 and value == round(value))
        else max(0, 1 - math.floor(math.log10(abs(value))))
    )


def _captions(across: str, up: str, width: float = SIDE) -> list[Markup]:
    middle = (SIDE - BOTTOM + TOP) / 2
    turned = tag("text", up, x=14, y=middle, class_="caption mid", transform=f"rotate(-90 14 {middle:g})")
    return [label((LEFT + width - RIGHT) / 2, SIDE - 8, across, "caption mid"), turned]


def _frame(axis: Axis, across: str, up: str, *, percent: bool = False, width: float = SIDE) -> list[Markup]:
    drawn = _captions(across, up, width)
    for value in ticks(axis.low, axis.high, 5):
        kind = "axis" if value == 0 else "grid"
        text = share(value) if percent else figure(value, _places(value))
        x, y = _right(axis, value, width), _up(axis, value)
        drawn += [line(x, TOP, x, SIDE - BOTTOM, kind), line(LEFT, y, width - RIGHT, y, kind)]
        drawn += [label(x, SIDE - BOTTOM + 15, text, "tick mid")]
        drawn += [label(LEFT - 6, _up(axis, value) + 4, text, "tick end")]
    return drawn


def _log_frame(across: Axis, up: Axis) -> list[Markup]:
    drawn = _captions("reach: share of the eligible who used it", "uses per user and 30 days")
    for power in range(math.ceil(across.low), 1):
        x = _right(across, power)
        drawn += [line(x, TOP, x, SIDE - BOTTOM, "grid"), label(x, SIDE - BOTTOM + 15, share(10.0**power), "tick mid")]
    for value in (0.1, 0.3, 1, 3, 10, 30, 100, 300):
        if up.low <= math.log10(value) <= up.high:
            y = _up(up, math.log10(value))
            drawn += [line(LEFT, y, SIDE - RIGHT, y, "grid"), label(LEFT - 6, y + 4, f"{value:g}", "tick end")]
    return drawn


def _equal(axis: Axis, width: float) -> Markup:
    ends = ((_right(axis, value, width), _up(axis, value)) for value in (axis.low, axis.high))
    return line(*next(ends), *next(ends), "equal")


def _cross(axis: Axis, pair: Pair, width: float) -> list[Markup]:
    x, y = _right(axis, pair.promised.dot, width), _up(axis, pair.measured.dot)
    drawn = []
    if pair.promised.thick:
        low, high = pair.promised.thick
        drawn.append(line(_right(axis, low, width), y, _right(axis, high, width), y, "g-thin"))
    if pair.measured.thin:
        low, high = pair.measured.thin
        drawn.append(line(x, _up(axis, low), x, _up(axis, high), "g-thin"))
    shape = tag("svg", tag("title", pair.title), verdict_shape(pair.verdict), x=x - 7, y=y - 7, width=14, height=14)
    return [*drawn, tag("circle", cx=x, cy=y, r=7.5, class_="halo"), shape]
