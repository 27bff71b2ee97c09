"""A metric over events as aggregates of one grouping: one row per unit, every metric of the source side by side.

Each aggregate looks only at the rows of its metric (FILTER), so one scan and one grouping serve all metrics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from vitalfew.errors import DataError, Unsupported, VitalfewError
from vitalfew.warehouse.compile import number, whole
from vitalfew.warehouse.values import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Aggregation, EventSource

DAY = 86_400_000_000  # microseconds; days after an exposure are 24 hours long, whatever clocks do
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
        events: the event names of each value; none means any event.
    """

    scope: Scope
    source: EventSource
    timed: bool
    last: int | None
    columns: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)
    slots: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    events: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, values: Sequence[Value], alias: str, reasons: dict[str, str]) -> dict[Value, exp.Expr]:
        """Plan values; returns what each is in terms of the slots of the grouping's `alias`.

        Args:
            values: numbers per unit over these events.
            alias: name of the grouping in the query around it.
            reasons: filled with why a value (by name) cannot be measured.
        """
        planned: dict[Value, exp.Expr] = {}
        for step in (self._see, lambda value: planned.update({value: self._planned(value, alias)})):
            for value in values:
                try:
                    if value.name not in reasons:
                        step(value)
                except VitalfewError as error:
                    reasons[value.name] = str(error)
        return planned

    def _see(self, value: Value) -> None:
        self.spans[value.name] = self._span(value)
        self.events.append(value.measure.events)

    def _planned(self, value: Value, alias: str) -> exp.Expr:
        kind = _aggregation(value)
        aggregate = _aggregate(kind, self._read(value, kind), lambda: self._column(self._instant()))
        slot = self._slot(aggregate, self._condition(value), alias)
        if value.is_share:
            some = exp.GT(this=slot, expression=whole(0))
            return exp.Case().when(some, number(1.0)).else_(number(0.0))
        found: exp.Expr = exp.cast(slot, "DOUBLE")
        if kind in _NONE_IS_ZERO:
            found = exp.Coalesce(this=found, expressions=[number(0.0)])
        return value.capped(found)

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
        return self.scope.text(self.source.event).isin(*map(exp.Literal.string, events))

    def _common(self) -> Span:
        """The span that all others lie in, so that it need be looked at once."""
        after = [span for span in self.spans.values() if span.kind == "after exposure"]
        if len(after) < len(self.spans):
            return Span()
        highs = [span.high for span in after]
        return Span(low=min(span.low for span in after), high=None if None in highs else max(filter(None, highs)))

    def _span(self, value: Value) -> Span:
        window = value.metric.window
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
        elif self.timed and span != self._common():
            conditions.extend(_between(self._since(), span))
        if value.is_share and value.measure.column is not None:
            conditions.append(exp.GT(this=self.scope.number(value.measure.column), expression=number(0.0)))
        return exp.and_(*conditions) if conditions else None

    def _read(self, value: Value, kind: Aggregation) -> exp.Column | None:
        column = value.measure.column
        if column is None or value.is_share:
            return None
        read = self.scope.column(column) if kind in ("count", "count_distinct") else self.scope.number(column)
        return self._column(read)

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


def _aggregation(value: Value) -> Aggregation:
    measure = value.measure
    if value.is_share or measure.column is None:
        if measure.aggregation not in (None, "count") and not value.is_share:
            raise DataError(f"'{value.key}' takes the {measure.aggregation} of no column", expected="a column")
        return "count"
    return measure.aggregation or ("count" if value.metric.kind == "count" else "sum")


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
