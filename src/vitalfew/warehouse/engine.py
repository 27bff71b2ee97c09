"""The narrow port to a database: a few methods, whatever engine stands behind them.

Queries are typed trees (sqlglot), never strings, so that no text of a user becomes SQL, and every engine prints
them in its own dialect. A table is named as the source of a workspace names it: a file, or a table of the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from sqlglot import exp

    from vitalfew.warehouse.queries import SourceQuery
    from vitalfew.workspace.definitions import DataSettings
    from vitalfew.workspace.workspace import Workspace

ColumnType = Literal["boolean", "integer", "number", "text", "date", "time", "other"]


class Engine(Protocol):
    """What the warehouse asks of a database. The session's time zone is UTC."""

    @property
    def dialect(self) -> str:
        """Name of the SQL dialect, as sqlglot calls it."""

    def columns(self, table: str) -> dict[str, ColumnType]:
        """Columns of a table with their types, in the table's order.

        Raises:
            DataError: there is no such table, or it cannot be read.
        """

    def query(self, tree: exp.Query) -> pa.Table:
        """Run a query and return all of its rows."""

    def stream(self, tree: exp.Query, rows: int = 100_000) -> Iterator[Any]:
        """Run a query and return its rows as Arrow record batches of `rows`, so that memory holds one at a time."""

    def write(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Keep rows, or the answer of a query, under a name until the engine is closed; replaces what had it."""

    def lend(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Give rows in memory, or a query, a name without copying or running it; `drop` forgets it."""

    def files(self, table: str) -> tuple[Path, ...]:
        """The files that hold a table, in order; none where the engine reads no files."""

    def part(self, table: str, files: Sequence[Path]) -> str:
        """Give some of the files of a table a name as a table of its own, and return it."""

    def drop(self, name: str) -> None:
        """Forget what `write` kept or `lend` named."""

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What was read otherwise than it is written, by table, since this was last asked."""

    def close(self) -> None:
        """Release the connection and its temporary files."""


def engine_of(workspace: Workspace, frames: Mapping[str, pa.Table] | None = None) -> Engine:
    """Open the engine of a workspace, which knows the queries of its sources.

    Args:
        workspace: whose data.
        frames: tables already in memory, by the name that sources and queries use.

    Raises:
        DefinitionError: a query is wrong.
        DataError: as `open_engine`.
    """
    definitions = workspace.definitions
    if all(source.sql is None for source in definitions.sources.values()):
        return open_engine(definitions.data, workspace.root, frames)
    from vitalfew.warehouse.queries import queries_of

    return open_engine(definitions.data, workspace.root, frames, queries=queries_of(definitions, workspace.where))


def open_engine(
    settings: DataSettings,
    root: Path | None = None,
    frames: Mapping[str, pa.Table] | None = None,
    *,
    queries: Mapping[str, SourceQuery] | None = None,
    as_text: bool = False,
) -> Engine:
    """Open an engine on the tables of a workspace.

    Args:
        settings: where the tables lie.
        root: folder of the workspace; `settings.path` is relative to it. The current folder when None.
        frames: tables already in memory, by the name that sources use; they hide files of the same name.
        queries: queries whose rows are read like a table, by the names of their rows.
        as_text: read delimited files as they were written, every cell a text.

    Raises:
        DataError: `settings.path` does not exist, or the database file cannot be opened.
    """
    from vitalfew.warehouse.duckdb_engine import DuckDBEngine

    return DuckDBEngine(settings, root, frames or {}, queries=queries, as_text=as_text)
