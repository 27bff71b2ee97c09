"""Value sessions for members and for whoever runs them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vitalfew.errors import VitalfewError
from vitalfew.report.qr_code import qr_code
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.runs import start
from vitalfew.server.value.forms.sessions import NewSession, people_of
from vitalfew.server.value.queries import reveal as opened
from vitalfew.server.value.queries import sessions as queries
from vitalfew.server.value.queries.factors import facts
from vitalfew.server.value.services import sessions
from vitalfew.server.value.services.sessions import FORWARD, LONGEST_MINUTES, Plan
from vitalfew.server.value.views import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.sessions import SessionView
    from vitalfew.server.value.services.sessions import Invited

ANSWERS = "What do people here count as value, where are they apart, and does it matter?"
WARN_ABOVE = 5


@require_GET
def session_list(request: Request) -> HttpResponse:
    """All sessions."""
    place = request.place
    rows = queries.sessions(place.workspace)
    if request.GET.get("format") == "csv":
        heads = ("session", "step", "opened", "closed", "people", "factors")
        cells = [
            (r.title, r.step, r.opened_at.date(), r.closed_at and r.closed_at.date(), len(r.seats), len(r.factors))
            for r in rows
        ]
        return csv_response("sessions", heads, cells)
    context = {"title": "Value sessions", "answers": ANSWERS, "sessions": rows, "steps": dict(_titles())}
    return render(request, "value/sessions.html", context | {"may_open": place.may(Ability.FACILITATE)})


@require_http_methods(["GET", "POST"])
def new_session(request: Request) -> HttpResponse:
    """Open a session: what is weighed, and by whom."""
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    known = facts(definitions, definitions.factors, open_run(place.workspace))
    form = NewSession(request.POST or None, factors=known, groups=tuple(definitions.policy.rater_groups))
    if request.method == "POST" and form.is_valid():
        try:
            key, invited = sessions.open_session(place.workspace, _plan(form.cleaned_data), place.user)
        except VitalfewError as error:
            form.add_error(None, str(error))
        else:
            return _links_page(request, key, invited) if invited else _back(request, key)
    context = {"title": "New value session", "answers": "Thirty minutes, ten people, one list of what counts."}
    return render(request, "value/session_new.html", context | {"form": form, "factors": known})


@require_GET
def session(request: Request, key: str) -> HttpResponse:
    """A session: for its facilitator the step, the people and the tools; for others where it stands."""
    view = _view(request, key)
    if request.GET.get("format") == "csv" and view.is_revealed:
        found = opened.reveal(request.place.workspace, view, open_run(request.place.workspace))
        return csv_response(f"session-{key}", shown.HEADS, shown.cells(found))
    return render(request, "value/session.html", _context(request, view))


@require_GET
def session_live(request: Request, key: str) -> HttpResponse:
    """The part of the page that changes while people answer."""
    return render(request, "value/_session_people.html", _context(request, _view(request, key)))


@require_GET
def projector(request: Request, key: str) -> HttpResponse:
    """What the room sees: large, and nothing about one person."""
    view = _view(request, key)
    context = _context(request, view)
    if view.open_seats and not view.is_closed:
        address = request.build_absolute_uri(reverse("join", kwargs={"code": queries.door_code(view)}))
        context |= {"join": address, "code": qr_code(address, "Join the session with a phone", 320)}
    return render(request, "value/projector.html", context)


@require_POST
def session_step(request: Request, key: str) -> HttpResponse:
    """Take a session to another step; closing it starts a run, which counts by the new weights."""
    place = request.place
    to = request.POST.get("to", "")

    def step(view: SessionView) -> None:
        sessions.advance(view.id, to, place.user)
        if to == "closed":
            start(place.workspace, place.user)
            signed = f"{view.signed} of {len(view.seats)} {'has' if view.signed == 1 else 'have'} signed"
            messages.success(request, f"Closed; {signed}. A run is on its way: the ledger will count by these weights.")

    return _done(request, key, step)


@require_POST
def session_people(request: Request, key: str) -> HttpResponse:
    """Invite people, open or close the common link, replace a lost link, take somebody out."""
    place, given = request.place, request.POST
    what = given.get("do", "")
    invited: list[Invited] = []

    def change(view: SessionView) -> None:
        if what == "invite":
            invited.extend(sessions.invite(view.id, people_of(given.get("people", "")), place.user))
        elif what == "link":
            invited.append(sessions.new_link(view.id, int(given.get("seat", "0")), place.user))
        elif what == "leave":
            sessions.leave_out(view.id, int(given.get("seat", "0")))
        elif what == "seats":
            free = int(given.get("seats", "0"))
            taken = sum(seat.joined and not seat.name for seat in view.seats)
            sessions.set_seats(view.id, taken + free if free else 0, new_door="new_door" in given)
        elif what == "names":
            sessions.show_names(view.id, shown="shown" in given)
        elif what == "timer":
            sessions.set_timer(view.id, int(given.get("minutes", "0")))

    answer = _done(request, key, change)
    return _links_page(request, key, invited) if invited else answer


@require_POST
def session_factors(request: Request, key: str) -> HttpResponse:
    """Park a factor with the reason, or take one in."""
    factor = request.POST.get("factor", "")

    def change(view: SessionView) -> None:
        if request.POST.get("do") == "park":
            sessions.park(view.id, factor, request.POST.get("reason", ""))
        else:
            sessions.take_in(view.id, factor)

    return _done(request, key, change)


def _context(request: Request, view: SessionView) -> dict[str, Any]:
    place = request.place
    run = open_run(place.workspace)
    definitions = loaded(place.workspace).workspace.definitions
    everything = facts(definitions, definitions.factors, run)
    context = {
        "title": view.title,
        "answers": ANSWERS,
        "session": view,
        "steps": _steps(view),
        "question": next((text for key, _, text in queries.STEPS if key == view.step), ""),
        "factors": [(everything[key], _remark(view, key, run)) for key in view.factors if key in everything],
        "others": [found for key, found in everything.items() if key not in view.factors],
        "parked": [(definitions.title("factors", key), key, why) for key, why in view.parked.items()],
        "may_run": place.may(Ability.FACILITATE),
        "next": [step for step in FORWARD[view.step] if _is_forward(view.step, step)],
        "back": [step for step in FORWARD[view.step] if not _is_forward(view.step, step)],
        "too_many": len(view.factors) > WARN_ABOVE,
        "rater": queries.rater_for(place.workspace, view.key, place.user.pk),
        "may_rate": place.may(Ability.RATE),
        "page": secrets.token_hex(8),
        "longest": LONGEST_MINUTES,
    }
    return context | shown.revealed(place.workspace, view, run, definitions)


def _remark(view: SessionView, key: str, run: Results | None) -> str:
    """What the run says of a factor at this step: what its measure lacks, or what hangs on it."""
    if run is None:
        return ""
    if view.step == "measure":
        missing = next((row.missing for row in run.tables.factor_lights if row.factor == key), ())
        return "; ".join(text.partition(": ")[2] for text in missing if text.startswith(("definition", "narrative")))
    share = next((row for row in run.tables.factor_shares if row.factor == key), None)
    if view.step != "prune" or share is None:
        return ""
    many = len(share.changed)
    if many:
        return f"without it {many} {'line' if many == 1 else 'lines'} would be decided otherwise"
    return "changes no decision" if share.parked else ""


def _steps(view: SessionView) -> list[tuple[str, str, str]]:
    """Key, title and *done*, *now* or *later* of each step."""
    keys = [key for key, _, _ in queries.STEPS]
    at = keys.index(view.step) if view.step in keys else len(keys)
    skipped = view.revealed_n is not None and view.again_n is None and view.step in ("sign_off", "closed")
    states = ["done" if place < at else "now" if place == at else "later" for place in range(len(keys))]
    return [
        (key, title, "left out" if skipped and key == "again" else state)
        for (key, title, _), state in zip(queries.STEPS, states, strict=True)
    ]


def _is_forward(one: str, other: str) -> bool:
    order = [*(key for key, _, _ in queries.STEPS), "closed"]
    return order.index(other) > order.index(one)


def _titles() -> list[tuple[str, str]]:
    return [*((key, title) for key, title, _ in queries.STEPS), ("closed", "Signed off")]


def _view(request: Request, key: str) -> SessionView:
    found = queries.session(request.place.workspace, key)
    if found is None:
        raise Http404("no such session")
    return found


def _done(request: Request, key: str, change: Callable[[SessionView], None]) -> HttpResponse:
    """Change a session and show it again, with what was wrong where something was."""
    view = _view(request, key)
    try:
        change(view)
    except VitalfewError as error:
        messages.error(request, str(error))
    except ValueError:
        messages.error(request, "A number is missing or is none.")
    return _back(request, key)


def _back(request: Request, key: str) -> HttpResponse:
    return redirect("session", workspace=request.place.workspace.key, key=key)


def _plan(given: dict[str, Any]) -> Plan:
    return Plan(
        given["title"],
        tuple(given["factors"]),
        given["groups"],
        given["people"],
        given["seats"] or 0,
        given["shows_names"],
    )


def _links_page(request: Request, key: str, invited: Sequence[Invited]) -> HttpResponse:
    """Links of those invited, each shown this once."""
    rows = []
    for each in invited:
        address = request.build_absolute_uri(reverse("rate-link", kwargs={"secret": each.secret}))
        rows.append((each, address, qr_code(address, f"Link of {each.name or 'a rater'}", 132)))
    context = {"title": "Personal links", "rows": rows, "key": key}
    return render(request, "value/session_links.html", context)
