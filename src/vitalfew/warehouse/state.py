"""What a run remembers for the next one: running numbers per unit, in files beside the workspace.

A cache and no more: it may be deleted at any time, is used only where it is known to be whole and current, and holds
every set of numbers that one of the last three runs used, as far as `MOST_BYTES` go. Files are written under new names
and never changed; the list of files, replaced last and in one go, is what makes them count, so that a run that is cut
off leaves the state as it was.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.int16]
    Piece = tuple[NDArray[np.int32], NDArray[np.int16], list[Floats]]

_log = logging.getLogger(__name__)
_VERSION = 5
_IDLE = 3  # runs: numbers that none of the last so many used are forgotten
MOST_BYTES = 1 << 34
"""Size of all files of a source's state; beyond, the numbers used longest ago are forgotten, but never those just
written."""
_LIST, _RUNS = ".json", "runs"
_TYPES: Mapping[str, np.dtype[Any]] = {
    ".f8": np.dtype(np.float64),
    ".i2": np.dtype(np.int16),
    ".log": np.dtype(np.uint8),
}
_OWN = (*_TYPES, ".arrow", ".new")
_BLOCK = 1 << 16  # bytes summed together in a checksum
SHARE = _BLOCK // 8
"""Numbers summed together in a checksum."""
_UNFINISHED = 3600.0  # seconds after which files that no list names are the remains of a run that was cut off


@dataclass(frozen=True, slots=True)
class Strangers:
    """Events of units that did not take part when they came.

    Attributes:
        files: size and time of change of the files that they came in, by path.
        events: what they say by themselves.
        until: they can count for nobody once the newest event is later than this (microseconds since 1970).
        stored: the file in which they lie.
    """

    files: Mapping[str, str]
    events: pa.Table
    until: int
    stored: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of one grouping.

    Attributes:
        people: columns `id`, `experiment`, `arm`, `unit` and, when timed, `start`; ids are positions.
        numbers: running numbers, one array over units each, in files that are not to be written to; the last units may
            not be in them, as all their events are in `log`.
        files: size and time of change of each file of events that is in them, by its path.
        end: events from this instant on are not in them (microseconds since 1970); None when all are.
        log: events that came since `numbers` were written: ids, codes and values.
        day: what the next run needs to go on where this one ended, as JSON; `key` says what it hangs on.
        cells: sums of products, `(cells, numbers of a cell)`, as `products` lays them out.
        place: the row of `cells` that each unit counts in; -1 for those that left.
        crossed: columns `experiment` and `unit` of units seen in several arms.
        strangers: events of units that may join, the oldest first.
        stored: the files in which all this lies; what is in them is not written again.
    """

    people: pa.Table
    numbers: Sequence[Floats]
    files: Mapping[str, str]
    end: int | None
    log: tuple[Piece, ...] = ()
    day: Mapping[str, Any] | None = None
    cells: Floats | None = None
    place: Places | None = None
    crossed: pa.Table | None = None
    strangers: tuple[Strangers, ...] = ()
    stored: Mapping[str, Any] = field(default_factory=dict)


class Damaged(ValueError):
    """What is remembered is not what was written."""

    def __init__(self) -> None:
        super().__init__("a file of remembered numbers or units is damaged")


