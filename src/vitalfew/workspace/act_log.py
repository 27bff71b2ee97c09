"""The acts of a workspace in order, with what they say, and what is looked up in them again and again."""

from __future__ import annotations

from array import array
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any

from vitalfew.workspace.sealed import AT_ONCE, InMemory, Sealed
from vitalfew.workspace.sound import SoundActs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from vitalfew.workspace.chain import Act, Damage, Kind
    from vitalfew.workspace.sound import Voice


class _Index:
    """Where to find acts in a log, made once for as many acts as there are instead of once per question."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = acts

    @cached_property
    def voices(self) -> tuple[Sequence[Voice], Sequence[int]]:
        """What acts have in common, in the order in which each was first said, and by place in the log which."""
        if isinstance(self._acts, SoundActs):
            return self._acts.voices()
        known: dict[Voice, int] = {}
        who = [known.setdefault((a.by, a.kind, a.about, a.definition), len(known)) for a in self._acts]
        return tuple(known), who

    @cached_property
    def by_subject(self) -> Mapping[tuple[Kind, str], Sequence[int]]:
        """Places in the log."""
        voices, who = self.voices
        found: dict[tuple[Kind, str], array[int]] = defaultdict(lambda: array("I"))
        lists = [found[kind, about] for _, kind, about, _ in voices]
        for place, voice in enumerate(who):
            lists[voice].append(place)
        return dict(found)

    @cached_property
    def by_kind(self) -> Mapping[Kind, Sequence[int]]:
        """Places in the log."""
        found: dict[Kind, list[int]] = defaultdict(list)
        for (kind, _), places in self.by_subject.items():
            found[kind].extend(places)
        return {kind: array("I", sorted(places)) for kind, places in found.items()}

    @cached_property
    def wordings(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for _, _, _, definition in self.voices[0]:
            if definition is not None:
                found[definition.kind, definition.key].setdefault(definition.hash)
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

    @cached_property
    def begun(self) -> date | None:
        first = min((self.moment(place) for place in range(len(self._acts))), default=None)
        return None if first is None else date.fromisoformat(first[:10])

    def moment(self, place: int) -> str:
        """`at` of the act in this place."""
        return self._acts.moment_of(place) if isinstance(self._acts, SoundActs) else self._acts[place].at

    @cached_property
    def asked(self) -> dict[str, int | None]:
        """Numbers of the acts of a sound log whose hashes were asked for."""
        return {}


@dataclass(frozen=True, slots=True)
class ActLog:
    """The acts of a workspace in order, with what they say; damaged ones are left out and named in `damage`.

    `bodies` maps `n` to what act `n` says. An act without a body was erased (`erased`), or is damaged. `chain_damage`
    is what is wrong with the acts themselves. `same` maps pseudonyms to the one that stands for the same person, as far
    as whoever keeps the log knows that somebody has several.
    """

    acts: Sequence[Act] = ()
    bodies: Mapping[int, dict[str, Any]] = field(default_factory=dict, repr=False)
    chain_damage: tuple[Damage, ...] = ()
    same: Mapping[str, str] = field(default_factory=dict, repr=False)
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.acts))

    @property
    def damage(self) -> tuple[Damage, ...]:
        """All that is wrong; every act and everything that is said is looked at."""
        return (*self.chain_damage, *(self.bodies.damage() if isinstance(self.bodies, Sealed) else ()))

    @property
    def erased(self) -> tuple[int, ...]:
        """Numbers of the acts whose body is gone for good, as opposed to damaged."""
        if isinstance(self.bodies, Sealed):
            return self.bodies.gone()
        return tuple(act.n for act in self.acts if act.n not in self.bodies)

    @property
    def head(self) -> str | None:
        """The hash that stands for the whole log: that of its last act; None when it is empty."""
        return self.acts[-1].hash if self.acts else None

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the acts, in order."""
        return range(1, len(self.acts) + 1) if isinstance(self.acts, SoundActs) else [act.n for act in self.acts]

    @property
    def people(self) -> frozenset[str]:
        """The pseudonyms of all who acted."""
        return frozenset(by for by, _, _, _ in self._index.voices[0])

    def person(self, by: str) -> str:
        """The pseudonym that stands for the person behind this one: people are counted and heard once."""
        return self.same.get(by, by)

    @property
    def begun(self) -> date | None:
        """The first day, in UTC, on which anything was recorded."""
        return self._index.begun

    def spoken(self, kind: Kind, about: str | None = None) -> Iterator[Act]:
        """Acts of a kind (and about one thing) in order, those too of which nobody knows any more what they said."""
        return (self.acts[place] for place in self._places(kind, about))

    def of(self, kind: Kind, about: str | None = None) -> Iterator[tuple[Act, dict[str, Any]]]:
        """Acts of a kind (and about one thing) with their bodies, in order; erased ones are left out."""
        for some in batched(self.spoken(kind, about), AT_ONCE):
            self._open([act.n for act in some])
            for act in some:
                said = self.bodies.get(act.n)
                if said is not None:
                    yield act, said

    def about(self, key: str) -> Iterator[Act]:
        """The acts about one thing, in order."""
        places = (place for kind, about in self._index.by_subject if about == key for place in self._places(kind, key))
        return (self.acts[place] for place in sorted(places))

    def first_of(self, kind: Kind, about: str, *, without: Collection[int] = ()) -> Act | None:
        """The act of a kind about one thing that is the oldest by its clock, but for those with some numbers."""
        in_time = sorted(self._places(kind, about), key=self._index.moment)
        return next((act for place in in_time if (act := self.acts[place]).n not in without), None)

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """The version of a definition with this hash: which of the wordings that acts have spoken of, from 1 up."""
        known = self.wordings(kind, key)
        return known.index(digest) + 1 if digest in known else len(known) + 1

    def wordings(self, kind: str, key: str) -> tuple[str, ...]:
        """Hashes of a definition that acts have spoken of, the first spoken of first."""
        return self._index.wordings.get((kind, key), ())

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        places = self._places(kind)
        return self.acts[places[-1]] if places else None

    def number_of(self, digest: str, expected: int | None = None) -> int | None:
        """The number of the act with this hash; None where none has it. `expected`: where it is looked for first."""
        if not isinstance(self.acts, SoundActs):
            return self._index.places.get(digest, (0, None))[1]
        if expected is not None and 1 <= expected <= len(self.acts) and self.acts.hash_of(expected) == digest:
            return expected
        if digest not in self._index.asked:
            self._index.asked[digest] = self.acts.number_of(digest)
        return self._index.asked[digest]

    def leads_to(self, act: Act, head: str, expected: int | None = None) -> bool:
        """Whether an unbroken chain leads from an act to the one with this hash, or it is that one."""
        if isinstance(self.acts, SoundActs):
            here, there = self.number_of(act.hash, act.n), self.number_of(head, expected)
            return here is not None and there is not None and here <= there
        begin, end = self._index.places.get(act.hash), self._index.places.get(head)
        return begin is not None and end is not None and begin[0] == end[0] and begin[1] <= end[1]

    def until(self, day: date, zone: tzinfo = UTC) -> ActLog:
        """The log as it stood at the end of a day in a time zone."""
        moments = [self._index.moment(place) for place in range(len(self.acts))]
        early = {at: datetime.fromisoformat(at).astimezone(zone).date() <= day for at in {*moments}}
        places = [place for place, at in enumerate(moments) if early[at]]
        prefix = len(places) == 0 or places[-1] == len(places) - 1
        acts = self.acts[: len(places)] if prefix else tuple(self.acts[place] for place in places)
        if isinstance(self.bodies, Sealed):
            return ActLog(acts, self.bodies.only(acts), self.chain_damage, self.same)
        bodies = {act.n: self.bodies[act.n] for act in acts if act.n in self.bodies}
        return ActLog(acts, bodies, self.chain_damage, self.same)

    def standing(self) -> tuple[list[int], list[int]]:
        """What of all that was said still counts, and what of it cannot be read any more.

        A forecast counts no more once the same person has forecast the same wording again, unless it was locked in
        between. Of what was erased or damaged the one before stands.

        Returns:
            Numbers of the acts that stand, and of those that would if they could be read.
        """
        found: list[int] = []
        unread: list[int] = []
        replaced = self._replaced()
        self._open([self.acts[places[-1]].n for places in replaced])
        for places in replaced:
            for place in reversed(places):
                n = self.acts[place].n
                if n in self.bodies:
                    found.append(n)
                    break
                unread.append(n)
        return sorted(found), sorted(unread)

    def state(self) -> tuple[object, ...]:
        """All of the log that what is reckoned from it hangs on: its end, what cannot be read any more, who is one."""
        same = sorted((by, self.person(by)) for by in self.people if by in self.same)
        return self.head, self.erased, len(self.chain_damage), self.standing()[1], *same

    def carried(self) -> ActLog:
        """The log with what counts of what was said in memory, to be taken to another process."""
        if not isinstance(self.bodies, Sealed):
            return self
        numbers, unread = self.standing()
        contents: dict[int, bytes] = {}
        for some in batched((*numbers, *unread), AT_ONCE):
            contents |= {n: held for n, held in self.bodies.kept.fetch(some).items() if isinstance(held, bytes)}
        return ActLog(self.acts, Sealed(self.acts, InMemory(contents, self.erased)), self.chain_damage, self.same)

    def _replaced(self) -> list[Sequence[int]]:
        """Places of acts, in groups of which the last counts."""
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        alone: list[int] = []
        for (kind, about), places in self._index.by_subject.items():
            if kind != "forecast":
                alone += places
                continue
            locks = self._places("lock", about)
            for place in places:
                groups[self._index.voices[1][place], bisect(locks, place)].append(place)
        return [*([place] for place in alone), *groups.values()]

    def _places(self, kind: Kind, about: str | None = None) -> Sequence[int]:
        if about is None:
            return self._index.by_kind.get(kind, ())
        return self._index.by_subject.get((kind, about), ())

    def _open(self, numbers: Sequence[int]) -> None:
        if isinstance(self.bodies, Sealed):
            self.bodies.open(numbers)
