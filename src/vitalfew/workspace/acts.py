"""The log of acts in a folder: read it, append to it, erase what a person said.

`acts.jsonl` holds the chain, one act a line. What an act says, and the salt of its hash, lie in `acts/NNNNNN.json`, so
that they can be erased without breaking the chain.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, BinaryIO

from vitalfew.errors import ActError, Where
from vitalfew.workspace import heads, sound
from vitalfew.workspace.act_log import ActLog
from vitalfew.workspace.bodies import LONGEST_BODY
from vitalfew.workspace.chain import Act, Chain, Damage, DefinitionRef, Kind, to_line
from vitalfew.workspace.locking import locked
from vitalfew.workspace.locks import speaks_of
from vitalfew.workspace.people import pseudonym
from vitalfew.workspace.sealed import AT_ONCE, FOLDER, Sealed, body_name
from vitalfew.workspace.swapping import settle, sync_file, sync_folder
from vitalfew.workspace.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vitalfew.workspace.sealed import Kept

__all__ = ["Act", "ActLog", "Damage", "DefinitionRef", "Erasure", "Writer", "erase", "read", "writing"]

LOG = "acts.jsonl"
LARGEST_LOG = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased: the pseudonym and the numbers of the acts that say nothing any more.

    `in_history`: commits hold bodies of acts, which erasing from the folder does not reach. `of_nobody`: files with
    bodies of acts of which a damaged log does not tell whose they are.
    """

    by: str
    acts: tuple[int, ...]
    in_history: bool = False
    of_nobody: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """What was done and what is left to do, for a terminal."""
        count = f"{len(self.acts)} act{'s' if len(self.acts) != 1 else ''}"
        done = f"{self.by}: {count} erased; the chain still holds, and `vitalfew verify` names them"
        left = (
            "commits of this repository still hold bodies of acts: docs/explanation/people.md says how to erase those"
        )
        lost = (
            f"the log is damaged and does not tell who wrote {', '.join(self.of_nobody)} in acts/: restore the log and"
            " erase again, or delete these files"
        )
        return (done, *((left,) if self.in_history else ()), *((lost,) if self.of_nobody else ()))


def read(root: Path) -> ActLog:
    """Read the log of a workspace folder. No file: an empty log. Damage is reported, not raised.

    Raises:
        ActError: the file is no log at all, too large, or may not be read.
    """
    with _reading(root) as descriptor:
        return ActLog() if descriptor is None else read_open(root, descriptor)


def raw(root: Path, heard: Callable[[str, int], object]) -> tuple[bytes, dict[int, bytes]]:
    """The bytes of a folder's log and of the bodies of its acts, by number; `heard` as `FolderJournal` says it.

    Raises:
        ActError: as for `read`.
    """
    with _reading(root) as descriptor:
        if descriptor is None:
            return b"", {}
        kept, bodies = _InFolder(root), dict[int, bytes]()
        for numbers in batched(ActLog(_chain(root, descriptor).acts).numbers, AT_ONCE):
            heard("bodies", max(numbers))
            found = kept.fetch(numbers)
            bodies |= {n: content for n, content in found.items() if isinstance(content, bytes)}
        with _file(descriptor) as file:
            return file.read(), bodies


@contextmanager
def _reading(root: Path) -> Iterator[int | None]:
    """The log, which nobody writes to meanwhile; None when there is none."""
    path = root / LOG
    if path.exists() and not path.is_file():
        raise ActError("the log of acts is no ordinary file", where=Where(str(path)))
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _unreadable(path, error) from error
    with os.fdopen(descriptor, "rb"), locked(descriptor, exclusive=False):
        yield descriptor


@contextmanager
def writing(root: Path, *, durable: bool = True) -> Iterator[Writer]:
    """Hold the log for writing, so that what is appended can rest on what is in it.

    Args:
        root: the workspace folder.
        durable: whether each act is on disk before the next; a log that can be made again needs no such patience.

    Raises:
        ActError: the log is damaged or cannot be written.
    """
    with held(root) as descriptor:
        chain = _chain(root, descriptor)
        log = opened(chain, _InFolder(root))
        if damage := log.damage:
            raise _damaged(root, damage[0])
        yield Writer(_OpenLog(root, descriptor, log, newline_first=not chain.ends_with_newline, durable=durable))


