"""Discussions by the API."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from functools import partial
from typing import TYPE_CHECKING, Annotated

from django.http import Http404, HttpResponse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import RESTING, resting, tagged
from vitalfew.server.core.queries import comments as queries
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import comments

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from vitalfew.server.core.queries.comments import Said

router = Router(tags=["discussion"])
LONGEST = 10_000


class CommentIn(Schema):
    """What somebody says; members are named with an @."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class CommentOut(Schema):
    """A comment as it was written."""

    id: int
    kind: str
    about: str
    author: str
    mine: bool
    text: str
    at: datetime
    edited_at: datetime | None


@router.get("/discussions/{kind}/{key}", response={200: Page[CommentOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_comments(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CommentOut]:
    """What was said about a definition, oldest first."""
    row = request.place.workspace
    rows = queries.discussion(row, kind, key, request.asker, limit + 1, decoded(cursor))
    return page_by(map(comment_out, rows), limit, cursor)


@router.get("/comments/{comment_id}", response={200: CommentOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_comment(request: ApiRequest, response: HttpResponse, workspace: Path[str], comment_id: int) -> CommentOut:  # noqa: ARG001 - read by the guard
    """One comment; a change rests on the `ETag`."""
    return tagged(response, _one(request, comment_id))


@router.post("/discussions/{kind}/{key}", response={201: CommentOut, **PROBLEMS}, auth=needs(Ability.DISCUSS))
def say(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
    said: CommentIn,
) -> Status[CommentOut]:
    """Say something about a definition."""
    pk = comments.say(request.place.workspace, kind, key, said.text, by=request.asker)
    return Status(201, _one(request, pk))


@router.put(
    "/comments/{comment_id}",
    response={200: CommentOut, **PROBLEMS},
    auth=needs(Ability.DISCUSS),
    openapi_extra=RESTING,
)
def reword(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    comment_id: int,
    said: CommentIn,
) -> CommentOut:
    """Say it in other words; one's own only."""
    with _resting(request, comment_id, said):
        comments.reword(request.place.workspace, comment_id, said.text, by=request.asker)
    return tagged(response, _one(request, comment_id))


@router.delete(
    "/comments/{comment_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.DISCUSS), openapi_extra=RESTING
)
def withdraw(request: ApiRequest, workspace: Path[str], comment_id: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Take back what one said; admins may take back anything."""
    may_any = request.place.may(Ability.ADMINISTER)
    with _resting(request, comment_id):
        comments.withdraw(request.place.workspace, comment_id, by=request.asker, may_any=may_any)
    return Status(204, None)


def _one(request: ApiRequest, pk: int) -> CommentOut:
    found = queries.comment(request.place.workspace, pk, request.asker) if pk < 2**63 else None
    if found is None:
        raise Http404("there is no such comment")
    return comment_out(found)


def _resting(request: ApiRequest, pk: int, ours: CommentIn | None = None) -> AbstractContextManager[None]:
    """A change of a comment that rests on what was read of it."""
    _one(request, pk)
    hold = partial(comments.hold, request.place.workspace, pk)
    return resting(request, hold, lambda: _one(request, pk), ours)


def comment_out(said: Said) -> CommentOut:
    """A comment as the API tells it."""
    return CommentOut(
        id=said.id,
        kind=said.kind,
        about=said.about,
        author=said.author,
        mine=said.mine,
        text=said.plain,
        at=said.at,
        edited_at=said.edited_at,
    )
