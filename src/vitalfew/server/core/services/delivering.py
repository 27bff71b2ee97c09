"""Events sent to the addresses that want them: again and again over a day, until one answers that it has them."""

from __future__ import annotations

import logging
import random
import time
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
from vitalfew.server.core.models import Delivery
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.telling import tell
from vitalfew.server.core.services.webhooks import disable
from vitalfew.server.core.signatures import secret_of, signed

if TYPE_CHECKING:
    from threading import Event

    from vitalfew.server.core.models import Webhook

log = logging.getLogger(__name__)

DELAYS = tuple(timedelta(seconds=wait) for wait in (5, 300, 1_800, 7_200, 18_000, 25_200, 32_400))
"""How long to wait after each try that failed, give or take a fifth: eight tries within a day."""
ROTATION = timedelta(days=1)
"""For so long after a change of secrets events are signed by both."""
_LOOK = 1.0  # seconds between looks
_LOST = timedelta(minutes=2)
_AT_ONCE = 8
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"vitalfew/{__version__}", "Connection": "close"}


def keep_delivering(over: Event) -> None:
    """Do this until the event is set. Several workers may do so at once: each event is sent by one at a time."""
    while not over.is_set():
        try:
            close_old_connections()
            tell()
            while deliver() and not over.is_set():
                pass
        except (DatabaseError, OSError, VitalfewError) as error:  # such as a database that is away for a moment
            log.warning("events were not sent: %s", type(error).__name__)
        over.wait(_LOOK)


def deliver() -> int:
    """Send what is due, one event to each address; gives how many were sent."""
    mine = [found for pk in _due() if (found := _claim(pk)) is not None]
    if mine:
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # only the network is waited for there; no thread asks the database
            for delivery, reply in zip(mine, pool.map(_send, mine), strict=True):
                _end(delivery, reply)
    return len(mine)


def _due() -> list[int]:
    """The oldest event of each address for which one is due: no address waits behind another's many."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=timezone.now())
    firsts = due.order_by().values("webhook").annotate(first=Min("pk"), since=Min("next_at")).order_by("since")
    return list(firsts.values_list("first", flat=True)[:_AT_ONCE])


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
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.WAITING)
        if mine.update(**said) and reply.status == HTTPStatus.GONE:
            disable(delivery.webhook, "it answered that it is gone (410)")
            note(delivery.webhook.workspace, None, "webhook stopped", "it answered 410")
