"""DuckDB behind the port: files of a folder, tables of a DuckDB file, or frames, read by generated queries only."""

from __future__ import annotations

import logging
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from vitalfew.errors import DataError, suggest
from vitalfew.warehouse import csv_files
from vitalfew.warehouse.duckdb_reading import refuse_strangers
from vitalfew.warehouse.memory import bytes_of
from vitalfew.warehouse.tables import NoRowsError, TableFiles, data_path, is_database, table_files
from vitalfew.workspace.sources import name_of_query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from vitalfew.errors import Where
    from vitalfew.warehouse.engine import ColumnType
    from vitalfew.warehouse.queries import SourceQuery
    from vitalfew.workspace.definitions import DataSettings

_log = logging.getLogger(__name__)
_DATABASE = "data_file"
_NOT_UTF8 = "not utf-8"
# What the engine says of a Parquet file that is not whole, or is none.
_DAMAGED = re.compile("magic bytes|footer|metadata|corrupt|parquet file|failed to read file", re.IGNORECASE)
_PADDED = ("null_padding = true", "parallel = false")  # the parallel reader pads no rows beside quoted line breaks
_MOST_SHORT = 0.5  # of the rows; of more, the header is wrong rather than the rows
_NO_COLUMN = re.compile('(?:Referenced column|does not have a column named) "([^"]+)"')
_NO_FUNCTION = re.compile(r"Function with name (\w+) does not exist")
_ON_THE_WAY: dict[str, type[duckdb.Error]] = {
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "Conversion Error": duckdb.ConversionException,
    "Invalid Input Error": duckdb.InvalidInputException,
    "Out of Range Error": duckdb.OutOfRangeException,
}
_DATES = {"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


class DuckDBEngine:
    """An in-memory DuckDB that reads the tables of a workspace and never writes to them.

    Delimited and JSON files are read once, into tables of the engine; Parquet files and frames are read where they
    are. File access cannot be narrowed to the data folder, as sources of a trusted workspace may name files
    elsewhere; therefore only trees of queries are run, which cannot name a file function, and no extension is loaded.
    The queries of sources are such trees, too: their tables are resolved here, like all others.
    """

    dialect = "duckdb"

    def __init__(
        self,
        settings: DataSettings,
        root: Path | None,
        frames: Mapping[str, pa.Table],
        *,
        queries: Mapping[str, SourceQuery] | None = None,
        as_text: bool = False,
    ) -> None:
        self._as_text = as_text
        self._place = data_path(settings, root)
        self._temporary = tempfile.TemporaryDirectory(prefix="vitalfew-")
        self._connection = duckdb.connect(config=_config(settings, self._temporary.name))
        self._known: set[str] = set()
        self._kept: set[str] = set()
        self._lent: set[str] = set()
        self._frames = frozenset(frames)
        self._queries = queries or {}
        self._parts = 0
        self._remarks: list[tuple[str, str]] = []
        self._memory = settings.memory
        try:
            self._prepare(frames)
        except BaseException:
            self.close()
            raise

    def _prepare(self, frames: Mapping[str, pa.Table]) -> None:
        with _translated("the tables"):
            self._run("SET TimeZone = 'UTC'")
            self._run("SET enable_progress_bar = false")
        for number, (name, frame) in enumerate(frames.items()):
            with _translated(name):
                self._connection.register(f"vitalfew frame {number}", frame)
                self._view(name, _quoted(f"vitalfew frame {number}"))
            self._known.add(name)
        if is_database(self._place):
            self._attach()

    def columns(self, table: str) -> dict[str, ColumnType]:
        """Columns of a table with their types, in the table's order."""
        self._resolve(table)
        with _translated(table):
            described = self._run(f"DESCRIBE SELECT * FROM {_quoted(table)}").fetchall()
        return {name: _column_type(kind) for name, kind, *_ in described}

    def query(self, tree: exp.Query) -> pa.Table:
        """Run a query and return all of its rows."""
        with _translated(self._resolve_all(tree)):
            return self._connection.sql(tree.sql(dialect=self.dialect)).to_arrow_table()

    def stream(self, tree: exp.Query, rows: int = 100_000) -> Iterator[Any]:
        """Run a query and return its rows batch by batch."""
        with _translated(self._resolve_all(tree)):
            reader: Any = self._connection.sql(tree.sql(dialect=self.dialect)).to_arrow_reader(rows)
            with _told_by_reader():
                yield from reader

    def write(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Keep rows, or the answer of a query, as a table of the session, which may spill to disk."""
        # A query may read what was lent under the same name, which is no table and is replaced by none.
        table = _quoted(f"{name} (kept)" if name in self._lent else name)
        if isinstance(rows, exp.Expr):
            with _translated(self._resolve_all(rows)):
                self._run(f"CREATE OR REPLACE TEMP TABLE {table} AS {rows.sql(dialect=self.dialect)}")
        else:
            with _translated(name):
                self._connection.register("rows_to_keep", rows)
                self._run(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM rows_to_keep")
                self._connection.unregister("rows_to_keep")
        if name in self._lent:
            self.drop(name)
            self._run(f"ALTER TABLE {table} RENAME TO {_quoted(name)}")
        self._known.add(name)
        self._kept.add(name)

    def lend(self, name: str, rows: pa.Table | exp.Query) -> None:
        """Name rows in memory, which are read where they lie, or a query, which runs whenever it is asked."""
        self.drop(name)
        if isinstance(rows, exp.Expr):
            with _translated(self._resolve_all(rows)):
                self._run(f"CREATE TEMP VIEW {_quoted(name)} AS {rows.sql(dialect=self.dialect)}")
        else:
            with _translated(name):
                self._connection.register(name, rows)
        self._lent.add(name)
        self._known.add(name)
        self._kept.add(name)

    def files(self, table: str) -> tuple[Path, ...]:
        """The files that hold a table, in order; none for a table of a database or in memory."""
        if is_database(self._place) or table in self._queries or table in self._frames | self._kept:
            return ()
        return table_files(table, self._place).paths

    def part(self, table: str, files: Sequence[Path]) -> str:
        """Name some of the files of a table as a table of its own."""
        found = table_files(table, self._place)
        name = f"{table} ({len(files)} of {len(found.paths)} files, {self._parts})"
        self._parts += 1
        self._view_of_files(name, TableFiles(found.kind, tuple(files)))
        self._known.add(name)
        return name

    def drop(self, name: str) -> None:
        """Forget what `write` kept or `lend` named."""
        self._run(f"DROP {'VIEW' if name in self._lent else 'TABLE'} IF EXISTS {_quoted(name)}")
        self._lent.discard(name)
        self._known.discard(name)
        self._kept.discard(name)

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What was read otherwise than it is written, by table, since this was last asked."""
        found, self._remarks = tuple(self._remarks), []
        return found

    def close(self) -> None:
        """Close the connection and remove its temporary files."""
        self._connection.close()
        self._temporary.cleanup()

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql)

    def _attach(self) -> None:
        with _translated(self._place.name):
            self._run(f"ATTACH {_literal(str(self._place))} AS {_DATABASE} (READ_ONLY)")

    def _resolve_all(self, tree: exp.Expr) -> str:
        found = list(tree.find_all(exp.CTE, exp.Table))
        names = {node.name for node in found if isinstance(node, exp.Table)}
        names -= {node.alias for node in found if isinstance(node, exp.CTE)}
        for name in sorted(names):
            self._resolve(name)
        return ", ".join(sorted(names & self._known - self._kept)) or "the tables"

    def _resolve(self, table: str) -> None:
        if table in self._known:
            return
        if table in self._queries:
            self._answer(self._queries[table])
        elif is_database(self._place):
            self._view_of_database(table)
        else:
            self._view_of_files(table, table_files(table, self._place))
        self._known.add(table)

    def _answer(self, query: SourceQuery) -> None:
        """Name the rows of a query; what computes is computed once, so that every reader sees the same rows."""
        for table in query.tables:
            try:
                self._resolve(table)
            except DataError as error:
                told = error.problem
                raise DataError(
                    f"{query.name}: {told.message}", where=query.where, expected=told.expected, hint=told.hint
                ) from error
        try:
            with _translated(query.name, query.where):
                refuse_strangers(self._connection, query)
                if query.picks:
                    self._view(query.name, f"({query.sql()})")
                else:
                    self._run(f"CREATE TEMP TABLE {_quoted(query.name)} AS {query.sql()}")
        except DataError as error:
            raise self._refused(query, error) from error
        if query.anew:
            self._remarks.append((query.name, f"it is asked anew in every run, as {query.anew}"))

    def _refused(self, query: SourceQuery, told: DataError) -> DataError:
        """What the engine does not take in a query, in a sentence; its own words there are of the query alone."""
        error = told.__cause__
        if not isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
            return told
        words = _of_kind(error)
        if missing := _NO_COLUMN.search(words):
            columns = dict.fromkeys(name for table in query.tables for name in self.columns(table))
            name, hint = missing[1], suggest(missing[1], columns)
            message = f"{query.name} names a column '{name}' that its tables do not have{query.line_of(name)}"
            return DataError(message, where=query.where, hint=hint)
        if missing := _NO_FUNCTION.search(words):
            message = f"{query.name} calls {missing[1]}(), which the engine does not know{query.line_of(missing[1])}"
            return DataError(message, where=query.where)
        return DataError(f"{query.name} is not understood by the engine: {words}", where=query.where)

    def _view_of_database(self, table: str) -> None:
        rows = self._run(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = '{_DATABASE}'"
            f" UNION ALL SELECT schema_name, view_name FROM duckdb_views()"
            f" WHERE database_name = '{_DATABASE}' AND NOT internal"
        ).fetchall()
        tables = {name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in rows}
        if table not in tables:
            raise DataError(f"there is no table '{table}' in {self._place.name}", hint=suggest(table, tables))
        schema, name = tables[table]
        with _translated(table):
            self._view(table, f"{_DATABASE}.{_quoted(schema)}.{_quoted(name)}")

    def _view(self, name: str, source: str) -> None:
        """Name a source; times in nanoseconds with a zone, which no function reads, become microseconds."""
        described = self._run(f"DESCRIBE SELECT * FROM {source}").fetchall()
        odd = [_quoted(column) for column, kind, *_ in described if kind == "TIMESTAMPTZ_NS"]
        casts = ", ".join(f"CAST({column} AS TIMESTAMPTZ) AS {column}" for column in odd)
        columns = f"* REPLACE ({casts})" if odd else "*"
        self._run(f"CREATE TEMP VIEW {_quoted(name)} AS SELECT {columns} FROM {source}")

    def _view_of_files(self, table: str, files: TableFiles) -> None:
        with _translated(table):
            if files.kind == "parquet":
                self._view(table, f"read_parquet({_paths(files.paths)})")
            elif files.kind == "json":
                options = ["format = 'auto'", "sample_size = -1", *_packed(files.paths)]
                reader = f"read_json({_paths(files.paths)}, {', '.join(options)})"
                self._run(f"CREATE TEMP TABLE {_quoted(table)} AS SELECT * FROM {reader}")
            else:
                self._load_delimited(table, files.paths)

    def _load_delimited(self, table: str, paths: tuple[Path, ...]) -> None:
        shape = csv_files.sniff(paths[0])
        if not shape.header:
            raise DataError(
                f"the first line of {paths[0].name} looks like data", expected="a line of column names above the rows"
            )
        if not shape.rows:
            raise NoRowsError(f"{paths[0].name} holds column names but no rows")
        if shape.encoding != "utf-8":
            paths = self._as_utf8(paths, shape.encoding)
        try:
            self._load(table, shape, paths)
        except duckdb.InvalidInputException as error:
            if _NOT_UTF8 not in str(error) or not all(csv_files.begins_plain(path) for path in paths):
                raise
            self._load(table, shape, self._as_utf8(paths, csv_files.WINDOWS))
            self._remarks.append((table, "the text is not UTF-8; its letters are read as Windows writes them"))

    def _load(self, table: str, shape: csv_files.CsvShape, paths: tuple[Path, ...]) -> None:
        # Types are told from a sample first; a value that contradicts it further down costs a second reading. A file
        # whose rows differ in width is read as text in the end, which names the first line that does not fit.
        if self._as_text or not self._typed(table, shape, paths):
            try:
                self._load_text(table, shape, paths)
            except duckdb.InvalidInputException:
                if not self._padded(table, shape, paths):
                    raise
        self._infinities_as_numbers(table)

    def _load_text(self, table: str, shape: csv_files.CsvShape, paths: tuple[Path, ...], *more: str) -> None:
        reader = _text_reader(shape, paths, *more)
        self._run(f"CREATE OR REPLACE TEMP TABLE {_quoted(table)} AS SELECT * FROM {reader}")

    def _padded(self, table: str, shape: csv_files.CsvShape, paths: tuple[Path, ...]) -> bool:
        """Whether the files could be read once rows that lack their last cells were given empty ones."""
        short = self._short_rows(shape, paths)
        if not short:
            return False
        if self._as_text or not self._typed(table, shape, paths, *_PADDED):
            self._load_text(table, shape, paths, *_PADDED)
        rows = "1 row lacks its" if short == 1 else f"{short:,} rows lack their"
        self._remarks.append((table, f"{rows} last cells, which are read as empty"))
        return True

    def _typed(self, table: str, shape: csv_files.CsvShape, paths: tuple[Path, ...], *more: str) -> bool:
        """Whether the files could be read with the types that they seem to have."""
        attempts = (_reader(shape, paths, *more), _reader(shape, paths, "sample_size = -1", *more))
        return any(self._loaded(table, reader, len(shape.names)) for reader in attempts)

    def _short_rows(self, shape: csv_files.CsvShape, paths: tuple[Path, ...]) -> int:
        """How many rows lack their last cells; 0 where they are too many, or a row is wrong in any other way."""
        reader = _text_reader(shape, paths, "store_rejects = true")
        (read,) = self._run(f"SELECT COUNT(*) FROM {reader}").fetchall()[0]
        wrong = "error_type <> 'MISSING COLUMNS'"
        counts = f"COUNT(DISTINCT (file_id, line)), COUNT(*) FILTER ({wrong})"
        short, others = self._run(f"SELECT {counts} FROM reject_errors").fetchall()[0]
        self._run("DROP TABLE reject_errors")
        self._run("DROP TABLE reject_scans")
        cut_off = any(csv_files.ends_short(path, shape.delimiter, len(shape.names)) for path in paths)
        return 0 if others or cut_off or short > _MOST_SHORT * (read + short) else int(short)

    def _infinities_as_numbers(self, table: str) -> None:
        """The engine reads `inf` as a date; a column with no other value held numbers."""
        described = self._run(f"DESCRIBE {_quoted(table)}").fetchall()
        for column in (_quoted(name) for name, kind, *_ in described if kind in _DATES):
            (finite,) = self._run(f"SELECT BOOL_OR(NOT ISINF({column})) FROM {_quoted(table)}").fetchall()[0]
            if finite is False:  # NULL in an empty column
                number = f"CAST(CAST({column} AS VARCHAR) AS DOUBLE)"
                self._run(f"ALTER TABLE {_quoted(table)} ALTER {column} TYPE DOUBLE USING {number}")

    def _loaded(self, table: str, reader: str, width: int) -> bool:
        try:
            self._run(f"CREATE OR REPLACE TEMP TABLE {_quoted(table)} AS SELECT * FROM {reader}")
        except (duckdb.ConversionException, duckdb.InvalidInputException):
            return False
        return len(self._run(f"DESCRIBE {_quoted(table)}").fetchall()) == width

    def _as_utf8(self, paths: tuple[Path, ...], encoding: str) -> tuple[Path, ...]:
        copies = tuple(Path(self._temporary.name) / f"{number}.csv" for number in range(len(paths)))
        for path, copy in zip(paths, copies, strict=True):
            with copy.open("wb") as out:
                out.writelines(csv_files.decoded(path, encoding))
        return copies


def _config(settings: DataSettings, temporary: str) -> dict[str, str | bool | int | float | list[str]]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": temporary,
        "preserve_insertion_order": "false",
    }
    if settings.memory is None:
        return config
    # Half is for what lies beside the engine: numbers per unit, rows on their way to them, and the program itself.
    return config | {"memory_limit": f"{bytes_of(settings.memory) // 2_000_000}MB"}


