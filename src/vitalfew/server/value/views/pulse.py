"""The pulse: is the chosen value understood? Two questions, answered alone; only shares of five or more are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from vitalfew.errors import VitalfewError
from vitalfew.report.pulse import pulse as section
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import opened as links
from vitalfew.server.core.views import personal
from vitalfew.server.value.forms.pulse import PulseForm
from vitalfew.server.value.services.pulse import PULSE, answer, ask
from vitalfew.server.value.views.entry import gone

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.access import Place, Request
    from vitalfew.server.core.services.opened import Opened
    from vitalfew.workspace.definitions import Definitions

MOST_PEOPLE = 200
THANKS = "Thank you. Your answer counts with the next run; nobody sees it beside your name."


@require_safe
def pulse(request: Request) -> HttpResponse:
    """What all said, and the questions."""
    return _page(request, PulseForm(_definitions(request.place), team=request.place.member.team))


@require_POST
def answer_pulse(request: Request) -> HttpResponse:
    """Record one's own answer."""
    form = PulseForm(_definitions(request.place), request.POST)
    if _taken(request, request.place, form):
        return redirect("pulse", workspace=request.place.workspace.key)
    return _page(request, form)


@never_cache
@require_POST
def ask_pulse(request: Request) -> HttpResponse:
    """Make a personal link for each of some people; shown once."""
    people = list(dict.fromkeys(filter(None, map(str.strip, request.POST.get("people", "").splitlines()))))
    try:
        asked = ask(request.place, people[:MOST_PEOPLE])
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect("pulse", workspace=request.place.workspace.key)
    made = [
        (person, request.build_absolute_uri(reverse("pulse-link", kwargs={"secret": secret})))
        for person, secret in asked
    ]
    context = {"title": "One link for each", "answers": "Shown once: copy or send them now.", "made": made}
    return render(request, "value/pulse_links.html", context)


@never_cache
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """A personal link: a button opens it in this browser, and its secret leaves the address for a cookie."""
    begin = ("value/pulse_begin.html", "Two questions")
    return personal.enter(request, secret, PULSE, begin=begin, to="pulse-by-link") or gone(request)


@never_cache
def by_link(request: HttpRequest) -> HttpResponse:
    """The questions, for whoever holds the link."""
    found = links.still_open(request, PULSE)
    if found is None:
        return gone(request)
    form = PulseForm(_definitions(found), request.POST or None)
    if request.method == "POST" and _taken(request, found, form):
        return redirect("pulse-by-link")
    context = {"title": "Two questions", "name": found.name, "organisation": found.workspace.name, "form": form}
    return render(request, "value/pulse_by_link.html", context)


def _page(request: Request, form: PulseForm) -> HttpResponse:
    place, run = request.place, open_run(request.place.workspace, request.GET.get("run"))
    has_factors = bool(_definitions(place).factors)
    context = {
        "title": "Pulse",
        "answers": "Do people know which value comes first here, and which metric of theirs leads to it?",
        "form": form,
        "any": has_factors,
        "shown": section(run.view) if run else None,
        "may_answer": place.may(Ability.RATE),
        "may_ask": place.may(Ability.FACILITATE),
    }
    return render(request, "value/pulse.html", context)


def _definitions(where: Place | Opened) -> Definitions:
    return loaded(where.workspace).workspace.definitions


def _taken(request: HttpRequest, where: Place | Opened, form: PulseForm) -> bool:
    """Whether an answer was recorded; what is wrong with it stands in the form."""
    if not form.is_valid():
        return False
    try:
        answer(where, *form.said())
    except VitalfewError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, THANKS)
    return True
