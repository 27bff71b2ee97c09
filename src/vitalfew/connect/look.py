"""A stranger's file, opened: its columns with what they hold, and some rows as they were written."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.errors import DataError, UsageError
from vitalfew.warehouse import csv_files
from vitalfew.warehouse.convert import flatten
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.profile import distinct_rows, profile, rows_of, values_of
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.profile import ColumnProfile, TableProfile

SAMPLE_ROWS = 200
_FLAT = "nested columns laid open"
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst")
_TEXT_FILES = (".csv", ".tsv", ".tab", ".txt", ".log")


@dataclass
class Look:
    """An open file.

    `table` is what the engine calls it, or the copy of it with nested columns laid open. `refused`: why this is a copy
    of the file with other names of columns, which will do where its rows are read once and no run reads the file.
    """

    path: Path
    engine: Engine
    table: str
    profile: TableProfile
    refused: DataError | None = None
    _values: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    _texts: dict[str, tuple[str, ...]] | None = None

    @property
    def name(self) -> str:
        """The name of the file, for sentences."""
        return self.path.name

    @property
    def columns(self) -> dict[str, ColumnProfile]:
        """The columns that were looked at, in order."""
        return dict(self.profile.columns)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.profile.rows

    @property
    def is_flattened(self) -> bool:
        """Whether the columns are not those of the file itself."""
        return self.table == _FLAT

    def values(self, column: str) -> tuple[tuple[str, int], ...]:
        """The most frequent values of a column as text, with their counts; at most 50."""
        if column not in self._values:
            self._values[column] = values_of(self.engine, self.table, column)
        return self._values[column]

    def texts(self, column: str) -> tuple[str, ...]:
        """Some filled cells of a column as they were written, when the file is a text file; else as text."""
        if self._texts is None:
            self._texts = self._sampled()
        return self._texts.get(column, ())

    def distinct(self, *columns: str) -> int:
        """How many different combinations of values some columns hold, exactly."""
        return distinct_rows(self.engine, self.table, columns)

    def lay_open(self) -> bool:
        """Replace the table by one whose nested columns are columns of their own; False when nothing is nested."""
        if self.is_flattened or not flatten(self.engine, self.table, _FLAT):
            return False
        self.table, self._texts = _FLAT, None
        self.profile = profile(self.engine, _FLAT)
        return True

    def close(self) -> None:
        """Close the file."""
        self.engine.close()

    def _sampled(self) -> dict[str, tuple[str, ...]]:
        if is_text(self.path):
            shape = csv_files.sniff(self.path)
            columns = zip(shape.names, zip(*_squared(shape.rows, len(shape.names)), strict=False), strict=False)
            return {name: tuple(cell.strip() for cell in cells if cell.strip()) for name, cells in columns}
        rows = rows_of(self.engine, self.table, list(self.profile.columns), SAMPLE_ROWS)
        return {name: tuple(str(row[name]) for row in rows if row[name] is not None) for name in self.profile.columns}


def look(path: Path) -> Look:
    """Open a file and look at its columns.

    Raises:
        UsageError: there is no such file, or it is none that can be read.
        DataError: it is empty, or damaged.
    """
    refuse(path)
    engine = _opened(path)
    try:
        found = Look(path, engine, path.name, profile(engine, path.name))
    except BaseException:
        engine.close()
        raise
    if not found.rows:
        engine.close()
        raise DataError(f"{path.name} holds column names but no rows")
    return found


@contextmanager
def as_written(found: Look) -> Iterator[tuple[Engine, str]]:
    """The file opened again with every cell as the text it was written as, and what that engine calls it."""
    engine = _opened(found.path, as_text=True)
    try:
        yield engine, found.path.name
    finally:
        engine.close()


def is_text(path: Path) -> bool:
    """Whether the file is a delimited text file, by its name."""
    return Path(path.name.lower().removesuffix(".gz")).suffix in _TEXT_FILES


def _opened(path: Path, *, as_text: bool = False) -> Engine:
    return open_engine(DataSettings(path=str(path.resolve().parent)), as_text=as_text)


def _squared(rows: Sequence[Sequence[str]], width: int) -> list[Sequence[str]]:
    return [(*row[:width], *("",) * (width - len(row))) for row in rows]


def refuse(path: Path) -> None:
    """Refuse what is no table, before an engine is opened.

    Raises:
        UsageError: it is a folder, no file, or a file of another kind.
        DataError: it is empty.
    """
    if path.is_dir():
        files = sorted(one.name for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        inside = f"it holds {', '.join(files[:6])}{' …' if len(files) > 6 else ''}" if files else "it is empty"  # noqa: PLR2004 - a few names show what is meant
        raise UsageError(f"'{path}' is a folder", expected="one or more files", hint=inside)
    if path.is_symlink() and not path.exists():
        raise UsageError(f"'{path}' is a link that leads to no file", hint="name the file itself")
    if not path.exists():
        raise UsageError(f"there is no file '{path}'", hint=_nearby(path))
    if not path.is_file():
        raise UsageError(f"'{path}' is no file that can be read again and again", expected="a file on disk")
    if path.suffix.lower() in SPREADSHEETS:
        raise UsageError(
            f"{path.name} is a spreadsheet, which is not read", hint="save the sheet as CSV and name that file"
        )
    if path.suffix.lower() in _ARCHIVES:
        raise UsageError(f"{path.name} is an archive, which is not read", hint="unpack it, and name the files in it")
    if "*" in path.name:
        raise UsageError(f"the name of {path.name} holds '*', which stands for many files", hint="rename the file")
    if not path.stat().st_size:
        raise DataError(f"{path.name} is empty", expected="a line of column names and one line per row")


def _nearby(path: Path) -> str:
    from vitalfew.errors import suggest

    if not path.parent.is_dir():
        return f"there is no folder '{path.parent}'"
    found = suggest(
        path.name, sorted(one.name for one in path.parent.iterdir() if one.is_file() and one.name[0] != ".")
    )
    if found.startswith("did you mean"):
        return found
    folder = "this folder" if path.parent == Path() else f"'{path.parent}'"
    return f"{folder} holds {found.removeprefix('known: ')}" if found.startswith("known") else f"{folder} holds no file"
