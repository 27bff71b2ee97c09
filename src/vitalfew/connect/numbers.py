"""Numbers as people write them into cells: 1.2 %, 1,5, 1 234, −0.3."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_COMMAS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")  # no thousands begin with 0, as 0,125 does
_BY_POINTS = re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
_FOR_SURE = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3}){2,}|[-+]?[1-9]\d{0,2}(,\d{3})+\.\d+")  # commas part thousands
_DIGITS = re.compile(r"\d[\d.,]*[.,]\d+|[.,]\d+")


def digits(text: str, decimal: str = ".") -> str:
    """Digits as a program writes them. Where points and commas stand together, the last of them is the decimal sign.

    Args:
        text: digits with points and commas, without blanks.
        decimal: the decimal sign where three digits behind a sign may be thousands.

    >>> digits("1.200,5"), digits("2,000.5"), digits("0,8"), digits("1.500"), digits("1.500", ","), digits("0.125", ",")
    ('1200.5', '2000.5', '0.8', '1.500', '1500', '0.125')
    """
    if "," in text and "." in text:
        other = "." if text.rindex(",") > text.rindex(".") else ","
        return text.replace(other, "").replace(",", ".")
    if "," in text:
        grouped = _BY_COMMAS.fullmatch(text) and (decimal == "." or text.count(",") > 1)
        return text.replace(",", "") if grouped else text.replace(",", ".")
    grouped = _BY_POINTS.fullmatch(text) and (decimal == "," or text.count(".") > 1)
    return text.replace(".", "") if grouped else text


def written_in_two_ways(column: str, cells: Iterable[str]) -> list[str]:
    """A remark where some cells of a column have a decimal comma for sure, and others a decimal point.

    >>> written_in_two_ways("reach", ["1,5", "12", "0.5"])
    ["'reach' has decimal commas and points, such as '1,5' and '0.5': each number is read by its own signs"]
    >>> written_in_two_ways("reach", ["1,500", "0.5", "12"])
    []
    """
    ways: dict[str, str] = {}
    for cell in cells:
        for found in _DIGITS.findall(cell):
            if not (_BY_COMMAS.fullmatch(found) or _BY_POINTS.fullmatch(found)):
                ways.setdefault(found[max(found.rfind(","), found.rfind("."))], cell.strip())
    if len(ways) < 2:  # noqa: PLR2004 - one way is how it should be
        return []
    both = f"'{column}' has decimal commas and points, such as '{ways[','][:20]}' and '{ways['.'][:20]}'"
    return [f"{both}: each number is read by its own signs"]


def decimal_of(cells: Iterable[str], decimal: str, delimiter: str) -> str:
    """The decimal sign of a column: where semicolons part the columns and every point parts thousands, a comma.

    A point where a cell says for sure that its commas part thousands, as 1,234,567 does.

    Args:
        cells: the column as it was written.
        decimal: the decimal sign of the file.
        delimiter: what parts its columns.
    """
    cells = list(cells)
    if any(_FOR_SURE.fullmatch(cell) for cell in cells):
        return "."
    pointed = [cell for cell in cells if "." in cell]
    continental = delimiter == ";" and bool(pointed) and all(_BY_POINTS.fullmatch(cell) for cell in pointed)
    return "," if continental else decimal


def number(cell: object, decimal: str = ".") -> float | None:
    """Read a number; a percentage becomes a share. None when the cell holds none.

    Args:
        cell: what a table holds.
        decimal: the decimal sign of a text where three digits behind a sign may be thousands.

    >>> number("1.2 %"), number("−0,5"), number("1,234.5"), number("1.234,5 €"), number("n/a")
    (0.012, -0.5, 1234.5, 1234.5, None)
    """
    if cell is None:
        return None
    text = str(cell).strip().replace("−", "-").replace("\u00a0", "").replace(" ", "").lower()
    share = text.endswith(("%", "pp"))
    text = text.removesuffix("%").removesuffix("pp").strip("€$£")
    try:
        value = float(digits(text, decimal))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return round(value / 100, 15) if share else value
