"""Effects for each segment in the terminal, beside those of all units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.sheet import Cell, Field, Group, Sheet
from vitalfew.report.view import ends

if TYPE_CHECKING:
    from rich.console import Console

    from vitalfew.report.sheet import Row
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow

MOST = 60


def print_segments(view: View, console: Console) -> None:
    """Print the effects in every segment, metric by metric; nothing when no segment was measured."""
    found = [row for row in view.tables.effects if row.segment is not None]
    if not found:
        return
    sheet = Sheet(console)
    sheet.heading("BY SEGMENT")
    rows: list[Row] = []
    for metric, arm in dict.fromkeys((row.metric, row.arm) for row in found):
        several = len({row.arm for row in found}) > 1
        rows.append(Group(f"{view.definitions.title('metrics', metric)}{f', {arm}' if several else ''}"))
        rows += [_segment(view, row) for row in found if (row.metric, row.arm) == (metric, arm)]
    fields = [Field(""), Field("change (95 %)", 28, right=True), Field("p", 7), Field("units", 15, right=True)]
    sheet.table(fields, rows[:MOST])
    sheet.left_out(sum(not isinstance(row, Group) for row in rows[MOST:]), "effect")


def _segment(view: View, row: EffectRow) -> list[Cell]:
    unit = words.unit_of(view.definitions.metrics.get(row.metric))
    title = view.definitions.title("segments", str(row.segment))
    if row.estimate is None:
        return [Cell(title), Cell(row.notes[0] if row.notes else "not computed"), Cell(""), Cell("")]
    low, high = ends(row.intervals, 0.95) or (None, None)
    p_value = row.adjusted_p if row.adjusted_p is not None else row.p_value
    units = f"{sum(row.n.get(arm, 0) for arm in (row.control, row.arm)):,}"
    return [Cell(title), Cell(words.change(row.estimate, low, high, unit)), Cell(words.p_value(p_value)), Cell(units)]
