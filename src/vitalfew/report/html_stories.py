"""Narratives of teams side by side in HTML, and metrics that they mean to move in opposite directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.layout import items
from vitalfew.report.markup import Markup, tag
from vitalfew.report.story_words import SAID, TITLE, facets, opposed_sentence, silent, whose
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.report.view import View
    from vitalfew.results.rows import DistanceRow

NARRATIVE_HEADS = ("team", "about", "says")
DISTANCE_HEADS = ("one", "other", "share", "share_low_80", "share_high_80")
OPPOSED_HEADS = ("metric", "direction", "team", "kind", "about", "before", "after")


def narrative_cells(view: View) -> Iterator[tuple[object, ...]]:
    """What teams say, one sentence a row, under `NARRATIVE_HEADS`."""
    for row in view.tables.narratives:
        for heading, said in facets(view, row):
            yield from ((row.team, heading, text) for text in said)


def distance_cells(row: DistanceRow) -> tuple[object, ...]:
    """How far two groups are apart with whole numbers, under `DISTANCE_HEADS`."""
    return row.one, row.other, row.share.estimate, row.share.low, row.share.high


def opposed_cells(view: View) -> Iterator[tuple[object, ...]]:
    """Who means to move a metric which way, under `OPPOSED_HEADS`."""
    for row in view.tables.opposed:
        for aim in (*row.up, *row.down):
            yield row.metric, "up" if aim.up else "down", aim.team, aim.kind, aim.about, aim.before, aim.after


def stories(view: View) -> Markup | None:
    """What teams say they are for, side by side; nothing where fewer than two say anything."""
    rows = view.tables.narratives
    if len(rows) < 2:  # noqa: PLR2004 - one beside itself tells nothing
        return None
    against = items(opposed_sentence(view, row) for row in view.tables.opposed)
    cards = [
        tag(
            "article",
            tag("h4", whose(view, row.team)),
            [tag("div", tag("h5", heading), items(said)) for heading, said in facets(view, row)],
        )
        for row in rows
    ]
    quiet = silent(view)
    return tag(
        "div",
        tag("h3", TITLE),
        tag("p", SAID, class_="notes"),
        tag("div", tag("h4", "Pulls in opposite directions"), against, class_="opposed") if against else None,
        tag("div", cards, class_="stories"),
        tag("p", f"Nothing of their own say: {listed(quiet)}.", class_="notes") if quiet else None,
        class_="sub",
    )
