"""Customer value against business value, line by line: who gains by what."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.axis import Mark
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.markup import Markup, tag
from vitalfew.report.pictures import Sided, quadrants
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import GroupValueRow, Value

NAMES = ("win-win", "customer only", "business only", "neither")
"""The quarters: customers and business gain, only customers, only the business, neither."""


def sides(view: View) -> Markup | None:
    """What lines are worth to customers and to the business; nothing where one of them has no factor."""
    rows: dict[str, dict[str, GroupValueRow]] = {}
    for row in view.tables.group_values:
        if row.kind == "side" and row.group in ("customer", "business") and row.value is not None:
            rows.setdefault(row.line, {})[row.group] = row
    whole = {line: found for line, found in rows.items() if len(found) == 2}  # noqa: PLR2004 - both sides
    if not whole:
        return None
    drawn = [_drawn(view, line, found) for line, found in whole.items()]
    picture = quadrants(drawn, "points to the business", "points to customers", NAMES)
    text = "Filled: shipped, as measured. Hollow: candidates, as expected. Bars: 80 % intervals."
    heads = ["Line", Column("To customers (80 %)", "num"), Column("To the business (80 %)", "num"), "Quarter"]
    body = [_cells(view, line, found) for line, found in sorted(rows.items(), key=lambda each: _order(each[1]))]
    caption = "In points of what counts to each side. Open: an interval holds zero, so the quarter is not sure."
    return tag(
        "div",
        tag("h3", "Customers and business"),
        tag("p", _told([quarter(found) for found in whole.values()])),
        tag("figure", picture, tag("figcaption", text)),
        fold("The same as a table", table(heads, body, caption=caption)),
        class_="sub",
    )


def quarter(found: dict[str, GroupValueRow]) -> tuple[str, bool]:
    """The quarter a line lies in by its means, and whether both intervals leave it no other."""
    customer, business = (found[side].value for side in ("customer", "business"))
    if customer is None or business is None:
        return "not known", False
    name = NAMES[(customer.mean <= 0) * 2 + (business.mean <= 0)]
    return name, all(each.low > 0 or each.high < 0 for each in (customer, business))


def _told(quarters: list[tuple[str, bool]]) -> str:
    """How many lines surely lie in each quarter, and how many may lie in another."""
    sure = Counter(name for name, is_sure in quarters if is_sure)
    unsure = sum(not is_sure for _, is_sure in quarters)
    said = listed((f"{sure[name]} {name}" for name in NAMES if sure[name]), len(NAMES))
    told = f"Of {words.count(len(quarters), 'line')} known to both sides: {said or 'none surely in a quarter'}"
    return f"{told}; {unsure} open." if unsure and said else f"{told}."


def _drawn(view: View, line: str, found: dict[str, GroupValueRow]) -> Sided:
    customer, business = found["customer"], found["business"]
    title = f"{_title(view, line)}: {_points(customer)} to customers, {_points(business)} to the business"
    return Sided(title, _mark(business.value), _mark(customer.value), open=not customer.shipped)


def _mark(value: Value | None) -> Mark:
    return Mark(value.mean, (value.low, value.high)) if value else Mark(0.0)


def _cells(view: View, line: str, found: dict[str, GroupValueRow]) -> tuple[str, ...]:
    texts = [_points(found[side]) if side in found else "not known" for side in ("customer", "business")]
    if len(found) < len(texts):
        return (_title(view, line), *texts, "one side is not known")
    name, is_sure = quarter(found)
    return (_title(view, line), *texts, name if is_sure else f"open, rather {name}")


def _order(found: dict[str, GroupValueRow]) -> float:
    return -sum(row.value.mean for row in found.values() if row.value)


def _points(row: GroupValueRow) -> str:
    value = row.value
    return "" if value is None else words.change(value.mean, value.low, value.high, words.BARE_VALUE)


def _title(view: View, line: str) -> str:
    return next((each.title for each in view.tables.shipped if each.line == line), view.title("initiatives", line))
