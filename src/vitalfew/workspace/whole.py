"""Files and folders written whole or not at all: made under a hidden name beside their place, then moved there."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DRAFT = ".vitalfew-"


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
    draft = _beside(place)
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
    draft = home / _beside(home).name if there else _beside(home)
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


def _beside(place: Path) -> Path:
    """A name that nothing has; as short for every place, as names have bounds."""
    return place.absolute().with_name(f"{_DRAFT}{secrets.token_hex(4)}")


def _move(made: Path, place: Path) -> None:
    if made.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    made.replace(place)
