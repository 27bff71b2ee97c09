"""Checks of the use of features."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.results.words import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import UseRow


@check(
    "R61",
    "warning",
    why="Features that hardly anybody uses cost upkeep, crowd the screen, and slow everything down.",
    do="Start with the costliest: ask why, then test its removal.",
)
def hardly_used(view: View) -> Iterator[Found]:
    """Features that hardly anybody uses, in one finding. A feature younger than its window is not judged."""
    judged = [
        row for row in view.tables.use if row.main and row.segment is None and row.measured and _is_old(view, row)
    ]
    rare = sorted((row for row in judged if row.hardly_used), key=lambda row: -(_upkeep(view, row)))
    if rare:
        names = listed((view.title("features", row.feature) for row in rare), SHOWN)
        are = "is" if len(rare) == 1 else "are"
        yield Found("features", f"{len(rare)} of {count(len(judged), 'feature')} {are} hardly used: {names}.")


def _is_old(view: View, row: UseRow) -> bool:
    feature = view.definitions.features.get(row.feature)
    if feature is None or feature.shipped is None:
        return True
    return feature.shipped + timedelta(days=row.window_days) <= view.as_of


def _upkeep(view: View, row: UseRow) -> float:
    feature = view.definitions.features.get(row.feature)
    return (feature.upkeep or 0.0) if feature else 0.0
