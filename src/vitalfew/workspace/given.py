"""What a user wrote where something else was expected: how to show it, and how to write it right."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal, get_args, get_origin

from vitalfew.errors import nearest
from vitalfew.workspace.fields import bare
from vitalfew.workspace.vocabulary import FIRST_YEAR, LAST_YEAR

_LONGEST_SHOWN = 60
_YES = {"yes", "y", "on", "true"}
_NO = {"no", "n", "off", "false"}
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([ ,']\d{3})+")


def shorten(value: object) -> str:
    """A value as text of at most 60 characters."""
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def shown(value: object) -> str:
    """Name a value in a sentence: `'yes'`, `5`, `true`, `nothing`, `a list`, `fields`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return shorten(value)
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "fields"
    return f"'{shorten(value)}'"


def hint_for(value: object, takes: Any) -> str | None:  # noqa: ANN401 - types of any form
    """How to write a value so that a field of type `takes` accepts it, where that can be told."""
    kind = bare(takes)[0]
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if isinstance(value, str):
        return _hint_for_text(value, kind, choices)
    if (kind is str or choices) and isinstance(value, bool | int | float):
        return f'put it into quotes: "{shown(value)}"'
    return "write it as 2026-02-01" if kind is date and value is not None else None


def _hint_for_text(text: str, kind: Any, choices: tuple[str, ...]) -> str | None:  # noqa: ANN401 - types of any form
    if choices:
        close = nearest(text, choices)
        return f"did you mean '{close}'?" if close else None
    if kind is bool and text.lower() in _YES | _NO:
        return f"write {'true' if text.lower() in _YES else 'false'}"
    if kind is date:
        return f"write year ({FIRST_YEAR} to {LAST_YEAR}), month and day with two hyphens; the day must exist"
    if get_origin(kind) is tuple and kind != tuple[float, float]:
        return f"write a list: [{shorten(text)}]"
    takes_number = kind in (float, int) or any(bare(part)[0] is float for part in get_args(kind))
    return _hint_for_number(text.strip()) if takes_number else None


def _hint_for_number(text: str) -> str | None:
    """Write a number right that was written as people do elsewhere: 5 %, 0,5, 1_000, 010, 0x10."""
    if text.endswith("%"):
        share = _number(text[:-1].strip())
        return None if share is None else f"write {share / 100:.12g}"
    if text.lower().lstrip("+-.") in ("inf", "nan", "infinity"):
        return "leave the field out when there is no number"
    if re.fullmatch(r"0x[0-9a-fA-F]{1,12}", text):
        return f"write {int(text, 16)}"
    if _THOUSANDS.fullmatch(text):
        return f"write {re.sub(r'[^0-9+-]', '', text)}, or with a point for a decimal number"
    number = _number(text)
    if number is None:
        return None
    written = f"{number:.15g}"
    return f"write {written} without quotes" if written == text else f"write {written}"


def _number(text: str) -> float | None:
    plain = text.replace(",", ".").replace("_", "")
    return float(plain) if re.fullmatch(r"[+-]?\d{1,15}\.?\d{0,15}", plain, re.ASCII) else None
