"""A metric over events as aggregates of one grouping: one row per unit, every metric of the source side by side.

Each aggregate looks only at the rows of its metric (FILTER), so one scan and one grouping serve all metrics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from vitalfew.errors import DataError, Unsupported, VitalfewError
from vitalfew.warehouse.compile import number, whole
from vitalfew.warehouse.covariates import known_before
from vitalfew.warehouse.event_chains import steps_reached, tasks_completed
from vitalfew.warehouse.values import holds, of_kind, reached
from vitalfew.workspace.metric_kinds import SCALES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Aggregation, EventSource, Metric, MetricKind

DAY = 86_400_000_000  # microseconds; days after an exposure are 24 hours long, whatever clocks do
NO_NAMES = "give its source `event`, the column with their names"
_NONE_IS_ZERO = ("sum", "count", "count_distinct")


@dataclass(frozen=True, slots=True)
class Span:
    """Which events count by time: from `low` to before `high`, after the first exposure or on the calendar.

    In microseconds; None is open.
    """

    kind: Literal["after exposure", "calendar"] = "after exposure"
    low: int = 0
    high: int | None = None


@dataclass(slots=True)
class EventPlan:
    """The aggregates that the values of one event source need, each named once.

    Attributes:
        scope: the events, with alias `e`; the population has alias `p`.
        source: columns of the events.
        timed: whether first exposures are known.
        last: end of the data or of the day asked for, in microseconds; lookback windows count back from it.
        columns: what the grouping reads, by its SQL.
        slots: aggregates by their SQL.
        spans: which events count by time, by value.
        events: the event names of each value of the grouping; none means any event.
        end: events from this instant on are ignored.
        chains: metrics that hang on the order of events, by the alias of the grouping each has for itself.
    """

    scope: Scope
    source: EventSource
    timed: bool
    last: int | None
    columns: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)
    slots: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    events: list[tuple[str, ...]] = field(default_factory=list)
    end: int | None = None
    chains: dict[str, Value] = field(default_factory=dict)

    def add(self, values: Sequence[Value], alias: str, reasons: dict[str, str]) -> dict[Value, exp.Expr]:
        """Plan values; returns what each is in terms of the slots of the grouping's `alias`.

        Args:
            values: numbers per unit over these events.
            alias: name of the grouping in the query around it.
            reasons: filled with why a value (by name) cannot be measured.
        """
        planned: dict[Value, exp.Expr] = {}
        for step in (
            self._see,
            lambda value: planned.update({value: known_before(value, self._planned(value, alias))}),
        ):
            for value in values:
                try:
                    if value.name not in reasons:
                        step(value)
                except VitalfewError as error:
                    reasons[value.name] = str(error)
        return planned

    def _see(self, value: Value) -> None:
        self.spans[value.name] = self._span(value)
        if not value.is_chained:
            self.events.append(value.events)

    def _planned(self, value: Value, alias: str) -> exp.Expr:
        if value.is_chained:
            return self._chained(value, alias)
        if value.metric.kind == "time_to_event":
            return self._days(value, alias)
        if value.metric.kind == "participation":
            return of_kind(value, _or_zero(self._slot(self._active_days(value), self._condition(value), alias)))
        if value.metric.over == "events":
            return self._slot(exp.ArrayAgg(this=self._read(value, "sum")), self._condition(value), alias)
        kind = _aggregation(value)
        aggregate = _aggregate(kind, self._read(value, kind), lambda: self._column(self._instant()))
        aggregate = aggregate if self.source.id is None else _in_any_order(aggregate)
        slot = self._slot(aggregate, self._condition(value), alias)
        if value.reaches:
            return reached(value.metric, _never_missing(value, slot))
        found: exp.Expr = exp.cast(slot, "DOUBLE")
        if kind in _NONE_IS_ZERO:
            found = _or_zero(found)
        return value.capped(of_kind(value, found))

    def _active_days(self, value: Value) -> exp.Expr:
        """How many different days of the window have events; its days begin at the moment the window does."""
        span = self.spans[value.name]
        moment = self._instant() if span.kind == "calendar" else self._since()
        since = exp.paren(exp.Sub(this=moment, expression=whole(span.low)))
        day = self._column(exp.IntDiv(this=since, expression=whole(DAY)))
        return exp.Count(this=exp.Distinct(expressions=[day]))

    def _days(self, value: Value, alias: str) -> exp.Expr:
        """Days from the first exposure to the event, or to the end of what is known of the unit."""
        start, span = exp.column("start", "p"), self.spans[value.name]
        if not self.timed:
            raise Unsupported(
                f"'{value.key}' counts from the first exposure, whose time is not known",
                hint="name the column with the time of exposure in the source (`time:`)",
            )
        if value.part == "value":
            first = self._slot(exp.Min(this=self._column(self._instant())), self._condition(value), alias)
            return _in_days(exp.Sub(this=first, expression=start))
        until: exp.Expr = self.known_until(start)
        if span.high is not None:
            until = exp.Least(this=until, expressions=[exp.Add(this=start.copy(), expression=whole(span.high))])
        return _in_days(exp.Sub(this=until, expression=start.copy()))

    def known_until(self, start: exp.Expr) -> exp.Expr:
        """The last instant of the data: of its events, of the exposures, and not after the day asked for."""
        newest = exp.select(exp.Max(this=self._instant())).from_(self.scope.source())
        if self.end is not None:
            newest = newest.where(exp.LT(this=self._instant(), expression=whole(self.end)))
        return exp.Greatest(this=newest.subquery(), expressions=[start.copy()])

    def _chained(self, value: Value, alias: str) -> exp.Expr:
        known = [name for name, other in self.chains.items() if other.key == value.key]
        own = known[0] if known else f"{alias}c{len(self.chains)}"
        self._own_rows(value)  # what cannot be read fails here, and only this metric
        self.chains.setdefault(own, value)
        if value.metric.kind == "funnel":
            reached = exp.not_(exp.column(f"t{value.step}", own).is_(exp.null()))
            return exp.Case().when(reached, number(1.0)).else_(number(0.0))
        column = exp.column("completed" if value.part == "completed" else "seconds", own)
        found = _or_zero(exp.cast(column, "DOUBLE"))
        return found if value.part == "completed" else value.capped(found)

    def _own_rows(self, value: Value) -> exp.Select:
        """The events that a value looks at, one row each: instant (`at`) and name."""
        name = self._name()
        rows = exp.select(exp.alias_(self._instant(), "at"), exp.alias_(name, "name")).from_(self.scope.source())
        span = self.spans[value.name]
        rows = rows.where(self._named(value.events), exp.not_(self._instant().is_(exp.null())))
        kept = holds(value.measure.filters, self.scope)
        if kept is not None:
            rows = rows.where(kept)
        if span.kind == "calendar":
            rows = rows.where(*_between(self._instant(), span))
        if self.timed:
            rows = rows.where(*_between(self._since(), Span() if span.kind == "calendar" else span))
        if self.end is not None:
            rows = rows.where(exp.LT(this=self._instant(), expression=whole(self.end)))
        return rows

    def chained(self, population: exp.Expr, same_unit: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
        """The groupings of chained metrics, one row per unit that has their events, each with how it is joined."""
        for alias, value in self.chains.items():
            rows = self._own_rows(value).select(exp.column("id", "p")).join(population.copy(), on=same_unit.copy())
            same = exp.EQ(this=exp.column("id", alias), expression=exp.column("id", "p"))
            yield _in_order(rows, value.metric).subquery(alias), same

    def grouping(self, population: exp.Expr, same_unit: exp.Expr, end: int | None) -> exp.Select:
        """One row per unit (`id`) that has events, with the planned aggregates."""
        moment = self._instant()
        rows = exp.select(exp.column("id", "p")).from_(self.scope.source()).join(population, on=same_unit)
        rows = rows.select(*(exp.alias_(column, name) for name, column in self.columns.values()))
        if self.timed:
            rows = rows.where(*_between(self._since(), self._common()))
        if all(self.events):
            rows = rows.where(self._named(sorted({event for events in self.events for event in events})))
        if end is not None:
            rows = rows.where(exp.LT(this=moment.copy(), expression=whole(end)))
        slots = [exp.alias_(slot, name) for name, slot in self.slots.values()]
        return exp.select(exp.column("id"), *slots).from_(rows.subquery("r")).group_by(exp.column("id"))

    def _instant(self) -> exp.Expr:
        return self.scope.instant(self.source.time)

    def _since(self) -> exp.Expr:
        return exp.Sub(this=self._instant(), expression=exp.column("start", "p"))

    def _named(self, events: Sequence[str]) -> exp.Expr:
        return self._name().isin(*map(exp.Literal.string, events))

    def _name(self) -> exp.Expr:
        if self.source.event is None:
            raise DataError(f"events are named, and '{self.scope.table}' does not tell them apart", hint=NO_NAMES)
        return self.scope.text(self.source.event)

    @property
    def reach(self) -> int | None:
        """How long after a unit's first exposure events begin to count for it, at most; None when any may count."""
        return self._common().low if self.timed and self.spans else None

    def _common(self) -> Span:
        """The span that all others lie in, so that it need be looked at once."""
        after = [span for span in self.spans.values() if span.kind == "after exposure"]
        if len(after) < len(self.spans):
            return Span(low=min((span.low for span in after if span.low < 0), default=0))
        highs = [span.high for span in after if span.high is not None]
        return Span(low=min(span.low for span in after), high=max(highs) if len(highs) == len(after) else None)

    def _span(self, value: Value) -> Span:
        window = value.metric.window
        if value.before:
            if not self.timed:
                raise Unsupported(f"nobody knows what '{value.key}' was before exposures whose time is not known")
            return Span("after exposure", -round(value.before * DAY), 0)
        if window is None:
            return Span()
        low = round(window.delay * DAY)
        length = None if window.length is None else round(window.length * DAY)
        if window.kind == "lookback":
            if self.last is None or length is None:
                raise DataError(f"the window of '{value.key}' looks back", expected="a length in days, and events")
            return Span("calendar", self.last - low - length, self.last - low)
        if not self.timed:
            raise Unsupported(
                f"the window of '{value.key}' begins with the exposure, whose time is not known",
                hint="name the column with the time of exposure in the source (`time:`)",
            )
        return Span("after exposure", low, None if length is None else low + length)

    def _condition(self, value: Value) -> exp.Expr | None:
        conditions: list[exp.Expr] = []
        span = self.spans[value.name]
        if value.measure.events:
            conditions.append(self._named(value.measure.events))
        kept = holds(value.measure.filters, self.scope)
        if kept is not None:
            conditions.append(kept)
        if span.kind == "calendar":
            conditions.extend(_between(self._instant(), span))
            if self.timed and self._common().low < 0:
                conditions.extend(_between(self._since(), Span()))
        elif self.timed and span != self._common():
            conditions.extend(_between(self._since(), span))
        if value.reaches and value.metric.threshold is None and value.measure.column is not None:
            conditions.append(exp.GT(this=self.scope.number(value.measure.column), expression=number(0.0)))
        return exp.and_(*conditions) if conditions else None

    def _read(self, value: Value, kind: Aggregation) -> exp.Column | None:
        column = value.measure.column
        if column is None or (value.reaches and value.metric.threshold is None):
            return None
        of_anything = kind in ("count", "count_distinct") and self.scope.type_of(column) != "number"
        return self._column(self.scope.column(column) if of_anything else self.scope.number(column))

    def _column(self, expression: exp.Expr) -> exp.Column:
        name, _ = self.columns.setdefault(expression.sql(), (f"c{len(self.columns)}", expression))
        return exp.column(name)

    def _slot(self, aggregate: exp.Expr, condition: exp.Expr | None, alias: str) -> exp.Column:
        if condition is not None:
            aggregate = exp.Filter(this=aggregate, expression=exp.Where(this=self._column(condition)))
        name, _ = self.slots.setdefault(aggregate.sql(), (f"s{len(self.slots)}", aggregate))
        return exp.column(name, alias)


