"""Evidence that somebody else could look up: whether words give any, and what a forecast names that it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from vitalfew.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.workspace.definitions import Definitions

type Claim = Literal["what", "counter"]
_FIGURE_OR_LINK = re.compile(r"\d|https?://")
_KINDS = ("metrics", "experiments", "releases", "segments")
MOST_CITED = 10
"""Pieces of evidence that one forecast may name."""
LONGEST_ADDRESS = 500
"""Characters of a web address."""
RESTED_ON = {
    "experiments": "experiment",
    "releases": "release",
    "metrics": "metric",
    "links": "link",
    "needs": "need",
    "initiatives": "initiative",
    "features": "feature",
}
"""Kinds of definitions that a forecast may rest on, in the order in which keys are looked for, and the word for one."""
_SHOWN = 80
_PARAMETERS_STAY = re.compile(r";(?![^;]*=)")
"""A semicolon in a web address that parts it from what follows: none of its own parameters, such as `;version=2`."""
_ADDRESS = "a web address (https:// or http://, no name and password in it)"
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,119}")


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


def is_address(text: str) -> bool:
    """Whether a text is a web address that may be kept and shown: no secrets for signing in, nothing unseen in it.

    >>> is_address("https://example.org/interviews?page=2"), is_address("https://anna:secret@example.org")
    (True, False)
    >>> is_address("javascript:alert(1)"), is_address("https://example.org/a b")
    (False, False)
    """
    if len(text) > LONGEST_ADDRESS or not text.isprintable() or re.search(r"[\s\\<>\"]", text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def cited_form(text: str) -> str:
    """A piece of evidence as an act may hold it: a web address, or a key, whether something has it or not.

    Raises:
        ValueError: it is neither.
    """
    if is_address(text) or _KEY.fullmatch(text):
        return text
    raise ValueError(f"is neither {_ADDRESS} nor a key")


def kind_cited(key: str, definitions: Definitions) -> str | None:
    """The kind of what a forecast rests on by this key, the first that has it; None for addresses, and what is gone."""
    return next((kind for kind in RESTED_ON if key in getattr(definitions, kind)), None)


def cited(given: Iterable[str], definitions: Definitions | None) -> tuple[str, ...]:
    """What a forecast rests on, each once: web addresses, and keys of what is defined.

    Args:
        given: as it was typed.
        definitions: of the workspace; None for somebody who is told of no definition: addresses only.

    Raises:
        UsageError: one is neither, with the nearest key, or there are too many.
    """
    found = tuple(dict.fromkeys(filter(None, map(str.strip, given))))
    if len(found) > MOST_CITED:
        raise UsageError(
            f"a forecast names at most {MOST_CITED} pieces of evidence, and these are {len(found)}",
            hint="keep those that moved your numbers",
        )
    for one in found:
        if not is_address(one) and (definitions is None or kind_cited(one, definitions) is None):
            raise _unknown(one, definitions)
    return found


def separated(text: str) -> list[str]:
    """Pieces of evidence that stand in one cell or field: apart by blanks, lines, commas before a blank, or semicolons.

    >>> separated("gate_40; retention_7 https://example.org/a,b")
    ['gate_40', 'retention_7', 'https://example.org/a,b']
    >>> separated("gate_40;https://example.org/a;version=2;https://example.org/c;retention_7")
    ['gate_40', 'https://example.org/a;version=2', 'https://example.org/c', 'retention_7']
    """
    pieces = re.split(r"\s+|,\s+|;+(?=\s|$|https?://)", text)
    apart = (re.split(_PARAMETERS_STAY if "://" in piece else ";", piece) for piece in pieces)
    return [one for some in apart for one in some if one]


def _unknown(text: str, definitions: Definitions | None) -> UsageError:
    shown = f"'{text[:_SHOWN]}…'" if len(text) > _SHOWN else f"'{text}'"
    if definitions is None or "://" in text:
        long = f" of at most {LONGEST_ADDRESS} characters" if len(text) > LONGEST_ADDRESS else ""
        return UsageError(f"{shown} cannot be kept as evidence", expected=f"{_ADDRESS}{long}")
    keys = [key for kind in RESTED_ON for key in getattr(definitions, kind)]
    *names, last = RESTED_ON.values()
    expected = f"{_ADDRESS}, or the key of an {', '.join(names)} or {last}"
    return UsageError(f"there is nothing called {shown} here", expected=expected, hint=suggest(text[:_SHOWN], keys))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("_", " "))
