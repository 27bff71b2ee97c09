"""Invitations into a workspace: by e-mail address or as a bare link, with a role, until used, revoked or expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Link, Member, User
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.accounts import new_user
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.links import NoSuch, make_link, use_up
from vitalfew.server.core.services.members import add_member

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from vitalfew.server.core.models import Workspace

BARE = "anybody with the link"


def invite(
    workspace: Workspace, by: User, role: Role | str, *, email: str = "", team: str = "", group: str = ""
) -> str:
    """Make an invitation and give the secret of its link, which is shown once and not kept.

    Args:
        workspace: into which.
        by: who invites.
        role: what the invited will be.
        email: who may use it; '' for a bare link, which the first who opens it may use.
        team: key of their team, or ''.
        group: key of the group of raters they speak for, or ''.

    Raises:
        UsageError: there is no such role, or whoever has this address is a member already.
    """
    address = User.objects.normalize_email(email).casefold()
    if Role(role) is Role.ADMIN and not address:
        raise UsageError("an admin is invited by address", hint="give the e-mail address, or invite with another role")
    if address and Member.objects.filter(workspace=workspace, user__email=address).exists():
        raise UsageError(f"{address} is a member of this workspace already")
    with transaction.atomic():
        if address:
            open_invitations(workspace).filter(email=address).update(revoked_at=timezone.now())
        secret = make_link(
            Link.Purpose.INVITATION, workspace, by, email=address, role=Role(role).value, team=team, group=group
        )
        note(workspace, by, "invitation made", address or BARE, role=Role(role).value)
    return secret


def open_invitations(workspace: Workspace) -> QuerySet[Link]:
    """Invitations that can still be used or renewed, newest first."""
    links = Link.objects.filter(workspace=workspace, purpose=Link.Purpose.INVITATION, used_at=None, revoked_at=None)
    return links.order_by("-made_at")


def revoke(workspace: Workspace, link_id: int, by: User) -> None:
    """End an invitation.

    Raises:
        NoSuch: it is no open invitation of this workspace.
    """
    link = _open(workspace, link_id)
    link.revoked_at = timezone.now()
    link.save(update_fields=["revoked_at"])
    note(workspace, by, "invitation revoked", link.email or BARE)


def renew(workspace: Workspace, link_id: int, by: User) -> str:
    """Make a new link in place of an invitation; the old one ends. Gives the new secret.

    Raises:
        NoSuch: it is no open invitation of this workspace.
    """
    with transaction.atomic():
        link = _open(workspace, link_id)
        link.revoked_at = timezone.now()
        link.save(update_fields=["revoked_at"])
        note(workspace, by, "invitation renewed", link.email or BARE)
        return make_link(
            Link.Purpose.INVITATION,
            workspace,
            by,
            email=link.email,
            role=link.role,
            team=link.team,
            group=link.group,
        )


def accept(link: Link, user: User) -> Member:
    """Enter the workspace of an invitation.

    Raises:
        UsageError: the invitation is for another address, or was used meanwhile.
    """
    if link.workspace is None or (link.email and link.email != user.email):
        raise UsageError(f"this invitation is for {link.email}", hint="sign in with that address")
    with transaction.atomic():
        if not use_up(link):
            raise UsageError("this invitation was used already", hint="ask for a new one")
        return add_member(link.workspace, user, link.role, by=link.made_by, team=link.team, group=link.group)


def join(link: Link, email: str, name: str, password: str) -> User:
    """Make an account with an invitation and enter its workspace; a given address is that of the invitation.

    Raises:
        UsageError: the address has an account, or the invitation was used meanwhile.
    """
    with transaction.atomic():
        user = new_user(link.email or email, name, password, is_proven=bool(link.email))
        accept(link, user)
    return user


def invitation_for(email: str) -> Link | None:
    """The newest open invitation of an address, in whichever workspace; for those whom a provider vouches for."""
    links = Link.objects.select_related("workspace").filter(
        purpose=Link.Purpose.INVITATION,
        email=email.casefold(),
        used_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    return links.order_by("-made_at").first()


def _open(workspace: Workspace, link_id: int) -> Link:
    link = open_invitations(workspace).filter(pk=link_id).first()
    if link is None:
        raise NoSuch("there is no such open invitation in this workspace")
    return link
