"""What units did in every period of a rollout: one row per unit, a column per metric and period.

A period is to a unit what the time after its exposure is in an experiment, so metrics mean the same in both: windows
are replaced by the period, filters, thresholds and absolute caps hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import VitalfewError
from vitalfew.warehouse.compile import as_text, table_named, whole
from vitalfew.warehouse.event_values import EventPlan
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.rollout_units import PEOPLE
from vitalfew.warehouse.values import Value, contradictions, values_of
from vitalfew.workspace.definitions import EventSource, Window
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS, SCALES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.rollout_units import Calendar
    from vitalfew.workspace.definitions import Definitions, Metric

PANEL, WIDE = "vitalfew rollout panel", "vitalfew rollout wide"
_UNFIT = (*DISTRIBUTIONS, *SCALES, "retention")
_ALWAYS_THERE = (None, "sum", "count", "count_distinct")


@dataclass(frozen=True, slots=True)
class Panel:
    """Units with their numbers, kept under `WIDE`: `id`, `unit`, `arm`, `cluster` and a column per value and period.

    Attributes:
        columns: of each value (a metric's numerator, or its denominator), its column per period.
        metrics: values by metric; two of a ratio.
        reasons: why a metric cannot be measured, by its key.
    """

    columns: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, tuple[Value, ...]]
    reasons: Mapping[str, str]


def unfit(key: str, metric: Metric, definitions: Definitions) -> str | None:
    """Why a metric has no value in each period of each unit; None when it has."""
    measures = [metric.numerator, *([] if metric.denominator is None else [metric.denominator])]
    sources = [definitions.sources.get(measure.source) for measure in measures]
    if not all(isinstance(source, EventSource) for source in sources):
        return f"'{key}' is not counted from events, so it has no value in every period"
    of_some = metric.kind == "duration" and not metric.steps
    if metric.kind in _UNFIT or metric.over == "events" or of_some:
        return f"'{key}' ({metric.kind}) has no mean per period; take a share, a count, a sum or a ratio"
    thresholds = metric.kind == "proportion"
    if not thresholds and any(measure.aggregation not in _ALWAYS_THERE for measure in measures):
        return f"'{key}' has no value in a period without events; take a ratio of two sums"
    return None


def panel(definitions: Definitions, keys: Sequence[str], calendar: Calendar, engine: Engine) -> Panel:
    """Keep what every unit did in every period, one scan per source of events.

    Args:
        definitions: the workspace.
        keys: metrics that have a value in each period.
        calendar: the periods.
        engine: where the tables lie, units among them under `PEOPLE`.
    """
    metrics = {key: _of_period(definitions.metrics[key], calendar) for key in keys}
    values = {key: values_of(key, metric) for key, metric in metrics.items()}
    values = {key: found[:1] if metrics[key].kind == "funnel" else found for key, found in values.items()}
    wanted = [value for found in values.values() for value in found]
    engine.write(PANEL, _unit_periods(calendar))
    reasons: dict[str, str] = {}
    planned: dict[Value, exp.Expr] = {}
    joins: list[tuple[exp.Expr, exp.Expr]] = []
    for at, source in enumerate(dict.fromkeys(value.measure.source for value in wanted)):
        own = [value for value in wanted if value.measure.source == source]
        try:
            found, tables = _of_source(definitions, source, f"g{at}", own, calendar, engine, reasons)
        except VitalfewError as error:
            reasons |= {value.name: str(error) for value in own}
            continue
        planned |= found
        joins += tables
    lost = {value.key: reasons[value.name] for value in wanted if value.name in reasons}
    kept = {key: found for key, found in values.items() if key not in lost}
    order = [value for found in kept.values() for value in found]
    engine.write(WIDE, _wide(order, planned, joins, calendar.count))
    engine.drop(PANEL)
    columns = {value.name: tuple(f"v{at}_{k}" for k in range(calendar.count)) for at, value in enumerate(order)}
    return Panel(columns, kept, lost)


def _of_period(metric: Metric, calendar: Calendar) -> Metric:
    """The metric over a period. Only active days need the length; others would lose an hour when clocks change."""
    window = Window(length=float(calendar.days)) if metric.kind == "participation" else None
    return metric.model_copy(update={"window": window})


def _unit_periods(calendar: Calendar) -> exp.Select:
    """A row for every unit and period, with the instant at which it begins."""
    periods = exp.values(
        [(k, calendar.begin(k)) for k in range(calendar.count)], alias="x", columns=["period", "start"]
    )
    number = exp.Add(
        this=exp.Mul(this=exp.column("id", "a"), expression=whole(calendar.count)), expression=exp.column("period", "x")
    )
    rows = exp.select(exp.alias_(number, "id"), exp.alias_(exp.column("id", "a"), "person"), "a.unit", "x.period")
    rows = rows.select(exp.alias_(exp.cast(exp.column("start", "x"), "BIGINT"), "start"))
    return rows.from_(exp.alias_(table_named(PEOPLE), "a", table=True)).join(periods, join_type="cross")


def _of_source(
    definitions: Definitions,
    key: str,
    alias: str,
    values: Sequence[Value],
    calendar: Calendar,
    engine: Engine,
    reasons: dict[str, str],
) -> tuple[dict[Value, exp.Expr], list[tuple[exp.Expr, exp.Expr]]]:
    """What values are in terms of one grouping of a source's events, and the tables to join for it."""
    source = definitions.sources[key]
    if not isinstance(source, EventSource):
        return {}, []
    scope = opened(engine, definitions.data, source, "e")
    moment = scope.instant(source.time)
    end = calendar.begin(calendar.count)
    plan = EventPlan(scope, source, timed=True, last=None, end=end)
    reasons |= contradictions(engine, scope, values, source.event)
    planned = plan.add([value for value in values if value.name not in reasons], alias, reasons)
    same_unit = exp.EQ(
        this=as_text(scope.column(source.unit), scope.type_of(source.unit)), expression=exp.column("unit", "p")
    )
    # An equality, so that engines join by hash; the period's own span would join every event with every period.
    same_period = exp.EQ(this=calendar.period(moment), expression=exp.column("period", "p"))
    after = exp.GTE(this=moment.copy(), expression=whole(calendar.begin(0)))
    same = exp.and_(same_unit, same_period, after)
    cells = exp.alias_(table_named(PANEL), "p", table=True)
    joins: list[tuple[exp.Expr, exp.Expr]] = []
    if plan.slots:
        same_id = exp.EQ(this=exp.column("id", alias), expression=exp.column("id", "p"))
        joins.append((plan.grouping(cells, same, end).subquery(alias), same_id))
    joins.extend(plan.chained(cells.copy(), same.copy()))
    return planned, joins


def _wide(
    values: Sequence[Value], planned: Mapping[Value, exp.Expr], joins: list[tuple[exp.Expr, exp.Expr]], periods: int
) -> exp.Select:
    """Units with all values of all periods side by side."""
    rows = exp.select("p.person", "p.period").from_(exp.alias_(table_named(PANEL), "p", table=True))
    rows = rows.select(*(exp.alias_(planned[value], f"v{at}") for at, value in enumerate(values)))
    for table, same in joins:
        rows = rows.join(table, on=same, join_type="left")
    wide = exp.select("person").from_(rows.subquery("r")).group_by("person")
    for at in range(len(values)):
        for k in range(periods):
            here = exp.Where(this=exp.EQ(this=exp.column("period"), expression=whole(k)))
            one = exp.Filter(this=exp.Max(this=exp.column(f"v{at}")), expression=here)
            wide = wide.select(exp.alias_(one, f"v{at}_{k}"), copy=False)
    names = ["a.id", "a.unit", "a.arm", "a.cluster"]
    shown = [exp.column(f"v{at}_{k}", "w") for at in range(len(values)) for k in range(periods)]
    query = exp.select(*names, *shown).from_(exp.alias_(table_named(PEOPLE), "a", table=True))
    return query.join(wide.subquery("w"), on="w.person = a.id")
