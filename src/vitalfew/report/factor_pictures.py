"""Pictures of factors: where a metric stands in its range, how much it counts, how far people are apart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.report.pictures import ticks
from vitalfew.report.svg import HEIGHT, label, line, picture
from vitalfew.report.words import count, level, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.words import Unit
    from vitalfew.results.rows import WeightRow

TRACK, BAR, STRIP = 168, 150, 440
"""Widths of the pictures in pixels."""
_EDGE = 6
_TRACK_HEIGHT = 38
_ROW = 8
_DOT = 3.4
_BINS = 60


def range_track(worst: float, best: float, today: float | None, unit: Unit, title: str) -> Markup:
    """A factor's range from worst (left) to best (right), with where the metric stands today.

    Args:
        worst: end of the range, in the metric's unit.
        best: its other end.
        today: level of the metric; None where it is not known.
        unit: how numbers of the metric are written.
        title: of the factor; the text alternative says the rest.
    """
    said = f"{title}: from {level(worst, unit)} to {level(best, unit)}"
    drawn = [
        line(_EDGE, 12, TRACK - _EDGE, 12, "g-track"),
        line(_EDGE, 7, _EDGE, 17, "axis"),
        line(TRACK - _EDGE, 7, TRACK - _EDGE, 17, "axis"),
        label(_EDGE - 4, 32, level(worst, unit), "tick"),
        label(TRACK - _EDGE + 4, 32, level(best, unit), "tick end"),
    ]
    if today is None:
        return picture(f"{said}; where it stands today is not known", drawn, width=TRACK, height=_TRACK_HEIGHT)
    place = (today - worst) / (best - worst)
    x = _EDGE + (TRACK - 2 * _EDGE) * min(1.0, max(0.0, place))
    beyond = " (outside the range)" if not 0 <= place <= 1 else ""
    drawn += [line(_EDGE, 12, x, 12, "g-way"), tag("circle", cx=x, cy=12, r=4.4, class_="g-dot")]
    return picture(f"{said}; today {level(today, unit)}{beyond}", drawn, width=TRACK, height=_TRACK_HEIGHT)


def weight_bar(row: WeightRow, top: float, title: str, *, members: bool) -> Markup:
    """The weight of a factor as a bar with its 80 % interval, and where four of five members lie as a soft band.

    Args:
        row: the weight.
        top: the largest number of the column.
        title: of the factor.
        members: whether the band may be shown: from five raters up.
    """
    said = f"{title}: weight {share(row.mean)}"
    drawn = [
        tag("rect", x=_EDGE, y=6, width=BAR - 2 * _EDGE, height=10, class_="b-track"),
        tag("rect", x=_EDGE, y=6, width=max(1.0, _across(row.mean, top) - _EDGE), height=10, class_="b-fill"),
    ]
    if members and row.member_low is not None and row.member_high is not None:
        low, high = _across(row.member_low, top), _across(row.member_high, top)
        drawn.insert(1, tag("rect", x=low, y=2, width=max(1.0, high - low), height=18, class_="b-members"))
        said += f"; four of five members {share(row.member_low)} to {share(row.member_high)}"
    if row.low is not None and row.high is not None:
        drawn.append(
            line(_across(row.low, top), 11, max(_across(row.high, top), _across(row.low, top) + 1), 11, "g-thin")
        )
        said += f"; 80 % interval of the group {share(row.low)} to {share(row.high)}"
    return picture(said, drawn, width=BAR, height=HEIGHT, class_="glyph")


def dot_strip(dots: Sequence[float], row: WeightRow, top: float, title: str) -> Markup:
    """Members' weights as unnamed dots over the group's weight with its 80 % interval; without dots the group alone.

    Args:
        dots: in rising order.
        row: the weight of the group.
        top: the right end of the axis.
        title: of the factor.
    """
    stacks = Counter(round(_BINS * min(dot, top) / top) for dot in dots)
    tallest = max(stacks.values(), default=0)
    base = max(1, tallest) * _ROW + 4
    drawn = [line(_EDGE, base + 12, STRIP - _EDGE, base + 12, "axis")]
    for mark in ticks(0.0, 100 * top, most=6):
        x = _wide(mark / 100, top)
        drawn.append(line(x, base + 12, x, base + 16, "axis"))
        drawn.append(label(x, base + 27, share(mark / 100), "tick mid" if mark else "tick"))
    for place, many in sorted(stacks.items()):
        x = _EDGE + (STRIP - 2 * _EDGE) * place / _BINS
        drawn += [tag("circle", cx=x, cy=base - _ROW * at, r=_DOT, class_="g-member") for at in range(many)]
    said = f"{title}: the group {share(row.mean)}"
    if row.low is not None and row.high is not None:
        drawn.append(
            line(
                _wide(row.low, top), base + 12, max(_wide(row.high, top), _wide(row.low, top) + 1), base + 12, "g-thick"
            )
        )
        said += f" ({share(row.low)} to {share(row.high)})"
    drawn.append(tag("circle", cx=_wide(row.mean, top), cy=base + 12, r=4.4, class_="g-dot"))
    if dots:
        said += f"; {count(len(dots), 'member')} from {share(dots[0])} to {share(dots[-1])}"
    return picture(said, drawn, width=STRIP, height=base + 30, class_="wide strip-of-dots")


def _across(value: float, top: float) -> float:
    return _EDGE + (BAR - 2 * _EDGE) * min(1.0, value / top)


def _wide(value: float, top: float) -> float:
    return _EDGE + (STRIP - 2 * _EDGE) * min(1.0, value / top)
