"""Whether words give evidence that somebody else could look up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

type Claim = Literal["what", "counter"]
_FIGURE_OR_LINK = re.compile(r"\d|https?://")
_KINDS = ("metrics", "experiments", "releases", "segments")


@dataclass(frozen=True, slots=True)
class Citable:
    """What a claim may cite: metrics, experiments, releases and segments by key or title; made once for many claims.

    Attributes:
        names: in plain words.
        longest: words in the longest of them.
    """

    names: frozenset[str]
    longest: int

    @classmethod
    def of(cls, definitions: Definitions) -> Self:
        """What is defined in a workspace."""
        named = ((kind, key) for kind in _KINDS for key in getattr(definitions, kind))
        said = [_words(name) for kind, key in named for name in (key, definitions.title(kind, key))]
        return cls(frozenset(map(" ".join, said)) - {""}, max(map(len, said), default=0))

    def gives_evidence(self, text: str) -> bool:
        """Whether a text names a figure, a link, or something that is defined.

        It says nothing of whether the evidence is good: that is what grades are for.

        >>> nothing = Citable(frozenset(), 0)
        >>> nothing.gives_evidence("9 of 12 dispatchers asked for it")
        True
        >>> nothing.gives_evidence("everybody knows")
        False
        """
        if _FIGURE_OR_LINK.search(text):
            return True
        said = _words(text)
        runs = (said[start : start + length] for start in range(len(said)) for length in range(1, self.longest + 1))
        return any(" ".join(run) in self.names for run in runs)

    def bare(self, evidence: str, counter: str) -> tuple[Claim, ...]:
        """What is claimed in a decision without evidence.

        Args:
            evidence: what the decision is said to rest on.
            counter: the argument against it, which has to bring its evidence along.
        """
        rests_on: dict[Claim, str] = {"what": evidence, "counter": counter}
        return tuple(claim for claim, text in rests_on.items() if not self.gives_evidence(text))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("_", " "))