class State:
    """The folder of remembered numbers, as one run uses it.

    A list bears the time of its last use, and `runs` says when the last runs began.

    Args:
        folder: made when something is kept; without one nothing is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._begun = folder, time.time_ns()
        self._known: dict[Path, tuple[int, Mapping[str, int]]] = {}

    def load(self, key: str, *, held: bool = True) -> Kept | None:
        """What is remembered under a key; None when there is nothing, or when it is damaged in any way.

        Args:
            key: what it hangs on.
            held: whether numbers are held against their checksums; else `Reading` does when it reads them.
        """
        try:
            found = json.loads((self._folder / f"{key}{_LIST}").read_text("utf-8"))
            body = found["body"]
            if found["hash"] != _hash_of(body) or body["version"] != _VERSION:
                return None
            files = _Files(self._folder, _files_of(body))
            files.hold(file for file in _files_of(body) if held or file not in body["numbers"])
            numbers = [files.numbers(file, body["numbered"]) for file in body["numbers"]]
            people = files.people(body["people"])
            log = tuple(_piece_of(files.content(file), file["values"]) for file in body["log"])
            cells = None if body["cells"] is None else files.content(body["cells"]).reshape(-1, body["cells"]["width"])
            place = None if body["place"] is None else files.content(body["place"])
            crossed = None if body["crossed"] is None else files.people([body["crossed"]])
            strangers = tuple(_strangers_of(file, files.people([file])) for file in body["strangers"])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            if not isinstance(problem, FileNotFoundError):
                _log.warning("remembered numbers are damaged and are computed anew: %s", type(problem).__name__)
            return None
        if people.num_rows != body["units"]:
            return None
        known, end, day = body["files"], body["end"], body["day"]
        self._used(key)
        return Kept(people, numbers, known, end, log, day, cells, place, crossed, strangers, body)

    def of_day(self, day: str) -> tuple[str, Kept] | None:
        """What a run has left that hung on the same, with the key it is remembered under; numbers are not held yet."""
        for path in self._lists():
            with suppress(OSError, ValueError, KeyError, TypeError):
                found = json.loads(path.read_text("utf-8"))["body"]["day"]
                if found is not None and found["key"] == day:
                    kept = self.load(path.stem, held=False)
                    return None if kept is None else (path.stem, kept)
        return None

    def save(self, key: str, kept: Kept) -> Kept:
        """Remember numbers under a key, and say in which files. A folder that cannot be written keeps nothing."""
        stored = kept.stored
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            ignored = self._folder / ".gitignore"
            if not ignored.exists():
                ignored.write_text("*\n", "utf-8")
            log, people = stored.get("log", []), stored.get("people", [])
            body = {
                "version": _VERSION,
                "units": kept.people.num_rows,
                "numbered": len(kept.numbers[0]) if kept.numbers else 0,
                "people": [*people, *self._more_people(kept.people, sum(file["units"] for file in people))],
                "numbers": stored.get("numbers") or [self._write(column) for column in kept.numbers],
                "log": [*log, *map(self._write_piece, kept.log[len(log) :])],
                "files": dict(kept.files),
                "end": kept.end,
                "day": kept.day,
                "cells": None if kept.cells is None else {"width": kept.cells.shape[1], **self._write(kept.cells)},
                "place": None if kept.place is None else self._write(kept.place, ".i2"),
                "crossed": None if kept.crossed is None else self._write_people(kept.crossed),
                "strangers": list(map(self._write_strangers, kept.strangers)),
            }
            self._list(key, body)
        except OSError as problem:
            _log.warning("numbers cannot be remembered: %s", problem.strerror)
            return kept
        return replace(kept, stored=body)

    def _list(self, key: str, body: Mapping[str, Any]) -> None:
        """Let the new files count, and forget what no list names any more."""
        before = {name for path in self._lists() for name in self._named_in(path)}
        made = self._folder / f"{uuid.uuid4().hex}.new"
        made.write_text(json.dumps({"body": body, "hash": _hash_of(body)}), "utf-8")
        made.replace(self._folder / f"{key}{_LIST}")
        self._used(key)
        for path in self._past_use(self._runs()):
            path.unlink(missing_ok=True)
        used = {name for path in self._lists() for name in self._named_in(path)}
        for path in self._folder.iterdir():
            # What no list has named yet may belong to a run that goes on beside this one.
            with suppress(OSError):
                left = time.time() - path.stat().st_mtime > _UNFINISHED
                if path.suffix in _OWN and path.name not in used and (left or path.name in before):
                    path.unlink()

    def _used(self, key: str) -> None:
        """Say that this run uses numbers, and that there was such a run."""
        now = time.time_ns()
        with suppress(OSError):  # others may read a folder that they cannot write
            os.utime(self._folder / f"{key}{_LIST}", ns=(now, now))
            runs = self._runs()
            if self._begun not in runs:
                made = self._folder / f"{uuid.uuid4().hex}.new"
                made.write_text(json.dumps([*runs, self._begun][-_IDLE:]), "utf-8")
                made.replace(self._folder / _RUNS)

    def _runs(self) -> list[int]:
        """When the last runs began, the last one last (nanoseconds since 1970); none where that is not known."""
        try:
            found = json.loads((self._folder / _RUNS).read_text("utf-8"))
            return sorted(int(begun) for begun in found if int(begun) <= time.time_ns())
        except (OSError, ValueError, TypeError):
            return []

    def _past_use(self, runs: Sequence[int]) -> Iterator[Path]:
        """Lists that are to be forgotten: those that none of the last runs used, and those beyond the most bytes."""
        since = runs[-_IDLE] if len(runs) >= _IDLE else 0
        size, counted = 0, set[str]()
        for at, path in enumerate(self._lists()):
            files = self._named_in(path)
            size += sum(files[name] for name in files.keys() - counted)
            counted |= files.keys()
            if at and (path.stat().st_mtime_ns < since or size > MOST_BYTES):
                yield path

    def _named_in(self, path: Path) -> Mapping[str, int]:
        """The files that a list names, with their bytes; each list is read once, as a state may hold hundreds."""
        with suppress(OSError):
            written = path.stat().st_mtime_ns  # before the list is read: should it be replaced, it is read again
            if self._known.get(path, (None,))[0] != written:
                self._known[path] = written, {name: self._size(name) for name in _names_in(path)}
            return self._known[path][1]
        return {}

    def _size(self, name: str) -> int:
        path = self._folder / name
        return path.stat().st_size if path.exists() else 0

    def _lists(self) -> list[Path]:
        """The lists, the one used last first."""
        used = dict[Path, int]()
        for path in self._folder.glob(f"*{_LIST}"):
            with suppress(FileNotFoundError):  # a run beside this one may forget it meanwhile
                used[path] = path.stat().st_mtime_ns
        return sorted(used, key=used.__getitem__, reverse=True)

    def _write(self, content: NDArray[Any], suffix: str = ".f8") -> dict[str, Any]:
        name = f"{uuid.uuid4().hex}{suffix}"
        with (self._folder / name).open("wb") as file:
            np.ascontiguousarray(content).tofile(file)
        return {"name": name, "sum": _checksum(content)}

    def _write_piece(self, piece: Piece) -> dict[str, Any]:
        """Events, column by column, the widest first."""
        ids, codes, values = piece
        columns = [np.ascontiguousarray(column).view(np.uint8) for column in (*values, ids, codes)]
        return {**self._write(np.concatenate(columns), ".log"), "values": len(values)}

    def _more_people(self, people: pa.Table, known: int) -> Iterator[dict[str, Any]]:
        """Those that joined, in a file of their own."""
        if people.num_rows > known or not known:
            yield self._write_people(people.slice(known))

    def _write_people(self, people: pa.Table) -> dict[str, Any]:
        import pyarrow as pa

        name = f"{uuid.uuid4().hex}.arrow"
        with pa.ipc.new_file(str(self._folder / name), people.schema) as writer:
            writer.write_table(people, max_chunksize=1 << 17)
        checksum = _checksum(np.fromfile(self._folder / name, np.uint8))
        return {"name": name, "sum": checksum, "units": people.num_rows}

    def _write_strangers(self, strangers: Strangers) -> dict[str, Any]:
        about = {"files": dict(strangers.files), "until": strangers.until}
        return {**(strangers.stored or self._write_people(strangers.events)), **about}


class _Files:
    """Files of a list, each mapped once: to find its pages costs as much as to sum them."""

    def __init__(self, folder: Path, files: Iterable[Mapping[str, Any]]) -> None:
        paths = {file["name"]: folder / file["name"] for file in files}
        self._mapped = {
            name: np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
            for name, path in paths.items()
        }

    def hold(self, files: Iterable[Mapping[str, Any]]) -> None:
        """Hold files against their checksums, two at a time.

        Raises:
            Damaged: one is not as it was written.
        """
        with ThreadPoolExecutor(2) as threads:
            if not all(threads.map(lambda file: _checksum(self._mapped[file["name"]]) == file["sum"], files)):
                raise Damaged

    def content(self, file: Mapping[str, Any]) -> NDArray[Any]:
        """What is in a file, as a plain array: parts of one are taken in a tenth of the time."""
        return self._mapped[file["name"]].view(np.ndarray).view(_TYPES[Path(file["name"]).suffix])

    def numbers(self, file: Mapping[str, Any], units: int) -> Floats:
        """Numbers of units, as an array that knows its file.

        Raises:
            Damaged: there are more or fewer.
        """
        column: Floats = self._mapped[file["name"]].view(np.float64)
        if len(column) != units:
            raise Damaged
        return column

    def people(self, files: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Rows of some files, one after the other."""
        import pyarrow as pa

        found = [pa.BufferReader(pa.py_buffer(self._mapped[file["name"]])) for file in files]
        return pa.concat_tables([pa.ipc.open_file(file).read_all() for file in found])


