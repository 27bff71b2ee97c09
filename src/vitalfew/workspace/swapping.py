"""Several files of a workspace folder replaced as one: whatever kills the process, all of them are new or none is.

What is to be written lies in `.vitalfew/swap/` until a list of it, `.vitalfew/swap.json`, has its name: that is the
moment at which the change holds. Whoever opens the folder then moves the files to their places, if the process that
wrote the list no longer can.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vitalfew.errors import DataError, Where
from vitalfew.workspace.locking import locked
from vitalfew.workspace.people import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ALLOWED = re.compile(r"(?:acts\.jsonl|acts/\d{6,}\.json|[^\x00]+\.ya?ml)", re.IGNORECASE)
_STAGED = re.compile(r"\d{6}")
type Moves = list[tuple[str, str | None]]


def swap(root: Path, files: Mapping[str, bytes | None]) -> None:
    """Replace files as one.

    Args:
        root: the workspace folder.
        files: new contents by path below it, in the order in which they are to appear; None deletes.

    Raises:
        DataError: they cannot be written; nothing was changed.
    """
    with _held(root) as private:
        _finish(root)
        staged = private / "swap"
        try:
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            moves: Moves = []
            for number, (name, content) in enumerate(files.items()):
                moves.append((name, None if content is None else f"{number:06}"))
                if content is not None:
                    _write(staged / f"{number:06}", content)
            sync_folder(staged)
            _write(private / "swap.part", json.dumps(moves).encode())
            (private / "swap.part").replace(private / "swap.json")
            sync_folder(private)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise DataError(f"nothing was changed: {error.strerror}", where=Where(str(root))) from error
        _finish(root)


def settle(root: Path) -> None:
    """Finish what was begun here by a process that is gone; waits for one that is still at it.

    Raises:
        DataError: it cannot be finished.
    """
    if pending(root):
        with _held(root):
            _finish(root)


def pending(root: Path) -> bool:
    """Whether files have been replaced that are not all in their places yet."""
    return (root / ".vitalfew" / "swap.json").exists()


def generation(root: Path) -> tuple[int, int] | None:
    """Changes with every swap that was finished: who reads several files compares it before and after."""
    try:
        found = (root / ".vitalfew" / "swapped.json").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def sync_file(path: Path) -> None:
    """Make what a file holds durable."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make names of new files durable; Windows cannot open folders and needs no such step."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _held(root: Path) -> Iterator[Path]:
    try:
        private = private_folder(root)
        descriptor = os.open(private / "swap.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise DataError(f"the folder cannot be written: {error.strerror}", where=Where(str(root))) from error
    try:
        with locked(descriptor, exclusive=True):
            yield private
    finally:
        os.close(descriptor)


def _finish(root: Path) -> None:
    """Move what is listed to its place; what has been moved already is left alone, so that this can be done again."""
    private = root / ".vitalfew"
    if not pending(root):
        return
    moves = _listed(private / "swap.json")
    inside = root.resolve()
    try:
        for name, staged in moves:
            target = (root / name).resolve()
            if not target.is_relative_to(inside) or target.is_relative_to(inside / ".vitalfew"):
                raise _strange(private / "swap.json")
            _move(private / "swap" / staged if staged else None, target)
        for folder in dict.fromkeys((root / name).resolve().parent for name, _ in moves):
            if folder.is_dir():
                sync_folder(folder)
        (private / "swap.json").replace(private / "swapped.json")
        os.utime(private / "swapped.json")
        sync_folder(private)
    except OSError as error:
        message = f"an interrupted change cannot be finished: {error.strerror}"
        raise DataError(message, where=Where(str(root)), hint="make the folder writable and try again") from error
    shutil.rmtree(private / "swap", ignore_errors=True)


def _move(staged: Path | None, target: Path) -> None:
    if staged is None:
        target.unlink(missing_ok=True)
    elif staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            staged.chmod(target.stat().st_mode & 0o777)
        staged.replace(target)


def _listed(path: Path) -> Moves:
    """The list, which a folder may have brought along from anywhere."""
    try:
        found = json.loads(path.read_bytes())
        moves = [(str(name), None if staged is None else str(staged)) for name, staged in found]
    except (OSError, ValueError, TypeError, RecursionError):
        raise _strange(path) from None
    if not all(
        _ALLOWED.fullmatch(name) and (staged is None or re.fullmatch(r"\d{6}", staged)) for name, staged in moves
    ):
        raise _strange(path)
    return moves


def _strange(path: Path) -> DataError:
    hint = "look at it, then delete it: what it lists was not moved"
    return DataError("this list of changed files was not written by vitalfew", where=Where(str(path)), hint=hint)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
