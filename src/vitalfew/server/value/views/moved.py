"""What moved the metrics at the top: what each gave, what of it is luck, what is foreseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report import html_horizons, html_links
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.listing import teams_among
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in
from vitalfew.server.value.queries import links as queries
from vitalfew.server.value.views.metric_parts import contributions

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import ContributionRow
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Choices, Field

_CSV = ("metric", "kind", "subject", "gave", "low", "high", "grade")


def moved(request: Request) -> HttpResponse:
    """What each gave, by metric at the top; below, effects without luck and those foreseen."""
    workspace = request.place.workspace
    run = open_run(workspace, request.GET.get("run"))
    context: dict[str, object] = {
        "title": "What moved",
        "answers": "What each piece of work gave at the top, what of it is luck, and what is foreseen.",
    }
    if run is None or not (run.tables.contributions or run.tables.shrunk or run.tables.predicted):
        return render(request, "value/moved.html", context)
    definitions = run.workspace.definitions
    offers: dict[Field, Choices] = {
        "team": teams_among(definitions, definitions.teams),
        "metric": queries.metrics(run, (row.metric for row in run.tables.contributions)),
    }
    wanted = asked(request.GET, definitions, today_in(definitions), *offers)
    gave = queries.contributions(run, wanted)
    if request.GET.get("format") == "csv":
        return csv_response("what-moved", _CSV, (_csv(row) for rows in gave.values() for row in rows))
    view = run.view
    context |= {
        "any": True,
        "bar": bar(request, wanted, offers, lambda one: len(queries.contributions(run, one))),
        "gave": [
            (view.title("metrics", metric), contributions(workspace.key, view, rows, view.unit(metric)))
            for metric, rows in gave.items()
        ],
    }
    return render(request, "value/moved.html", context | _rest(run))


def _rest(run: Results) -> dict[str, object]:
    """What no filter narrows down; shown where none is set."""
    return per_run(
        run,
        "luck and what is foreseen",
        lambda one: {
            "luck": html_links.luck(one.view),
            "foreseen": html_links.foreseen(one.view),
            "horizons": html_horizons.horizons(one.view),
        },
    )


def _csv(row: ContributionRow) -> tuple[object, ...]:
    found = row.contribution
    ends = (found.estimate, found.low, found.high) if found else (None, None, None)
    return (row.metric, row.kind, row.subject, *ends, row.grade)
