"""What every form over definitions shares: two who edit at once, what the folder owns, problems at their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from vitalfew.errors import DefinitionError, VitalfewError
from vitalfew.server.core.definition_forms import DefinitionForm
from vitalfew.server.core.queries.history import Difference, said
from vitalfew.server.core.services import undo
from vitalfew.server.core.services.definitions import Conflict, FolderOwned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.forms import Form
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.server.core.services.definitions import Saved

NOT_AGAIN = frozenset(("csrfmiddlewaretoken", "version"))
"""What a form that is sent once more brings anew."""


def attempt[Done](
    request: Request, do: Callable[[], Done], form: Form | None = None, about: tuple[str, str] = ("", "")
) -> Done | HttpResponse | None:
    """Save something, or answer why not.

    Args:
        request: what the form was sent by.
        do: saves.
        form: gets the problems of `about`, each at its field where it has one.
        about: kind and key of the definition the form is about.

    Returns:
        What `do` gave; an answer where two edited at once or the folder owns it; None where `form` now holds problems.

    Raises:
        VitalfewError: something is wrong and there is no form to show it in.
    """
    try:
        return do()
    except Conflict as conflict:
        return conflicted(request, conflict)
    except FolderOwned as refusal:
        return folder_owned(request, refusal)
    except VitalfewError as error:
        if form is None:
            raise
        put_problems(form, error, about)
        return None


def conflicted(request: Request, conflict: Conflict) -> HttpResponse:
    """Both versions, field by field; one's own can be sent once more, or let go."""
    ours, theirs = conflict.ours or {}, conflict.theirs or {}
    names = [*ours, *(name for name in theirs if name not in ours)]
    rows = [
        (Difference(name, said(ours.get(name)), said(theirs.get(name))), ours.get(name) != theirs.get(name))
        for name in names
    ]
    again = [(name, value) for name, values in request.POST.lists() if name not in NOT_AGAIN for value in values]
    context = {
        "title": "Somebody else changed this in the meantime",
        "rows": rows,
        "again": again,
        "version": conflict.version,
        "removed": conflict.theirs is None,
        "removing": conflict.ours is None,
        "back": request.get_full_path(),
    }
    return render(request, "core/conflict_page.html", context, status=409)


def folder_owned(request: Request, refusal: FolderOwned) -> HttpResponse:
    """Where in the folder it is edited."""
    where, kind = refusal.where, refusal.problem.message.split(" ", 1)[0]
    context = {"title": f"The folder owns {kind}", "where": where, "hint": refusal.problem.hint}
    return render(request, "core/folder_owned.html", context, status=403)


def put_problems(form: Form, error: VitalfewError, about: tuple[str, str]) -> None:
    """Hang the problems of a definition at the fields they are about; those of nothing in the form at its head."""
    own = tuple(filter(None, about))  # what there is once, such as the policy, has no key
    for problem in error.problems:
        path = problem.where.path if problem.where else ()
        field = _field(form, path[len(own) :]) if path[: len(own)] == own else None
        text = ". ".join(part[:1].upper() + part[1:] for part in (problem.message, problem.hint) if part)
        if problem.expected and isinstance(error, DefinitionError):
            text += f" (expected: {problem.expected})"
        form.add_error(field, text)


def _field(form: Form, path: Sequence[str | int]) -> str | None:
    """The field that shows a place in the tree of a definition."""
    if isinstance(form, DefinitionForm):
        return form.field_of(path)
    return str(path[0]) if path and str(path[0]) in form.fields else None


def back_of(request: Request) -> str:
    """The page of this workspace that a form came from: what it says in `next`, else its referrer; else the ledger."""
    home = reverse("ledger", kwargs={"workspace": request.place.workspace.key})
    asked = (request.POST.get("next"), request.GET.get("next"), request.META.get("HTTP_REFERER"))
    for address in (one for one in asked if one and "/" in one):  # a word is taken for the name of a page
        if url_has_allowed_host_and_scheme(
            address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return address
    return home


def say_with_undo(request: Request, text: str, done: Sequence[Saved]) -> None:
    """Tell what was done, with a button that takes it back."""
    token = undo.of_definitions(request.place.workspace, done, request.place.user)
    offer_undo(request, text, token)


def offer_undo(request: Request, text: str, token: str) -> None:
    """Tell what was done, with a button that takes it back."""
    address = reverse("undo", kwargs={"workspace": request.place.workspace.key, "token": token})
    messages.success(request, text, extra_tags=address)
