"""Running numbers brought up to date: only events in files that came since the last run are read.

Late events need no care, as what counts is when a file came and not when its events happened. Files that were changed
or removed, other definitions and a look back at an earlier day need everything anew; so do units that joined, or whose
first exposure moved, for themselves alone. What came while a unit took no part may be kept (`strangers`): then it need
not be looked for in old files once the unit joins.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlglot import exp

from vitalfew.errors import VitalfewError
from vitalfew.warehouse.additive import NOTHING
from vitalfew.warehouse.by_id import ById
from vitalfew.warehouse.compile import table_named, whole
from vitalfew.warehouse.newcomers import lend_people
from vitalfew.warehouse.past import Past, lent
from vitalfew.warehouse.positions import Positions
from vitalfew.warehouse.running import ROWS, add, ahead, integers, piece_of, run, run_on, together
from vitalfew.warehouse.state import Kept, Reading, hold, key_of
from vitalfew.warehouse.strangers import Apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.warehouse.additive import Additive
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.running import Floats, Piece, Room
    from vitalfew.warehouse.state import State

_BEFORE, _FRESH = "vitalfew units before", "vitalfew fresh units"
MOST_STEPS = 30
"""After so many runs everything is added up from the numbers of all units again, so that rounding cannot pile up."""
_MOST_CHANGED = 0.5  # share of units with new events from which all are better added up
_MOST_EVENTS = 10  # for a unit on average that are kept as events until they are added to its numbers
_SHIFT = 19
_SMALL = 1 << 15  # numbers below are sorted in linear time
_BLOCK = 1 << _SHIFT  # units whose numbers are read at once, of which those that changed stay near at hand
_SAME = ("experiment", "unit", "arm", "start")


@dataclass(frozen=True, slots=True)
class Task:
    """Events to be added up.

    Attributes:
        engine: where they lie.
        parts: what is added up.
        moment: the instant of an event.
        population: the table of units that `parts.rows` joins.
        people: its rows, by `id`; those that left as well.
        end: events from this instant on are ignored.
        room: where numbers may lie.
    """

    engine: Engine
    parts: Additive
    moment: exp.Expr
    population: str
    people: pa.Table
    end: int | None
    room: Room

    @property
    def table(self) -> str:
        """The table of events."""
        return str(self.parts.rows.args["from_"].this.name)

    def stream(
        self, files: Sequence[str] | None = None, since: exp.Expr | None = None, only: str | None = None
    ) -> Iterator[Any]:
        """The events: of some files, such as fulfil a condition, of the units of another table than the population."""
        return self.engine.stream(self._rows(files, since, only), self.room.rows)

    def pieces(self, files: Sequence[str], positions: Positions | None) -> Iterator[Piece]:
        """The events of some files as they are added up; units are looked up where their positions are known."""
        by_id = None if positions is None else ById.of(self._rows(files), self.people, positions)
        if by_id is None:
            return map(piece_of, ahead(self.stream(files)))
        # A whole answer is read by all threads at once, a stream mostly by one.
        return map(by_id.piece, self.engine.query(by_id.rows).to_batches())

    def _rows(
        self, files: Sequence[str] | None = None, since: exp.Expr | None = None, only: str | None = None
    ) -> exp.Select:
        query = self.parts.rows.copy()
        if files is not None:
            query.args["from_"].this.set("this", exp.to_identifier(self.part(files), quoted=True))
        if only is not None:
            query.args["joins"][0].this.set("this", exp.to_identifier(only, quoted=True))
        if since is not None:
            query = query.where(since.copy())
        if self.end is not None:
            query = query.where(exp.LT(this=self.moment.copy(), expression=whole(self.end)))
        return query

    def part(self, files: Sequence[str]) -> str:
        """A table of the events of some files."""
        return self.engine.part(self.table, [Path(file) for file in files])

    def anew(self) -> list[Floats]:
        """The numbers from all events."""
        units, rows = self.people.num_rows, self._rows()
        by_id = ById.of(rows, self.people)
        if by_id is None:
            return run(self.parts, self.engine.stream(rows, self.room.rows), units, self.room)
        return run(self.parts, self.engine.stream(by_id.rows, self.room.rows), units, self.room, by_id.piece)


class Numbers(NamedTuple):
    """Running numbers of all units, and where they are remembered."""

    columns: Sequence[Floats]
    key: str | None = None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is known to have changed before any event is read.

    Attributes:
        first: id of the first unit that joined; all before were there.
        others: ids of units that left, or that count elsewhere now.
        alone: whether all units are of one experiment.
        since: which events can matter to units that joined; None when all can.
        reach: how long after a unit's first exposure events begin to count for it (microseconds).
        positions: where units are found by their number, if that is known.
    """

    first: int
    others: NDArray[np.int64]
    alone: bool = False
    since: exp.Expr | None = None
    reach: int | None = None
    positions: Positions | None = None


