"""The arm a unit should be in, drawn again from the salt: in a query, and beside it in Python."""

from __future__ import annotations

import hashlib
from itertools import accumulate
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.definitions import Dealing

_DIGITS = 8
_PLACES = 2.0**32


def dealt(dealing: Dealing, split: Mapping[str, float], unit: str) -> str:
    """The arm that a unit is dealt.

    Args:
        dealing: salt and hash.
        split: share of each arm, in order; they need not add up to 1.
        unit: its key as text.

    >>> from vitalfew.workspace.definitions import Dealing
    >>> [dealt(Dealing(salt="checkout"), {"control": 1, "treatment": 1}, str(unit)) for unit in range(3)]
    ['control', 'treatment', 'control']
    """
    digest = hashlib.new(dealing.hash, (dealing.salt + unit).encode(), usedforsecurity=False).hexdigest()
    place = int(digest[:_DIGITS], 16) / _PLACES
    return next((arm for arm, bound in _bounds(split) if place < bound), list(split)[-1])


def dealt_arm(dealing: Dealing, split: Mapping[str, float], unit: exp.Expr) -> exp.Expr:
    """The same in SQL.

    Args:
        dealing: salt and hash.
        split: share of each arm, in order.
        unit: the unit's key, a text.
    """
    salted = exp.DPipe(this=exp.Literal.string(dealing.salt), expression=unit, safe=False)
    digest = exp.Anonymous(this=dealing.hash.upper(), expressions=[salted])
    digits = exp.Anonymous(this="SUBSTR", expressions=[digest, exp.Literal.number(1), exp.Literal.number(_DIGITS)])
    hexadecimal = exp.DPipe(this=exp.Literal.string("0x"), expression=digits, safe=False)
    place = exp.Div(
        this=exp.cast(exp.cast(hexadecimal, "BIGINT"), "DOUBLE"), expression=number(_PLACES), typed=False, safe=False
    )
    choice = exp.Case()
    for arm, bound in _bounds(split)[:-1]:
        choice = choice.when(exp.LT(this=place.copy(), expression=number(bound)), exp.Literal.string(arm))
    last = exp.Literal.string(list(split)[-1])
    return choice.else_(last) if choice.args.get("ifs") else last


def _bounds(split: Mapping[str, float]) -> list[tuple[str, float]]:
    total = sum(split.values())
    return [(arm, bound / total) for arm, bound in zip(split, accumulate(split.values()), strict=True)]
