"""The page after signing in: the ledger of the workspace one was in last."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import redirect, render

from vitalfew.server.core.sessions import last_member

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.models import User


def home(request: HttpRequest) -> HttpResponse:
    """Go to a workspace of whoever is signed in, or say how to get one."""
    found = last_member(request, cast("User", request.user))
    if found is not None:
        return redirect("ledger", workspace=found.workspace.key)
    return render(request, "core/no_workspace.html", {"title": "No workspace yet"})