class _OpenLog:
    """The log of a folder while its lock is held (`writer.Held`)."""

    def __init__(self, root: Path, descriptor: int, log: ActLog, *, newline_first: bool, durable: bool) -> None:
        self._log, self._new, self._said = log, list[Act](), dict[int, dict[str, Any]]()
        self._root = root
        self._descriptor = descriptor
        self._newline_first = newline_first
        self._durable = durable
        self._waiting: list[bytes] | None = None  # lines of acts that are written together or not at all

    @property
    def last(self) -> Act | None:
        return self._new[-1] if self._new else self._log.acts[-1] if self._log.acts else None

    def about(self, key: str) -> ActLog:
        acts = (*self._log.about(key), *(act for act in self._new if act.about == key))
        known = ((act.n, self._said.get(act.n) or self._log.bodies.get(act.n)) for act in acts)
        return ActLog(acts, {n: said for n, said in known if said is not None})

    def version_of(self, kind: str, key: str, digest: str) -> int:
        named = [act.definition for act in self._new if act.definition is not None]
        new = [found.hash for found in named if (found.kind, found.key) == (kind, key)]
        known = [*dict.fromkeys([*self._log.wordings(kind, key), *new])]
        return known.index(digest) + 1 if digest in known else len(known) + 1

    def last_of(self, kind: Kind) -> Act | None:
        return next((act for act in reversed(self._new) if act.kind == kind), None) or self._log.last_of(kind)

    def pseudonym(self, by: str) -> str:
        return pseudonym(self._root, by)

    def add(self, act: Act, said: Mapping[str, Any], sealed: bytes) -> None:
        """Body first, then the line: a line without its body would look like an erased act."""
        size = os.fstat(self._descriptor).st_size
        path = body_path(self._root, act.n)
        try:
            if self._waiting is None:
                _write_new(path, sealed, durable=self._durable)
                self._write_lines(to_line(act), first=act.n == 1)
            else:
                _write_new(path, sealed, durable=False)
                self._waiting.append(to_line(act))
        except BaseException as error:
            os.ftruncate(self._descriptor, size)
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _unwritten(error, path) from error
            raise
        self._new.append(act)
        self._said[act.n] = dict(said)

    def _write_lines(self, lines: bytes, *, first: bool) -> None:
        _write_all(self._descriptor, (b"\n" if self._newline_first else b"") + lines)
        if self._durable:
            os.fsync(self._descriptor)
            if first:  # only then are there new names in the folder itself
                sync_folder(self._root)
        self._newline_first = False

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Bodies of many acts reach the disk together, then their lines: waiting for each alone takes far longer."""
        size, count = os.fstat(self._descriptor).st_size, len(self._new)
        self._waiting = []
        try:
            yield
            self._write_waiting(count)
        except BaseException as error:
            os.ftruncate(self._descriptor, size)
            for act in self._new[count:]:
                body_path(self._root, act.n).unlink(missing_ok=True)
                del self._said[act.n]
            del self._new[count:]
            if isinstance(error, OSError):
                raise _unwritten(error, self._root / LOG) from error
            raise
        finally:
            self._waiting = None

    def _write_waiting(self, count: int) -> None:
        if not self._waiting:
            return
        if self._durable:
            for act in self._new[count:]:
                sync_file(body_path(self._root, act.n))
            sync_folder(self._root / FOLDER)
        self._write_lines(b"".join(self._waiting), first=not self._log.acts and count == 0)


def erase(root: Path, by: str) -> Erasure:
    """Erase what a person said: bodies and salts of their acts. The chain keeps their hashes and stays whole.

    A lock is the group's promise or plan and stays, unless it rests on the forecast of this person alone. Nobody has to
    wait for a damaged log to be mended: what can be told to be theirs is erased, and bodies of which no line tells
    whose they are are named.

    Raises:
        ActError: nobody of that name or pseudonym has an act here.
    """
    with held(root) as descriptor:
        log = read_open(root, descriptor)
        person = pseudonym(root, by)
        numbers = words_of(log, person)
        for number in numbers:
            body_path(root, number).unlink(missing_ok=True)
        if (root / FOLDER).is_dir():
            sync_folder(root / FOLDER)
    return Erasure(person, numbers, heads.ever_committed(root, FOLDER), _of_nobody(root, log))


def _of_nobody(root: Path, log: ActLog) -> tuple[str, ...]:
    """Bodies of acts whose line in the log is lost or broken, by the name of their file."""
    known = {body_path(root, act.n).name for act in log.acts}
    return tuple(sorted(path.name for path in (root / FOLDER).glob("*.json") if path.name not in known))


def body_path(root: Path, n: int) -> Path:
    """The file that holds what act `n` says."""
    return root / body_name(n)


_OTHER_COPY = "in another copy of this workspace your name has another pseudonym: give the pseudonym (p-…) itself"


def words_of(log: ActLog, person: str) -> tuple[int, ...]:
    """Numbers of the acts that hold a person's own words or numbers, and still say them.

    Raises:
        ActError: nobody of that pseudonym has an act here.
    """
    if person not in log.people:
        raise ActError(f"there is no act by {person} in this log", hint=_OTHER_COPY)
    gone = {*log.erased}
    mine = (act for act in log.acts if act.n not in gone and (act.by == person or act.kind == "lock"))
    return tuple(act.n for act in mine if _says_of(log, act, person))


def _says_of(log: ActLog, act: Act, person: str) -> bool:
    """Whether the body of an act, which is still there, is this person's own words or numbers."""
    if act.kind != "lock":
        return True
    said = log.bodies.get(act.n, {})
    if "promise" not in said:
        return False
    of = act.definition
    before = {
        other.by
        for other in log.spoken("forecast", act.about)
        if other.n < act.n and (of is None or speaks_of(other, of.hash))  # those of another wording were not locked
    }
    return said["promise"]["forecasters"] == 1 and person in before


