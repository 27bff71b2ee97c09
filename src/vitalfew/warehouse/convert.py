"""Columns of a stranger's table in the form that sources need, written as Parquet; the table itself stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlglot import exp

from vitalfew.warehouse.compile import table_named, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vitalfew.warehouse.engine import Engine

Reading = Literal["as is", "formats", "number", "nanoseconds", "day number"]


@dataclass(frozen=True, slots=True)
class Cell:
    """How a column of the new table is read from one of the old.

    `formats`: text in one of these forms (those of strptime); `number`: a whole number written as text;
    `nanoseconds` since 1970; `day number`: a day written 20251231.
    """

    column: str
    reading: Reading = "as is"
    formats: tuple[str, ...] = ()


def write_parquet(engine: Engine, table: str, cells: Mapping[str, Cell], path: Path) -> None:
    """Write some columns of a table as Parquet, batch by batch, so that a large table needs little memory.

    Args:
        engine: where the table lies.
        table: its name.
        cells: how each new column is read, by its new name.
        path: the file to write; its folder exists.

    Raises:
        DataError: there is no such table, or a row cannot be read.
    """
    import pyarrow.parquet as pq

    columns = [exp.alias_(_read(cell), name, quoted=True) for name, cell in cells.items()]
    batches = engine.stream(exp.select(*columns).from_(table_named(table)))
    first = next(batches, None)
    if first is None:
        pq.write_table(engine.query(exp.select(*columns).from_(table_named(table)).limit(0)), path)
        return
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)


def readable(engine: Engine, table: str, cell: Cell) -> tuple[int, int]:
    """How many cells can be read that way as moments, and how many are filled."""
    column = exp.column(cell.column, quoted=True)
    read = exp.TryCast(this=column, to=exp.DataType.build("TIMESTAMPTZ")) if cell.reading == "as is" else _read(cell)
    asked = (exp.alias_(exp.Count(this=read), "read"), exp.alias_(exp.Count(this=column.copy()), "filled"))
    row = engine.query(exp.select(*asked).from_(table_named(table))).to_pylist()[0]
    return int(row["read"]), int(row["filled"])


def largest_parts(engine: Engine, table: str, column: str) -> tuple[int, int]:
    """The largest first and second number in texts such as 31/12/2025; 0 when no text begins with such numbers."""
    text = exp.column(column, quoted=True)
    parts = [
        exp.Max(
            this=exp.TryCast(
                this=exp.Anonymous(
                    this="REGEXP_EXTRACT",
                    expressions=[text.copy(), exp.Literal.string(r"^\s*(\d{1,2})\D(\d{1,2})\D"), whole(group)],
                ),
                to=exp.DataType.build("INT"),
            )
        )
        for group in (1, 2)
    ]
    asked = [exp.alias_(part, f"p{at}") for at, part in enumerate(parts)]
    row = engine.query(exp.select(*asked).from_(table_named(table))).to_pylist()[0]
    return int(row["p0"] or 0), int(row["p1"] or 0)


def flatten(engine: Engine, table: str, name: str) -> bool:
    """Keep a table whose nested columns are columns of their own, named `outer.inner`; False when nothing is nested."""
    nested = [column for column, kind in engine.columns(table).items() if kind == "other"]
    if not nested:
        return False
    empty = engine.query(exp.select(*(_column(outer) for outer in nested)).from_(table_named(table)).limit(0))
    inner = [(outer, field.name) for outer in nested for field in _fields(empty.schema.field(outer).type)]
    if not inner:
        return False
    columns = [
        exp.alias_(
            exp.Anonymous(this="STRUCT_EXTRACT", expressions=[_column(outer), exp.Literal.string(field)]),
            f"{outer}.{field}",
            quoted=True,
        )
        for outer, field in inner
    ]
    engine.write(name, exp.select(exp.Star(), *columns).from_(table_named(table)))
    return True


def _fields(kind: Any) -> list[Any]:  # noqa: ANN401 - a type of Arrow, which ships no types
    import pyarrow as pa

    return [kind.field(at) for at in range(kind.num_fields)] if pa.types.is_struct(kind) else []


def _read(cell: Cell) -> exp.Expr:
    column = _column(cell.column)
    match cell.reading:
        case "formats":
            return _parsed(exp.Trim(this=column), cell.formats)
        case "day number":
            return _parsed(exp.cast(column, "TEXT"), ("%Y%m%d",))
        case "number":
            return exp.TryCast(this=exp.TryCast(this=column, to=exp.DataType.build("DOUBLE")), to=_whole_number())
        case "nanoseconds":
            return exp.IntDiv(this=exp.cast(column, "BIGINT"), expression=whole(1000))
        case _:
            return column


def _parsed(text: exp.Expr, formats: tuple[str, ...]) -> exp.Expr:
    known = exp.Array(expressions=[exp.Literal.string(form) for form in formats])
    return exp.Anonymous(this="TRY_STRPTIME", expressions=[text, known])


def _whole_number() -> exp.DataType:
    return exp.DataType.build("BIGINT")


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
