"""Needs: what customers lack, what is behind it, and which bets would serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import may_edit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

WEIGHT = ("observed", "analysed", "reported", "assumed")
"""Kinds of evidence behind a cause, the strongest first."""


@require_safe
def needs(request: Request) -> HttpResponse:
    """All needs: whose, how well their causes are known, and how many bets serve each."""
    found = loaded(request.place.workspace)
    definitions = found.workspace.definitions
    lines = [_line(definitions, key) for key in definitions.needs]
    if request.GET.get("format") == "csv":
        heads = ("key", "title", "statement", "segment", "known", "feedback", "bets")
        return csv_response("needs", heads, ([line[name] for name in heads] for line in lines))
    context = {
        "title": "Needs",
        "answers": "What customers lack, how we know it, and what we do about it.",
        "lines": lines,
        "may_edit": may_edit(request, "needs"),
        "folder_owned": "needs" in found.folder_kinds,
    }
    return render(request, "bets/needs.html", context)


@require_safe
def need(request: Request, key: str) -> HttpResponse:
    """One need: the sentence, its causes with their evidence, what it harms, what serves it."""
    workspace = request.place.workspace.key
    found = loaded(request.place.workspace)
    definitions = found.workspace.definitions
    if key not in definitions.needs:
        raise Http404("no such need")
    one = definitions.needs[key]
    serving = [name for name, made in definitions.initiatives.items() if key in made.serves]
    context = {
        "title": _title(definitions, key),
        "answers": one.statement,
        "key": key,
        "need": one,
        "segment": definitions.title("segments", one.segment) if one.segment else "everybody",
        "stakeholder": definitions.title("stakeholders", one.stakeholder) if one.stakeholder else "",
        "causes": sorted(one.causes, key=lambda cause: WEIGHT.index(cause.evidence)),
        "harms": [linked(workspace, "metrics", name, definitions.title("metrics", name)) for name in one.harms],
        "serving": [linked(workspace, "initiatives", name, definitions.title("initiatives", name)) for name in serving],
        "may_bet": request.place.may(Ability.BET) and "initiatives" not in found.folder_kinds,
    }
    return render(request, "bets/need.html", context)


def _title(definitions: Definitions, key: str) -> str:
    title = definitions.title("needs", key)
    return title if definitions.needs[key].title else title.capitalize()


def _line(definitions: Definitions, key: str) -> dict[str, Any]:
    one = definitions.needs[key]
    known = [kind for kind in WEIGHT if any(cause.evidence == kind for cause in one.causes)]
    return {
        "key": key,
        "title": _title(definitions, key),
        "statement": one.statement,
        "segment": definitions.title("segments", one.segment) if one.segment else "everybody",
        "known": known[0] if known else "",
        "feedback": one.feedback,
        "bets": sum(key in made.serves for made in definitions.initiatives.values()),
    }
