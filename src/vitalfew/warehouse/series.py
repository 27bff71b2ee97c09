"""Daily series of metrics: read from tables that hold them, or counted from the events of users."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlglot import exp

from vitalfew.errors import DataError, VitalfewError, suggest
from vitalfew.results.rows import FailedRow, SeriesRow
from vitalfew.results.words import listed
from vitalfew.warehouse.calendar_days import date_of, day_number, offsets
from vitalfew.warehouse.compile import Scope, count_where, present
from vitalfew.warehouse.daily_cohorts import daily_cohorts, is_followed
from vitalfew.warehouse.daily_use import STAGE, daily_use
from vitalfew.warehouse.tables import NoRowsError
from vitalfew.workspace.definitions import EventSource, SeriesSource, UnitSource
from vitalfew.workspace.expressions import parse
from vitalfew.workspace.metric_kinds import is_of_a_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, Measure, Metric

    Days = dict[int, float]  # value by day since 1970
    ByUnit = dict[str | None, Days]

DAY = 86_400_000_000
_FIRST, _LAST = (day_number(date(year, 1, 1)) * DAY for year in (1900, 2200))  # other days are slips of the pen
_LARGEST = 1e30  # numbers beyond are fillers, and their products no numbers any more
_SHOWN = 3  # days or units named in a message


def series(
    definitions: Definitions,
    engine: Engine,
    as_of: date | None = None,
    counted: Collection[str] | None = None,
    silent: Collection[str] = (),
) -> tuple[tuple[SeriesRow, ...], tuple[FailedRow, ...]]:
    """The daily values of every metric that has a series.

    That are metrics of a source of series; and, where releases are defined, means and shares over events: the value
    per unit seen on the day. Metrics that follow units for some days, and columns of units with a time, have a value
    per day of those first seen on it, where a release names them. A day is one of the workspace's time zone; times that
    are all midnight in UTC are dates. Of several times of a day the mean counts, or what the measure's `aggregation`
    says.

    Args:
        definitions: the workspace.
        engine: where the tables lie.
        as_of: days after this one are ignored.
        counted: metrics over events whose daily values somebody asks for; None is all of them.
        silent: metrics of which nobody wants to know that they have no daily value.

    Returns:
        Values by metric, unit and day, and what could not be read or was left out, with the reason.
    """
    rows: list[SeriesRow] = []
    failed: list[FailedRow] = []
    for key, source in definitions.sources.items():
        metrics = {name: one for name, one in definitions.metrics.items() if one.numerator.source == key}
        try:
            if isinstance(source, SeriesSource) and metrics:
                table = _Table(definitions, key, source, engine, as_of, failed)
                for name, metric in metrics.items():
                    rows += table.rows(name, metric)
            elif isinstance(source, EventSource | UnitSource) and definitions.releases:
                for found, remarks in _counted_by_day(
                    definitions, key, _of(metrics, counted), engine, as_of, frozenset(silent)
                ):
                    rows += found
                    failed += remarks
        except NoRowsError as error:  # a file made to be filled: worth a word only where something waits for it
            failed += [FailedRow(STAGE, key, str(error), remark=True)] if definitions.releases else []
        except VitalfewError as error:
            failed.append(FailedRow(STAGE, key, str(error)))
    return tuple(rows), tuple(failed)


def _counted_by_day(
    definitions: Definitions,
    key: str,
    metrics: Mapping[str, Metric],
    engine: Engine,
    as_of: date | None,
    silent: frozenset[str],
) -> Iterator[tuple[list[SeriesRow], list[FailedRow]]]:
    """Values of the day from events; of those that came on it where units are followed, and a release names them."""
    source = definitions.sources[key]
    dated = isinstance(source, UnitSource) and source.time is not None
    followed = {
        name: metric
        for name, metric in metrics.items()
        if name not in silent and (dated or (is_followed(metric) and not is_of_a_day(metric)))
    }
    others = {name: metric for name, metric in metrics.items() if name not in followed}
    if isinstance(source, EventSource) and others:
        yield daily_use(definitions, key, source, others, engine, as_of, silent)
    if isinstance(source, EventSource | UnitSource) and followed:
        yield daily_cohorts(definitions, key, source, followed, engine, as_of)


def _of(metrics: Mapping[str, Metric], counted: Collection[str] | None) -> Mapping[str, Metric]:
    return metrics if counted is None else {key: metric for key, metric in metrics.items() if key in counted}


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a table says of one measure, one unit and one instant."""

    low: float
    high: float


