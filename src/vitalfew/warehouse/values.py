"""What a metric is per unit: one number, or two for a ratio; and what its column must hold for that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlglot import exp

from vitalfew.errors import DataError, Unsupported, VitalfewError
from vitalfew.results.columns import DENOMINATOR, STEP
from vitalfew.warehouse.compile import Scope, count_where, number
from vitalfew.warehouse.scores import off_scale, scored
from vitalfew.warehouse.sums import beyond
from vitalfew.workspace.expressions import parse
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS, SCALES, SHARES, is_zero_or_one

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Cap, Measure, Metric

_COUNTING = ("count", "count_distinct")


@dataclass(frozen=True, slots=True)
class Value:
    """One number per unit: the numerator of a metric (named like it), the denominator of a ratio, a step of a funnel.

    Attributes:
        name: its column in moments.
        key: the metric.
        metric: its definition.
        measure: what is added up.
        part: of a duration over steps, its seconds or the number of completed tasks; of a time to an event, the days
            until then or the days a unit was followed.
        step: of a funnel, from 1.
        before: of a covariate, over how many days before the first exposure it is measured.
        covariate: of a column known beforehand, whether this is its number or whether that is missing.
    """

    name: str
    key: str
    metric: Metric
    measure: Measure
    part: Literal["value", "completed", "followed"] = "value"
    step: int = 0
    before: float = 0.0
    covariate: Literal["", "filled", "missing"] = ""

    @property
    def is_covariate(self) -> bool:
        """Whether it was known before the experiment could change it."""
        return self.before > 0 or bool(self.covariate)

    @property
    def reaches(self) -> bool:
        """Whether a unit counts from a threshold on."""
        return self.metric.kind in SHARES

    @property
    def is_share(self) -> bool:
        """Whether it is 0 or 1 per unit."""
        return is_zero_or_one(self.metric)

    @property
    def is_chained(self) -> bool:
        """Whether it hangs on the order of a unit's events, which takes a grouping of its own."""
        return bool(self.metric.steps)

    @property
    def is_summed(self) -> bool:
        """Whether moments tell all that is asked; quantiles and times to an event need more than sums."""
        return self.metric.kind not in DISTRIBUTIONS

    @property
    def may_be_missing(self) -> bool:
        """Whether a unit without any row has no value, rather than 0."""
        return self.metric.kind in (*SCALES, "duration")

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events it looks at; none means any."""
        return self.metric.steps or self.measure.events

    @property
    def percentile(self) -> Cap | None:
        """Its cap at a percentile, which the data must tell first."""
        cap = self.metric.cap
        return cap if cap is not None and cap.percentile is not None else None

    def capped(self, value: exp.Expr) -> exp.Expr:
        """The value within its absolute cap. The denominator of a ratio is in another unit, so it has none."""
        cap = self.metric.cap
        if cap is None or cap.absolute is None or self.measure is not self.metric.numerator:
            return value
        if cap.side in ("upper", "both"):
            value = beyond(value, number(cap.absolute), exp.GT)
        if cap.side in ("lower", "both"):
            value = beyond(value, number(-abs(cap.absolute) if cap.side == "both" else cap.absolute), exp.LT)
        return value


def values_of(key: str, metric: Metric) -> tuple[Value, ...]:
    """The numbers per unit that a metric needs."""
    value = Value(key, key, metric, metric.numerator)
    if metric.denominator is not None:
        return (value, Value(f"{key}{DENOMINATOR}", key, metric, metric.denominator))
    if metric.kind == "funnel":
        last = len(metric.steps)
        steps = (replace(value, name=f"{key}{STEP}{step}", step=step) for step in range(1, last))
        return (replace(value, step=last), *steps)
    if metric.kind == "duration" and metric.steps:
        return (value, replace(value, name=f"{key}{DENOMINATOR}", part="completed"))
    if metric.kind == "time_to_event":
        return (value, replace(value, name=f"{key}/followed", part="followed"))
    return (value,)


def holds(filters: Sequence[str], scope: Scope) -> exp.Expr | None:
    """Whether all filters hold; None when there are none."""
    conditions = [scope.condition(parse(text)) for text in filters]
    return exp.and_(*conditions) if conditions else None


def in_own_column(value: Value, scope: Scope) -> Value:
    """A metric that names neither column nor filters, with the column of a table of units that is called like it."""
    measure = value.measure
    named = measure.column is not None or measure.filters or measure.events or value.name != value.key
    if named or value.key not in scope.types or value.metric.kind == "time_to_event" or value.metric.over == "events":
        return value
    return replace(value, measure=measure.model_copy(update={"column": value.key}))


def unit_value(value: Value, scope: Scope) -> exp.Expr:
    """The value in a table with one row per unit.

    A unit whose row the filters leave out has 0, as one without events has; no answer and no time taken are missing.

    Raises:
        DataError: a column is missing or holds no numbers.
        Unsupported: the metric needs events.
    """
    measure = value.measure
    on_events = value.metric.kind == "time_to_event" or value.metric.over == "events"
    if value.events or on_events or (value.metric.kind == "retention" and measure.column is None):
        raise Unsupported(f"'{value.key}' needs events, and '{measure.source}' has one row per unit")
    if measure.column is None and not measure.filters:
        raise DataError(
            f"'{value.key}' names no column of '{scope.table}', and none is called like it",
            expected="a column, or filters to count by",
        )
    cell = _in_row(measure, scope)
    kept = holds(measure.filters, scope)
    if kept is not None:
        chosen = exp.Case().when(kept, cell)
        cell = chosen if value.may_be_missing else chosen.else_(number(0.0))
    return value.capped(of_kind(value, cell))


def of_kind(value: Value, found: exp.Expr) -> exp.Expr:
    """What a unit's number means for the kind of its metric: a threshold reached, points, a share of days.

    Args:
        value: whose number it is.
        found: the number; missing stays missing.
    """
    metric = value.metric
    if metric.kind in SCALES:
        return scored(metric, found)
    if metric.kind == "participation" and metric.window is not None and metric.window.length is not None:
        return exp.Div(this=found, expression=number(metric.window.length), typed=False, safe=False)
    if value.reaches and (metric.threshold is not None or metric.complement):
        return reached(metric, found)
    return found


def reached(metric: Metric, found: exp.Expr) -> exp.Expr:
    """1 where a unit's number is at least the threshold (above 0 without one), else 0; the reverse for a complement."""
    yes, no = (0.0, 1.0) if metric.complement else (1.0, 0.0)
    # NULL is neither at least nor below the threshold, so it stays missing.
    case = exp.Case().when(_enough(metric, found), number(yes))
    return case.when(exp.not_(found.copy().is_(exp.null())), number(no))


