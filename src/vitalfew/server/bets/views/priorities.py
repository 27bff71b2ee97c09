"""Priorities: the candidates in order, what fits in the budget, and what would change if one weighed otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render

from vitalfew.errors import UsageError
from vitalfew.report.html_ideas import ideas
from vitalfew.report.html_plan import plan
from vitalfew.report.ledger_picture import ledger_svg
from vitalfew.server.bets.queries.what_if import Asked, ranked
from vitalfew.server.bets.views.ledger import svg_response
from vitalfew.server.bets.views.steps import step_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.server.bets.queries.what_if import Ranked
    from vitalfew.server.core.access import Request

TITLE = "What should we do next?"
ANSWERS = "Candidates by the probability that they belong into the best plan, and what fits in the budget."
LONGEST = 60
"""Letters of the name of a scenario."""


def priorities(request: Request) -> HttpResponse:
    """The page, for the workspace's own weights and budget or for others that its address says."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return render(request, "bets/priorities_empty.html", {"title": TITLE, "answers": ANSWERS})
    asked = asked_for(request.GET)
    found = _found(request, run, asked)
    wanted = request.GET.get("format")
    if wanted == "csv":
        return _csv(run, found)
    if wanted == "svg":
        return svg_response("priorities", ledger_svg(run.view, (), run.ledger.candidates))
    context = {
        **_rows(request, run, found),
        "title": TITLE,
        "answers": ANSWERS,
        "asked": asked,
        "unranked": [line for line in run.ledger.candidates if line.line not in {place.line for place in found.places}],
        "ideas": per_run(run, "ideas", lambda one: ideas(one.view) or ""),
        "plan": per_run(run, "plan", lambda one: plan(one.view)),
        "budget": asked.budget if asked.budget is not None else found.budget,
        "most_budget": math.ceil(max(found.budget, run.workspace.definitions.policy.budget or 0) * 2) or 10,
        "kept": scenario(request.GET),
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
    inside = [{place.line for place in found.places[: found.fits]} for _, found, _ in sides]
    context = {
        "title": "Two ways to choose",
        "answers": "Where two scenarios agree, the difference is not worth a meeting.",
        "sides": [(*side, mine - other) for side, mine, other in zip(sides, inside, inside[::-1], strict=True)],
        "same": len(inside[0] & inside[1]),
    }
    return render(request, "bets/priorities_compare.html", context)


def asked_for(given: QueryDict) -> Asked:
    """What an address asks: `w.FACTOR=SHARE`, `budget=…`, `strong=1`. What is no number asks for nothing."""
    said = given.dict()
    weights = [(name[2:], weight) for name in said if name.startswith("w.") and (weight := _number(said[name])) >= 0]
    budget = _number(given.get("budget", ""))
    return Asked(tuple(sorted(weights)), budget if budget >= 0 else None, given.get("strong") == "1")


def scenario(given: QueryDict) -> str:
    """The part of an address that says what is asked, to be shared."""
    found = QueryDict(mutable=True)
    for name, value in given.dict().items():
        if name.startswith("w.") or name in ("budget", "strong", "run"):
            found[name] = str(value)
    return found.urlencode()


def _number(text: object) -> float:
    """A number from 0 on; -1 where it is none."""
    try:
        found = float(str(text))
    except ValueError:
        return -1.0
    return found if math.isfinite(found) else -1.0


def _found(request: Request, run: Results, asked: Asked, *, preview: bool = False) -> Ranked:
    try:
        return ranked(request.place.workspace, run, asked, preview=preview)
    except UsageError:
        return ranked(request.place.workspace, run, Asked(), preview=preview)


def _rows(request: Request, run: Results, found: Ranked) -> dict[str, object]:
    """The list, each line with where its next step is taken."""
    defined = run.workspace.definitions
    rows = [(place, step_address(request, defined, place.line, place.step)) for place in found.places]
    return {"ranked": found, "inside": rows[: found.fits], "outside": rows[found.fits :], "run": run}


def _csv(run: Results, found: Ranked) -> HttpResponse:
    candidates = {line.line: line for line in run.ledger.candidates}
    classic = {row.line: row for row in run.tables.classic}
    methods = [key for key, _ in found.columns[1:]]
    heads = ("place", "line", "title", "team", "value", "value_low_80", "value_high_80", "cost_p50", "per_cost",
             "p_in_plan", "p_best", "fits_in_budget", "grade", "next_step", *methods)  # fmt: skip
    rows = []
    for place in found.places:
        line, scores = candidates.get(place.line), classic.get(place.line)
        value = line.value if line else None
        rows.append(
            [
                place.at,
                place.line,
                place.title,
                line.team if line else None,
                *((value.mean, value.low, value.high) if value else (None,) * 3),
                line.cost.p50 if line and line.cost else None,
                line.per_cost if line else None,
                line.p_in if line else None,
                line.p_best if line else None,
                place.at <= found.fits,
                place.grade,
                place.step,
                *(getattr(scores, key, None) for key in methods),
            ]
        )
    return csv_response("priorities", heads, rows)
