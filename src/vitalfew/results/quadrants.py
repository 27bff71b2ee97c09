"""Customer value against business value: the quadrant that a line lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.results.rows import GroupValueRow

QUADRANTS = ("win-win", "customer only", "business only", "neither")
"""Customers and business gain, only customers, only the business, neither."""
OPEN = "open"
"""Of a line whose intervals leave it more than one quadrant."""


def by_side(rows: Iterable[GroupValueRow]) -> dict[str, dict[str, GroupValueRow]]:
    """What lines are worth to customers and to the business, as far as each is known, by line and side."""
    found: dict[str, dict[str, GroupValueRow]] = {}
    for row in rows:
        if row.kind == "side" and row.group in ("customer", "business") and row.value is not None:
            found.setdefault(row.line, {})[row.group] = row
    return found


def quadrant(found: Mapping[str, GroupValueRow]) -> tuple[str, bool]:
    """The quadrant of a line known to both sides by its means, and whether both intervals leave it no other."""
    customer, business = (found[side].value for side in ("customer", "business"))
    if customer is None or business is None:
        return "not known", False
    name = QUADRANTS[(customer.mean <= 0) * 2 + (business.mean <= 0)]
    return name, all(each.low > 0 or each.high < 0 for each in (customer, business))
