"""The page after signing in: the ledger of the workspace one was in last."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import redirect, render

from vitalfew.server.core.models import Member

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.models import User


def home(request: HttpRequest) -> HttpResponse:
    """Go to a workspace of whoever is signed in, or say how to get one."""
    user = cast("User", request.user)
    found = Member.objects.filter(user=user).select_related("workspace").order_by("-joined_at").first()
    if found is not None:
        return redirect("ledger", workspace=found.workspace.key)
    return render(request, "core/no_workspace.html", {"title": "No workspace yet"})