class Reading:
    """Numbers of all units, read in one go from the first unit to the last, and held against their checksums.

    To have the pages of large files mapped takes longer than to read them through a window that stays at hand.

    Raises:
        Damaged: a file is not there any more.
    """

    def __init__(self, kept: Kept) -> None:
        columns = [column for column in kept.numbers if isinstance(column, np.memmap)]  # none where there is no unit
        files = [Path(str(column.filename)) for column in columns]
        try:
            with ExitStack() as opened:
                self._files = [opened.enter_context(file.open("rb", buffering=0)) for file in files]
                self._open = opened.pop_all()
        except OSError as problem:  # such as where a run beside this one has written others and removed them
            raise Damaged from problem
        self._sums = [_Sums() for _ in columns]
        self._wanted = [file["sum"] for file in kept.stored["numbers"][: len(columns)]]
        self._window = np.empty(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, which: int, units: int, at: NDArray[np.int64], found: Floats) -> None:
        """Read the numbers of the next units, all but the last time a multiple of `SHARE`.

        Args:
            which: position of the column.
            units: how many.
            at: positions among them whose numbers are asked for.
            found: filled with these.

        Raises:
            Damaged: the file is too short.
        """
        if len(self._window) < units:
            self._window = np.empty(units)
        here = self._window[:units]
        if self._files[which].readinto(here) != here.nbytes:
            raise Damaged
        self._sums[which].add(here)
        np.take(here, at, out=found, mode="clip")

    def end(self) -> None:
        """Everything was read.

        Raises:
            Damaged: a file is not as it was written.
        """
        if [sums.all() for sums in self._sums] != self._wanted:
            raise Damaged


