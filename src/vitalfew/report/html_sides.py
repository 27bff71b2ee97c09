"""Customer value against business value, line by line: who gains by what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.pictures import Sided, quadrants
from vitalfew.results.quadrants import QUADRANTS, by_side, quadrant
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import GroupValueRow, Value


def sides(view: View) -> Markup | None:
    """What lines are worth to customers and to the business; nothing where one of them has no factor."""
    rows = by_side(view.tables.group_values)
    whole = {line: found for line, found in rows.items() if len(found) == 2}  # noqa: PLR2004 - both sides
    if not whole:
        return None
    drawn = [_drawn(view, line, found) for line, found in whole.items()]
    picture = quadrants(drawn, "points to the business", "points to customers", QUADRANTS)
    text = "Filled: shipped, as measured. Hollow: candidates, as expected. Bars: 80 % intervals."
    heads = ["Line", Column("To customers (80 %)", "num"), Column("To the business (80 %)", "num"), "Quadrant"]
    body = [_cells(view, line, found) for line, found in sorted(rows.items(), key=lambda each: _order(each[1]))]
    caption = "In points of what counts to each side. Open: an interval holds zero, so the quadrant is not sure."
    return tag(
        "div",
        tag("h3", "Customers and business"),
        tag("p", _told([quadrant(found) for found in whole.values()])),
        tag("figure", picture, tag("figcaption", text)),
        fold("The same as a table", table(heads, body, caption=caption)),
        class_="sub",
    )


def _told(found: list[tuple[str, bool]]) -> str:
    """How many lines surely lie in each quadrant, and how many may lie in another."""
    sure = Counter(name for name, is_sure in found if is_sure)
    unsure = sum(not is_sure for _, is_sure in found)
    said = listed((f"{sure[name]} {name}" for name in QUADRANTS if sure[name]), len(QUADRANTS))
    told = f"Of {words.count(len(found), 'line')} known to both sides: {said or 'none surely in a quadrant'}"
    return f"{told}; {unsure} open." if unsure and said else f"{told}."


def _drawn(view: View, line: str, found: dict[str, GroupValueRow]) -> Sided:
    customer, business = found["customer"], found["business"]
    title = f"{_title(view, line)}: {_points(customer)} to customers, {_points(business)} to the business"
    marks = _mark(business.value), _mark(customer.value)
    return Sided(title, *marks, open=not customer.shipped, behind=view.page_behind(customer))


def _mark(value: Value | None) -> Mark:
    return Mark(value.mean, (value.low, value.high)) if value else Mark(0.0)


def _cells(view: View, line: str, found: dict[str, GroupValueRow]) -> tuple[Child, ...]:
    told = {side: cells.opened(view, _points(row), row) for side, row in found.items()}
    texts = [told.get(side, "not known") for side in ("customer", "business")]
    if len(found) < len(texts):
        return (_title(view, line), *texts, "one side is not known")
    name, is_sure = quadrant(found)
    return (_title(view, line), *texts, name if is_sure else f"open, rather {name}")


def _order(found: dict[str, GroupValueRow]) -> float:
    return -sum(row.value.mean for row in found.values() if row.value)


def _points(row: GroupValueRow) -> str:
    value = row.value
    return "" if value is None else words.change(value.mean, value.low, value.high, words.BARE_VALUE)


def _title(view: View, line: str) -> str:
    return next((each.title for each in view.tables.shipped if each.line == line), view.title("initiatives", line))
