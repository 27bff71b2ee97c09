"""Logs in which nothing is wrong, as nearly all are: every hash looked at in one pass, a hundred bytes kept per act.

Lines in the very form in which acts are written need no JSON: the canonical form that a hash is taken of is the line
without its `hash`. Any other line is left to `chain.inspect`, which takes ten times as long and says what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, cast, overload

from vitalfew.workspace.chain import CLOCK_TOLERANCE, GENESIS, KINDS, LONGEST_LINE, Act, Chain, DefinitionRef, inspect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vitalfew.workspace.chain import Kind

type Voice = tuple[str, Kind, str, DefinitionRef | None]
"""What many acts have in common: by whom, kind, about what, and the definition spoken of."""

_PLAIN = r"[ !#-\[\]-~]"  # what JSON writes as it is
_HASH = "[0-9a-f]{64}"
_COUNT = r"[1-9]\d{0,14}"
_REFERENCE = rf'\{{"hash":"{_HASH}","key":"{_PLAIN}{{1,300}}","kind":"{_PLAIN}{{1,300}}","version":{_COUNT}\}}'
_LINE = re.compile(
    (
        rf'^(\{{"about":"({_PLAIN}{{1,300}})","at":"(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?Z)"'
        rf',"body_hash":"({_HASH})","by":"({_PLAIN}{{1,120}})","definition":(null|{_REFERENCE}),)"hash":"({_HASH})",'
        rf'("kind":"({"|".join(KINDS)})","n":({_COUNT}),"prev":"({_HASH})"\}})\n'
    ).encode(),
    re.MULTILINE,
)
_WIDTH = len("2026-03-01T09:30:00.123456Z")
_BYTES = 32  # of a SHA-256
_AT_ONCE = 1 << 18


class SoundActs(Sequence[Act]):
    """The acts of a sound log, numbered from 1 without a gap; each is made when it is asked for."""

    __slots__ = ("_at", "_body_hashes", "_hashes", "_voices", "_who")

    def __init__(self, hashes: bytes, body_hashes: bytes, at: bytes, who: array[int], voices: Sequence[Voice]) -> None:
        self._hashes, self._body_hashes, self._at, self._who, self._voices = hashes, body_hashes, at, who, voices

    def __len__(self) -> int:
        return len(self._who)

    @overload
    def __getitem__(self, index: int) -> Act: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Act]: ...
    def __getitem__(self, index: int | slice) -> Act | Sequence[Act]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            return self.first(stop) if (start, step) == (0, 1) else tuple(self[at] for at in range(start, stop, step))
        at = range(len(self))[index]
        by, kind, about, definition = self._voices[self._who[at]]
        body_hash = self._body_hashes[_BYTES * at : _BYTES * (at + 1)].hex()
        prev = self.hash_of(at) if at else GENESIS
        return Act(at + 1, self.moment_of(at), by, kind, about, definition, body_hash, prev, self.hash_of(at + 1))

    def __iter__(self) -> Iterator[Act]:
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SoundActs):
            return self._hashes == other._hashes  # the last one alone stands for all
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Act.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment] # as a list has none

    def __repr__(self) -> str:
        return f"<{len(self)} acts, all sound>"

    def first(self, count: int) -> SoundActs:
        """The log as it stood after so many acts."""
        kept = max(count, 0)
        hashes, body_hashes = self._hashes[: _BYTES * kept], self._body_hashes[: _BYTES * kept]
        return SoundActs(hashes, body_hashes, self._at[: _WIDTH * kept], self._who[:kept], self._voices)

    def hash_of(self, n: int) -> str:
        """The hash of act `n`."""
        return self._hashes[_BYTES * (n - 1) : _BYTES * n].hex()

    def moment_of(self, index: int) -> str:
        """`at` of the act in this place, counted from 0."""
        return self._at[_WIDTH * index : _WIDTH * (index + 1)].rstrip().decode()

    def number_of(self, digest: str) -> int | None:
        """The number of the act with this hash; None when there is none."""
        try:
            wanted = bytes.fromhex(digest)
        except ValueError:
            return None
        at = self._hashes.find(wanted)
        while at > 0 and at % _BYTES:
            at = self._hashes.find(wanted, at + 1)
        return None if at < 0 or len(wanted) != _BYTES else at // _BYTES + 1

    def voices(self) -> tuple[Sequence[Voice], Sequence[int]]:
        """What acts have in common, in the order in which each was first said, and by act which of them."""
        return self._voices, self._who


class Listening:
    """Hears a log line by line. `sound` is False as soon as anything is not plainly as it was written."""

    def __init__(self) -> None:
        self.sound = True
        self._last = GENESIS.encode()
        self._moment: datetime | None = None
        self._hashes, self._body_hashes, self._at = bytearray(), bytearray(), bytearray()
        self._who = array("I")
        self._voices: dict[tuple[bytes, ...], int] = {}

    def hear(self, lines: bytes) -> bool:
        """Add whole lines, each with its newline; gives `sound`."""
        if self.sound and lines:
            found = _LINE.findall(lines)
            self.sound = len(found) == lines.count(b"\n") and lines.endswith(b"\n") and self._follow(found)
        return self.sound

    @property
    def count(self) -> int:
        """How many acts were heard."""
        return len(self._who)

    def acts(self) -> SoundActs:
        """What was heard."""
        voices = [_voice(*parts) for parts in self._voices]
        return SoundActs(bytes(self._hashes), bytes(self._body_hashes), bytes(self._at), self._who, voices)

    def _follow(self, found: list[tuple[bytes, ...]]) -> bool:
        heads, about, at, body_hashes, by, definitions, hashes, tails, kinds, numbers, links = zip(*found, strict=True)
        begun = len(self._who)
        if [*map(int, numbers)] != [*range(begun + 1, begun + len(found) + 1)]:
            return False
        if links != (self._last, *hashes[:-1]) or not self._in_time(at):
            return False
        sha256 = hashlib.sha256
        digests = b"".join([sha256(head + tail).digest() for head, tail in zip(heads, tails, strict=True)])
        if digests != bytes.fromhex(b"".join(hashes).decode()):
            return False
        self._last = hashes[-1]
        self._hashes += digests
        self._body_hashes += bytes.fromhex(b"".join(body_hashes).decode())
        self._at += b"".join([moment.ljust(_WIDTH) for moment in at])
        codes, voices = self._voices, zip(by, kinds, about, definitions, strict=True)
        self._who.extend([codes.setdefault(voice, len(codes)) for voice in voices])
        return True

    def _in_time(self, stamps: Sequence[bytes]) -> bool:
        """Whether these are times, none of them older than the one before by more than clocks may differ."""
        try:
            moments = [*map(datetime.fromisoformat, b"\n".join(stamps).decode().split("\n"))]
        except ValueError:
            return False
        before, self._moment = self._moment or moments[0], moments[-1]
        in_order = [before, *moments]
        return in_order == sorted(in_order) or all(
            earlier - later <= CLOCK_TOLERANCE for earlier, later in pairwise(in_order)
        )


def read(file: BinaryIO) -> Chain:
    """Read a log from its beginning and find everything that is wrong with it."""
    file.seek(0)
    acts = _heard(iter(lambda: file.read(_AT_ONCE), b""))
    if acts is not None:
        return Chain(acts)
    file.seek(0)
    return inspect(file)


def _heard(parts: Iterable[bytes]) -> SoundActs | None:
    """The acts of a log that comes in parts of any size; None when anything is not plainly as it was written."""
    listening, rest = Listening(), b""
    for part in parts:
        whole, newline, rest = (rest + part).rpartition(b"\n")
        if not listening.hear(whole + newline) or len(rest) > LONGEST_LINE:
            return None
    return None if rest else listening.acts()


def _voice(by: bytes, kind: bytes, about: bytes, definition: bytes) -> Voice:
    named: dict[str, Any] | None = json.loads(definition)
    return by.decode(), cast("Kind", kind.decode()), about.decode(), None if named is None else DefinitionRef(**named)