def read_open(root: Path, descriptor: int) -> ActLog:
    """Read a log that is held."""
    return opened(_chain(root, descriptor), _InFolder(root))


def _chain(root: Path, descriptor: int) -> Chain:
    path = root / LOG
    try:
        size = os.fstat(descriptor).st_size
        if size > LARGEST_LOG:
            raise ActError(f"the log of acts is {size:,} bytes long", where=Where(str(path)), expected="at most 512 MB")
        with _file(descriptor) as file:
            chain = sound.read(file)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not chain.acts and any(found.code == "malformed" for found in chain.damage):
        first = chain.damage[0]
        raise ActError(f"this is no log of acts: {first.message}", where=Where(str(path), first.line), expected=_FORMAT)
    return chain


def _file(descriptor: int) -> BinaryIO:
    file = os.fdopen(os.dup(descriptor), "rb")
    file.seek(0)
    return file


_FORMAT = "one act a line, as `vitalfew act` writes them"


def opened(chain: Chain, kept: Kept) -> ActLog:
    """A chain with what its acts say, wherever that is kept."""
    return ActLog(chain.acts, Sealed(chain.acts, kept), chain.damage)


class _InFolder:
    """The files in `acts/` (`sealed.Kept`)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def fetch(self, numbers: Sequence[int]) -> Mapping[int, bytes | OSError]:
        found: dict[int, bytes | OSError] = {}
        for n in numbers:
            try:
                with body_path(self._root, n).open("rb") as file:
                    found[n] = file.read(LONGEST_BODY + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                found[n] = error
        return found

    def among(self, numbers: Sequence[int]) -> set[int]:
        try:
            with os.scandir(self._root / FOLDER) as entries:
                names = {entry.name for entry in entries}
        except FileNotFoundError:
            return set()
        return {n for n in numbers if f"{n:06}.json" in names}


@contextmanager
def held(root: Path) -> Iterator[int]:
    """Open the log of a folder and hold its lock; a log that is still empty afterwards is taken away again."""
    path = root / LOG
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            with locked(descriptor, exclusive=True):
                settle(root)  # a change that was cut off may still put another log in place of this one
                if not _still_there(path, descriptor):
                    continue
                try:
                    yield descriptor
                finally:
                    if os.fstat(descriptor).st_size == 0 and _still_there(path, descriptor):
                        path.unlink()
                return
        finally:
            os.close(descriptor)


def _still_there(path: Path, descriptor: int) -> bool:
    """Whether the file that was locked is the one that has the name now: another process may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _damaged(root: Path, first: Damage) -> ActError:
    hint = (
        "nothing was lost: remove the last line, its act was never completed"
        if first.code == "torn"
        else "`vitalfew verify` lists all damage; restore the log from git or from a copy"
    )
    where = Where(str(root / LOG), first.line)
    return ActError(f"the log is damaged, nothing was appended: {first.message}", where=where, hint=hint)


def _write_new(path: Path, content: bytes, *, durable: bool) -> None:
    """Write a file whole or not at all; one left by an append that never finished is replaced."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _unwritten(error: OSError, path: Path) -> ActError:
    return ActError(f"the act could not be written: {error.strerror}", where=Where(str(path)))


def _unreadable(path: Path, error: OSError) -> ActError:
    return ActError(f"the log of acts cannot be opened: {error.strerror}", where=Where(str(path)))
