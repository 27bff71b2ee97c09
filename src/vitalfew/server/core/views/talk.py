"""Talk about definitions: comments, and where one is mentioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.errors import UsageError
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.comments import Said, comment, handles_in
from vitalfew.server.core.queries.comments import mentions as mentioned
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import comments, undo
from vitalfew.server.core.templatetags.vitalfew import talk_about
from vitalfew.server.core.views.editing import back_of, offer_undo

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request


def people(request: Request) -> JsonResponse:
    """Who can be named with an @, for the field in which one types."""
    found = handles_in(request.place.workspace)
    return JsonResponse({"people": [{"handle": person.handle, "name": person.name} for person in found]})


@require_POST
def say(request: Request) -> HttpResponse:
    """Add a comment."""
    kind, about = request.POST.get("kind", ""), request.POST.get("about", "")
    try:
        comments.say(request.place.workspace, kind, about, request.POST.get("text", ""), by=request.place.user)
    except UsageError as error:
        return _answer(request, kind, about, str(error))
    return _answer(request, kind, about)


@require_POST
def reword(request: Request, pk: int) -> HttpResponse:
    """Change one's own comment."""
    found = _comment(request, pk)
    try:
        comments.reword(request.place.workspace, pk, request.POST.get("text", ""), by=request.place.user)
    except UsageError as error:
        return _answer(request, found.kind, found.about, str(error))
    return _answer(request, found.kind, found.about)


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Delete a comment; it can be brought back for ten minutes."""
    place, found = request.place, _comment(request, pk)
    try:
        comments.withdraw(place.workspace, pk, by=place.user, may_any=place.may(Ability.ADMINISTER))
    except UsageError as error:
        return _answer(request, found.kind, found.about, str(error))
    offer_undo(request, "The comment is deleted.", undo.of_comment(place.workspace, pk, place.user))
    return redirect(back_of(request))


def mentions(request: Request) -> HttpResponse:
    """Where others mention whoever is signed in; from now on they have seen it."""
    place = request.place
    found = mentioned(place.workspace, place.user)
    definitions = loaded(place.workspace).workspace.definitions
    rows = [(said, definitions.title(said.kind, said.about), _address(request, said)) for said in found]
    comments.saw_mentions(place.member)
    answers = "Where others name you in a discussion, the newest first."
    return render(request, "core/mentions.html", {"title": "Mentions", "answers": answers, "rows": rows})


def _comment(request: Request, pk: int) -> Said:
    found = comment(request.place.workspace, pk, request.place.user)
    if found is None:
        raise Http404("no such comment")
    return found


def _answer(request: Request, kind: str, about: str, refused: str = "") -> HttpResponse:
    """The discussion anew for the script, the page it stands on for whoever has none."""
    if "HX-Request" in request.headers:
        return render(request, "core/discussion.html", talk_about(request, kind, about, refused=refused))
    if refused:
        messages.error(request, refused)
    return redirect(f"{back_of(request).partition('#')[0]}#discussion")


def _address(request: Request, said: Said) -> str:
    page = page_of(request.place.workspace.key, said.kind, said.about)
    return f"{page}?tab=discussion#comment-{said.id}" if page else ""
