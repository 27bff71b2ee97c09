"""What a database refuses though a form or a file can say it: numbers without end, zero characters, half characters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    type Path = tuple[str | int, ...]


def unheld(tree: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Where a plain tree holds such a thing, and what it is.

    >>> list(unheld({"range": [0, float("nan")], "title": "fine"}))
    [(('range', 1), 'this is no number')]
    """
    left: list[tuple[Path, object]] = [((), tree)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left += [((*path, str(name)), part) for name, part in value.items()]
            left += [((*path, "?"), name) for name in value if isinstance(name, str) and _wrong(name)]
        elif isinstance(value, list | tuple):
            left += [((*path, at), part) for at, part in enumerate(value)]
        elif said := _wrong(value):
            yield path, said


def _wrong(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "this is no number"
    if isinstance(value, str) and ("\x00" in value or not _is_whole(value)):
        return "this holds a character that is none"
    return ""


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
