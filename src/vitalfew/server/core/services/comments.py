"""Saying something about a definition, saying it better, taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Comment, Member
from vitalfew.server.core.queries.comments import handles_in
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.talk import LONGEST, named
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace


def say(workspace: Workspace, kind: str, about: str, text: str, *, by: User) -> int:
    """Add a comment about a definition, and give its number.

    Raises:
        UsageError: there is nothing of this name, or nothing is said.
    """
    definitions = loaded(workspace).workspace.definitions
    known = kind in Definitions.model_fields and kind not in SETTINGS
    if not known or about not in getattr(definitions, kind):
        raise UsageError(f"there is no '{kind}.{about[:80]}' to speak of")
    said = _text(text)
    with transaction.atomic():
        row = Comment.objects.create(workspace=workspace, kind=kind, about=about, author=by, text=said)
        row.mentions.set([person.user for person in named(said, handles_in(workspace))])
    return row.pk


def reword(workspace: Workspace, pk: int, text: str, *, by: User) -> None:
    """Say one's own comment in other words.

    Raises:
        UsageError: there is no such comment, or nothing is said.
        PermissionDenied: somebody else wrote it.
    """
    said = _text(text)
    with transaction.atomic():
        row = _held(workspace, pk, by, may_any=False)
        row.text, row.edited_at = said, timezone.now()
        row.save(update_fields=["text", "edited_at"])
        row.mentions.set([person.user for person in named(said, handles_in(workspace))])


def withdraw(workspace: Workspace, pk: int, *, by: User, may_any: bool = False) -> None:
    """Delete a comment: one's own, or anybody's where one may.

    Raises:
        UsageError: there is no such comment.
        PermissionDenied: somebody else wrote it.
    """
    with transaction.atomic():
        row = _held(workspace, pk, by, may_any=may_any)
        row.deleted_at = timezone.now()
        row.save(update_fields=["deleted_at"])


def bring_back(workspace: Workspace, pk: int) -> None:
    """Show a deleted comment again, as it was."""
    Comment.objects.filter(workspace=workspace, pk=pk).update(deleted_at=None)


def saw_mentions(member: Member) -> None:
    """Note that a member has looked at where they are mentioned."""
    Member.objects.filter(pk=member.pk).update(mentions_seen_at=timezone.now())


def hold(workspace: Workspace, pk: int) -> Comment | None:
    """A comment, which nobody else changes until the transaction ends."""
    return Comment.objects.select_for_update(of=("self",)).filter(workspace=workspace, pk=pk, deleted_at=None).first()


def _held(workspace: Workspace, pk: int, by: User, *, may_any: bool) -> Comment:
    row = hold(workspace, pk)
    if row is None:
        raise UsageError("there is no such comment any more")
    if row.author_id != by.pk and not may_any:
        raise PermissionDenied("somebody else wrote this comment")
    return row


def _text(text: str) -> str:
    said = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not said:
        raise UsageError("there is nothing in this comment")
    if len(said) > LONGEST:
        raise UsageError(f"a comment has at most {LONGEST:,} characters, this one has {len(said):,}")
    return said
