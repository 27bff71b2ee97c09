"""Numbers as people write them into cells: 1.2 %, 1,5, 1 234, −0.3."""

from __future__ import annotations

import math
import re

_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")


def number(cell: object) -> float | None:
    """Read a number; a percentage becomes a share. None when the cell holds none.

    >>> number("1.2 %"), number("−0,5"), number("1,234.5"), number("n/a")
    (0.012, -0.5, 1234.5, None)
    """
    if cell is None:
        return None
    text = str(cell).strip().replace("−", "-").replace("\u00a0", "").replace(" ", "").lower()
    share = text.endswith(("%", "pp"))
    text = text.removesuffix("%").removesuffix("pp").lstrip("€$£")
    text = (
        text.replace(",", "") if _GROUPED.fullmatch(text) else text.replace(",", ".") if text.count(",") == 1 else text
    )
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return round(value / 100, 15) if share else value
