"""A small picture of how counts go from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, line, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

HIGH, BAR, GAP, LEFT = 72, 14, 4, 30
_SHADES = ("t-error", "t-warning", "t-info")


def counts_by_run(counts: Sequence[tuple[int, ...]], title: str) -> Markup:
    """Stacked bars, one per run, oldest left.

    Args:
        counts: of one run each: errors, warnings, notes.
        title: the text alternative.
    """
    most = max([sum(found) for found in counts] or [1]) or 1
    bottom, scale = HIGH - 6, (HIGH - 18) / most
    drawn = [label(LEFT - 6, 14, str(most), "tick end"), label(LEFT - 6, bottom, "0", "tick end")]
    for place, found in enumerate(counts):
        x, y = LEFT + place * (BAR + GAP), float(bottom)
        for shade, count in zip(_SHADES, found, strict=True):
            if count:
                y -= count * scale
                drawn.append(tag("rect", x=x, y=y, width=BAR, height=count * scale, class_=shade))
    width = LEFT + max(1, len(counts)) * (BAR + GAP)
    drawn.append(line(LEFT - 2, bottom, width, bottom, "axis"))
    return picture(title, drawn, width=width, height=HIGH, class_="trend")
