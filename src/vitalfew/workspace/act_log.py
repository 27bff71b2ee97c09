"""The acts of a workspace in order, with what they say, and what is looked up in them again and again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, tzinfo

    from vitalfew.workspace.chain import Act, Damage, Kind


class _Index:
    """Where to find acts in a log, made once for as many acts as there are instead of once per question."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        self._acts = acts

    @cached_property
    def by_subject(self) -> Mapping[tuple[Kind, str], list[Act]]:
        found: dict[tuple[Kind, str], list[Act]] = defaultdict(list)
        for act in self._acts:
            found[act.kind, act.about].append(act)
        return dict(found)

    @cached_property
    def wordings(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for act in self._acts:
            if act.definition is not None:
                found[act.definition.kind, act.definition.key].setdefault(act.definition.hash)
        return {name: tuple(hashes) for name, hashes in found.items()}

    @cached_property
    def places(self) -> Mapping[str, tuple[int, int]]:
        """By hash the unbroken stretch of the chain in which an act stands, and its number.

        Where two acts claim to follow the same one, as only in a damaged log, the first goes on with its stretch.
        """
        found: dict[str, tuple[int, int]] = {}
        followed: set[str] = set()
        for act in sorted(self._acts, key=lambda act: act.n):
            if act.hash in found:
                continue
            stretch, number = found.get(act.prev, (0, 0))
            if number != act.n - 1 or act.prev in followed or not number:
                stretch = len(found)
            else:
                followed.add(act.prev)
            found[act.hash] = stretch, act.n
        return found


@dataclass(frozen=True, slots=True)
class ActLog:
    """The acts of a workspace in order, with what they say; damaged ones are left out and named in `damage`.

    `bodies` maps `n` to what act `n` says. An act without a body was erased (`erased`).
    """

    acts: tuple[Act, ...] = ()
    bodies: Mapping[int, dict[str, Any]] = field(default_factory=dict, repr=False)
    damage: tuple[Damage, ...] = ()
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.acts))

    @property
    def erased(self) -> tuple[int, ...]:
        """Numbers of the acts whose body is gone for good, as opposed to damaged."""
        broken = {found.n for found in self.damage if found.code == "body"}
        return tuple(act.n for act in self.acts if act.n not in self.bodies and act.n not in broken)

    @property
    def head(self) -> str | None:
        """The hash that stands for the whole log: that of its last act; None when it is empty."""
        return self.acts[-1].hash if self.acts else None

    def of(self, kind: Kind, about: str | None = None) -> Iterator[tuple[Act, dict[str, Any]]]:
        """Acts of a kind (and about one thing) with their bodies, in order; erased ones are left out."""
        acts = self.acts if about is None else self._index.by_subject.get((kind, about), ())
        for act in acts:
            if act.kind == kind and act.n in self.bodies:
                yield act, self.bodies[act.n]

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """The version of a definition with this hash: which of the wordings that acts have spoken of, from 1 up."""
        known = self._index.wordings.get((kind, key), ())
        return known.index(digest) + 1 if digest in known else len(known) + 1

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        return next((act for act in reversed(self.acts) if act.kind == kind), None)

    def leads_to(self, act: Act, head: str) -> bool:
        """Whether an unbroken chain leads from an act to the one with this hash, or it is that one."""
        here, there = self._index.places.get(act.hash), self._index.places.get(head)
        return here is not None and there is not None and here[0] == there[0] and here[1] <= there[1]

    def until(self, day: date, zone: tzinfo = UTC) -> ActLog:
        """The log as it stood at the end of a day in a time zone."""
        kept = tuple(act for act in self.acts if act.time.astimezone(zone).date() <= day)
        return ActLog(kept, {act.n: self.bodies[act.n] for act in kept if act.n in self.bodies}, self.damage)
