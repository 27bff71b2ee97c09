"""Priorities: the candidates in order, what fits in the budget, and what would change if one weighed otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render

from vitalfew.report.html_ideas import ideas
from vitalfew.report.html_payback import HEADS as PAYBACK_HEADS
from vitalfew.report.html_payback import figures as payback_figures
from vitalfew.report.html_plan import plan
from vitalfew.report.html_sides import sides
from vitalfew.report.ledger_picture import ledger_svg
from vitalfew.server.bets.queries import ledger as queries
from vitalfew.server.bets.queries.ledger import asked_for as lines_asked_for
from vitalfew.server.bets.queries.what_if import Asked, ranked, rankings
from vitalfew.server.bets.views.steps import step_address
from vitalfew.server.bets.views.what_if import asked_for, possible, scenario
from vitalfew.server.core.csv import csv_response, svg_response
from vitalfew.server.core.filters import asked as filtered
from vitalfew.server.core.filters import bar
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.server.bets.queries.what_if import Ranked
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Field

TITLE = "What should we do next?"
ANSWERS = "Candidates by the probability that they belong into the best plan, and what fits in the budget."
TAKES: tuple[Field, ...] = ("product", "team", "segment", "q")
"""What candidates may be filtered by; they are about what comes, so that no time is among it."""
LONGEST = 60
"""Letters of the name of a scenario."""


def priorities(request: Request) -> HttpResponse:
    """The page, for the workspace's own weights and budget or for others that its address says."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return render(request, "bets/priorities_empty.html", {"title": TITLE, "answers": ANSWERS})
    asked = asked_for(request.GET)
    wanted = filtered(request.GET, run.workspace.definitions, run.day, *TAKES)
    found = _found(request, run, asked)
    lines = lines_asked_for(run, wanted)[1]
    form = request.GET.get("format")
    if form == "csv":
        return _csv(run, found)
    if form == "svg":
        return svg_response("priorities", ledger_svg(run.view, (), lines))
    offers = {name: options for name, options in queries.offers(run).items() if name in TAKES}
    ranked_at_all = {line.line for line in rankings(request.place.workspace, run, Asked())[0].lines}
    context = {
        **_rows(request, run, found),
        "bar": bar(request, wanted, offers, lambda one: len(lines_asked_for(run, one)[1])),
        "title": TITLE,
        "answers": ANSWERS,
        "asked": asked,
        "unranked": [line for line in lines if line.line not in ranked_at_all],
        "ideas": per_run(run, "ideas", lambda one: ideas(one.view, queries.IDEAS) or ""),
        "sides": per_run(run, "sides", lambda one: sides(one.view) or ""),
        "plan": per_run(run, "plan", lambda one: plan(one.view, queries.IDEAS)),
    }
    return render(request, "bets/priorities.html", context)


def reranked(request: Request) -> HttpResponse:
    """The list alone, ranked anew: while a slider moves by 2,000 draws, exactly when it rests."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        raise Http404("no such run")
    asked = asked_for(request.GET)
    found = _found(request, run, asked, preview=request.GET.get("preview") == "1")
    return render(request, "bets/priority_list.html", {**_rows(request, run, found), "asked": asked})


def compare(request: Request) -> HttpResponse:
    """Two scenarios side by side; each is the address of one."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        raise Http404("no such run")
    sides = []
    for name in ("a", "b"):
        given = QueryDict(request.GET.get(name, ""))
        label = request.GET.get(f"{name}_name", "")[:LONGEST]
        asked = asked_for(given)
        label = label or ("Other weights or budget" if asked.changes else "As it is")
        sides.append((label, _found(request, run, asked), scenario(given)))
    inside = [{place.line for place in found.places if place.at <= found.fits} for _, found, _ in sides]
    context = {
        "title": "Two ways to choose",
        "answers": "Where two scenarios agree, the difference is not worth a meeting.",
        "sides": [(*side, mine - other) for side, mine, other in zip(sides, inside, inside[::-1], strict=True)],
        "same": len(inside[0] & inside[1]),
    }
    return render(request, "bets/priorities_compare.html", context)


def _found(request: Request, run: Results, asked: Asked, *, preview: bool = False) -> Ranked:
    wanted = filtered(request.GET, run.workspace.definitions, run.day, *TAKES)
    shown = {line.line for line in lines_asked_for(run, wanted)[1]} if wanted.said else None
    return possible(asked, lambda one: ranked(request.place.workspace, run, one, preview=preview, shown=shown))


def _rows(request: Request, run: Results, found: Ranked) -> dict[str, object]:
    """The list, each line with where its next step is taken."""
    defined = run.workspace.definitions
    rows = [(place, step_address(request, defined, place.line, place.step)) for place in found.places]
    inside = [row for row in rows if row[0].at <= found.fits]
    return {"ranked": found, "inside": inside, "outside": rows[len(inside) :], "run": run}


def _csv(run: Results, found: Ranked) -> HttpResponse:
    candidates = {line.line: line for line in run.ledger.candidates}
    classic = {row.line: row for row in run.tables.classic}
    methods = [key for key, _ in found.columns[1:]]
    heads = ("place", "line", "title", "product", "team", "value", "value_low_80", "value_high_80", "cost_p50",
             "per_cost", "p_in_plan", "p_best", "fits_in_budget", "grade", "next_step",
             *PAYBACK_HEADS, *methods)  # fmt: skip
    rows = []
    for place in found.places:
        line, scores = candidates.get(place.line), classic.get(place.line)
        value = line.value if line else None
        rows.append(
            [
                place.at,
                place.line,
                place.title,
                line.product if line else None,
                line.team if line else None,
                *((value.mean, value.low, value.high) if value else (None,) * 3),
                line.cost.p50 if line and line.cost else None,
                line.per_cost if line else None,
                line.p_in if line else None,
                line.p_best if line else None,
                place.at <= found.fits,
                place.grade,
                place.step,
                *payback_figures(line),
                *(getattr(scores, key, None) for key in methods),
            ]
        )
    return csv_response("priorities", heads, rows)
