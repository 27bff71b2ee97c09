"""Workspaces, members, invitations, one's own tokens and the audit trail by the API."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from django.http import Http404, HttpResponse
from django.urls import reverse
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS, Refused
from vitalfew.server.core.api.versions import RESTING, resting, tagged
from vitalfew.server.core.numbers import LARGEST
from vitalfew.server.core.queries import myself, people, trail
from vitalfew.server.core.queries.people import OpenLink
from vitalfew.server.core.queries.places import workspaces_of
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.services import invitations, links, members, tokens

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from vitalfew.server.core.queries.myself import OwnToken
    from vitalfew.server.core.queries.people import Person as PersonView
    from vitalfew.server.core.queries.places import MyWorkspace
    from vitalfew.server.core.queries.trail import Entry

everywhere = Router(tags=["you"])
router = Router(tags=["people"])

type RoleName = Literal["viewer", "rater", "contributor", "editor", "facilitator", "analyst", "admin"]
type ScopeName = Literal["read", "act", "define", "admin"]
LONGEST, MOST_PEOPLE = 120, 200
type Person = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class WorkspaceOut(Schema):
    """A workspace one is a member of, with one's role in it and its newest run."""

    key: str
    name: str
    role: str
    last_run: str | None


class TokenIn(Schema):
    """A token to make: what for, what it allows, for how many days, and in one workspace only if named."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=4)]
    days: Annotated[int, Field(ge=1, le=366)] = 90


class TokenMade(Schema):
    """A token's secret, shown once."""

    secret: str


class TokenOut(Schema):
    """A token without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    works: bool


class MemberOut(Schema):
    """A member of a workspace."""

    user_id: int
    name: str
    role: str
    team: str
    group: str


class MemberIn(Schema):
    """What a member becomes."""

    role: RoleName
    team: Annotated[str, Field(max_length=LONGEST)] = ""
    group: Annotated[str, Field(max_length=LONGEST)] = ""


class InvitationIn(MemberIn):
    """Whom to invite: an address, or nobody in particular for a bare link."""

    email: Annotated[str, Field(max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$")] = ""


class InvitationMade(Schema):
    """The path of an invitation's page, shown once."""

    path: str


class AskIn(Schema):
    """Whom to ask, by name or e-mail address."""

    people: Annotated[list[Person], Field(min_length=1, max_length=MOST_PEOPLE)]


class PersonalLink(Schema):
    """Somebody asked, with the path of their personal link, shown once."""

    name: str
    path: str


class EntryOut(Schema):
    """An entry of the audit trail."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@everywhere.get("/workspaces", response={200: Page[WorkspaceOut], **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def list_workspaces(request: ApiRequest, limit: Limit = 50, cursor: Cursor = None) -> Page[MyWorkspace]:
    """The workspaces that this token, or who is signed in, reaches, in the order they were made."""
    only = request.bearer.workspace_id if request.bearer else None
    rows = [found for found in workspaces_of(request.asker) if only in (None, found.id)]
    return page_by(rows, limit, cursor)


@everywhere.get("/tokens", response={200: Page[TokenOut], **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def list_tokens(request: ApiRequest, limit: Limit = 50, cursor: Cursor = None) -> Page[OwnToken]:
    """One's own tokens, newest first, without their secrets."""
    refuse_narrow(request)
    return page_by(myself.tokens(request.asker), limit, cursor, newest=True)


