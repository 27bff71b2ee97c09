"""Webhooks by the API: addresses that are told what happens, their secrets, and what was sent to them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import Annotated, Literal

from django.http import Http404
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.outbound import LONGEST_ADDRESS
from vitalfew.server.core.queries import webhooks as queries
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import webhooks

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


@router.get("/webhooks", response={200: list[WebhookOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_webhooks(request: ApiRequest, workspace: Path[str]) -> list[WebhookOut]:  # noqa: ARG001 - read by the guard
    """The addresses that are told what happens, in the order they were added."""
    return [_out(found) for found in queries.webhooks(request.place.workspace)]


@router.post("/webhooks", response={201: WebhookMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def add_webhook(request: ApiRequest, workspace: Path[str], wanted: WebhookIn) -> Status[WebhookMade]:  # noqa: ARG001 - read by the guard
    """Tell an address what happens; the answer holds the secret of its signatures, once."""
    pk, secret = webhooks.add(request.place.workspace, wanted.address, wanted.events, by=request.asker)
    return Status(201, WebhookMade(id=pk, secret=secret))


@router.patch("/webhooks/{webhook_id}", response={200: WebhookOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def change_webhook(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    webhook_id: int,
    wanted: WebhookChange,
) -> WebhookOut:
    """Choose other events, stop an address or begin again."""
    row = request.place.workspace
    webhooks.change(row, _held(request, webhook_id), by=request.asker, **wanted.model_dump())
    return _out(queries.webhook(row, webhook_id))


@router.delete("/webhooks/{webhook_id}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def remove_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Remove an address with all that was sent to it."""
    webhooks.remove(request.place.workspace, _held(request, webhook_id), by=request.asker)
    return Status(204, None)


@router.post("/webhooks/{webhook_id}/secret", response={201: WebhookMade, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def rotate_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[WebhookMade]:  # noqa: ARG001 - read by the guard
    """Make a new secret, shown once; for a day events are signed by the old one as well."""
    secret = webhooks.rotate(request.place.workspace, _held(request, webhook_id), by=request.asker)
    return Status(201, WebhookMade(id=webhook_id, secret=secret))


@router.post("/webhooks/{webhook_id}/test", response={202: TestSent, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def test_webhook(request: ApiRequest, workspace: Path[str], webhook_id: int) -> Status[TestSent]:  # noqa: ARG001 - read by the guard
    """Send a test; what came of it is among the deliveries."""
    sent = webhooks.test(request.place.workspace, _held(request, webhook_id), by=request.asker)
    return Status(202, TestSent(id=sent))


@router.get(
    "/webhooks/{webhook_id}/deliveries", response={200: list[DeliveryOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER)
)
def list_deliveries(request: ApiRequest, workspace: Path[str], webhook_id: int) -> list[DeliveryOut]:  # noqa: ARG001 - read by the guard
    """The newest fifty events on their way to an address, newest first."""
    found = queries.deliveries(request.place.workspace, _held(request, webhook_id))
    return [DeliveryOut.model_validate(sent, from_attributes=True) for sent in found]


def _held(request: ApiRequest, webhook_id: int) -> int:
    if webhook_id >= 2**63 or queries.webhook(request.place.workspace, webhook_id) is None:
        raise Http404("there is no such webhook")
    return webhook_id


def _out(found: queries.WebhookView | None) -> WebhookOut:
    return WebhookOut.model_validate(found, from_attributes=True)