@dataclass(slots=True)
class Block:
    """Some of the units that new events change.

    Attributes:
        ids: the units, ascending.
        known: how many of them took part before; those that joined come last.
        numbers: their running numbers until now, one array each, until the next block but one is asked for.
        new: their new events, by position among them.
        parts: what is added up.
    """

    ids: NDArray[np.int64]
    known: int
    numbers: Sequence[Floats]
    new: Piece
    parts: Additive

    def advance(self) -> None:
        """Let the new events change the numbers."""
        add(self.parts, self.numbers, self.new)


@dataclass(slots=True)
class Step:
    """What new events change.

    Attributes:
        ids: units with new events, and those that joined, left or moved, ascending.
        first: id of the first unit that joined.
        new: the new events.
        kept: what is to be remembered of it, the new events in its log.
        task: what is added up.
        held: whether the numbers remembered are known to be as they were written.
    """

    ids: NDArray[np.int64]
    first: int
    new: Piece
    kept: Kept
    task: Task
    held: bool = False

    def blocks(self) -> Iterator[Block]:
        """All these units, in as many blocks as their numbers are near at hand in.

        Raises:
            Damaged: the numbers remembered are not what was written.
        """
        starts = range(0, self.task.people.num_rows, _BLOCK)
        past = [piece for piece in self.kept.log if piece is not self.new]
        log = [_in_blocks(piece, len(starts)) for piece in (*past, self.new)]
        ids = np.split(self.ids, np.searchsorted(self.ids, starts[1:]))
        rooms = [np.empty((len(self.kept.numbers), max(map(len, ids)))) for _ in range(2)]
        with Reading(self.kept) as reading:
            for at, start in enumerate(starts):
                yield self._block(reading, start, ids[at], rooms[at % 2], [piece[at] for piece in log])
            reading.end()
        self.held = True

    def _block(self, reading: Reading, start: int, ids: NDArray[np.int64], room: Floats, log: Sequence[Piece]) -> Block:
        parts, count = self.task.parts, len(self.kept.numbers[0]) if self.kept.numbers else 0
        within = ids - start
        written = int(np.searchsorted(ids, count))
        numbers = [column[: len(ids)] for column in room]
        for at, (number, running) in enumerate(zip(numbers, parts.running, strict=True)):
            if start < count:
                reading.take(at, min(_BLOCK, count - start), within[:written], number[:written])
            number[written:] = NOTHING[running.kind]
        place = _place_of(within, _BLOCK)
        *past, new = [_at_places((ids - start, codes, values), place) for ids, codes, values in log]
        for piece in past:
            add(parts, numbers, piece)
        return Block(ids, int(np.searchsorted(ids, self.first)), numbers, new, parts)

    def hold(self) -> None:
        """See that the numbers remembered are what was written.

        Raises:
            Damaged: they are not.
        """
        if not self.held:
            hold(self.kept)
        self.held = True

    def at(self, ids: NDArray[np.int64]) -> list[Floats]:
        """Running numbers of any units, ascending, as they are now."""
        self.hold()
        kept, task = self.kept, self.task
        known = int(np.searchsorted(ids, len(kept.numbers[0]))) if kept.numbers else 0
        numbers = [np.full(len(ids), NOTHING[running.kind]) for running in task.parts.running]
        for number, column in zip(numbers, kept.numbers, strict=True):
            np.take(column, ids[:known], out=number[:known], mode="clip")
        place = _place_of(ids, task.people.num_rows)
        for piece in kept.log:
            add(task.parts, numbers, _at_places(piece, place))
        return numbers


