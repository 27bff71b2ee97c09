"""What every filtered list needs: the teams to choose from, and its filters carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from vitalfew.workspace.definitions import Definitions

NOBODY = "nobody"
"""What the filters call what no team owns."""


def teams_among(definitions: Definitions, owners: Iterable[str | None]) -> tuple[tuple[str, str], ...]:
    """Teams that own something: key and title, by title; `nobody` at the end where something has no owner."""
    known = set(owners)
    named = sorted((definitions.title("teams", team), team) for team in known if team)
    return (*((key, title) for title, key in named), *([(NOBODY, NOBODY)] if None in known else []))


def kept(request: HttpRequest) -> str:
    """The filters of the address, without the page and the format, to be carried on."""
    query = request.GET.copy()
    for name in ("page", "format"):
        query.pop(name, None)
    return query.urlencode()
