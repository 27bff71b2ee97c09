"""Order statistics of units' values, or of all events, in every arm and segment: exact, by the engine."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlglot import exp

from vitalfew.results.rows import QuantilesRow
from vitalfew.stats.quantiles import design_effect, of_clusters, probabilities
from vitalfew.warehouse.compile import number, table_named, whole
from vitalfew.warehouse.sums import Rows, cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.warehouse.distributions import Units
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.values import Value

PICTURE = (0.01, 0.025, *(at / 20 for at in range(1, 20)), 0.975, 0.99)
"""Where the distribution of an ordinary metric is read, to be drawn."""
_EVENTS = "vitalfew events of a quantile"


class _Arm(NamedTuple):
    experiment: int
    arm: str


class _Read(NamedTuple):
    """What was read of one arm."""

    n: int
    values: tuple[float, ...]
    effect: float = 1.0


def order_statistics(engine: Engine, units: Units, values: Sequence[Value]) -> Iterator[QuantilesRow]:
    """Quantiles of quantile metrics, as close about the one asked for as its standard error needs.

    Args:
        engine: where the units lie.
        units: them.
        values: of quantile metrics; a value over events is a list per unit.
    """
    for value in values:
        quantile = value.metric.quantile
        if quantile is None:
            continue
        for segment, query in units.groups():
            of_events, clustered = value.metric.over == "events", units.study.cluster is not None
            rows = _rows(query, units.columns[value], events=of_events, clustered=clustered)
            if of_events or clustered:
                asked, reads = _over_groups(engine, rows, quantile, clustered=clustered)
            else:
                asked, reads = _over_units(engine, rows, quantile)
            for arm, read in reads.items():
                yield from _of_askers(units, value.key, segment, arm, asked, read)


def _over_units(engine: Engine, rows: exp.Select, quantile: float) -> tuple[tuple[float, ...], dict[_Arm, _Read]]:
    """The probabilities asked for, and what was read of each arm."""
    counts = [read.n for read in _read(engine, rows, (quantile,)).values()]
    asked = probabilities(quantile, counts)
    return asked, _read(engine, rows, asked)


def _over_groups(
    engine: Engine, rows: exp.Select, quantile: float, *, clustered: bool
) -> tuple[tuple[float, ...], dict[_Arm, _Read]]:
    """The same where values of a unit or cluster are alike; they are read three times, so they are kept meanwhile."""
    try:
        engine.write(_EVENTS, rows)
        kept = exp.select("*").from_(table_named(_EVENTS))
        first = _read(engine, kept, (quantile,))
        effects = _effects(engine, kept, first, clustered=clustered)
        largest = max([1.0, *(effect for effect in effects.values() if isfinite(effect))])
        asked = probabilities(quantile, [read.n for read in first.values()], design_effect=largest)
        found = _read(engine, kept, asked)
    finally:
        engine.drop(_EVENTS)
    return asked, {arm: read._replace(effect=effects.get(arm, 1.0)) for arm, read in found.items()}


def pictures(engine: Engine, units: Units, values: Sequence[Value]) -> Iterator[QuantilesRow]:
    """A coarse distribution of ordinary metrics over all units of an arm, one pass for all of them."""
    if not values:
        return
    _, query = next(iter(units.groups()))
    columns = [exp.column(units.columns[value]) for value in values]
    selected = [part for at, column in enumerate(columns) for part in _asked(column, PICTURE, at)]
    query = query.select("experiment", "arm", *selected, append=False).group_by("experiment", "arm")
    for row in engine.query(query.order_by("experiment", "arm")).to_pylist():
        arm = _Arm(int(row["experiment"]), str(row["arm"]))
        for at, value in enumerate(values):
            read = _of_row(row, at)
            if read is not None:
                yield from _of_askers(units, value.key, None, arm, PICTURE, read)


def _rows(query: exp.Select, column: str, *, events: bool, clustered: bool) -> exp.Select:
    """Numbers (`x`) with the unit or cluster (`unit`) they are of, where these have several; missing ones left out."""
    unit: exp.Expr = exp.column("cluster") if clustered else exp.Window(this=exp.RowNumber())
    if events:
        unnested = exp.Anonymous(this="UNNEST", expressions=[exp.column(column)])
        numbered = query.select("experiment", "arm", exp.alias_(unit, "unit"), column, append=False)
        query = exp.select("experiment", "arm", "unit", exp.alias_(unnested, "x")).from_(numbered.subquery("lists"))
    else:
        groups = [exp.alias_(unit, "unit")] if clustered else []
        query = query.select("experiment", "arm", *groups, exp.alias_(exp.column(column), "x"), append=False)
    present = exp.not_(exp.column("x").is_(exp.null()))
    return exp.select("*").from_(query.subquery("numbers")).where(present)


def _read(engine: Engine, rows: exp.Select, asked: Sequence[float]) -> dict[_Arm, _Read]:
    query = exp.select("experiment", "arm", *_asked(exp.column("x"), asked, 0)).from_(rows.copy().subquery("r"))
    found = engine.query(query.group_by("experiment", "arm").order_by("experiment", "arm")).to_pylist()
    reads = {_Arm(int(row["experiment"]), str(row["arm"])): _of_row(row, 0) for row in found}
    return {arm: read for arm, read in reads.items() if read is not None}


def _asked(column: exp.Column, asked: Sequence[float], at: int) -> tuple[exp.Expr, exp.Expr]:
    array = exp.Array(expressions=[number(probability) for probability in asked])
    quantiles = exp.Anonymous(this="QUANTILE_CONT", expressions=[column.copy(), array])
    return exp.alias_(exp.Count(this=column.copy()), f"n{at}"), exp.alias_(quantiles, f"q{at}")


def _of_row(row: Mapping[str, Any], at: int) -> _Read | None:
    return _Read(int(row[f"n{at}"]), tuple(map(float, row[f"q{at}"]))) if row[f"n{at}"] else None


def _effects(engine: Engine, rows: exp.Select, first: Mapping[_Arm, _Read], *, clustered: bool) -> dict[_Arm, float]:
    """How much less values tell than as many independent ones, by arm: those of a unit or cluster are alike."""
    if not first:
        return {}
    quantile = exp.Case()
    for arm, read in first.items():
        here = exp.and_(
            exp.EQ(this=exp.column("experiment"), expression=whole(arm.experiment)),
            exp.EQ(this=exp.column("arm"), expression=exp.Literal.string(arm.arm)),
        )
        quantile = quantile.when(here, number(read.values[0]))
    below = exp.Case().when(exp.LTE(this=exp.column("x"), expression=quantile), number(1.0)).else_(number(0.0))
    query = exp.select("experiment", "arm", exp.alias_(whole(0), "pattern")).from_(rows.copy().subquery("r"))
    query = query.select(
        exp.alias_(exp.Sum(this=below), "v0"),
        exp.alias_(exp.cast(exp.Count(this=exp.Star()), "DOUBLE"), "v1"),
    ).group_by("experiment", "arm", "unit")
    found = {
        _Arm(cell.experiment, cell.arm): (design_effect(moments, "below", "events"), moments.units)
        for cell, moments in cells(engine, Rows(query, ("below", "events"), {}, shape=False)).items()
    }
    return {arm: of_clusters(effect, groups) if clustered else effect for arm, (effect, groups) in found.items()}


def _of_askers(
    units: Units, key: str, segment: str | None, arm: _Arm, asked: tuple[float, ...], read: _Read
) -> Iterator[QuantilesRow]:
    for name, experiment in units.askers(arm.experiment, key, segment):
        source = experiment.source
        yield QuantilesRow(source, name, arm.arm, segment, key, read.n, asked, read.values, read.effect)
