"""Routes that say who may use them. Nothing is reachable without saying so: deny is the default.

`route` wraps a view: it finds the workspace named in the address, the member who asks and what their role allows, and
hands the view a `request.place`. To whoever is no member a workspace does not exist (404).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Concatenate

from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.utils import is_mfa_enabled
from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path

from vitalfew.server.core import limits
from vitalfew.server.core.models import Member, Workspace
from vitalfew.server.core.roles import Ability, Access, Role
from vitalfew.server.core.sessions import keep_fresh
from vitalfew.server.core.views.errors import too_many

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django.urls import URLPattern

    from vitalfew.server.core.models import User

MINE = "w/<slug:workspace>/"
"""How the address of everything inside a workspace begins."""
WINDOW, MOST_TRIES, MOST_WRITES = 600, 60, 1_200
"""Of one address, in ten minutes: personal links tried that do not serve, and answers sent by a whole room."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request acts: a workspace, who asks, and what they may do there."""

    workspace: Workspace
    member: Member
    user: User
    abilities: frozenset[Ability]

    def may(self, ability: Ability) -> bool:
        """Whether the one who asks has an ability here."""
        return ability in self.abilities


class Request(HttpRequest):
    """A request inside a workspace, as views behind `route` get it."""

    place: Place


type View = Callable[Concatenate[Any, ...], HttpResponseBase | Awaitable[HttpResponseBase]]


def route(pattern: str, view: View, name: str, access: Ability | Access) -> URLPattern:
    """A route with who may use it: an ability in the workspace the address names, or a way in without a role."""
    guarded = _inside(view, access) if isinstance(access, Ability) else _outside(view, access)
    guarded.access = access  # type: ignore[attr-defined]  # read by the guard and by the access matrix
    return path(pattern, guarded, name=name)


class SecondFactorNeeded(PermissionDenied):
    """A member without a second factor asks for a workspace whose members need one."""


def is_shut(workspace: Workspace, user: User) -> bool:
    """Whether a workspace needs a second factor which this member has not."""
    return workspace.needs_second_factor and not is_mfa_enabled(user)


def place_of(user: User, workspace: str) -> Place:
    """Where a user stands in a workspace.

    Raises:
        Http404: there is no such workspace, or the user is no member of it: the answer is the same.
        SecondFactorNeeded: its members need one, and the user has none.
    """
    found = Member.objects.select_related("workspace").filter(workspace__key=workspace, user=user).first()
    if found is None:
        raise Http404("no such workspace")
    if is_shut(found.workspace, user):
        raise SecondFactorNeeded("this workspace needs a second factor: set one up in your account")
    return Place(found.workspace, found, user, Role(found.role).abilities)


def _inside(view: View, ability: Ability) -> Callable[..., Any]:
    def enter(request: Any, workspace: str) -> HttpResponseBase | None:  # noqa: ANN401 - gains `place` here
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            place = place_of(request.user, workspace)
        except SecondFactorNeeded as refusal:
            messages.error(request, f"{str(refusal)[:1].upper()}{str(refusal)[1:]}.")
            return redirect("mfa_index")
        if not place.may(ability):
            raise PermissionDenied(f"this needs the ability to {ability.value}, which your role does not give")
        request.place = place
        keep_fresh(request, place)
        return None

    if iscoroutinefunction(view):

        @wraps(view)
        async def later(request: HttpRequest, workspace: str, **given: object) -> HttpResponseBase:
            refused = await sync_to_async(enter)(request, workspace)
            return refused or await view(request, **given)

        return later

    @wraps(view)
    def now(request: HttpRequest, workspace: str, **given: object) -> HttpResponseBase:
        return enter(request, workspace) or view(request, **given)  # type: ignore[return-value]  # not a coroutine here

    return now


def _outside(view: View, access: Access) -> Callable[..., Any]:
    if iscoroutinefunction(view):
        if access is Access.SIGNED_IN:
            raise TypeError("a view for whoever is signed in waits for nothing")

        @wraps(view)
        async def later(request: HttpRequest, **given: object) -> HttpResponseBase:
            answer: HttpResponseBase = await view(request, **given)
            return answer

        return later
    if access is Access.LINK:
        return _not_too_often(view)

    @wraps(view)
    def now(request: HttpRequest, **given: object) -> HttpResponseBase:
        if access is Access.SIGNED_IN and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, **given)  # type: ignore[return-value]  # not a coroutine here

    return now


def _not_too_often(view: View) -> Callable[..., Any]:
    """A page behind personal links: whoever tries too many that do not serve, or sends too much, has to wait."""

    @wraps(view)
    def now(request: HttpRequest, **given: object) -> HttpResponseBase:
        address = truncate_ip(get_client_ip(request) or "")
        tries, writes = f"tries:{address}", f"writes:{address}"
        wrote = limits.count(writes, WINDOW) if request.method == "POST" else 0
        if wrote > MOST_WRITES or limits.counted(tries, WINDOW) >= MOST_TRIES:
            return too_many(request, wait=limits.rest(WINDOW))
        try:
            answer = view(request, **given)
        except Http404:
            limits.count(tries, WINDOW)
            raise
        if getattr(answer, "status_code", 200) in (404, 410):
            limits.count(tries, WINDOW)
        return answer  # type: ignore[return-value]  # not a coroutine here

    return now
