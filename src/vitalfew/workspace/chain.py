"""The chain of acts: each entry carries the hash of the one before. Pure: bytes in, acts and damage out.

What a chain can show by itself: edits, gaps, duplicates, a changed order. What it cannot: that all of it was written
anew, or that its end was cut off. For that a head, the hash of the last act at some time, must be known from elsewhere
(`workspace.heads`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

from vitalfew.workspace.strict_json import canonical, is_hash, loads, sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["judgement", "forecast", "lock", "waiver", "decision", "sign_off", "pulse"]
Code = Literal["malformed", "torn", "edited", "link", "gap", "duplicated", "reordered", "clock", "body", "head"]

KINDS: tuple[Kind, ...] = get_args(Kind)
GENESIS = "0" * 64
LONGEST_LINE = 64 * 1024
MOST_UNREADABLE = 10_000
"""With more lines that are none it is another file: they are not listed one by one."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""People append from several machines: by so much may an act seem older than the one before it."""

_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_LENGTHS = {"by": 120, "about": 300}


@dataclass(frozen=True, slots=True)
class DefinitionRef:
    """Which definition an act speaks of, as it stood: its kind and key, the version counted in the log, its hash."""

    kind: str
    key: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the log. `n` counts from 1; `at` is UTC as ISO 8601 with Z; `by` is a pseudonym."""

    n: int
    at: str
    by: str
    kind: Kind
    about: str
    definition: DefinitionRef | None
    body_hash: str
    prev: str
    hash: str

    @property
    def time(self) -> datetime:
        """`at` as a time in UTC."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Damage:
    """One fault of a log: what, and where. `line` counts from 1 in the file; `n` is the act, when known."""

    code: Code
    message: str
    line: int | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A log as read: the acts that hold what they held when written, in file order, and all damage found."""

    acts: Sequence[Act]
    damage: tuple[Damage, ...] = ()
    ends_with_newline: bool = True


def entry_hash(act: Act) -> str:
    """SHA-256 over the RFC 8785 form of an act without its `hash`."""
    return sha256(canonical({name: value for name, value in _plain(act).items() if name != "hash"}))


def to_line(act: Act) -> bytes:
    """One line of `acts.jsonl`, with its newline."""
    return canonical(_plain(act)) + b"\n"


def timestamp(at: datetime) -> str:
    """A time as acts write it, to the second.

    Raises:
        ValueError: the time has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def follow(last: Act | None, **fields: Any) -> Act:  # noqa: ANN401 - the fields of Act; mypy checks them below
    """The act that follows `last` (None: the first), with number, link and hash filled in."""
    bare = Act(n=last.n + 1 if last else 1, prev=last.hash if last else GENESIS, hash="", **fields)
    return Act(**(_shallow(bare) | {"hash": entry_hash(bare)}))


def inspect(lines: Iterable[bytes]) -> Chain:
    """Find everything that is wrong with a log, line by line; `sound.read` is faster where nothing is.

    Acts whose content no longer fits their own hash are left out of the acts: what they once said is unknown.

    Args:
        lines: of the log, each with its newline, as a file opened for reading bytes gives them.
    """
    entries: list[tuple[int | None, Act]] = []
    damage: list[Damage] = []
    line = b"\n"
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append((number, parse(line.removesuffix(b"\n"))))
        except ValueError as error:
            torn = not line.endswith(b"\n")
            damage.append(Damage("torn" if torn else "malformed", _unreadable(str(error), torn=torn), number))
            if len(damage) == MOST_UNREADABLE:
                damage.append(Damage("malformed", "no more lines were read: too many are none of a log", number + 1))
                break
    return replace(examine(entries, damage), ends_with_newline=line.endswith(b"\n"))


def examine(entries: Sequence[tuple[int | None, Act]], damage: Iterable[Damage] = ()) -> Chain:
    """Find what is wrong with acts that could be read.

    Args:
        entries: each with its line, None where they stand in no file, in the order in which they stand.
        damage: what could not be read.
    """
    holds = [entry_hash(act) == act.hash for _, act in entries]
    sound = tuple(act for (_, act), intact in zip(entries, holds, strict=True) if intact)
    edited = [_edited(*entry) for entry, intact in zip(entries, holds, strict=True) if not intact]
    every = [*damage, *edited, *_numbering(entries), *_links(entries), *_clock(sound)]
    return Chain(sound, tuple(sorted(every, key=lambda found: (found.line or 0, found.n or 0))))


