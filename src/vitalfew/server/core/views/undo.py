"""Undo, a button in the message that tells what was done, and going back to an earlier version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.history import versions
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.server.core.services import undo as service
from vitalfew.server.core.services.definitions import Conflict
from vitalfew.server.core.views.editing import attempt, back_of, say_with_undo

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request


@require_POST
def undo(request: Request, token: str) -> HttpResponse:
    """Take back what was just done, and go to it."""
    try:
        done = service.undo(request.place, token)
    except Conflict:
        messages.error(request, "It was changed again since, so it was not undone. Its history holds every version.")
        return redirect(back_of(request))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(back_of(request))
    messages.success(request, "Undone: it is as it was before.")
    return redirect(_page(request, *done.definitions[0]) if done.definitions else back_of(request))


@require_POST
def restore(request: Request, history: int) -> HttpResponse:
    """Let an earlier version stand again."""
    place = request.place
    ability = KIND_ABILITIES.get(service.kind_of(place.workspace, history), Ability.ADMINISTER)
    if not place.may(ability):
        raise PermissionDenied(f"this needs the ability to {ability.value}, which your role does not give")
    given = request.POST.get("version", "")
    version = whole(given) or 0
    try:
        done = attempt(request, lambda: service.restore(place.workspace, history, by=place.user, version=version))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(back_of(request))
    if done is None or isinstance(done, HttpResponse):
        return done or redirect(back_of(request))
    say_with_undo(request, "The earlier version stands again.", [done])
    return redirect(back_of(request))


def _page(request: Request, kind: str, key: str) -> str:
    """The page of what was brought back; where undoing removed it, where one came from."""
    workspace = request.place.workspace
    found = versions(workspace, kind, key)
    return (page_of(workspace.key, kind, key) if found and found[0].stands else "") or back_of(request)
