"""Needs: what customers lack, what is behind it, and which bets would serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vitalfew.server.bets.queries.needs import causes_of, title_of, whose
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import may_edit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions


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
        "title": title_of(definitions, key),
        "answers": one.statement,
        "key": key,
        "need": one,
        "segment": whose(definitions, one),
        "stakeholder": definitions.title("stakeholders", one.stakeholder) if one.stakeholder else "",
        "causes": causes_of(one),
        "harms": [linked(workspace, "metrics", name, definitions.title("metrics", name)) for name in one.harms],
        "serving": [linked(workspace, "initiatives", name, definitions.title("initiatives", name)) for name in serving],
        "may_bet": request.place.may(Ability.BET) and "initiatives" not in found.folder_kinds,
    }
    return render(request, "bets/need.html", context)


def _line(definitions: Definitions, key: str) -> dict[str, Any]:
    one = definitions.needs[key]
    causes = causes_of(one)
    return {
        "key": key,
        "title": title_of(definitions, key),
        "statement": one.statement,
        "segment": whose(definitions, one),
        "known": causes[0].evidence if causes else "",
        "feedback": one.feedback,
        "bets": sum(key in made.serves for made in definitions.initiatives.values()),
    }
