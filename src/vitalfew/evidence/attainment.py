"""Key results: where each will stand when it is due, and with which chance it reaches its target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.evidence.foreseen import NO_SERIES, Foreseen, foreseen, series_of
from vitalfew.results.goal_rows import KeyResultRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vitalfew.evidence.standing import Week
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions, KeyResult

NO_METRIC = "it counts output: no metric"
NO_DATE = "it has no target, or no day on which it is due"


def attainment(definitions: Definitions, tables: Tables) -> tuple[KeyResultRow, ...]:
    """A row for each key result, in the order in which they are defined."""
    series = series_of(definitions, tables)
    rows = []
    for objective, held in definitions.objectives.items():
        for key, result in held.key_results.items():
            row, found = KeyResultRow(objective, key, result.metric), series.get(result.metric or "", NO_SERIES)
            missing = _missing(definitions, result) or (found if isinstance(found, str) else "")
            if missing or isinstance(found, str):
                rows.append(replace(row, notes=(missing,)))
            else:
                rows.append(_foreseen(definitions, result, row, found))
    return tuple(rows)


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
    found = foreseen(metric, seen, result.due)
    if not isinstance(found, Foreseen):
        return replace(row, weeks=found[0], notes=(found[1],))
    below = found.ahead.below(result.target)
    chance = 1 - below if is_up else below
    return replace(row, forecast=found.likely(), chance=chance, weeks=found.weeks, notes=found.notes)


def _week_of(due: date, seen: Sequence[Week]) -> float:
    """The value of the week in which a day lies."""
    return next(week.value for week in seen if week.last >= due)
