"""Checks: what the detectors found, why it matters, one thing to do, and what was dismissed for which reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from vitalfew.errors import UsageError
from vitalfew.server.bets.queries.checks import checked, trend
from vitalfew.server.bets.views.steps import subject_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import dismissals

if TYPE_CHECKING:
    from vitalfew.server.bets.queries.checks import Found
    from vitalfew.server.core.access import Request

TITLE = "Checks"
ANSWERS = "What the detectors found wrong, why it matters, and one thing to do about each."


def checks(request: Request) -> HttpResponse:
    """All findings of a run."""
    place = request.place
    run = open_run(place.workspace, request.GET.get("run"))
    context: dict[str, object] = {"title": TITLE, "answers": ANSWERS, "may_dismiss": place.may(Ability.BET)}
    if run is None:
        return render(request, "bets/checks.html", context)
    found = checked(place.workspace, run)
    if request.GET.get("format") == "csv":
        every = [*(one for _, group in found.groups for one in group), *found.dismissed]
        return csv_response("checks", _HEADS, (_cells(one) for one in every))

    def linked(some: tuple[Found, ...]) -> list[tuple[Found, str]]:
        return [(one, subject_address(request, run.workspace.definitions, one.row.subject)) for one in some]

    groups = [(name, linked(some)) for name, some in found.groups]
    context |= {"checked": found, "groups": groups, "dismissed": linked(found.dismissed)}
    return render(request, "bets/checks.html", {**context, "trend": trend(place.workspace)})


def dismiss(request: Request) -> HttpResponse:
    """Dismiss a finding with a reason."""
    check, subject = request.POST.get("check", ""), request.POST.get("subject", "")
    run = open_run(request.place.workspace)
    known = {(row.id, row.subject) for row in run.tables.findings} if run else set()
    if (check, subject) not in known:
        raise Http404("no such finding")
    try:
        dismissals.dismiss(
            request.place.workspace, check, subject, request.POST.get("reason", ""), by=request.place.user
        )
    except UsageError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Dismissed. It stands below with its reason, and can be brought back there.")
    return redirect("checks", workspace=request.place.workspace.key)


def bring_back(request: Request, pk: int) -> HttpResponse:
    """Show a dismissed finding again."""
    if dismissals.bring_back(request.place.workspace, pk, by=request.place.user):
        messages.success(request, "The finding is open again.")
    return redirect("checks", workspace=request.place.workspace.key)


_HEADS = ("check", "requirement", "severity", "subject", "message", "why", "do", "dismissed_because")


def _cells(one: Found) -> tuple[object, ...]:
    row = one.row
    reason = one.dismissed.reason if one.dismissed else None
    return (row.id, row.requirement, row.severity, row.subject, row.message, row.why, row.do, reason)