def _reader(shape: csv_files.CsvShape, paths: tuple[Path, ...], *more: str) -> str:
    options = [
        f"delim = {_literal(shape.delimiter)}",
        "header = true",
        "skip = 0",
        "comment = ''",
        "quote = '\"'",
        "escape = '\"'",
        *([f"decimal_separator = {_literal(shape.decimal)}"] if shape.decimal != "." else []),
        *_packed(paths),
        *more,
    ]
    return f"read_csv({_paths(paths)}, {', '.join(options)})"


def _packed(paths: tuple[Path, ...]) -> list[str]:
    """The engine sees no ending behind a `?`, and would read the packed bytes themselves."""
    return ["compression = 'gzip'"] if all(path.suffix.lower() == ".gz" for path in paths) else []


def _paths(paths: tuple[Path, ...]) -> str:
    """Exactly these files: the engine takes `*`, `?` and `[` in a name for a pattern, and reads what else fits it."""
    return f"[{', '.join(_literal(re.sub(r'[*?[]', r'[\g<0>]', str(path))) for path in paths)}]"


def _text_reader(shape: csv_files.CsvShape, paths: tuple[Path, ...], *more: str) -> str:
    names = [name or f"column{at}" for at, name in enumerate(shape.names)]
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in names)
    return _reader(shape, paths, "auto_detect = false", f"columns = {{{columns}}}", *more)


