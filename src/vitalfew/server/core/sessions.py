"""Sessions of people who are signed in: new keys after a new role, and where one was last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession

from vitalfew.server.core.models import Member

if TYPE_CHECKING:
    from django.http import HttpRequest

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.models import User

LAST = "workspace"
_ROUND = "key_round"


def keep_fresh(request: HttpRequest, place: Place) -> None:
    """Give the session a new key when a role of its person has changed since; remember the workspace."""
    session = request.session
    if session.get(_ROUND, 0) != place.user.key_round:
        before = session.session_key
        session.cycle_key()
        session[_ROUND] = place.user.key_round
        UserSession.objects.filter(session_key=before).update(session_key=session.session_key)
    if session.get(LAST) != place.workspace.key:
        session[LAST] = place.workspace.key


def last_member(request: HttpRequest, user: User) -> Member | None:
    """The membership of the workspace one was in last, else of the one joined last; None in no workspace."""
    found = Member.objects.filter(user=user).select_related("workspace").order_by("-joined_at")
    return found.filter(workspace__key=request.session.get(LAST, "")).first() or found.first()
