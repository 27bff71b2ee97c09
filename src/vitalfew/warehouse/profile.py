"""A first look at a table: how many rows, how full and how varied its columns are, which values they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from vitalfew.warehouse.compile import Scope, count_where, table_named, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.engine import ColumnType, Engine

MOST_COLUMNS = 200
_EARLIEST = 315_532_800_000_000  # microseconds from 1970 to 1980: small numbers are no times
_PLAIN = ("boolean", "integer", "number", "text", "date", "time")
_ORDERED = ("integer", "number", "date", "time")


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column. `distinct` is an estimate (a few per cent); `low` and `high` of numbers, dates and times only."""

    name: str
    type: ColumnType
    filled: int
    distinct: int
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class TableProfile:
    """A table by its first columns; `width` is the number of all."""

    rows: int
    width: int
    columns: Mapping[str, ColumnProfile]


def profile(engine: Engine, table: str, most: int = MOST_COLUMNS) -> TableProfile:
    """Count rows, and per column filled cells, distinct values and range, in one pass over the first `most` columns.

    Raises:
        DataError: there is no such table, or it cannot be read.
    """
    types = engine.columns(table)
    looked = [name for name in types if name.strip()][:most]
    asked: list[exp.Expr] = [exp.alias_(exp.Count(this=exp.Star()), "rows")]
    for at, name in enumerate(looked):
        column = exp.column(name, quoted=True)
        asked.append(exp.alias_(exp.Count(this=column), f"filled_{at}"))
        if types[name] in _PLAIN:
            asked.append(exp.alias_(exp.ApproxDistinct(this=column.copy()), f"distinct_{at}"))
        if types[name] in _ORDERED:
            asked.append(exp.alias_(exp.Min(this=column.copy()), f"low_{at}"))
            asked.append(exp.alias_(exp.Max(this=column.copy()), f"high_{at}"))
    row = _first(engine, exp.select(*asked).from_(table_named(table)))
    columns = {
        name: ColumnProfile(
            name=name,
            type=types[name],
            filled=int(row[f"filled_{at}"]),
            distinct=int(row.get(f"distinct_{at}") or 0),
            low=row.get(f"low_{at}"),
            high=row.get(f"high_{at}"),
        )
        for at, name in enumerate(looked)
    }
    return TableProfile(int(row["rows"]), len(types), columns)


def values_of(engine: Engine, table: str, column: str, limit: int = 50) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a column as text, with their counts, missing ones left out; at most `limit`."""
    value = exp.column(column, quoted=True)
    tree = (
        exp.select(exp.cast(value, "TEXT").as_("value"), exp.Count(this=exp.Star()).as_("rows"))
        .from_(table_named(table))
        .where(exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())))
        .group_by("1")
        .order_by("2 DESC, 1")
        .limit(limit)
    )
    found = engine.query(tree).to_pylist()
    return tuple((str(row["value"]), int(row["rows"])) for row in found)


def rows_of(engine: Engine, table: str, columns: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Some rows of a table, with some of its columns; at most `limit`."""
    chosen = [exp.column(name, quoted=True) for name in columns]
    found: list[dict[str, Any]] = engine.query(exp.select(*chosen).from_(table_named(table)).limit(limit)).to_pylist()
    return found


def distinct_rows(engine: Engine, table: str, columns: Sequence[str]) -> int:
    """How many different combinations of values some columns hold, exactly."""
    rows = exp.select(*(exp.column(name, quoted=True) for name in columns)).distinct().from_(table_named(table))
    counted = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(rows.subquery("r"))
    return int(_first(engine, counted)["n"])


def pairs_of(engine: Engine, table: str, where: tuple[str, str], column: str, limit: int = 20) -> tuple[str, ...]:
    """Values of a column in the rows where another one, as text, holds a value; the most frequent first."""
    value = exp.column(column, quoted=True)
    other = exp.cast(exp.column(where[0], quoted=True), "TEXT")
    tree = (
        exp.select(exp.cast(value, "TEXT").as_("value"), exp.Count(this=exp.Star()).as_("rows"))
        .from_(table_named(table))
        .where(exp.EQ(this=other, expression=exp.Literal.string(where[1])), exp.not_(value.copy().is_(exp.null())))
        .group_by("1")
        .order_by("2 DESC, 1")
        .limit(limit)
    )
    return tuple(str(row["value"]) for row in engine.query(tree).to_pylist())


def distinct_values(engine: Engine, table: str, columns: Sequence[str], limit: int = 10_000) -> list[tuple[Any, ...]]:
    """The different combinations of values that some columns hold, in order; at most `limit`."""
    chosen = [exp.column(name, quoted=True) for name in columns]
    tree = (
        exp.select(*chosen).distinct().from_(table_named(table)).order_by(*(one.copy() for one in chosen)).limit(limit)
    )
    return [tuple(row[name] for name in columns) for row in engine.query(tree).to_pylist()]


def is_share(engine: Engine, table: str, column: str, kind: ColumnType) -> bool:
    """Whether a column holds only true and false, or only 0 and 1."""
    if kind == "boolean":
        return True
    if kind not in ("integer", "number"):
        return False
    return {value for value, _ in values_of(engine, table, column, 3)} <= {"0", "1", "0.0", "1.0"}


def holds_only_numbers(engine: Engine, table: str, column: str) -> bool:
    """Whether a run reads every cell of a column of texts as a number, as yes or no, or as missing."""
    scope = Scope.open(engine, table, "t")
    unread = scope.not_a_number(column)
    if unread is None:
        return True
    return not _first(engine, exp.select(exp.alias_(count_where(unread), "n")).from_(scope.source()))["n"]


def times_in(engine: Engine, table: str, column: str) -> tuple[int, int]:
    """How many cells of a column can be read as times since 1980, and how many are filled.

    Raises:
        DataError: there is no such column, or its type holds no times whatever is in it.
    """
    scope = Scope.open(engine, table, "t")
    late = exp.GTE(this=scope.instant(column), expression=whole(_EARLIEST))
    asked = (exp.alias_(exp.CountIf(this=late), "read"), exp.alias_(exp.Count(this=scope.column(column)), "filled"))
    row = _first(engine, exp.select(*asked).from_(scope.source()))
    return int(row["read"] or 0), int(row["filled"])


def _first(engine: Engine, tree: exp.Select) -> dict[str, Any]:
    row: dict[str, Any] = engine.query(tree).to_pylist()[0]
    return row
