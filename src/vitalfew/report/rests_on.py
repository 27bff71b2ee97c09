"""What the forecasts of a locked promise rest on, in words: what was named by all together, never by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import listed
from vitalfew.workspace.cited import RESTED_ON, kind_cited

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.definitions import Definitions

SHOWN = 6


def rests_on(view: View, row: PromiseRow) -> str:
    """How many forecasters named something, and what; empty where nobody did, or where too few for it to be told."""
    if not row.evidenced:
        return ""
    what = listed((named(one, view.definitions) for one in row.evidence), SHOWN)
    return f"{row.evidenced} of {row.forecasters} forecasters said what theirs rests on{f': {what}' if what else ''}"


def named(one: str, definitions: Definitions) -> str:
    """A piece of evidence in a sentence: what it is called with its kind; an address, or what is gone, as it is."""
    kind = kind_cited(one, definitions)
    return one if kind is None else f"{RESTED_ON[kind]} “{definitions.title(kind, one)}”"
