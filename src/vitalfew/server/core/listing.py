"""What every filtered list needs: the teams to choose from, and its filters carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from vitalfew.workspace.definitions import Definitions

NOBODY = "nobody"
"""What the filters call what no team owns."""


def among(definitions: Definitions, kind: str, owners: Iterable[str | None]) -> tuple[tuple[str, str], ...]:
    """Owners of a kind that own something: key and title, by title; last what has none, where there is such a thing."""
    known = set(owners)
    named = sorted((definitions.title(kind, key), key) for key in known if key)
    without = [(NOBODY, f"no {kind.removesuffix('s')}")] if named and None in known else []
    return (*((key, title) for title, key in named), *without)


def teams_among(definitions: Definitions, owners: Iterable[str | None]) -> tuple[tuple[str, str], ...]:
    """Teams that own something."""
    return among(definitions, "teams", owners)


def kept(request: HttpRequest) -> str:
    """The filters of the address, without the page and the format, to be carried on."""
    query = request.GET.copy()
    for name in ("page", "format"):
        query.pop(name, None)
    return query.urlencode()
