"""Answers that wait to become acts: apps above core register where they keep them, so that they can be erased along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.server.core.models import Workspace

    type OfVoices = Callable[[Workspace, Sequence[str]], int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of some pseudonyms in a workspace: how many answers wait, and forgetting them, which gives how many."""

    count: OfVoices
    forget: OfVoices


_waiting: list[Waiting] = []


def register(waiting: Waiting) -> None:
    """Let what waits somewhere be erased with what its person said."""
    if waiting not in _waiting:
        _waiting.append(waiting)


def registered() -> tuple[Waiting, ...]:
    """All that were registered."""
    return tuple(_waiting)
