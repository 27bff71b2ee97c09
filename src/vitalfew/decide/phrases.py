"""Numbers and lists as sentences say them: two digits that matter, chances that are never certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.figures import MINUS, of_unit, unit_of, with_unit
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.workspace.definitions import Metric

_DIGITS_FROM = 10.0  # whole numbers from here on


def number(value: float) -> str:
    """Two digits that matter, whole from 10 on.

    >>> number(0.03456), number(3.14), number(1234.5), number(-0.0), number(0.0000361), number(-2.0)
    ('0.035', '3.1', '1,234', '0', '0.000036', '−2')
    """
    size = abs(value)
    text = f"{size:,.0f}" if size >= _DIGITS_FROM else f"{float(f'{size:.2g}'):.12f}".rstrip("0").rstrip(".")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def chance(share: float) -> str:
    """A probability in whole percent; the ends are never reached.

    >>> chance(0.126), chance(0.9999), chance(0.0)
    ('13 %', 'over 99 %', 'under 1 %')
    """
    if share < 0.005:  # noqa: PLR2004 - what would read 0 %
        return "under 1 %"
    return "over 99 %" if share > 0.995 else percent(share)  # noqa: PLR2004 - likewise


def counted(amount: float, unit: str) -> str:
    """A number with its unit.

    >>> counted(2.5, "person-weeks"), counted(1, "person-weeks")
    ('2.5 person-weeks', '1 person-week')
    """
    return of_unit(number(amount), unit)


def moved(by: float, metric: Metric | None) -> str:
    """A change of a metric in the unit in which people read it: percentage points of a proportion."""
    unit = unit_of(metric)
    return with_unit(number(by * unit.factor), unit.change)


def points(value: float) -> str:
    """A value in points.

    >>> points(1.0), points(1.4), points(-12.3)
    ('1 point', '1.4 points', '−12 points')
    """
    told = number(value)
    return f"{told} {'point' if told in ('1', f'{MINUS}1') else 'points'}"


def joined(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
