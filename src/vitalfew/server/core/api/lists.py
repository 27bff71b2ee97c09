"""Long lists, a page at a time: the answer names the cursor of the next page."""

from __future__ import annotations

import base64
import binascii
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Query, Schema

from vitalfew.server.core.api.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]


class Page[Item](Schema):
    """A page of a list; `next`: the cursor of the page after it, None on the last one."""

    items: list[Item]
    next: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """As the description of the API calls it: `JobPage` for pages of `JobOut`."""
        return f"{params[0].__name__.removesuffix('Out')}Page"


def page_by[Item](
    items: Iterable[Item], limit: int, cursor: str | None, number: str = "id", *, newest: bool = False
) -> Page[Item]:
    """A page of a list whose items have numbers for good.

    Whatever is added or removed between two pages, nothing comes twice and nothing that stays is missed.

    Args:
        items: all of them, or those beyond the cursor, one more than the page holds where there are more.
        limit: how many at most.
        cursor: `next` of the page before.
        number: what the number of an item is called.
        newest: with the highest number first.

    Raises:
        Refused: the cursor is none of ours.
    """
    begin, of = decoded(cursor), attrgetter(number)
    beyond = (item for item in items if not begin or (of(item) < begin if newest else of(item) > begin))
    left = sorted(beyond, key=of, reverse=newest)
    return Page(items=left[:limit], next=encoded(of(left[limit - 1])) if len(left) > limit else None)


def page_of[Item](items: Sequence[Item], limit: int, cursor: str | None) -> Page[Item]:
    """A page of a list without numbers, which does not change or grows at its front.

    Raises:
        Refused: the cursor is none of ours.
    """
    start = decoded(cursor)
    found = list(items[start : start + limit])
    return Page(items=found, next=encoded(start + limit) if start + limit < len(items) else None)


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
