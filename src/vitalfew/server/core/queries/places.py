"""The workspaces somebody is a member of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.models import Member

if TYPE_CHECKING:
    from vitalfew.server.core.models import User


@dataclass(frozen=True, slots=True)
class MyWorkspace:
    """A workspace with one's role in it; `last_run` None: nothing was run yet."""

    id: int
    key: str
    name: str
    role: str
    last_run: str | None


def workspaces_of(user: User) -> tuple[MyWorkspace, ...]:
    """Somebody's workspaces, by name."""
    rows = Member.objects.filter(user=user).select_related("workspace").order_by("workspace__name", "workspace_id")
    return tuple(
        MyWorkspace(row.workspace.pk, row.workspace.key, row.workspace.name, row.role, row.workspace.last_run or None)
        for row in rows
    )
