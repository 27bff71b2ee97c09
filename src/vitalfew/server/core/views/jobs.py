"""Runs and other long work: started, watched, stopped, tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from vitalfew.errors import UsageError
from vitalfew.server.core.queries.jobs import RUNS, jobs, newest_job
from vitalfew.server.core.queries.jobs import job as found_job
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import runs

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request

_MOST_LOOKS = 20


@require_POST
def start_run(request: Request) -> HttpResponse:
    """Have the workspace run, and go back to where one was."""
    runs.start(request.place.workspace, request.place.user)
    return redirect(_back(request))


@require_safe
def run_line(request: Request) -> HttpResponse:
    """The line that says what run a page shows, asked for again while a run is under way.

    When the run is done, pages that had none are loaded anew; others say that there is a newer one.
    """
    had, newest = request.GET.get("had", ""), request.place.workspace.last_run
    last = newest_job(request.place.workspace, RUNS)
    over = last is None or not last.is_open
    seen = urlsplit(request.headers.get("HX-Current-URL", "")).path
    context = {"newer": over and had != newest, "failed": last if last and last.state == "failed" else None}
    answer = render(request, "core/run_line.html", {**context, "seen": seen if seen.startswith("/w/") else ""})
    if over and newest and not had:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_safe
def listed(request: Request) -> HttpResponse:
    """What waits, works, has been done, has failed; apart what pages looked for, so that it hides nothing."""
    context = {"title": "Work of the server", "answers": "What is being computed, and what went wrong?"}
    row, user = request.place.workspace, request.place.user
    found = jobs(row, looks=False), jobs(row, _MOST_LOOKS, looks=True)
    asked, looks = ([(one.seen_by(user), one.is_for(user)) for one in some] for some in found)
    return render(request, "core/jobs.html", {**context, "jobs": asked, "looks": looks})


@require_safe
def one(request: Request, pk: int) -> HttpResponse:
    """A piece of work: how far it is, or what came of it. Pages that watch one are loaded anew at its end."""
    place = request.place
    job = found_job(place.workspace, pk) if pk < 2**63 else None
    if job is None:
        raise Http404("there is no such job")
    context = {"job": job.seen_by(place.user), "may_stop": place.may(Ability.BET) and job.is_for(place.user)}
    if "HX-Request" not in request.headers:
        answers = "How far is it, and what came of it?"
        return render(request, "core/job.html", {**context, "title": job.title, "answers": answers})
    answer = render(request, "core/job_part.html", context)
    if not job.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_POST
def cancel(request: Request, pk: int) -> HttpResponse:
    """Stop a job."""
    try:
        runs.cancel(request.place.workspace, pk, by=request.place.user)
        messages.info(request, "It is being stopped. Nothing of it is kept.")
    except UsageError as error:
        messages.error(request, str(error))
    return redirect(_back(request, asked=True))


@require_POST
def retry(request: Request, pk: int) -> HttpResponse:
    """Try a job once more."""
    try:
        runs.retry(request.place.workspace, pk, by=request.place.user)
    except UsageError as error:
        messages.error(request, str(error))
    return redirect(_back(request))


def _back(request: Request, *, asked: bool = False) -> str:
    """The page that asked, as long as it is one of this workspace; else its ledger. `asked`: with its query."""
    found = urlsplit(request.headers.get("Referer", ""))
    mine = f"/w/{request.place.workspace.key}/"
    safe = url_has_allowed_host_and_scheme(found.geturl(), {request.get_host()}) and found.path.startswith(mine)
    query = f"?{found.query}" if asked and found.query else ""
    return f"{found.path}{query}" if safe else f"{mine}ledger/"
