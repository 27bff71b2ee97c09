"""A run that goes on where the last one ended: nobody joined, so only units with new events change what is known.

Who takes part, in which arm, segments and since when, is remembered with the numbers; the sums of products are
changed by the units that changed. Everything it hangs on is in one key: definitions, experiments, and the files of
exposures and of segments. Where anything else is asked for, the run is an ordinary one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlglot import exp

from vitalfew import __version__
from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.population import Population
from vitalfew.warehouse.products import Products, all_changed, shown, width
from vitalfew.warehouse.running import ROWS, floats, integers
from vitalfew.warehouse.state import key_of
from vitalfew.warehouse.sums import Cell, cells
from vitalfew.workspace.definitions import EventSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.grouped import Grouped
    from vitalfew.warehouse.state import Kept, State
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.sums import Rows

    Floats = NDArray[np.float64]

_MOST = 1 << 23  # numbers that are kept of sums of products


@dataclass(slots=True)
class Continued:
    """What a run takes from the last one and leaves to the next.

    Attributes:
        engine: where the tables lie.
        state: where it is remembered.
        key: what it hangs on.
        found: what the last run left, with the key of the numbers.
        people: who takes part, to be remembered.
        grouped: numbers of the units, once they are known.
    """

    engine: Engine
    state: State
    key: str
    found: tuple[str, Kept] | None
    people: Mapping[str, Any] = field(default_factory=dict)
    grouped: Grouped | None = None

    @classmethod
    def of(cls, study: Study, engine: Engine, end: int | None, state: State | None) -> Continued | None:
        """What there is for a study; None where a run cannot go on from another."""
        if state is None or not _is_plain(study, end):
            return None
        tables = _tables(study)
        files = [path for table in tables for path in engine.files(table)]
        if not files or not all(engine.files(table) for table in tables):
            return None
        key = key_of(
            __version__, study.definitions.model_dump_json(), study.source, list(study.experiments), _at(files)
        )
        return cls(engine, state, key, state.of_day(key))

    def population(self) -> Population | None:
        """Who takes part, as the last run found them; its query holds the rows that it numbered."""
        if self.found is None or self.found[1].day is None:
            return None
        self.people = self.found[1].day["people"]
        crossed = {int(at): int(n) for at, n in self.people["crossed"]}
        notes = tuple(FailedRow(**note) for note in self.people["notes"])
        return Population(exp.select("*"), self.people["unit_type"], self.people["timed"], crossed, notes)

    def take(self, population: Population) -> None:
        """Remember who takes part."""
        self.people = {
            "crossed": list(population.crossed.items()),
            "notes": [asdict(note) for note in population.notes],
            "unit_type": population.unit_type,
            "timed": population.timed,
        }

    def cells(self, engine: Engine, rows: Rows) -> dict[Cell, Moments]:
        """The moments of every cell, from those of the last run where that can be."""
        changed = self._changed(rows)
        if changed is not None:
            self._leave(rows, changed)
            return shown(changed, rows.shares)
        if self.grouped is not None:
            self.grouped.whole()
        found = cells(engine, rows)
        self._leave(rows, self._products(rows, found))
        return found

    def _leave(self, rows: Rows, products: Mapping[Cell, Products]) -> None:
        numbers = None if self.grouped is None else self.grouped.numbers
        if numbers is None or numbers.key is None or numbers.kept is None:
            return
        day = {
            "key": self.key,
            "people": self.people,
            "rows": _rows_key(rows),
            "cells": [list(cell) for cell in products],
        }
        kept = None if not products else np.array([found.row() for found in products.values()])
        self.state.save(numbers.key, replace(numbers.kept, day=day, cells=kept))

    def _products(self, rows: Rows, found: Mapping[Cell, Moments]) -> dict[Cell, Products]:
        """What the next run may change; nothing where values hang on those of other units, or that is too much."""
        if rows.caps or not found or len(found) * width(len(rows.names)) > _MOST:
            return {}
        zeros = [exp.EQ(this=exp.column(f"v{at}"), expression=whole(0)) for at in range(len(rows.names))]
        counts = [exp.alias_(exp.func("COUNT_IF", zero), f"z{at}") for at, zero in enumerate(zeros)]
        query = exp.select(*rows.keys, *counts).from_(rows.query.subquery("units")).group_by(*rows.keys)
        at_zero = {}
        for row in self.engine.query(query).to_pylist():
            cell = Cell(**{name: row.get(name, 0) for name in Cell._fields})
            at_zero[cell] = np.array([float(row[f"z{at}"] or 0) for at in range(len(rows.names))])
        return {cell: Products.of(moments, at_zero[cell], rows.shares) for cell, moments in found.items()}

    def _changed(self, rows: Rows) -> dict[Cell, Products] | None:
        grouped = self.grouped
        if grouped is None or grouped.step is None or rows.caps:
            return None
        step = grouped.step
        day, kept = step.kept.day, step.kept.cells
        if day is None or kept is None or day["rows"] != _rows_key(rows) or kept.shape[1] != width(len(rows.names)):
            return None
        names = [Cell(*cell) for cell in day["cells"]]
        found = {cell: Products.from_row(rows.names, row) for cell, row in zip(names, kept, strict=True)}
        if not len(step.ids):
            return found
        grouped.lend(step.before, step.ids)
        before = self._by_cell(rows, names)
        grouped.lend(step.after, step.ids)
        after = self._by_cell(rows, names)
        return all_changed(found, {cell: (before[cell], after[cell]) for cell in before}, rows.shares)

    def _by_cell(self, rows: Rows, known: Sequence[Cell]) -> dict[Cell, Floats]:
        """Values of the units that are shown, NaN where missing, `(units, k)` by cell."""
        arms = sorted({cell.arm for cell in known})
        arm = exp.Case(this=exp.column("arm"))
        for number, name in enumerate(arms):
            arm = arm.when(exp.Literal.string(name), whole(number))
        keys = {name: exp.column(name) if name in rows.keys else whole(0) for name in Cell._fields} | {"arm": arm}
        nothing = exp.cast(exp.Literal.string("nan"), "DOUBLE")
        values = [
            exp.Coalesce(this=exp.cast(exp.column(f"v{at}"), "DOUBLE"), expressions=[nothing.copy()])
            for at in range(len(rows.names))
        ]
        query = exp.select(*(exp.cast(key, "BIGINT") for key in keys.values()), *values)
        batches = list(self.engine.stream(query.from_(rows.query.subquery("units")), ROWS))
        count = len(Cell._fields)
        parts = [[integers(batch.column(at)) for batch in batches] for at in range(count)]
        numbered = [cell._replace(arm=str(arms.index(cell.arm))) for cell in known]
        place = _places([np.concatenate(part) for part in parts], numbered)
        order = np.argsort(place, kind="stable")
        sheet = np.empty((len(rows.names), len(order)))
        for at in range(len(rows.names)):
            sheet[at] = np.concatenate([floats(batch.column(count + at)) for batch in batches])[order]
        ends = np.cumsum(np.bincount(place, minlength=len(known)))
        spans = zip(known, [0, *ends[:-1]], ends, strict=True)
        return {cell: sheet[:, start:end].T for cell, start, end in spans if end > start}


def _places(columns: Sequence[NDArray[np.int64]], known: Sequence[Cell]) -> NDArray[np.int16]:
    """The position of each unit's cell; every unit has one, as nobody joined."""
    code = np.zeros(len(columns[0]), np.int64)
    codes = np.zeros(len(known), np.int64)
    for at, column in enumerate(columns):
        mine = np.array([int(cell[at]) for cell in known])
        distinct = np.unique(mine)
        code = code * len(distinct) + np.searchsorted(distinct, column)
        codes = codes * len(distinct) + np.searchsorted(distinct, mine)
    order = np.argsort(codes)
    return order[np.searchsorted(codes[order], code)].astype(np.int16)


