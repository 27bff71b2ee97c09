"""Lines above the column names: a title, a date, an empty line, as spreadsheets put them there."""

from __future__ import annotations

import csv
import io
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from vitalfew.connect.look import is_text
from vitalfew.errors import DataError
from vitalfew.warehouse import csv_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_LINES = 12
_FEWEST_NAMES = 3
_SPARSE, _MOST = 0.4, 0.5
_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_SHEET = 1 << 26  # bytes


def lines_above(path: Path) -> int:
    """How many lines stand above the column names of a delimited file; 0 for others, and where that is not clear.

    The first line must be mostly empty, and a later one full of different texts.
    """
    if not path.is_file() or not is_text(path) or not path.stat().st_size:
        return 0
    try:
        _, text = csv_files.sniff_text(path)
    except DataError:
        return 0  # whoever opens the file says what is wrong with it
    if "\0" in text:
        return 0
    head = text.split("\n")[: _MOST_LINES + 1]
    split = [_rows(head, delimiter) for delimiter in _DELIMITERS]
    if any(map(_begins_with_names, split)):
        return 0  # 1,5;2,5 below a;b has as many commas as signs between its cells
    rows = max(split, key=lambda rows: max(map(len, rows), default=0))
    width = max((len(_filled(row)) for row in rows), default=0)
    if width < _FEWEST_NAMES or not rows or len(_filled(rows[0])) > max(1, _SPARSE * width):
        return 0  # names stand in the first line, as they should
    return next((at for at, row in enumerate(rows) if _like_names(row, width)), 0)


@contextmanager
def without_lines(path: Path, lines: int) -> Iterator[Path]:
    """A copy of the file, under its own name, that begins at its column names."""
    encoding, _ = csv_files.sniff_text(path)
    text = b"".join(csv_files.decoded(path, encoding)).decode().lstrip("\ufeff")
    with TemporaryDirectory(prefix="vitalfew-") as folder:
        copy = Path(folder) / path.name.removesuffix(".gz")
        copy.write_text("\n".join(text.splitlines()[lines:]) + "\n", encoding="utf-8")
        yield copy


@contextmanager
def with_numbered_names(path: Path, refused: csv_files.DoubledNameError) -> Iterator[Path]:
    """A copy of the file, under its own name, in which a column named like an earlier one has a number.

    Raises:
        DoubledNameError: `refused`, where the file is longer than any sheet that people write.
    """
    encoding, _ = csv_files.sniff_text(path)
    content = bytearray()
    for piece in csv_files.decoded(path, encoding):
        content += piece
        if len(content) > _LONGEST_SHEET:
            raise refused
    text = content.decode().lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    body = io.StringIO(text)
    head = next(row for row in csv.reader(body, delimiter=refused.delimiter) if row)  # names may hold line breaks
    out = io.StringIO()
    csv.writer(out, delimiter=refused.delimiter, lineterminator="\n").writerow(_numbered(head))
    with TemporaryDirectory(prefix="vitalfew-") as folder:
        copy = Path(folder) / path.name.removesuffix(".gz")
        copy.write_text(out.getvalue() + body.read(), encoding="utf-8", newline="\n")
        yield copy


def _numbered(head: Sequence[str]) -> list[str]:
    """Names of columns, all different in whatever case."""
    times, taken, names = Counter[str](), set[str](), list[str]()
    for name in map(str.strip, head):
        shown = name
        while name and shown.lower() in taken:
            times[name.lower()] += 1
            shown = f"{name} ({times[name.lower()] + 1})"
        taken.add(shown.lower())
        names.append(shown)
    return names


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:
        return []  # a cell longer than the reader takes is no title above a table


def _begins_with_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns, and most rows are as wide."""
    alike = sum(len(row) == len(rows[0]) for row in rows) if rows else 0
    return alike > _MOST * len(rows) and _like_names(rows[0], len(rows[0]))


def _filled(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row if cell.strip()]


def _like_names(row: Sequence[str], width: int) -> bool:
    """Whether a row names columns: nearly full, all different, hardly a number among them."""
    names = _filled(row)
    numbers = sum(name.replace(".", "").replace(",", "").strip("-+%").isdigit() for name in names)
    return len(names) >= max(_FEWEST_NAMES, 0.7 * width) and len(set(names)) == len(names) and numbers <= 1
