"""Forecasts and locks: answering alone, asking others, by personal link too, and locking what all said."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from vitalfew.errors import ActError, VitalfewError
from vitalfew.results.figures import unit_of
from vitalfew.server.bets.bet_forms import ForecastForm, forecast_initial
from vitalfew.server.bets.queries.bet import margin_of, sentence
from vitalfew.server.bets.queries.promise import lock_of, own_forecast
from vitalfew.server.bets.queries.record import ELSEWHERE
from vitalfew.server.bets.queries.standing import standings
from vitalfew.server.bets.services import promising
from vitalfew.server.bets.services.bets import NotYet, passes_gate
from vitalfew.server.bets.views.bet import forecast_form, refused
from vitalfew.server.core.commands import told
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.promised import forecasters
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services import opened as links
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views import personal
from vitalfew.server.core.views.editing import back_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from vitalfew.server.bets.queries.standing import Question
    from vitalfew.server.core.access import Place, Request
    from vitalfew.server.core.services.opened import Opened
    from vitalfew.workspace.definitions import Definitions, Hypothesis

FORECAST = "forecast"
MOST_PEOPLE = 200


def forecast(request: Request, key: str) -> HttpResponse:
    """Record one's own forecast; one that is refused stands in its form as it was typed."""
    definitions, asking = _asking(request.place, key)
    mine = own_forecast(request.place, key, voice_of_user(request.place.user), definitions)
    form = forecast_form(key, definitions, mine, request.POST)
    address = _page_of(request.place, asking, key)
    if request.method != "POST":
        return redirect(address)
    if not form.is_valid():
        return refused(request, key, form)
    try:
        promising.forecast(request.place, key, form.quantiles(), form.evidence())
    except ActError as error:
        form.add_error(None, str(error))
        return refused(request, key, form)
    except VitalfewError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Your forecast is recorded. Nobody else sees it; correct it until the lock.")
    return redirect(address)


def lock(request: Request, key: str) -> HttpResponse:
    """Say what is locked, and lock it once that is confirmed."""
    definitions, asking = _asking(request.place, key)
    address = _page_of(request.place, asking, key)
    if request.method == "POST":
        try:
            act = promising.lock(request.place, key)
        except NotYet as refusal:
            messages.error(request, str(refusal))
            where = {"workspace": request.place.workspace.key, "key": asking.initiative}
            return redirect(reverse("edit-initiative", kwargs=where) + "#id_serves")
        except VitalfewError as error:
            messages.error(request, told(error))
            return redirect(address)
        messages.success(request, f"Locked as #{act.hash[:7]}. The promise stands from now on.")
        return redirect(address)
    question = _question(request.place, asking, key)
    people = forecasters(request.place.workspace, key, question.wording) or question.forecasts
    standing = lock_of(request.place, key, definitions, open_run(request.place.workspace))
    context = {
        "title": "Lock the promise",
        "answers": "What all forecast, combined, becomes the promise that the effect is held against.",
        "key": key,
        "sentence": sentence(asking, definitions),
        "asking": asking,
        "metric": definitions.title("metrics", asking.metric),
        "segment": "everybody" if asking.segment == "all" else definitions.title("segments", asking.segment),
        "initiative": definitions.title("initiatives", asking.initiative),
        "started": definitions.initiatives[asking.initiative].started,
        "forecasts": people,
        "few": 0 < people < 3,  # noqa: PLR2004 - people among whom one cannot be told
        "bet": asking.initiative,
        "gated": passes_gate(definitions, asking.initiative),
        "locked": standing is not None and not standing.stale,
        "again": standing is not None,
        "back": address,
    }
    return render(request, "bets/lock.html", context)


@require_POST
def lock_plan(request: Request, key: str) -> HttpResponse:
    """Lock how an experiment will be read; it never changes afterwards."""
    try:
        act = promising.lock_plan(request.place, key)
    except VitalfewError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, f"The plan is locked as #{act.hash[:7]}. The first lock stays, whatever is edited.")
    return redirect(back_of(request))


@never_cache
def ask(request: Request, key: str) -> HttpResponse:
    """Ask people for their forecast: each gets a personal link, shown once."""
    definitions, asking = _asking(request.place, key)
    made: list[tuple[str, str, str]] = []
    if request.method == "POST":
        people = list(dict.fromkeys(filter(None, map(str.strip, request.POST.get("people", "").splitlines()))))
        try:
            made = [
                _invited(request, person, secret, asking, definitions)
                for person, secret in promising.ask(request.place, key, people[:MOST_PEOPLE])
            ]
        except VitalfewError as error:
            messages.error(request, str(error))
    handed, opened = links.asked(request.place.workspace, FORECAST, key)
    context = {
        "title": "Ask for forecasts",
        "answers": "Whoever opens their link answers this one question, alone and without an account.",
        "key": key,
        "sentence": sentence(asking, definitions),
        "made": made,
        "typed": "" if made else request.POST.get("people", ""),
        "handed": handed,
        "opened": opened,
        "forecasts": _question(request.place, asking, key).forecasts,
        "back": _page_of(request.place, asking, key),
    }
    return render(request, "bets/ask.html", context)


