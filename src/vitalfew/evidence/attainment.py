"""Key results: where each will stand when it is due, and with which chance it reaches its target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.standing import WEEK, Week, by_day, standings, weeks
from vitalfew.results.basics import Estimate
from vitalfew.results.goal_rows import KeyResultRow
from vitalfew.stats.outlook import FEWEST, outlook
from vitalfew.workspace.metric_kinds import is_percentage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from vitalfew.results.rows import SeriesRow, Tables
    from vitalfew.workspace.definitions import Definitions, KeyResult

MOST_WEEKS = 52
"""Weeks that count: what was longer ago was another product."""
_LEAST_DAYS = 4
_LIKELY = 0.8
NO_METRIC = "it counts output: no metric"
NO_DATE = "it has no target, or no day on which it is due"
NO_SERIES = "its metric has no daily series"
NOT_DAILY = "its metric follows users over days, so that a day of its series is another number than its target"


def attainment(definitions: Definitions, tables: Tables) -> tuple[KeyResultRow, ...]:
    """A row for each key result, in the order in which they are defined."""
    series: dict[str, list[SeriesRow]] = {}
    for row in tables.series:
        series.setdefault(row.metric, []).append(row)
    followed = {key for key, found in standings(definitions, tables).items() if found.basis == "control"}
    return tuple(_rows(definitions, series, followed))


def _rows(definitions: Definitions, series: dict[str, list[SeriesRow]], followed: set[str]) -> Iterator[KeyResultRow]:
    for objective, held in definitions.objectives.items():
        for key, result in held.key_results.items():
            row = KeyResultRow(objective, key, result.metric)
            missing = _missing(definitions, result) or (NOT_DAILY if result.metric in followed else "")
            found = weeks(by_day(series.get(result.metric or "", ())))
            if missing or not found:
                yield replace(row, notes=(missing or NO_SERIES,))
            else:
                yield _foreseen(definitions, result, row, found)


def _missing(definitions: Definitions, result: KeyResult) -> str:
    if result.metric is None or result.metric not in definitions.metrics:
        return NO_METRIC
    return NO_DATE if result.target is None or result.due is None else ""


def _foreseen(definitions: Definitions, result: KeyResult, row: KeyResultRow, seen: Sequence[Week]) -> KeyResultRow:
    if result.due is None or result.target is None or result.metric is None:
        return row
    row = replace(row, until=seen[-1].last.isoformat())
    metric = definitions.metrics[result.metric]
    is_up = result.target > result.baseline if result.baseline is not None else metric.direction == "up"
    if result.due <= seen[-1].last:
        value = _week_of(result.due, seen)
        return replace(row, reached=bool(value >= result.target if is_up else value <= result.target))
    # A week of a few days is noisier than the others; the newest is whole, since weeks are counted back from it.
    kept = [week for week in seen if week.days >= _LEAST_DAYS][-MOST_WEEKS:] or list(seen)[-MOST_WEEKS:]
    if len(kept) < FEWEST:
        return replace(row, weeks=len(kept), notes=(f"{len(kept)} weeks of its series tell no trend yet",))
    times = np.array([week.last.toordinal() / WEEK for week in kept])
    ahead = outlook(times, np.array([week.value for week in kept]), result.due.toordinal() / WEEK)
    below = ahead.below(result.target)
    ends = [ahead.quantile(share) for share in ((1 - _LIKELY) / 2, 0.5, (1 + _LIKELY) / 2)]
    low, middle, high = (min(max(end, 0.0), 1.0) for end in ends) if is_percentage(metric) else ends
    far = result.due.toordinal() / WEEK - times[-1] > times[-1] - times[0]
    notes = ("due further ahead than its series reaches back: a trend is little to go by",) if far else ()
    chance = 1 - below if is_up else below
    return replace(row, forecast=Estimate(middle, low, high), chance=chance, weeks=len(kept), notes=notes)


def _week_of(due: date, seen: Sequence[Week]) -> float:
    """The value of the week in which a day lies."""
    return next(week.value for week in seen if week.last >= due)
