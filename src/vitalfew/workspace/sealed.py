"""What acts say, opened and held against the chain when it is asked for: of a large log nearly nothing ever is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any, Protocol

from vitalfew.workspace.bodies import unseal
from vitalfew.workspace.chain import Damage
from vitalfew.workspace.sound import SoundActs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vitalfew.workspace.chain import Act

AT_ONCE = 1_000
FOLDER = "acts"


class Kept(Protocol):
    """Where the sealed bytes of acts lie."""

    def fetch(self, numbers: Sequence[int]) -> Mapping[int, bytes | OSError]:
        """The bytes that hold what acts say with their salts, by number; what is gone is left out."""
        ...

    def among(self, numbers: Sequence[int]) -> set[int]:
        """Those of some acts of which anything is kept."""
        ...


class InMemory:
    """Sealed bytes that were read before, of some of the acts of which any are kept."""

    def __init__(self, bodies: Mapping[int, bytes], gone: Iterable[int] | None = None) -> None:
        self._bodies, self._gone = bodies, None if gone is None else frozenset(gone)

    def fetch(self, numbers: Sequence[int]) -> Mapping[int, bytes | OSError]:
        """Those that were read."""
        return {n: self._bodies[n] for n in numbers if n in self._bodies}

    def among(self, numbers: Sequence[int]) -> set[int]:
        """All that were not gone when they were read."""
        return {*numbers} & self._bodies.keys() if self._gone is None else {*numbers} - self._gone


class Sealed(Mapping[int, dict[str, Any]]):
    """By act what it says. What is gone, or is not what was sealed in the chain, is not in it.

    Args:
        acts: of the log, or of the part of it that counts.
        kept: where their sealed bytes lie.
    """

    def __init__(self, acts: Sequence[Act], kept: Kept) -> None:
        self._acts, self.kept = acts, kept
        self._open: dict[int, dict[str, Any] | None] = {}
        self._named: dict[int, list[Act]] | None = None

    def __getitem__(self, n: int) -> dict[str, Any]:
        if n not in self._open:
            self.open([n])
        said = self._open[n]
        if said is None:
            raise KeyError(n)
        return said

    def __iter__(self) -> Iterator[int]:
        for numbers in batched(dict.fromkeys(act.n for act in self._acts), AT_ONCE):
            self.open(numbers)
            yield from (n for n in numbers if self._open[n] is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<what {len(self._acts)} acts say, {len(self._open)} of them opened>"

    def only(self, acts: Sequence[Act]) -> Sealed:
        """The same for a part of the acts."""
        return Sealed(acts, self.kept)

    def open(self, numbers: Iterable[int]) -> None:
        """Open several at once, which where they lie in tables takes as long as one."""
        for some in batched((n for n in numbers if n not in self._open), AT_ONCE):
            contents = self.kept.fetch(some)
            for n in some:
                self._open[n] = None
                for act in self._of_number(n) if n in contents else ():
                    said = _opened(act, contents[n])
                    self._open[n] = said if isinstance(said, dict) else self._open[n]

    def gone(self) -> tuple[int, ...]:
        """Numbers of the acts of which nothing is kept."""
        numbers = [*range(1, len(self._acts) + 1)] if isinstance(self._acts, SoundActs) else [a.n for a in self._acts]
        there = self.kept.among(numbers)
        return tuple(n for n in numbers if n not in there)

    def damage(self) -> Iterator[Damage]:
        """Every body that is not what was sealed; looks at all of them."""
        for some in batched(self._acts, AT_ONCE):
            contents = self.kept.fetch([act.n for act in some])
            for act in some:
                said = _opened(act, contents[act.n]) if act.n in contents else {}
                if isinstance(said, Damage):
                    yield said

    def _of_number(self, n: int) -> Sequence[Act]:
        """The act of this number; of a damaged log perhaps several."""
        if isinstance(self._acts, SoundActs):
            return (self._acts[n - 1],) if 1 <= n <= len(self._acts) else ()
        if self._named is None:
            self._named = defaultdict(list)
            for act in self._acts:
                self._named[act.n].append(act)
        return self._named.get(n, ())


def _opened(act: Act, content: bytes | OSError) -> dict[str, Any] | Damage:
    name = body_name(act.n)
    if isinstance(content, OSError):
        return Damage("body", f"{name} cannot be read: {content.strerror}", n=act.n)
    try:
        return unseal(act.kind, content, act.body_hash)
    except ValueError as error:
        return Damage("body", f"{name} {error}", n=act.n)


def body_name(n: int) -> str:
    """The file that holds what act `n` says, below the folder of a workspace."""
    return f"{FOLDER}/{n:06}.json"
