"""New workspaces: by a name, from the demo, or from files that are dropped on a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vitalfew.errors import UsageError
from vitalfew.server.core.queries.jobs import newest_job
from vitalfew.server.core.services import workspaces

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.server.core.models import User
    from vitalfew.server.core.models import Workspace as Row

_ANSWER, _KIND = "answer:", "kind:"
_MOST_LINES = 2


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ways to a workspace: files, the demo, a template of a value model, an empty one."""
    if request.method == "POST":
        try:
            row = workspaces.create(_user(request), request.POST.get("name", ""))
        except UsageError as error:
            messages.error(request, str(error))
        else:
            return redirect("starters" if "template" in request.POST else "ledger", workspace=row.key)
    return render(request, "core/new_workspace.html", {"title": "A new workspace"})


@require_POST
def demo(request: HttpRequest) -> HttpResponse:
    """A workspace of the demo product."""
    return redirect("started", workspace=workspaces.demo_workspace(_user(request)).workspace)


@require_POST
def new_from_files(request: HttpRequest) -> HttpResponse:
    """A workspace from files, named after the first of them."""
    return _started(request, _user(request), None, reverse("new-workspace"))


@require_http_methods(["GET", "HEAD", "POST"])
def add_files(request: Request) -> HttpResponse:
    """Start this workspace from files, or from more files than before; where people have edited it, say what else."""
    row = request.place.workspace
    if request.method != "POST":
        refused = ""
        try:
            workspaces.refuse_if_edited(row)
        except UsageError as error:
            refused = str(error)
        answers = "What is in your files, and what do they say together with those that are here?"
        return render(request, "core/add_files.html", {"title": "Add files", "answers": answers, "refused": refused})
    return _started(request, request.place.user, row, reverse("ledger", kwargs={"workspace": row.key}))


@require_safe
def started(request: Request) -> HttpResponse:
    """What was recognised in the files, what was asked, and what comes next; how far it is, as long as it works."""
    row = request.place.workspace
    job = newest_job(row, ("start", "demo"))
    if job is None:
        return redirect("ledger", workspace=row.key)
    reason = re.sub(r": --as '[^']*'", ", below", job.message).splitlines()
    context: dict[str, object] = {"title": "Your files" if job.kind == "start" else "The demo", "job": job}
    context |= {"reason": reason[:_MOST_LINES], "more": reason[_MOST_LINES:]}
    if "HX-Request" in request.headers:
        return render(request, "core/started_part.html", context)
    answers = "What was recognised, and what is made of it?" if job.kind == "start" else ""
    return render(
        request, "core/started.html", {**context, "answers": answers, "kinds": _kinds() if job.message else ()}
    )


@require_POST
def start_again(request: Request) -> HttpResponse:
    """Start once more, with other answers, or told what the files are."""
    given = request.POST
    answers = {name.removeprefix(_ANSWER): given[name] for name in given if name.startswith(_ANSWER)}
    kinds = {name.removeprefix(_KIND): given[name] for name in given if name.startswith(_KIND) and given[name]}
    try:
        workspaces.start_again(request.place.user, request.place.workspace, answers, kinds)
    except UsageError as error:
        messages.error(request, str(error))
    return redirect("started", workspace=request.place.workspace.key)


def _started(request: HttpRequest, user: User, row: Row | None, otherwise: str) -> HttpResponse:
    """Take the files; scripts get an address to go to, or the reason why not, as JSON."""
    by_script = "application/json" in request.headers.get("Accept", "")
    try:
        made = workspaces.from_files(user, row, request.FILES.getlist("files"))
    except UsageError as error:
        if by_script:
            return JsonResponse({"error": str(error)})
        messages.error(request, str(error))
        return redirect(otherwise)
    address = reverse("started", kwargs={"workspace": made.workspace})
    return JsonResponse({"address": address}) if by_script else redirect(address)


def _kinds() -> tuple[tuple[str, str], ...]:
    """Kinds of files that can be named, with their titles."""
    from vitalfew.connect.kinds import BY_KEY

    return tuple((key, kind.title) for key, kind in BY_KEY.items())


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
