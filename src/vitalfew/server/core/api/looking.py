"""Finding, mentions, earlier versions, and what one has said oneself, by the API."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import Annotated, Any

from django.http import Http404
from ninja import Path, Query, Router, Schema

from vitalfew.errors import UsageError
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS, Refused
from vitalfew.server.core.api.talk import CommentOut, comment_out
from vitalfew.server.core.api.versions import RESTING, rests_on
from vitalfew.server.core.numbers import LARGEST
from vitalfew.server.core.queries import comments, find, history
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.server.core.services import own_acts, undo

router = Router(tags=["finding"])
LONGEST = 100


class FoundOut(Schema):
    """A page or a definition that answers to a text."""

    title: str
    kind: str
    address: str


class VersionOut(Schema):
    """A definition as it once stood: *added*, *changed* or *removed*, by whom."""

    id: int
    version: int
    how: str
    at: datetime
    by: str
    body: dict[str, Any]
    stands: bool


class RestoredOut(Schema):
    """The definition that stands again."""

    kind: str
    key: str
    version: int


class SaidOut(Schema):
    """One of one's own acts with what it says; what was erased is not told."""

    n: int
    at: str
    kind: str
    about: str
    says: dict[str, Any]


class ErasedOut(Schema):
    """How many acts say nothing any more."""

    acts: int


@router.get("/find", response={200: list[FoundOut], **PROBLEMS}, auth=needs(Ability.READ))
def find_things(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    q: Annotated[str, Query(min_length=1, max_length=LONGEST)],
) -> list[FoundOut]:
    """At most twenty pages and definitions that answer to a text, a slip forgiven."""
    return [FoundOut.model_validate(entry, from_attributes=True) for entry in find.find(request.place, q)]


@router.get("/mentions", response={200: Page[CommentOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_mentions(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CommentOut]:
    """Comments that name whoever asks, newest first."""
    rows = comments.mentions(request.place.workspace, request.asker, limit + 1, decoded(cursor))
    return page_by(map(comment_out, rows), limit, cursor, newest=True)


@router.get("/history/{kind}/{key}", response={200: Page[VersionOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_versions(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VersionOut]:
    """Every version of a definition that the server owns, newest first; settings have the key `-`."""
    rows = history.versions(request.place.workspace, kind, "" if key == "-" else key)
    if not rows:
        raise Http404("the server holds no version of such a definition")
    found = (
        VersionOut(id=row.id, version=row.number, how=row.how, at=row.at, by=row.by, body=dict(row.body or {}),
                   stands=row.stands)
        for row in rows
    )  # fmt: skip
    return page_by(found, limit, cursor, newest=True)


@router.post(
    "/versions/{number}/restore",
    response={200: RestoredOut, **PROBLEMS},
    auth=needs(Ability.BET),
    openapi_extra=RESTING,
)
def restore_version(request: ApiRequest, workspace: Path[str], number: int) -> RestoredOut:  # noqa: ARG001 - read by the guard
    """Let an earlier version stand again, resting (`If-Match`) on the one that stands; undoes a removal, too."""
    place = request.place
    if not 0 <= number <= LARGEST:
        raise UsageError("there is no such version")
    wanted = KIND_ABILITIES.get(undo.kind_of(place.workspace, number), Ability.ADMINISTER)
    if not place.may(wanted):
        raise Refused(403, f"this takes the ability to {wanted.value}, which this role or token does not give")
    saved = undo.restore(place.workspace, number, by=request.asker, version=rests_on(request))
    return RestoredOut(kind=saved.kind, key=saved.key, version=saved.version)


@router.get("/me/acts", response={200: Page[SaidOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_own_acts(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SaidOut]:
    """What one has judged, forecast and decided here, oldest first; nobody else is told."""
    said = map(SaidOut.model_validate, own_acts.said(request.place.workspace, request.asker))
    return page_by(said, limit, cursor, "n")


@router.delete("/me/acts", response={200: ErasedOut, **PROBLEMS}, auth=needs(Ability.RATE))
def erase_own_acts(request: ApiRequest, workspace: Path[str]) -> ErasedOut:  # noqa: ARG001 - read by the guard
    """Erase what one has said here, for good; the chain stays whole and says *erased*.

    Answers that wait in a running value session go with it. Comments stay: each is deleted on its own.
    """
    return ErasedOut(acts=own_acts.erase(request.place.workspace, request.asker))
