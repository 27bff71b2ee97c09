"""Advice that names a command, as a browser gives it: the page where the same is done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, join, tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.errors import VitalfewError

_COMMAND = re.compile(r"`vitalfew (?:act )?([a-z-]+)[^`]*`")
_ELSEWHERE = {
    "sign-off": ("value-model", "the page of the value model"),
    "judge": ("sessions", "a value session"),
    "plan": ("experiments", "the plan of an experiment"),
    "rank": ("priorities", "the page of priorities"),
}
"""What is not done on the page of the bet it is about: the page by name, and what it is called."""
_BET = ("", "the page of the bet")


def in_words(text: str) -> str:
    """Advice with pages for commands, as plain text."""
    return _COMMAND.sub(lambda found: _ELSEWHERE.get(found[1], _BET)[1], text)


def linked(text: str, subject: str, address: Callable[[str], str]) -> Markup:
    """Advice with links for commands.

    Args:
        text: as checks give it, commands in backticks.
        subject: the address of what it is about; empty where there is none.
        address: of a page of the workspace, by its name.
    """
    parts: list[Markup | str] = list(_COMMAND.split(text))
    for at in range(1, len(parts), 2):  # the acts, between what is around them
        page, words = _ELSEWHERE.get(parts[at], _BET)
        there = address(page) if page else subject
        parts[at] = tag("a", words, href=there) if there else words
    return join(parts)


def told(error: VitalfewError) -> str:
    """What went wrong and what to do about it, with pages for commands."""
    return in_words(". ".join(part for part in (error.problem.message, error.problem.hint) if part))


def first_sentence(text: str) -> str:
    """The sentence with which a message begins; the page of checks says the rest."""
    head, found, _ = text.partition(". ")
    return f"{head}." if found else text
