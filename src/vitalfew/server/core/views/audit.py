"""The audit trail of a workspace: filtered, page by page, as CSV."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.shortcuts import render

from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.people import people
from vitalfew.server.core.queries.trail import Asked, actions, trail
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.access import Request

PAGE = 100
_DIGITS = 18


def index(request: Request) -> HttpResponse:
    """Who did what, when."""
    place, asked = request.place, _asked(request)
    if request.GET.get("format") == "csv":
        note(place.workspace, place.user, "exported", "audit")
        rows = (
            (row.at.isoformat(), row.actor, row.action, row.subject, row.detail)
            for row in trail(place.workspace, asked, None)
        )
        return csv_response("audit", ("at", "who", "action", "subject", "detail"), rows)
    found = trail(place.workspace, asked, PAGE)
    context = {
        "title": "Audit",
        "answers": "Who signed in, invited, changed roles, exported or edited, and when?",
        "entries": found,
        "people": people(place.workspace),
        "actions": actions(place.workspace),
        "asked": asked,
        "csv": urlencode(_kept(request) | {"format": "csv"}),
        "older": urlencode(_kept(request) | {"before": found[-1].id}) if len(found) == PAGE else "",
    }
    return render(request, "core/audit.html", context)


def _asked(request: HttpRequest) -> Asked:
    given = request.GET
    return Asked(
        _number(given.get("person", "")),
        given.get("action", "")[:60],
        _day(given.get("since", "")),
        _day(given.get("until", "")),
        _number(given.get("before", "")) or 0,
    )


def _kept(request: HttpRequest) -> dict[str, str]:
    names = ("person", "action", "since", "until")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