def step_of(task: Task, kept: Kept, changes: Changes) -> Step | None:
    """What came since, where units that changed are few; None where all is better added up.

    Args:
        task: what is added up, for the units of then and those that joined.
        kept: what is remembered.
        changes: who joined, left or moved.
    """
    import pyarrow as pa

    files = _files(task)
    came = [file for file in files if file not in kept.files]
    events = sum(len(ids) for ids, _, _ in kept.log)
    if not _grown_from(kept, files) or events > _MOST_EVENTS * task.people.num_rows:
        return None
    positions = changes.positions
    if positions is None and changes.alone and came:
        positions = Positions.of(task.people, _gone(kept))
    apart = Apart.of(task.parts.rows, task.moment)
    past = Past(task, kept, changes, {file: files[file] for file in came}, apart, positions)
    try:
        piece = _by_block(together(task.parts, past.read()))
        strangers = past.strangers()
    except (VitalfewError, pa.ArrowException):  # what cannot be read in a part is explained by whoever reads the whole
        return None
    if files != _files(task):
        return None
    touched = np.zeros(task.people.num_rows, dtype=bool)
    touched[changes.first :] = True
    touched[changes.others] = True
    touched[piece[0]] = True
    ids = np.flatnonzero(touched)
    near = 2 * 8 * len(kept.numbers) * int(np.bincount(ids >> _SHIFT, minlength=1).max())  # bytes of two blocks
    if len(ids) > _MOST_CHANGED * len(touched) or near > task.room.limit:
        return None
    log = (*kept.log, piece) if len(piece[0]) else kept.log
    kept = replace(kept, people=task.people, files=files, log=log, strangers=strangers)
    return Step(ids, changes.first, piece, kept, task)


def _gone(kept: Kept) -> NDArray[np.bool_]:
    """Which units take part no more."""
    return np.zeros(kept.people.num_rows, np.bool_) if kept.place is None else np.asarray(kept.place < 0)


def _by_block(piece: Piece) -> Piece:
    """Events in the order in which they are added up: by block of units, and by code."""
    ids, codes, values = piece
    blocks, width = ids >> _SHIFT, int(codes.max(initial=0)) + 1
    if (int(blocks.max(initial=0)) + 1) * width < _SMALL:
        order = np.argsort((blocks * width + codes).astype(np.int16), kind="stable")
    else:
        order = np.argsort(codes, kind="stable")
        order = order[np.argsort(blocks[order].astype(np.int16), kind="stable")]
    return ids[order], codes[order], [column[order] for column in values]


def _in_blocks(piece: Piece, blocks: int) -> list[Piece]:
    """The events of each block of units."""
    ids, codes, values = piece
    # Of millions of events only those at the ends of blocks are looked at.
    ends = [bisect_right(ids, block, key=lambda unit: unit >> _SHIFT) for block in range(blocks)]
    spans = zip([0, *ends[:-1]], ends, strict=True)
    return [(ids[first:last], codes[first:last], [column[first:last] for column in values]) for first, last in spans]


