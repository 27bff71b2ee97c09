"""What a delimited text file is made of: encoding, delimiter, decimal sign and column names, told from its beginning.

Pure: bytes in, facts out. The engine does the reading.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, cast

from vitalfew.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE_BYTES = 1 << 18
_MARKED_TWICE = "utf-8-sig"  # a file that begins with the mark of its byte order twice, as joined exports do
WINDOWS = "cp1252"  # what spreadsheet programs there write when nobody asks for UTF-8
_SAMPLE_ROWS = 200
_DELIMITERS = (",", ";", "\t", "|")
_VALUE = re.compile(r"[-+]?[\d.,]*\d[\d.,]*%?([eE][-+]?\d+)?|\d{4}-\d\d?-\d\d?([ T].*)?|\d\d?[./]\d\d?[./]\d{2,4}.*")
_COMMA_NUMBER = re.compile(r"[-+]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[-+]?\d+\.\d+")
_PAGE = re.compile(
    r"\s*(<!--.{0,2000}?-->\s*)?<(\?xml|!doctype|html|head|body|table|meta)\b", re.IGNORECASE | re.DOTALL
)
_JSON = re.compile(r'\s*(\[\s*)?\{\s*"')
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class CsvShape:
    """How to read a delimited file.

    Attributes:
        encoding: codec name as Python knows it; `utf-8` covers a byte order mark as well.
        delimiter: one character.
        header: whether the first line holds column names.
        names: the first line's cells, stripped; column names when `header`.
        rows: the first data rows, as text, for whoever wants to recognise the file; at most 200.
        decimal: `,` where numbers are written 1,5 else `.`.
    """

    encoding: str
    delimiter: str
    header: bool
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    decimal: str


class DoubledNameError(DataError):
    """A header names a column twice. `delimiter`: what parts its cells."""

    delimiter = ","


def sniff(path: Path) -> CsvShape:
    """Tell the shape of a delimited file (gzip by its name) from its first 256 kB.

    Raises:
        DataError: the file is empty, is no text, or its header names a column twice.
    """
    _, complete = _head(path)
    encoding, text = sniff_text(path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path.name}, line {line}: there is a NUL byte, so this is not a text file")
    if not text.strip():
        raise DataError(f"{path.name} is empty", expected="a line of column names and one line per row")
    delimiter = _delimiter(text, path.name, complete=complete)
    rows = _rows(text, delimiter, complete=complete)
    names = tuple(cell.strip() for cell in rows[0])
    header = _is_header(names)
    if header:
        _refuse_doubles(names, path.name, delimiter)
    if not complete and len(rows) < 2:  # noqa: PLR2004 - the names, and a row below them
        long = 1 if "\n" not in text.replace("\r", "\n") else 2
        raise DataError(
            f"{path.name}, line {long}: the line does not end within {SAMPLE_BYTES >> 10} kB",
            expected="a line of column names and one line per row",
            hint="a cell holds a whole document, or a quote does not close",
        )
    body = tuple(tuple(row) for row in (rows[1:] if header else rows))
    return CsvShape(encoding, delimiter, header, names, body, _decimal(body, delimiter))


def sniff_text(path: Path) -> tuple[str, str]:
    """The encoding of a text file and its first 256 kB.

    Raises:
        DataError: it cannot be read, or is no text.
    """
    head, _ = _head(path)
    encoding = _encoding(head, path.name)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff")
    if _PAGE.match(text):
        raise DataError(
            f"{path.name} is a web page (HTML or XML), and no table of text",
            expected="a line of column names and one line per row",
            hint="download the table again, signed in, or open the page in a spreadsheet program and save it as CSV",
        )
    if _JSON.match(text):
        raise DataError(f"{path.name} holds JSON, and no table of text", hint="name the file by what it is: .json")
    return encoding, text


def begins_plain(path: Path) -> bool:
    """Whether the first 256 kB hold no letter by which encodings differ."""
    return _head(path)[0].isascii()


def decoded(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's text as UTF-8, piece by piece; what cannot be decoded becomes the replacement character.

    Marks of the byte order at its beginning are left out, however many there are.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    marks = "\ufeff"
    with _open(path) as stream:
        while piece := stream.read(1 << 20):
            text = decoder.decode(piece).lstrip(marks)
            marks = marks if not text else ""
            yield text.encode()
    yield decoder.decode(b"", final=True).encode()


def ends_short(path: Path, delimiter: str, columns: int) -> bool:
    """Whether the last line of a file in UTF-8 has no end and too few cells, as in a file that was cut off."""
    last = b""
    for piece in decoded(path, "utf-8"):
        last = (last + piece).rsplit(b"\n", 1)[-1]
    cells = next(csv.reader([last.decode()], delimiter=delimiter), [])
    return 0 < len(cells) < columns


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _head(path: Path) -> tuple[bytes, bool]:
    try:
        with _open(path) as stream:
            head = stream.read(SAMPLE_BYTES)
            return head, not stream.read(1)
    except gzip.BadGzipFile as error:
        raise DataError(f"{path.name} is not what its name says", expected="text compressed by gzip") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path.name} is cut off or damaged", hint="copy or download it again") from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror}") from error


def _encoding(head: bytes, name: str) -> str:
    if head.startswith((b"PK\x03\x04", b"PAR1", b"\x1f\x8b")):
        raise DataError(f"{name} is not a text file", hint="save the table as CSV, or name the file by what it is")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(2 * codecs.BOM_UTF8):
        return _MARKED_TWICE
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > 0.4 * half and head[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if head[::2].count(0) > 0.4 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return WINDOWS
    return "utf-8"


def _rows(text: str, delimiter: str, *, complete: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows.extend(row for row in islice(lines, _SAMPLE_ROWS + 2) if row)
    except csv.Error:
        complete = True  # a cell longer than the reader takes: keep the rows before it
    if not complete and 1 < len(rows) <= _SAMPLE_ROWS:
        rows.pop()  # the sample ends in the middle of this row
    return rows[: _SAMPLE_ROWS + 1] or [[text.split("\n", 1)[0]]]


def _delimiter(text: str, name: str, *, complete: bool) -> str:
    best, best_score = ("\t" if ".tsv" in name.lower() else ","), 0.0
    for candidate in _DELIMITERS:
        rows = _rows(text, candidate, complete=complete)
        width = len(rows[0])
        alike = sum(len(row) == width for row in rows) / len(rows)
        score = alike * (2 - 1 / width) if width > 1 else 0.0
        if score > best_score + 1e-9:
            best, best_score = candidate, score
    return best


def _is_header(names: tuple[str, ...]) -> bool:
    values = sum(bool(_VALUE.fullmatch(name)) for name in names)
    return 2 * values <= len(names) and any(names)


def _refuse_doubles(names: tuple[str, ...], file: str, delimiter: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if name and name.lower() in seen:
            other = seen[name.lower()]
            how = "twice" if other == name else f"and '{other}', which differ only in upper and lower case"
            text = f"{file}: the header names the column '{name}' {how}"
            refused = DoubledNameError(text, hint="rename one of the two")
            refused.delimiter = delimiter
            raise refused
        seen[name.lower()] = name


def _decimal(rows: tuple[tuple[str, ...], ...], delimiter: str) -> str:
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    points = sum(bool(_POINT_NUMBER.fullmatch(cell)) for cell in cells)
    if delimiter == "," and (_has_thousands(cells) or all(map(_THOUSANDS.fullmatch, commas))):
        return "."  # in quotes, 1,234 is as likely a thousand
    return "," if len(commas) > points else "."


def _has_thousands(cells: list[str]) -> bool:
    """Whether a cell can only mean thousands: 1,234.5 or 1,234,567."""
    return any(_THOUSANDS.fullmatch(cell) and (cell.count(",") > 1 or "." in cell) for cell in cells)
