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

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path

from vitalfew.server.core.models import Member, Workspace
from vitalfew.server.core.roles import Ability, Access, Role
from vitalfew.server.core.sessions import keep_fresh

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from django.urls import URLPattern

    from vitalfew.server.core.models import User

MINE = "w/<slug:workspace>/"
"""How the address of everything inside a workspace begins."""


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


def place_of(user: User, workspace: str) -> Place:
    """Where a user stands in a workspace.

    Raises:
        Http404: there is no such workspace, or the user is no member of it: the answer is the same.
    """
    found = Member.objects.select_related("workspace").filter(workspace__key=workspace, user=user).first()
    if found is None:
        raise Http404("no such workspace")
    return Place(found.workspace, found, user, Role(found.role).abilities)


def _inside(view: View, ability: Ability) -> Callable[..., Any]:
    def enter(request: Any, workspace: str) -> HttpResponseBase | None:  # noqa: ANN401 - gains `place` here
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        place = place_of(request.user, workspace)
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

    @wraps(view)
    def now(request: HttpRequest, **given: object) -> HttpResponseBase:
        if access is Access.SIGNED_IN and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, **given)  # type: ignore[return-value]  # not a coroutine here

    return now
