"""The ledger of a run as a page shows it: both lists, filtered, with the drawn line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from vitalfew.report import cells, words
from vitalfew.report.axis import axis_over
from vitalfew.report.html_ledger import CANDIDATES, EMPTY, SHIPPED, cost, cost_mark, measured, promised
from vitalfew.report.markup import Markup, join
from vitalfew.report.view import cut, urgent
from vitalfew.results.rows import CandidateLine, ShippedLine
from vitalfew.server.core.filters import owners, times
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from vitalfew.pipeline import Results
    from vitalfew.report.axis import Axis
    from vitalfew.report.view import View
    from vitalfew.results.rows import Value
    from vitalfew.server.core.filters import Choices, Field, Filter

type Line = ShippedLine | CandidateLine
type Half = Literal["shipped", "candidates"]

BELOW = 15
"""Lines shown below the drawn line before the rest is only offered."""
IDEAS = 100
"""Ideas of a sheet that a page shows by their scores; files hold all of them."""
_KINDS = {
    "Vital": "num odds",
    "P in plan": "num odds",
    "Grade": "graded",
    "Verdict": "judged",
    "Next step": "step",
    "Because": "because",
}
_HINTS = {"Promised": "better →", "Measured": "better →", "Value": "points", "Expected value": "points"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its name, its unit or direction, how its cells are set."""

    name: str
    hint: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row; `body` is empty for the next step, which depends on who looks."""

    column: Column
    body: Markup


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the ledger as a row. `moved`: places up (above 0) or down by what was asked of a what-if."""

    line: str
    title: str
    kind: str
    step: str
    weak: bool
    cells: tuple[Cell, ...]
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """One half of the ledger.

    `more`: lines below the drawn line that are not shown; `total`: lines of the run before any filter.
    """

    name: Half
    columns: tuple[Column, ...]
    above: tuple[Row, ...]
    below: tuple[Row, ...]
    more: int
    total: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows shown."""
        return self.above + self.below


def lists(results: Results, asked: Filter, *, whole: bool = False) -> tuple[Listed, Listed]:
    """Both halves of the ledger of a run; kept unless text was searched for.

    Args:
        results: of the run.
        asked: which lines.
        whole: show all lines below the drawn line, too.
    """
    if asked.q:
        return _lists(results, asked, whole=whole)
    return per_run(results, f"ledger {whole} {asked.name}", lambda run: _lists(run, asked, whole=whole))


def reranked(
    results: Results, asked: Filter, lines: Sequence[CandidateLine], moves: Mapping[str, int], *, whole: bool = False
) -> Listed:
    """The candidates in another order, with how far each moved.

    Args:
        results: of the run.
        asked: which lines.
        lines: all candidates as they stand now.
        moves: places up (above 0) or down, by line.
        whole: show all lines below the drawn line, too.
    """
    known = _values_in(results, asked.segment)
    shown = [line for line in lines if _fits(results, line, asked, known)]
    half = _candidates(results.view, shown, known, len(results.ledger.candidates), whole=whole)

    def marked(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(replace(row, moved=moves.get(row.line, 0)) for row in rows)

    return replace(half, above=marked(half.above), below=marked(half.below))


def asked_for(results: Results, asked: Filter) -> tuple[tuple[ShippedLine, ...], tuple[CandidateLine, ...]]:
    """The lines that are asked for, in the order of the ledger."""
    known = _values_in(results, asked.segment)
    found = results.ledger
    return (
        tuple(line for line in found.shipped if _fits(results, line, asked, known)),
        tuple(line for line in found.candidates if _fits(results, line, asked, known)),
    )


def lines_of(results: Results) -> tuple[Line, ...]:
    """All lines, shipped ones first."""
    return (*results.ledger.shipped, *results.ledger.candidates)


def line_of(results: Results, key: str) -> Line | None:
    """A line of the ledger by its key."""
    return next((line for line in lines_of(results) if line.line == key), None)


def offers(results: Results) -> dict[Field, Choices]:
    """What the lines may be filtered by."""
    lines = lines_of(results)
    shipped = (shipped_on(results, line) for line in results.ledger.shipped)
    return {
        **owners(results.workspace.definitions, ((line.product, line.team) for line in lines)),
        "segment": segments_of(results),
        "time": times(shipped),
        "q": (),
    }


def segments_of(results: Results) -> tuple[tuple[str, str], ...]:
    """Segments for which the value of some line is known, with their titles."""
    keys = {row.group for row in results.tables.group_values if row.kind == "segment" and row.value}
    return tuple(sorted(((key, results.view.title("segments", key)) for key in keys), key=lambda pair: pair[1]))


def is_weak(line: Line) -> bool:
    """Whether the evidence of a line is below *staged*: acting on it is then a decision in spite of that."""
    return line.grade is None or words.GRADES.index(line.grade) < words.GRADES.index("staged")


def _lists(results: Results, asked: Filter, *, whole: bool) -> tuple[Listed, Listed]:
    shipped, candidates = asked_for(results, asked)
    known = _values_in(results, asked.segment)
    return (
        _shipped(results.view, shipped, known, len(results.ledger.shipped), whole=whole),
        _candidates(results.view, candidates, known, len(results.ledger.candidates), whole=whole),
    )


def _shipped(
    view: View, lines: Sequence[ShippedLine], known: dict[str, Value] | None, total: int, *, whole: bool
) -> Listed:
    columns = _columns(SHIPPED, view, known)
    values = axis_over(cells.value_mark(value) for line in lines if (value := _value(line, known)))

    def row(line: ShippedLine) -> Row:
        why = line.reasons[-1] if line.reasons else "not computed"
        bodies: dict[str, Callable[[], Markup]] = {
            "Promised": lambda: promised(view, line),
            "Measured": lambda: measured(view, line),
            "Value": lambda: _value_cell(line, known, values, f"no value: {why}"),
            "Grade": lambda: cells.grade(line.grade),
            "Vital": lambda: cells.chance(line.p_vital, "no value, so no chance of being vital"),
            "Verdict": lambda: cells.verdict(line.verdict),
            "Next step": Markup,
        }
        return _row(line, tuple(Cell(column, bodies[column.name]()) for column in columns[1:]))

    above, below, more = _shown(lines, whole=whole)
    return Listed("shipped", columns, tuple(map(row, above)), tuple(map(row, below)), more, total)


def _candidates(
    view: View, lines: Sequence[CandidateLine], known: dict[str, Value] | None, total: int, *, whole: bool
) -> Listed:
    columns = _columns(CANDIDATES, view, known)
    values = axis_over(cells.value_mark(value) for line in lines if (value := _value(line, known)))
    costs = axis_over(cost_mark(line) for line in lines if line.cost)

    def row(line: CandidateLine) -> Row:
        why = line.reasons[0] if line.reasons else "not computed"
        bodies: dict[str, Callable[[], Markup]] = {
            "Expected value": lambda: _value_cell(line, known, values, f"no expected value: {why}"),
            "Cost": lambda: cost(view, line, costs),
            "P in plan": lambda: cells.chance(line.p_in, "needs a value and a cost"),
            "Grade": lambda: cells.grade(line.grade),
            "Next step": Markup,
            "Because": lambda: join(line.reasons[-1] if line.reasons else ""),
        }
        return _row(line, tuple(Cell(column, bodies[column.name]()) for column in columns[1:]))

    above, below, more = _shown(lines, whole=whole)
    return Listed("candidates", columns, tuple(map(row, above)), tuple(map(row, below)), more, total)


def _row(line: Line, found: tuple[Cell, ...]) -> Row:
    return Row(line.line, line.title, line.kind, line.recommendation, is_weak(line), found)


def _columns(names: Iterable[str], view: View, known: dict[str, Value] | None) -> tuple[Column, ...]:
    hints = {**_HINTS, "Cost": view.definitions.policy.cost_unit}
    if known is not None:
        hints |= {"Value": "points there", "Expected value": "points there"}
    shown = [name for name in names if not view.is_use_only or name not in EMPTY]
    if view.is_use_only:
        hints["Measured"] = ""
    return tuple(Column(name, hints.get(name, ""), _KINDS.get(name, "")) for name in shown)


def _shown[One: Line](lines: Sequence[One], *, whole: bool) -> tuple[Sequence[One], Sequence[One], int]:
    """Lines above the drawn line, those shown below it (the first few, and all that are urgent), and how many more."""
    above, below = cut(lines)
    shown = below if whole else tuple(line for place, line in enumerate(below) if place < BELOW or urgent(line))
    return above, shown, len(below) - len(shown)


def _value(line: Line, known: dict[str, Value] | None) -> Value | None:
    return line.value if known is None else known.get(line.line)


def _value_cell(line: Line, known: dict[str, Value] | None, axis: Axis, why_not: str) -> Markup:
    return cells.value(_value(line, known), axis, why_not)


def _values_in(results: Results, segment: str) -> dict[str, Value] | None:
    """Value of each line to a segment; None where all are asked for."""
    if not segment:
        return None
    rows = results.tables.group_values
    return {row.line: row.value for row in rows if row.kind == "segment" and row.group == segment and row.value}


def _fits(results: Results, line: Line, asked: Filter, known: dict[str, Value] | None) -> bool:
    """What has not shipped is of no time: it is about what comes next."""
    return (
        asked.owned(line.product, line.team)
        and (known is None or line.line in known)
        and asked.worded(line.title, line.line)
        and (isinstance(line, CandidateLine) or asked.dated(shipped_on(results, line)))
    )


def shipped_on(results: Results, line: Line) -> date | None:
    """The day on which what a line is about shipped, where it is known."""
    defined = results.workspace.definitions
    made = defined.initiatives.get(line.line) if line.kind == "initiative" else defined.features.get(line.line)
    return made.shipped if made else None
