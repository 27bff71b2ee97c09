"""Daily series as arrays over one calendar, by metric and unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from vitalfew.results.rows import SeriesRow

    Floats = NDArray[np.float64]

_WEEK = 7
_REGULAR = 0.9  # share of the steps between values that must be a week
_COVERED = 0.9  # share of the days that a unit must have to count in the mean of all units


@dataclass(frozen=True, slots=True)
class Daily:
    """All series of a workspace: `(days,)` each, NaN where a day has no value, from the day `start` on.

    `weekly` metrics have one value a week, which stands for the seven days from its date on.
    """

    start: date
    days: int
    series: Mapping[str, Mapping[str | None, Floats]]
    weekly: frozenset[str] = frozenset()
    _wholes: dict[str, Floats] = field(default_factory=dict, compare=False, repr=False)
    """Means of units that were asked for already: every release asks again."""

    @classmethod
    def of(cls, rows: Iterable[SeriesRow]) -> Self:
        """Series of rows; an empty calendar without rows."""
        every = [(row.metric, row.unit, date.fromisoformat(row.day).toordinal(), row.value) for row in rows]
        if not every:
            return cls(date.min, 0, {})
        first, last = min(row[2] for row in every), max(row[2] for row in every)
        found: dict[str, dict[str | None, Floats]] = {}
        for metric, unit, day, value in every:
            units = found.setdefault(metric, {})
            if unit not in units:
                units[unit] = np.full(last + _WEEK - first, np.nan)
            units[unit][day - first] = value
        weekly = {key for key, units in found.items() if all(_is_weekly(values) for values in units.values())}
        for key in weekly:
            found[key] = {unit: _spread(values) for unit, values in found[key].items()}
        end = last + (_WEEK if weekly else 1) - first
        cut = {key: {unit: values[:end] for unit, values in units.items()} for key, units in found.items()}
        return cls(date.fromordinal(first), end, cut, frozenset(weekly))

    def at(self, day: date) -> int:
        """The position of a day; negative before the start."""
        return (day - self.start).days

    def day(self, at: int) -> date:
        """The day at a position."""
        return self.start + timedelta(at)

    def whole(self, metric: str) -> Floats | None:
        """The series of a metric over all: as it is, else the mean of its units; None when there is none.

        Units that miss more than a tenth of the days are left out, and days on which one of the others has no value:
        a mean of changing units would move when nothing does.
        """
        units = self.series.get(metric, {})
        if not units:
            return None
        if metric not in self._wholes:
            self._wholes[metric] = units[None] if None in units else _mean(units)
        return self._wholes[metric]

    def units(self, metric: str) -> dict[str, Floats]:
        """The series of a metric by unit; empty when it has none."""
        return {unit: values for unit, values in self.series.get(metric, {}).items() if unit is not None}

    def last(self, metric: str) -> int:
        """The position of the last day on which a metric has a value; -1 without one."""
        found = self.whole(metric)
        there = np.flatnonzero(np.isfinite(found)) if found is not None else np.empty(0)
        return int(there[-1]) if len(there) else -1


def _mean(units: Mapping[str | None, Floats]) -> Floats:
    every = np.array(list(units.values()))
    there = np.isfinite(every).any(axis=0)
    share = np.isfinite(every[:, there]).mean(axis=1)
    kept = every[share >= _COVERED] if (share >= _COVERED).any() else every
    return np.asarray(kept.mean(axis=0))


def _is_weekly(values: Floats) -> bool:
    steps = np.diff(np.flatnonzero(np.isfinite(values)))
    return len(steps) > 1 and float((steps == _WEEK).mean()) >= _REGULAR


def _spread(values: Floats) -> Floats:
    """A value a week on each of its days."""
    there = np.flatnonzero(np.isfinite(values))
    spread = np.full(len(values), np.nan)
    for at in there:
        spread[at : at + _WEEK] = values[at]
    return spread
