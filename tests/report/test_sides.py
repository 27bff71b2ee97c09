"""Customer value against business value: quadrants by name, and said to be open where an interval holds zero."""

from __future__ import annotations

import re
from dataclasses import replace

from report import decided
from vitalfew.report.html_sides import sides
from vitalfew.report.view import View
from vitalfew.results.quadrants import quadrant
from vitalfew.results.rows import GroupValueRow, Value


def row(line: str, side: str, mean: float, half: float = 0.5) -> GroupValueRow:
    return GroupValueRow(line, side, "side", Value(mean, mean - half, mean + half, 0.9), 0.1, shipped=True)


def found(customer: float, business: float, half: float = 0.5) -> tuple[str, bool]:
    means = {"customer": customer, "business": business}
    return quadrant({side: row("x", side, mean, half) for side, mean in means.items()})


def test_a_quadrant_is_named_by_who_gains() -> None:
    assert [found(1, 1), found(1, -1), found(-1, 1), found(-1, -1)] == [
        ("win-win", True),
        ("customer only", True),
        ("business only", True),
        ("neither", True),
    ]
    assert found(1, 0.2) == ("win-win", False)


def shown(*rows: GroupValueRow) -> View:
    base = decided.view()
    return View(replace(base.tables, group_values=rows), base.definitions, base.info)


def test_the_picture_has_its_table_and_a_line_known_to_one_side_is_not_drawn() -> None:
    view = shown(
        row("a", "customer", 2), row("a", "business", 3), row("b", "customer", 1), row("b", "business", 0.1),
        row("c", "customer", 1),
    )  # fmt: skip
    said = " ".join(re.sub("<[^>]+>", " ", str(sides(view))).split())
    assert "Of 2 lines known to both sides: 1 win-win; 1 open." in said
    assert "open, rather win-win" in said
    assert "one side is not known" in said
    assert str(sides(view)).count("<circle") == 2


def test_without_two_sides_there_is_no_picture() -> None:
    assert sides(shown(row("a", "customer", 2))) is None
