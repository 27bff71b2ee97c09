"""Files to download: tables as CSV, numbers whole, text so that no spreadsheet takes it for a formula; pictures."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from django.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SEPARATORS = ";\t"
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A CSV file to download.

    Args:
        name: of the file, without its ending.
        heads: one per column.
        rows: cells; numbers are written whole, so that they can be read back to the last digit; None is empty.
    """
    answer = HttpResponse(csv_text(heads, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def svg_response(name: str, svg: str) -> HttpResponse:
    """A picture to download."""
    answer = HttpResponse(svg, content_type="image/svg+xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return answer


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same as text."""
    file = io.StringIO()
    plain, quoted = csv.writer(file), csv.writer(file, quoting=csv.QUOTE_ALL)
    for row in (heads, *rows):
        cells = [_cell(cell) for cell in row]
        # Where lists are kept apart by semicolons a text that holds one would be two cells, the second a formula.
        elsewhere = any(sign in cell for cell in cells for sign in _SEPARATORS)
        (quoted if elsewhere else plain).writerow(cells)
    return file.getvalue()


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text
