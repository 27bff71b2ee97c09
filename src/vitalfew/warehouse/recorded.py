"""An engine that remembers the queries it was asked, so that people can read what was run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.warehouse.engine import ColumnType, Engine


class RecordedEngine:
    """Another engine, with every query noted once, as its text in that engine's dialect.

    Attributes:
        asked: the queries in the order they were first asked.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.asked: dict[str, None] = {}

    @property
    def dialect(self) -> str:
        """Name of the SQL dialect."""
        return self._engine.dialect

    def columns(self, table: str) -> dict[str, ColumnType]:
        """Columns of a table with their types."""
        return self._engine.columns(table)

    def query(self, tree: exp.Query) -> pa.Table:
        """Note a query and run it."""
        self._note(tree)
        return self._engine.query(tree)

    def stream(self, tree: exp.Query, rows: int = 100_000) -> Iterator[Any]:
        """Note a query and run it batch by batch."""
        self._note(tree)
        return self._engine.stream(tree, rows)

    def write(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Keep rows, or the answer of a query, under a name."""
        self._note_named(name, rows)
        self._engine.write(name, rows)

    def lend(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Give rows in memory, or a query, a name."""
        self._note_named(name, rows)
        self._engine.lend(name, rows)

    def files(self, table: str) -> tuple[Path, ...]:
        """The files that hold a table."""
        return self._engine.files(table)

    def part(self, table: str, files: Sequence[Path]) -> str:
        """Give some of the files of a table a name."""
        return self._engine.part(table, files)

    def drop(self, name: str) -> None:
        """Forget what `write` kept or `lend` named."""
        self._engine.drop(name)

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What was read otherwise than it is written."""
        return self._engine.remarks()

    def close(self) -> None:
        """Release the connection."""
        self._engine.close()

    def _note(self, tree: exp.Query) -> None:
        self.asked[f"{tree.sql(dialect=self.dialect, pretty=True)};"] = None

    def _note_named(self, name: str, rows: pa.Table | exp.Query) -> None:
        if isinstance(rows, exp.Expr):
            self.asked[f"-- kept as {' '.join(name.split())}\n{rows.sql(dialect=self.dialect, pretty=True)};"] = None
