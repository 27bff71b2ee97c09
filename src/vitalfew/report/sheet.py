"""A table for terminals that knows its width: fixed columns, one that takes what is left, and plain lines in a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from vitalfew.report.textbar import ASCII, UNICODE, Signs, plain
from vitalfew.report.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from vitalfew.report.view import View

GAP = 2
"""Spaces between columns of a wide terminal, and before a note."""
WIDE = 110
"""Signs from which a terminal counts as wide."""
MOST = 140
"""Signs a line may have, however wide the terminal is."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its heading, its width (0: what is left), whether it is set right, and its style."""

    name: str
    width: int = 0
    right: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, with a style of its own where it has one."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line between rows, with what it means."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """What is said under a row, wrapped as a sentence is; in a pipe it ends the row."""

    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """The name of the rows that follow."""

    text: str
    style: str = "dim"


type Row = Sequence[Cell] | Rule | Note | Group


class Sheet:
    """Prints lines to one console in the signs it can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.signs: Signs = ASCII if console.options.ascii_only else UNICODE
        self.is_pipe = not console.is_terminal
        self.width = min(console.width, MOST)

    def say(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """Print a sentence, wrapped at words and indented; in a pipe on one line. No word is cut, such as a hash."""
        signs = plain(text, self.signs)
        shown = Text(signs, style=style)
        if self.is_pipe or not text:
            self._write(Text(" " * indent) + shown)
            return
        width = max(20, self.width - indent)
        if max(map(cell_len, signs.split()), default=0) > width:
            uncut = wrap(signs, width, break_long_words=False, break_on_hyphens=False)
            lines = [Text(line, style=style) for line in uncut]
        else:
            lines = list(shown.wrap(self.console, width))
        for line in lines:
            line.rstrip()
            self._write(Text(" " * indent) + line)

    def heading(self, text: str) -> None:
        """Print the title of a part after an empty line."""
        self.say()
        self.say(text, "bold")

    def rule(self, text: str) -> None:
        """Draw the line, with what it means."""
        label = f" {plain(text, self.signs)} "
        lead = self.signs.rule * 2
        rest = max(2, self.width - len(lead) - cell_len(label))
        self._write(Text(lead + label + self.signs.rule * rest))

    def left_out(self, number: int, noun: str) -> None:
        """Say how many lines are not shown and how to see them."""
        if number > 0:
            self.say(f"and {count(number, f'more {noun}')}; run --html FILE or --json shows all", "dim")

    def table(self, fields: Sequence[Field], rows: Iterable[Row]) -> None:
        """Print rows under their headings, with the lines and notes between them."""
        if self.is_pipe:
            self._lines(rows)
            return
        sized = self.fit(fields)
        if any(field.name for field in sized):
            self._row(sized, [Cell(field.name, "dim") for field in sized])
        for row in rows:
            if isinstance(row, Rule):
                self.rule(row.text)
            elif isinstance(row, Group):
                self.say(row.text, row.style)
            elif isinstance(row, Note):
                self.say(row.text, "dim", indent=GAP)
            else:
                self._row(sized, row)

    def fit(self, fields: Sequence[Field]) -> list[Field]:
        """The columns with their widths; the one without a width takes what is left."""
        taken = sum(field.width for field in fields) + self._gap * (len(fields) - 1)
        left = max(12, self.width - taken)
        return [Field(f.name, f.width or left, f.right, f.style) for f in fields]

    @property
    def _gap(self) -> int:
        return GAP if self.width >= WIDE else 1

    def _lines(self, rows: Iterable[Row]) -> None:
        """Write each row with its note on one line, cells parted by bars; rules and groups on their own."""
        lines: list[list[str]] = []
        for row in rows:
            if isinstance(row, Note):
                lines[-1].append(row.text)
            elif isinstance(row, Rule | Group):
                lines.append([f"-- {row.text}"])
            else:
                lines.append([cell.text.strip() for cell in row])
        for line in lines:
            self._write(Text(plain(" | ".join(text for text in line if text), self.signs)))

    def _row(self, fields: Sequence[Field], row: Sequence[Cell]) -> None:
        line = Text()
        for place, (field, cell) in enumerate(zip(fields, row, strict=True)):
            text = self._sized(plain(cell.text, self.signs), field)
            line.append(text, cell.style or field.style)
            line.append(" " * (self._gap if place < len(fields) - 1 else 0))
        line.rstrip()
        self._write(line)

    def _sized(self, text: str, field: Field) -> str:
        if cell_len(text) > field.width:
            more = self.signs.more
            return set_cell_size(set_cell_size(text, field.width - cell_len(more)).rstrip() + more, field.width)
        space = " " * (field.width - cell_len(text))
        return space + text if field.right else text + space

    def _write(self, text: Text) -> None:
        self.console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True, highlight=False)


def drawn_as_text(printed: Callable[[View, Console], None], view: View, width: int = 100) -> str:
    """What a terminal `width` signs wide without colours would show of a run."""
    from rich.console import Console

    out = StringIO()
    printed(view, Console(file=out, width=width, force_terminal=True, color_system=None))
    return out.getvalue()
