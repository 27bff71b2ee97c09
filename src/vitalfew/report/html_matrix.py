"""Types of value by segment in HTML: what counts, where effort went, what was gained, and where nobody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.layout import Column, items, table
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import ValueCellRow

TYPES = {
    "functional": "functional (it does what is needed)",
    "efficiency": "efficiency (it saves time and effort)",
    "experience": "experience (it feels right)",
    "economic": "economic (it pays)",
    "risk": "risk (less goes wrong)",
}


def matrix(view: View) -> Markup | None:
    """The matrix; nothing where no metric says its type of value."""
    rows = view.tables.value_matrix
    if not rows:
        return None
    types = list(dict.fromkeys(row.type for row in rows))
    segments = list(dict.fromkeys(row.segment for row in rows))
    at = {(row.type, row.segment): row for row in rows}
    heads = [
        "Type of value",
        Column("Weight (80 %)", "num"),
        Column("Points gained (80 %)", "num"),
        *("everybody" if segment is None else view.title("segments", segment) for segment in segments),
    ]
    unit = view.definitions.policy.cost_unit
    body = [
        (_name(kind), _weight(at[kind, None]), _value(at[kind, None]), *(_cell(at[kind, s], unit) for s in segments))
        for kind in types
    ]
    caption = (
        f"In each cell: effort of chosen work in {unit}, needs, and clear gains and losses (95 %) among all effects "
        "of it that were measured. A dashed frame: nobody worked or looked there."
    )
    blind = [_name(kind).partition(" (")[0] for kind in types if all(_is_empty(at[kind, s]) for s in segments)]
    said = [f"No need, no effort, no measurement: {listed(blind, len(TYPES))}."] if blind else []
    return tag(
        "div", tag("h3", "Types of value by segment"), items(said), table(heads, body, caption=caption), class_="sub"
    )


def _name(kind: str | None) -> str:
    return "not said" if kind is None else TYPES[kind]


def _weight(row: ValueCellRow) -> Child:
    return cells.unknown("no factor of this type was weighed") if row.weight is None else words.share_span(row.weight)


def _value(row: ValueCellRow) -> Child:
    found = row.value
    if found is None:
        return cells.unknown("no effect on a factor of this type was measured")
    return words.change(found.mean, found.low, found.high, words.BARE_VALUE)


def _is_empty(row: ValueCellRow) -> bool:
    return not (row.effort or row.needs or row.measured)


def _cell(row: ValueCellRow, unit: str) -> Child:
    if _is_empty(row):
        return cells.unknown("no need, no effort, no measurement")
    parts = [words.of_unit(words.significant(row.effort), unit)] if row.effort else []
    parts += [words.count(row.needs, "need")] if row.needs else []
    if row.measured:
        losses = "1 loss" if row.losses == 1 else f"{row.losses} losses"
        parts.append(f"{words.count(row.gains, 'gain')}, {losses} of {row.measured} measured")
    return "; ".join(parts)
