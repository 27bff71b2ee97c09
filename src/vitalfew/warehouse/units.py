"""Experiments whose assignment is a column of a table with one row per unit, measured where the rows lie."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, VitalfewError
from vitalfew.warehouse.compile import Scope, whole
from vitalfew.warehouse.sums import Rows, cells
from vitalfew.warehouse.unique import crossed_units, repeats
from vitalfew.warehouse.values import contradictions, unit_value
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.measured import Measured
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.sums import Cell
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Segment, UnitSource

# Eight overlapping segments are at most 256 cells an arm; more segments are further passes.
SEGMENTS_A_PASS = 8


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
    scope = Scope.open(engine, source.table, "u")
    assigned, crossed = assigned_rows(engine, scope, source, variant, end)
    usable = usable_values(study, engine, scope, study.values())
    flags = segment_flags(study, scope, study.segments())
    caps = {at: value.percentile for at, value in enumerate(usable) if value.percentile is not None}
    chunks = []
    for together in list(batched(flags, SEGMENTS_A_PASS)) or [()]:
        query = assigned.select(exp.alias_(pattern([flags[key] for key in together]), "pattern"))
        query = query.select(*(exp.alias_(found, f"v{at}") for at, found in enumerate(usable.values())))
        keys = ("arm", "pattern") if together else ("arm",)
        shares = frozenset(at for at, value in enumerate(usable) if value.is_share)
        rows = Rows(query, tuple(value.name for value in usable), caps, keys, shares)
        chunks.append((together, _shared(cells(engine, rows), len(study.experiments))))
    return study.answer(chunks, dict.fromkeys(range(len(study.experiments)), crossed))


def _shared(found: Mapping[Cell, Moments], experiments: int) -> dict[Cell, Moments]:
    """Experiments that share the variant column share its units, and so the moments."""
    return {cell._replace(experiment=at): moments for at in range(experiments) for cell, moments in found.items()}


def assigned_rows(
    engine: Engine, scope: Scope, source: UnitSource, variant: str, end: int | None
) -> tuple[exp.Select, int]:
    """The units that take part, as a query with `experiment` and `arm`, and how many were left out as crossed.

    Raises:
        DataError: a column is missing, or a unit has several rows in one arm.
    """
    arm = scope.text(variant)
    query = exp.select().from_(scope.source()).where(_present(scope.column(variant)))
    if end is not None and source.time is not None:
        query = query.where(exp.LT(this=scope.instant(source.time), expression=whole(end)))
    crossed = 0
    if source.unit is not None:
        unit = scope.column(source.unit)
        query = query.where(_present(unit))
        rows = query.select(exp.alias_(unit.copy(), "unit"), exp.alias_(arm.copy(), "arm"))
        found = repeats(engine, scope, source.unit, rows)
        if found.within:
            raise DataError(several_rows(source.table, found.within))
        crossed = found.crossed
        if crossed:
            query = query.where(exp.not_(exp.In(this=unit.copy(), query=crossed_units(rows).subquery())))
    return query.select(exp.alias_(whole(0), "experiment"), exp.alias_(arm, "arm")), crossed


def several_rows(table: str, units: int) -> str:
    """Say that units repeat where they must not."""
    who = "1 unit has" if units == 1 else f"{units:,} units have"
    return f"{who} several rows in '{table}', which must have one row per unit; remove the repeated rows"


def usable_values(study: Study, engine: Engine, scope: Scope, values: Sequence[Value]) -> dict[Value, exp.Expr]:
    """Values of a unit table as expressions; the study notes why others cannot be used."""
    found: dict[Value, exp.Expr] = {}
    for value in values:
        try:
            found[value] = unit_value(value, scope)
        except VitalfewError as error:
            study.reasons[value.name] = str(error)
    study.reasons |= contradictions(engine, scope, tuple(found))
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


def _present(column: exp.Expr) -> exp.Expr:
    return exp.not_(exp.Is(this=column.copy(), expression=exp.null()))
