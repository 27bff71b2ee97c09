"""Daily series counted from events: what a metric is, per unit seen on the day.

An experiment follows units from their first exposure; a release has none. So a day counts for itself: the metric's
events of the day, divided by the units with any event of the same source on it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.errors import Unsupported, VitalfewError
from vitalfew.results.rows import FailedRow, SeriesRow
from vitalfew.warehouse.calendar_days import date_of, day_of
from vitalfew.warehouse.compile import count_where, number, present, whole
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.event_values import NO_NAMES
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities, opened
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, EventSource, Measure, Metric

STAGE = "series"
_SUMMED = (None, "sum", "count")


def daily_use(
    definitions: Definitions,
    key: str,
    source: EventSource,
    metrics: Mapping[str, Metric],
    engine: Engine,
    as_of: date | None,
) -> tuple[list[SeriesRow], list[FailedRow]]:
    """Count metrics over events by day, all in one pass.

    Means are sums per unit seen that day, shares those units that reach more than nothing that day, ratios sums over
    sums. The first and last day are left out where nothing says that they are whole.

    Args:
        definitions: the workspace.
        key: of the source.
        source: of events.
        metrics: those over this source.
        engine: where the tables lie.
        as_of: days after this one are ignored.

    Raises:
        DataError: the table or one of its columns is missing.
    """
    learn_identities(engine, definitions.data)
    try:
        scope = opened(engine, definitions.data, source, "e")
        parts, failed = _parts(scope, source, key, metrics)
        if not parts:
            return [], failed
        answer = engine.query(_query(engine, definitions, source, scope, parts, as_of)).to_pylist()
    finally:
        engine.drop(IDENTITIES)
    counts = {int(row["day"]): int(row["events"]) for row in answer if row["day"] is not None}
    if not counts:
        return [], failed
    covered = cover(counts)
    # The days on which the data begin and end are seldom whole; one that was asked for is.
    first, last = covered.first + 1, covered.last - (as_of is None or date_of(covered.last) != as_of.isoformat())
    rows = [
        SeriesRow(key, metric, None, date_of(int(row["day"])), row[f"{metric}/over"] / row[f"{metric}/under"])
        for metric in parts
        for row in sorted(answer, key=lambda row: row["day"])
        if first <= row["day"] <= last and row[f"{metric}/under"] and row[f"{metric}/over"] is not None
    ]
    return rows, failed


def _parts(
    scope: Scope, source: EventSource, key: str, metrics: Mapping[str, Metric]
) -> tuple[dict[str, tuple[exp.Expr, exp.Expr]], list[FailedRow]]:
    """Numerator and denominator of a day, by metric; and metrics that have no daily value, with the reason."""
    found: dict[str, tuple[exp.Expr, exp.Expr]] = {}
    failed = []
    for name, metric in metrics.items():
        try:
            found[name] = _daily(scope, source, metric)
        except VitalfewError as error:
            failed.append(FailedRow(STAGE, f"{key}/{name}", str(error), remark=True))
    return found, failed


def _daily(scope: Scope, source: EventSource, metric: Metric) -> tuple[exp.Expr, exp.Expr]:
    measures = [one for one in (metric.numerator, metric.denominator) if one is not None]
    summed = all(one.aggregation in _SUMMED for one in measures) and metric.cap is None
    if metric.kind not in ("mean", "proportion", "ratio", "error_rate") or not summed or metric.threshold:
        raise Unsupported(
            "this metric has no value of a single day, so no release can be judged on it",
            hint="give it a series of its own (shape: series)",
        )
    if any(one.source != metric.numerator.source for one in measures):
        raise Unsupported("its two parts come from different tables, so no release can be judged on it")
    seen: exp.Expr = exp.Count(this=exp.Distinct(expressions=[scope.text(source.unit)]))
    if metric.kind == "proportion":
        flag = exp.Filter(this=seen.copy(), expression=exp.Where(this=_matching(scope, source, metric.numerator)))
        return (exp.Sub(this=seen.copy(), expression=flag) if metric.complement else flag), seen
    sums = [_sum(scope, source, one) for one in measures]
    return sums[0], sums[1] if len(sums) > 1 else seen


def _sum(scope: Scope, source: EventSource, measure: Measure) -> exp.Expr:
    condition = _matching(scope, source, measure)
    if measure.column is None or measure.aggregation == "count":
        return count_where(condition)
    total = exp.Filter(this=exp.Sum(this=scope.number(measure.column)), expression=exp.Where(this=condition))
    return exp.Coalesce(this=total, expressions=[number(0.0)])


def _matching(scope: Scope, source: EventSource, measure: Measure) -> exp.Expr:
    """Whether a row is one of the measure's."""
    conditions = [scope.condition(parse(text)) for text in measure.filters]
    if measure.events:
        if source.event is None:
            raise Unsupported("its events have no names", hint=NO_NAMES)
        conditions.append(scope.text(source.event).isin(*map(exp.Literal.string, measure.events)))
    if measure.column is not None:
        conditions.append(present(scope.column(measure.column)))
    return exp.and_(*conditions) if conditions else exp.true()


def _query(
    engine: Engine,
    definitions: Definitions,
    source: EventSource,
    scope: Scope,
    parts: Mapping[str, tuple[exp.Expr, exp.Expr]],
    as_of: date | None,
) -> exp.Select:
    zone, at = definitions.workspace.time_zone, scope.instant(source.time)
    ends = exp.select(exp.alias_(exp.Min(this=at.copy()), "low"), exp.alias_(exp.Max(this=at.copy()), "high"))
    row = engine.query(ends.from_(scope.source())).to_pylist()[0]
    low, high = row["low"] or 0, row["high"] or 0
    query = exp.select(exp.alias_(day_of(at, zone, low, high), "day"))
    query = query.select(exp.alias_(exp.Count(this=exp.Star()), "events"))
    for metric, (over, under) in parts.items():
        query = query.select(exp.alias_(exp.cast(over, "DOUBLE"), f"{metric}/over", quoted=True))
        query = query.select(exp.alias_(exp.cast(under, "DOUBLE"), f"{metric}/under", quoted=True))
    query = query.from_(scope.source()).where(present(scope.column(source.unit)), present(at.copy()))
    if as_of is not None:
        midnight = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(zone))
        end = round((midnight - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
        query = query.where(exp.LT(this=at.copy(), expression=whole(end)))
    return query.group_by("1")
