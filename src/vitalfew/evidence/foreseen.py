"""What a series foresees of a day to come, week by week, if things go on as they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.standing import WEEK, by_day, standings, weeks
from vitalfew.results.basics import Estimate
from vitalfew.stats.outlook import FEWEST, outlook
from vitalfew.workspace.metric_kinds import is_percentage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vitalfew.evidence.standing import Week
    from vitalfew.results.rows import SeriesRow, Tables
    from vitalfew.stats.outlook import Outlook
    from vitalfew.workspace.definitions import Definitions, Metric

MOST_WEEKS = 52
"""Weeks that count: what was longer ago was another product."""
_LEAST_DAYS = 4
_LIKELY = 0.8
NO_SERIES = "its metric has no daily series"
NOT_DAILY = "its metric follows users over days, so that a day of its series is another number than its target"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A metric in the week that ends on a day.

    Attributes:
        ahead: how its value is distributed.
        share: whether it is a share, which is never beyond 0 or 1.
        weeks: of the series, on which it rests.
        notes: what else to know.
    """

    ahead: Outlook
    share: bool
    weeks: int
    notes: tuple[str, ...]

    def at(self, chance: float) -> float:
        """The value below which it lies with this chance."""
        found = self.ahead.quantile(chance)
        return min(max(found, 0.0), 1.0) if self.share else found

    def likely(self) -> Estimate:
        """The median with its 80 % interval."""
        return Estimate(self.at(0.5), self.at((1 - _LIKELY) / 2), self.at((1 + _LIKELY) / 2))


def series_of(definitions: Definitions, tables: Tables) -> dict[str, tuple[Week, ...] | str]:
    """Weeks of the series of each metric that has one; where a day of it is another number, the reason."""
    rows: dict[str, list[SeriesRow]] = {}
    for row in tables.series:
        rows.setdefault(row.metric, []).append(row)
    followed = {key for key, found in standings(definitions, tables).items() if found.basis == "control"}
    return {key: NOT_DAILY if key in followed else weeks(by_day(found)) for key, found in rows.items()}


def foreseen(metric: Metric, seen: Sequence[Week], on: date) -> Foreseen | tuple[int, str]:
    """What weeks of a series foresee of a later day; else how many count, and why they tell nothing.

    Args:
        metric: whose series it is.
        seen: its weeks, the oldest first.
        on: a day after the last of them.
    """
    # A week of a few days is noisier than the others; the newest is whole, since weeks are counted back from it.
    kept = [week for week in seen if week.days >= _LEAST_DAYS][-MOST_WEEKS:] or list(seen)[-MOST_WEEKS:]
    if len(kept) < FEWEST:
        weeks = "1 week of its series tells" if len(kept) == 1 else f"{len(kept)} weeks of its series tell"
        return len(kept), f"{weeks} no trend yet"
    times, day = np.array([week.last.toordinal() / WEEK for week in kept]), on.toordinal() / WEEK
    ahead = outlook(times, np.array([week.value for week in kept]), day)
    far = day - times[-1] > (seen[-1].last - seen[0].last).days / WEEK
    notes = ("further ahead than its series reaches back: a trend is little to go by",) if far else ()
    return Foreseen(ahead, is_percentage(metric), len(kept), notes)
