"""The review: promised against measured, what we learned, what we stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.server.bets.queries.ledger import teams_of
from vitalfew.server.bets.queries.review import quarters, reviewed
from vitalfew.server.bets.views.steps import step_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request

TITLE = "Did we get what we promised?"
ANSWERS = "A promise is locked before the work and never changed; here it stands beside what was measured."


def review(request: Request) -> HttpResponse:
    """The bets of a quarter."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return render(request, "bets/review.html", {"title": TITLE, "answers": ANSWERS})
    known, teams = quarters(run), teams_of(run)
    quarter = _among(request.GET.get("quarter", ""), [one.key for one in known])
    team = _among(request.GET.get("team", ""), [key for key, _ in teams])
    found = reviewed(run, quarter, team)
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
        "quarters": known,
        "quarter": quarter,
        "teams": teams,
        "team": team,
        "stop": [(line, step_address(request, defined, line.line, line.recommendation)) for line in found.stop],
    }
    return render(request, "bets/review.html", context)


def _among(given: str, known: list[str]) -> str:
    return given if given in known else ""
