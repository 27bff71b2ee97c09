"""Why a metric is 0 or missing for everybody: ids that do not meet, times nobody can read, events that do not exist.

Zeros that come from a slip in the definitions look like a measured "no difference", so they are refused instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import suggest
from vitalfew.results.rows import FailedRow
from vitalfew.stats.percent import percent
from vitalfew.warehouse.compile import count_where, present, whole
from vitalfew.workspace.definitions import EventSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import ExposureSource

_MOST_LOOKED_AT, _MANY_AGAIN, _FEW_AGAIN = 100_000, 0.01, 10
_DAY = 86_400_000_000  # microseconds
_WRITTEN = ("text", "integer", "number")  # types in which a filled cell may hold no time


@dataclass(frozen=True, slots=True)
class Place:
    """A table that values are read from, and how its units are joined to the population (alias `p`)."""

    scope: Scope
    unit: str
    time: str | None
    same_unit: exp.Expr
    population: exp.Expr


def explain_silence(
    study: Study, engine: Engine, places: Mapping[str, Place], values: Sequence[Value], found: Iterable[Moments]
) -> None:
    """Note in the study why values that are 0 or missing for all units cannot be believed.

    Args:
        study: its `reasons` are filled.
        engine: where the tables lie; the population is still kept.
        places: the table of each source.
        values: what was measured.
        found: moments of all units.
    """
    used = _used(found)
    for key, place in places.items():
        mine = [value for value in values if value.measure.source == key]
        silent = [value for value in mine if value.name not in used]
        reason = _of_table(study, engine, place) if silent and len(silent) == len(mine) else None
        if reason is not None:
            study.reasons |= {value.name: reason for value in silent}
        else:
            study.reasons |= _unknown_events(study, engine, place, silent)


def unreadable_times(engine: Engine, scope: Scope, time: str) -> Iterator[FailedRow]:
    """Note rows whose moment cannot be told: they cannot be placed before or after anything."""
    if scope.type_of(time) not in _WRITTEN:
        return
    lost = exp.Is(this=scope.instant(time), expression=exp.null())
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(scope.source()).where(lost)
    yield from _left_out(scope, engine.query(query).to_pylist()[0]["n"], f"readable time in '{time}'")


def nameless(engine: Engine, scope: Scope, unit: str | None, variant: str) -> Iterator[FailedRow]:
    """Note rows of a unit table that name no variant, and those of a variant that name no unit."""
    there = present(scope.column(variant))
    lost: dict[str, exp.Expr] = {f"variant in '{variant}'": exp.not_(there)}
    if unit is not None:
        lost[f"unit in '{unit}'"] = exp.and_(there.copy(), exp.not_(present(scope.column(unit))))
    counts = [exp.alias_(count_where(one), f"n{at}") for at, one in enumerate(lost.values())]
    row = engine.query(exp.select(*counts).from_(scope.source())).to_pylist()[0]
    for at, what in enumerate(lost):
        yield from _left_out(scope, row[f"n{at}"], what)


def unplaced(engine: Engine, scope: Scope, source: ExposureSource, study: Study) -> Iterator[FailedRow]:
    """Note exposures that cannot be placed: rows without a readable time, a variant or a unit; by arm where known."""
    if source.time is not None:
        yield from unreadable_times(engine, scope, source.time)
    unit, variant = scope.column(source.unit), scope.column(source.variant)
    named = scope.text(source.experiment)
    ids = [experiment.id or key for key, experiment in study.experiments.items()]
    query = (
        exp.select(
            exp.alias_(named, "id"), exp.alias_(scope.text(source.variant), "arm"),
            exp.alias_(exp.Count(this=exp.Star()), "n"),
        )
        .from_(scope.source())
        .where(named.copy().isin(*(exp.Literal.string(one) for one in ids)))
        .where(exp.not_(exp.and_(present(unit), present(variant))))
        .group_by("1", "2")
        .order_by("1", "2")
    )  # fmt: skip
    lost: dict[str, dict[str | None, int]] = {}
    for row in engine.query(query).to_pylist():
        lost.setdefault(row["id"], {})[row["arm"]] = row["n"]
    for one, arms in lost.items():
        about = f" of '{one}'" if len(ids) > 1 else ""
        yield from _left_out(scope, arms.pop(None, 0), f"variant in '{source.variant}'{about}")
        by_arm = f" ({', '.join(f'{n:,} in {arm}' for arm, n in arms.items())})" if arms else ""
        yield from _left_out(scope, sum(arms.values()), f"unit in '{source.unit}'{about}{by_arm}")


def sent_again(engine: Engine, scope: Scope, source: EventSource) -> Iterator[str]:
    """Say how many events are the same in every column as another, where nothing tells events apart.

    Where times are days only, the same event twice a day is use, and nothing is said. Of a large table only
    some rows are looked at, whichever come first in this run: all would be a second pass over the data.
    """
    if source.id is not None:
        return
    first = exp.select("*").from_(scope.source()).limit(_MOST_LOOKED_AT)
    counted = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n"))
    every = engine.query(counted.from_(first.subquery("s"))).to_pylist()[0]["n"]
    once = exp.select("*").from_(first.copy().subquery("s")).distinct()
    again = every - engine.query(counted.copy().from_(once.subquery("o"))).to_pylist()[0]["n"]
    if again < max(_FEW_AGAIN, _MANY_AGAIN * every):
        return
    moments = exp.select(exp.alias_(scope.instant(source.time), "at")).from_(scope.source()).limit(_MOST_LOOKED_AT)
    timed = exp.NEQ(this=exp.Mod(this=exp.column("at"), expression=whole(_DAY)), expression=whole(0))
    if _any(engine, exp.select("at").from_(moments.subquery("m")).where(timed)):
        some = every == _MOST_LOOKED_AT
        rows = f"about {percent(again / every)} of the" if some else f"{again:,} of {every:,}"
        yield (
            f"{rows} rows of '{scope.table}' are the same in every column as another, and count again:"
            " where events were sent twice, name the column that tells them apart (`id:`), or take the copies out"
        )


def _left_out(scope: Scope, count: int, what: str) -> Iterator[FailedRow]:
    if count:
        rows, are = ("1 row", "is") if count == 1 else (f"{count:,} rows", "are")
        reason = f"{rows} of '{scope.table}' without a {what} {are} left out"
        yield FailedRow("measure", scope.table, reason, remark=True)


def _used(found: Iterable[Moments]) -> set[str]:
    used: set[str] = set()
    for moments in found:
        zero = (moments.mean.diagonal() + moments.shift == 0) & (moments.cross.diagonal() == 0)
        some = moments.n.diagonal() > 0
        used.update(name for name, at in zip(moments.names, some & ~zero, strict=True) if at)
    return used


def _of_table(study: Study, engine: Engine, place: Place) -> str | None:
    scope = place.scope
    if place.time is not None:
        readable = exp.not_(exp.Is(this=scope.instant(place.time), expression=exp.null()))
        if not _any(engine, exp.select(exp.alias_(exp.Literal.number(1), "one")).from_(scope.source()).where(readable)):
            return f"no row of '{scope.table}' has a readable time in '{place.time}'; write it like 2026-01-31 17:45:00"
    met = exp.select(exp.alias_(exp.Literal.number(1), "one")).from_(scope.source())
    if _any(engine, met.join(place.population, on=place.same_unit)):
        return None
    return (
        f"no '{place.unit}' of '{scope.table}' takes part in an experiment of '{study.source}'; "
        "are these the same ids, written the same way?"
    )


def _any(engine: Engine, rows: exp.Select) -> bool:
    return bool(engine.query(rows.limit(1)).num_rows)


def _unknown_events(study: Study, engine: Engine, place: Place, silent: Sequence[Value]) -> dict[str, str]:
    source = next((study.definitions.sources[value.measure.source] for value in silent if value.events), None)
    if not isinstance(source, EventSource) or source.event is None:
        return {}
    name = place.scope.text(source.event)
    distinct = exp.select(exp.alias_(name, "name")).distinct().from_(place.scope.source())
    known = sorted(str(row["name"]) for row in engine.query(distinct).to_pylist() if row["name"] is not None)
    reasons = {}
    for value in silent:
        absent = [name for name in value.events if name not in known]
        # Of several names for one thing any may occur; of steps each must.
        if absent and (value.is_chained or len(absent) == len(value.events)):
            reasons[value.name] = f"'{place.scope.table}' has no event '{absent[0]}'; {suggest(absent[0], known)}"
    return reasons