def _between(moment: exp.Expr, span: Span) -> list[exp.Expr]:
    conditions: list[exp.Expr] = [exp.GTE(this=moment, expression=whole(span.low))]
    if span.high is not None:
        conditions.append(exp.LT(this=moment.copy(), expression=whole(span.high)))
    return conditions


def _in_order(rows: exp.Select, metric: Metric) -> exp.Select:
    if metric.kind == "funnel":
        return steps_reached(rows, metric.steps)
    longest = None if metric.horizon is None else round(metric.horizon * DAY)
    return tasks_completed(rows, metric.steps[0], metric.steps[1], longest)


def _in_days(micros: exp.Expr) -> exp.Expr:
    return exp.Div(this=exp.cast(exp.paren(micros), "DOUBLE"), expression=number(float(DAY)), typed=False, safe=False)


def _or_zero(found: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=found, expressions=[number(0.0)])


def _never_missing(value: Value, slot: exp.Expr) -> exp.Expr:
    """What is held against the threshold; a unit without events has not reached it."""
    lowest = value.metric.threshold
    below = 0.0 if lowest is None or lowest > 0 else lowest - 1
    kind = _aggregation(value)
    return exp.Coalesce(this=exp.cast(slot, "DOUBLE"), expressions=[number(0.0 if kind in _NONE_IS_ZERO else below)])


