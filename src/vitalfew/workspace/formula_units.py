"""Units in formulas: money and time must come out as the whole says; counts of things may stay unsaid.

Minutes are no seconds and orders times minutes no EUR; but orders times EUR is read as EUR, as people rarely write
`EUR per order`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from vitalfew.workspace.expressions import Arithmetic, Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.expressions import Expr

_TIMES = {
    "ms": "ms millisecond",
    "second": "s sec second",
    "minute": "min minute",
    "hour": "h hour",
    "day": "d day",
    "week": "week",
    "month": "month",
    "year": "year",
}
_MEASURED = {name: key for key, names in _TIMES.items() for name in names.split()}
_MEASURED |= {"€": "eur", "euro": "eur", "$": "usd", "dollar": "usd", "£": "gbp", "¥": "jpy"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_CUT = re.compile(r"\s*(/|\bper\b)\s*")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its money and time to their powers, and its words where it is a plain one."""

    powers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    words: str | None = None

    def fits(self, other: Unit) -> bool:
        """Whether two values may be added: same money and time, and the same words where both are plain."""
        plain = self.words is not None and other.words is not None
        return self.powers == other.powers and (not plain or _plain(self.words) == _plain(other.words))

    def __str__(self) -> str:
        return (
            self.words or "·".join(name if at == 1 else f"{name}^{at}" for name, at in self.powers.items()) or "a count"
        )


def unit(words: str) -> Unit:
    """What a unit in words is made of.

    >>> str(unit("EUR per hour")), dict(unit("EUR per hour").powers)
    ('EUR per hour', {'eur': 1, 'hour': -1})
    """
    powers: dict[str, int] = {}
    sign = 1
    for part in _CUT.split(words.strip()):
        if part in {"/", "per"}:
            sign = -1
        elif name := _measured(part):
            powers[name] = powers.get(name, 0) + sign
    return Unit(powers, words)


def mixed_units(tree: Expr, whole: str | None, units: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Two units in a formula that do not go together, or None.

    Args:
        tree: the formula.
        whole: unit of the metric it makes; None: it does not say.
        units: of the parts; what a part does not say is not held against it.
    """
    mixed: list[tuple[str, str]] = []
    made = _unit(tree, units, mixed)
    if not mixed and made is not None and whole is not None and not made.fits(unit(whole)):
        mixed.append((str(made), whole))
    return mixed[0] if mixed else None


def _unit(tree: Expr, units: Mapping[str, str | None], mixed: list[tuple[str, str]]) -> Unit | None:
    """The unit of a part of a formula; None where it cannot be told. Sums of what differs are noted in `mixed`."""
    if isinstance(tree, Column):
        words = units.get(tree.name)
        return None if words is None else unit(words)
    if not isinstance(tree, Arithmetic):
        return None
    first, second = _unit(tree.left, units, mixed), _unit(tree.right, units, mixed)
    if tree.operator in {"+", "-"}:
        if first is not None and second is not None and not first.fits(second):
            mixed.append((str(first), str(second)))
        return first or second
    if first is None or second is None:
        return None  # a number may stand for a change of units, as in 60 * hours
    powers = dict(first.powers)
    for name, power in second.powers.items():
        powers[name] = powers.get(name, 0) + (power if tree.operator == "*" else -power)
    return Unit({name: power for name, power in powers.items() if power})


def _measured(word: str) -> str | None:
    """The name of a unit of money or time; None for a count of things."""
    return word.casefold() if _CURRENCY.fullmatch(word) else _MEASURED.get(_plain(word))


def _plain(words: str | None) -> str:
    """Words without their plural, in small letters."""
    lowered = " ".join((words or "").casefold().split())
    return lowered[:-1] if len(lowered) > 2 and lowered.endswith("s") and lowered != "ms" else lowered  # noqa: PLR2004 - shorter words are signs of units
