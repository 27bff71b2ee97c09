"""The newest rows of a table that reports the same things again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.warehouse.columns import check_columns
from vitalfew.warehouse.compile import table_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from vitalfew.warehouse.engine import Engine


def newest_rows(
    engine: Engine,
    source: str,
    table: str,
    ids: Mapping[str, str],
    values: Mapping[str, str],
    time: str | None,
    as_of: date | None,
) -> list[dict[str, Any]]:
    """Read the last snapshot of each combination of ids. Numbers in `time` tell no date: `as_of` leaves them alone.

    Raises:
        DataError: a column is missing, or `time` holds text, which has no order.
    """
    types = check_columns(engine, source, table, {**ids, **values} | ({} if time is None else {"time": time}))
    if time is not None and types[time] not in ("date", "time", "integer", "number"):
        raise DataError(
            f"source '{source}': column '{time}' of {table} holds text",
            expected="dates, or days since the start as numbers: the last snapshot counts",
        )
    dated = time is not None and types[time] in ("date", "time")
    return [*engine.query(newest_query(table, ids, values, time, as_of if dated else None)).to_pylist()]


def newest_query(
    table: str, ids: Mapping[str, str], values: Mapping[str, str], time: str | None, as_of: date | None
) -> exp.Select:
    """Ask for the rows with the latest `time` of each combination of ids, each distinct row once, in a stable order.

    Args:
        table: the table.
        ids: column by the name it gets in the answer: what the rows are about.
        values: column by the name it gets in the answer: what they say.
        time: column with dates, times or days; None when every row counts.
        as_of: rows after this day are ignored; needs dates or times in `time`.
    """
    named = {**ids, **values} | ({} if time is None else {"time": time})
    rows = exp.select(*(exp.alias_(_column(column), name, quoted=True) for name, column in named.items())).distinct()
    rows = rows.from_(table_named(table))
    if time is not None and as_of is not None:
        after = exp.cast(exp.Literal.string((as_of + timedelta(days=1)).isoformat()), "TIMESTAMP")
        rows = rows.where(exp.LT(this=exp.cast(_column(time), "TIMESTAMP"), expression=after))
    answer = exp.select(*(_column(name) for name in named)).from_(rows.subquery("r"))
    if time is not None:
        place = exp.Window(
            this=exp.Anonymous(this="RANK"),
            partition_by=[_column(name) for name in ids],
            order=exp.Order(expressions=[exp.Ordered(this=_column("time"), desc=True, nulls_first=False)]),
        )
        answer = answer.qualify(place.eq(1))
    return answer.order_by(*(_column(name) for name in named))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
