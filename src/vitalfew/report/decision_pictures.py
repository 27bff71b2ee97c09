"""Pictures of decisions: what fewer factors cost, what each budget buys, where outcomes fell in their forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.curves import (
    BOTTOM,
    HIGH,
    LEFT,
    RIGHT,
    TOP,
    WIDE,
    Frame,
    caption_below,
    numbers_below,
    path_of,
    upright,
)
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, line, picture
from vitalfew.report.words import count, share
from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import PayoffRow, VitalFactorsRow

ENOUGH = 0.02
"""Share of the best plan's value that may be lost by deciding with fewer factors."""
_BAR = 0.7  # of the room of one tenth
_LEAST_TOP = 0.05  # the axis of regret reaches at least this far, so that nothing is blown up


def regret_curve(rows: Sequence[VitalFactorsRow], title: str) -> Markup:
    """Value lost against the number of factors one decides by, with its 80 % interval; all factors on the left.

    Args:
        rows: one per size, largest first, each with a regret.
        title: the text alternative.
    """
    found = [row.regret or Estimate(0.0) for row in rows]
    top = max([_LEAST_TOP, *(each.high or each.estimate for each in found)]) * 1.08
    frame = Frame((0.0, max(len(rows) - 1.0, 1.0)), (0.0, top))
    points = [(frame.right(at), frame.down(each.estimate)) for at, each in enumerate(found)]
    drawn = [
        *upright(frame, "value lost", percent=True),
        line(LEFT, frame.down(ENOUGH), WIDE - RIGHT, frame.down(ENOUGH), "guide"),
        tag("path", d=path_of(points), class_="curve"),
    ]
    for (x, y), row, each in zip(points, rows, found, strict=True):
        if each.low is not None and each.high is not None:
            drawn.append(line(x, frame.down(each.low), x, frame.down(each.high), "g-thin"))
        drawn.append(tag("circle", cx=x, cy=y, r=3.6, class_="g-dot" if row.enough else "g-ring"))
        drawn.append(label(x, HIGH - BOTTOM + 16, str(row.k), "tick mid"))
    drawn.append(caption_below(frame, "factors that one decides by"))
    return picture(title, drawn, width=WIDE, height=HIGH, class_="wide")


def frontier_curve(
    points: Sequence[tuple[float, float]], plan: tuple[float, float, int] | None, unit: str, title: str
) -> Markup:
    """The most expected value that each budget buys, and where the plan stands.

    Args:
        points: budget and expected points, by budget.
        plan: its budget, its expected points, and how many lines it holds.
        unit: of cost.
        title: the text alternative.
    """
    whole = [(0.0, 0.0), *points]
    frame = Frame((0.0, max(x for x, _ in whole) or 1.0), (0.0, (max(y for _, y in whole) or 1.0) * 1.08))
    drawn = [
        *upright(frame, "expected points"),
        *numbers_below(frame),
        tag("path", d=path_of([(frame.right(x), frame.down(y)) for x, y in whole]), class_="curve"),
    ]
    if plan is not None:
        budget, value, lines = plan
        x, y = frame.right(min(budget, frame.x[1])), frame.down(value)
        side, kind = (-6, "note end") if x > WIDE / 2 else (6, "note")  # late there is no room on the right
        drawn += [
            line(x, TOP, x, HIGH - BOTTOM, "guide"),
            tag("circle", cx=x, cy=y, r=3.6, class_="g-dot"),
            label(x + side, y + 16, f"the plan: {count(lines, 'line')}", kind),
        ]
    drawn.append(caption_below(frame, f"budget, {unit}"))
    return picture(title, drawn, width=WIDE, height=HIGH, class_="wide")


def places_of_outcomes(pit: Sequence[int], title: str) -> Markup:
    """How many outcomes fell into each tenth of their forecast, beside an even spread: what good forecasts show."""
    even = sum(pit) / len(pit)
    frame = Frame((0.0, float(len(pit))), (0.0, max(*pit, even) * 1.1))
    width = (frame.right(1) - frame.right(0)) * _BAR
    drawn = [*upright(frame, "outcomes")]
    for at, found in enumerate(pit):
        x, y = frame.right(at + 0.5), frame.down(found)
        drawn.append(tag("rect", x=x - width / 2, y=y, width=width, height=frame.down(0.0) - y, class_="b-fill"))
        drawn.append(label(x, HIGH - BOTTOM + 16, share((at + 1) / len(pit)), "tick mid"))
    drawn.append(line(LEFT, frame.down(even), WIDE - RIGHT, frame.down(even), "guide"))
    drawn.append(caption_below(frame, "up to this part of the forecast: even is well judged"))
    return picture(title, drawn, width=WIDE, height=HIGH, class_="wide")


def payoff_histogram(rows: Sequence[PayoffRow], title: str) -> Markup:
    """How many lines are expected to have paid in each quarter, agreed work filled below what is only a candidate."""
    when = sorted({row.quarter for row in rows}, key=lambda quarter: (quarter is None, quarter))
    found = {(row.quarter, row.agreed): row.lines.estimate for row in rows}
    totals = [found.get((quarter, True), 0.0) + found.get((quarter, False), 0.0) for quarter in when]
    frame = Frame((0.0, float(len(when))), (0.0, max(1.0, *totals) * 1.1))
    width = (frame.right(1) - frame.right(0)) * _BAR
    drawn = [*upright(frame, "lines")]
    for at, quarter in enumerate(when):
        x, foot = frame.right(at + 0.5) - width / 2, 0.0
        for agreed, look in ((True, "b-fill"), (False, "b-open")):
            many = found.get((quarter, agreed), 0.0)
            high = frame.down(foot) - frame.down(foot + many)
            drawn.append(tag("rect", x=x, y=frame.down(foot + many), width=width, height=high, class_=look))
            foot += many
        drawn.append(label(x + width / 2, HIGH - BOTTOM + 16, _short(quarter), "tick mid"))
    drawn.append(caption_below(frame, "quarter in which it has paid"))
    return picture(title, drawn, width=WIDE, height=HIGH, class_="wide")


def _short(quarter: str | None) -> str:
    """A quarter below a bar, such as `Q1 27`."""
    return "later" if quarter is None else f"{quarter[5:]} {quarter[2:4]}"
