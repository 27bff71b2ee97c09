"""Personal links: random, kept as a hash, for one purpose, until they expire or are used."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.results.words import listed
from vitalfew.server.core.models import Link, Member
from vitalfew.server.core.persons import address_in
from vitalfew.server.core.roles import Ability, Role
from vitalfew.server.core.services.audit import note
from vitalfew.workspace.people import same_person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.server.core.models import User, Workspace

LASTS = {
    "setup": timedelta(days=1),
    "invitation": timedelta(days=14),
    "password": timedelta(days=1),
    "session": timedelta(days=14),
}
_FORECAST = timedelta(days=30)


class NoSuch(UsageError):
    """There is no such thing in this workspace, or none that works any more: pages answer 404."""


def make_link(
    purpose: Link.Purpose | str,
    workspace: Workspace | None = None,
    made_by: User | None = None,
    *,
    speaks_as: int | None = None,
    **given: str,
) -> str:
    """Make a link and give its secret, which is shown once and not kept.

    Args:
        purpose: what it lets one do.
        workspace: where; None for the first admin of a server.
        made_by: who invites.
        speaks_as: number of the link whose place it takes.
        given: `about`, `email`, `name`, `group`, `team`, `role`.
    """
    secret = secrets.token_urlsafe(32)
    expires = timezone.now() + LASTS.get(str(purpose), _FORECAST)
    Link.objects.create(
        purpose=purpose,
        workspace=workspace,
        made_by=made_by,
        hash=hashed(secret),
        expires_at=expires,
        speaks_as=speaks_as,
        **given,
    )
    return secret


def find_link(secret: str, purpose: Link.Purpose | str, *, used: bool = False) -> Link | None:
    """The link with this secret, if it still lets one do this; `used`: if it did, and was not ended since."""
    links = Link.objects.select_related("workspace").filter(
        hash=hashed(secret), purpose=purpose, used_at__isnull=not used, revoked_at=None, expires_at__gt=timezone.now()
    )
    return links.first()


def replaced(workspace: Workspace, purpose: str, about: str, name: str, by: User) -> int | None:
    """End the links of a person about something, for a new one; gives the number that this one then speaks as."""
    links = Link.objects.filter(workspace=workspace, purpose=purpose, about=about, name__iexact=name, revoked_at=None)
    found = links.order_by("pk").first()
    if found is None:
        return None
    links.update(revoked_at=timezone.now())
    note(workspace, by, "personal link replaced", about)
    return found.speaks_as or found.pk


def refuse_members(workspace: Workspace, people: Iterable[str]) -> None:
    """Refuse to make a personal link for somebody who can answer signed in: one person has one voice.

    Args:
        workspace: where they are asked.
        people: names or e-mail addresses.

    Raises:
        UsageError: one is the address of a member who may answer.
    """
    addresses = {same_person(person) for person in people if address_in(person)}
    asked = Member.objects.filter(workspace=workspace, user__email__in=addresses).select_related("user")
    found = sorted(member.user.email for member in asked if Ability.RATE in Role(member.role).abilities)
    if found:
        raise UsageError(
            f"{listed(found, 3)} {'is a member' if len(found) == 1 else 'are members'} of this workspace",
            hint="members answer signed in; leave them out here",
        )


def end_links_of(workspace: Workspace, address: str) -> None:
    """End the personal links by which somebody of this address could answer: from now on they do so signed in."""
    links = Link.objects.filter(Q(email__iexact=address) | Q(name__iexact=address), workspace=workspace)
    links.filter(purpose__in=Link.RATERS, used_at=None, revoked_at=None).update(revoked_at=timezone.now())


def use_up(link: Link) -> bool:
    """Use a link that serves once; False when somebody else was faster, or it was ended meanwhile."""
    with transaction.atomic():
        links = Link.objects.filter(pk=link.pk, used_at=None, revoked_at=None)
        return bool(links.update(used_at=timezone.now()))


def hashed(secret: str) -> str:
    """The form in which secrets are kept; they are random, so that a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def end_link(workspace: Workspace, link_id: int, by: User) -> None:
    """End the link of a rater without an account.

    Raises:
        NoSuch: there is no such link in this workspace that still works.
    """
    links = Link.objects.filter(workspace=workspace, pk=link_id, purpose__in=Link.RATERS, used_at=None, revoked_at=None)
    if not links.update(revoked_at=timezone.now()):
        raise NoSuch("there is no such link in this workspace")
    note(workspace, by, "rater's link ended")
