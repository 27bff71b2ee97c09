"""Which definitions are edited in files and which here, and giving a kind another owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from vitalfew.errors import UsageError, VitalfewError
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.services import owners

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request


def index(request: Request) -> HttpResponse:
    """Every kind with its owner."""
    context = {
        "title": "Folder and server",
        "answers": "Which definitions are edited in the files of the folder, and which here?",
        "owned": owners.owners(request.place.workspace),
        "folder": request.place.workspace.folder,
    }
    return render(request, "core/owners.html", context)


def change(request: Request, kind: str) -> HttpResponse:
    """What another owner would mean; POST makes it so."""
    row = request.place.workspace
    now = {found.kind: found.owner for found in owners.owners(row)}
    if kind not in now:
        raise Http404("no such kind")
    to = "server" if now[kind] == "folder" else "folder"
    if request.method == "POST":
        stamp = whole(request.POST.get("stamp"))
        try:
            owners.switch(row, kind, to, stamp=-1 if stamp is None else stamp, by=request.place.user)
        except VitalfewError as error:
            messages.error(request, " ".join(map(str, error.problems)))
        else:
            messages.success(request, f"The {to} owns {kind} from now on.")
            return redirect("owners", workspace=row.key)
    try:
        plan = owners.plan_switch(row, kind, to)
    except UsageError as error:
        raise Http404(str(error)) from error
    context = {"title": f"Let the {to} own {kind}?", "plan": plan, "answers": "What changes, before it does."}
    return render(request, "core/owner_change.html", context)
