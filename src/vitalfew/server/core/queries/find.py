"""Finding pages and definitions by what one remembers of their titles: forgiving, and only what can be opened."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse

from vitalfew.server.core.finders import Entry, registered
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.fields import singular
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.queries.definitions import Loaded

MOST = 20
NEAR = 0.5
"""Words that share this much of their pairs of letters (Dice) are taken for a slip of the finger."""
FEW = 5
"""With fewer answers than this, words that may have been meant are tried, too."""
_SHORTEST_NEAR = 4
_BEGINS = 100.0
_KEPT = 16

PAGES: tuple[tuple[str, str], ...] = (
    ("ledger", "Ledger"),
    ("value-model", "Value model"),
    ("sessions", "Value sessions"),
    ("tree", "Value tree"),
    ("stakeholders", "Stakeholders and guardrails"),
    ("segments", "Segments"),
    ("goals", "Goals"),
    ("policy", "Policy"),
    ("board", "Hypotheses"),
    ("needs", "Needs"),
    ("priorities", "Priorities"),
    ("decisions", "Decisions"),
    ("review", "Review"),
    ("metrics", "Metrics"),
    ("metric-new", "Define a metric"),
    ("experiments", "Experiments"),
    ("releases", "Releases"),
    ("links", "Links"),
    ("trade-offs", "Trade-offs"),
    ("conflicts", "Conflicts and treaties"),
    ("moved", "What moved: contributions and luck"),
    ("features", "Features"),
    ("checks", "Checks"),
    ("mentions", "Mentions of you"),
    ("settings", "Settings"),
    ("teams", "Teams and products"),
    ("sources", "Data: tables and files"),
)
"""Pages of a workspace by the names of their addresses."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry as it is compared: its text in small letters, and its words."""

    entry: Entry
    text: str
    words: tuple[str, ...]


_lock = Lock()
_indexes: OrderedDict[int, tuple[Loaded, tuple[_Known, ...]]] = OrderedDict()


def find(place: Place, text: str) -> tuple[Entry, ...]:
    """What a text may mean here, the best first; pages alone when there is no text.

    Args:
        place: whose pages and definitions.
        text: what somebody types; letters of words in any order of the words, and a slip of the finger is forgiven.
    """
    wanted = tuple(text.casefold().split())
    pages = [_known(entry) for entry in _pages(place)]
    if not wanted:
        return tuple(known.entry for known in pages[:MOST])
    every = (*pages, *(_known(entry) for finder in registered() for entry in finder(place)), *_index(place))
    found = _answers(every, wanted)
    if len(found) < FEW:
        meant = tuple(_meant(every, word) for word in wanted)
        found += [known for known in _answers(every, meant) if known not in found] if meant != wanted else []
    return tuple(known.entry for known in found[:MOST])


def _answers(every: Sequence[_Known], wanted: Sequence[str]) -> list[_Known]:
    """Entries that answer to every word, the best first."""
    whole = " ".join(wanted)
    found = []
    for order, known in enumerate(every):
        score = _score(known, wanted, whole)
        if score > 0:
            found.append((-score, len(known.text), order, known))
    return [known for *_, known in sorted(found, key=lambda one: one[:3])]


def _score(known: _Known, wanted: Sequence[str], whole: str) -> float:
    """How well an entry answers: every word must be met somewhere, best at the beginning of one."""
    if any(word not in known.text for word in wanted):
        return 0.0
    if known.text.startswith(whole):
        return _BEGINS
    begun = sum(any(other.startswith(word) for other in known.words) for word in wanted)
    return 1.0 + begun + (whole in known.text)


def _meant(every: Sequence[_Known], word: str) -> str:
    """The known word that a word may be a slip of: it begins alike and shares most pairs of letters; else itself."""
    if len(word) < _SHORTEST_NEAR or not word.isalpha() or any(word in known.text for known in every):
        return word
    pairs = _pairs(word)
    near = {other for known in every for other in known.words if other[:1] == word[0] and other.isalpha()}
    alike = {other: 2 * len(pairs & (own := _pairs(other))) / (len(pairs) + len(own)) for other in sorted(near)}
    best = max(alike, key=lambda other: alike[other], default=word)
    return best if alike.get(best, 0.0) >= NEAR else word


def _index(place: Place) -> tuple[_Known, ...]:
    """Everything defined that has a page; kept until definitions change."""
    now = loaded(place.workspace)
    with _lock:
        kept = _indexes.get(place.workspace.pk)
        if kept is not None and kept[0] is now:
            _indexes.move_to_end(place.workspace.pk)
            return kept[1]
    made = tuple(_known(entry, key) for key, entry in _defined(place.workspace.key, now.workspace.definitions))
    with _lock:
        _indexes[place.workspace.pk] = (now, made)
        while len(_indexes) > _KEPT:
            _indexes.popitem(last=False)
    return made


def _defined(workspace: str, definitions: Definitions) -> Iterable[tuple[str, Entry]]:
    for kind in Definitions.model_fields:
        if kind in SETTINGS:
            continue
        for key, definition in getattr(definitions, kind).items():
            address = page_of(workspace, kind, key)
            if address:
                title = definitions.title(kind, key)
                about = getattr(definition, "metric", "")
                shown = f"{title}, {definitions.title('metrics', about)}" if kind == "hypotheses" and about else title
                yield key, Entry(shown, singular(kind), address)


def _pages(place: Place) -> Iterable[Entry]:
    for name, title in PAGES:
        try:
            yield Entry(title, "page", reverse(name, kwargs={"workspace": place.workspace.key}))
        except NoReverseMatch:
            continue


def _known(entry: Entry, name: str = "") -> _Known:
    """An entry as it is compared; `name`: its key, by which it is found, too."""
    text, key = entry.title.casefold(), name.casefold()
    words = tuple(dict.fromkeys((*text.replace(",", " ").split(), *key.replace("-", "_").split("_"), key)))
    return _Known(entry, f"{text} {key}", words)


def _pairs(word: str) -> frozenset[str]:
    """Pairs of neighbouring letters, with the ends of the word, so that first and last letters count."""
    padded = f" {word} "
    return frozenset(padded[at : at + 2] for at in range(len(padded) - 1))
