"""Ideas in the terminal: the score of a sheet, what is left of it, and the probability of being among the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.ideas import HALF, in_order, legend_of, top_of
from vitalfew.report.sheet import WIDE, Cell, Field, Note, Row, Rule, Sheet
from vitalfew.results.words import METHODS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import ClassicRow, Estimate

MOST = 15
"""Ideas that are shown, the most probable first."""
CONVICTION = 0.01
_LARGE = 100


def print_ideas(view: View, console: Console) -> None:
    """Print the classic columns of the candidates, with the probability that the order deserves.

    Args:
        view: the run to print.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    rows = in_order(view)
    if not rows:
        return
    sheet = Sheet(console)
    first = rows[0]
    by = "" if first.by is None else f", by {METHODS[first.by]}"
    sheet.heading(f"IDEAS: {words.count(len(rows), 'line')}{by}")
    fields = [Field(""), Field("score", 8, right=True), *_fields(sheet, first)]
    sheet.table(fields, _rows(view, sheet, rows[:MOST]))
    sheet.say(legend_of(first), "dim")
    sheet.left_out(len(rows) - MOST, "idea")


def _fields(sheet: Sheet, first: ClassicRow) -> list[Field]:
    likely = Field("likely (80 %)", 26, right=True) if sheet.width >= WIDE else Field("likely", 8, right=True)
    return [likely, Field("rank (80 %)", 12, right=True), Field(top_of(first), 9, right=True), Field("next", 10)]


def _rows(view: View, sheet: Sheet, rows: Sequence[ClassicRow]) -> list[Row]:
    telling = any((row.evidence or 0.0) > CONVICTION for row in rows)
    steps = {line.line: words.NEXT_STEPS[line.recommendation] for line in view.tables.candidates}
    found: list[Row] = []
    above = sum((row.p_top or 0.0) >= HALF for row in rows)
    for place, row in enumerate(rows):
        if place == above > 0:
            found.append(Rule(f"below, {top_of(rows[0])} is under one half"))
        found.append(_cells(view, sheet, row, steps.get(row.line, "")))
        note = "; ".join(_asides(row, evidence=telling))
        found += [Note(note)] if note else []
    return found


def _cells(view: View, sheet: Sheet, row: ClassicRow, step: str) -> list[Cell]:
    title = view.title("initiatives", row.line)
    if row.score is None:
        missing = "no score" if sheet.is_pipe else sheet.signs.dash
        return [Cell(title), Cell(missing, "dim"), Cell(""), Cell(""), Cell(""), Cell(step)]
    chance = "" if row.p_top is None else words.probability(row.p_top)
    likely, rank = _likely(sheet, row.likely), _rank(row.rank)
    if sheet.is_pipe:
        named = [f"score {_number(row.score)}", f"likely {likely}" if likely else "", f"rank {rank}" if rank else ""]
        return [Cell(title), *map(Cell, named), Cell(f"{top_of(row)} {chance}"), Cell(step)]
    bold = "bold" if (row.p_top or 0.0) >= HALF else ""
    return [Cell(title, bold), Cell(_number(row.score)), Cell(likely), Cell(rank), Cell(chance, bold), Cell(step)]


def _likely(sheet: Sheet, found: Estimate | None) -> str:
    if found is None:
        return ""
    middle = _number(found.estimate)
    if (sheet.width < WIDE and not sheet.is_pipe) or found.low is None or found.high is None:
        return middle
    return f"{middle} ({_number(found.low)} to {_number(found.high)})"


def _rank(found: Estimate | None) -> str:
    return "" if found is None or found.low is None or found.high is None else f"{found.low:.0f} to {found.high:.0f}"


def _asides(row: ClassicRow, *, evidence: bool) -> list[str]:
    """What other methods say of an idea, and why one says nothing."""
    ranks = row.ranks or {}
    said = [
        f"{METHODS[name]} {_number(score)} (rank {ranks[name]})"
        for name in METHODS
        if name != row.by and name in ranks and (score := getattr(row, name)) is not None
    ]
    if row.odi is not None:
        said.append(f"opportunity {row.odi.estimate:.1f} ({row.odi.low or 0:.1f} to {row.odi.high or 0:.1f})")
    if row.kano is not None:
        pleases = "" if row.better is None else f", better {row.better.estimate:.2f}"
        hurts = "" if row.worse is None else f", worse {row.worse.estimate:.2f}"
        said.append(f"Kano {row.kano}{pleases}{hurts}")
    if row.maxdiff is not None:
        said.append(f"MaxDiff {row.maxdiff:+.2f}")
    if evidence and row.evidence is not None:
        said.append(f"evidence {row.evidence:g} ({row.evidence_kind})")
    return [*said, *row.notes]


def _number(value: float) -> str:
    """A score in as many digits as anybody compares."""
    return f"{value:,.0f}" if abs(value) >= _LARGE else words.significant(value, 3)
