"""The audit trail as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from django.db.models import Q

from vitalfew.server.core.models import AuditEntry, Member
from vitalfew.server.core.queries.slices import newest

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from vitalfew.server.core.models import Workspace


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what, when, to what; `detail` as words."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of the trail: of one person, of one action, between two days (UTC), older than an entry."""

    person: int | None = None
    action: str = ""
    since: date | None = None
    until: date | None = None
    before: int = 0


def trail(workspace: Workspace, asked: Asked, limit: int | None = 100) -> tuple[Entry, ...]:
    """Entries of a workspace, and of how its members signed in, newest first."""
    found = _all(workspace).select_related("actor")
    if asked.person is not None:
        found = found.filter(actor=asked.person)
    if asked.action:
        found = found.filter(action=asked.action)
    if asked.since is not None:
        found = found.filter(at__gte=datetime.combine(asked.since, time.min, UTC))
    if asked.until is not None:
        found = found.filter(at__lte=datetime.combine(asked.until, time.max, UTC))
    return tuple(_entry(row) for row in newest(found, limit, asked.before))


def actions(workspace: Workspace) -> tuple[str, ...]:
    """The actions that occur in the trail of a workspace."""
    return tuple(_all(workspace).order_by("action").values_list("action", flat=True).distinct())


def _all(workspace: Workspace) -> QuerySet[AuditEntry]:
    members = Member.objects.filter(workspace=workspace).values("user")
    return AuditEntry.objects.filter(Q(workspace=workspace) | Q(workspace=None, actor__in=members))


def _entry(row: AuditEntry) -> Entry:
    detail = ", ".join(f"{name}: {_word(value)}" for name, value in row.detail.items() if value not in ("", None))
    return Entry(row.pk, row.at, str(row.actor) if row.actor else "", row.action, row.subject, detail)


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
