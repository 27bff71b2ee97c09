"""Where the tables of a workspace lie: names in definitions to files on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vitalfew.errors import DataError, suggest

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import DataSettings

FileKind = Literal["csv", "parquet", "json"]
DATABASE_SUFFIXES = (".duckdb", ".ddb", ".db")
_KINDS: dict[str, FileKind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".log": "csv",
    ".parquet": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}


class NoRowsError(DataError):
    """A file has a line of column names and nothing below it."""


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files behind a table, all of one kind."""

    kind: FileKind
    paths: tuple[Path, ...]


def data_path(settings: DataSettings, root: Path | None) -> Path:
    """The folder, or the database file, that `data.path` names.

    Raises:
        DataError: it does not exist.
    """
    path = ((root or Path()) / Path(settings.path).expanduser()).resolve()
    if not path.exists():
        raise DataError(f"there is no file or folder '{settings.path}' (data: path)", hint=f"looked for {path}")
    return path


def is_database(path: Path) -> bool:
    """Whether `data.path` is a database file rather than a folder of tables."""
    return path.is_file() and path.suffix.lower() in DATABASE_SUFFIXES


def table_files(table: str, folder: Path) -> TableFiles:
    """Find the files of a table.

    Args:
        table: path of a file relative to `folder` (or absolute), or a pattern such as `events/*.parquet`.
        folder: the data folder.

    Raises:
        DataError: no such file, with the nearest name that exists; or a kind of file that cannot be read.
    """
    kind = _kind(table)
    paths = _matching(table, folder) if "*" in table else ((folder / Path(table).expanduser()).resolve(),)
    if not paths or not paths[0].is_file():
        named = "*" in table and (folder / Path(table).expanduser()).is_file()
        hint = "'*' stands for many files: rename this one" if named else _what_exists(table, folder)
        raise DataError(f"there is no table '{table}'", hint=hint)
    for path in paths:
        if any("\ud800" <= sign <= "\udfff" for sign in str(path)):  # bytes that are no text, as Python spells them
            raise DataError(f"the name of {path.name} is not UTF-8", hint="rename the file")
    return TableFiles(kind, paths)


def _kind(table: str) -> FileKind:
    name = table.lower().removesuffix(".gz")
    kind = _KINDS.get(Path(name).suffix)
    if kind is None or (kind == "parquet" and table.lower().endswith(".gz")):
        raise DataError(
            f"'{table}' is not a table that can be read",
            expected="a file ending in .csv, .tsv, .txt, .csv.gz, .parquet, .jsonl or .json",
            hint="a table of a database needs `data: {path: FILE.duckdb}`",
        )
    return kind


def _matching(table: str, folder: Path) -> tuple[Path, ...]:
    pattern = Path(table).expanduser()
    base = Path(pattern.anchor) if pattern.is_absolute() else folder
    relative = pattern.relative_to(base) if pattern.is_absolute() else pattern
    found = (path for path in base.glob(str(relative)) if not _is_hidden(path.relative_to(base), relative))
    return tuple(sorted(path.resolve() for path in found if path.is_file()))


def _is_hidden(found: Path, pattern: Path) -> bool:
    """Whether a pattern that names nothing hidden has come upon something hidden, such as stored runs."""
    named = any(part.startswith(".") for part in pattern.parts)
    return not named and any(part.startswith(".") for part in found.parts)


def _what_exists(table: str, folder: Path) -> str:
    """Told by the folder as it was named: pages show this to people who need not know where the machine keeps it."""
    place, named = (folder / Path(table).expanduser()).parent, Path(table).parent
    told = f"the folder {named}" if named.parts else "the folder of the data"
    if not place.is_dir():
        return f"there is no such folder: {named}"
    names = sorted(path.name for path in place.iterdir() if path.is_file() and has_suffix(path.name))
    return f"in {told}: {suggest(Path(table).name, names)}" if names else f"{told} holds no tables"


def has_suffix(name: str) -> bool:
    """Whether a name ends as those of files that can be read do."""
    return Path(name.lower().removesuffix(".gz")).suffix in _KINDS
