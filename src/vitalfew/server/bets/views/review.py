"""The review: promised against measured, what we learned, what we stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render

from vitalfew.report.html_review import BREAKDOWN_HEADS, breakdown_cells
from vitalfew.server.bets.queries import review as queries
from vitalfew.server.bets.views.steps import step_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request

TITLE = "Did we get what we promised?"
ANSWERS = "A promise is locked before the work and never changed; here it stands beside what was measured."


def review(request: Request) -> HttpResponse:
    """The bets that fell due."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return render(request, "bets/review.html", {"title": TITLE, "answers": ANSWERS})
    if request.GET.get("format") == "csv" and request.GET.get("of") == "effort":
        return csv_response("effort", BREAKDOWN_HEADS, map(breakdown_cells, run.tables.breakdowns))
    offers = queries.offers(run)
    wanted = asked(request.GET, run.workspace.definitions, run.day, *offers)
    notes = queries.notes(run, wanted)
    if request.GET.get("format") == "md":
        file = {"Content-Disposition": 'attachment; filename="value-notes.md"'}
        return HttpResponse(notes, content_type="text/markdown; charset=utf-8", headers=file)
    found = queries.reviewed(run, wanted)
    if request.GET.get("format") == "csv":
        heads = ("hypothesis", "initiative", "metric", "promised", "measured", "low_95", "high_95", "due", "verdict",
                 "why")  # fmt: skip
        rows = ([row.hypothesis, row.initiative, row.metric, row.promised, row.estimate, row.low, row.high, row.due,
                 row.verdict, row.reason] for row in found.rows)  # fmt: skip
        return csv_response("review", heads, rows)
    defined = run.workspace.definitions
    context = {
        "title": TITLE,
        "answers": ANSWERS,
        "reviewed": found,
        "notes": notes,
        "bar": bar(request, wanted, offers, lambda one: len(queries.due(run, one))),
        "stop": [(line, step_address(request, defined, line.line, line.recommendation)) for line in found.stop],
    }
    return render(request, "bets/review.html", context)
