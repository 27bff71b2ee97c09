"""Units that experiments from different sources of exposures share: first exposures joined, then as in one source.

Only the units that two experiments share are measured again, within the bounds that hold in one source.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import VitalfewError
from vitalfew.results.rows import FailedRow
from vitalfew.results.words import count, listed
from vitalfew.warehouse.compile import as_text, table_named, whole
from vitalfew.warehouse.events import measure_joined
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.overlaps import looked_at, pairs_that_share, side_by_side
from vitalfew.warehouse.population import Population, from_exposures
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities
from vitalfew.warehouse.study import Study
from vitalfew.warehouse.values import values_of
from vitalfew.workspace.definitions import ExposureSource
from vitalfew.workspace.meetings import meetings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.overlaps import Pair
    from vitalfew.workspace.definitions import Definitions, Experiment

STAGE = "crossings"
_PEOPLE, _SHARED = "vitalfew people", "vitalfew shared people"
_NAMED = 3  # pairs of experiments named in one remark


def crossed_sources(definitions: Definitions, engine: Engine, as_of: date | None = None) -> Measured:
    """Moments over the units that experiments from different sources of exposures share, by the arms of both.

    Args:
        definitions: the workspace.
        engine: where the tables lie.
        as_of: events and exposures after the end of this day (in the workspace's time zone) are ignored.

    Returns:
        `overlaps`, and remarks on pairs that could not be looked at. What keeps an experiment itself from being
        measured is told where that is done.
    """
    alike: dict[tuple[bool, ...], list[tuple[str, str]]] = {}
    for pair in meetings(definitions):
        alike.setdefault(tuple(sorted({_timed(definitions, key) for key in pair})), []).append(pair)
    measured = Measured()
    for times, pairs in alike.items():
        if len(times) > 1:
            reason = "not tested for changing each other: of one of the two no time of exposure is known"
            measured += _remark(definitions, pairs, reason)
            continue
        try:
            learn_identities(engine, definitions.data)
            measured += _measured(definitions, pairs, engine, as_of)
        except VitalfewError as error:
            measured += _remark(definitions, pairs, f"not tested for changing each other: {error}")
        finally:
            engine.drop(IDENTITIES)
    return measured


def _measured(
    definitions: Definitions, pairs: Sequence[tuple[str, str]], engine: Engine, as_of: date | None
) -> Measured:
    """What pairs of experiments share, where the times of all or of none are known."""
    experiments = _reduced(definitions, pairs)
    if not experiments:
        return Measured()
    places = {key: at for at, key in enumerate(experiments)}
    met = [tuple(sorted(places[key] for key in pair)) for pair in pairs if all(key in places for key in pair)]
    first = next(iter(experiments.values())).source
    study = Study(definitions, first, experiments, met=frozenset((one, two) for one, two in met))
    end = study.end(as_of)
    tables = {source: f"{_PEOPLE} {source}" for source in dict.fromkeys(one.source for one in experiments.values())}
    try:
        people = _people(study, tables, engine, end)
        if people is None:
            return Measured()
        found = pairs_that_share(study, engine, people.query)
        kept = looked_at(found)
        left = len(found) - len(kept)
        reason = f"not looked at: {count(left, 'pair')} of experiments that share the fewest units"
        remarks = Measured(failed=(FailedRow(STAGE, ", ".join(tables), reason, remark=True),)) if left else Measured()
        if not kept:
            return remarks
        engine.write(_SHARED, _in_both(people.query, kept))
        study = replace(study, met=frozenset((pair.one, pair.two) for pair in kept))
        shared = replace(people, query=exp.select("*").from_(table_named(_SHARED)))
        return remarks + Measured(overlaps=measure_joined(study, shared, engine, end).overlaps)
    finally:
        for name in (_SHARED, *tables.values()):
            engine.drop(name)


def _reduced(definitions: Definitions, pairs: Sequence[tuple[str, str]]) -> dict[str, Experiment]:
    """The experiments, those of one source together, with the metrics they share, and nothing else to be measured."""
    shared: dict[str, set[str]] = {}
    for pair in pairs:
        both = set.intersection(*(set(definitions.experiments[key].metrics) for key in pair))
        summed = {key for key in both if all(v.is_summed for v in values_of(key, definitions.metrics[key]))}
        for key in pair if summed else ():
            shared.setdefault(key, set()).update(summed)
    plain = {"segments": (), "strata": (), "plan": None}
    by_source = sorted(shared, key=lambda key: list(definitions.sources).index(definitions.experiments[key].source))
    found = {}
    for key in by_source:
        one = definitions.experiments[key]
        kept = tuple(metric for metric in one.metrics if metric in shared[key])
        found[key] = one.model_copy(update={**plain, "metrics": kept})
    return found


def _people(study: Study, tables: dict[str, str], engine: Engine, end: int | None) -> Population | None:
    """First exposures of all sources below each other; of one whose exposures cannot be read, none."""
    begin, known = 0, []
    for source, table in tables.items():
        own = {key: one for key, one in study.experiments.items() if one.source == source}
        found = _exposed(Study(study.definitions, source, own), engine, end)
        if found is not None:
            place = exp.Add(this=exp.column("experiment", "f"), expression=whole(begin))
            rows = exp.select(exp.alias_(place, "experiment"), "f.arm", "f.unit", *(["f.start"] if found.timed else []))
            engine.write(table, rows.from_(found.query.subquery("f")))
            known.append((table, found))
        begin += len(own)
    if not known:
        return None
    types = {found.unit_type for _, found in known}
    queries = [_with_unit(table, found, as_written=len(types) == 1) for table, found in known]
    query = queries[0]
    for other in queries[1:]:
        query = exp.select("*").from_(exp.union(query, other, distinct=False).subquery("u"))
    _, one = known[0]
    return Population(query, types.pop() if len(types) == 1 else "text", one.timed, {})


def _exposed(study: Study, engine: Engine, end: int | None) -> Population | None:
    source = study.definitions.sources[study.source]
    try:
        return from_exposures(study, source, engine, end) if isinstance(source, ExposureSource) else None
    except VitalfewError:
        return None  # measuring this source says why


def _with_unit(table: str, found: Population, *, as_written: bool) -> exp.Select:
    unit: exp.Expr = exp.column("unit")
    unit = unit if as_written else exp.alias_(as_text(unit, found.unit_type), "unit")
    return exp.select("experiment", "arm", unit, *(["start"] if found.timed else [])).from_(table_named(table))


def _in_both(people: exp.Select, kept: Sequence[Pair]) -> exp.Select:
    """The rows of units that are in both experiments of a pair."""
    units = side_by_side(people, kept).select("a.unit").distinct()
    query = exp.select("p.*").from_(people.copy().subquery("p"))
    return query.join(units.subquery("s"), on="p.unit = s.unit")


def _remark(definitions: Definitions, pairs: Sequence[tuple[str, str]], reason: str) -> Measured:
    names = [f"{first} and {second}" for first, second in pairs]
    sources = dict.fromkeys(definitions.experiments[key].source for pair in pairs for key in pair)
    return Measured(failed=(FailedRow(STAGE, ", ".join(sources), f"{reason} ({listed(names, _NAMED)})", remark=True),))


def _timed(definitions: Definitions, experiment: str) -> bool:
    source = definitions.sources[definitions.experiments[experiment].source]
    return isinstance(source, ExposureSource) and source.time is not None
