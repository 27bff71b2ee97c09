"""The audit trail: who did what on the server. Never what people said or judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.models import AuditEntry

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace


def note(workspace: Workspace | None, actor: User | None, action: str, subject: str = "", **detail: object) -> None:
    """Add an entry."""
    AuditEntry.objects.create(workspace=workspace, actor=actor, action=action, subject=subject[:200], detail=detail)
