"""Forms over what matters: one way to add, change and remove definitions of each kind."""

from __future__ import annotations

from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services.definitions import FolderOwned, remove, save
from vitalfew.server.core.views.editing import attempt, folder_owned, say_with_undo
from vitalfew.server.value.forms.definitions import FORMS
from vitalfew.server.value.queries.factors import factor_title, facts
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.access import Request
    from vitalfew.server.value.forms.definitions import DefinitionForm
    from vitalfew.workspace.definitions import Definitions

NAMES = {
    "factors": "factor",
    "guardrails": "guardrail",
    "stakeholders": "stakeholder",
    "vision": "vision",
    "objectives": "objective",
    "policy": "policy",
}
PAGES = {
    "factors": "value-model",
    "guardrails": "stakeholders",
    "stakeholders": "stakeholders",
    "vision": "goals",
    "objectives": "goals",
    "policy": "policy",
}
HINTS = {
    "factors": "Choose both ends so that you would just believe them: weights are about the way between.",
    "guardrails": "A gate, never a weight: what breaks it is not funded without a signed waiver.",
    "stakeholders": "Those who gain or lose, payers or not.",
    "vision": "The root above every goal.",
    "objectives": "Key results are metrics with a baseline, a target and a date; outcomes, never counts of output.",
    "policy": "How value is decided here; the page is written from this, the value model and the exceptions.",
}
WARN_ABOVE, REFUSE_ABOVE = 5, 10


def new(request: Request, kind: str) -> HttpResponse:
    """A form for a new definition."""
    return _form(request, kind, None)


def edit(request: Request, kind: str, key: str = "") -> HttpResponse:
    """A form for one that stands."""
    return _form(request, kind, key)


@require_POST
def take_out(request: Request, kind: str, key: str) -> HttpResponse:
    """Remove a definition, with undo."""
    place = request.place
    version = whole(request.POST.get("version")) or 0
    try:
        done = attempt(request, lambda: remove(place.workspace, kind, key, by=place.user, version=version))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(PAGES[kind], workspace=place.workspace.key)
    if isinstance(done, HttpResponse):
        return done
    if done is not None:
        say_with_undo(request, f"Removed the {NAMES[kind]}.", [done])
    return redirect(PAGES[kind], workspace=place.workspace.key)


def of_kind(view: Callable[..., HttpResponse], kind: str) -> Callable[..., HttpResponse]:
    """A view for one kind of definition."""
    return update_wrapper(partial(view, kind=kind), view)


def _form(request: Request, kind: str, key: str | None) -> HttpResponse:
    place = request.place
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    if kind in found.folder_kinds:
        return folder_owned(request, FolderOwned(kind, found.owned_by(kind, key) if key else None))
    standing = None if key is None else body_of(place.workspace, kind, key)
    if key is not None and standing is None and kind not in SETTINGS:
        raise Http404("no such definition")
    body, version = standing or ({}, 0)
    form = FORMS[kind](request.POST or None, definitions=definitions, key=key, body=body, version=version or 0)
    too_many = kind == "factors" and key is None and len(definitions.factors) >= REFUSE_ABOVE
    if too_many and request.method == "POST" and form.is_valid():
        form.add_error(None, f"More than {REFUSE_ABOVE} factors are refused: park one first.")
    if request.method == "POST" and form.is_valid():
        answer = _saved(request, form, kind, key)
        if answer is not None:
            return answer
    return render(request, "value/edit.html", _context(request, form, kind, key, definitions))


def _saved(request: Request, form: DefinitionForm, kind: str, key: str | None) -> HttpResponse | None:
    place = request.place
    name = form.new_key() if key is None else key
    version = form.cleaned_data.get("version") or 0
    done = attempt(
        request,
        lambda: save(place.workspace, kind, name, form.tree(), by=place.user, version=version),
        form,
        (kind, name),
    )
    if done is None or isinstance(done, HttpResponse):
        return done
    say_with_undo(request, f"Saved the {NAMES[kind]}.", [done])
    return redirect(PAGES[kind], workspace=place.workspace.key)


def _context(
    request: Request, form: DefinitionForm, kind: str, key: str | None, definitions: Definitions
) -> dict[str, Any]:
    named = factor_title(definitions, key) if key and kind == "factors" else definitions.title(kind, key) if key else ""
    many = len(definitions.factors) + (key is None)
    known = facts(definitions, [key], open_run(request.place.workspace)) if key and kind == "factors" else {}
    return {
        "title": f"Edit: {named}" if named else "Edit the policy" if kind == "policy" else f"New {NAMES[kind]}",
        "answers": HINTS[kind],
        "form": form,
        "kind": kind,
        "key": key,
        "back": PAGES[kind],
        "remove": f"remove-{NAMES[kind]}" if key and kind not in SETTINGS else "",
        "version": form.initial.get("version"),
        "warning": f"This makes {many} factors: above {WARN_ABOVE} nobody can keep them in mind."
        if kind == "factors" and many > WARN_ABOVE
        else "",
        "no_metric": kind in ("factors", "guardrails") and not definitions.metrics,
        "today": known[key].stands if key and key in known else "",
        "results": form.results() if hasattr(form, "results") else None,
    }
