"""What people write to each other: text with links that can be clicked, and the people it names with an @."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 10_000
_LINK = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_ENDS = ".,;:!?)]}…"
"""What ends a sentence rather than an address."""


@dataclass(frozen=True, slots=True)
class Handle:
    """How a person is named with an @: the part of the e-mail address before its @ where that is one person's."""

    user: int
    name: str
    handle: str


def handles(people: Iterable[tuple[int, str, str]]) -> tuple[Handle, ...]:
    """The handles of people, as (id, name, e-mail address): the whole address where the first part is not enough."""
    known = list(people)
    local = [email.partition("@")[0].casefold() for _, _, email in known]
    return tuple(
        Handle(user, name or email, part if local.count(part) == 1 else email.casefold())
        for (user, name, email), part in zip(known, local, strict=True)
    )


def named(text: str, people: Sequence[Handle]) -> tuple[Handle, ...]:
    """Whom a text names with an @, each once."""
    lowered = text.casefold()
    return tuple(person for person in people if _handle(person.handle).search(lowered))


def shown(text: str, people: Sequence[Handle] = ()) -> SafeString:
    """A text as a page shows it: escaped, http(s) addresses as links, names of people marked."""
    parts: list[str] = []
    end = 0
    for found in _LINK.finditer(text):
        address = _trimmed(found.group())
        parts += [_marked(text[end : found.start()], people), _link(address)]
        end = found.start() + len(address)
    parts.append(_marked(text[end:], people))
    return mark_safe("".join(parts))  # noqa: S308 - every piece was escaped above


def _trimmed(address: str) -> str:
    """An address without what ends the sentence around it; a bracket that the address opened stays."""
    while address[-1] in _ENDS and not (address[-1] == ")" and address.count("(") >= address.count(")")):
        address = address[:-1]
    return address


def _link(address: str) -> str:
    safe = html.escape(address)
    return f'<a href="{safe}" rel="noopener nofollow ugc">{safe}</a>'


def _marked(text: str, people: Sequence[Handle]) -> str:
    names = {person.handle: person.name for person in people}
    if not names:
        return html.escape(text)
    parts: list[str] = []
    end = 0
    for found in _handle(*names).finditer(text):
        handle: str = found.group(1)
        name = names.get(handle.casefold(), handle)  # letters that match without folding to the same stay as written
        parts += [html.escape(text[end : found.start()]), f'<b class="at">@{html.escape(name)}</b>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _handle(*handles: str) -> re.Pattern[str]:
    """Any of some handles after an @; the longest first, for a whole address may begin with another's handle."""
    longest = sorted(handles, key=len, reverse=True)
    return re.compile(rf"(?<![\w@.])@({'|'.join(map(re.escape, longest))})(?![\w@-])", re.IGNORECASE)
