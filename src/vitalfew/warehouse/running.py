"""Running numbers per unit, added up from a stream of events in as much memory as there is."""

from __future__ import annotations

import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.warehouse.additive import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.warehouse.additive import Additive, Kind

    Floats = NDArray[np.float64]
    Piece = tuple[NDArray[np.int32], NDArray[np.int16], list[Floats]]

ROWS = 1 << 20  # of the stream at a time
_BYTES = 8  # of a number
_CHANGE: Mapping[Kind, Any] = {"sum": np.add, "count": np.add, "min": np.minimum, "max": np.maximum}


@dataclass(frozen=True, slots=True)
class Room:
    """Where numbers may lie: in memory up to `limit` bytes, else in files of `folder`, as long as they are used."""

    folder: Path
    limit: int
    rows: int = ROWS

    def numbers(self, parts: Additive, units: int) -> list[Floats]:
        """The numbers of units without events."""
        if self.blocks(parts, units) == 1:
            return nothing(parts, units)
        found: list[Floats] = []
        for running in parts.running:
            column: Floats = np.memmap(self.folder / f"{uuid.uuid4().hex}.f8", np.float64, "w+", shape=(units,))
            column[:] = NOTHING[running.kind]
            found.append(column)
        return found

    def blocks(self, parts: Additive, units: int) -> int:
        """Into how many blocks units are split so that the numbers of each fit."""
        return max(-(-units * len(parts.running) * _BYTES // self.limit), 1)


def run(
    parts: Additive, batches: Iterable[Any], units: int, room: Room, found: Callable[[Any], Piece] | None = None
) -> list[Floats]:
    """Add up a stream of events.

    Args:
        parts: what the stream holds and what is added up.
        batches: Arrow record batches of `parts.rows`, or others of which it is `found` what they say.
        units: ids lie from 0 to before this.
        room: where the numbers may lie.
        found: the events in a batch; `piece_of` when None.

    Returns:
        One array `(units,)` per running number.
    """
    blocks = room.blocks(parts, units)
    pieces = ahead(map(found or piece_of, batches))
    if blocks > 1:
        return _in_blocks(parts, pieces, units, room, blocks)
    numbers = nothing(parts, units)
    for piece in pieces:
        add(parts, numbers, piece)
    return numbers


def run_on(parts: Additive, batches: Iterable[Any], numbers: Sequence[Floats]) -> None:
    """Add up more events in the numbers given."""
    for piece in map(piece_of, ahead(batches)):
        add(parts, numbers, piece)


def together(parts: Additive, found: Iterable[Piece]) -> Piece:
    """All events of a stream at once."""
    pieces = list(found)
    ids = np.concatenate([np.zeros(0, np.int32), *(piece[0] for piece in pieces)])
    codes = np.concatenate([np.zeros(0, np.int16), *(piece[1] for piece in pieces)])
    count = len(parts.rows.expressions) - 2
    return ids, codes, [np.concatenate([np.zeros(0), *(piece[2][at] for piece in pieces)]) for at in range(count)]


def nothing(parts: Additive, units: int) -> list[Floats]:
    """The numbers of units without events, in memory."""
    return [np.full(units, NOTHING[running.kind]) for running in parts.running]


def add(parts: Additive, numbers: Sequence[Floats] | dict[int, Floats], piece: Piece) -> None:
    """Let events change the numbers of their units, all of them or some, by their position.

    Rows are sorted by their code first (two bytes, in linear time), so that each number is changed in one go.
    """
    ids, codes, values = piece
    if not len(ids):
        return
    wanted = numbers.keys() if isinstance(numbers, dict) else range(len(numbers))
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")
        ids, codes, values = ids[order], codes[order], [column[order] for column in values]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    for start, end in zip(starts, [*starts[1:], len(codes)], strict=True):
        units = ids[start:end].astype(np.int64)
        for at in parts.changed_by(int(codes[start])):
            if at not in wanted:
                continue
            running = parts.running[at]
            new = 1.0 if running.value is None else values[running.value][start:end]
            _CHANGE[running.kind].at(numbers[at], units, new)


def ahead[T](batches: Iterable[T]) -> Iterator[T]:
    """The same batches, fetched in a thread of their own: the database works on while the last ones are added up."""
    with ThreadPoolExecutor(1) as thread:
        source = iter(batches)
        waiting = thread.submit(next, source, None)
        while (batch := waiting.result()) is not None:
            waiting = thread.submit(next, source, None)
            yield batch


def piece_of(batch: Any, values: int | None = None) -> Piece:  # noqa: ANN401 - an Arrow batch, whose package has no types
    """The events in a batch: unit, code and so many columns of values, all that follow when None."""
    count = batch.num_columns - 2 if values is None else values
    ids, codes = _array(batch.column(0), np.int32), _array(batch.column(1), np.int16)
    return ids, codes, [_array(batch.column(2 + at), np.float64) for at in range(count)]


def floats(column: Any) -> Floats:  # noqa: ANN401 - an Arrow array
    """The numbers of a column of doubles without gaps."""
    return _array(column, np.float64)


def integers(column: Any) -> NDArray[np.int64]:  # noqa: ANN401 - an Arrow array
    """The numbers of a column of 64-bit integers without gaps."""
    return _array(column, np.int64)


def _array(column: Any, kind: type[np.generic]) -> NDArray[Any]:  # noqa: ANN401 - an Arrow array
    """The numbers of a column without gaps. Arrow's own conversion would import pandas where it is installed."""
    return np.frombuffer(column.buffers()[1], kind)[column.offset : column.offset + len(column)]


# With less memory than numbers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Events of some units, in a file."""

    path: Path
    first: int
    last: int


def _in_blocks(parts: Additive, pieces: Iterable[Piece], units: int, room: Room, blocks: int) -> list[Floats]:
    """Share the events out to files by blocks of units, then add up one block after the other."""
    each = -(-units // blocks)
    with tempfile.TemporaryDirectory(dir=room.folder) as name:
        places = [_Block(Path(name) / str(at), at * each, min((at + 1) * each, units)) for at in range(blocks)]
        kind = _share_out(pieces, places, each)
        files = [room.folder / f"{Path(name).name}-{at}.f8" for at in range(len(parts.running))]
        whole = nothing(parts, each)  # the same memory for every block
        for place in places:
            numbers = [column[: place.last - place.first] for column in whole]
            for column, running in zip(numbers, parts.running, strict=True):
                column[:] = NOTHING[running.kind]
            for rows in _read(place.path, kind, room.rows):
                columns = [np.ascontiguousarray(rows[field]) for field in kind.names or ()]
                add(parts, numbers, (columns[0], columns[1], columns[2:]))
            for file, column in zip(files, numbers, strict=True):
                with file.open("ab") as out:
                    column.tofile(out)
    return [np.memmap(file, np.float64, "r") for file in files]


def _share_out(pieces: Iterable[Piece], places: Sequence[_Block], each: int) -> np.dtype[np.void]:
    kind = np.dtype([("id", np.int32), ("code", np.int16)])
    for ids, codes, values in pieces:
        kind = np.dtype([("id", np.int32), ("code", np.int16), *((f"v{at}", np.float64) for at in range(len(values)))])
        block = (ids // each).astype(np.int16)
        rows = np.empty(len(ids), kind)
        for field, column in zip(kind.names or (), (ids - block * np.int32(each), codes, *values), strict=True):
            rows[field] = column
        rows = rows[np.argsort(block, kind="stable")]
        ends = np.cumsum(np.bincount(block, minlength=len(places)))
        for place, start, end in zip(places, [0, *ends[:-1]], ends, strict=True):
            with place.path.open("ab") as out:
                rows[start:end].tofile(out)
    return kind


def _read(path: Path, kind: np.dtype[np.void], count: int) -> Iterator[NDArray[np.void]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(rows := np.fromfile(file, kind, count)):
            yield rows
