"""Needs as their pages, and those of what serves them, speak of them: names, whose they are, what is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Cause, Definitions, Need

WEIGHT = ("observed", "analysed", "reported", "assumed")
"""Kinds of evidence behind a cause, the strongest first."""


def title_of(definitions: Definitions, key: str) -> str:
    """The title of a need; its key in words where it has none."""
    title = definitions.title("needs", key)
    return title if definitions.needs[key].title else title.capitalize()


def whose(definitions: Definitions, need: Need) -> str:
    """The segment that has it."""
    return definitions.title("segments", need.segment) if need.segment else "everybody"


def causes_of(need: Need) -> list[Cause]:
    """What is behind it, what is known best first."""
    return sorted(need.causes, key=lambda cause: WEIGHT.index(cause.evidence))