class _Table:
    """One table of series; what is wrong with it goes to `failed`."""

    def __init__(
        self,
        definitions: Definitions,
        key: str,
        source: SeriesSource,
        engine: Engine,
        as_of: date | None,
        failed: list[FailedRow],
    ) -> None:
        self._key, self._source, self._failed, self._definitions = key, source, failed, definitions
        self._scope = Scope.open(engine, source.table, "s")
        for name in filter(None, (source.time, source.value, source.metric, source.unit)):
            self._scope.type_of(name)
        self._engine = engine
        self._last = None if as_of is None else day_number(as_of)

    def rows(self, key: str, metric: Metric) -> Iterator[SeriesRow]:
        """The daily values of one metric; why there are none is told."""
        try:
            found = self._days(key, metric.numerator)
            if metric.denominator is not None:
                found = self._divided(key, found, self._days(key, metric.denominator))
        except VitalfewError as error:
            self._say(key, str(error), remark=False)
            return
        if not any(found.values()):
            self._say(key, self._nothing(key, metric.numerator), remark=False)
        self._say_gaps(key, found)
        for unit, days in found.items():
            for day in sorted(days):
                yield SeriesRow(self._key, key, unit, date_of(day), days[day])

    def _days(self, key: str, measure: Measure) -> ByUnit:
        """Values by unit and day of one measure."""
        answer = self._engine.query(self._query(key, measure)).to_pylist()
        if any(row["at"] is None for row in answer):
            self._say(key, f"rows without a time in '{self._source.time}' are left out")
        if self._source.unit is not None and any(row["unit"] is None for row in answer):
            self._say(key, f"rows without a unit in '{self._source.unit}' are left out")
        strange = sum(row["strange"] or 0 for row in answer)
        if strange:
            self._say(key, f"{_counted(strange, 'cell')} without a number left out")
        known = [row for row in answer if row["at"] is not None and row["low"] is not None]
        known = [row for row in known if self._source.unit is None or row["unit"] is not None]
        known = self._sound(key, known)
        days = self._days_of([row["at"] for row in known])
        cells: dict[tuple[str | None, int], list[_Cell]] = defaultdict(list)
        for row, day in zip(known, days, strict=True):
            cells[row["unit"], day].append(_Cell(row["low"], row["high"]))
        late = sum(self._last is not None and day > self._last for _, day in cells)
        if late:
            self._say(key, f"{_counted(late, 'day')} after {date_of(self._last or 0)} ignored")
        cells = {place: found for place, found in cells.items() if self._last is None or place[1] <= self._last}
        return self._joined(key, measure, cells)

    def _sound(self, key: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of days that can be and of numbers that can be reckoned with; how many others there are is told."""
        found = [row for row in known if _FIRST <= row["at"] < _LAST]
        if len(found) < len(known):
            self._say(key, f"{_counted(len(known) - len(found), 'time')} outside the years 1900 to 2199 left out")
        kept = [row for row in found if max(abs(row["low"]), abs(row["high"])) <= _LARGEST]
        if len(kept) < len(found):
            self._say(key, f"{_counted(len(found) - len(kept), 'value')} beyond {_LARGEST:g} left out")
        return kept

    def _query(self, key: str, measure: Measure) -> exp.Select:
        scope, source = self._scope, self._source
        column = source.value if source.metric is not None else (measure.column or source.value or key)
        value = scope.number(column or "")
        conditions = [scope.condition(parse(text)) for text in measure.filters]
        if source.metric is not None:
            name = exp.Literal.string(measure.column or key)
            conditions.append(exp.EQ(this=exp.Trim(this=scope.text(source.metric)), expression=name))
        at, unit = scope.instant(source.time), exp.null() if source.unit is None else scope.text(source.unit)
        strange = scope.not_a_number(column or "")
        query = exp.select(exp.alias_(at, "at"), exp.alias_(unit, "unit"))
        query = query.select(exp.alias_(exp.Min(this=value), "low"), exp.alias_(exp.Max(this=value.copy()), "high"))
        query = query.select(exp.alias_(exp.null() if strange is None else count_where(strange), "strange"))
        query = query.from_(scope.source()).where(present(scope.column(source.time)))
        return (query.where(*conditions) if conditions else query).group_by("1", "2")

    def _days_of(self, instants: Sequence[int]) -> list[int]:
        """The day of each instant: as it is written when all are midnight in UTC, else where the team is."""
        at = np.array(instants, dtype=np.int64)
        if len(at) and np.any(at % DAY):
            changes = list(offsets(self._definitions.workspace.time_zone, int(at.min()), int(at.max())))
            since = np.array([start for start, _ in changes[1:]], dtype=np.int64)
            at = at + np.array([shift for _, shift in changes])[np.searchsorted(since, at, side="right")]
        return [int(day) for day in at // DAY]

    def _joined(self, key: str, measure: Measure, cells: Mapping[tuple[str | None, int], Sequence[_Cell]]) -> ByUnit:
        """One value a day; days of which the table says two things at the same time have none."""
        found: ByUnit = defaultdict(dict)
        differ, several = [], 0
        for (unit, day), parts in cells.items():
            if any(part.low != part.high for part in parts):
                differ.append(day)
                continue
            several += len(parts) > 1
            found[unit][day] = _one(measure, [part.low for part in parts])
        if differ:
            self._say(key, f"{_days_in_words(differ)} {_have(differ)} several rows that differ and are left out")
        if several:
            how = {"sum": "their sum", "count": "their sum", "max": "the highest", "min": "the lowest"}
            counted = how.get(measure.aggregation or "", "their mean")
            self._say(
                key, f"{_counted(several, 'day')} with several times: {counted} counts (say which with 'aggregation')"
            )
        return found

    def _divided(self, key: str, over: ByUnit, under: ByUnit) -> ByUnit:
        zero = sum(under.get(unit, {}).get(day) == 0 for unit, days in over.items() for day in days)
        if zero:
            self._say(key, f"{_counted(zero, 'day')} with a denominator of 0 left out")
        return {
            unit: {day: value / under[unit][day] for day, value in days.items() if under.get(unit, {}).get(day)}
            for unit, days in over.items()
        }

    def _nothing(self, key: str, measure: Measure) -> str:
        if self._source.metric is None:
            return f"{self._source.table} holds no value of it"
        name = self._scope.text(self._source.metric)
        query = exp.select(exp.alias_(name, "name")).distinct().from_(self._scope.source()).limit(100)
        names = [str(row["name"]) for row in self._engine.query(query).to_pylist() if row["name"] is not None]
        wanted = measure.column or key
        return str(DataError(f"'{self._source.metric}' never holds '{wanted}'", hint=suggest(wanted, names)))

    def _say_gaps(self, key: str, found: ByUnit) -> None:
        missing, units = [], 0
        for days in found.values():
            gone = sorted(set(range(min(days), max(days) + 1)) - days.keys()) if days else []
            missing += gone
            units += bool(gone)
        if missing:
            where = f" in {units:,} units" if self._source.unit is not None else ""
            self._say(key, f"{_days_in_words(missing)}{where} {_have(missing)} no value")

    def _say(self, key: str, reason: str, *, remark: bool = True) -> None:
        self._failed.append(FailedRow(STAGE, f"{self._key}/{key}", reason, remark))


def _one(measure: Measure, values: Sequence[float]) -> float:
    if measure.aggregation in ("sum", "count"):
        return float(sum(values))
    if measure.aggregation in ("max", "min"):
        return max(values) if measure.aggregation == "max" else min(values)
    return float(sum(values) / len(values))


def _days_in_words(days: Iterable[int]) -> str:
    """Days in a sentence: how many, and the first few."""
    every = sorted(set(days))
    shown = listed([date_of(day) for day in every], _SHOWN)
    return f"1 day ({shown})" if len(every) == 1 else f"{len(every):,} days ({shown})"


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _have(days: Iterable[int]) -> str:
    return "has" if len(set(days)) == 1 else "have"