def parse(line: bytes) -> Act:
    """Read one line as an act; does not check its hash.

    Raises:
        ValueError: says what is wrong with the line.
    """
    raw = loads(line, limit=LONGEST_LINE)
    if not isinstance(raw, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - callers handle one kind of error for bad lines
    return from_fields(raw)


def from_fields(raw: dict[str, Any]) -> Act:
    """An act from its fields as plain values; does not check its hash.

    Raises:
        ValueError: says what is wrong with them.
    """
    missing, unknown = set(Act.__slots__) - set(raw), set(raw) - set(Act.__slots__)
    if missing or unknown:
        names = ", ".join(sorted(name[:40] for name in missing or unknown))
        raise ValueError(f"{'lacks' if missing else 'has fields no act has:'} {names}")
    _check_fields(raw)
    definition = raw["definition"]
    return Act(**(raw | {"definition": None if definition is None else DefinitionRef(**definition)}))


def _check_fields(raw: dict[str, Any]) -> None:
    if type(raw["n"]) is not int or raw["n"] < 1:
        raise ValueError("has an n that is no whole number from 1 up")
    if not isinstance(raw["at"], str) or not _AT.fullmatch(raw["at"]) or not _is_time(raw["at"]):
        raise ValueError("has an `at` that is no UTC time such as 2026-03-01T09:30:00Z")
    if raw["kind"] not in KINDS:
        raise ValueError(f"has a kind that is none of {', '.join(KINDS)}")
    for name, longest in _LENGTHS.items():
        if not isinstance(raw[name], str) or not 1 <= len(raw[name]) <= longest:
            raise ValueError(f"has a `{name}` that is no text of 1 to {longest} characters")
    for name in ("body_hash", "prev", "hash"):
        if not is_hash(raw[name]):
            raise ValueError(f"has a `{name}` that is no SHA-256 in 64 hexadecimal digits")
    if raw["definition"] is not None and not _is_reference(raw["definition"]):
        raise ValueError("has a `definition` that does not give kind, key, version and hash")


def _is_reference(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == set(DefinitionRef.__slots__)
        and isinstance(value["kind"], str)
        and isinstance(value["key"], str)
        and type(value["version"]) is int
        and is_hash(value["hash"])
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _shallow(act: Act) -> dict[str, Any]:
    return {name: getattr(act, name) for name in Act.__slots__}


def _plain(act: Act) -> dict[str, Any]:
    found = act.definition
    named = found and {"kind": found.kind, "key": found.key, "version": found.version, "hash": found.hash}
    return _shallow(act) | {"definition": named}


def _unreadable(reason: str, *, torn: bool) -> str:
    if torn:
        return f"the last line {reason}: it was cut off while being written, or edited"
    return f"the line {reason}"


def _edited(number: int | None, act: Act) -> Damage:
    message = f"act {act.n} was edited: its content does not give the hash it carries"
    return Damage("edited", message, number, act.n)


def _numbering(entries: Sequence[tuple[int | None, Act]]) -> list[Damage]:
    counts = Counter(act.n for _, act in entries)
    found, highest = [], 0
    repeated: set[int] = set()
    for line, act in entries:
        if act.n in repeated:
            found.append(Damage("duplicated", f"act {act.n} stands in the log {counts[act.n]} times", line, act.n))
        elif act.n < highest:
            found.append(Damage("reordered", f"act {act.n} stands after act {highest}", line, act.n))
        repeated.add(act.n)
        highest = max(highest, act.n)
    return found + [_gap(below, above) for below, above in pairwise([0, *sorted(counts)]) if above - below > 1]


def _gap(below: int, above: int) -> Damage:
    first, last = below + 1, above - 1
    names = f"act {first} is" if first == last else f"acts {first} to {last} are"
    return Damage("gap", f"{names} missing from the log", n=first)


def _links(entries: Sequence[tuple[int | None, Act]]) -> list[Damage]:
    hashes: dict[int, set[str]] = {0: {GENESIS}}
    for _, act in entries:
        hashes.setdefault(act.n, set()).add(act.hash)
    found = []
    for line, act in entries:
        if act.prev not in hashes.get(act.n - 1, {act.prev}):
            what = f"act {act.n - 1}" if act.n > 1 else "the beginning"
            message = f"act {act.n} does not follow {what}: what stood before it was replaced"
            found.append(Damage("link", message, line, act.n))
    return found


def _clock(acts: Iterable[Act]) -> list[Damage]:
    return [
        Damage("clock", f"act {later.n} says it is older than act {earlier.n} before it ({later.at})", n=later.n)
        for earlier, later in pairwise(acts)
        if later.n == earlier.n + 1 and later.time < earlier.time - CLOCK_TOLERANCE
    ]