def _aggregation(value: Value) -> Aggregation:
    """How the rows of a unit become its number, unless the kind leaves no choice."""
    measure, kind = value.measure, value.metric.kind
    if kind in SCALES:
        return "last"
    if value.reaches and (value.metric.threshold is None or measure.column is None):
        return "count"
    if measure.column is None:
        if measure.aggregation not in (None, "count"):
            raise DataError(f"'{value.key}' takes the {measure.aggregation} of no column", expected="a column")
        return "count"
    return measure.aggregation or _USUAL.get(kind, "sum")


_USUAL: dict[MetricKind, Aggregation] = {"count": "count", "duration": "avg"}


def _in_any_order(aggregate: exp.Expr) -> exp.Expr:
    """The aggregate over sorted numbers, where sums would differ in the last bit by the order of rows."""
    if isinstance(aggregate, exp.Sum | exp.Avg):
        column = aggregate.this
        aggregate.set("this", exp.Order(this=column, expressions=[exp.Ordered(this=column.copy())]))
    return aggregate


def _aggregate(kind: Aggregation, column: exp.Column | None, moment: Callable[[], exp.Column]) -> exp.Expr:
    if column is None:
        return exp.Count(this=exp.Star())
    match kind:
        case "sum":
            return exp.Sum(this=column)
        case "count":
            return exp.Count(this=column)
        case "count_distinct":
            return exp.Count(this=exp.Distinct(expressions=[column]))
        case "max":
            return exp.Max(this=column)
        case "min":
            return exp.Min(this=column)
        case "avg":
            return exp.Avg(this=column)
        case _:
            # Of several at the same instant the largest counts, so that the order of rows does not matter.
            return exp.ArgMax(this=column, expression=exp.func("ROW", moment(), column.copy()))
