"""Writing bets down: initiatives and hypotheses by forms, removing them with undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.bets.bet_forms import HypothesisForm, InitiativeForm, initiative_initial
from vitalfew.server.bets.queries.record import base_rate
from vitalfew.server.bets.services.bets import remove_bet, remove_hypothesis, save_bet
from vitalfew.server.core.definition_forms import key_of
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.definitions import FolderOwned
from vitalfew.server.core.views.editing import attempt, back_of, folder_owned, say_with_undo

if TYPE_CHECKING:
    from typing import Any

    from vitalfew.server.core.access import Request
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.definitions import Definitions


def new_initiative(request: Request) -> HttpResponse:
    """A new bet."""
    definitions = loaded(request.place.workspace).workspace.definitions
    initial = {"serves": request.GET.getlist("serves")}
    form = InitiativeForm(request.POST or None, initial=initial, definitions=definitions)
    if request.method == "POST" and form.is_valid():
        key = key_of(form.cleaned_data["title"], definitions.initiatives, "bet")
        return _save(request, form, ("initiatives", key), form.tree({}), 0)
    answers = "A title is enough to begin with; each thing more makes the ledger say more."
    return _page(request, form, "initiatives", "New bet", answers)


def edit_initiative(request: Request, key: str) -> HttpResponse:
    """Change what a bet is."""
    definitions, body, version = _standing(request, "initiatives", key)
    initial = initiative_initial(body, version)
    form = InitiativeForm(request.POST or None, initial=initial, definitions=definitions)
    if request.method == "POST" and form.is_valid():
        name = ("initiatives", key)
        return _save(request, form, name, form.tree(body), form.cleaned_data["version"])
    title = definitions.title("initiatives", key)
    return _page(request, form, "initiatives", f"Edit: {title}", "What it is, what it costs, what it is for.", key)


def new_hypothesis(request: Request, key: str) -> HttpResponse:
    """A question that a bet poses."""
    definitions = loaded(request.place.workspace).workspace.definitions
    if key not in definitions.initiatives:
        raise Http404("no such bet")
    metrics = list(definitions.factors) or list(definitions.metrics)
    initial = {"metric": metrics[0] if metrics else None, "segment": "all", "guardrails": list(definitions.guardrails)}
    form = HypothesisForm(request.POST or None, initial=initial, definitions=definitions)
    if request.method == "POST" and form.is_valid():
        name = key_of(f"{key}_{form.cleaned_data['metric']}", definitions.hypotheses, "hypothesis")
        return _save(request, form, ("hypotheses", name), form.tree({"initiative": key}), 0)
    title = definitions.title("initiatives", key)
    answers = f"What {title} will change, for whom and by when: a question that can be answered afterwards."
    return _page(request, form, "hypotheses", "Write a hypothesis", answers, key)


def edit_hypothesis(request: Request, key: str) -> HttpResponse:
    """Say the question in other words; what was locked stays locked."""
    definitions, body, version = _standing(request, "hypotheses", key)
    form = HypothesisForm(request.POST or None, initial={**body, "version": version or 0}, definitions=definitions)
    if request.method == "POST" and form.is_valid():
        return _save(request, form, ("hypotheses", key), form.tree(body), form.cleaned_data["version"])
    answers = "Forecasts and locks name the wording they were given for: after a change people forecast anew."
    return _page(request, form, "hypotheses", "Edit the hypothesis", answers, definitions.hypotheses[key].initiative)


@require_POST
def delete_initiative(request: Request, key: str) -> HttpResponse:
    """Remove a bet with its hypotheses; it can be undone for ten minutes."""
    version = _version(request)
    definitions = loaded(request.place.workspace).workspace.definitions
    title = definitions.title("initiatives", key)
    try:
        done = attempt(request, lambda: remove_bet(request.place, key, version))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(back_of(request))
    return _removed(request, done, f"“{title}” is removed.", reverse("board", kwargs=_here(request)))


@require_POST
def delete_hypothesis(request: Request, key: str) -> HttpResponse:
    """Remove a hypothesis; it can be undone for ten minutes."""
    version = _version(request)
    try:
        done = attempt(request, lambda: remove_hypothesis(request.place, key, version))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(back_of(request))
    return _removed(request, done, "The hypothesis is removed.", back_of(request))


def _removed(request: Request, done: tuple[Saved, ...] | HttpResponse | None, text: str, there: str) -> HttpResponse:
    if isinstance(done, tuple):
        say_with_undo(request, text, done)
        return redirect(there)
    return done or redirect(there)


def _save(
    request: Request, form: InitiativeForm | HypothesisForm, name: tuple[str, str], tree: dict[str, Any], version: int
) -> HttpResponse:
    """Save and go to the bet; the form again with its problems where something is wrong."""
    done = attempt(request, lambda: save_bet(request.place, {name: tree}, {name: version}), form, name)
    if isinstance(done, HttpResponse):
        return done
    if done is None:
        return _page(request, form, name[0], "Mend and save again", "Nothing was saved yet.", name[1])
    say_with_undo(request, "Saved.", done)
    initiative = name[1] if name[0] == "initiatives" else str(tree["initiative"])
    return redirect("initiative", workspace=request.place.workspace.key, key=initiative)


def _page(
    request: Request, form: InitiativeForm | HypothesisForm, kind: str, title: str, answers: str, key: str = ""
) -> HttpResponse:
    found = loaded(request.place.workspace)
    if kind in found.folder_kinds:
        return folder_owned(request, FolderOwned(kind, found.owned_by(kind, key) if key else None))
    run = open_run(request.place.workspace)
    name = "board" if not key or kind != "hypotheses" else "initiative"
    back = reverse(name, kwargs=_here(request) if name == "board" else _here(request) | {"key": key})
    context = {
        "title": title,
        "answers": answers,
        "form": form,
        "back": back,
        "rate": base_rate(run) if kind == "hypotheses" else None,
        "sheet": reverse("add-files", kwargs=_here(request)) if not key and _may_define(request) else "",
    }
    return render(request, f"bets/{kind}_form.html", context)


def _standing(request: Request, kind: str, key: str) -> tuple[Definitions, dict[str, Any], int | None]:
    found = body_of(request.place.workspace, kind, key)
    if found is None:
        raise Http404("no such definition")
    return loaded(request.place.workspace).workspace.definitions, *found


def _version(request: Request) -> int:
    given = request.POST.get("version", "")
    return whole(given) or 0


def _may_define(request: Request) -> bool:
    return request.place.may(Ability.DEFINE)


def _here(request: Request) -> dict[str, str]:
    return {"workspace": request.place.workspace.key}