def _enough(metric: Metric, found: exp.Expr) -> exp.Expr:
    if metric.threshold is None:
        return exp.GT(this=found.copy(), expression=number(0.0))
    return exp.GTE(this=found.copy(), expression=number(metric.threshold))


def _in_row(measure: Measure, scope: Scope) -> exp.Expr:
    if measure.column is None:
        return number(1.0)
    if measure.aggregation in _COUNTING:
        missing = scope.column(measure.column).is_(exp.null())
        return exp.Case().when(missing, number(0.0)).else_(number(1.0))
    return scope.number(measure.column)


class _Check(NamedTuple):
    value: Value
    wrong: exp.Expr
    reason: str


def contradictions(engine: Engine, scope: Scope, values: Sequence[Value], event: str | None = None) -> dict[str, str]:
    """Which values find cells they cannot use, and why, by their name. One query, and none when types rule it out.

    Args:
        engine: where the table lies.
        scope: the table.
        values: numbers per unit over this table; each looks only at the rows of its events and filters.
        event: the column with the names of events, in a table of events.
    """
    checks = [check for value in values for check in _checks(value, scope, event)]
    if not checks:
        return {}
    counts = [exp.alias_(count_where(check.wrong), f"c{at}") for at, check in enumerate(checks)]
    row = engine.query(exp.select(*counts).from_(scope.source())).to_pylist()[0]
    found: dict[str, str] = {}
    for at, check in enumerate(checks):
        if row[f"c{at}"]:
            cells, hold = ("1 cell", "holds") if row[f"c{at}"] == 1 else (f"{row[f'c{at}']:,} cells", "hold")
            place = f"in column '{check.value.measure.column}' of '{scope.table}'"
            found.setdefault(check.value.name, f"{cells} {place} {hold} {check.reason}")
    return found


def _checks(value: Value, scope: Scope, event: str | None) -> list[_Check]:
    column, counting = value.measure.column, value.measure.aggregation in _COUNTING
    if column is None or counting or column not in scope.types:
        return []
    checks = []
    text = scope.not_a_number(column)
    if text is not None:
        checks.append(_Check(value, text, "no number"))
    if scope.types[column] in ("integer", "number", "text"):
        checks.extend(_wrong_numbers(value, scope.number(column), of_unit=event is None))
    try:
        kept = _own_rows(value, scope, event)
    except VitalfewError:
        return []  # who compiles the filter says what is wrong with it
    return [check._replace(wrong=exp.and_(check.wrong, kept)) if kept is not None else check for check in checks]


def _wrong_numbers(value: Value, cell: exp.Expr, *, of_unit: bool) -> Iterator[_Check]:
    metric = value.metric
    if value.reaches and metric.threshold is None:
        other = exp.not_(cell.isin(number(0.0), number(1.0)))
        yield _Check(value, other, "neither 0 nor 1; a proportion needs yes or no per unit, or a threshold")
    if metric.kind in SCALES:
        yield _Check(value, *off_scale(metric, cell))
    if metric.kind == "participation" and of_unit and metric.window is not None and metric.window.length is not None:
        outside = exp.not_(exp.Between(this=cell, low=number(0.0), high=number(metric.window.length)))
        yield _Check(value, outside, f"no number of active days from 0 to {metric.window.length:g}")


def _own_rows(value: Value, scope: Scope, event: str | None) -> exp.Expr | None:
    kept = holds(value.measure.filters, scope)
    if event is None or not value.events:
        return kept
    named = scope.text(event).isin(*map(exp.Literal.string, value.events))
    return named if kept is None else exp.and_(named, kept)
