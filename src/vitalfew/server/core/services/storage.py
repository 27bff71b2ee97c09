"""How much room the files take that people gave a workspace: none fills the disk of all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from vitalfew.errors import UsageError
from vitalfew.server.core.working.deeds import UPLOADS

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace

ASK_OPERATOR = "whoever runs the server can allow more"


def offered() -> Path:
    """The folder of what was brought to workspaces and not applied yet."""
    found: Path = settings.CONFIG.home / "offered"
    return found


def offered_by(row: Workspace, user: User) -> Path:
    """The folder of what one user brought to one workspace."""
    return offered() / f"{row.pk}-{user.pk}"


def refuse_if_full(row: Workspace, more: int) -> None:
    """Keep one workspace from filling the disk of all, by what it uses or by what waits to be applied.

    Args:
        row: the workspace.
        more: bytes that would be added to its uploaded files.

    Raises:
        UsageError: there is no room for them.
    """
    most = settings.CONFIG.storage_gb
    folders = (Path(row.folder) / UPLOADS, *offered().glob(f"{row.pk}-*"))
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    if sum(path.stat().st_size for path in files) + more > most * 1_000_000_000:
        raise UsageError(f"the files of this workspace would take more than {most} GB", hint=ASK_OPERATOR)
