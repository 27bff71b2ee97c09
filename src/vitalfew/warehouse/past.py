"""The events that a refresh reads: those that came, and those of before that units which joined had."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.warehouse.compile import table_named
from vitalfew.warehouse.places import whole_numbers
from vitalfew.warehouse.positions import at_ids, is_whole
from vitalfew.warehouse.running import ahead, piece_of
from vitalfew.warehouse.state import Strangers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray
    from sqlglot import exp

    from vitalfew.warehouse.positions import Positions
    from vitalfew.warehouse.refresh import Changes, Task
    from vitalfew.warehouse.running import Piece
    from vitalfew.warehouse.state import Kept
    from vitalfew.warehouse.strangers import Apart

    Ids = NDArray[np.int32]

_FRESH, _STRANGE, _KNOWN = "vitalfew fresh units", "vitalfew events of strangers", "vitalfew events of units"
MOST_STRANGE = 0.5  # share of the events of a file from which old files are better read again
MOST_STRANGERS = 4  # events of strangers for a unit that takes part that are kept
_LATE = 2 * 86_400_000_000  # microseconds that an exposure may be late without an old file being read
_PORTION = 16  # of the room for numbers that files read at once may be


@dataclass(slots=True)
class Past:
    """What is read.

    Attributes:
        task: what is added up.
        kept: what is remembered.
        changes: who joined, left or moved.
        came: size and time of change of files that came, by path.
        apart: the query of events, by what they say alone and what follows from first exposures.
        positions: where units are found; None where the engine joins them.
        others: of the events read, those of nobody who takes part.
        events: how many were read.
        newest: the instant of the newest of them.
        columns: numbers of the units by name, as soon as they were asked for.
    """

    task: Task
    kept: Kept
    changes: Changes
    came: Mapping[str, str]
    apart: Apart
    positions: Positions | None
    others: list[pa.Table] = field(default_factory=list)
    events: int = 0
    newest: int | None = None
    columns: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def joined(self) -> pa.Table:
        """Units that joined."""
        return self.task.people.slice(self.changes.first)

    @property
    def keeps(self) -> bool:
        """Whether events of strangers are kept: as long as units join that count what was before."""
        before = self.changes.reach is not None and self.changes.reach < 0
        return self.changes.alone and before and bool(self.came) and self.joined.num_rows > 0

    def read(self) -> Iterator[Piece]:
        """All that count."""
        for files in self._portions():
            if self.keeps:
                yield from map(piece_of, self._sorted_out(files))
            else:
                yield from self.task.pieces(files, self.positions)
        if self.joined.num_rows and self.kept.files:
            yield from map(piece_of, ahead(self._before()))

    def _portions(self) -> Iterator[list[str]]:
        """Files that came, as many at a time as there is room for."""
        portion, size = list[str](), 0
        for file, mark in self.came.items():
            portion.append(file)
            size += int(mark.partition(":")[0])
            if size > self.task.room.limit // _PORTION:
                yield portion
                portion, size = [], 0
        if portion:
            yield portion

    def _sorted_out(self, files: Sequence[str]) -> Iterator[Any]:
        """Those of units, while those of strangers are put aside."""
        import pyarrow.compute as pc

        events, ids = self._whose(self.apart.told(self.task.part(files)))
        self.others.append(_where(events, ids < 0))
        self.events += events.num_rows
        newest = pc.max(events.column(self.apart.moment)).as_py()
        self.newest = max((at for at in (self.newest, newest) if at is not None), default=None)
        yield from self._of_units(events, ids)

    def _whose(self, query: exp.Select) -> tuple[pa.Table, Ids]:
        """Events with the ids of their units, -1 for nobody who takes part."""
        task, apart = self.task, self.apart
        if self.positions is not None:
            events = task.engine.query(query)
            if is_whole(units := events.column(apart.unit)):
                return events, self.positions.ids(units)
            self.positions = None
        return _apart(task.engine.query(apart.with_ids(query.subquery(), task.population, "left")))

    def _of_units(self, events: pa.Table, ids: Ids) -> Iterator[Any]:
        """What the events of units say, once it is known whose they are."""
        task, apart = self.task, self.apart
        known = _where(events.select(apart.read), ids >= 0)
        ids = ids[ids >= 0]
        known = known.append_column("p_id", _column(ids))
        for name in apart.of_unit:
            known = known.append_column(f"p_{name}", self._of_each(name, ids))
        with lent(task, _KNOWN, known):
            yield from task.engine.query(apart.of_people(_KNOWN)).to_batches()

    def _of_each(self, name: str, ids: Ids) -> Any:  # noqa: ANN401 - an Arrow array, whose package has no types
        """A column of the units, for each of some events."""
        if name not in self.columns:
            self.columns[name] = whole_numbers(self.task.people.column(name))
        return _column(self.columns[name].take(ids))

    def _before(self) -> Iterator[Any]:
        """Those of units that joined in files of before: where they are kept, and else in the files themselves."""
        task, joined = self.task, self.joined
        known = {file for one in self.kept.strangers for file in one.files}
        unknown = [file for file in self.kept.files if file not in known]
        again = self._took_part(joined) if known else np.zeros(joined.num_rows, np.bool_)
        for files, people in ((unknown, joined), (list(known), _where(joined, again))):
            if files and people.num_rows:
                with lent(task, _FRESH, people):
                    yield from task.stream(files, self.changes.since, _FRESH)
        if known and not again.all():
            yield from self._of_strangers(joined, ~again)

    def _took_part(self, joined: pa.Table) -> NDArray[np.bool_]:
        """Which of those who joined took part before, and so were no strangers."""
        import pyarrow.compute as pc

        if not len(self.changes.others):
            return np.zeros(joined.num_rows, np.bool_)
        before = at_ids(self.task.people.select(["unit"]), self.changes.others).column("unit").combine_chunks()
        found = pc.is_in(joined.column("unit"), value_set=before)
        return whole_numbers(found.cast("int8")) > 0

    def _of_strangers(self, joined: pa.Table, new: NDArray[np.bool_]) -> Iterator[Any]:
        """Those that were kept of units that are strangers no more."""
        task, apart, fresh = self.task, self.apart, _where(joined, new)
        events = _one_table([one.events for one in self.kept.strangers])
        units = events.column(apart.unit)
        if self.positions is not None and is_whole(units):
            events = _where(events, self.positions.those_of(units, fresh.column("unit")))
            ids = self.positions.ids(events.column(apart.unit))
        else:
            with lent(task, _FRESH, fresh), lent(task, _STRANGE, events):
                events, ids = _apart(task.engine.query(apart.with_ids(table_named(_STRANGE), _FRESH, "inner")))
        yield from self._of_units(events, ids)

    def strangers(self) -> tuple[Strangers, ...]:
        """Those that are kept for units that may join, once all others were read."""
        found = (*self.kept.strangers, *self._arrived())
        events = np.cumsum([one.events.num_rows for one in reversed(found)])
        fit = int(np.searchsorted(events, MOST_STRANGERS * self.task.people.num_rows, side="right"))
        return found[len(found) - fit :]

    def _arrived(self) -> Iterator[Strangers]:
        """Those that came, where they are few enough."""
        if self.newest is not None and sum(map(len, self.others)) <= MOST_STRANGE * self.events:
            until = self.newest - (self.changes.reach or 0) + _LATE
            yield Strangers(self.came, _one_table(self.others), until)


@contextmanager
def lent(task: Task, name: str, rows: pa.Table) -> Iterator[None]:
    """Name a table for as long as it is asked for."""
    task.engine.lend(name, rows)
    try:
        yield
    finally:
        task.engine.drop(name)


def _apart(found: pa.Table) -> tuple[pa.Table, Ids]:
    """Events, and the ids that stand beside them."""
    ids = whole_numbers(found.column("p_id").fill_null(-1)).astype(np.int32)
    return found.drop_columns(["p_id"]), ids


def _one_table(parts: Sequence[pa.Table]) -> pa.Table:
    """Tables one after the other; of numbers that are wider in some files than in others, all are the widest."""
    import pyarrow as pa

    return pa.concat_tables(parts, promote_options="permissive")


def _where(rows: pa.Table, which: NDArray[np.bool_]) -> pa.Table:
    """Some rows of a table."""
    import pyarrow as pa

    bits = pa.py_buffer(np.packbits(which, bitorder="little"))
    return rows.filter(pa.Array.from_buffers(pa.bool_(), len(which), [None, bits]))


def _column(numbers: NDArray[Any]) -> pa.ChunkedArray:
    """Numbers as a column of Arrow, whose own conversion would import pandas where it is installed."""
    import pyarrow as pa

    kind = pa.int32() if numbers.dtype == np.int32 else pa.int64()
    return pa.chunked_array([pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])])
