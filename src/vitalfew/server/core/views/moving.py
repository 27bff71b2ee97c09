"""Taking a workspace away as a file, and applying one that is brought, with its plan shown before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.services import applying, parcels
from vitalfew.server.core.services.applying import JobView
from vitalfew.server.core.services.moving import exported
from vitalfew.server.core.services.parcels import How
from vitalfew.server.core.streaming import sent
from vitalfew.server.core.views.editing import say_with_undo
from vitalfew.server.core.zipping import write_zip

if TYPE_CHECKING:
    from django.http import HttpResponse, HttpResponseBase, QueryDict

    from vitalfew.server.core.access import Request


def index(request: Request) -> HttpResponse:
    """Both ways."""
    context = {
        "title": "Files",
        "answers": "How does this workspace go to another place, and how do definitions from elsewhere come here?",
    }
    return render(request, "core/moving.html", context)


@require_POST
def export(request: Request) -> HttpResponseBase:
    """The workspace as a zip; its acts only when asked for."""
    row = request.place.workspace
    with_acts = request.POST.get("acts") == "1"
    files = exported(row, with_acts=with_acts, by=request.place.user)
    try:
        answer = sent(request, partial(write_zip, files=files), "application/zip")
    except VitalfewError as error:
        return _refused(request, error)
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.key}.zip"'
    return answer


@require_POST
def bring(request: Request) -> HttpResponse:
    """Keep what was uploaded, and show its plan."""
    try:
        token = parcels.offer(request.place.workspace, request.FILES.getlist("files"), by=request.place.user)
    except VitalfewError as error:
        return _refused(request, error)
    chosen = {name: "1" for name in ("prune", "acts") if request.POST.get(name) == "1"}
    query = urlencode({"token": token, **chosen})
    return redirect(f"{reverse('moving-plan', kwargs={'workspace': request.place.workspace.key})}?{query}")


def plan(request: Request) -> HttpResponse:
    """What applying it would change, as `vitalfew manage apply` says it."""
    token, how = request.GET.get("token", ""), _how(request.GET)
    row = request.place.workspace
    try:
        found = applying.plan(row, token, how, by=request.place.user)
    except VitalfewError as error:
        return _refused(request, error)
    context = {
        "title": "Apply these definitions?",
        "answers": "What changes, before it does. All of it is applied, or nothing.",
        "how": how,
        "token": token,
    }
    if isinstance(found, JobView):
        return render(request, "core/moving_planned.html", {**context, "job": found, "may_stop": True})
    stale = found.stamp != row.stamp
    return render(request, "core/moving_plan.html", {**context, "plan": found, "stale": stale})


@require_POST
def plan_anew(request: Request) -> HttpResponse:
    """Have a plan worked out once more: the workspace has changed, or it could not be."""
    token, how = request.POST.get("token", ""), _how(request.POST)
    try:
        applying.plan_anew(request.place.workspace, token, how, by=request.place.user)
    except VitalfewError as error:
        return _refused(request, error)
    chosen = {name: "1" for name in ("prune", "acts") if getattr(how, name)}
    query = urlencode({"token": token, **chosen})
    return redirect(f"{reverse('moving-plan', kwargs={'workspace': request.place.workspace.key})}?{query}")


@require_POST
def apply(request: Request) -> HttpResponse:
    """Apply what was planned."""
    row, how, stamp = request.place.workspace, _how(request.POST), whole(request.POST.get("stamp"))
    try:
        done = applying.apply(
            row, request.POST.get("token", ""), how, -1 if stamp is None else stamp, by=request.place.user
        )
    except VitalfewError as error:
        return _refused(request, error)
    if isinstance(done, JobView):
        return redirect("job", workspace=row.key, pk=done.id)
    sentences = done.plan.sentences()
    more = f"; and {len(sentences) - 3} more" if len(sentences) > 3 else ""  # noqa: PLR2004 - those named
    said = f"Applied: {'; '.join(sentences[:3])}{more}. The next run uses it."
    if done.saved and not done.new_acts:
        say_with_undo(request, said, done.saved)
    else:  # a log only goes on
        messages.success(request, said)
    return redirect("moving", workspace=row.key)


def _how(given: QueryDict) -> How:
    return How(prune=given.get("prune") == "1", acts=given.get("acts") == "1")


def _refused(request: Request, error: VitalfewError) -> HttpResponse:
    context = {
        "title": "Nothing was changed",
        "problems": error.problems[:20],
        "more": max(0, len(error.problems) - 20),
    }
    return render(request, "core/moving_refused.html", context, status=409)
