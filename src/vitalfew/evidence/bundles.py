"""Releases that came within the same days: what they changed is theirs together, and no calculation splits it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from vitalfew.stats.forecast_gap import BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from vitalfew.results.rows import EffectRow, PlaceboRow
    from vitalfew.workspace.definitions import Definitions, Release


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a release is judged with.

    Attributes:
        others: releases in the days that are compared, which cannot be told apart from this one.
        first: the day of the earliest that is judged as one change with it; its own when they are not.
        last: the day of the latest.
        joint: whether all are judged as one change, so that each of them has the same effect.
    """

    others: tuple[str, ...]
    first: date
    last: date
    joint: bool

    @property
    def span(self) -> int:
        """Days from the first to the last release of one change."""
        return (self.last - self.first).days


def touching(definitions: Definitions, metric: str) -> dict[str, Release]:
    """Releases that may have changed a metric, by date: those that name it, or name none and do not rule it out."""
    found = {
        key: release
        for key, release in definitions.releases.items()
        if metric in release.metrics or (not release.metrics and metric not in release.controls)
    }
    return dict(sorted(found.items(), key=lambda item: (item[1].date, item[0])))


def bundles(releases: Mapping[str, Release], followed: int = 0) -> dict[str, Bundle]:
    """Which releases on one metric belong together.

    Releases in a row with less than the compared days between each and the next are one change when all came within
    these days. Longer rows have no such end: each keeps its own date, and names those whose days it shares.

    Args:
        releases: in the order of their dates.
        followed: days for which those of a day are followed, so that later releases reach them.
    """
    found: dict[str, Bundle] = {}
    for row in _rows(releases, followed):
        days = [releases[key].date for key in row]
        first, last = days[0], days[-1]
        joint = (last - first).days <= BEFORE
        for key in row:
            if joint:
                others = tuple(other for other in row if other != key)
                found[key] = Bundle(others, first, last, joint=True)
            else:
                day = releases[key].date
                since = bisect_right(days, day - timedelta(BEFORE + followed))
                until = bisect_left(days, day + timedelta(_after(releases[key]) + followed))
                near = tuple(other for other in row[since:until] if other != key)
                found[key] = Bundle(near, day, day, joint=False)
    return found


def once(effects: Iterable[EffectRow]) -> tuple[EffectRow, ...]:
    """Effects of releases, that of one bundle under the name of its first release only: it is one change."""
    found: list[EffectRow] = []
    seen = set()
    for row in effects:
        same = (row.metric, row.segment, row.estimate, row.se, row.p_value)
        if row.p_value is None or same not in seen:
            found.append(row)
        seen.add(same)
    return tuple(found)


def bundled(placebos: Iterable[PlaceboRow]) -> dict[str, frozenset[str]]:
    """By release, the others that came within the same days."""
    found: dict[str, frozenset[str]] = {}
    for row in placebos:
        found[row.release] = found.get(row.release, frozenset()).union(row.bundle)
    return found


def _rows(releases: Mapping[str, Release], followed: int) -> Iterator[Sequence[str]]:
    row = list(releases)[:1]
    for before, key in pairwise(releases):
        if (releases[key].date - releases[before].date).days < max(_after(releases[before]), BEFORE) + followed:
            row.append(key)
        else:
            yield row
            row = [key]
    if row:
        yield row


def _after(release: Release) -> int:
    return max(1, int(release.after_days))
