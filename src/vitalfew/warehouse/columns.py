"""Columns that a source names, held against those its table has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import DataError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.warehouse.engine import ColumnType, Engine


def check_columns(engine: Engine, source: str, table: str, named: Mapping[str, str]) -> dict[str, ColumnType]:
    """Check that a table has the columns its source names.

    Args:
        engine: where the table lies.
        source: key of the source, for the message.
        table: its table.
        named: column by the field of the source that names it.

    Returns:
        All columns of the table with their types.

    Raises:
        DataError: a column is missing (with the nearest name), or there is no such table.
    """
    columns = engine.columns(table)
    for field, column in named.items():
        if column not in columns:
            raise DataError(
                f"source '{source}': {table} has no column '{column}' ({field})", hint=suggest(column, columns)
            )
    return columns
