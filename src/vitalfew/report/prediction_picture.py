"""A prediction drawn on the history of its metric, and later what was measured on the same axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import TYPE_CHECKING

from vitalfew.report.curves import BOTTOM, HIGH, LEFT, TOP, WIDE, Frame, caption_below, numbers_below, path_of
from vitalfew.report.curves import upright as upright_axis
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, line, picture
from vitalfew.report.words import decimals, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.axis import Mark
    from vitalfew.report.words import Unit

type Day = tuple[date, float]

SMOOTH = 7
"""Days of the moving mean in which a history is drawn, so that weekdays do not hide its course."""
BEFORE = 120
"""Days of history before the prediction that are drawn."""
LEVEL = 14
"""Days over which the level at the time of the prediction is taken."""
_STEPS = 5
_ROW = 40
_LINE = 14  # pixels between two names


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of a change: p10, p50 and p90 in the metric's unit, from the day it was made to a day it is for.

    `verdict` is the day of the verdict, where one was said: it may be nearer than the fan can be drawn.
    """

    quantiles: tuple[float, float, float]
    made: date
    due: date
    name: str = "promised"
    verdict: date | None = None


def on_history(
    history: Sequence[Day], predicted: Prediction, measured: Mark | None, unit: Unit, title: str
) -> Markup | None:
    """The metric day by day, the level when the prediction was made, the fan of the prediction, the measured effect.

    Args:
        history: days and values of the metric, in order.
        predicted: the promise, or one's own forecast.
        measured: the effect in the metric's unit with its intervals.
        unit: how numbers of the metric are written.
        title: the text alternative.

    Returns:
        None where nothing is known of the days before the prediction.
    """
    days = [(day, value * unit.factor) for day, value in _smooth(_window(history, predicted.made, predicted.due))]
    before = [value for day, value in days if day <= predicted.made][-LEVEL:]
    if len(before) < LEVEL:
        return None
    now = fmean(before)
    low, middle, high = (now + change * unit.factor for change in predicted.quantiles)
    ends = [low, high, *(value for _, value in days)]
    ends += [now + end * unit.factor for end in measured.reach] if measured else []
    room = 0.08 * (max(ends) - min(ends) or 1.0)
    first, last = days[0][0], max(predicted.due, days[-1][0])
    frame = Frame((first.toordinal(), last.toordinal()), (min(ends) - room, max(ends) + room))
    x0, x1 = (frame.right(day.toordinal()) for day in (predicted.made, predicted.due))
    y0 = frame.down(now)
    drawn = [
        *upright_axis(frame, unit.level or "level"),
        *_fan(frame, (x0, y0), x1, (low, middle, high)),
        line(x0, TOP, x0, HIGH - BOTTOM, "guide"),
        *_course(frame, days, (x0, y0)),
        label(x0 - 6, TOP + 10, f"then {_number(now, high - low)}", "note end"),
        *_measured(frame, x1, now, measured, unit),
        *_names(x1, frame.down(middle), predicted.name, frame, now, measured, unit),
        *_dates(frame, first, last, predicted.verdict),
    ]
    return picture(title, drawn, width=WIDE + 30, height=HIGH, class_="wide")


def before_a_prediction(history: Sequence[Day], today: date, due: date | None, unit: Unit, title: str) -> Markup | None:
    """The metric until today, with room for what is still to be predicted of it; nothing beyond is drawn.

    Args:
        history: days and values of the metric, in order.
        today: the day until which it is shown.
        due: the day of the verdict, where one was said.
        unit: how numbers of the metric are written.
        title: the text alternative.

    Returns:
        None where nothing is known of the days before.
    """
    until = max(due or today, today + timedelta(days=7))
    days = [(day, value * unit.factor) for day, value in _smooth(_window(history, today, today))]
    if len(days) < LEVEL:
        return None
    now = fmean([value for _, value in days][-LEVEL:])
    room = 0.15 * (max(value for _, value in days) - min(value for _, value in days) or 1.0)
    span = (min(value for _, value in days) - room, max(value for _, value in days) + room)
    frame = Frame((days[0][0].toordinal(), until.toordinal()), span)
    x0, y0 = frame.right(days[-1][0].toordinal()), frame.down(now)
    drawn = [
        *upright_axis(frame, unit.level or "level"),
        line(x0, TOP, x0, HIGH - BOTTOM, "guide"),
        *_course(frame, days, (x0, y0)),
        label(x0 - 6, TOP + 10, f"now {_number(now, span[1] - span[0])}", "note end"),
        *_dates(frame, days[0][0], until, due),
    ]
    return picture(title, drawn, width=WIDE + 30, height=HIGH, class_="wide")


