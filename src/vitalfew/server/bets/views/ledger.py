"""The ledger: what shipped and whether it kept its promise, what to do next, and the evidence behind every line."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string

from vitalfew.report import words
from vitalfew.report.html_ideas import ideas
from vitalfew.report.html_legend import legend
from vitalfew.report.html_payback import HEADS as PAYBACK_HEADS
from vitalfew.report.html_payback import figures as payback_figures
from vitalfew.report.ledger_picture import ledger_svg
from vitalfew.server.bets.queries import ledger as queries
from vitalfew.server.bets.queries import what_if as what_if_queries
from vitalfew.server.bets.queries.decisions import decisions
from vitalfew.server.bets.queries.lines import opened
from vitalfew.server.bets.queries.week import signed, week
from vitalfew.server.bets.views import what_if
from vitalfew.server.bets.views.steps import address, step_address, subject_address
from vitalfew.server.core.csv import csv_response, svg_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.members import fold

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from vitalfew.pipeline import Results
    from vitalfew.server.bets.queries.ledger import Line, Listed
    from vitalfew.server.bets.queries.week import Task
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Field, Filter
    from vitalfew.workspace.definitions import Definitions

TITLE = "What creates value here?"
ANSWERS = "What we built and what it brought, what we may build and what it is expected to bring, and what to do next."
TAKES: tuple[Field, ...] = ("product", "team", "segment", "time", "q")


def ledger(request: Request) -> HttpResponse:
    """The page after signing in."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return _not_run(request)
    wanted = filter_of(request.GET, run)
    form = request.GET.get("format")
    if form == "csv":
        return _csv(run, wanted)
    if form == "svg":
        return svg_response("ledger", ledger_svg(run.view, *queries.asked_for(run, wanted)))
    whole = request.GET.get("all") == "1"
    found = bar(request, wanted, queries.offers(run), lambda one: sum(map(len, queries.asked_for(run, one))))
    context = {
        **week_of(request, run),
        "title": TITLE,
        "sentences": words.headline_sentences(run.view.headline, run.view.definitions.policy.cost_unit),
        "notes": run.view.headline.notes if run.view.headline else (),
        "ideas": per_run(run, "ideas", lambda one: ideas(one.view, queries.IDEAS) or ""),
        "halves": _halves(request, run, wanted, whole=whole),
        "bar": found,
        **_what_if(request, run, wanted),
        "legend": legend(),
        "failures": run.failures,
        "value_model": address(request, "value-model"),
    }
    return render(request, "bets/ledger.html", context)


def reranked(request: Request) -> HttpResponse:
    """The candidates alone, ranked anew: while a slider moves by 2,000 draws, exactly when it rests."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        raise Http404("no such run")
    return HttpResponse(_reranked(request, run, preview=request.GET.get("preview") == "1"))


def line(request: Request, key: str) -> HttpResponse:
    """What a line of the ledger opens to: beside the list, or as a page of its own."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    found = queries.line_of(run, key) if run else None
    if run is None or found is None:
        raise Http404("no such line")
    made = run.workspace.definitions
    context = {
        "title": found.title,
        "line": found,
        "opened": opened(run, found),
        "step": words.NEXT_STEPS[found.recommendation],
        "step_address": step_address(request, made, found.line, found.recommendation),
        "decide": address(request, "decide", line=found.line) if request.place.may(Ability.BET) else "",
        "about": "initiatives" if found.line in made.initiatives else "features",
        "defined": found.line in made.initiatives or found.line in made.features,
        "decisions": decisions(request.place.workspace, about=found.line).rows,
    }
    beside = request.headers.get("HX-Request") == "true"
    return render(request, "bets/line_beside.html" if beside else "bets/line.html", context)


def fold_week(request: Request) -> HttpResponse:
    """Fold my week away or open it, for this member."""
    fold(request.place.member, folded=request.POST.get("folded") == "1")
    if request.headers.get("HX-Request") == "true":
        return render(request, "bets/week.html", week_of(request, open_run(request.place.workspace)))
    return redirect("ledger", workspace=request.place.workspace.key)


def week_of(request: Request, run: Results | None) -> dict[str, object]:
    """What waits for whoever looks, each line with where it is done; and how far the value model is signed."""
    place = request.place
    defined = loaded(place.workspace).workspace.definitions
    state = signed(place, defined)
    linked = [
        (one, [(task, _task_address(request, defined, task)) for task in one.tasks], address(request, one.page))
        for one in week(place, run, defined, state)
    ]
    return {"week": linked, "folded": place.member.week_folded, "signed": state}


def _task_address(request: Request, defined: Definitions, task: Task) -> str:
    if task.page == "subject":
        return subject_address(request, defined, task.key) or address(request, "checks")
    return address(request, task.page, **({"key": task.key} if task.key else {}))


def filter_of(given: QueryDict, run: Results) -> Filter:
    """Which lines an address asks for."""
    return asked(given, run.workspace.definitions, run.day, *TAKES)


