"""The days that events cover, without stray dates far away from the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GAP_DAYS = 30
STRAY_SHARE = 0.001
FAR_DAYS = 1_000
FAR_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Cover:
    """First and last day that count (days since 1970), and how many events lie outside them."""

    first: int
    last: int
    stray: int


def cover(events: Mapping[int, int]) -> Cover:
    """Find the days that the events cover.

    One clock set to 2099 would move every window to where nothing happened. So events more than `GAP_DAYS` away from
    the rest are left out when they are at most `STRAY_SHARE` of all, and those more than `FAR_DAYS` away when they are
    at most `FAR_SHARE`; few data are never thinned.

    Args:
        events: number of events by day; not empty.

    >>> cover({0: 2_000, 1: 1_000, 40_000: 1})
    Cover(first=0, last=1, stray=1)
    >>> cover({0: 200, 40_000: 1})
    Cover(first=0, last=0, stray=1)
    """
    days = sorted(events)
    counts = [events[day] for day in days]
    start = _stray(days, counts)
    end = len(days) - _stray([-day for day in reversed(days)], counts[::-1])
    return Cover(days[start], days[end - 1], sum(counts[:start]) + sum(counts[end:]))


def _stray(days: Sequence[int], counts: Sequence[int]) -> int:
    """How many days at the beginning hold few events and are followed by a gap."""
    cut, total, every = 0, 0, sum(counts)
    for at in range(len(days) - 1):
        total += counts[at]
        if total > FAR_SHARE * every:
            break
        if days[at + 1] - days[at] > (GAP_DAYS if total <= STRAY_SHARE * every else FAR_DAYS):
            cut = at + 1
    return cut
