"""What the search finds besides pages and definitions: apps above core register who knows more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vitalfew.server.core.access import Place

    type Finder = Callable[[Place], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to find: its title, what it is in a word, and where it is."""

    title: str
    kind: str
    address: str


_finders: list[Finder] = []


def register(finder: Finder) -> Finder:
    """Let a function say what else there is to find in a place; it is asked with every search, so it must be quick."""
    if finder not in _finders:
        _finders.append(finder)
    return finder


def registered() -> tuple[Finder, ...]:
    """All that were registered."""
    return tuple(_finders)
