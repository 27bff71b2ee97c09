"""A workspace being written: its definitions with comments, and the files it will hold."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect.look import as_written
from vitalfew.connect.words import key_of
from vitalfew.warehouse.convert import Cell, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from vitalfew.connect.asking import Asker
    from vitalfew.connect.recognise import Recognised
    from vitalfew.connect.times import Reading
    from vitalfew.warehouse.returning import Returning

_NEAR = 3  # folders up that still count as near: a workspace and its data may then move together
_KINDS = (
    "workspace",
    "data",
    "policy",
    "sources",
    "metrics",
    "factors",
    "segments",
    "features",
    "initiatives",
    "experiments",
    "releases",
    "products",
    "teams",
)


@dataclass(frozen=True)
class Outcome:
    """An outcome of users that a test of removal could watch."""

    title: str
    sd: float
    is_share: bool


@dataclass
class Facts:
    """What `next_steps` needs to remember of the files.

    `idea_methods`: names of the scores that ideas have; `idea_moves` and `idea_metrics`: how many factors,
    and metrics, they say something about. `series_of`: what a row of the series is about.
    `left_out`: less used events that became no features. `returning`: users in four weeks by event, and how many of
    them come back. `outcome`: the first outcome of users.
    """

    have: set[str] = field(default_factory=set)
    first: date | None = None
    last: date | None = None
    unit: str | None = None
    segments: int = 0
    results: int = 0
    opinions: int = 0
    ideas: int = 0
    idea_methods: tuple[str, ...] = ()
    idea_moves: int = 0
    idea_metrics: int = 0
    releases: int = 0
    series: int = 0
    series_of: Literal["day", "week", "month", "quarter"] = "day"
    left_out: int = 0
    returning: dict[str, Returning] = field(default_factory=dict)
    outcome: Outcome | None = None

    @property
    def days(self) -> int:
        """Days that the events cover; 0 without events."""
        return 0 if self.first is None or self.last is None else (self.last - self.first).days + 1


@dataclass
class Draft:
    """Definitions and comments so far. `folder` is written to now and becomes `home`; `notes` are for the person."""

    home: Path
    folder: Path
    asker: Asker
    tree: dict[str, dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    comments: dict[tuple[str, ...], str] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    notes: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, definition: dict[str, Any], comment: str | None = None) -> str:
        """Add a definition under a key made from its name; returns the key."""
        key = key_of(name, self.tree[kind], kind.removesuffix("s"))
        self.tree[kind][key] = definition
        if comment:
            self.comments[kind, key] = comment
        return key

    def table(self, path: Path) -> str:
        """How the workspace names a file of the user: relative when it lies near, else by its whole path."""
        whole = path.resolve()
        relative = os.path.relpath(whole, self.home.resolve())
        return relative if Path(relative).parts.count("..") <= _NEAR else str(whole)

    def place(self, file: Recognised, reading: Reading | None, rename: dict[str, str], columns: Iterable[str]) -> str:
        """The table of a source: the user's file itself, or a copy with what sources need, stated in a comment.

        Args:
            file: the recognised file.
            reading: how its column of times is read, if it has one.
            rename: new names of columns, by their old ones.
            columns: the columns a copy holds.
        """
        reasons = []
        if reading is not None and reading.needs_copy:
            reasons.append(f"times in '{reading.cell.column}' are written in a way that sources do not read")
        if file.look.is_flattened:
            reasons.append("its columns are nested")
        reasons += [f"'{old}' is called '{new}' in the other table" for old, new in rename.items() if old != new]
        if not reasons:
            self.notes.append(f"{file.look.name} is read where it lies")
            return self.table(file.look.path)
        name = f"data/{key_of(file.kind.key, (), 'table')}.parquet"
        self._copy(file, reading, {column: rename.get(column, column) for column in columns}, name)
        self.say_copy(file, name, reasons)
        return name

    def say_copy(self, file: Recognised, name: str, reasons: Sequence[str]) -> None:
        """State in the file of definitions that a table is a copy, and why."""
        self.comments["data",] = (
            f"{name} is a copy of {file.look.name}, as {'; '.join(reasons)}.\n"
            "Your file stays as it is. When it changes, run 'vitalfew start' again into a new folder."
        )

    def _copy(self, file: Recognised, reading: Reading | None, names: dict[str, str], name: str) -> None:
        cells = {new: Cell(old) for old, new in names.items()}
        if reading is not None:
            cells[names[reading.cell.column]] = reading.cell
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        if reading is None or not reading.as_text:
            write_parquet(file.look.engine, file.look.table, cells, path)
            return
        with as_written(file.look) as (engine, table):
            write_parquet(engine, table, cells, path)
