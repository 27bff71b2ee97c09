"""Answers that wait in value sessions are forgotten when their person erases what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from vitalfew.server.core.waiting import Waiting
from vitalfew.server.value.models import Participant, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from vitalfew.server.core.rows import Workspace


def _count(workspace: Workspace, voices: Sequence[str]) -> int:
    return _of(workspace, voices).count()


@transaction.atomic
def _forget(workspace: Workspace, voices: Sequence[str]) -> int:
    # Sessions are held first, so that no reveal makes acts of what is being forgotten.
    held = list(Session.objects.select_for_update().filter(workspace=workspace).exclude(step=Session.Step.CLOSED))
    found = _of(workspace, voices)
    touched = set(found.values_list("session_id", flat=True))
    count = found.update(draft={}, ready_at=None)
    Session.objects.filter(pk__in=[row.pk for row in held if row.pk in touched]).update(version=F("version") + 1)
    return count


def _of(workspace: Workspace, voices: Sequence[str]) -> QuerySet[Participant]:
    """Those of some pseudonyms whose answers wait."""
    return Participant.objects.filter(session__workspace=workspace, by__in=voices).exclude(draft={})


WAITING = Waiting(_count, _forget)
