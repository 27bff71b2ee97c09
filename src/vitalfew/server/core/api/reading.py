"""What is sent to the API, read strictly: only JSON that every database and every answer can hold."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

from ninja.parser import Parser

if TYPE_CHECKING:
    from django.http import HttpRequest


class Strict(Parser):
    """Reads bodies; a `ValueError` is answered with 400."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - JSON holds any of six types
        """A body as JSON: no NaN, no number without end, no zero character, no half of a character."""
        value = json.loads(request.body, parse_constant=_refuse, parse_float=_finite)
        text = json.dumps(value, ensure_ascii=False)
        text.encode()  # fails on half of a surrogate pair
        if "\\u0000" in text and _holds_zero(value):
            raise ValueError("holds a zero character")
        return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("holds a number too large")
    return number


def _holds_zero(value: object) -> bool:
    left = [value]
    while left:
        found = left.pop()
        if isinstance(found, str) and "\x00" in found:
            return True
        if isinstance(found, dict):
            left += [*found, *found.values()]
        elif isinstance(found, list):
            left += found
    return False
