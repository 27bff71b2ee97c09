"""Addresses that are told what happens in a workspace: added, tested, their secrets changed, stopped, removed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core import outbound
from vitalfew.server.core.events import EVENTS, TEST, Happened
from vitalfew.server.core.models import Delivery, Webhook, Workspace, new_key
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.signatures import secret_of
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Manager, QuerySet

    from vitalfew.server.core.models import User

MOST = 20
"""Addresses that one workspace may have."""
MOST_TESTS = 30
"""Tests on their way to one address at once: each is sent again and again until it arrives."""


def add(row: Workspace, address: str, events: Iterable[str], *, by: User) -> tuple[int, str]:
    """Add an address; gives its number, and its secret, which is shown once.

    Raises:
        UsageError: no event, too many addresses, or one that the server does not call.
    """
    wanted, private = _known(events), settings.CONFIG.webhook_private
    outbound.resolve(outbound.read(address, private=private), private=private)
    with transaction.atomic():
        held = Workspace.objects.select_for_update(no_key=True).get(pk=row.pk)
        if Webhook.objects.filter(workspace=held).count() >= MOST:
            raise UsageError(f"this workspace tells {MOST} addresses already", hint="remove one of them")
        made = Webhook(workspace=held, address=address, events=wanted, made_by=by)
        _from_now_on(made)
        made.save()
        _note(made, by, "webhook added", events=wanted)
    return made.pk, secret_of(made.salt)


def change(
    row: Workspace, pk: int, *, by: User, events: Iterable[str] | None = None, enabled: bool | None = None
) -> None:
    """Choose other events, or stop an address or begin again; what happened while it was stopped is not told.

    Raises:
        UsageError: there is no such address, or no event.
    """
    with transaction.atomic():
        found = hold(row, pk)
        if events is not None:
            found.events = _known(events)
            found.save(update_fields=["events"])  # not the marks, which a worker may be moving
        if enabled and found.disabled_at:
            found.disabled_at, found.disabled_because = None, ""
            found.silent, found.rests_until = 0, None
            _from_now_on(found)
            found.save()
        if enabled is False:
            disable(found, "stopped by an admin")
        _note(found, by, "webhook changed", events=found.events, enabled=found.disabled_at is None)


def disable(found: Webhook, because: str) -> None:
    """Tell an address nothing more, nor what still waits for it."""
    now = timezone.now()
    Webhook.objects.filter(pk=found.pk, disabled_at=None).update(disabled_at=now, disabled_because=because)
    found.refresh_from_db()
    waiting = Delivery.objects.filter(webhook=found, state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.FAILED, message=because, ended_at=now)


def rotate(row: Workspace, pk: int, *, by: User) -> str:
    """Give an address a new secret, which is shown once; for a day events are signed by the old one as well.

    Raises:
        UsageError: there is no such address.
    """
    with transaction.atomic():
        found = hold(row, pk)
        found.salt_before, found.salt, found.rotated_at = found.salt, new_key(), timezone.now()
        found.save(update_fields=["salt", "salt_before", "rotated_at"])
        _note(found, by, "webhook secret changed")
    return secret_of(found.salt)


def remove(row: Workspace, pk: int, *, by: User) -> None:
    """Remove an address with all that was sent to it.

    Raises:
        UsageError: there is no such address.
    """
    with transaction.atomic():
        found = hold(row, pk)
        _note(found, by, "webhook removed")
        found.delete()


def test(row: Workspace, pk: int, *, by: User) -> str:
    """Send a test to an address; gives its id.

    Raises:
        UsageError: there is no such address, it is stopped, or enough tests are on their way to it.
    """
    found = _of(row, pk)
    if found.disabled_at:
        raise UsageError("this address is stopped", hint="begin again first")
    if Delivery.objects.filter(webhook=found, event=TEST, state=Delivery.State.WAITING).count() >= MOST_TESTS:
        raise UsageError(f"{MOST_TESTS} tests are on their way to it already", hint="wait for what comes of them")
    made = post(found, Happened(TEST, "webhooks"))
    _note(found, by, "webhook tested")
    return made


def post(found: Webhook, happened: Happened) -> str:
    """Put an event on its way to an address; gives its id."""
    key = "msg_" + secrets.token_urlsafe(18)
    now, body = timezone.now(), happened.body(found.workspace)
    Delivery.objects.create(webhook=found, key=key, event=happened.event, body=body, next_at=now)
    return key


def hold(row: Workspace, pk: int) -> Webhook:
    """An address, which nobody else changes until the transaction ends.

    Raises:
        UsageError: there is no such address.
    """
    return _of(row, pk, Webhook.objects.select_for_update(of=("self",)))


def _from_now_on(found: Webhook) -> None:
    """What has happened before is not told."""
    row = Workspace.objects.get(pk=found.workspace_id)
    found.run_seen, found.acts_seen = row.last_run, row.acts_count
    found.due_seen = today_in(loaded(row).workspace.definitions)


def _of(row: Workspace, pk: int, rows: Manager[Webhook] | QuerySet[Webhook] = Webhook.objects) -> Webhook:
    found = rows.select_related("workspace").filter(workspace=row, pk=pk).first()
    if found is None:
        raise UsageError("there is no such address")
    return found


def _known(events: Iterable[str]) -> list[str]:
    given = set(events)
    if not given or not given <= set(EVENTS):
        raise UsageError("choose what is told", expected=f"one or more of {', '.join(EVENTS)}")
    return [event for event in EVENTS if event in given]


def _note(found: Webhook, by: User, action: str, **detail: object) -> None:
    """The path of an address is often a secret: the trail names its host alone."""
    note(found.workspace, by, action, urlsplit(found.address).hostname or "", **detail)
