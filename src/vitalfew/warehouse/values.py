"""What a metric is per unit: one number, or two for a ratio; and what its column must hold for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from vitalfew.errors import DataError, Unsupported
from vitalfew.warehouse.compile import Scope, number
from vitalfew.warehouse.sums import beyond
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Cap, Measure, Metric

_COUNTING = ("count", "count_distinct")


@dataclass(frozen=True, slots=True)
class Value:
    """One number per unit: the numerator of a metric (named like it) or the denominator of a ratio."""

    name: str
    key: str
    metric: Metric
    measure: Measure

    @property
    def is_share(self) -> bool:
        """Whether it is 0 or 1 per unit."""
        return self.metric.kind in ("proportion", "retention")

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
    values = (Value(key, key, metric, metric.numerator),)
    return (
        values
        if metric.denominator is None
        else (*values, Value(f"{key}/denominator", key, metric, metric.denominator))
    )


def holds(filters: Sequence[str], scope: Scope) -> exp.Expr | None:
    """Whether all filters hold; None when there are none."""
    conditions = [scope.condition(parse(text)) for text in filters]
    return exp.and_(*conditions) if conditions else None


def unit_value(value: Value, scope: Scope) -> exp.Expr:
    """The value in a table with one row per unit; 0 for a unit whose row the filters leave out.

    Raises:
        DataError: a column is missing or holds no numbers.
        Unsupported: the metric needs events.
    """
    measure = value.measure
    if measure.events or (value.metric.kind == "retention" and measure.column is None):
        raise Unsupported(f"'{value.key}' needs events, and '{measure.source}' has one row per unit")
    if measure.column is None and not measure.filters:
        raise DataError(
            f"'{value.key}' names no column of '{scope.table}'", expected="a column, or filters to count by"
        )
    found = _in_row(measure, scope)
    kept = holds(measure.filters, scope)
    return value.capped(found if kept is None else exp.Case().when(kept, found).else_(number(0.0)))


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


def contradictions(engine: Engine, scope: Scope, values: Sequence[Value]) -> dict[str, str]:
    """Which values find cells they cannot use, and why, by their name. One query, and none when types rule it out."""
    checks = [check for value in values for check in _checks(value, scope)]
    if not checks:
        return {}
    counts = [exp.alias_(_count_where(check.wrong), f"c{at}") for at, check in enumerate(checks)]
    row = engine.query(exp.select(*counts).from_(scope.source())).to_pylist()[0]
    found: dict[str, str] = {}
    for at, check in enumerate(checks):
        if row[f"c{at}"]:
            cells = "1 cell" if row[f"c{at}"] == 1 else f"{row[f'c{at}']:,} cells"
            column = check.value.measure.column
            found.setdefault(check.value.name, f"{cells} in column '{column}' of '{scope.table}' {check.reason}")
    return found


def _checks(value: Value, scope: Scope) -> list[_Check]:
    column, counting = value.measure.column, value.measure.aggregation in _COUNTING
    if column is None or counting or column not in scope.types:
        return []
    checks = []
    text = scope.not_a_number(column)
    if text is not None:
        checks.append(_Check(value, text, "hold no number"))
    if value.is_share and scope.types[column] in ("integer", "number", "text"):
        other = exp.not_(scope.number(column).isin(number(0.0), number(1.0)))
        checks.append(_Check(value, other, "hold neither 0 nor 1; a proportion needs yes or no per unit"))
    return checks


def _count_where(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))
