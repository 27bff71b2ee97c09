"""Tables that people hold in memory, as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa


def as_arrow(data: Any, table: str | None = None) -> pa.Table:  # noqa: ANN401 - frames of packages we do not depend on
    """Take an Arrow table, a pandas or polars frame, or a DuckDB connection with the name of a table.

    Raises:
        UsageError: it is none of these.
    """
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if table is not None and hasattr(data, "table"):
        return data.table(table).to_arrow_table()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if hasattr(data, "to_arrow"):
        return data.to_arrow()
    if type(data).__module__.startswith("pandas"):
        return pa.Table.from_pandas(data, preserve_index=False)
    raise UsageError(
        f"cannot read a table from {type(data).__name__}",
        expected="a path, an Arrow table, a pandas or polars frame, or a DuckDB connection with table=…",
    )
