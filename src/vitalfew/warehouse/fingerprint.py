"""Fingerprints of the tables behind the sources: what a run compares to know whether data have changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from vitalfew.errors import DataError
from vitalfew.warehouse.frames import as_arrow
from vitalfew.warehouse.kept import FOLDER, kept_files
from vitalfew.warehouse.tables import table_files
from vitalfew.workspace.definitions import AggregateSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.queries import Place, SourceQuery
    from vitalfew.workspace.definitions import Definitions

FRAME = "frame:"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Identity of the data of one source.

    Attributes:
        path: the file or pattern, relative to the workspace where possible; `frame:NAME` for a table in memory.
        size: bytes of all files; None when there is none.
        mtime_ns: time of the last change, in nanoseconds since 1970.
        sha256: hash of the content; None when the file does not exist.
    """

    path: str
    size: int | None
    mtime_ns: int | None
    sha256: str | None

    @property
    def missing(self) -> bool:
        """True when there is no such file."""
        return self.sha256 is None


def fingerprint(
    definitions: Definitions,
    root: Path | None,
    known: Mapping[str, Fingerprint] | None = None,
    frames: Mapping[str, Any] | None = None,
    *,
    place: Place = lambda *_: None,
) -> dict[str, Fingerprint]:
    """Take the fingerprint of every source. A missing file is represented, not refused: who reads it says so.

    Args:
        definitions: names the sources and where their tables lie.
        root: folder of the workspace.
        known: fingerprints of an earlier run by source; content is hashed only where size or time differ from them.
        frames: Arrow tables handed over in memory by table name.
        place: tells where something is defined, by its path (`Workspace.where`).

    Returns:
        Fingerprint by key of the source. Sources that read the same file share one. Behind a query's, under
        `KEY/TABLE`, stand those of the tables that it reads; its own is another in each run where it has to be asked
        anew.

    Raises:
        DefinitionError: a query is wrong.
    """
    taken: dict[str, Fingerprint] = {}
    earlier = {found.path: found for found in (known or {}).values()}

    def take(table: str, kept: tuple[Path, ...], key: str) -> Fingerprint:
        if frames is not None and table in frames:
            return _frame_fingerprint(table, frames[table])
        name, paths = _files_of(definitions, root, table)
        if kept:
            # Moments computed elsewhere stand in for the table where experiments are measured.
            name, paths = f"{name} and {FOLDER}/{key}", (*paths, *kept)
        if name not in taken:
            taken[name] = _file_fingerprint(paths, name, earlier.get(name))
        return taken[name]

    queries = _queries(definitions, place)
    result = {}
    for key, source in definitions.sources.items():
        if source.table in queries:
            behind = {f"{key}/{table}": take(table, (), key) for table in queries[source.table].tables}
            kept = kept_files(key, root)
            kept_too = [_file_fingerprint(kept, f"{FOLDER}/{key}", None)] if kept else []
            result[key] = _of_query(queries[source.table], [*behind.values(), *kept_too])
            result |= behind
        else:
            result[key] = take(source.table, kept_files(key, root), key)
        if isinstance(source, AggregateSource) and source.covariances is not None:
            result[key] = _of_both(result[key], take(source.covariances.table, (), key))
    return result


def _queries(definitions: Definitions, place: Place) -> dict[str, SourceQuery]:
    if all(source.sql is None for source in definitions.sources.values()):
        return {}
    from vitalfew.warehouse.queries import queries_of

    return queries_of(definitions, place)


def _of_query(query: SourceQuery, read: Sequence[Fingerprint]) -> Fingerprint:
    """One for the rows of a query: its words and all that it reads, unless they do not tell what it answers."""
    words = f"asked anew {uuid4()}" if query.anew else query.text
    return _together(query.name, read, words, known=not read or any(not found.missing for found in read))


def _of_both(first: Fingerprint, second: Fingerprint) -> Fingerprint:
    """One for a source of two tables; each is hashed again in every run, as aggregates are small."""
    if first == second:
        return first  # both lie in one database
    both = (first, second)
    return _together(f"{first.path} and {second.path}", both, known=any(found.size is not None for found in both))


def _together(path: str, parts: Sequence[Fingerprint], *more: str, known: bool) -> Fingerprint:
    sizes = [found.size for found in parts if found.size is not None]
    times = [found.mtime_ns for found in parts if found.mtime_ns is not None]
    hashes = "\n".join((*(str(found.sha256) for found in parts), *more))
    return Fingerprint(
        path,
        sum(sizes) if sizes else None,
        max(times, default=None),
        hashlib.sha256(hashes.encode()).hexdigest() if known else None,
    )


def _files_of(definitions: Definitions, root: Path | None, table: str) -> tuple[str, tuple[Path, ...]]:
    """What a table is called, and the files that hold it: its own, or the database it lies in."""
    place = (root or Path()) / Path(definitions.data.path).expanduser()
    if place.is_file():
        return _shown(place, root), (place,)
    name = _shown(place / Path(table).expanduser(), root)
    try:
        return name, table_files(table, place.resolve()).paths
    except DataError:
        return name, ()


def _shown(path: Path, root: Path | None) -> str:
    base = (root or Path()).resolve()
    full = path.resolve()
    return full.relative_to(base).as_posix() if full.is_relative_to(base) else full.as_posix()


def _file_fingerprint(paths: tuple[Path, ...], name: str, known: Fingerprint | None) -> Fingerprint:
    if not paths:
        return Fingerprint(name, None, None, None)
    try:
        stats = [path.stat() for path in paths]
        size, changed = sum(stat.st_size for stat in stats), max(stat.st_mtime_ns for stat in stats)
        if known is not None and (known.size, known.mtime_ns) == (size, changed):
            return known
        return Fingerprint(name, size, changed, _sha256_of(paths))
    except OSError as problem:
        raise DataError(
            f"'{name}' cannot be read: {problem.strerror}", hint="check that it is a file you may read"
        ) from None


def _sha256_of(paths: tuple[Path, ...]) -> str:
    """Hash a file; several files (a pattern) by the hashes of each, in the order of their names."""
    if len(paths) > 1:
        return hashlib.sha256("\n".join(_sha256_of((path,)) for path in paths).encode()).hexdigest()
    digest = hashlib.sha256()
    with paths[0].open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _frame_fingerprint(name: str, frame: Any) -> Fingerprint:  # noqa: ANN401 - an Arrow table; pyarrow ships no types
    """Hash a table by its Arrow IPC stream, in one chunk so that the way it was put together does not matter."""
    import pyarrow as pa

    table = as_arrow(frame)
    digest = _DigestSink()
    with pa.ipc.new_stream(pa.PythonFile(digest, mode="w"), table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return Fingerprint(f"{FRAME}{name}", table.nbytes, None, digest.hexdigest())


class _DigestSink:
    """A file to write to that keeps nothing but the hash, so that a large frame is not copied."""

    closed = False

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        self.closed = True

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
