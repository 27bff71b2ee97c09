"""What if, as addresses and forms say it: beside the ledger and beside the priorities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.http import QueryDict

from vitalfew.errors import UsageError
from vitalfew.server.bets.queries.what_if import Asked

if TYPE_CHECKING:
    from collections.abc import Callable


def asked_for(given: QueryDict) -> Asked:
    """What an address asks: `w.FACTOR=SHARE`, `budget=…`, `strong=1`, `any=1`. What is no number asks for nothing."""
    said = given.dict()
    weights = [(name[2:], weight) for name in said if name.startswith("w.") and (weight := _number(said[name])) >= 0]
    budget = _number(given.get("budget", ""))
    wanted = (given.get(name) == "1" for name in ("strong", "any"))
    return Asked(tuple(sorted(weights)), budget if budget >= 0 else None, *wanted)


def scenario(given: QueryDict) -> str:
    """The part of an address that says what is asked, to be shared."""
    found = QueryDict(mutable=True)
    for name, value in given.dict().items():
        if name.startswith("w.") or name in ("budget", "strong", "any", "run"):
            found[name] = str(value)
    return found.urlencode()


def possible[Found](asked: Asked, find: Callable[[Asked], Found]) -> Found:
    """What is found by what was asked; by nothing where that is impossible."""
    try:
        return find(asked)
    except UsageError:
        return find(Asked())


def _number(text: object) -> float:
    """A number from 0 on; -1 where it is none."""
    try:
        found = float(str(text))
    except ValueError:
        return -1.0
    return found if math.isfinite(found) else -1.0
