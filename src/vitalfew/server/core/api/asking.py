"""Who asks the API: a personal token, or whoever is signed in on a page; and whether they may.

Every operation names what it takes by `auth=needs(…)`. A token reaches at most what its person may, and only the
workspaces it was made for. To whoever is no member a workspace does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import Http404, HttpRequest
from ninja.utils import check_csrf

from vitalfew.server.core import limits
from vitalfew.server.core.access import Place, place_of
from vitalfew.server.core.api.problems import Refused
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from vitalfew.server.core.models import User

A_MINUTE = 600
"""Requests per minute and token."""


class ApiRequest(HttpRequest):
    """A request as operations get it; `place` only where the address names a workspace; `bearer` of a token."""

    place: Place
    asker: User
    bearer: tokens.Bearer | None


class Needs:
    """What an operation takes: an ability in the workspace of its address, or only that one is known."""

    def __init__(self, access: Ability | Access) -> None:
        self.access = access

    def __call__(self, request: HttpRequest) -> User:
        """Find who asks.

        Raises:
            Refused: nobody, or not for this token or role.
            Http404: no such workspace, or not theirs.
        """
        asked = cast("ApiRequest", request)
        bearer = asked.bearer = _bearer(request)
        if bearer is None:
            asked.asker = _signed_in(request)
        else:
            asked.asker = bearer.user
            _enough(bearer, self.access, request.method or "GET")
            _not_too_often(bearer.token_id)
        if isinstance(self.access, Ability):
            asked.place = _place(asked, bearer, self.access)
        return asked.asker


def needs(access: Ability | Access) -> Needs:
    """What an operation takes."""
    return Needs(access)


def _bearer(request: HttpRequest) -> tokens.Bearer | None:
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    kind, _, secret = header.partition(" ")
    found = tokens.find(secret.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise Refused(401, "this token is not known, or it has ended")
    return found


def _signed_in(request: HttpRequest) -> User:
    if not request.user.is_authenticated:
        raise Refused(401, "nobody is signed in")
    if request.method not in ("GET", "HEAD", "OPTIONS") and check_csrf(request) is not None:
        raise Refused(403, "this request does not come from a page of ours", {})
    return request.user


def _place(request: ApiRequest, bearer: tokens.Bearer | None, ability: Ability) -> Place:
    match = request.resolver_match
    place = place_of(request.asker, str(match.kwargs.get("workspace", "")) if match else "")
    if bearer is None:
        allowed = place.abilities
    elif bearer.reaches(place.workspace):
        allowed = bearer.abilities(place.member.role)
    else:
        raise Http404("no such workspace")
    if ability not in allowed:
        raise Refused(403, f"this needs the ability to {ability.value}, which this role or token does not give")
    return Place(place.workspace, place.member, place.user, allowed)


def _enough(bearer: tokens.Bearer, access: Ability | Access, method: str) -> None:
    """Where no workspace is named, reading takes the scope to read, and everything else that to administer."""
    wanted = tokens.Scope.READ if method in ("GET", "HEAD") else tokens.Scope.ADMIN
    if isinstance(access, Access) and not {wanted, tokens.Scope.ADMIN} & bearer.scopes:
        raise Refused(403, f"this needs a token with the scope {wanted.value}")


def _not_too_often(token_id: int) -> None:
    if limits.count(f"api:{token_id}", 60) > A_MINUTE:
        wait = str(limits.rest(60))
        raise Refused(429, f"more than {A_MINUTE} requests in a minute", {"Retry-After": wait})
