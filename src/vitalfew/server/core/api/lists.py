"""Long lists, a page at a time: the answer names the cursor of the next page."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated

from ninja import Query

from vitalfew.server.core.api.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]


def page_of[Item](items: Sequence[Item], limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
    """A page of a list that does not change between pages, such as a part of a run; with the cursor of the next one.

    Raises:
        Refused: the cursor is none of ours.
    """
    start = decoded(cursor)
    found = list(items[start : start + limit])
    return found, encoded(start + limit) if start + limit < len(items) else None


def encoded(position: int) -> str:
    """A cursor that says where a page begins."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def decoded(cursor: str | None) -> int:
    """Where a page begins."""
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        raise Refused(422, "this cursor is none of ours") from None
    name, _, number = text.partition(":")
    if name != "at" or not number.isdecimal() or len(number) > 12:  # noqa: PLR2004 - no list is longer
        raise Refused(422, "this cursor is none of ours")
    return int(number)
