"""Webhooks of a workspace, and what was sent to them, as pages and the API show them; never their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.models import Delivery, Webhook
from vitalfew.server.core.queries.slices import newest

if TYPE_CHECKING:
    from datetime import datetime

    from vitalfew.server.core.models import Workspace

LAST = 50
"""Deliveries that are listed."""


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An address and what it is told; `disabled_because` where it is stopped."""

    id: int
    address: str
    events: tuple[str, ...]
    enabled: bool
    disabled_because: str
    made_at: datetime
    rotated_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """An event on its way, the `number`th of all; `next_at`: when it is sent again, where it still waits."""

    number: int
    id: str
    webhook_id: int
    address: str
    event: str
    state: str
    attempts: int
    status: int | None
    message: str
    made_at: datetime
    next_at: datetime | None


def webhooks(workspace: Workspace) -> tuple[WebhookView, ...]:
    """All addresses of a workspace, in the order they were added."""
    return tuple(_webhook(row) for row in Webhook.objects.filter(workspace=workspace))


def webhook(workspace: Workspace, pk: int) -> WebhookView | None:
    """One address."""
    found = Webhook.objects.filter(workspace=workspace, pk=pk).first()
    return None if found is None else _webhook(found)


def deliveries(
    workspace: Workspace, pk: int | None = None, most: int = LAST, before: int = 0
) -> tuple[DeliveryView, ...]:
    """The newest events on their way, to all addresses or to one, newest first."""
    rows = Delivery.objects.filter(webhook__workspace=workspace).select_related("webhook")
    return tuple(map(_delivery, newest(rows if pk is None else rows.filter(webhook=pk), most, before)))


def _webhook(row: Webhook) -> WebhookView:
    enabled = row.disabled_at is None
    told = (row.disabled_because, row.made_at, row.rotated_at)
    return WebhookView(row.pk, row.address, tuple(row.events), enabled, *told)


def _delivery(row: Delivery) -> DeliveryView:
    waits = row.next_at if row.state == Delivery.State.WAITING else None
    sent = (row.event, row.state, row.attempts, row.status, row.message)
    return DeliveryView(row.pk, row.key, row.webhook_id, row.webhook.address, *sent, row.made_at, waits)
