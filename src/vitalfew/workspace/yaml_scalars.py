"""Which plain words of YAML mean a number, a boolean or nothing; everything else is text.

Narrower than YAML 1.1 and 1.2 on purpose: `no`, `on`, `010`, `12:30`, `1_000`, `0x10`, `.inf` and dates stay what the
user wrote. A whole number of more than 15 digits stays text too, as it would lose digits as a number.
"""

from __future__ import annotations

import math
import re

type Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_EXPONENT = r"[eE][-+]?[0-9]{1,4}"
_DECIMAL = re.compile(  # with a point or an exponent, else a long whole number would lose digits here
    rf"[-+]?(?:(?:0|[1-9][0-9]*)?\.[0-9]+(?:{_EXPONENT})?|(?:0|[1-9][0-9]*){_EXPONENT})", re.ASCII
)


def plain_scalar(text: str) -> Scalar:
    """Read a word written without quotes.

    >>> [plain_scalar(word) for word in ("12", "0.5", "true", "~", "no", "010", "2026-02-01")]
    [12, 0.5, True, None, 'no', '010', '2026-02-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text