def _column_type(kind: str) -> ColumnType:
    if kind == "BOOLEAN":
        return "boolean"
    if kind in _INTEGERS:
        return "integer"
    if kind in {"FLOAT", "DOUBLE"} or kind.startswith("DECIMAL"):
        return "number"
    if kind in {"VARCHAR", "UUID", '"NULL"'} or kind.startswith("ENUM"):  # an empty column reads as any type
        return "text"
    if kind == "DATE":
        return "date"
    return "time" if kind.startswith("TIMESTAMP") else "other"


@contextmanager
def _translated(table: str, where: Where | None = None) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        _log.warning("%s: %s", error.__class__.__name__, _without_values(text))
        found = _for_the_user(error, text, table).problem
        raise DataError(found.message, where=where, expected=found.expected, hint=found.hint) from error
    except RuntimeError as error:
        if "interrupted" in str(error):  # how this engine passes on ctrl-C
            raise KeyboardInterrupt from error
        raise


@contextmanager
def _told_by_reader() -> Iterator[None]:
    """What stops the engine while rows are on their way, as its own error: readers of Arrow tell it in theirs."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        text = str(error)
        if text.startswith("INTERRUPT"):
            raise RuntimeError("interrupted") from error
        kind = next((kind for words, kind in _ON_THE_WAY.items() if text.startswith(words)), duckdb.Error)
        raise kind(text) from error


def _for_the_user(error: duckdb.Error, text: str, table: str) -> DataError:
    line = re.search(r"[Ll]ine:? (\d+)", text)
    if isinstance(error, duckdb.OutOfMemoryException):
        return DataError(f"reading {table} needs more memory than the limit", hint="raise `data: memory`, e.g. 4GB")
    where = f", line {line.group(1)}" if line else ""
    if _NOT_UTF8 in text:
        hint = "save the table as UTF-8 and take that file"
        return DataError(f"{table}{where}: the text is not UTF-8 here, though it begins so", hint=hint)
    if "Malformed JSON" in text:
        near = where.replace("line", "near line")  # of a file that was cut off the engine names the line behind it
        return DataError(f"{table}{near}: this is no JSON", expected="one object a line, or a list of objects")
    if "CSV Error" in text or "JSON" in text:
        return DataError(
            f"{table}{where}: the row does not fit the others",
            expected="as many cells in every row as in the header, and quotes that close",
        )
    if isinstance(error, duckdb.InvalidInputException) and "CSV" in text:
        return DataError(
            f"{table} falls into no rows and cells: lines may end in two ways, or a quote may not close",
            hint="open it in a spreadsheet, and save it as CSV again",
        )
    if isinstance(error, duckdb.IOException) or type(error) is duckdb.Error or _DAMAGED.search(text):
        return DataError(f"{table} cannot be read", hint="is it complete, readable, and not open in another program?")
    if isinstance(error, duckdb.ConversionException):
        cast = "in a query of yours TRY_CAST leaves out what does not fit" if name_of_query("") in table else None
        return DataError(f"{table} holds a value that is not of the type asked for", hint=cast)
    return DataError(f"{table} cannot be computed with ({error.__class__.__name__.removesuffix('Exception')})")


def _of_kind(error: duckdb.Error) -> str:
    """The first line of what the engine says, without the kind of error before it."""
    return str(error).split("\n", 1)[0].partition("Error: ")[2][:300]


def _without_values(text: str) -> str:
    """The first line of an engine's message without quoted text and digits: both can be a customer's."""
    return re.sub(r"\d+", "#", re.sub(r"'[^']*'|\"[^\"]*\"", "…", text.split("\n", 1)[0]))[:300]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