@never_cache
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """A personal link: a button opens it in this browser, and its secret leaves the address for a cookie."""
    begin = ("bets/forecast_begin.html", "What do you expect?")
    return personal.enter(request, secret, FORECAST, begin=begin, to="forecast-by-link") or _gone(request)


@never_cache
def by_link(request: HttpRequest) -> HttpResponse:
    """The question, and the answer of whoever holds the link; it can be corrected until the lock."""
    found = links.still_open(request, FORECAST)
    definitions = loaded(found.workspace).workspace.definitions if found else None
    if found is None or definitions is None or found.about not in definitions.hypotheses:
        return _gone(request)
    asking = definitions.hypotheses[found.about]
    run = open_run(found.workspace)
    held = lock_of(found, found.about, definitions, run)
    closed = held is not None and not held.stale
    mine = own_forecast(found, found.about, found.voice, definitions)
    initial = forecast_initial(mine, definitions, asking.metric) if mine and found.answered else None
    metric = definitions.metrics.get(asking.metric)
    form = ForecastForm(request.POST or None, initial=initial, metric=metric)
    if request.method == "POST" and not closed and form.is_valid():
        try:
            promising.forecast_by_link(found, form.quantiles(), form.evidence())
        except VitalfewError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Thank you: your forecast is recorded. You can correct it until it is locked.")
            answer = redirect("forecast-by-link")
            links.keep_open(answer, found, FORECAST, reverse("forecast-by-link"), answered=True)
            return answer
    context = _question_context(found, definitions, asking) | {
        "form": form,
        "closed": closed,
        "given": mine is not None,
        "elsewhere": ELSEWHERE,
    }
    return render(request, "bets/forecast_by_link.html", context)


def _question_context(found: Opened, definitions: Definitions, asking: Hypothesis) -> dict[str, object]:
    unit = unit_of(definitions.metrics.get(asking.metric))
    return {
        "title": definitions.title("initiatives", asking.initiative),
        "name": found.name,
        "organisation": found.workspace.name,
        "sentence": sentence(asking, definitions),
        "metric": definitions.title("metrics", asking.metric),
        "unit": unit.change_in_words,
        "better": "lower is better" if unit.down_is_better else "higher is better",
        "segment": "everybody" if asking.segment == "all" else definitions.title("segments", asking.segment),
        "due": asking.due,
        "guardrails": [
            (definitions.title("metrics", name), margin_of(definitions, name)) for name in asking.guardrails
        ],
    }


def _gone(request: HttpRequest) -> HttpResponse:
    context = {"title": "This link does not lead anywhere any more"}
    return render(request, "bets/forecast_gone.html", context, status=410)


def _asking(place: Place, key: str) -> tuple[Definitions, Hypothesis]:
    definitions = loaded(place.workspace).workspace.definitions
    if key not in definitions.hypotheses:
        raise Http404("no such hypothesis")
    return definitions, definitions.hypotheses[key]


def _question(place: Place, asking: Hypothesis, key: str) -> Question:
    definitions = loaded(place.workspace).workspace.definitions
    every = standings(place, definitions, open_run(place.workspace), today_in(definitions))
    standing = next(one for one in every if one.key == asking.initiative)
    return next(question for question in standing.questions if question.key == key)


def _page_of(place: Place, asking: Hypothesis, key: str) -> str:
    where = {"workspace": place.workspace.key, "key": asking.initiative}
    return f"{reverse('initiative', kwargs=where)}#hypothesis-{key}"


def _invited(
    request: Request, person: str, secret: str, asking: Hypothesis, definitions: Definitions
) -> tuple[str, str, str]:
    """Name, address of the link, and a draft of a letter where an e-mail address was given."""
    address = request.build_absolute_uri(reverse("forecast-link", kwargs={"secret": secret}))
    if "@" not in person:
        return person, address, ""
    title = definitions.title("initiatives", asking.initiative)
    text = f"What do you expect of {title}? Three numbers, two minutes, no account; nobody else sees them:\n\n{address}"
    return (
        person,
        address,
        f"mailto:{quote(person, safe='@')}?subject={quote(f'Your forecast: {title}')}&body={quote(text)}",
    )
