"""What was said about a definition, and where somebody is mentioned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.models import Comment, Member
from vitalfew.server.core.queries.slices import newest
from vitalfew.server.core.talk import handles, shown

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.utils.safestring import SafeString

    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.talk import Handle

MOST = 100
"""Mentions a page lists."""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as pages show it; `plain` as it was written."""

    id: int
    kind: str
    about: str
    author: str
    mine: bool
    plain: str
    html: SafeString
    at: datetime
    edited_at: datetime | None
    unseen: bool = False


def discussion(
    workspace: Workspace, kind: str, about: str, user: User, most: int | None = None, after: int = 0
) -> tuple[Said, ...]:
    """What was said about a definition, oldest first; at most so many after a comment."""
    rows = Comment.objects.filter(workspace=workspace, kind=kind, about=about, deleted_at=None, pk__gt=after)
    found = list(rows.select_related("author")[:most])
    people = handles_in(workspace) if found else ()
    return tuple(_said(row, user, people) for row in found)


def comment(workspace: Workspace, pk: int, user: User) -> Said | None:
    """One comment, if it was not deleted."""
    row = Comment.objects.filter(workspace=workspace, pk=pk, deleted_at=None).select_related("author").first()
    return None if row is None else _said(row, user, handles_in(workspace))


def mentions(workspace: Workspace, user: User, most: int = MOST, before: int = 0) -> tuple[Said, ...]:
    """Where others mention somebody, newest first; what came since they last looked is `unseen`."""
    rows = newest(_mentions(workspace, user).select_related("author"), most, before)
    seen = Member.objects.values_list("mentions_seen_at", flat=True).filter(workspace=workspace, user=user).first()
    people = handles_in(workspace)
    return tuple(_said(row, user, people, unseen=seen is None or row.at > seen) for row in rows)


def unseen_mentions(member: Member) -> int:
    """How often a member was mentioned since they last looked."""
    found = _mentions(member.workspace, member.user)
    new = found if member.mentions_seen_at is None else found.filter(at__gt=member.mentions_seen_at)
    return new.count()


def handles_in(workspace: Workspace) -> tuple[Handle, ...]:
    """How the members of a workspace are named with an @."""
    members = Member.objects.filter(workspace=workspace).order_by("user__email")
    return handles(members.values_list("user_id", "user__name", "user__email"))


def _mentions(workspace: Workspace, user: User) -> QuerySet[Comment]:
    return Comment.objects.filter(workspace=workspace, mentions=user, deleted_at=None).exclude(author=user)


def _said(row: Comment, user: User, people: tuple[Handle, ...], *, unseen: bool = False) -> Said:
    author = "somebody who has left" if row.author is None else str(row.author)
    return Said(
        row.pk,
        row.kind,
        row.about,
        author,
        row.author_id == user.pk,
        row.text,
        shown(row.text, people),
        row.at,
        row.edited_at,
        unseen,
    )
