"""Dismissing a finding of a check with a reason, and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Dismissal
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace

LONGEST = 2_000


def dismiss(workspace: Workspace, check_id: str, subject: str, reason: str, *, by: User) -> int:
    """Dismiss a finding; a second time replaces the reason. Gives the number of the dismissal.

    Raises:
        UsageError: no reason is given, or it is too long.
    """
    said = reason.strip()
    if not said or len(said) > LONGEST:
        raise UsageError("a finding is dismissed with a reason", expected=f"1 to {LONGEST:,} letters")
    with transaction.atomic():
        row, _ = Dismissal.objects.update_or_create(
            workspace=workspace, check_id=check_id, subject=subject, defaults={"reason": said, "by": by}
        )
        note(workspace, by, "finding dismissed", f"{check_id} {subject}")
    return row.pk


def bring_back(workspace: Workspace, pk: int, *, by: User) -> bool:
    """Let a finding be shown again; False when it already is."""
    with transaction.atomic():
        row = Dismissal.objects.filter(workspace=workspace, pk=pk).first()
        if row is None:
            return False
        note(workspace, by, "finding shown again", f"{row.check_id} {row.subject}")
        row.delete()
    return True