def _is_plain(study: Study, end: int | None) -> bool:
    """Whether units depend on nothing but the files of their own source, of segments, and of events that only grow."""
    sources = [study.definitions.sources.get(value.measure.source) for value in study.values()]
    plain = all(isinstance(one, EventSource) and one.id is None and one.bots_above is None for one in sources)
    apart = study.cluster is None and not study.switchback and not study.may_overlap
    return plain and apart and end is None and study.definitions.data.identities is None


def _tables(study: Study) -> list[str]:
    """The tables that say who takes part and who belongs to which segment."""
    keys = [study.source, *(segment.source or study.source for segment in study.segments().values())]
    return sorted({_table(study, key) for key in keys})


def _table(study: Study, key: str) -> str:
    source = study.definitions.sources[key]
    return source.table if isinstance(source, UnitSource) else getattr(source, "table", "")


def _at(files: Sequence[Path]) -> list[str]:
    return [f"{path}:{stat.st_size}:{stat.st_mtime_ns}" for path, stat in _stats(files)]


def _stats(files: Sequence[Path]) -> Iterator[tuple[Path, Any]]:
    for path in files:
        yield path, path.stat()


def _rows_key(rows: Rows) -> str:
    return key_of(rows.query.sql(), rows.names, rows.keys, sorted(rows.shares))