def on_change(rows: Sequence[tuple[str, Mark]], unit: Unit, title: str) -> Markup:
    """Only the change: one row each for what is expected and what was measured, against zero.

    Args:
        rows: a name and a mark in the metric's unit.
        unit: how numbers of the metric are written.
        title: the text alternative.
    """
    marks = [(name, mark.scaled(unit.factor)) for name, mark in rows]
    ends = [0.0, *(end for _, mark in marks for end in mark.reach)]
    room = 0.06 * (max(ends) - min(ends) or 1.0)
    height = TOP + _ROW * len(marks) + BOTTOM
    frame = Frame((min(ends) - room, max(ends) + room), (0.0, 1.0), height)
    zero = frame.right(0)
    drawn = [*numbers_below(frame), caption_below(frame, f"change in {unit.change}" if unit.change else "change")]
    drawn.append(line(zero, TOP, zero, height - BOTTOM, "axis"))
    for place, (name, mark) in enumerate(marks):
        y = TOP + _ROW * (place + 0.65)
        drawn.append(label(LEFT, y - 12, name, "note"))
        for span, kind in ((mark.thin, "g-thin"), (mark.thick, "g-thick")):
            if span:
                drawn.append(line(frame.right(span[0]), y, frame.right(span[1]), y, kind))
        dot = "g-ring" if mark.hollow else "g-dot"
        drawn.append(tag("circle", cx=frame.right(mark.dot), cy=y, r=4, class_=dot))
    return picture(title, drawn, width=WIDE, height=height, class_="wide")


def _course(frame: Frame, days: Sequence[Day], now: tuple[float, float]) -> list[Markup]:
    """The days as a curve, and a dot at the level at which it is taken up."""
    points = [(frame.right(day.toordinal()), frame.down(value)) for day, value in days]
    dot = tag("circle", cx=now[0], cy=now[1], r=3.6, class_="g-dot")
    return [tag("path", d=path_of(points), class_="curve"), dot]


def _window(history: Sequence[Day], made: date, due: date) -> list[Day]:
    first = made - timedelta(days=BEFORE + SMOOTH)
    last = max(due, made) + timedelta(days=LEVEL)
    return [(day, value) for day, value in history if first <= day <= last]


def _smooth(days: Sequence[Day]) -> list[Day]:
    """The mean of each day and those before it, over a week."""
    values = [value for _, value in days]
    return [
        (day, fmean(values[max(0, at + 1 - SMOOTH) : at + 1])) for at, (day, _) in enumerate(days) if at >= SMOOTH - 1
    ]


def _fan(frame: Frame, start: tuple[float, float], x1: float, ends: tuple[float, float, float]) -> list[Markup]:
    low, middle, high = (frame.down(value) for value in ends)
    return [
        tag("path", d=path_of([start, (x1, high), (x1, low)]) + "Z", class_="band fan"),
        tag("path", d=path_of([start, (x1, middle)]), class_="e-line"),
        tag("circle", cx=x1, cy=middle, r=3.6, class_="g-ring"),
    ]


def _measured(frame: Frame, x1: float, now: float, measured: Mark | None, unit: Unit) -> list[Markup]:
    if measured is None:
        return []
    found = measured.scaled(unit.factor)
    x = x1 + 5
    drawn = [
        line(x, frame.down(now + span[0]), x, frame.down(now + span[1]), kind)
        for span, kind in ((found.thin, "g-thin"), (found.thick, "g-thick"))
        if span
    ]
    return [*drawn, tag("circle", cx=x, cy=frame.down(now + found.dot), r=3.6, class_="g-dot")]


def _names(
    x: float, promised: float, name: str, frame: Frame, now: float, measured: Mark | None, unit: Unit
) -> list[Markup]:
    """What the two dots are called, never one name over the other."""
    if measured is None:
        return [label(x + 12, promised + 4, name, "note")]
    y = frame.down(now + measured.dot * unit.factor)
    apart = max(0.0, _LINE - abs(promised - y)) / 2
    up, down = (-apart, apart) if promised <= y else (apart, -apart)
    return [label(x + 12, promised + 4 + up, name, "note"), label(x + 12, y + 4 + down, "measured", "note")]


def _dates(frame: Frame, first: date, last: date, verdict: date | None) -> list[Markup]:
    """Months below the axis, and the day of the verdict, where one was said."""
    drawn: list[Markup] = []
    step = max(1, -(-((last.year - first.year) * 12 + last.month - first.month) // _STEPS))
    month = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    while month <= last:
        x = frame.right(month.toordinal())
        drawn += [line(x, HIGH - BOTTOM, x, HIGH - BOTTOM + 4, "axis")]
        drawn.append(label(x, HIGH - BOTTOM + 18, f"{month:%b}" if month.month > 1 else f"{month:%b %Y}", "tick mid"))
        ahead = month.month - 1 + step
        month = date(month.year + ahead // 12, ahead % 12 + 1, 1)
    due = f"; verdict due {verdict.day} {verdict:%b %Y}" if verdict else ""
    return [*drawn, caption_below(frame, f"7-day mean{due}")]


def _number(value: float, width: float) -> str:
    return figure(value, min(2, decimals(abs(width) or 1.0)))
