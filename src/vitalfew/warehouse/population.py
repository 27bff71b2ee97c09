"""Who takes part in the experiments of a source: one row per experiment and unit, with arm and first exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, suggest
from vitalfew.warehouse.clusters import without_crossed
from vitalfew.warehouse.compile import present, table_named, whole
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.silence import unplaced, unreadable_times
from vitalfew.warehouse.unique import first_arms
from vitalfew.warehouse.units import assigned_rows, of_clusters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.results.rows import FailedRow
    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import ExposureSource, UnitSource

FIRST_EXPOSURES = "vitalfew first exposures"
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Population:
    """Units with their arm, those seen in several arms left out.

    Attributes:
        query: columns `experiment` (position), `arm`, `unit` and, when `timed`, `start` in microseconds since 1970.
        unit_type: type of the column `unit`.
        timed: whether it is known when a unit was first exposed.
        crossed: units seen in several arms, by position of the experiment.
        notes: rows that had to be left out.

    Where clusters were dealt there is a column `cluster`, and those seen in several arms are `crossed`.
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
    scope = opened(engine, study.definitions.data, source, "u", apart=variant)
    query, crossed, notes = assigned_rows(engine, scope, source, variant, end, first=study.keeps_first)
    query = query.select(exp.alias_(scope.column(source.unit), "unit"))
    if study.cluster is not None:
        query, crossed = of_clusters(engine, scope, query, study.cluster)
    if source.time is not None:
        query = query.select(exp.alias_(scope.instant(source.time), "start"))
    everywhere = dict.fromkeys(range(len(study.experiments)), crossed)
    # Experiments that share the variant column share its units, so each has a copy of them.
    if len(study.experiments) > 1:
        also = ("start",) if source.time is not None else ()
        query = _copies(query, len(study.experiments), also if study.cluster is None else (*also, "cluster"))
    return Population(query, scope.type_of(source.unit), source.time is not None, everywhere, notes)


def _copies(query: exp.Select, count: int, also: tuple[str, ...]) -> exp.Select:
    numbers = exp.values([(at,) for at in range(count)], alias="x", columns=["experiment"])
    kept = ["a.arm", "a.unit", *(f"a.{name}" for name in also)]
    return exp.select("x.experiment", *kept).from_(query.subquery("a")).join(numbers, join_type="cross")


def from_exposures(study: Study, source: ExposureSource, engine: Engine, end: int | None) -> Population:
    """Take the population from a table of exposures: the first exposure of each unit to each experiment.

    Raises:
        DataError: a column is missing, or no row names one of the experiments.
    """
    scope = opened(engine, study.definitions.data, source, "x")
    _refuse_untimed(study, source)
    engine.write(FIRST_EXPOSURES, first_exposures(study, scope, source, end))
    _refuse_unknown(engine, scope, source, study)
    arm = exp.column("arm", "f")
    same: exp.Expr = exp.EQ(this=arm, expression=exp.column("other", "f"))
    taken: exp.Expr = arm
    kept = same
    if study.cluster is not None:
        return _clustered(study, scope, source, engine)
    firsts = [whole(at) for at, one in enumerate(study.experiments.values()) if one.crossed == "first"]
    if firsts:
        keeps_first = exp.column("experiment", "f").isin(*firsts)
        first, last = exp.column("first_arm", "f"), exp.column("first_other", "f")
        taken = exp.alias_(exp.Case().when(keeps_first, first).else_(arm), "arm")
        kept = exp.or_(same, exp.and_(keeps_first, exp.EQ(this=first, expression=last)))
    times = [exp.column("start", "f")] if source.time is not None else []
    rows = exp.select(exp.column("experiment", "f")).from_(exp.alias_(table_named(FIRST_EXPOSURES), "f", table=True))
    query = rows.select(taken, exp.column("unit", "f"), *times).where(kept)
    crossed = rows.copy().select(exp.alias_(exp.Count(this=exp.Star()), "n")).where(exp.not_(same.copy()))
    counts = engine.query(crossed.group_by(exp.column("experiment", "f"))).to_pylist()
    found = {row["experiment"]: row["n"] for row in counts}
    notes = tuple(unplaced(engine, scope, source, study))
    return Population(query, scope.type_of(source.unit), source.time is not None, found, notes)


