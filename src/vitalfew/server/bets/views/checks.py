"""Checks: what the detectors found, why it matters, one thing to do, and what was dismissed for which reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from vitalfew.errors import UsageError
from vitalfew.server.bets.queries.checks import NAMES, checked, trend
from vitalfew.server.bets.views.steps import subject_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.listing import kept
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import dismissals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.server.bets.queries.checks import Found
    from vitalfew.server.core.access import Request

TITLE = "Checks"
ANSWERS = "What the detectors found wrong, why it matters, and one thing to do about each."
MOST_SHOWN, PAGE = 5, 60
"""Findings of a check beside those of others, and on a page of one check alone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Findings of one check: those shown, each with the page of what it is about, and how many there are."""

    check: str
    shown: tuple[tuple[Found, str], ...]
    count: int


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

    def linked(some: Iterable[Found]) -> tuple[tuple[Found, str], ...]:
        return tuple((one, subject_address(request, run.workspace.definitions, one.row.subject)) for one in some)

    only = request.GET.get("check", "")
    alone = Paginator([one for _, some in found.groups for one in some if one.row.id == only], PAGE)
    if alone.count:
        shown = alone.get_page(request.GET.get("page"))
        name = NAMES[shown[0].row.severity]
        groups = [(name, alone.count, [Batch(only, linked(shown), alone.count)])]
        context |= {"shown": shown}
    else:
        groups = [
            (name, len(some), [Batch(check, linked(ones[:MOST_SHOWN]), len(ones)) for check, ones in _by_check(some)])
            for name, some in found.groups
        ]
        context |= {"dismissed": linked(found.dismissed), "trend": trend(place.workspace)}
    return render(request, "bets/checks.html", {**context, "checked": found, "groups": groups, "kept": kept(request)})


def _by_check(some: Iterable[Found]) -> Iterable[tuple[str, list[Found]]]:
    """Findings by what found them, in the order in which each is first named."""
    found: dict[str, list[Found]] = {}
    for one in some:
        found.setdefault(one.row.id, []).append(one)
    return found.items()


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
