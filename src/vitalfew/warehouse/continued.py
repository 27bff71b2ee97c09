"""A run that goes on where the last one ended, so that only units that changed change what is known.

Who takes part, in which arm, segments and since when, is remembered with the numbers; the sums of products are
changed by the units with new events, and by those that joined, left or moved to another segment. Definitions are in the
key; where files were changed rather than added, or anything else is asked for, the run is an ordinary one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlglot import exp

from vitalfew import __version__
from vitalfew.errors import VitalfewError
from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.arrivals import Arrivals
from vitalfew.warehouse.changes import Valued
from vitalfew.warehouse.compile import table_named
from vitalfew.warehouse.grouped import NotOnward, Onward
from vitalfew.warehouse.newcomers import came_since, forget, lend_people
from vitalfew.warehouse.parts import Part
from vitalfew.warehouse.places import GONE, Place, Standing, counted, numbered, placed, whole_numbers
from vitalfew.warehouse.population import FIRST_EXPOSURES, Population
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.products import Products, all_changed, shown, width
from vitalfew.warehouse.refresh import MOST_STEPS, Changes
from vitalfew.warehouse.running import ROWS, ahead, integers
from vitalfew.warehouse.silence import unplaced
from vitalfew.warehouse.state import key_of
from vitalfew.warehouse.sums import Cell, cells_and_zeros
from vitalfew.workspace.definitions import EventSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.changes import Units
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.grouped import Grouped
    from vitalfew.warehouse.newcomers import Came
    from vitalfew.warehouse.places import Places
    from vitalfew.warehouse.refresh import Step
    from vitalfew.warehouse.running import Floats
    from vitalfew.warehouse.state import Kept, State, Strangers
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.sums import Rows
    from vitalfew.workspace.definitions import ExposureSource

_MOST = 1 << 23  # numbers that are kept of sums of products


@dataclass(slots=True)
class Continued:
    """What a run takes from the last one and leaves to the next.

    Attributes:
        study: the experiments.
        source: their exposures.
        engine: where the tables lie.
        state: where it is remembered.
        key: what it hangs on.
        found: what the last run left, with the key of the numbers; None once the run is an ordinary one.
        day: what this run leaves beside numbers.
        came: how those who take part changed.
        standing: where units count now.
        crossed: units seen in several arms.
        strangers: events of units that may join that the last run left to an ordinary one, by the key of its numbers.
        values: what each value is, over running numbers.
        lay_out: makes the table of all units, for whoever asks for it.
    """

    study: Study
    source: ExposureSource
    engine: Engine
    state: State
    key: str
    found: tuple[str, Kept] | None
    day: dict[str, Any] = field(default_factory=dict)
    came: Came | None = None
    standing: Standing | None = None
    crossed: pa.Table | None = None
    strangers: dict[str, tuple[Strangers, ...]] = field(default_factory=dict)
    values: Sequence[exp.Expr] = ()
    lay_out: Callable[[], None] = lambda: None

    @classmethod
    def of(
        cls, study: Study, source: ExposureSource, engine: Engine, end: int | None, state: State | None
    ) -> Continued | None:
        """What there is for a study; None where a run cannot go on from another."""
        if state is None or source.time is None or not _is_plain(study, end):
            return None
        segments = [key for one in study.segments().values() if (key := one.source or study.source) != study.source]
        tables = sorted({_table(study, key) for key in segments})
        if not all(engine.files(table) for table in (source.table, *tables)):
            return None
        key = key_of(__version__, study.definitions.model_dump_json(), study.source, list(study.experiments))
        day = {
            "key": key,
            "steps": 0,
            "exposures": _marks(engine, [source.table]),
            "segments": _marks(engine, tables),
            "checked": segments,
        }
        return cls(study, source, engine, state, key, state.of_day(key), day)

    @property
    def goes_on(self) -> bool:
        """Whether this run goes on from the last one."""
        return self.came is not None

    @property
    def then(self) -> Mapping[str, Any]:
        """What the last run left beside numbers."""
        return {} if self.found is None else self.found[1].day or {}

    @property
    def checked(self) -> Sequence[str]:
        """Sources of segments that are as they were, and so have one row for a unit."""
        return self.day["checked"] if self.goes_on and self.then["segments"] == self.day["segments"] else ()

    @property
    def newest(self) -> tuple[int, Mapping[str, str]] | None:
        """The newest event that the last run knew, and the files that it was in."""
        return (self.then["newest"], self.found[1].files) if self.found is not None and self.goes_on else None

    def population(self) -> Population | None:
        """Units that joined since the last run; None where all are to be looked at anew."""
        if self.found is None or not self.then or self.then["steps"] >= MOST_STEPS:
            return None
        kept, then = self.found[1], self.then
        try:
            came = came_since(self.study, self.source, self.engine, kept, then["exposures"], self.day["exposures"])
        except VitalfewError:  # what cannot be read in a part is explained by whoever reads the whole
            return None
        if came is None:
            return None
        self.came, self.crossed = came, came.crossed
        kind, notes = then["unit_type"], tuple(FailedRow(**note) for note in then["notes"])
        if then["exposures"] != self.day["exposures"]:
            scope = opened(self.engine, self.study.definitions.data, self.source, "x")
            notes = tuple(unplaced(self.engine, scope, self.source, self.study))
        crossed = came.crossed.column("experiment").value_counts().to_pylist()
        several = {row["values"]: row["counts"] for row in crossed}
        return self.take(Population(came.joined or exp.select("*"), kind, timed=True, crossed=several, notes=notes))

    def ordinary(self, population: Population) -> Population:
        """Begin an ordinary run."""
        if self.found is not None and self._only_more:
            key, kept = self.found
            self.strangers[key] = tuple(replace(one, stored={}) for one in kept.strangers)
        self.found = self.came = self.standing = None
        self.day["steps"] = 0
        query = exp.select("experiment", "unit").from_(table_named(FIRST_EXPOSURES)).where("arm <> other")
        self.crossed = self.engine.query(query)
        return self.take(population)

    @property
    def _only_more(self) -> bool:
        """Whether all exposures that the last run knew are still there: nobody took part of whom it is not known."""
        known: bool = self.then["exposures"].items() <= self.day["exposures"].items()
        return known

    def take(self, population: Population) -> Population:
        """Remember what is said of who takes part."""
        notes = [asdict(note) for note in population.notes]
        self.day |= {"unit_type": population.unit_type, "notes": notes}
        return population

    def admit(
        self,
        table: str,
        chunks: Sequence[Sequence[str]],
        listed: Callable[[], exp.Select],
        patterned: Callable[[str], exp.Select],
    ) -> Onward | None:
        """Let those who joined take part, and name the table of all.

        Args:
            table: its name.
            chunks: the segments.
            listed: query of those who joined, with all columns of the table but their number, which is their place.
            patterned: query of `id` and `pattern0` of the units of a table.

        Raises:
            NotOnward: segments are not those of the last run.
        """
        self.day["chunks"] = [list(chunk) for chunk in chunks]
        if self.found is None or self.came is None:
            return None
        (key, kept), then = self.found, self.then
        if then["chunks"] != self.day["chunks"] or kept.place is None or kept.cells is None:
            raise NotOnward
        places = [Place(*row) for row in then["places"]]
        stood = Standing(kept.place, places, kept.cells[:, 0].astype(np.int64))
        people, first = kept.people, kept.people.num_rows
        if self.came.joined is not None:
            people = _with(people, self.engine.query(listed()))
        moved = np.zeros(0, np.int64)
        if then["segments"] != self.day["segments"]:
            people, moved = self._moved(people, first, patterned)
            lasting = {name: file for name, file in kept.stored.items() if name != "people"}
            kept = replace(kept, stored=lasting if len(moved) else kept.stored)
        forget(self.engine)
        others = np.union1d(moved, self.came.left)
        self.standing = _stand(stood, people, moved, self.came.left)
        lend_people(self.engine, table, people, self.standing.at < 0)
        strangers = kept.strangers if self._only_more else ()
        kept = replace(kept, place=self.standing.at, crossed=self.crossed, strangers=strangers)
        positions = self.came.positions
        if positions is not None:
            positions = positions.changed(people, first, self.came.left)
        changes = Changes(first, others, alone=len(self.study.experiments) == 1, positions=positions)
        return Onward(key, kept, people, changes)

    def _moved(
        self, people: pa.Table, first: int, patterned: Callable[[str], exp.Select]
    ) -> tuple[pa.Table, NDArray[np.int64]]:
        """Segments as they are now, and who is in others than before."""
        import pyarrow as pa

        name = "vitalfew units then"
        self.engine.lend(name, people.slice(0, first).select(["id", "unit"]))
        was = whole_numbers(people.column("pattern0"))
        now = was.copy()
        for batch in self.engine.stream(patterned(name), ROWS):
            now[integers(batch.column(0))] = integers(batch.column(1))
        self.engine.drop(name)
        kind = people.schema.field("pattern0").type
        column = pa.chunked_array([pa.Array.from_buffers(pa.int64(), len(now), [None, pa.py_buffer(now)])]).cast(kind)
        at = people.schema.get_field_index("pattern0")
        return people.set_column(at, "pattern0", column), np.flatnonzero(now != was)

    def arrived(self) -> Arrivals:
        """Units by day, told from where they count."""
        found: dict[tuple[int, int, str], int] = defaultdict(int)
        if self.standing is not None:
            for place, n in zip(self.standing.places, self.standing.units, strict=True):
                found[place.experiment, place.day, place.arm] += int(n)
        return Arrivals.of({key: n for key, n in found.items() if n})

    def cells(self, grouped: Grouped, arrived: Arrivals, engine: Engine, rows: Rows) -> dict[Cell, Moments]:
        """The moments of every cell, from those of the last run where that can be."""
        if grouped.step is not None:
            self.day["steps"] = self.then["steps"] + 1
            changed = self._changed(grouped, grouped.step, rows)
            if changed is not None:
                self._leave(grouped, rows, changed)
                return self._shown(changed, rows, arrived)
            self.lay_out()
        found, zeros = cells_and_zeros(engine, rows)
        if grouped.step is None and grouped.numbers is not None and grouped.numbers.kept is not None:
            self.standing = placed(grouped.numbers.kept.people)
        self._leave(grouped, rows, self._products(rows, found, zeros, arrived))
        return found

    def _leave(self, grouped: Grouped, rows: Rows, products: Sequence[Products] | None) -> None:
        numbers = grouped.numbers
        if numbers is None or numbers.key is None or numbers.kept is None or self.standing is None:
            return
        self.day |= {"rows": self._rows_key(rows), "places": [list(one) for one in self.standing.places]}
        kept = replace(numbers.kept, day=None, cells=None, place=None, crossed=None, strangers=())
        if products:
            sums = np.array([found.row() for found in products])
            kept = replace(kept, day=self.day, cells=sums, place=self.standing.at, crossed=self.crossed)
            known = (*numbers.kept.strangers, *self.strangers.get(numbers.key, ()))
            kept = replace(kept, strangers=tuple(one for one in known if self._lasts(one, kept)))
        self.state.save(numbers.key, kept)

    def _lasts(self, strangers: Strangers, kept: Kept) -> bool:
        """Whether events can still count for units that join, and stand in their files as they did."""
        return strangers.until > self.day["newest"] and strangers.files.items() <= kept.files.items()

    def _rows_key(self, rows: Rows) -> str:
        return key_of([value.sql() for value in self.values], rows.names, sorted(rows.shares))

    def _products(
        self, rows: Rows, found: Mapping[Cell, Moments], zeros: Mapping[Cell, Floats], arrived: Arrivals
    ) -> list[Products] | None:
        """What the next run may change; nothing where values hang on those of other units, or that is too much."""
        if rows.caps or self.standing is None or "newest" not in self.day:
            return None
        places = self.standing.places
        if not found or len(places) * width(len(rows.names)) > _MOST:
            return None
        floors = arrived.floors()
        if any(place.day < floors[place.experiment] for place in places):
            return None
        some = [place for place, n in zip(places, self.standing.units, strict=True) if n]
        mine = {place: _cell(place, rows, arrived) for place in some}
        full = {place: Products.of(found[cell], zeros[cell], rows.shares) for place, cell in mine.items()}
        empty = next(iter(full.values())).emptied()
        return [full.get(place, empty) for place in places]

    def _changed(self, grouped: Grouped, step: Step, rows: Rows) -> list[Products] | None:
        kept = None if self.found is None else self.found[1]
        if kept is None or kept.cells is None or kept.place is None or self.standing is None or rows.caps:
            return None
        if self.then["rows"] != self._rows_key(rows) or kept.cells.shape[1] != width(len(rows.names)):
            return None
        found = [Products.from_row(rows.names, row) for row in kept.cells]
        place, places, _ = self.standing
        centres = [products.centre for products in found] + [None] * (len(places) - len(found))
        before: dict[int, Part] = {}
        after: dict[int, Part] = {}
        valued = Valued(grouped, step, self.values)
        for block in ahead(step.blocks()):
            known = block.ids[: block.known]
            _add_parts(before, valued.of(block.numbers, known), kept.place[known], centres)
            block.advance()
            _add_parts(after, valued.of(block.numbers, block.ids), place[block.ids], centres)
        nobody = Part.of(np.empty((len(rows.names), 0)))
        some = sorted({*before, *after, *range(len(found), len(places))})
        changed = {at: (before.get(at, nobody), after.get(at, nobody)) for at in some}

        def again(at: int) -> Part:
            ids, parts = np.flatnonzero(place == at), dict[int, Part]()
            _add_parts(parts, valued.of(step.at(ids), ids), place[ids], [None] * len(places))
            return parts.get(at, nobody)

        return all_changed(found, changed, rows.shares, again)

    def _shown(self, products: Sequence[Products], rows: Rows, arrived: Arrivals) -> dict[Cell, Moments]:
        """Moments as a pass over all units groups them."""
        found: dict[Cell, list[Moments]] = defaultdict(list)
        floors = arrived.floors()
        places = self.standing.places if self.standing is not None else ()
        for place, moments in zip(places, shown(products, rows.shares), strict=True):
            if moments.units:
                day = max(place.day, floors[place.experiment])
                found[_cell(place._replace(day=day), rows, arrived)].append(moments)
        return {cell: reduce(add, parts) for cell, parts in found.items()}


def _add_parts(parts: dict[int, Part], units: Units, at: Places, centres: list[Floats | None]) -> None:
    """Add units to the sums by place, those that are nowhere left out.

    Args:
        parts: the sums.
        units: what values they have.
        at: their places.
        centres: about what the units of each place are summed; told by the first of them where it is not known.
    """
    order = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[order], np.arange(len(centres) + 1))
    for place, (start, end) in enumerate(pairwise(ends.tolist())):
        if end > start:
            part = Part.of(units.rows(order[start:end]), centres[place])
            centres[place] = part.centre
            parts[place] = parts[place] + part if place in parts else part


def _stand(then: Standing, people: pa.Table, moved: NDArray[np.int64], left: NDArray[np.int64]) -> Standing:
    """Where units count after some joined (the last of the table), moved and left."""
    import pyarrow as pa

    first = len(then.at)
    some = people.slice(first)
    if len(moved):  # to take even none from a table lays all of its texts side by side first
        ids = pa.Array.from_buffers(pa.int64(), len(moved), [None, pa.py_buffer(moved)])
        some = pa.concat_tables([some, people.take(ids)])
    found = placed(some, then.places)
    if found is None:
        raise NotOnward
    joined, count = people.num_rows - first, len(found.places)
    at = np.concatenate([then.at, found.at[:joined]])
    at[moved] = np.where(at[moved] == GONE, GONE, found.at[joined:])
    at[left] = GONE
    other = np.union1d(moved, left)
    units = np.zeros(count, np.int64)
    units[: len(then.units)] = then.units
    units += counted(at[other], count) + counted(at[first:], count) - counted(then.at[other], count)
    return Standing(at, found.places, units)


def _cell(place: Place, rows: Rows, arrived: Arrivals) -> Cell:
    """The group of a pass over all units that holds the units of a place."""
    phase = arrived.phase_of(place.experiment, place.day)
    return Cell(place.experiment, place.arm, place.pattern if "pattern" in rows.keys else 0, phase, place.day)


def _with(people: pa.Table, more: pa.Table) -> pa.Table:
    """The units with some that joined, numbered on."""
    import pyarrow as pa

    more = numbered(more, people.num_rows)
    try:
        return pa.concat_tables([people, more.select(people.column_names).cast(people.schema)])
    except (pa.ArrowException, KeyError, ValueError) as problem:
        raise NotOnward from problem


def _is_plain(study: Study, end: int | None) -> bool:
    """Whether units depend on nothing but the files of their own source, of segments, and of events that only grow."""
    sources = [study.definitions.sources.get(value.measure.source) for value in study.values()]
    plain = all(isinstance(one, EventSource) and one.id is None and one.bots_above is None for one in sources)
    apart = study.cluster is None and not study.switchback
    return plain and apart and end is None and study.definitions.data.identities is None


def _table(study: Study, key: str) -> str:
    source = study.definitions.sources[key]
    return source.table if isinstance(source, UnitSource) else getattr(source, "table", "")


def _marks(engine: Engine, tables: Sequence[str]) -> dict[str, str]:
    """Files of tables, with a mark that changes when they do."""
    stats = {str(path): path.stat() for table in tables for path in engine.files(table)}
    return {path: f"{stat.st_size}:{stat.st_mtime_ns}" for path, stat in stats.items()}
