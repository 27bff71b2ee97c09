"""Aggregates over rows as measures per unit: what a total elsewhere is, where experiments compare units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.errors import Unsupported
from vitalfew.warehouse.foreign_sql import Quotient

if TYPE_CHECKING:
    from vitalfew.warehouse.foreign_sql import Aggregate


@dataclass(frozen=True, slots=True)
class Rows:
    """A table whose rows belong to units: the key of its source, one or many rows per unit, the column of the unit."""

    source: str
    shape: Literal["units", "events"]
    unit: str


def metric_of(found: Aggregate | Quotient, rows: Rows, other: Rows | None = None) -> dict[str, Any]:
    """The fields of a metric that measures the same per unit.

    A total becomes its mean per unit, a number of rows their count per unit, a number of different units the share of
    units that have such a row; an average over rows stays the ratio of two totals.

    Args:
        found: what is computed elsewhere.
        rows: the table, of a quotient that of its numerator.
        other: that of the denominator, where it is another one.

    Raises:
        Unsupported: units cannot be compared by it.
    """
    if isinstance(found, Quotient):
        return _ratio(found, rows, other or rows)
    if found.function == "quantile":
        over = {} if rows.shape == "units" else {"over": "events"}
        if rows.shape == "units" and found.filters:
            raise Unsupported("a quantile of some units only; make a segment of them")
        return {**_measure(found, rows), "kind": "quantile", "quantile": found.quantile, **over}
    if found.function == "count_distinct" and found.column == rows.unit:
        return _share(found, rows)
    if rows.shape == "units" and found.function != "sum":
        return _of_units(found, rows)
    return {**_measure(found, rows), **({"kind": "count"} if found.function == "count" else {})}


def _share(found: Aggregate, rows: Rows) -> dict[str, Any]:
    if rows.shape == "events":
        return {"source": rows.source, **_filters(found), "kind": "proportion"}
    return _of_units(found, rows)


def _of_units(found: Aggregate, rows: Rows) -> dict[str, Any]:
    """A count in a table with one row per unit is the number of units, of which experiments compare shares."""
    if found.function == "count_distinct" and found.column != rows.unit:
        raise Unsupported(f"different values of '{found.column}' are no number per unit")
    found = replace(found, filters=tuple(text for text in found.filters if text != f"{rows.unit} is not null"))
    if not found.filters and found.column in (None, rows.unit):
        raise Unsupported("it counts the units themselves: 1 for each of them")
    return {**_counted(found, rows), "kind": "proportion"}


def _ratio(found: Quotient, rows: Rows, other: Rows) -> dict[str, Any]:
    if "quantile" in (found.numerator.function, found.denominator.function):
        raise Unsupported("a quantile divided by something is no ratio of totals")
    top, bottom = found.numerator, found.denominator
    plain = bottom.function == "count" and bottom.column == top.column and top.function == "sum"
    if rows == other and rows.shape == "units" and plain and not bottom.filters and not top.filters:
        return _measure(top, rows)  # the mean of a column over units
    return {"kind": "ratio", "numerator": _measure(top, rows), "denominator": _measure(bottom, other)}


def _measure(found: Aggregate, rows: Rows) -> dict[str, Any]:
    if rows.shape == "units" and found.function in ("count", "count_distinct"):
        if found.function == "count_distinct" and found.column != rows.unit:
            raise Unsupported(f"different values of '{found.column}' are no number per unit")
        return _counted(found, rows)
    column = {} if found.column is None else {"column": found.column}
    counted = found.function if found.function == "count_distinct" else "count" if found.function == "count" else None
    aggregation = {"aggregation": counted} if counted and column else {}
    return {"source": rows.source, **column, **aggregation, **_filters(found)}


def _counted(found: Aggregate, rows: Rows) -> dict[str, Any]:
    column = found.column or rows.unit
    return {"source": rows.source, "column": column, "aggregation": "count", **_filters(found)}


def _filters(found: Aggregate) -> dict[str, Any]:
    return {"filters": list(found.filters)} if found.filters else {}
