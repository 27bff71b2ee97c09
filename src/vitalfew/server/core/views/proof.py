"""What the log of acts proves, and since when that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.server.core.queries.proofs import proof
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.proving import prove as ask

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request


def index(request: Request) -> HttpResponse:
    """What is known about the log."""
    context = {
        "title": "Log of acts",
        "answers": "Is everything that was locked, judged and decided still as it was written?",
        "proof": proof(request.place.workspace),
        "may_stop": request.place.may(Ability.BET),
    }
    return render(request, "core/proof.html", context)


@require_POST
def prove(request: Request) -> HttpResponse:
    """Have the whole log proved anew."""
    ask(request.place.workspace, request.place.user)
    return redirect("log", workspace=request.place.workspace.key)