def _what_if(request: Request, run: Results, wanted: Filter) -> dict[str, object]:
    """The panel of sliders with what they say now, where it is open."""
    asked = what_if.asked_for(request.GET)
    if not asked.changes and request.GET.get("what_if") != "1":
        return {}
    row = request.place.workspace
    ranked = what_if.possible(asked, lambda one: what_if_queries.ranked(row, run, one, shown=()))
    return {
        "asked": asked,
        "ranked": ranked,
        "reranked": _reranked(request, run),
        "opened": True,
        "closed": urlencode([*wanted.said.items()]),
    }


def _reranked(request: Request, run: Results, *, preview: bool = False) -> SafeString:
    row, wanted = request.place.workspace, filter_of(request.GET, run)
    asked = what_if.asked_for(request.GET)
    ranked = what_if.possible(asked, lambda one: what_if_queries.ranked(row, run, one, preview=preview, shown=()))
    lines, moves = what_if.possible(asked, lambda one: what_if_queries.relisted(row, run, one, preview=preview))
    half = queries.reranked(run, wanted, lines, moves, whole=request.GET.get("all") == "1")
    kept = urlencode([*wanted.said.items(), *QueryDict(what_if.scenario(request.GET)).items(), ("what_if", "1")])
    context = _half(request, run, half, wanted) | {"kept": kept, "ranked": ranked}
    return render_to_string("bets/ledger_what_if.html", context)


def _halves(request: Request, run: Results, wanted: Filter, *, whole: bool) -> tuple[SafeString, ...]:
    """Both lists as markup, kept for whoever may do the same, for a run never changes; not where text was searched."""
    if wanted.q:
        return _drawn(request, run, wanted, whole=whole)
    name = f"drawn {whole} {wanted.name} {request.place.may(Ability.BET)}"
    return per_run(run, name, lambda one: _drawn(request, one, wanted, whole=whole))


def _drawn(request: Request, run: Results, wanted: Filter, *, whole: bool) -> tuple[SafeString, ...]:
    halves = queries.lists(run, wanted, whole=whole)
    return tuple(render_to_string("bets/ledger_half.html", _half(request, run, half, wanted)) for half in halves)


def _half(request: Request, run: Results, half: Listed, wanted: Filter) -> dict[str, object]:
    defined = run.workspace.definitions
    return {
        "half": half,
        "above": [(row, step_address(request, defined, row.line, row.step)) for row in half.above],
        "below": [(row, step_address(request, defined, row.line, row.step)) for row in half.below],
        "wanted": wanted,
        "kept": urlencode([*wanted.said.items()]),
        "request": request,
    }


def _not_run(request: Request) -> HttpResponse:
    if request.GET.get("run"):
        raise Http404("no such run")
    here = loaded(request.place.workspace)
    defined = here.workspace.definitions
    context = {
        "title": TITLE,
        "answers": ANSWERS,
        "problems": here.problems,
        "sources": len(defined.sources),
        "lines": len(defined.features) + len(defined.initiatives),
        "may_run": request.place.may(Ability.BET),
        "may_define": request.place.may(Ability.DEFINE),
    }
    return render(request, "bets/ledger_empty.html", context)


_HEADS = (
    "list", "line", "title", "product", "team", "metric", "promised_p10", "promised_p50", "promised_p90",
    "measured", "measured_low_95", "measured_high_95", "value", "value_low_80", "value_high_80",
    "p_above_zero", "cost_p10", "cost_p50", "cost_p90", "grade", "p_vital", "p_in_plan", "verdict", "next_step",
    "reasons", *PAYBACK_HEADS,
)  # fmt: skip


def _csv(run: Results, wanted: Filter) -> HttpResponse:
    shipped, candidates = queries.asked_for(run, wanted)
    rows = [_figures("shipped", line) for line in shipped] + [_figures("candidates", line) for line in candidates]
    return csv_response("ledger", _HEADS, rows)


def _figures(half: str, line: Line) -> list[object]:
    """All figures of a line as the run holds them."""
    promised, measured, cost = (getattr(line, name, None) for name in ("promised", "measured", "cost"))
    value = line.value
    about = promised or measured
    return [
        half,
        line.line,
        line.title,
        line.product,
        line.team,
        about.metric if about else None,
        *((promised.p10, promised.p50, promised.p90) if promised else (None,) * 3),
        *((measured.estimate, measured.low, measured.high) if measured else (None,) * 3),
        *((value.mean, value.low, value.high, value.p_positive) if value else (None,) * 4),
        *((cost.p10, cost.p50, cost.p90) if cost else (None,) * 3),
        line.grade,
        getattr(line, "p_vital", None),
        getattr(line, "p_in", None),
        getattr(line, "verdict", None),
        line.recommendation,
        "; ".join(line.reasons),
        *payback_figures(line),
    ]