def _clustered(study: Study, scope: Scope, source: ExposureSource, engine: Engine) -> Population:
    """Units of clusters that were in one arm throughout; a unit that moved between clusters belongs to none."""
    known = exp.select("*").from_(table_named(FIRST_EXPOSURES))
    stayed = exp.EQ(this=exp.column("cluster"), expression=exp.column("cluster_other"))
    start = ["start"] if source.time is not None else []
    people = (
        exp.select("experiment", "arm", "unit", "cluster", *start).from_(table_named(FIRST_EXPOSURES)).where(stayed)
    )
    query, crossed = without_crossed(people, known)
    found = {row["experiment"]: row["n"] for row in engine.query(crossed).to_pylist()}
    notes = tuple(unplaced(engine, scope, source, study))
    return Population(query, scope.type_of(source.unit), source.time is not None, found, notes)


def _refuse_untimed(study: Study, source: ExposureSource) -> None:
    wanting = [key for key, one in study.experiments.items() if one.crossed == "first"]
    if wanting and source.time is None:
        raise DataError(
            f"'{wanting[0]}' keeps units that were seen in several arms in the first, and no time tells which it was",
            hint=f"name the time of exposure in '{study.source}' (`time: COLUMN`), or write `crossed: exclude`",
        )


def first_exposures(study: Study, scope: Scope, source: ExposureSource, end: int | None) -> exp.Select:
    """Per experiment and unit: the arms it saw (the smallest and the largest name), and when it saw one first."""
    unit, arm = scope.column(source.unit), scope.text(source.variant)
    same = exp.EQ(this=scope.text(source.experiment), expression=exp.column("id", "n"))
    rows = exp.select("n.experiment", exp.alias_(unit, "unit"), exp.alias_(arm, "arm"))
    rows = rows.from_(scope.source()).join(asked_for(study, end), on=same)
    ends = _ENDS
    if study.cluster is not None:
        rows = rows.select(exp.alias_(scope.text(study.cluster), "cluster"))
        ends = (*ends, (exp.Min, "cluster", "cluster"), (exp.Max, "cluster", "cluster_other"))
    for column in (unit, scope.column(source.variant)):
        rows = rows.where(present(column))
    if source.time is not None:
        moment = scope.instant(source.time)
        rows = rows.select(exp.alias_(moment, "start")).where(present(moment))
        before = exp.LT(this=moment.copy(), expression=exp.column("until", "n"))
        rows = rows.where(before) if any(study.until(one, end) for one in study.experiments.values()) else rows
    query = exp.select("x.experiment", "x.unit").from_(rows.subquery("x")).group_by("x.experiment", "x.unit")
    query = query.select(*(exp.alias_(of(this=exp.column(column)), name) for of, column, name in ends))
    if source.time is not None:
        query = query.select(exp.alias_(exp.Min(this=exp.column("start")), "start"))
        if study.keeps_first:
            query = query.select(*first_arms())
    return query


_ENDS: tuple[tuple[type[exp.AggFunc], str, str], ...] = ((exp.Min, "arm", "arm"), (exp.Max, "arm", "other"))


def asked_for(study: Study, end: int | None) -> exp.Expr:
    """The experiments by the id that the table knows them by, and the instant at which each ends."""
    rows = [
        (at, one.id or key, study.until(one, end) or _NEVER) for at, (key, one) in enumerate(study.experiments.items())
    ]
    return exp.values(rows, alias="n", columns=["experiment", "id", "until"])


def _refuse_unknown(engine: Engine, scope: Scope, source: ExposureSource, study: Study) -> None:
    """An id that no row has is a slip in the definition, unless the experiment simply has not begun."""
    ids = [experiment.id or key for key, experiment in study.experiments.items()]
    some = engine.query(exp.select("unit").from_(table_named(FIRST_EXPOSURES)).limit(1))
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
