"""How groups of raters weigh: what each gives to each factor, and how far apart they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import picture
from vitalfew.results.basics import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import GroupWeightRow, WeightRow
    from vitalfew.workspace.definitions import Definitions

STEPS = 5
"""Shades of a tile, by its share of the largest weight on the map."""


def group_map(view: View) -> Markup | None:
    """What groups weigh in a run, under a heading; None for fewer than two groups."""
    whole = {row.factor: row for row in view.tables.weights}
    found = heat_map(view.tables.group_weights, whole, view.definitions)
    return tag("div", tag("h3", "Who weighs what"), found, class_="sub") if found else None


def heat_map(rows: Sequence[GroupWeightRow], whole: Mapping[str, WeightRow], definitions: Definitions) -> Markup | None:
    """Factor by group as a map of tiles, the darker the heavier; None for fewer than two groups.

    Args:
        rows: weights of groups of five raters or more, smaller ones merged.
        whole: weights of everybody, by factor.
        definitions: with the titles of factors.
    """
    groups = list(dict.fromkeys(row.group for row in rows))
    if len(groups) < 2:  # noqa: PLR2004 - one group is everybody
        return None
    at = {(row.group, row.factor): row for row in rows}
    factors = sorted({row.factor for row in rows}, key=lambda key: (-(whole[key].mean if key in whole else 0.0), key))
    top = max(row.mean for row in rows) or 1.0
    body = [
        (definitions.title("factors", factor), _whole(whole.get(factor), top),
         *(_cell(at.get((group, factor)), top) for group in groups))
        for factor in factors
    ]  # fmt: skip
    heads = ["Factor", *(Column(name, "num") for name in ("everybody", *groups))]
    caption = (
        "Weights with 80 % intervals, the darker the tile the heavier. ▲ clearly more than all others give, ▼ clearly "
        "less. Groups of fewer than five are merged."
    )
    return table(heads, body, caption=caption)


def group_distances(view: View) -> Markup | None:
    """How far apart the groups of raters weigh, each against each."""
    found = {frozenset((row.one, row.other)): words.share_span(row.share) for row in view.tables.distances}
    if not found:
        return None
    names = list(dict.fromkeys(row.group for row in view.tables.group_weights))
    heads = ["Group", *names]
    rows = [(name, *(found.get(frozenset((name, other)), "") for other in names)) for name in names]
    told = "Share of all weight that one group puts elsewhere than another, 80 % intervals; chance alone gives some."
    return fold("How far apart groups weigh", table(heads, rows, caption=told))


def _whole(row: WeightRow | None, top: float) -> Markup | str:
    return "" if row is None else _tile(row.mean, row.low, row.high, top)


def _cell(row: GroupWeightRow | None, top: float) -> Markup | str:
    if row is None:
        return ""
    mark = ("▲", "clearly more than all others") if row.gap_low > 0 else ("▼", "clearly less than all others")
    clear = row.gap_low > 0 or row.gap_high < 0
    return _tile(row.mean, row.low, row.high, top, mark if clear else None)


def _tile(
    mean: float, low: float | None, high: float | None, top: float, mark: tuple[str, str] | None = None
) -> Markup:
    """A weight as a shaded tile beside its number; `mark`: a sign and what it says."""
    step = min(STEPS, 1 + int(STEPS * mean / top))
    tile = tag("rect", x=1, y=1, width=14, height=14, class_=f"heat heat-{step}")
    sign = None if mark is None else tag("span", mark[0], tag("span", f" {mark[1]}", class_="hidden"))
    shade = picture(f"shade {step} of {STEPS}", tile, width=16, height=16, class_="key")
    return tag("span", shade, " ", words.share_span(Estimate(mean, low, high)), " ", sign)
