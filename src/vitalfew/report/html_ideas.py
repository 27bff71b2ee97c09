"""Ideas in HTML: the score of a sheet, what is left of it, and the probability of being among the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.axis import Axis, Mark, axis_over
from vitalfew.report.ideas import HALF, in_order, is_ideas_only, legend_of, top_of
from vitalfew.report.layout import Column, section, table
from vitalfew.report.svg import empty, glyph
from vitalfew.results.words import METHODS

if TYPE_CHECKING:
    from vitalfew.report.markup import Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import ClassicRow, Estimate

_LARGE = 100


def ideas(view: View, most: int | None = None) -> Markup | None:
    """The ideas of a sheet by their probability of being among the first; nothing once any candidate has a value.

    Args:
        view: of a run.
        most: how many ideas; all when not given.
    """
    if not is_ideas_only(view):
        return None
    rows = in_order(view)[:most]
    first = rows[0]
    axis = axis_over(_mark(row.likely) for row in rows if row.likely)
    by = "" if first.by is None else f" by {METHODS[first.by]}"
    numbers = [Column(name, "num") for name in ("Score", "Likely (80 %)", "Rank (80 %)", top_of(first))]
    heads = ["Idea", *numbers[:2], "Without luck", *numbers[2:], "Next step"]
    steps = {line.line: words.NEXT_STEPS[line.recommendation] for line in view.tables.candidates}
    return section(
        "ideas",
        f"Ideas{by}",
        "What the scores say, how much of their order is luck, and which ideas are likely among the first.",
        table(
            heads,
            [(*_cells(view, row, axis), steps.get(row.line, "")) for row in rows],
            caption=f"{_capital(legend_of(first))}.{_cut(len(rows), len(view.tables.classic))}",
            row_classes=[None if (row.p_top or 0.0) >= HALF else "below" for row in rows],
        ),
    )


def _cut(shown: int, of: int) -> str:
    return f" The first {shown} of {of:,}." if shown < of else ""


def _cells(view: View, row: ClassicRow, axis: Axis) -> tuple[str | Markup, ...]:
    title = view.title("initiatives", row.line)
    if row.score is None:
        return title, "no score", "", empty("a number of the score is missing"), "", ""
    likely = row.likely
    text = _spanned(likely)
    picture = empty("what is left of it cannot be told") if likely is None else glyph(axis, _mark(likely), text)
    return title, _number(row.score), text, picture, _ranks(row.rank), words.probability(row.p_top) or ""


def _mark(found: Estimate) -> Mark:
    both = None if found.low is None or found.high is None else (found.low, found.high)
    return Mark(found.estimate, both, None)


def _spanned(found: Estimate | None) -> str:
    if found is None:
        return ""
    middle = _number(found.estimate)
    return (
        middle
        if found.low is None or found.high is None
        else f"{middle} ({_number(found.low)} to {_number(found.high)})"
    )


def _ranks(found: Estimate | None) -> str:
    return "" if found is None or found.low is None or found.high is None else f"{found.low:.0f} to {found.high:.0f}"


def _number(value: float) -> str:
    """A score in as many digits as anybody compares."""
    return f"{value:,.0f}" if abs(value) >= _LARGE else words.significant(value, 3)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
