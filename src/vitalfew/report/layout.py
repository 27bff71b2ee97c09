"""The few shapes every section of the HTML report is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vitalfew.report.markup import Child, Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Column(str):
    """The label of a column, with its `kind`: `num`, `long`, `nowrap`, `extra` (not on phones) or nothing."""

    kind: str
    __slots__ = ("kind",)

    def __new__(cls, label: str, kind: str = "") -> Self:
        """Make a label that knows how its cells are set."""
        column = super().__new__(cls, label)
        column.kind = kind
        return column


def section(name: str, title: str, answers: str, *children: Child) -> Markup:
    """A section with its heading and one sentence: which question it answers."""
    heading = [tag("h2", title, id=f"{name}-title"), tag("p", answers, class_="answers")]
    return tag("section", heading, children, id=name, aria_labelledby=f"{name}-title")


def blank(*lines: str) -> Markup:
    """What an empty list is for, and the first step."""
    return tag("div", [tag("p", text) for text in lines], class_="blank")


def fold(label: str, *children: Child, more: bool = False) -> Markup:
    """A drawer; `more` marks the rest of a list, which print shows."""
    body = children if more else tag("div", children, class_="fold-body")
    return tag("details", tag("summary", label), body, class_="fold more" if more else "fold")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Child]],
    *,
    caption: str,
    class_: str = "",
    row_classes: Sequence[str | None] = (),
) -> Markup:
    """A table whose first column heads its rows; on a phone each row becomes a card.

    Args:
        columns: labels and kinds, one per cell of a row.
        rows: cells, the first of which names the row.
        caption: what the table shows, below it.
        class_: classes of the table.
        row_classes: one class per row, or none at all.
    """
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    top = tag("tr", [tag("th", str(head), scope="col", class_=head.kind or None) for head in heads])
    kinds = iter(row_classes)
    body = [tag("tr", _cells(heads, row), class_=next(kinds, None)) for row in rows]
    return tag("table", tag("caption", caption), tag("thead", top), tag("tbody", body), class_=class_ or None)


def items(texts: Iterable[Child]) -> Markup | None:
    """A list, or nothing."""
    entries = [tag("li", text) for text in texts]
    return tag("ul", entries) if entries else None


def _cells(heads: Sequence[Column], row: Sequence[Child]) -> list[Markup]:
    cells = [tag("th", row[0], scope="row")]
    for head, cell in zip(heads[1:], row[1:], strict=True):
        cells.append(tag("td", cell, class_=head.kind or None, data_label=str(head)))
    return cells
