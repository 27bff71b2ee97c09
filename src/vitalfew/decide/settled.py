"""Whether agreeing on the weights would change what is chosen: one answer for checks, explanations and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.results.rows import InformationRow, Tables

SMALL_PART = 0.05
"""Share of what knowing everything is worth, below which a part of it is not worth an hour."""


def settled_weights(tables: Tables) -> InformationRow | None:
    """What is known about agreeing on all weights, where that would hardly change the choice; None where it may."""
    rows = (row for row in tables.information if row.about == "weights" and row.subject is None)
    return next((row for row in rows if row.share < SMALL_PART), None)
