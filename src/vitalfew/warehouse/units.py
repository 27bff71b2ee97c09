"""Experiments whose assignment is a column of a table with one row per unit, measured where the rows lie."""

from __future__ import annotations

from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, VitalfewError
from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.arrivals import Arrivals, arrivals, days_of, history
from vitalfew.warehouse.clusters import first_days
from vitalfew.warehouse.compile import present, whole
from vitalfew.warehouse.covariates import known_before
from vitalfew.warehouse.distributions import Units, distributions
from vitalfew.warehouse.facts import Facts
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.passes import sums_of
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.silence import nameless
from vitalfew.warehouse.study import STAGE
from vitalfew.warehouse.unique import crossed_units, first_arms, repeated_units, repeats
from vitalfew.warehouse.values import contradictions, in_own_column, unit_value
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.sums import Cell
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Segment, UnitSource

# Eight overlapping segments are at most 256 cells an arm; more segments are further passes.
SEGMENTS_A_PASS = 8
_PEOPLE = "vitalfew people"
_FEW_REPEATED = 0.01  # share of rows up to which units with several of them are a slip, and no other kind of table


def own_table_suffices(study: Study) -> bool:
    """Whether everything the experiments ask for is in the table that holds their assignment."""
    sources = {value.measure.source for value in study.values()}
    sources |= {segment.source for segment in study.segments().values() if segment.source is not None}
    return sources <= {study.source}


def measure_in_place(study: Study, source: UnitSource, variant: str, engine: Engine, end: int | None) -> Measured:
    """Measure experiments that share a variant column, in one pass over their table.

    Raises:
        DataError: the variant or unit column is missing, or a unit has several rows.
    """
    scope = opened(engine, study.definitions.data, source, "u", apart=variant)
    assigned, crossed, notes = assigned_rows(engine, scope, source, variant, end, first=study.keeps_first)
    arrived, count = Arrivals(), len(study.experiments)
    if study.cluster is not None:
        assigned, crossed = of_clusters(engine, scope, assigned, study.cluster)
        assigned = assigned if source.time is not None else assigned.select(exp.alias_(exp.null(), "day"))
    if source.time is not None:
        moment = scope.instant(source.time)
        day = days_of(engine, study.zone, assigned.select(exp.alias_(moment, "start")), moment)
        assigned = assigned.select(exp.alias_(day, "day"))
        arrived = arrivals(engine, assigned if study.cluster is None else first_days(assigned))
    usable = usable_values(study, engine, scope, study.values())
    columns = {value: f"v{at}" for at, value in enumerate(sorted(usable, key=lambda value: not value.is_summed))}
    summed = [value for value in columns if value.is_summed]
    flags = segment_flags(study, scope, study.segments())
    tables = []
    for together in list(batched(flags, SEGMENTS_A_PASS)) or [()]:
        query = assigned.select(exp.alias_(pattern([flags[key] for key in together]), "pattern"))
        query = query.select(*(exp.alias_(usable[value], name) for value, name in columns.items()))
        tables.append((together, query))
    found, daily = sums_of(study, engine, tables, summed, arrived, ("arm", "pattern"))
    chunks = [(together, _shared(moments, count)) for together, moments in found]
    measured = study.answer(chunks, dict.fromkeys(range(count), crossed)) + history(study, arrived.copied(count))
    measured += distributions(engine, Units(study, tables, columns, shared=True))
    measured += _counted(study, source, scope, engine, assigned)
    measured += Measured(failed=notes)
    return replace(measured, daily=tuple(study.daily(_shared(daily, count))))


def _counted(study: Study, source: UnitSource, scope: Scope, engine: Engine, assigned: exp.Select) -> Measured:
    """What trust depends on, where anything but the sums of this table must be known for it."""
    designs = any(one.dealing is not None or one.design == "holdout" for one in study.experiments.values())
    if source.unit is None or not (designs or study.definitions.data.identities is not None):
        return Measured()
    people = assigned.select(exp.alias_(scope.column(source.unit), "unit")).subquery("a")
    numbers = exp.values([(at,) for at in range(len(study.experiments))], alias="x", columns=["at"])
    try:
        rows = exp.select(exp.alias_(exp.column("at", "x"), "experiment"), "a.arm", "a.unit").from_(people)
        engine.write(_PEOPLE, rows.join(numbers, join_type="cross"))
        facts = Facts(study, engine, _PEOPLE, scope.type_of(source.unit))
        facts.count()
        return Measured(counts=tuple(facts.rows), failed=tuple(facts.notes))
    finally:
        engine.drop(_PEOPLE)


def of_clusters(engine: Engine, scope: Scope, assigned: exp.Select, column: str) -> tuple[exp.Select, int]:
    """The units with their `cluster`, without clusters in several arms, and how many of these there are."""
    arm = next(found.unalias() for found in assigned.expressions if found.alias == "arm")
    cluster = scope.text(column)
    differ = exp.NEQ(this=exp.Min(this=arm.copy()), expression=exp.Max(this=arm.copy()))
    crossed = exp.select(cluster).from_(scope.source()).group_by(cluster.copy()).having(differ)
    count = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(crossed.subquery("c"))
    kept = assigned.select(exp.alias_(cluster.copy(), "cluster")).where(present(scope.column(column)))
    kept = kept.where(exp.not_(exp.In(this=cluster.copy(), query=crossed.copy().subquery())))
    return kept, int(engine.query(count).to_pylist()[0]["n"])


