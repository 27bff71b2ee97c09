"""The review: promised against measured, what we learned, what we stop."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from vitalfew.report.balance_words import untargeted
from vitalfew.report.html_balance import (
    EXPLORATION_HEADS,
    MIX_HEADS,
    PAYOFF_HEADS,
    exploration_cells,
    mix_cells,
    payoff_cells,
)
from vitalfew.report.html_review import BREAKDOWN_HEADS, PROCESS_HEADS, breakdown_cells, process_cells
from vitalfew.report.review_words import stopped_title
from vitalfew.server.bets.queries import review as queries
from vitalfew.server.bets.views.steps import address, step_address, subject_address
from vitalfew.server.core.csv import csv_response, svg_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.forms.definitions import TO_BEGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import StopRow
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

TITLE = "Did we get what we promised?"
STOP_HEADS = ("kind", "key", "title", "reason", "do", "value", "low_80", "high_80", "upkeep")
LONGEST_HERE = 8_000
"""Letters of release notes up to which they stand on the page itself."""
ANSWERS = "A promise is locked before the work and never changed; here it stands beside what was measured."


def review(request: Request) -> HttpResponse:
    """The bets that fell due."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    if run is None:
        return render(request, "bets/review.html", {"title": TITLE, "answers": ANSWERS})
    of = request.GET.get("of", "")
    if request.GET.get("format") == "csv" and of in _FILES:
        columns, rows_of = _FILES[of]
        return csv_response(of, columns, rows_of(run))
    offers = queries.offers(run)
    wanted = asked(request.GET, run.workspace.definitions, run.day, *offers)
    notes = queries.notes(run, wanted)
    if request.GET.get("format") == "md":
        file = {"Content-Disposition": 'attachment; filename="value-notes.md"'}
        return HttpResponse(notes, content_type="text/markdown; charset=utf-8", headers=file)
    if request.GET.get("format") == "svg" and (drawn := queries.picture(run, wanted)):
        return svg_response("review", drawn)
    whole = request.GET.get("all") == "1"
    found = queries.reviewed(run, wanted, whole=whole)
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
        "whole": whole,
        "read_here": whole or len(notes) <= LONGEST_HERE,
        "bar": bar(request, wanted, offers, lambda one: len(queries.due(run, one))),
        "stop": [
            (row, stopped_title(run.view, row), _page(request, defined, row), _step(request, defined, row))
            for row in found.stop
        ],
        "targets_to_begin": _targets_to_begin(request, run),
        "balance_files": [(of, name) for of, name in _BALANCE.items() if any(True for _ in _FILES[of][1](run))],
    }
    return render(request, "bets/review.html", context)


def _targets_to_begin(request: Request, run: Results) -> str:
    """The form of the policy with targets of horizons to begin with, for whoever may set them; empty where some are."""
    place = request.place
    if (
        not untargeted(run.view)
        or not place.may(Ability.FACILITATE)
        or "policy" in loaded(place.workspace).folder_kinds
    ):
        return ""
    return f"{address(request, 'edit-policy')}?{urlencode({'horizon_targets': TO_BEGIN})}"


def _page(request: Request, defined: Definitions, row: StopRow) -> str:
    """The page of what is to be stopped: its line of the ledger, or its metric."""
    return subject_address(request, defined, row.key) if row.kind == "metric" else address(request, "line", key=row.key)


def _step(request: Request, defined: Definitions, row: StopRow) -> str:
    """Where one does what is to be done; empty for whoever may only read."""
    if row.kind == "metric":
        return ""
    return step_address(request, defined, row.key, "measure" if row.kind == "bet" else "remove")


_FILES: Mapping[str, tuple[Sequence[str], Callable[[Results], Iterable[Sequence[object]]]]] = {
    "effort": (BREAKDOWN_HEADS, lambda run: map(breakdown_cells, run.tables.breakdowns)),
    "process": (PROCESS_HEADS, lambda run: map(process_cells, run.tables.process)),
    "stop": (STOP_HEADS, lambda run: (_stop_cells(run, row) for row in run.tables.stop)),
    "horizons": (MIX_HEADS, lambda run: map(mix_cells, run.tables.horizon_mix)),
    "payoffs": (PAYOFF_HEADS, lambda run: map(payoff_cells, run.tables.payoffs)),
    "exploration": (EXPLORATION_HEADS, lambda run: map(exploration_cells, run.tables.exploration)),
}
"""Files of parts of the page, by the name in its address: columns, and the rows of a run."""


_BALANCE = {"horizons": "Horizons", "payoffs": "When it pays", "exploration": "What was learnt"}
"""Files of the balance over horizons, with their names."""


def _stop_cells(run: Results, row: StopRow) -> tuple[object, ...]:
    worth = (row.value.mean, row.value.low, row.value.high) if row.value else (None,) * 3
    return row.kind, row.key, stopped_title(run.view, row), row.reason, row.do, *worth, row.upkeep
