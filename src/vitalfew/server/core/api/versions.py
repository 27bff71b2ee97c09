"""Versions in the headers of HTTP: what one rests on (If-Match), what one has already (If-None-Match)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitalfew.server.core.api.problems import Refused

if TYPE_CHECKING:
    from django.http import HttpRequest

_TAG = re.compile(r'(?:W/)?"v(\d{1,9})"')


def tag_of(version: int) -> str:
    """The ETag of a version."""
    return f'"v{version}"'


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


def has_already(request: HttpRequest, tag: str) -> bool:
    """Whether whoever asks holds this version, so that nothing needs to be sent."""
    given = request.headers.get("If-None-Match", "")
    return tag in {part.strip().removeprefix("W/") for part in given.split(",")}
