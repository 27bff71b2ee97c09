"""Versions in the headers of HTTP: what one rests on (If-Match), what one has already (If-None-Match)."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction

from vitalfew.server.core.api.problems import Refused
from vitalfew.server.core.services.definitions import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse
    from ninja import Schema

_TAG = re.compile(r'(?:W/)?"v(\d{1,9})"')
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The `ETag` of what one has read, on which the change rests.",
    "schema": {"type": "string"},
}
RESTING: dict[str, Any] = {"parameters": [_IF_MATCH]}
"""Of an operation whose change rests on a version (`openapi_extra`)."""


def tag_of(version: int) -> str:
    """The ETag of a version."""
    return f'"v{version}"'


def tag_of_content(said: Schema) -> str:
    """The ETag of something whose versions nobody counts: a hash of all it says."""
    return f'"{hashlib.sha256(said.model_dump_json().encode()).hexdigest()[:32]}"'


def rests_on(request: HttpRequest) -> int:
    """The version a change rests on: that of `If-Match`, or 0 for `If-None-Match: *`, which makes something new.

    Raises:
        Refused: neither is given, or no version of ours.
    """
    if request.headers.get("If-None-Match", "").strip() == "*":
        return 0
    given = request.headers.get("If-Match")
    if given is None:
        raise Refused(428, "send If-Match with the ETag you read, or If-None-Match: * for something new")
    found = _TAG.fullmatch(given.strip())
    if found is None:
        raise Refused(412, "this is no ETag of ours")
    return int(found[1])


@contextmanager
def resting(
    request: HttpRequest, hold: Callable[[], object], read: Callable[[], Schema], ours: Schema | None = None
) -> Iterator[None]:
    """Change something in one transaction, if it still says what the change rests on (`If-Match`).

    Args:
        request: with the `ETag` that was read.
        hold: keeps everybody else from changing it until the transaction ends.
        read: what it says.
        ours: what it is to become.

    Raises:
        Refused: no `If-Match` is given.
        Conflict: somebody has changed it in the meantime.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise Refused(428, "send If-Match with the ETag you read")
    with transaction.atomic():
        hold()
        theirs = read()
        if given.strip().removeprefix("W/") != tag_of_content(theirs):
            told = None if ours is None else ours.model_dump(exclude_unset=True)
            raise Conflict(told, theirs.model_dump())
        yield


def tagged[Item: Schema](response: HttpResponse, said: Item) -> Item:
    """What is said, with its `ETag` in the answer."""
    response.headers["ETag"] = tag_of_content(said)
    return said


def has_already(request: HttpRequest, response: HttpResponse, tag: str) -> bool:
    """Whether whoever asks holds this version, so that nothing needs to be sent; the answer names it either way."""
    response.headers["ETag"] = tag
    given = request.headers.get("If-None-Match", "")
    return tag in {part.strip().removeprefix("W/") for part in given.split(",")}
