"""Events sent to the addresses that want them: again and again over a day, until one answers that it has them.

An address that gives no answer takes ten seconds of whoever calls it. So such addresses are called apart from those
that answer, rarer from time to time, and of the calls at once each workspace has a share.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F, Min
from django.utils import timezone

from vitalfew import __version__
from vitalfew.errors import VitalfewError
from vitalfew.server.core import outbound
from vitalfew.server.core.models import Delivery, Webhook
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.telling import tell
from vitalfew.server.core.services.webhooks import disable
from vitalfew.server.core.signatures import secret_of, signed

if TYPE_CHECKING:
    from threading import Event

log = logging.getLogger(__name__)

DELAYS = tuple(timedelta(seconds=wait) for wait in (5, 300, 1_800, 7_200, 18_000, 25_200, 32_400))
"""How long to wait after each try that failed, give or take a fifth: eight tries within a day."""
RESTS = tuple(timedelta(seconds=wait) for wait in (5, 60, 300, 1_800))
"""For how long an address is left alone after each time in a row that it gave no answer; then as after the last."""
ROTATION = timedelta(days=1)
"""For so long after a change of secrets events are signed by both."""
_LOOK = 1.0  # seconds between looks
_LOST = timedelta(minutes=2)
_AT_ONCE, _SHARE = 8, 2
"""Calls at once, to addresses that answer and to silent ones each; so many of them for one workspace."""
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"vitalfew/{__version__}", "Connection": "close"}


def keep_delivering(over: Event) -> None:
    """Do this until the event is set. Several workers may do so at once: each event is sent by one at a time."""
    _keep(over, silent=False)


def keep_calling_silent(over: Event) -> None:
    """The same for addresses that gave no answer when they were called last, so that no other waits for them."""
    _keep(over, silent=True)


def _keep(over: Event, *, silent: bool) -> None:
    while not over.is_set():
        try:
            close_old_connections()
            if not silent:
                tell()
            while deliver(silent=silent) and not over.is_set():
                pass
        except (DatabaseError, OSError, VitalfewError) as error:  # such as a database that is away for a moment
            log.warning("events were not sent: %s", type(error).__name__)
        over.wait(_LOOK)


def deliver(*, silent: bool = False) -> int:
    """Send what is due, one event to each address, to those that answer or to those that do not; gives how many."""
    mine = [found for pk in _due(silent) if (found := _claim(pk)) is not None]
    if mine:
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # only the network is waited for there; no thread asks the database
            for delivery, reply in zip(mine, pool.map(_send, mine), strict=True):
                _end(delivery, reply)
    return len(mine)


def _due(silent: bool) -> list[int]:
    """The oldest event of each address for which one is due: no address waits behind another's many.

    Nor does a workspace wait behind the many addresses of another: each has its share.
    """
    now = timezone.now()
    due = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now)
    due = due.filter(webhook__silent__gt=0) if silent else due.filter(webhook__silent=0)
    awake = due.exclude(webhook__rests_until__gt=now).order_by().values("webhook", "webhook__workspace")
    firsts = awake.annotate(first=Min("pk"), since=Min("next_at")).order_by("since")
    taken: Counter[int] = Counter()
    found = []
    for first, workspace in firsts.values_list("first", "webhook__workspace").iterator():
        if taken[workspace] < _SHARE:
            taken[workspace] += 1
            found.append(first)
        if len(found) == _AT_ONCE:
            break
    return found


def _claim(pk: int) -> Delivery | None:
    """Take an event in hand, unless somebody else has; who dies with it in hand loses it again."""
    now = timezone.now()
    free = Delivery.objects.filter(pk=pk, state=Delivery.State.WAITING, next_at__lte=now)
    if not free.update(attempts=F("attempts") + 1, next_at=now + _LOST):
        return None
    return Delivery.objects.select_related("webhook__workspace").filter(pk=pk).first()


def _send(delivery: Delivery) -> outbound.Reply:
    hook, body = delivery.webhook, delivery.body.encode()
    headers = signed(_secrets(hook), delivery.key, int(time.time()), body)
    return outbound.post(hook.address, body, headers | _HEADERS, private=settings.CONFIG.webhook_private)


def _secrets(hook: Webhook) -> list[str]:
    both = hook.rotated_at is not None and timezone.now() - hook.rotated_at < ROTATION
    return [secret_of(salt) for salt in ((hook.salt, hook.salt_before) if both else (hook.salt,))]


def _end(delivery: Delivery, reply: outbound.Reply) -> None:
    """Note what came of it, as long as nobody else has it in hand by now."""
    now, done = timezone.now(), reply.status is not None and HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES
    said: dict[str, object] = {"status": reply.status, "message": reply.said}
    if done or delivery.attempts > len(DELAYS):
        said |= {"state": Delivery.State.SENT if done else Delivery.State.FAILED, "ended_at": now}
    else:
        # Many events that one breakdown stopped do not all come back at the same moment.
        said["next_at"] = now + DELAYS[delivery.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    with transaction.atomic():
        _note_silence(delivery.webhook, answered=reply.status is not None)
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.WAITING)
        if mine.update(**said) and reply.status == HTTPStatus.GONE:
            disable(delivery.webhook, "it answered that it is gone (410)")
            note(delivery.webhook.workspace, None, "webhook stopped", "it answered 410")


def _note_silence(hook: Webhook, *, answered: bool) -> None:
    """An address that answers is called whenever something is due; one that does not is left alone for longer."""
    if answered:
        Webhook.objects.filter(pk=hook.pk, silent__gt=0).update(silent=0, rests_until=None)
        return
    silent = min(hook.silent + 1, len(RESTS))
    Webhook.objects.filter(pk=hook.pk).update(silent=silent, rests_until=timezone.now() + RESTS[silent - 1])
