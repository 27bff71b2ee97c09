"""Members of a workspace: their roles, teams and groups. At least one admin always remains."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Member, User, Workspace
from vitalfew.server.core.persons import is_proven
from vitalfew.server.core.roles import Ability, Role
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.links import NoSuch, end_links_of


def change_member(
    workspace: Workspace, user_id: int, *, by: User, role: Role | str, team: str = "", group: str = ""
) -> None:
    """Give a member another role, team or group. A new role counts at once, and their sessions get new keys.

    Raises:
        NoSuch: there is no such member.
        UsageError: there is no such role, or nobody would be left who administers.
    """
    wanted = _role(role)
    with transaction.atomic():
        member = _held(workspace, user_id)
        before = member.role
        if before == Role.ADMIN and wanted != Role.ADMIN:
            _refuse_last_admin(member)
        member.role, member.team, member.group = wanted, team, group
        member.save(update_fields=["role", "team", "group"])
        if before != wanted:
            User.objects.filter(pk=user_id).update(key_round=F("key_round") + 1)
            note(workspace, by, "role changed", str(member.user), before=before, after=wanted.value)
        else:
            note(workspace, by, "member changed", str(member.user), team=team, group=group)


def remove_member(workspace: Workspace, user_id: int, *, by: User) -> None:
    """Take somebody out of a workspace. What they said stays in its log, without their name as before.

    Raises:
        NoSuch: there is no such member.
        UsageError: nobody would be left who administers.
    """
    with transaction.atomic():
        member = _held(workspace, user_id)
        if member.role == Role.ADMIN:
            _refuse_last_admin(member)
        member.delete()
        User.objects.filter(pk=user_id).update(key_round=F("key_round") + 1)
        note(workspace, by, "member removed", str(member.user), role=member.role)


def add_member(
    workspace: Workspace, user: User, role: Role | str, *, by: User | None, team: str = "", group: str = ""
) -> Member:
    """Let a user into a workspace; who is in already keeps the role there."""
    wanted = _role(role)
    given = {"role": wanted, "team": team, "group": group}
    member, made = Member.objects.get_or_create(workspace=workspace, user=user, defaults=given)
    if made:
        if Ability.RATE in wanted.abilities and is_proven(user):
            end_links_of(workspace, user.email)
        note(workspace, by, "member joined", str(user), role=wanted.value)
    return member


def _role(given: Role | str) -> Role:
    try:
        return Role(given)
    except ValueError:
        raise UsageError(f"there is no role '{given}'", expected=", ".join(Role)) from None


def hold(workspace: Workspace) -> None:
    """Let nobody else change the members of a workspace until the transaction ends."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def _held(workspace: Workspace, user_id: int) -> Member:
    hold(workspace)
    member = Member.objects.select_related("user").filter(workspace=workspace, user_id=user_id).first()
    if member is None:
        raise NoSuch("there is no such member in this workspace")
    return member


def _refuse_last_admin(member: Member) -> None:
    others = Member.objects.filter(workspace=member.workspace, role=Role.ADMIN, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise UsageError(
            "a workspace needs an admin, and this is its only one", hint="make somebody else an admin first"
        )


def fold(member: Member, *, folded: bool) -> None:
    """Keep whether a member has folded their week away."""
    Member.objects.filter(pk=member.pk).update(week_folded=folded)
    member.week_folded = folded