def _shared(found: Mapping[Cell, Moments], experiments: int) -> dict[Cell, Moments]:
    """Experiments that share the variant column share its units, and so the moments."""
    return {cell._replace(experiment=at): moments for at in range(experiments) for cell, moments in found.items()}


def assigned_rows(
    engine: Engine, scope: Scope, source: UnitSource, variant: str, end: int | None, *, first: bool = False
) -> tuple[exp.Select, int, tuple[FailedRow, ...]]:
    """The units that take part, as a query with `experiment` and `arm`; how many were seen in several arms; notes.

    Those in several arms are left out, or kept in the `first` arm: that of the row with the earliest time. Rows without
    a variant or a unit, and units with several rows in one arm, are left out and noted.

    Raises:
        DataError: a column is missing, or more than a few units have several rows in one arm.
    """
    arm = scope.text(variant)
    query = exp.select().from_(scope.source()).where(present(scope.column(variant)))
    if end is not None and source.time is not None:
        query = query.where(exp.LT(this=scope.instant(source.time), expression=whole(end)))
    crossed, notes = 0, list(nameless(engine, scope, source.unit, variant))
    if source.unit is not None:
        unit = scope.column(source.unit)
        query = query.where(present(unit))
        rows = query.select(exp.alias_(unit.copy(), "unit"), exp.alias_(arm.copy(), "arm"))
        found = repeats(engine, scope, source.unit, rows)
        if found.within:
            notes.append(_left_out(engine, source.table, found.within, rows))
            query = query.where(exp.not_(exp.In(this=unit.copy(), query=repeated_units(rows).subquery())))
        crossed = found.crossed
        if crossed:
            kept = exp.not_(exp.In(this=unit.copy(), query=crossed_units(rows).subquery()))
            query = query.where(exp.or_(kept, _is_first(scope, source, rows, unit)) if first else kept)
    return query.select(exp.alias_(whole(0), "experiment"), exp.alias_(arm, "arm")), crossed, tuple(notes)


def _left_out(engine: Engine, table: str, units: int, rows: exp.Select) -> FailedRow:
    """Note that a few units with several rows in one arm are left out, as nobody knows which row is right.

    Raises:
        DataError: they are more than a few, so the table has no row per unit.
    """
    every = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(rows.copy().subquery("r"))
    if units > _FEW_REPEATED * engine.query(every).to_pylist()[0]["n"]:
        raise DataError(several_rows(table, units))
    who, are = ("1 unit", "is") if units == 1 else (f"{units:,} units", "are")
    reason = f"{who} with several rows in '{table}' {are} left out: it must have one row per unit"
    return FailedRow(STAGE, table, reason, remark=True)


def _is_first(scope: Scope, source: UnitSource, rows: exp.Select, unit: exp.Expr) -> exp.Expr:
    """Whether a row of a unit seen in several arms is its first; nobody knows when two arms share that instant."""
    if source.time is None:
        raise DataError(
            "units seen in several arms are to stay in the first, and no time tells which it was",
            hint=f"name the time of assignment in '{source.table}' (`time: COLUMN`), or write `crossed: exclude`",
        )
    moment = scope.instant(source.time)
    timed = rows.select(exp.alias_(moment, "start")).subquery("r")
    firsts = exp.select("unit", *first_arms()).from_(timed).group_by(exp.column("unit")).subquery("g")
    same = exp.EQ(this=exp.column("first_arm"), expression=exp.column("first_other"))
    earliest = exp.select(exp.func("ROW", exp.column("unit"), exp.column("first_start"))).from_(firsts).where(same)
    return exp.In(this=exp.func("ROW", unit.copy(), moment.copy()), query=earliest.subquery())


def several_rows(table: str, units: int) -> str:
    """Say that units repeat where they must not."""
    who = "1 unit has" if units == 1 else f"{units:,} units have"
    return f"{who} several rows in '{table}', which must have one row per unit; remove the repeated rows"


def usable_values(study: Study, engine: Engine, scope: Scope, values: Sequence[Value]) -> dict[Value, exp.Expr]:
    """Values of a unit table as expressions; the study notes why others cannot be used."""
    found: dict[Value, exp.Expr] = {}
    for value in values:
        try:
            found[value] = known_before(value, unit_value(in_own_column(value, scope), scope))
        except VitalfewError as error:
            study.reasons[value.name] = str(error)
    study.reasons |= contradictions(engine, scope, [in_own_column(value, scope) for value in found])
    kept = set(study.values())
    return {value: expression for value, expression in found.items() if value in kept}


def segment_flags(study: Study, scope: Scope, segments: Mapping[str, Segment]) -> dict[str, exp.Expr]:
    """Segments over a unit table as conditions; the study notes why others cannot be used."""
    flags: dict[str, exp.Expr] = {}
    for key, segment in segments.items():
        try:
            if segment.filter is None:
                raise DataError("it has no filter, so its units are not known")
            flags[key] = scope.condition(parse(segment.filter))
        except VitalfewError as error:
            study.reasons[f"segment {key}"] = str(error)
    return flags


def pattern(flags: Sequence[exp.Expr]) -> exp.Expr:
    """The sum of 2**i over the conditions that hold."""
    total: exp.Expr = whole(0)
    for bit, flag in enumerate(flags):
        member = exp.Case().when(flag, whole(1 << bit)).else_(whole(0))
        total = member if bit == 0 else exp.Add(this=total, expression=member)
    return total
