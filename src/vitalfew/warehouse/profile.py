"""A first look at a table: which values a column holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from vitalfew.warehouse.engine import ColumnType, Engine


def values_of(engine: Engine, table: str, column: str, limit: int = 50) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a column as text, with their counts, missing ones left out; at most `limit`."""
    value = exp.column(column, quoted=True)
    tree = (
        exp.select(exp.cast(value, "TEXT").as_("value"), exp.Count(this=exp.Star()).as_("rows"))
        .from_(exp.Table(this=exp.to_identifier(table, quoted=True)))
        .where(exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
        .group_by("1")
        .order_by("2 DESC, 1")
        .limit(limit)
    )
    found = engine.query(tree).to_pylist()
    return tuple((str(row["value"]), int(row["rows"])) for row in found)


def is_share(engine: Engine, table: str, column: str, kind: ColumnType) -> bool:
    """Whether a column holds only true and false, or only 0 and 1."""
    if kind == "boolean":
        return True
    if kind not in ("integer", "number"):
        return False
    return {value for value, _ in values_of(engine, table, column, 3)} <= {"0", "1", "0.0", "1.0"}