@everywhere.post("/tokens", response={201: TokenMade, **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def make_token(request: ApiRequest, wanted: TokenIn) -> Status[TokenMade]:
    """Make a token of one's own."""
    refuse_narrow(request)
    return Status(201, TokenMade(secret=tokens.make(request.asker, wanted.name, wanted.scopes, days=wanted.days)))


@everywhere.delete("/tokens/{token_id}", response={204: None, **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def revoke_token(request: ApiRequest, token_id: int) -> Status[None]:
    """End a token of one's own at once."""
    refuse_narrow(request)
    if token_id >= 2**63 or not tokens.revoke(request.asker, token_id):
        raise Http404("you have no such token that works")
    return Status(204, None)


@router.get("/members", response={200: Page[MemberOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_members(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PersonView]:
    """The members of a workspace, by their numbers."""
    return page_by(people.people(request.place.workspace), limit, cursor, "user_id")


@router.get("/members/{user_id}", response={200: MemberOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_member(request: ApiRequest, response: HttpResponse, workspace: Path[str], user_id: int) -> MemberOut:  # noqa: ARG001 - read by the guard
    """One member; a change rests on the `ETag`."""
    return tagged(response, _member(request, user_id))


@router.put(
    "/members/{user_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER), openapi_extra=RESTING
)
def change_member(request: ApiRequest, workspace: Path[str], user_id: int, wanted: MemberIn) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Give a member another role, team or group; at least one admin always remains."""
    with _resting(request, user_id, wanted):
        members.change_member(request.place.workspace, user_id, by=request.asker, **wanted.model_dump())
    return Status(204, None)


@router.delete(
    "/members/{user_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER), openapi_extra=RESTING
)
def remove_member(request: ApiRequest, workspace: Path[str], user_id: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Take a member out; what they said stays in the log."""
    with _resting(request, user_id):
        members.remove_member(request.place.workspace, user_id, by=request.asker)
    return Status(204, None)


@router.post("/invitations", response={201: InvitationMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def invite(request: ApiRequest, workspace: Path[str], wanted: InvitationIn) -> Status[InvitationMade]:  # noqa: ARG001 - read by the guard
    """Invite somebody; the answer holds the path of their page, once."""
    secret = invitations.invite(
        request.place.workspace,
        request.asker,
        wanted.role,
        email=wanted.email,
        team=wanted.team,
        group=wanted.group,
    )
    return Status(201, InvitationMade(path=reverse("invitation", kwargs={"secret": secret})))


@router.get("/invitations", response={200: Page[OpenLink], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_invitations(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OpenLink]:
    """Open invitations, newest first; their links are shown to nobody again."""
    rows = people.invited(request.place.workspace, limit + 1, decoded(cursor))
    return page_by(rows, limit, cursor, newest=True)


@router.post("/invitations/{link}/renew", response={201: InvitationMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def renew_invitation(request: ApiRequest, workspace: Path[str], link: int) -> Status[InvitationMade]:  # noqa: ARG001 - read by the guard
    """A new link in place of an invitation whose link was lost or expired; the old one ends."""
    secret = invitations.renew(request.place.workspace, _link(link), request.asker)
    return Status(201, InvitationMade(path=reverse("invitation", kwargs={"secret": secret})))


@router.delete("/invitations/{link}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def revoke_invitation(request: ApiRequest, workspace: Path[str], link: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """End an invitation."""
    invitations.revoke(request.place.workspace, _link(link), request.asker)
    return Status(204, None)


@router.get("/rater-links", response={200: Page[OpenLink], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_rater_links(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OpenLink]:
    """Links that still let somebody answer without an account, newest first."""
    rows = people.free_raters(request.place.workspace, limit + 1, decoded(cursor))
    return page_by(rows, limit, cursor, newest=True)


@router.delete("/rater-links/{link}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def end_rater_link(request: ApiRequest, workspace: Path[str], link: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """End the link of somebody without an account."""
    links.end_link(request.place.workspace, _link(link), request.asker)
    return Status(204, None)


@router.get("/audit", response={200: Page[EntryOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_audit(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    action: Annotated[str, Query(max_length=60)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Entry]:
    """Who did what, newest first."""
    asked = trail.Asked(action=action, before=decoded(cursor))
    rows = trail.trail(request.place.workspace, asked, limit + 1)
    return page_by(rows, limit, cursor, newest=True)


def refuse_narrow(request: ApiRequest) -> None:
    """Refuse a token of one workspace: it would make itself one that opens all."""
    if request.bearer is not None and request.bearer.workspace_id is not None:
        raise Refused(
            403,
            "a token of one workspace only neither sees tokens nor makes tokens or workspaces",
        )


def _link(number: int) -> int:
    if number > LARGEST:
        raise Http404("there is no such link")
    return number


def _member(request: ApiRequest, user_id: int) -> MemberOut:
    for person in people.people(request.place.workspace):
        if person.user_id == user_id:
            return MemberOut.from_orm(person)
    raise Http404("there is no such member")


def _resting(request: ApiRequest, user_id: int, wanted: MemberIn | None = None) -> AbstractContextManager[None]:
    """A change of a member that rests on what was read of them."""
    hold = partial(members.hold, request.place.workspace)
    return resting(request, hold, lambda: _member(request, user_id), wanted)
