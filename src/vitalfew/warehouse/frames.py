"""Tables that people hold in memory, as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa


def as_arrow(data: Any, table: str | None = None) -> pa.Table:  # noqa: ANN401 - frames of packages we do not depend on
    """Take an Arrow table, a pandas or polars frame, or a DuckDB connection with the name of a table.

    Raises:
        UsageError: it is none of these, or names a column twice.
    """
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if table is not None and hasattr(data, "table"):
        return data.table(table).to_arrow_table()
    if type(data).__module__.startswith("pandas") and hasattr(data, "columns"):
        return _of_pandas(data)
    if hasattr(data, "__arrow_c_stream__") and not type(data).__name__.endswith("Series"):
        return pa.table(data)
    if hasattr(data, "to_arrow") and not type(data).__name__.endswith("Series"):
        return data.to_arrow()
    raise UsageError(
        f"cannot read a table from {type(data).__name__}",
        expected="a path, an Arrow table, a pandas or polars frame, or a DuckDB connection with table=…",
    )


def _of_pandas(frame: Any) -> pa.Table:  # noqa: ANN401 - pandas is no dependency
    """A frame with the names of its index, if it has any, as columns, and with names that are text."""
    import pyarrow as pa

    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    names = [str(name) for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"the frame names the column '{twice}' twice", hint="rename one of the two")
    return pa.table({name: _column(frame.iloc[:, at]) for at, name in enumerate(names)})


def _column(values: Any) -> pa.Array | pa.ChunkedArray:  # noqa: ANN401 - a pandas series
    """A column; where numbers and texts stand together, as texts, which is how a file would hold them."""
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if gone else str(value) for value, gone in zip(values, values.isna(), strict=True)])
