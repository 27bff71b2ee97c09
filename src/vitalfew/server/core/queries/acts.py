"""What was said in a workspace, found in the tables without reading the whole log."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from vitalfew.server.core.journal import part_of
from vitalfew.server.core.models import ActRecord
from vitalfew.workspace.people import keyed_pseudonym

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act, Kind

PERSONAL = ("judgement", "forecast", "pulse")
"""Kinds of acts whose bodies nobody reads but the person who said them."""


def said(
    row: Workspace, kind: Kind | None = None, about: str | None = None, by: list[str] | None = None
) -> tuple[tuple[Act, dict[str, Any]], ...]:
    """Acts with what they say, in order; erased ones are left out.

    Args:
        row: the workspace.
        kind: of act.
        about: the key of what they are about.
        by: pseudonyms; anybody's when None.
    """
    given = {"kind": kind, "about": about, "by__in": by}
    wanted = {name: value for name, value in given.items() if value is not None}
    log = part_of(ActRecord.objects.filter(workspace=row, **wanted).order_by("n"))
    return tuple((act, log.bodies[act.n]) for act in log.acts if act.n in log.bodies)


def wordings(row: Workspace, kind: str, key: str) -> dict[str, int]:
    """The version by which acts call each wording of a definition, by its hash."""
    named = ActRecord.objects.filter(workspace=row, about=key, definition__kind=kind, definition__key=key)
    return dict(named.order_by("-n").values_list("definition__hash", "definition__version"))


def said_since(
    row: Workspace, n: int, limit: int, *, kind: str | None = None, about: str | None = None
) -> tuple[tuple[Act, dict[str, Any] | None], ...]:
    """At most `limit` acts after act `n`, oldest first, with what they say; None where that was erased."""
    given = {"kind": kind, "about": about}
    acts = ActRecord.objects.filter(workspace=row, n__gt=n, **{name: value for name, value in given.items() if value})
    log = part_of(acts.order_by("n")[:limit])
    return tuple((act, log.bodies.get(act.n)) for act in log.acts)


def newest(
    row: Workspace,
    kind: Kind,
    limit: int,
    *,
    about: Collection[str] | None = None,
    before: int | None = None,
    days: tuple[date, date] | None = None,
) -> tuple[tuple[Act, dict[str, Any]], ...]:
    """At most `limit` acts of a kind with what they say, newest first; erased ones are left out.

    Args:
        row: the workspace.
        kind: of act.
        limit: how many to look at.
        about: keys of what they are about.
        before: only acts with a smaller number, for the page after.
        days: only acts from the first to the last of them.
    """
    given = {"about__in": about, "n__lt": before or None}
    if days is not None:
        given |= {
            "at__gte": days[0].isoformat(),
            "at__lt": f"{days[1].isoformat()}U",
        }  # the letter after the T of a day
    told = {name: value for name, value in given.items() if value is not None}
    acts = ActRecord.objects.filter(workspace=row, kind=kind, **told)
    log = part_of(acts.order_by("-n")[:limit])
    return tuple((act, log.bodies[act.n]) for act in sorted(log.acts, key=lambda act: -act.n) if act.n in log.bodies)


def days_of(row: Workspace, kind: Kind, limit: int) -> tuple[date, ...]:
    """On which days the newest acts of a kind were taken, newest first."""
    taken = ActRecord.objects.filter(workspace=row, kind=kind).order_by("-n").values_list("at", flat=True)[:limit]
    return tuple(date.fromisoformat(at[:10]) for at in dict.fromkeys(taken))


def locks(row: Workspace) -> ActLog:
    """The part of the log that holds what is locked: promises and plans."""
    return part_of(ActRecord.objects.filter(workspace=row, kind="lock").order_by("n"))


def last_before(row: Workspace, at: datetime) -> int:
    """The number of the last act that the server took before a moment; 0 where there was none."""
    return ActRecord.objects.filter(workspace=row, recorded_at__lte=at).aggregate(last=Max("n"))["last"] or 0


def pseudonym_of(row: Workspace, voice: str) -> str:
    """What a voice is called in the log of a workspace."""
    return keyed_pseudonym(bytes.fromhex(row.people_key), voice)
