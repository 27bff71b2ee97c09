"""Files and folders written whole or not at all: made under a hidden name beside their place, then moved there."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import sys
import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DRAFT = ".vitalfew-"
_NAMED = re.compile(rf"{re.escape(_DRAFT)}[0-9a-f]{{8}}(?:-([0-9]+)(?:-([0-9]+))?)?")
"""A draft, the process that writes it and when that began; older ones name neither, or the process alone."""
_SINCE_BOOT = 19
"""Where `/proc/N/stat` tells the start of a process, counted from what follows its name: proc(5), `starttime`."""
_DAY = 24 * 3600.0


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or replace one, whole or not at all.

    A link stays a link, and a file keeps its permissions. What is no file, such as a terminal, is written to as it is.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        place.write_bytes(content)
        return
    draft = _draft_in(place.parent)
    try:
        draft.write_bytes(content)
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(home: Path) -> Iterator[Path]:
    """A folder to write into: what lies in it stands in `home` when all went well, and vanishes when not.

    A `home` that is there already stays the folder it is, as somebody may stand in it and a disk may hang there; what
    it holds under the same names is replaced.

    Raises:
        OSError: it cannot be written.
    """
    there = home.is_dir()
    if not there:
        home.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft_in(home if there else home.absolute().parent)
    draft.mkdir()
    try:
        yield draft
        if not there:
            draft.rename(home)
        for made in sorted(draft.iterdir()) if there else ():
            _move(made, home / made.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def is_free(home: Path) -> bool:
    """Whether a new folder may be written there: nothing is, or a folder that holds nothing.

    What a process left behind that was killed while it wrote counts as nothing.
    """
    if home.is_dir():
        return all(entry.name.startswith(_DRAFT) for entry in home.iterdir())
    return not (home.exists() or home.is_symlink())


def _draft_in(folder: Path) -> Path:
    """A name in a folder that nothing has; as short for every place, as names have bounds. What was left there goes."""
    _sweep(str(folder.absolute()))
    own = os.getpid()
    begun = _begun(own)
    return folder.absolute() / f"{_DRAFT}{secrets.token_hex(4)}-{own}{f'-{begun}' if begun else ''}"


@lru_cache(maxsize=1_000)  # once a process: a folder may hold many files, and be written to as often
def _sweep(folder: str) -> None:
    """Remove drafts of processes that were killed; what cannot be looked at or removed stays."""
    with suppress(OSError), os.scandir(folder) as found:
        for entry in [entry for entry in found if entry.name.startswith(_DRAFT)]:
            with suppress(OSError):
                if _is_left(Path(entry.path)):
                    _remove(Path(entry.path))


def _is_left(draft: Path) -> bool:
    """Whether a draft is one of ours, its process is gone, and nothing in it has changed for a day."""
    named = _NAMED.fullmatch(draft.name)
    kind = draft.lstat().st_mode
    if named is None or not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)) or (named[1] and _runs(int(named[1]), named[2])):
        return False
    newest = max(path.lstat().st_mtime for path in (draft, *draft.rglob("*")))
    return newest < time.time() - _DAY


def _runs(process: int, begun: str | None) -> bool:
    """Whether a process of this machine has that number, and began then where that is known.

    The same numbers are given again, in a container after every start. Where a process cannot be asked for without
    harm, the age of its draft decides.
    """
    if sys.platform == "win32":
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return begun is None or _begun(process) in ("", begun)


def _begun(process: int) -> str:
    """When a process began, as the kernel counts; empty where it does not tell (Linux does)."""
    try:
        told = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return ""
    return told.rpartition(b")")[2].split()[_SINCE_BOOT].decode()


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink()


def _move(made: Path, place: Path) -> None:
    if made.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    made.replace(place)
