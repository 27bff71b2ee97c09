"""Discussions by the API."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import TYPE_CHECKING, Annotated

from django.http import Http404
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.queries import comments as queries
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import comments

if TYPE_CHECKING:
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


@router.get("/discussions/{kind}/{key}", response={200: list[CommentOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_comments(request: ApiRequest, workspace: Path[str], kind: str, key: str) -> list[CommentOut]:  # noqa: ARG001 - read by the guard
    """What was said about a definition, oldest first."""
    return [comment_out(said) for said in queries.discussion(request.place.workspace, kind, key, request.asker)]


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


@router.put("/comments/{comment_id}", response={200: CommentOut, **PROBLEMS}, auth=needs(Ability.DISCUSS))
def reword(request: ApiRequest, workspace: Path[str], comment_id: int, said: CommentIn) -> CommentOut:  # noqa: ARG001 - read by the guard
    """Say it in other words; one's own only."""
    _one(request, comment_id)
    comments.reword(request.place.workspace, comment_id, said.text, by=request.asker)
    return _one(request, comment_id)


@router.delete("/comments/{comment_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.DISCUSS))
def withdraw(request: ApiRequest, workspace: Path[str], comment_id: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Take back what one said; admins may take back anything."""
    _one(request, comment_id)
    may_any = request.place.may(Ability.ADMINISTER)
    comments.withdraw(request.place.workspace, comment_id, by=request.asker, may_any=may_any)
    return Status(204, None)


def _one(request: ApiRequest, pk: int) -> CommentOut:
    found = queries.comment(request.place.workspace, pk, request.asker) if pk < 2**63 else None
    if found is None:
        raise Http404("there is no such comment")
    return comment_out(found)


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
