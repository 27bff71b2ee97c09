"""What was brought to a workspace, unpacked into a folder: only definitions and the log of acts, under plain names.

It comes from outside. No more of it is ever unpacked than a server takes, whatever it says of itself.
"""

from __future__ import annotations

import json
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack

    type Brought = tuple[str, BinaryIO]

MOST_FILES = 200_000
"""Files of an archive: each act of a log is one."""
MOST_DEFINED = 5_000_000
"""Bytes of definitions in all. While YAML is read it takes some two hundred times the memory of its bytes."""
EXPECTED = "a zip of a workspace folder, or its YAML files"
WHOLE = "whole"
"""The folder that holds all of it in the end, below the one that is unpacked into."""
_TAKEN = re.compile(r"(?:[^/]+/)*(?:[^/]+\.ya?ml|acts\.jsonl|acts/[^/]+\.json)")
_ZIP, _ENTRY = b"PK\x03\x04", b"PK\x01\x02"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_YAML = (".yaml", ".yml")
_NAMES = "names.json"
_LONGEST_NAME = 300  # a path of a workspace is shorter
_PART = 1 << 18
_BETWEEN = 1_000  # files between two that are told


def _unheard(_done: int, _total: int) -> None:
    """Nobody waits."""


def unpack(brought: Iterable[Brought], into: Path, most: int, heard: Callable[[int, int], object] = _unheard) -> int:
    """Write the definitions and the log among what was brought to `WHOLE` in a folder; gives how many are neither.

    Args:
        brought: one archive, or files of definitions, by name; each can be sought in.
        into: an empty folder; when it is refused, what was written so far stays in it.
        most: bytes that are unpacked at most.
        heard: told how many files of how many have been looked at; it may raise to end it.

    Raises:
        UsageError: it is no workspace, leads out of its folder, or is too much.
    """
    files = _Files(into / "files", most, heard)
    for name, file in brought:
        if file.read(len(_ZIP)) == _ZIP:
            files.take_archive(file)
        else:
            file.seek(0)
            files.take(Path(name).name, _parts(file))
    files.end().rename(into / WHOLE)
    return files.left_out


def keep_packed(place: Path, brought: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Keep files as they came, under numbers in a new folder, and their names beside them."""
    place.mkdir(mode=0o700, parents=True)
    names = []
    for at, (name, parts) in enumerate(brought):
        with (place / str(at)).open("xb") as file:
            file.writelines(parts)
        names.append(name)
    (place / _NAMES).write_text(json.dumps(names), encoding="utf-8")


def kept_in(place: Path, files: ExitStack) -> list[Brought]:
    """What was kept as it came, open until the stack is closed."""
    names = json.loads((place / _NAMES).read_text(encoding="utf-8"))
    return [(name, files.enter_context((place / str(at)).open("rb"))) for at, name in enumerate(names)]


def _parts(file: BinaryIO) -> Iterator[bytes]:
    while part := file.read(_PART):
        yield part


@dataclass
class _Files:
    """What has been written below a folder, and how much more may be."""

    folder: Path
    most: int
    heard: Callable[[int, int], object]
    left_out: int = 0
    _unpacked: int = 0
    _defined: int = 0
    _names: set[str] = field(default_factory=set)
    _made: set[Path] = field(default_factory=set)

    def take_archive(self, file: BinaryIO) -> None:
        """Take an archive."""
        file.seek(0)
        if sum(part.count(_ENTRY) for part in _parts(file)) > MOST_FILES:  # its index is read as a whole
            raise UsageError("it holds too many files", expected=f"at most {MOST_FILES:,}")
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                self._take_members(archive)
        except (
            zipfile.BadZipFile,
            zipfile.LargeZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            OSError,
            ValueError,  # names that are no text, places before the beginning
        ) as error:
            raise UsageError("the zip cannot be read", expected=EXPECTED) from error

    def _take_members(self, archive: zipfile.ZipFile) -> None:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_FILES:
            raise UsageError(f"{len(members):,} files are too many", expected=f"at most {MOST_FILES:,}")
        for at, member in enumerate(members):
            if at % _BETWEEN == 0:
                self.heard(at, len(members))
            name = _safe(member)
            if not _is_taken(name):
                self.left_out += 1
                continue
            if member.compress_type not in _PACKED:
                raise zipfile.BadZipFile("packed in a way that takes as much memory as it says")
            with archive.open(member) as file:
                self.take(name, _parts(file))  # type: ignore[arg-type]  # it reads as a binary file does

    def take(self, name: str, parts: Iterator[bytes]) -> None:
        """Write one file, if it is one that is taken."""
        if not _is_taken(name):
            self.left_out += 1
            return
        if name in self._names:
            raise UsageError(f"two files are called '{name[:80]}'", hint="give them different names")
        self._names.add(name)
        path = self.folder / name
        try:
            if path.parent not in self._made:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._made.add(path.parent)
            with path.open("xb") as file:
                file.writelines(self._counted(parts, is_defined=name.endswith(_YAML)))
        except OSError as error:  # a name that is too long, or that of a folder
            raise UsageError(f"'{name[:80]}' cannot be kept: {error.strerror}", expected=EXPECTED) from error

    def _counted(self, parts: Iterator[bytes], *, is_defined: bool) -> Iterator[bytes]:
        """The same, until it becomes too much, whatever an index promises."""
        for part in parts:
            self._unpacked += len(part)
            if self._unpacked > self.most:
                raise UsageError("it unpacks to too much", expected=f"at most {self.most // 1_000_000:,} MB")
            self._defined += len(part) if is_defined else 0
            if self._defined > MOST_DEFINED:
                expected = f"at most {MOST_DEFINED // 1_000_000} MB of YAML"
                raise UsageError("it defines too much at once", expected=expected)
            yield part

    def end(self) -> Path:
        """The folder of it all: as the workspace itself was packed or what is in it, the log stands at its top.

        Raises:
            UsageError: there are no definitions.
        """
        if not any(name.endswith(_YAML) for name in self._names):
            raise UsageError("there are no definitions in it", expected=EXPECTED)
        first = {name.split("/", 1)[0] for name in self._names}
        common = len(first) == 1 and all("/" in name for name in self._names)
        return self.folder / first.pop() if common else self.folder


def _is_taken(name: str) -> bool:
    return bool(_TAKEN.fullmatch(name)) and not any(part.startswith(".") for part in name.split("/"))


def _safe(member: zipfile.ZipInfo) -> str:
    """The name of a file of an archive, where it stays within the folder.

    Raises:
        UsageError: it leads out of it.
    """
    name, path = member.filename, PurePosixPath(member.filename)
    is_plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable()
    if outside or not is_plain or len(name) > _LONGEST_NAME:
        raise UsageError(f"'{name[:80]!s}' leads out of the folder", expected=EXPECTED)
    return str(path)
