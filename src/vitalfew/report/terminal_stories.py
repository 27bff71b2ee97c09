"""Narratives of teams one below the other in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.story_words import TITLE, facets, opposed_sentence, silent, whose
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from vitalfew.report.sheet import Sheet
    from vitalfew.report.view import View


def print_stories(view: View, sheet: Sheet) -> None:
    """Print what teams say they are for, and where they pull in opposite directions."""
    rows = view.tables.narratives
    if len(rows) < 2:  # noqa: PLR2004 - one beside itself tells nothing
        return
    sheet.heading(TITLE.upper())
    for pulled in view.tables.opposed:
        sheet.say(f"Opposite directions: {opposed_sentence(view, pulled)}", "bold")
    for row in rows:
        sheet.say(whose(view, row.team), "bold")
        for heading, said in facets(view, row):
            sheet.say(f"{heading}: {'; '.join(said)}.", indent=2)
    if silent(view):
        sheet.say(f"Nothing of their own say: {listed(silent(view))}.", "dim")
