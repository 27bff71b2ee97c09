"""Daily series counted from events: what a metric is, per unit seen on the day.

An experiment follows units from their first exposure; a release has none. So a day counts for itself: the metric's
events of the day, divided by the units with any event of the same source on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.errors import Unsupported, VitalfewError
from vitalfew.results.rows import FailedRow, SeriesRow
from vitalfew.warehouse.calendar_days import date_of, day_of
from vitalfew.warehouse.compile import count_where, present, whole
from vitalfew.warehouse.daily_cohorts import why_not
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.event_values import NO_NAMES
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities, opened
from vitalfew.workspace.expressions import parse
from vitalfew.workspace.metric_kinds import is_of_a_day

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, EventSource, Measure, Metric

STAGE = "series"


def daily_use(
    definitions: Definitions,
    key: str,
    source: EventSource,
    metrics: Mapping[str, Metric],
    engine: Engine,
    as_of: date | None,
    silent: Collection[str] = (),
) -> tuple[list[SeriesRow], list[FailedRow]]:
    """Count metrics over events by day, all of them together: one pass for people, one for what is summed.

    Means and counts are sums per unit seen that day, shares those units that reach more than nothing that day, ratios
    sums over sums. The first and last day are left out where nothing says that they are whole.

    Args:
        definitions: the workspace.
        key: of the source.
        source: of events.
        metrics: those over this source.
        engine: where the tables lie.
        as_of: days after this one are ignored.
        silent: metrics of which nobody wants to know that they have no daily value.

    Raises:
        DataError: the table or one of its columns is missing.
    """
    learn_identities(engine, definitions.data)
    try:
        scope = opened(engine, definitions.data, source, "e")
        parts, failed = _parts(scope, source, key, metrics)
        failed = [row for row in failed if row.item.removeprefix(f"{key}/") not in silent]
        if not parts:
            return [], failed
        counted = _Counted(definitions, source, scope, engine, as_of)
        people, sums = counted.people(parts), counted.sums(parts)
    finally:
        engine.drop(IDENTITIES)
    if not people:
        return [], failed
    covered = cover({day: found[_EVENTS] for day, found in people.items()})
    # The days on which the data begin and end are seldom whole; one that was asked for is.
    first, last = covered.first + 1, covered.last - (as_of is None or date_of(covered.last) != as_of.isoformat())
    days = [day for day in sorted(people) if first <= day <= last]
    rows = []
    for metric, part in parts.items():
        for day in days:
            over, under = part.value(metric, people[day], sums.get(day, {}))
            if under:
                rows.append(SeriesRow(key, metric, None, date_of(day), over / under))
    return rows, failed


_EVENTS, _SEEN = "events", "seen"
_Answer = dict[int, dict[str, int]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a metric is on one day: units that do what `flag` says among those seen; else sums.

    One of `sums` counts per unit seen, the first of two by the second. `conditions`: rows that they are made of.
    """

    flag: exp.Expr | None = None
    complement: bool = False
    sums: Sequence[exp.Expr] = ()
    conditions: Sequence[exp.Expr] = ()

    def value(self, metric: str, people: Mapping[str, int], sums: Mapping[str, float]) -> tuple[float, float]:
        """Numerator and denominator of a day."""
        if self.flag is not None:
            doing = people[metric]
            return (people[_SEEN] - doing if self.complement else doing), people[_SEEN]
        found = [sums.get(f"{metric}/{at}") or 0.0 for at in range(len(self.sums))]
        return found[0], found[1] if len(found) > 1 else people[_SEEN]


def _parts(
    scope: Scope, source: EventSource, key: str, metrics: Mapping[str, Metric]
) -> tuple[dict[str, _Part], list[FailedRow]]:
    """What metrics are made of; and metrics that have no daily value, with the reason."""
    found: dict[str, _Part] = {}
    failed = []
    for name, metric in metrics.items():
        try:
            found[name] = _part(scope, source, metric)
        except VitalfewError as error:
            failed.append(FailedRow(STAGE, f"{key}/{name}", str(error), remark=True))
    return found, failed


