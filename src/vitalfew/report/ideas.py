"""Ideas of which a score is all that is known: which they are, in which order, and how their columns are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import ClassicRow

HALF = 0.5
"""From this probability on an idea stands above the drawn line."""


def is_ideas_only(view: View) -> bool:
    """Whether scores are all that is known of every candidate."""
    scored = {row.line for row in view.tables.classic}
    lines = view.tables.candidates
    return bool(scored) and all(line.value is None and line.p_in is None and line.line in scored for line in lines)


def in_order(view: View) -> list[ClassicRow]:
    """The ideas, the most probable first."""
    return sorted(view.tables.classic, key=lambda row: (row.p_top is None, -(row.p_top or 0.0), -(row.score or 0.0)))


def top_of(row: ClassicRow) -> str:
    """The name of the column that says how probably an idea is among the first: `P(top 5)`."""
    return "P(first)" if row.top == 1 else f"P(top {row.top or 5})"


def legend_of(row: ClassicRow) -> str:
    """What is left of a score, under which doubt, and what a score is good for."""
    if row.by is None:
        return "no idea has all the numbers of a method, so none has a score"
    doubt = (
        f"if each number of a score is off by a factor of {row.input_error:g} (policy.input_error)"
        if row.input_error is not None
        else "if people's ranges are as much too narrow as they usually are"
    )
    return f"likely: what is left of the score without luck, {doubt}; scores are opinion: none of them funds anything"