def hold(kept: Kept) -> None:
    """Hold numbers against their checksums.

    Raises:
        Damaged: a file is not as it was written.
    """
    for column, file in zip(kept.numbers, kept.stored["numbers"], strict=True):
        if _checksum(column) != file["sum"]:
            raise Damaged


def key_of(*parts: object) -> str:
    """A name for what numbers hang on."""
    return _hash_of([str(part) for part in parts])[:32]


def _hash_of(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _names_in(path: Path) -> Iterator[str]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        yield from (file["name"] for file in _files_of(json.loads(path.read_text("utf-8"))["body"]))


def _files_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All files that a list names."""
    others = (body[name] for name in ("cells", "place", "crossed"))
    known = (file for file in others if file is not None)
    return [*body["people"], *body["numbers"], *body["log"], *body.get("strangers", ()), *known]


def _strangers_of(file: Mapping[str, Any], events: pa.Table) -> Strangers:
    return Strangers(file["files"], events, file["until"], file)


def _piece_of(data: NDArray[np.uint8], values: int) -> Piece:
    """Events as they lie in a file."""
    count = len(data) // (8 * values + 6)
    floats, rest = np.split(data, [8 * values * count])
    ids, codes = np.split(rest, [4 * count])
    return ids.view(np.int32), codes.view(np.int16), list(floats.view(np.float64).reshape(values, count))


class _Sums:
    """Of blocks summed as whole numbers, at the speed of memory: it is held against accidents, not against people."""

    def __init__(self) -> None:
        self._hash, self._bytes = hashlib.sha256(), 0

    def add(self, content: NDArray[Any]) -> None:
        """Go on with more, whole blocks all but the last time."""
        data = np.ascontiguousarray(content).reshape(-1).view(np.uint8)
        whole = len(data) // _BLOCK * _BLOCK
        sums = data[:whole].view(np.uint64).reshape(-1, _BLOCK // 8).sum(axis=1, dtype=np.uint64)
        self._hash.update(sums.tobytes() + data[whole:].tobytes())
        self._bytes += len(data)

    def all(self) -> str:
        """The checksum."""
        self._hash.update(str(self._bytes).encode())
        return self._hash.hexdigest()


def _checksum(content: NDArray[Any]) -> str:
    sums = _Sums()
    sums.add(content)
    return sums.all()
