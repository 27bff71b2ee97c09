"""Who is in a workspace, who is invited, and who may answer by a link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.utils import timezone

from vitalfew.server.core.models import Link, Member
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.slices import newest
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.invitations import open_invitations

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace


@dataclass(frozen=True, slots=True)
class Person:
    """A member; `second_factor`: whether signing in takes more than a password."""

    user_id: int
    name: str
    email: str
    role: str
    team: str
    group: str
    joined_at: datetime
    second_factor: bool


@dataclass(frozen=True, slots=True)
class OpenLink:
    """An open invitation, or a link by which somebody answers without an account; `about`: what it is for."""

    id: int
    who: str
    role: str
    team: str
    group: str
    about: str
    made_at: datetime
    expires_at: datetime
    expired: bool
    opened: bool


def people(workspace: Workspace) -> tuple[Person, ...]:
    """All members by name."""
    found = list(Member.objects.filter(workspace=workspace).select_related("user"))
    safe = set(
        Authenticator.objects.filter(user__in=[row.user_id for row in found], type=Authenticator.Type.TOTP).values_list(
            "user_id", flat=True
        )
    )
    rows = (
        Person(
            row.user_id,
            str(row.user),
            row.user.email,
            row.role,
            row.team,
            row.group,
            row.joined_at,
            row.user_id in safe,
        )
        for row in found
    )
    return tuple(sorted(rows, key=lambda person: person.name.casefold()))


def invited(workspace: Workspace, most: int | None = None, before: int = 0) -> tuple[OpenLink, ...]:
    """Open invitations, newest first; those that expired can be renewed."""
    return tuple(_open(link, "") for link in newest(open_invitations(workspace), most, before))


def free_raters(workspace: Workspace, most: int | None = 200, before: int = 0) -> tuple[OpenLink, ...]:
    """Links that still let somebody answer without an account, newest first."""
    links = Link.objects.filter(
        workspace=workspace,
        purpose__in=Link.RATERS,
        used_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    return tuple(_open(link, f"{link.purpose} {link.about}") for link in newest(links, most, before))


def teams(workspace: Workspace) -> dict[str, str]:
    """Teams of a workspace, by key."""
    return {key: team.title or key for key, team in loaded(workspace).workspace.definitions.teams.items()}


def groups(workspace: Workspace) -> dict[str, str]:
    """Groups of raters that its definitions name."""
    definitions = loaded(workspace).workspace.definitions
    named = {found.raters for found in definitions.stakeholders.values() if found.raters}
    return {group: group for group in sorted(named | set(definitions.policy.rater_groups))}


def roles() -> tuple[tuple[str, str], ...]:
    """Each role with what it does."""
    return tuple((role.value, role.meaning) for role in Role)


def _open(link: Link, about: str) -> OpenLink:
    return OpenLink(
        link.pk,
        link.email or link.name or "anybody with the link",
        link.role,
        link.team,
        link.group,
        about,
        link.made_at,
        link.expires_at,
        link.expires_at <= timezone.now(),
        link.opened_at is not None,
    )


def renewed_at(workspace: Workspace, purpose: Link.Purpose | str, about: str) -> datetime | None:
    """When somebody last came in by a link in place of one that was used before; None where none was replaced."""
    used = Link.objects.filter(workspace=workspace, purpose=purpose, about=about).exclude(used_at=None)
    times = list(used.order_by("-used_at").values_list("used_at", flat=True)[:2])
    return times[0] if len(times) > 1 else None
