"""Webhooks by the API: addresses that are told what happens, their secrets, and what was sent to them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from django.http import Http404, HttpResponse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import RESTING, resting, tagged
from vitalfew.server.core.outbound import LONGEST_ADDRESS
from vitalfew.server.core.queries import webhooks as queries
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import webhooks

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from vitalfew.server.core.queries.webhooks import DeliveryView, WebhookView

router = Router(tags=["webhooks"])

type EventName = Literal["run.finished", "verdict.due", "verdict.changed", "decision.recorded", "check.raised"]
type Events = Annotated[list[EventName], Field(min_length=1, max_length=5)]


class WebhookIn(Schema):
    """An address to tell, and of what."""

    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS)]
    events: Events


class WebhookChange(Schema):
    """Other events, or whether it is told at all; what is left out stays."""

    events: Events | None = None
    enabled: bool | None = None


class WebhookMade(Schema):
    """The secret of an address, shown once."""

    id: int
    secret: str


class WebhookOut(Schema):
    """An address without its secret."""

    id: int
    address: str
    events: list[str]
    enabled: bool
    disabled_because: str
    made_at: datetime
    rotated_at: datetime | None


class DeliveryOut(Schema):
    """An event on its way; `id` is its `webhook-id`, `next_at` when it is sent again."""

    id: str
    event: str
    state: str
    attempts: int
    status: int | None
    message: str
    made_at: datetime
    next_at: datetime | None


class TestSent(Schema):
    """The `webhook-id` of a test on its way."""

    id: str


@router.get("/webhooks", response={200: Page[WebhookOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_webhooks(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WebhookView]:
    """The addresses that are told what happens, in the order they were added."""
    return page_by(queries.webhooks(request.place.workspace), limit, cursor)


@router.post("/webhooks", response={201: WebhookMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def add_webhook(request: ApiRequest, workspace: Path[str], wanted: WebhookIn) -> Status[WebhookMade]:  # noqa: ARG001 - read by the guard
    """Tell an address what happens; the answer holds the secret of its signatures, once."""
    pk, secret = webhooks.add(request.place.workspace, wanted.address, wanted.events, by=request.asker)
    return Status(201, WebhookMade(id=pk, secret=secret))


@router.get("/webhooks/{webhook_id}", response={200: WebhookOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def read_webhook(request: ApiRequest, response: HttpResponse, workspace: Path[str], webhook_id: int) -> WebhookOut:  # noqa: ARG001 - read by the guard
    """One address; a change rests on the `ETag`."""
    return tagged(response, _one(request, webhook_id))


@router.patch(
    "/webhooks/{webhook_id}",
    response={200: WebhookOut, **PROBLEMS},
    auth=needs(Ability.ADMINISTER),
    openapi_extra=RESTING,
)
def change_webhook(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    webhook_id: int,
    wanted: WebhookChange,
) -> WebhookOut:
    """Choose other events, stop an address or begin again."""
    with _resting(request, webhook_id, wanted):
        webhooks.change(request.place.workspace, webhook_id, by=request.asker, **wanted.model_dump())
    return tagged(response, _one(request, webhook_id))


@router.delete(
    "/webhooks/{webhook_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER), openapi_extra=RESTING
)
def remove_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Remove an address with all that was sent to it."""
    with _resting(request, webhook_id):
        webhooks.remove(request.place.workspace, webhook_id, by=request.asker)
    return Status(204, None)


@router.post("/webhooks/{webhook_id}/secret", response={201: WebhookMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def rotate_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[WebhookMade]:  # noqa: ARG001 - read by the guard
    """Make a new secret, shown once; for a day events are signed by the old one as well."""
    secret = webhooks.rotate(request.place.workspace, _one(request, webhook_id).id, by=request.asker)
    return Status(201, WebhookMade(id=webhook_id, secret=secret))


@router.post("/webhooks/{webhook_id}/test", response={202: TestSent, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def test_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[TestSent]:  # noqa: ARG001 - read by the guard
    """Send a test; what came of it is among the deliveries."""
    sent = webhooks.test(request.place.workspace, _one(request, webhook_id).id, by=request.asker)
    return Status(202, TestSent(id=sent))


@router.get(
    "/webhooks/{webhook_id}/deliveries", response={200: Page[DeliveryOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER)
)
def list_deliveries(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    webhook_id: int,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryView]:
    """Events on their way to an address, newest first."""
    row, pk = request.place.workspace, _one(request, webhook_id).id
    rows = queries.deliveries(row, pk, limit + 1, decoded(cursor))
    return page_by(rows, limit, cursor, "number", newest=True)


def _one(request: ApiRequest, pk: int) -> WebhookOut:
    found = queries.webhook(request.place.workspace, pk) if pk < 2**63 else None
    if found is None:
        raise Http404("there is no such webhook")
    return WebhookOut.from_orm(found)


def _resting(request: ApiRequest, pk: int, wanted: WebhookChange | None = None) -> AbstractContextManager[None]:
    """A change of an address that rests on what was read of it."""
    _one(request, pk)
    hold = partial(webhooks.hold, request.place.workspace, pk)
    return resting(request, hold, lambda: _one(request, pk), wanted)
