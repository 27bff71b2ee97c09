"""What a forecast may rest on, as a form offers it, and what the forecasts of a locked promise do rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.errors import UsageError, suggest
from vitalfew.server.core.pages import page_of
from vitalfew.workspace.cited import RESTED_ON, cited, is_address, kind_cited, separated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vitalfew.workspace.definitions import Definitions

OFFERED = 12
"""Pieces of evidence that a form offers to tick; others are typed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence as a page shows it; `outside`: its address leads away from here."""

    text: str
    address: str
    outside: bool


def offered(definitions: Definitions, hypothesis: str, own: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Keys and titles of what is nearest to a question: what was named already, then what was tried and is measured.

    Args:
        definitions: of the workspace.
        hypothesis: the key of the question.
        own: what whoever answers named before, or ticks now.
    """
    found = {key: kind for key in own if not is_address(key) and (kind := kind_cited(key, definitions))}
    for key in _near(definitions, hypothesis):
        if len(found) < OFFERED and (kind := kind_cited(key, definitions)):
            found.setdefault(key, kind)
    return [(key, f"{RESTED_ON[kind].capitalize()}: {definitions.title(kind, key)}") for key, kind in found.items()]


def read(text: str, definitions: Definitions | None) -> list[str]:
    """Pieces of evidence that somebody typed: titles and keys of what is defined, a line each, and web addresses.

    Args:
        text: as it was typed.
        definitions: of the workspace; None for whoever is told of web addresses alone.

    Raises:
        UsageError: something is neither; the nearest title is named.
    """
    if definitions is None:
        return list(cited(separated(text), None))
    found = [(definitions.title(kind, key), key) for kind in reversed(RESTED_ON) for key in getattr(definitions, kind)]
    return [
        one for line in filter(None, map(str.strip, text.splitlines())) for one in _of_line(line, found, definitions)
    ]


def _of_line(line: str, titles: Sequence[tuple[str, str]], definitions: Definitions) -> list[str]:
    """One title; else any number of keys and addresses."""
    key = {title.casefold(): key for title, key in titles}.get(line.casefold())
    if key is not None:
        return [key]
    apart = separated(line)
    if len(apart) == 1 or "://" in line or all(kind_cited(one, definitions) for one in apart):
        return list(cited(apart, definitions))
    raise UsageError(
        f"there is nothing called “{line[:80]}” here", hint=suggest(line[:80], [title for title, _ in titles])
    )


def _near(definitions: Definitions, hypothesis: str) -> Iterator[str]:
    """Keys of what belongs to the bet, and of what says how its metric moves, the newest first."""
    asking = definitions.hypotheses[hypothesis]
    bet = definitions.initiatives.get(asking.initiative)
    yield from (key for key, made in definitions.experiments.items() if made.initiative == asking.initiative)
    yield from (key for key, made in definitions.releases.items() if asking.initiative in made.initiatives)
    yield from (key for key in (bet.serves if bet else ()) if key in definitions.needs)
    yield asking.metric
    tried = [(made.start, key) for key, made in definitions.experiments.items() if asking.metric in made.metrics]
    yield from (key for _, key in sorted(tried, key=lambda one: (one[0] is not None, one[0]), reverse=True))
    yield from (key for key, link in definitions.links.items() if asking.metric in (link.parent, link.child))


def shown(evidence: Iterable[str], definitions: Definitions, workspace: str) -> tuple[Evidence, ...]:
    """Evidence with where it is looked up: the page of what is defined, an address itself; what is gone by its key."""
    found = []
    for one in evidence:
        kind = kind_cited(one, definitions)
        if kind is None:
            outside = is_address(one)
            found.append(Evidence(one, one if outside else "", outside))
        else:
            found.append(Evidence(definitions.title(kind, one), page_of(workspace, kind, one), outside=False))
    return tuple(found)