def _part(scope: Scope, source: EventSource, metric: Metric) -> _Part:
    measures = [one for one in (metric.numerator, metric.denominator) if one is not None]
    if not is_of_a_day(metric):
        raise Unsupported(
            f"{why_not(metric)}, so no release can be judged on it", hint="give it a series of its own (shape: series)"
        )
    if any(one.source != metric.numerator.source for one in measures):
        raise Unsupported("its two parts come from different tables, so no release can be judged on it")
    conditions = [_matching(scope, source, one) for one in measures]
    if metric.kind == "proportion":
        return _Part(flag=conditions[0], complement=metric.complement)
    counts = metric.kind == "count"
    sums = [_sum(scope, one, condition, counts=counts) for one, condition in zip(measures, conditions, strict=True)]
    return _Part(sums=sums, conditions=conditions)


def _sum(scope: Scope, measure: Measure, condition: exp.Expr, *, counts: bool) -> exp.Expr:
    """What is added up: numbers of a column, or rows; a metric that `counts` adds up rows unless it says otherwise."""
    if measure.column is None or measure.aggregation == "count" or (counts and measure.aggregation is None):
        return count_where(condition.copy())
    total = exp.Sum(this=scope.number(measure.column))
    return exp.Filter(this=total, expression=exp.Where(this=condition.copy()))


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


class _Counted:
    """The events of one source, counted by day (since 1970)."""

    def __init__(
        self, definitions: Definitions, source: EventSource, scope: Scope, engine: Engine, as_of: date | None
    ) -> None:
        self._scope, self._engine, self._source = scope, engine, source
        zone, at = definitions.workspace.time_zone, scope.instant(source.time)
        ends = exp.select(exp.alias_(self._end(exp.Min), "low"), exp.alias_(self._end(exp.Max), "high"))
        row = engine.query(ends.from_(scope.source())).to_pylist()[0]
        self._day = exp.alias_(day_of(at, zone, row["low"] or 0, row["high"] or 0), "day")
        self._where = [present(scope.column(source.unit)), present(at.copy())]
        if as_of is not None:
            midnight = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(zone))
            end = round((midnight - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
            self._where.append(exp.LT(this=at.copy(), expression=whole(end)))

    def people(self, parts: Mapping[str, _Part]) -> _Answer:
        """Events, units seen, and units that do what a share asks for.

        Units of a day are grouped, not counted apart for each metric: a distinct count keeps a set for each.
        """
        unit = exp.alias_(self._scope.column(self._source.unit), "unit")
        inner = self._rows().select(unit, exp.alias_(exp.Count(this=exp.Star()), _EVENTS))
        outer = exp.select("day", exp.alias_(exp.Sum(this=exp.column(_EVENTS)), _EVENTS))
        outer = outer.select(exp.alias_(exp.Count(this=exp.Star()), _SEEN))
        flags = {metric: part.flag for metric, part in parts.items() if part.flag is not None}
        for metric, flag in flags.items():
            does = exp.Max(this=exp.Case().when(flag.copy(), whole(1)).else_(whole(0)))
            inner = inner.select(exp.alias_(does, f"does {metric}", quoted=True))
            done = exp.Sum(this=exp.column(exp.to_identifier(f"does {metric}", quoted=True)))
            outer = outer.select(exp.alias_(done, metric, quoted=True))
        answer = self._engine.query(outer.from_(inner.group_by("1", "2").subquery("u")).group_by("day"))
        names = (_EVENTS, _SEEN, *flags)
        rows = answer.to_pylist()
        return {int(row["day"]): {name: int(row[name]) for name in names} for row in rows if row["day"] is not None}

    def sums(self, parts: Mapping[str, _Part]) -> dict[int, dict[str, float]]:
        """What is summed, over the rows that any metric asks for."""
        conditions = list(dict.fromkeys(each for part in parts.values() for each in part.conditions))
        if not conditions:
            return {}
        query = self._rows().where(exp.or_(*(condition.copy() for condition in conditions)))
        for metric, part in parts.items():
            for at, total in enumerate(part.sums):
                query = query.select(exp.alias_(exp.cast(total, "DOUBLE"), f"{metric}/{at}", quoted=True))
        rows = self._engine.query(query.group_by("1")).to_pylist()
        return {int(row["day"]): row for row in rows if row["day"] is not None}

    def _end(self, least: type[exp.Min | exp.Max]) -> exp.Expr:
        """The first or last instant; of dates and times from what files know of their columns, without reading them."""
        at = self._scope.instant(self._source.time)
        if self._scope.type_of(self._source.time) not in ("date", "time"):
            return least(this=at)
        return at.transform(lambda node: least(this=node) if isinstance(node, exp.Column) else node)

    def _rows(self) -> exp.Select:
        query = exp.select(self._day.copy()).from_(self._scope.source())
        return query.where(*(condition.copy() for condition in self._where))
