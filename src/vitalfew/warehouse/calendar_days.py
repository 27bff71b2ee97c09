"""Days where the team is, as whole numbers since 1970, computed from instants in UTC.

The offsets of a zone are looked up here and written into the query, so that no engine needs a calendar of its own and
all of them agree on the two days a year that have 23 or 25 hours.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.warehouse.compile import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = 86_400_000_000
_SECOND = 1_000_000
_EPOCH, _FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)
_EARLIEST, _LATEST = -25_567 * _DAY, 47_482 * _DAY  # 1900 to 2100; beyond, the offset at the end holds
_LIFT = 200_000  # days added before dividing, as engines disagree on how to divide negative numbers


def day_of(instant: exp.Expr, zone: str, low: int, high: int) -> exp.Expr:
    """The day of an instant in a time zone, in days since 1970.

    Args:
        instant: microseconds since 1970 in UTC.
        zone: a time zone such as Europe/Copenhagen.
        low: the earliest instant that may occur.
        high: the latest.
    """
    changes = list(offsets(zone, low, high))
    offset: exp.Expr = whole(changes[-1][1])
    if len(changes) > 1:
        choice = exp.Case()
        for (_, shift), (until, _) in pairwise(changes):
            choice = choice.when(exp.LT(this=instant.copy(), expression=whole(until)), whole(shift))
        offset = choice.else_(offset)
    lifted = exp.Add(this=exp.Add(this=instant.copy(), expression=offset), expression=whole(_LIFT * _DAY))
    return exp.Sub(this=exp.IntDiv(this=exp.paren(lifted), expression=whole(_DAY)), expression=whole(_LIFT))


def offsets(zone: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The offsets of a zone from UTC between two instants: each with the instant from which it holds.

    >>> list(offsets("UTC", 0, 10**15))
    [(0, 0)]
    """
    place = ZoneInfo(zone)
    low, high = max(low, _EARLIEST), min(high, _LATEST)
    now = _offset(place, low)
    yield low, now
    for noon in range(low, high + _DAY, _DAY):
        after = _offset(place, min(noon + _DAY, high + _DAY))
        if after != now:
            yield _change(place, noon, noon + _DAY, now), after
            now = after


def _change(place: ZoneInfo, low: int, high: int, before: int) -> int:
    """The instant between two others at which the offset changes, to the second."""
    while high - low > _SECOND:
        middle = (low + high) // (2 * _SECOND) * _SECOND
        middle = middle if low < middle < high else low + _SECOND
        if _offset(place, middle) == before:
            low = middle
        else:
            high = middle
    return high // _SECOND * _SECOND


def _offset(place: ZoneInfo, instant: int) -> int:
    found = (_EPOCH + timedelta(microseconds=instant)).astimezone(place).utcoffset() or timedelta()
    return round(found / timedelta(microseconds=1))


def date_of(day: int) -> str:
    """A day since 1970 as ISO.

    >>> date_of(0)
    '1970-01-01'
    """
    return str(_FIRST_DAY + timedelta(days=day))


def day_number(day: date) -> int:
    """A date in days since 1970."""
    return (day - _FIRST_DAY).days
