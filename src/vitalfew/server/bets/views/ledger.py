"""The ledger: what shipped and whether it kept its promise, what to do next, and the evidence behind every line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report.html_ledger import ledger as lists
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request


def ledger(request: Request) -> HttpResponse:
    """The page after signing in."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    parts = lists(run.view) if run else ()
    return render(request, "bets/ledger.html", {"title": "What creates value here?", "parts": parts})
