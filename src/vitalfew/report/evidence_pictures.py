"""Pictures of many effects together: effects against effects, trade-offs, periods around a release, placebo dates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.curves import BOTTOM, LEFT, RIGHT, TOP, WIDE, Frame, caption_below, numbers_below, path_of, upright
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, line, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.words import Unit
    from vitalfew.results.rows import EventStudyRow

TALL = 300
_BINS = 24
_CORNERS = 48
_FAR = 2.4477
"""Radius in standard deviations that holds 95 % of a bivariate normal: root of the 95 % quantile of chi-square(2)."""
_ROOM = 1.12


@dataclass(frozen=True, slots=True)
class Point:
    """The effects of one experiment on two metrics, with half widths of their 95 % intervals, as shown.

    `on_front`: no other beats it on both.
    """

    x: float
    y: float
    half_x: float
    half_y: float
    title: str
    on_front: bool = False


def scatter(
    points: Sequence[Point], slopes: tuple[float | None, float | None], captions: tuple[str, str], title: str
) -> Markup:
    """Effects on the child against effects on the parent, with the line a scatter plot suggests and the corrected one.

    Args:
        points: one per experiment.
        slopes: naive and corrected, in the units shown; None: not known.
        captions: below and beside.
        title: the text alternative.
    """
    frame = _square_frame(points)
    drawn = [*upright(frame, captions[1]), *numbers_below(frame)]
    drawn += [part for point in points for part in _cross(frame, point)]
    for slope, kind, name in zip(slopes, ("naive", "curve"), ("scatter", "corrected"), strict=True):
        if slope is not None:
            drawn += _through_zero(frame, slope, kind, name)
    drawn.append(caption_below(frame, captions[0]))
    return picture(title, drawn, width=WIDE, height=TALL, class_="wide")


def ellipse(
    points: Sequence[Point],
    covariance: tuple[float, float, float],
    captions: tuple[str, str],
    title: str,
    *,
    agreed: float | None = None,
) -> Markup:
    """Effects on two metrics, the ellipse that holds 95 % of true effects, and those that no other beats.

    Args:
        points: one per experiment.
        covariance: variance of the first, covariance, variance of the second, in the units shown.
        captions: below and beside.
        title: the text alternative.
        agreed: slope of the line on which one makes up for the other by the weights; None: not known.
    """
    outline = _ellipse(covariance)
    around = [Point(x, y, 0.0, 0.0, "") for x, y in outline]
    frame = _square_frame([*points, *around])
    way = path_of([(frame.right(x), frame.down(y)) for x, y in outline])
    drawn = [tag("path", d=f"{way}Z", class_="band"), *upright(frame, captions[1]), *numbers_below(frame)]
    if agreed is not None:
        drawn += _through_zero(frame, agreed, "naive", "agreed")
    drawn += [part for point in points for part in _cross(frame, point)]
    drawn.append(caption_below(frame, captions[0]))
    return picture(title, drawn, width=WIDE, height=TALL, class_="wide")


def periods(rows: Sequence[EventStudyRow], unit: Unit, title: str) -> Markup:
    """The effect of a release by period since each unit got it; what comes before should lie around zero.

    Args:
        rows: of one release and metric.
        unit: how numbers of the metric are written.
        title: the text alternative.
    """
    found = sorted(rows, key=lambda row: row.period)
    ends = [end * unit.factor for row in found for end in (row.band_low, row.band_high)]
    frame = Frame((found[0].period - 0.5, found[-1].period + 0.5), (min(0.0, *ends), max(0.0, *ends)), TALL)
    above = [(frame.right(row.period), frame.down(row.band_high * unit.factor)) for row in found]
    below = [(frame.right(row.period), frame.down(row.band_low * unit.factor)) for row in found]
    start = frame.right(-0.5)
    drawn = [
        tag("path", d=path_of([*above, *reversed(below)]) + "Z", class_="band"),
        *upright(frame, unit.change or "change"),
        line(start, TOP, start, TALL - BOTTOM, "guide"),
        label(start + 4, TOP + 10, "released", "note"),
    ]
    for row in found:
        x = frame.right(row.period)
        low, high = frame.down(row.low * unit.factor), frame.down(row.high * unit.factor)
        kind = "g-ring" if row.period < 0 else "g-dot"
        drawn += [
            line(x, low, x, high, "g-thin"),
            tag("circle", cx=x, cy=frame.down(row.estimate * unit.factor), r=3.6, class_=kind),
        ]
        if len(found) <= _BINS or row.period % 5 == 0:
            drawn.append(label(x, TALL - BOTTOM + 18, f"{row.period}".replace("-", "−"), "tick mid"))
    drawn.append(caption_below(frame, "periods since a unit got it"))
    return picture(title, drawn, width=WIDE, height=TALL, class_="wide")


def placebos(found: Sequence[float], effect: float, unit: Unit, title: str) -> Markup:
    """What the same computation gives on days without a release, and where the release stands among them.

    Args:
        found: effects at placebo dates, in the metric's unit.
        effect: of the release.
        unit: how numbers of the metric are written.
        title: the text alternative.
    """
    shown = [value * unit.factor for value in found]
    here = effect * unit.factor
    low, high = min(*shown, here, 0.0), max(*shown, here, 0.0)
    room = (high - low) * 0.05 or 1.0
    low, high = low - room, high + room
    counts = [0] * _BINS
    for value in shown:
        counts[min(_BINS - 1, int((value - low) / (high - low) * _BINS))] += 1
    frame = Frame((low, high), (0.0, max(counts) * _ROOM))
    width = (frame.right(high) - frame.right(low)) / _BINS
    drawn = [*upright(frame, "placebo dates"), *numbers_below(frame)]
    for at, number in enumerate(counts):
        x, y = frame.right(low) + at * width, frame.down(number)
        drawn.append(tag("rect", x=x + 1, y=y, width=width - 2, height=frame.down(0.0) - y, class_="b-fill"))
    effect_at = frame.right(here)
    side = "note end" if here > (low + high) / 2 else "note"
    drawn += [
        line(effect_at, TOP, effect_at, frame.height - BOTTOM, "g-effect"),
        label(effect_at + (-5 if side == "note end" else 5), TOP + 10, "the release", side),
        caption_below(frame, f"change{f', {unit.change}' if unit.change else ''}"),
    ]
    return picture(title, drawn, width=WIDE, height=frame.height, class_="wide")


def _square_frame(points: Sequence[Point]) -> Frame:
    """Axes that hold every point, with zero in both; intervals may be cut."""
    xs, ys = [point.x for point in points], [point.y for point in points]
    return Frame(_with_room(xs), _with_room(ys), TALL)


def _with_room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(0.0, *values), max(0.0, *values)
    if high - low <= 0:
        return -1.0, 1.0
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def _cross(frame: Frame, point: Point) -> list[Markup]:
    x, y = frame.right(point.x), frame.down(point.y)
    left, right = (min(max(frame.right(point.x + side), LEFT), WIDE - RIGHT) for side in (-point.half_x, point.half_x))
    low, high = (frame.down(point.y + side) for side in (-point.half_y, point.half_y))
    bars = [line(left, y, right, y, "c-bar"), line(x, low, x, high, "c-bar")]
    ring = tag("circle", cx=x, cy=y, r=6, class_="c-front") if point.on_front else None
    dot = tag("g", tag("title", point.title), ring, tag("circle", cx=x, cy=y, r=3, class_="c-dot"))
    return [*bars, dot] if point.title else [dot]


def _through_zero(frame: Frame, slope: float, kind: str, name: str) -> list[Markup]:
    """A line through zero, cut where it leaves the picture, with its name at the right end."""
    ends = []
    for x in frame.x:
        limit = frame.y[1] if slope * x > 0 else frame.y[0]
        beyond = slope != 0 and abs(slope * x) > abs(limit)
        ends.append((limit / slope, limit) if beyond else (x, slope * x))
    (x1, y1), (x2, y2) = ((frame.right(x), frame.down(y)) for x, y in ends)
    return [line(x1, y1, x2, y2, kind), label(x2 + 4, max(y2 + (4 if kind == "curve" else -6), TOP + 10), name, "note")]


def _ellipse(covariance: tuple[float, float, float]) -> list[tuple[float, float]]:
    """Corners of the ellipse, by the Cholesky factor of the covariance."""
    first, both, second = covariance
    a = math.sqrt(max(first, 0.0))
    b = both / a if a > 0 else 0.0
    c = math.sqrt(max(second - b * b, 0.0))
    turns = [2 * math.pi * step / _CORNERS for step in range(_CORNERS)]
    return [(_FAR * a * math.cos(t), _FAR * (b * math.cos(t) + c * math.sin(t))) for t in turns]
