"""Who takes part in the experiments of a source: one row per experiment and unit, with arm and first exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, suggest
from vitalfew.warehouse.compile import Scope, whole
from vitalfew.warehouse.silence import unreadable_times
from vitalfew.warehouse.units import assigned_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.results.rows import FailedRow
    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import ExposureSource, UnitSource

FIRST_EXPOSURES = "vitalfew first exposures"


@dataclass(frozen=True, slots=True)
class Population:
    """Units with their arm, those seen in several arms left out.

    Attributes:
        query: columns `experiment` (position), `arm`, `unit` and, when `timed`, `start` in microseconds since 1970.
        unit_type: type of the column `unit`.
        timed: whether it is known when a unit was first exposed.
        crossed: units seen in several arms, by position of the experiment.
        notes: rows that had to be left out.
    """

    query: exp.Select
    unit_type: ColumnType
    timed: bool
    crossed: Mapping[int, int]
    notes: tuple[FailedRow, ...] = ()


def from_units(study: Study, source: UnitSource, variant: str, engine: Engine, end: int | None) -> Population:
    """Take the population from a table of units; `time` is when each was assigned.

    Raises:
        DataError: a column is missing, or a unit has several rows.
    """
    if source.unit is None:
        raise DataError(f"'{study.source}' names no unit column, so other tables cannot be joined to it")
    scope = Scope.open(engine, source.table, "u")
    query, crossed = assigned_rows(engine, scope, source, variant, end)
    query = query.select(exp.alias_(scope.column(source.unit), "unit"))
    if source.time is not None:
        query = query.select(exp.alias_(scope.instant(source.time), "start"))
    everywhere = dict.fromkeys(range(len(study.experiments)), crossed)
    # Experiments that share the variant column share its units, so each has a copy of them.
    if len(study.experiments) > 1:
        query = _copies(query, len(study.experiments), timed=source.time is not None)
    return Population(query, scope.type_of(source.unit), source.time is not None, everywhere)


def _copies(query: exp.Select, count: int, *, timed: bool) -> exp.Select:
    numbers = exp.values([(at,) for at in range(count)], alias="x", columns=["experiment"])
    kept = ["a.arm", "a.unit", *(["a.start"] if timed else [])]
    return exp.select("x.experiment", *kept).from_(query.subquery("a")).join(numbers, join_type="cross")


def from_exposures(study: Study, source: ExposureSource, engine: Engine, end: int | None) -> Population:
    """Take the population from a table of exposures: the first exposure of each unit to each experiment.

    Raises:
        DataError: a column is missing, or no row names one of the experiments.
    """
    scope = Scope.open(engine, source.table, "x")
    ids = [experiment.id or key for key, experiment in study.experiments.items()]
    engine.write(FIRST_EXPOSURES, _first_exposures(scope, source, ids, end))
    _refuse_unknown(engine, scope, source, study, ids)
    numbers = exp.values(list(zip(range(len(ids)), ids, strict=True)), alias="n", columns=["experiment", "id"])
    joined = (
        exp.select("n.experiment")
        .from_(exp.alias_(_kept(), "f", table=True))
        .join(numbers, on=exp.EQ(this=exp.column("id", "f"), expression=exp.column("id", "n")))
    )
    same = exp.EQ(this=exp.column("arm", "f"), expression=exp.column("other", "f"))
    times = [exp.column("start", "f")] if source.time is not None else []
    query = joined.select(exp.column("arm", "f"), exp.column("unit", "f"), *times).where(same)
    crossed = joined.copy().select(exp.alias_(exp.Count(this=exp.Star()), "n")).where(exp.not_(same.copy()))
    counts = engine.query(crossed.group_by(exp.column("experiment", "n"))).to_pylist()
    found = {row["experiment"]: row["n"] for row in counts}
    notes = () if source.time is None else tuple(unreadable_times(engine, scope, source.time))
    return Population(query, scope.type_of(source.unit), source.time is not None, found, notes)


def _kept() -> exp.Table:
    return exp.Table(this=exp.to_identifier(FIRST_EXPOSURES, quoted=True))


def _first_exposures(scope: Scope, source: ExposureSource, ids: list[str], end: int | None) -> exp.Select:
    unit, name, arm = scope.column(source.unit), scope.text(source.experiment), scope.text(source.variant)
    query = exp.select(
        exp.alias_(name, "id"),
        exp.alias_(unit, "unit"),
        exp.alias_(exp.Min(this=arm), "arm"),
        exp.alias_(exp.Max(this=arm.copy()), "other"),
    ).from_(scope.source())
    for column in (unit, scope.column(source.variant)):
        query = query.where(exp.not_(exp.Is(this=column.copy(), expression=exp.null())))
    query = query.where(name.copy().isin(*map(exp.Literal.string, dict.fromkeys(ids))))
    if source.time is not None:
        moment = scope.instant(source.time)
        query = query.select(exp.alias_(exp.Min(this=moment), "start"))
        query = query.where(exp.not_(exp.Is(this=moment.copy(), expression=exp.null())))
        if end is not None:
            query = query.where(exp.LT(this=moment.copy(), expression=whole(end)))
    return query.group_by(name.copy(), unit.copy())


def _refuse_unknown(engine: Engine, scope: Scope, source: ExposureSource, study: Study, ids: list[str]) -> None:
    """An id that no row has is a slip in the definition, unless the experiment simply has not begun."""
    some = engine.query(exp.select("id").from_(_kept()).limit(1))
    if some.num_rows:
        return
    names = exp.select(exp.alias_(scope.text(source.experiment), "id")).distinct().from_(scope.source()).limit(1000)
    known = sorted(row["id"] for row in engine.query(names).to_pylist() if row["id"] is not None)
    absent = [name for name in ids if name not in known]
    if absent:
        raise DataError(
            f"no row of '{source.table}' has '{absent[0]}' in column '{source.experiment}'",
            hint=suggest(absent[0], known) + "; name it with `id:`",
        )
    unread = () if source.time is None else tuple(unreadable_times(engine, scope, source.time))
    raise DataError(unread[0].reason if unread else f"no unit of '{study.source}' takes part yet")
