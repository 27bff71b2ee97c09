"""The board: bets in columns, moved by mouse, keys or a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.bets.queries import board as queries
from vitalfew.server.bets.queries.board import MEANINGS, board
from vitalfew.server.bets.queries.standing import STAGES
from vitalfew.server.bets.services.bets import NotYet, move
from vitalfew.server.core.commands import told
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.listing import kept
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.definitions import Conflict, FolderOwned
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views.editing import back_of, conflicted, folder_owned

if TYPE_CHECKING:
    from django.core.paginator import Page

    from vitalfew.server.bets.queries.board import Board
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Filter
    from vitalfew.workspace.definitions import Definitions

STEPS = {
    "hypothesis": ("new-hypothesis", "Write the hypothesis"),
    "forecast": ("initiative", "Give a forecast"),
    "lock": ("initiative", "Lock the promise"),
    "gate": ("edit-initiative", "Say what it serves"),
    "start": ("edit-initiative", "Say when work started"),
    "evidence": ("initiative", "See its evidence"),
    "drop": ("initiative", "Open it"),
    "new": ("board", "Back to the board"),
}
"""The page that gives what a move lacks, and what to do there."""
EVERY = 1_000_000
"""Cards of a column in a file: all of them."""
HEADS = ("bet", "title", "product", "team", "column", "forecasts", "locked", "due", "overdue", "verdict", "grade")


def show(request: Request) -> HttpResponse:
    """All bets in their columns."""
    definitions = loaded(request.place.workspace).workspace.definitions
    offers = queries.offers(definitions)
    wanted = asked(request.GET, definitions, today_in(definitions), *offers)
    run = request.GET.get("run")
    if request.GET.get("format") == "csv":
        return _csv(board(request.place, wanted, run, most=EVERY), definitions)
    only = request.GET.get("column", "")
    found, pages = _column(request, wanted, only) if only in STAGES else (board(request.place, wanted, run), None)
    context = {
        "title": "Bets",
        "answers": "Which bets are open, what each of them still needs, and which are due.",
        "board": found,
        "shown": pages,
        "kept": kept(request),
        "bar": bar(request, wanted, offers, lambda one: queries.count(request.place, one)),
        "stages": [(stage, MEANINGS[stage][0]) for stage in STAGES[:-1]],
        "may_bet": request.place.may(Ability.BET),
        "may_move": request.place.may(Ability.BET) and not found.folder_owned,
    }
    return render(request, "bets/board.html", context)


def _column(request: Request, wanted: Filter, only: str) -> tuple[Board, Page[int]]:
    """A page of one column alone, and which page it is."""
    run = request.GET.get("run")
    (column,) = board(request.place, wanted, run, only=only, most=0).columns
    pages = Paginator(range(column.count), queries.PAGE).get_page(request.GET.get("page"))
    first = (pages.number - 1) * queries.PAGE
    return board(request.place, wanted, run, only=only, most=queries.PAGE, first=first), pages


@require_POST
def step(request: Request, key: str) -> HttpResponse:
    """Move one bet. Scripts are answered in JSON, and a refusal is an answer like any other, with its reason."""
    wants_json = "application/json" in request.headers.get("Accept", "")
    to, given = request.POST.get("to", ""), request.POST.get("version", "")
    try:
        moved = move(request.place, key, to, whole(given))
    except NotYet as refusal:
        address, title = _next(request, key, refusal.step)
        if wants_json:
            return JsonResponse({"moved": False, "reason": str(refusal), "address": address, "title": title})
        messages.error(request, str(refusal))
        return redirect(address)
    except VitalfewError as error:
        if wants_json:
            return JsonResponse({"moved": False, "reason": _reason(error), "address": "", "title": ""})
        return _refused(request, error)
    if wants_json:
        return JsonResponse({"moved": True, "version": moved.saved.version})
    title = loaded(request.place.workspace).workspace.definitions.title("initiatives", key)
    where = MEANINGS[to][0] if to in MEANINGS else to
    messages.success(request, f"{title}: {where}.")
    return redirect(back_of(request))


def _refused(request: Request, error: VitalfewError) -> HttpResponse:
    if isinstance(error, Conflict):
        return conflicted(request, error)
    if isinstance(error, FolderOwned):
        return folder_owned(request, error)
    messages.error(request, str(error))
    return redirect(back_of(request))


def _reason(error: VitalfewError) -> str:
    if isinstance(error, Conflict):
        return "Somebody else changed this bet in the meantime. Load the page anew."
    return told(error)


def _next(request: Request, key: str, what: str) -> tuple[str, str]:
    """The page that gives what is missing."""
    name, title = STEPS[what]
    here = {"workspace": request.place.workspace.key}
    given = here if name in ("board", "new-hypothesis") else here | {"key": key}
    parts = {"gate": "#id_serves", "start": "#id_started", "evidence": "?tab=evidence"}
    anchor = parts.get(what, f"?{urlencode({'initiative': key})}" if what == "hypothesis" else "")
    return reverse(name, kwargs=given) + anchor, title


def _csv(found: Board, definitions: Definitions) -> HttpResponse:
    cards = [card for column in found.columns for card in column.cards]
    rows = [
        (
            card.key,
            card.title,
            definitions.product_of(definitions.initiatives[card.key]),
            card.team_title,
            MEANINGS[card.stage][0],
            card.forecasts,
            card.locked,
            card.due.isoformat() if card.due else "",
            card.overdue,
            card.verdict or "",
            card.grade or "",
        )
        for card in cards
    ]
    return csv_response("bets", HEADS, rows)