def _place_of(ids: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    """Positions of units among some of them; -1 for the others."""
    place = np.full(units, -1, np.int32)
    place[ids] = np.arange(len(ids), dtype=np.int32)
    return place


def _at_places(piece: Piece, place: NDArray[np.int32]) -> Piece:
    """The events of units that have a place, by their place."""
    ids, codes, values = piece
    at = place.take(ids, mode="clip")
    here = np.flatnonzero(at >= 0)  # positions are taken in an eighth of the time of a mask
    return at.take(here), codes.take(here), [column.take(here) for column in values]


def numbers_of(task: Task, state: State | None, label: str) -> Numbers:
    """Running numbers of all units, from what is remembered where that can be.

    Args:
        task: what is added up.
        state: where numbers are remembered; None for not at all.
        label: what else the numbers hang on.
    """
    files = {} if state is None or not _is_plain(task.parts.rows) else _files(task)
    if state is None or not files:
        return Numbers(task.anew())
    key = key_of_numbers(task, label)
    kept = state.load(key)
    if kept is None or not _grown_from(kept, files):
        numbers = task.anew()
    elif _looks_back(task.end, kept.end):
        return Numbers(task.anew())
    else:
        numbers = _grown(task, without_log(task, kept), files)
    if files != _files(task):  # a file was written while it was read
        return Numbers(numbers)
    return Numbers(numbers, key, state.save(key, Kept(task.people, numbers, files, task.end)))


def key_of_numbers(task: Task, label: str) -> str:
    """The name that numbers are remembered under."""
    return key_of(label, task.parts.rows.sql(), task.parts.running, task.people.schema)


def without_log(task: Task, kept: Kept) -> Kept:
    """The same with all events added to the numbers."""
    if not kept.log:
        return kept
    numbers = numbers_in(task, kept, range(len(kept.numbers)))
    return replace(kept, numbers=list(numbers.values()), log=())


def numbers_in(task: Task, kept: Kept, which: Iterable[int]) -> dict[int, Floats]:
    """Some numbers of all units, by their position."""
    numbers = {}
    for at in which:
        column = kept.numbers[at]
        numbers[at] = np.empty(kept.people.num_rows)
        numbers[at][: len(column)] = column
        numbers[at][len(column) :] = NOTHING[task.parts.running[at].kind]
    for piece in kept.log:
        add(task.parts, numbers, piece)
    return numbers


def _is_plain(rows: exp.Select) -> bool:
    """Whether a row hangs on nothing but itself and its unit, so that parts of a table can be added up apart."""
    own = isinstance(rows.args["from_"].this, exp.Table) and len(rows.args.get("joins") or ()) == 1
    return own and len(list(rows.find_all(exp.Select))) == 1 and not any(rows.find_all(exp.Window, exp.Distinct))


def _files(task: Task) -> dict[str, str]:
    stats = {str(path): path.stat() for path in task.engine.files(task.table)}
    return {path: f"{stat.st_size}:{stat.st_mtime_ns}" for path, stat in stats.items()}


def _grown_from(kept: Kept, files: Mapping[str, str]) -> bool:
    """Whether the files of then are still there and unchanged."""
    return kept.files.items() <= files.items()


def _looks_back(end: int | None, before: int | None) -> bool:
    return end is not None and (before is None or end < before)


def _grown(task: Task, kept: Kept, files: Mapping[str, str]) -> list[Floats]:
    """The numbers remembered, with what came since."""
    new, old = _same_units(task, kept)
    numbers = task.room.numbers(task.parts, task.people.num_rows)
    same = len(new) == task.people.num_rows and np.array_equal(new, old)
    for now, before in zip(numbers, kept.numbers, strict=True):
        if same:
            now[:] = before
        else:
            now[new] = before[old]
    came = [file for file in files if file not in kept.files]
    if came:
        run_on(task.parts, task.stream(came), numbers)
    if kept.end is not None and kept.end != task.end:
        later = exp.GTE(this=task.moment.copy(), expression=whole(kept.end))
        run_on(task.parts, task.stream(list(kept.files), later), numbers)
    fresh = np.ones(task.people.num_rows, dtype=bool)
    fresh[new] = False
    if fresh.any():
        _again(task, numbers, np.flatnonzero(fresh).astype(np.int32))
    return numbers


def _again(task: Task, numbers: Sequence[Floats], units: NDArray[np.int32]) -> None:
    """Add up all events of some units."""
    import pyarrow as pa

    for number, running in zip(numbers, task.parts.running, strict=True):
        number[units] = NOTHING[running.kind]
    ids = pa.Array.from_buffers(pa.int32(), len(units), [None, pa.py_buffer(units)])
    with lent(task, _FRESH, task.people.take(ids)):
        run_on(task.parts, task.stream(only=_FRESH), numbers)


def _same_units(task: Task, kept: Kept) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids of units that are as they were, now and then: same experiment, arm and first exposure."""
    gone = _gone(kept)
    if not gone.any() and task.people.equals(kept.people):
        every = np.arange(task.people.num_rows)
        return every, every
    lend_people(task.engine, _BEFORE, kept.people, gone)
    try:
        now, before = exp.column("id", "n"), exp.column("id", "b")
        same = [
            exp.EQ(this=exp.column(name, "n"), expression=exp.column(name, "b"))
            for name in _SAME
            if name in kept.people.column_names
        ]
        query = exp.select(exp.alias_(now, "new"), exp.alias_(before, "old"))
        query = query.from_(exp.alias_(table_named(task.population), "n", table=True))
        query = query.join(exp.alias_(table_named(_BEFORE), "b", table=True), on=exp.and_(*same))
        pairs = [(integers(batch.column(0)), integers(batch.column(1))) for batch in task.engine.stream(query, ROWS)]
    finally:
        for name in (_BEFORE, f"{_BEFORE} ever"):
            task.engine.drop(name)
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *(new for new, _ in pairs)]), np.concatenate([none, *(old for _, old in pairs)])
