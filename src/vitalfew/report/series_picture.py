"""A metric over time: its weeks with control limits, and what happened beside it; and the same as a small line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from vitalfew.report.curves import path_of
from vitalfew.report.markup import Markup, tag
from vitalfew.report.pictures import ticks
from vitalfew.report.svg import label, line, picture
from vitalfew.report.words import significant, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.standing import Week
    from vitalfew.report.words import Unit
    from vitalfew.stats.control_limits import Limits

WIDE, HIGH = 880, 300
LEFT, RIGHT, TOP = 56, 84, 16
_AXIS = 24
"""Room for dates below the values."""
_LANE = 15
"""Height of a row of what happened."""
MOST_LANES = 4
SMALL_WIDE, SMALL_HIGH = 96, 22
_MOST_DATES = 7


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that may have moved the metric: a release on a day, or an experiment from one day to another."""

    kind: Literal["release", "experiment"]
    title: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where days and values stand."""

    days: tuple[int, int]
    values: tuple[float, float]

    def right(self, day: float) -> float:
        first, last = self.days
        return LEFT + (WIDE - LEFT - RIGHT) * (day - first) / ((last - first) or 1)

    def down(self, value: float) -> float:
        low, high = self.values
        return HIGH - (HIGH - TOP) * (min(max(value, low), high) - low) / ((high - low) or 1.0)


def series_picture(
    found: Sequence[Week], limits: Limits | None, happenings: Sequence[Happening], unit: Unit, title: str
) -> Markup:
    """Weekly means with the limits within which they lie as long as nothing special happens.

    Args:
        found: weeks in order.
        limits: of these weeks; None: too few of them.
        happenings: releases (a mark on their day) and experiments (a bar from start to end).
        unit: how numbers of the metric are written.
        title: the text alternative.
    """
    shown = [week.value * unit.factor for week in found]
    bounds = [] if limits is None else [end * unit.factor for end in (limits.low, limits.high)]
    low, high = min(*shown, *bounds, max(shown)), max(*shown, *bounds, min(shown))
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    first, last = found[0].last.toordinal() - 6, found[-1].last.toordinal()
    plane = _Plane((first, last), (low - room, high + room))
    lanes = _lanes([one for one in happenings if one.since.toordinal() <= last and _end(one) >= first])
    drawn = [*_upright(plane, unit), *_limits(plane, limits, unit), *_weeks(plane, found, limits, unit)]
    drawn += _dates(plane, bool(lanes))
    for place, lane in enumerate(lanes):
        drawn += [_happening(plane, one, HIGH + _AXIS + _LANE * (place + 0.5)) for one in lane]
    high_all = HIGH + _AXIS + _LANE * len(lanes) + 4
    return picture(title, drawn, width=WIDE, height=high_all, class_="wide series")


def sparkline(values: Sequence[float], title: str) -> Markup:
    """A series without axes, for a row of a table: how it went, not how much."""
    low, high = min(values), max(values)
    step = (SMALL_WIDE - 8) / max(1, len(values) - 1)
    points = [
        (4 + step * at, SMALL_HIGH - 4 - (SMALL_HIGH - 8) * ((value - low) / (high - low) if high > low else 0.5))
        for at, value in enumerate(values)
    ]
    drawn = [
        tag("path", d=path_of(points), class_="spark"),
        tag("circle", cx=points[-1][0], cy=points[-1][1], r=2.4, class_="spark-end"),
    ]
    return picture(title, drawn, width=SMALL_WIDE, height=SMALL_HIGH, class_="glyph")


def _upright(plane: _Plane, unit: Unit) -> list[Markup]:
    drawn: list[Markup] = []
    for value in ticks(*plane.values, most=5):
        y = plane.down(value)
        drawn += [line(LEFT, y, WIDE - RIGHT, y, "grid"), label(LEFT - 6, y + 4, significant(value), "tick end")]
    if unit.level:
        drawn.append(label(LEFT, 10, unit.level, "tick"))
    return drawn


def _limits(plane: _Plane, limits: Limits | None, unit: Unit) -> list[Markup]:
    if limits is None:
        return []
    drawn: list[Markup] = []
    for value, name in ((limits.high, "upper limit"), (limits.centre, "mean"), (limits.low, "lower limit")):
        y = plane.down(value * unit.factor)
        kind = "centre" if name == "mean" else "limit"
        drawn += [line(LEFT, y, WIDE - RIGHT, y, kind), label(WIDE - RIGHT + 6, y + 4, name, "note")]
    return drawn


def _weeks(plane: _Plane, found: Sequence[Week], limits: Limits | None, unit: Unit) -> list[Markup]:
    """The line of weeks; those beyond the limits are marked and say so."""
    points = [(plane.right(week.last.toordinal() - 3), plane.down(week.value * unit.factor)) for week in found]
    drawn = [tag("path", d=path_of(points), class_="curve")]
    for week, (x, y) in zip(found, points, strict=True):
        beyond = limits is not None and limits.beyond(week.value)
        text = f"week to {week.last}: {with_unit(significant(week.value * unit.factor, 3), unit.level)}"
        mark = tag("circle", cx=x, cy=y, r=4.2 if beyond else 2.2, class_="beyond" if beyond else "c-dot")
        drawn.append(tag("g", tag("title", f"{text}{', beyond the limits' if beyond else ''}"), mark))
    return drawn


def _dates(plane: _Plane, ruled: bool) -> list[Markup]:
    """Beginnings of months, not more than fit."""
    first, last = (date.fromordinal(day) for day in plane.days)
    count = 12 * (last.year - first.year) + last.month - first.month
    months = [date(first.year + at // 12, at % 12 + 1, 1) for at in range(first.month, first.month + count)]
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if len(months) <= step * _MOST_DATES), 120)
    drawn: list[Markup] = [line(LEFT, HIGH, WIDE - RIGHT, HIGH, "axis")] if ruled else []
    for day in months[::step] if len(months) > 1 else (first, last):
        x = plane.right(day.toordinal())
        drawn += [line(x, HIGH, x, HIGH + 4, "axis"), label(x, HIGH + 17, _named(day, len(months)), "tick mid")]
    return drawn


def _named(day: date, months: int) -> str:
    return f"{day:%b %Y}" if months > 1 else f"{day.day} {day:%b}"


def _end(one: Happening) -> int:
    return (one.until or one.since).toordinal()


def _lanes(found: Sequence[Happening]) -> list[list[Happening]]:
    """Releases in the first row, experiments in as many as keep them apart; what finds no room stays in the table."""
    releases = sorted((one for one in found if one.kind == "release"), key=lambda one: one.since)
    rows: list[list[Happening]] = []
    for one in sorted((one for one in found if one.kind == "experiment"), key=lambda one: one.since):
        free = next((row for row in rows if _end(row[-1]) < one.since.toordinal()), None)
        if free is not None:
            free.append(one)
        elif len(rows) < MOST_LANES:
            rows.append([one])
    return ([releases] if releases else []) + rows


def _happening(plane: _Plane, one: Happening, y: float) -> Markup:
    since = plane.right(max(one.since.toordinal(), plane.days[0]))
    if one.kind == "release":
        guide = line(since, TOP, since, HIGH, "release-line")
        shape = tag("path", d=f"M{since:.1f} {y - 5:.1f}l4.5 8h-9z", class_="release-mark")
        return tag("g", tag("title", f"{one.since}: {one.title}"), guide, shape, class_="happening")
    until = plane.right(min(_end(one), plane.days[1]))
    shape = tag("rect", x=since, y=y - 3, width=max(3.0, until - since), height=6, rx=2, class_="experiment-bar")
    text = f"{one.since} to {one.until or 'now'}: {one.title}"
    return tag("g", tag("title", text), shape, class_="happening")


def beyond_words(found: Sequence[Week], limits: Limits | None) -> str:
    """What the limits say of the weeks, in a sentence."""
    if limits is None:
        return f"{'1 week is' if len(found) == 1 else f'{len(found)} weeks are'} too few for control limits."
    outside = [week for week in found if limits.beyond(week.value)]
    if not outside:
        return "Every week lies within its control limits: nothing special is to be explained."
    if len(outside) == 1:
        return f"1 of {len(found)} weeks lies beyond the limits and asks for a cause: {_day(outside[0].last)}."
    days = ", ".join(_day(week.last) for week in outside[-3:])
    return f"{len(outside)} of {len(found)} weeks lie beyond the limits and ask for a cause; the last: {days}."


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
