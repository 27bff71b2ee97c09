"""Daily series of metrics that follow units: of those first seen on a day, or whose row is dated so.

Whether somebody comes back within a week is no number of a single day. Of the units first seen on a day it is one, once
their week is over. So every such day is measured as if it were the arm of an experiment, by the same code.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import add
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.results.columns import DENOMINATOR
from vitalfew.results.moments import moments_of
from vitalfew.results.rows import FailedRow, SeriesRow
from vitalfew.warehouse.calendar_days import date_of, day_number, day_of, offsets
from vitalfew.warehouse.compile import Scope, count_where, present, table_named, whole
from vitalfew.warehouse.everybody import alone
from vitalfew.warehouse.measure import measure
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities, opened
from vitalfew.workspace.definitions import EventSource, Experiment, ExposureSource, UnitSource
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS, days_followed, follow_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vitalfew.results.rows import MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, Metric

STAGE = "series"
FIRST_DAYS = 28
"""Days at the beginning of events that tell nothing of newcomers: most are first seen there as data begin there."""
_ALL, _SOURCE, _TABLE, _ARM = "by day", "newcomers", "vitalfew by day", "vitalfew day"
_DAY = 86_400_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_followed(metric: Metric) -> bool:
    """Whether a metric over events follows units for some days, so that those first seen on a day have a value."""
    return metric.kind not in DISTRIBUTIONS and bool(follow_up(metric))


def why_not(metric: Metric) -> str:
    """Why a metric over events has no daily value, by its kind."""
    if metric.kind in DISTRIBUTIONS:
        return "it has no value of a single day: it is read from a whole distribution"
    if follow_up(metric) is None:
        return (
            "it has no value of a single day, and no window (`length`, in days) after which those of a day are counted"
        )
    return "it has no value of a single day, and no release names it"


def daily_cohorts(
    definitions: Definitions,
    key: str,
    source: EventSource | UnitSource,
    metrics: Mapping[str, Metric],
    engine: Engine,
    as_of: date | None,
) -> tuple[list[SeriesRow], list[FailedRow]]:
    """Measure metrics by the day on which units were first seen, or that the time in their row names.

    The last days, whose units have not been followed to the end, have no value, and neither has the first of a table of
    units or the first four weeks of events.

    Args:
        definitions: the workspace.
        key: of the source.
        source: of events, or of units with a time.
        metrics: those over this source.
        engine: where the tables lie.
        as_of: what comes after this day is ignored.

    Raises:
        DataError: the table or one of its columns is missing.
    """
    units = isinstance(source, UnitSource)
    span = _lend(definitions, source, engine, as_of)
    if span is None:
        return [], []
    try:
        table: ExposureSource | UnitSource
        if isinstance(source, UnitSource):
            table = source.model_copy(update={"table": _TABLE, "time": None})
        else:
            table = ExposureSource(table=_TABLE, unit="unit", experiment="experiment", variant="arm", time="time")
        asked = Experiment(
            source=key if units else _SOURCE,
            variant=_ARM if units else None,
            control=_any_day(engine, _ARM if units else "arm"),
            metrics=tuple(metrics),
            segments=(),
        )
        wanted = alone(definitions, metrics, {_ALL: asked}, {asked.source: table})
        found = measure(wanted, asked.source, engine, as_of)
    finally:
        engine.drop(_TABLE)
    rows = _rows(key, source, metrics, found.moments, span, as_of)
    failed = [FailedRow(STAGE, f"{key}/{row.item.rpartition('/')[2]}", row.reason, remark=True) for row in found.failed]
    return list(rows), failed


def _any_day(engine: Engine, column: str) -> str:
    """One of the days: an experiment has a control, and nothing is compared here."""
    found = exp.Min(this=exp.column(column, quoted=True))
    query = exp.select(exp.alias_(found, "day")).from_(table_named(_TABLE))
    return str(engine.query(query).to_pylist()[0]["day"])


def _lend(
    definitions: Definitions, source: EventSource | UnitSource, engine: Engine, as_of: date | None
) -> tuple[int, int] | None:
    """Name the table of units with the day of each; the first and last day in it, None where it has none."""
    learn_identities(engine, definitions.data)
    try:
        events = isinstance(source, EventSource)
        # Who measures the table of units reads ids for what they stand for; first events are looked for here.
        known = opened(engine, definitions.data, source, "u") if events else Scope.open(engine, source.table, "u")
        at, zone = known.instant(source.time or ""), definitions.workspace.time_zone
        rows = exp.select().from_(known.source()).where(present(at.copy()))
        if as_of is not None:
            rows = rows.where(exp.LT(this=at.copy(), expression=whole(_end(as_of, zone))))
        ends = exp.alias_(exp.Min(this=at.copy()), "low"), exp.alias_(exp.Max(this=at.copy()), "high")
        timed = count_where(
            exp.NEQ(this=exp.Mod(this=exp.paren(at.copy()), expression=whole(_DAY)), expression=whole(0))
        )
        row = engine.query(rows.select(*ends, exp.alias_(timed, "timed"))).to_pylist()[0]
        if row["low"] is None:
            return None
        low, high = int(row["low"]), int(row["high"])
        zone = zone if row["timed"] else "UTC"  # times that are all midnight in UTC are dates
        if isinstance(source, EventSource):
            engine.write(_TABLE, _first_seen(rows, known.column(source.unit), at, (zone, low, high)))
        else:
            engine.lend(_TABLE, rows.select("*", exp.alias_(_day(at, zone, low, high), _ARM, quoted=True)))
        return _number(low, zone), _number(high, zone)
    finally:
        engine.drop(IDENTITIES)


def _first_seen(rows: exp.Select, unit: exp.Expr, at: exp.Expr, days: tuple[str, int, int]) -> exp.Select:
    """Units as if each had been exposed at its first event, to an arm called like the day of it."""
    first = rows.select(exp.alias_(unit, "unit"), exp.alias_(exp.Min(this=at), "first"))
    moment = exp.column("first", "f")
    query = exp.select(exp.column("unit", "f"), exp.alias_(exp.Literal.string(_ALL), "experiment"))
    query = query.select(exp.alias_(_day(moment, *days), "arm"), exp.alias_(moment.copy(), "time"))
    return query.from_(first.where(present(unit.copy())).group_by(unit.copy()).subquery("f"))


def _day(moment: exp.Expr, zone: str, low: int, high: int) -> exp.Expr:
    return exp.cast(day_of(moment, zone, low, high), "TEXT")


def _number(moment: int, zone: str) -> int:
    """The day of an instant, in days since 1970."""
    ((_, shift), *_) = offsets(zone, moment, moment)
    return (moment + shift) // _DAY


def _end(as_of: date, zone: str) -> int:
    """The midnight after a day, in microseconds since 1970."""
    midnight = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(zone))
    return round((midnight - _EPOCH) / timedelta(microseconds=1))


def _rows(
    key: str,
    source: EventSource | UnitSource,
    metrics: Mapping[str, Metric],
    moments: Iterable[MomentsRow],
    span: tuple[int, int],
    as_of: date | None,
) -> Iterator[SeriesRow]:
    """A value per metric and day, of days that are whole and whose units were followed to the end."""
    by_day: dict[int, list[MomentsRow]] = {}
    for row in moments:
        if row.segment is None and row.day is None:
            by_day.setdefault(int(row.arm), []).append(row)
    first = span[0] + (1 if isinstance(source, UnitSource) else FIRST_DAYS)
    complete = span[1] - (as_of is None or span[1] != day_number(as_of))
    for name, metric in metrics.items():
        last = complete - days_followed(metric, source)
        for day in sorted(by_day):
            value = _value(name, by_day[day]) if first <= day <= last else None
            if value is not None:
                yield SeriesRow(key, name, None, date_of(day), value)


def _value(metric: str, rows: Iterable[MomentsRow]) -> float | None:
    """The mean over the units of a day, of a ratio the ratio of means; None where no unit has any."""
    parts: list[Moments] = [moments_of(row) for row in rows if metric in row.names]
    if not parts:
        return None
    found, bottom = reduce(add, parts), f"{metric}{DENOMINATOR}"
    if not found.count(metric):
        return None
    if bottom not in found.names:
        return found.mean_of(metric)
    below = found.mean_of(bottom)
    return found.mean_of(metric) / below if below else None
