"""Who joined, left or moved since the last run, told from the exposures that came since.

Where only files were added, only these are read: an exposure that is not a unit's first, in the arm that it has,
changes nothing. Where files were changed or removed, everybody's first exposure is held against what was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.compile import Scope, present, table_named, whole
from vitalfew.warehouse.population import FIRST_EXPOSURES, first_exposures
from vitalfew.warehouse.positions import Positions, at_ids, is_whole
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.running import ROWS, integers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.state import Kept
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import ExposureSource

_KNOWN, _CROSSED, _COMPARED = "vitalfew units then", "vitalfew crossed then", "vitalfew units compared"
_MOST = 0.5  # share of the units from which all are better looked at anew


@dataclass(frozen=True, slots=True)
class Came:
    """What changed in who takes part.

    Attributes:
        joined: query of the new units: `experiment`, `arm`, `unit` and `start`; None when nobody joined.
        left: ids of units that take part no more, or not as they did.
        crossed: columns `experiment` and `unit`, of all units seen in several arms.
        positions: where units of then are found by their number, if that was looked at.
    """

    joined: exp.Select | None
    left: NDArray[np.int64]
    crossed: pa.Table
    positions: Positions | None = None


def lend_people(engine: Engine, name: str, people: pa.Table, left: NDArray[np.bool_]) -> None:
    """Name the table of those that take part.

    Args:
        engine: where it is to be read.
        name: its name.
        people: all that ever did, by `id`.
        left: which of them left.
    """
    if not left.any():
        engine.lend(name, people)
        return
    import pyarrow as pa

    gone = pa.Array.from_buffers(pa.int8(), len(left), [None, pa.py_buffer(left.astype(np.int8))])
    engine.lend(f"{name} ever", people.append_column("gone", pa.chunked_array([gone])))
    here = exp.EQ(this=exp.column("gone"), expression=whole(0))
    engine.lend(name, exp.select("*").from_(table_named(f"{name} ever")).where(here))


def came_since(
    study: Study, source: ExposureSource, engine: Engine, kept: Kept, then: Mapping[str, str], now: Mapping[str, str]
) -> Came | None:
    """Compare exposures with those of the last run.

    Args:
        study: the experiments.
        source: the exposures.
        engine: where the tables lie.
        kept: what the last run left, with places and units seen in several arms.
        then: its files of exposures, by path, with a mark that changes when they do.
        now: those of today.

    Returns:
        What changed; None when that is so much, or such, that all units are better looked at anew.
    """
    if kept.place is None or kept.crossed is None:
        return None
    if then == now:
        return Came(None, np.zeros(0, np.int64), kept.crossed)
    grown = then.items() <= now.items()
    scope = opened(engine, study.definitions.data, source, "x")
    if grown:
        part = engine.part(source.table, [Path(path) for path in now if path not in then])
        scope = Scope(part, "x", engine.columns(part))
    if study.keeps_first or _of_kind(scope, source) != _of_kind(
        opened(engine, study.definitions.data, source, "x"), source
    ):
        return None
    engine.write(FIRST_EXPOSURES, first_exposures(study, scope, source, None))
    alone = grown and len(study.experiments) == 1
    positions = Positions.of(kept.people, kept.place < 0) if alone else None
    _lend_known(engine, kept.people, kept.place < 0, positions)
    engine.lend(_CROSSED, kept.crossed)
    engine.write(_COMPARED, _compared(grown=grown))
    left = _ids(engine, exp.select("id").from_(table_named(_COMPARED)).where(present(exp.column("id"))))
    left = left if grown else np.concatenate([left, _ids(engine, _absent())])
    joined, crossed = _joined(grown=grown), _crossed(engine, kept.crossed, grown=grown)
    many = engine.query(exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(joined.subquery("j")))
    count = int(many.to_pylist()[0]["n"])
    if count + len(left) > _MOST * kept.people.num_rows:
        return None
    return Came(joined if count else None, left, crossed, positions)


def _lend_known(engine: Engine, people: pa.Table, left: NDArray[np.bool_], positions: Positions | None) -> None:
    """Name the table of those that exposures are compared with: all of then, or such as have any."""
    if positions is not None:
        seen = engine.query(exp.select("unit").from_(table_named(FIRST_EXPOSURES))).column("unit")
        if is_whole(seen):
            ids = positions.ids(seen)
            engine.lend(_KNOWN, at_ids(people, np.sort(ids[ids >= 0])))
            return
    lend_people(engine, _KNOWN, people, left)


def forget(engine: Engine) -> None:
    """Drop what was kept to compare."""
    for name in (_COMPARED, _CROSSED, _KNOWN, f"{_KNOWN} ever"):
        engine.drop(name)


def _of_kind(scope: Scope, source: ExposureSource) -> list[str]:
    columns = (source.unit, source.experiment, source.variant, source.time)
    return [scope.type_of(column) for column in columns if column is not None]


def _compared(*, grown: bool) -> exp.Select:
    """First exposures that are not as they were known, with what was."""
    columns = ["f.experiment", "f.unit", "f.arm", "f.other", "f.start", "p.id", "p.arm AS was"]
    query = exp.select(*columns).from_(exp.alias_(table_named(FIRST_EXPOSURES), "f", table=True))
    query = query.join(
        exp.alias_(table_named(_KNOWN), "p", table=True),
        on="f.experiment = p.experiment AND f.unit = p.unit",
        join_type="left",
    )
    same = "f.arm = f.other AND f.arm = p.arm AND f.start " + (">=" if grown else "=") + " p.start"
    query = query.where(exp.or_("p.id IS NULL", f"NOT ({same})"))
    if grown:
        crossed = exp.alias_(table_named(_CROSSED), "c", table=True)
        query = query.join(crossed, on="f.experiment = c.experiment AND f.unit = c.unit", join_type="left")
        query = query.where("c.unit IS NULL")
    return query


def _absent() -> exp.Select:
    """Units that have no exposure any more."""
    query = exp.select("p.id").from_(exp.alias_(table_named(_KNOWN), "p", table=True))
    first = exp.alias_(table_named(FIRST_EXPOSURES), "f", table=True)
    return query.join(first, on="f.experiment = p.experiment AND f.unit = p.unit", join_type="left").where(
        "f.unit IS NULL"
    )


def _joined(*, grown: bool) -> exp.Select:
    query = exp.select("experiment", "arm", "unit", "start").from_(table_named(_COMPARED)).where("arm = other")
    # What came before shows the arm that a unit was in; of all exposures it is the arm it is in.
    return query.where("was IS NULL OR was = arm") if grown else query


def _crossed(engine: Engine, known: pa.Table, *, grown: bool) -> pa.Table:
    import pyarrow as pa

    query = exp.select("experiment", "unit").from_(table_named(_COMPARED))
    found = engine.query(query.where("arm <> other OR arm <> was" if grown else "arm <> other"))
    return pa.concat_tables([known, found.cast(known.schema)]) if grown else found


def _ids(engine: Engine, query: exp.Select) -> NDArray[np.int64]:
    batches = [integers(batch.column(0)) for batch in engine.stream(query, ROWS)]
    return np.concatenate([np.zeros(0, np.int64), *batches])
