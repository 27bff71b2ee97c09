"""Recording acts in a workspace of the server, by the functions that record them in a folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.persons import voice_of_link, voice_of_user
from vitalfew.server.core.queries.definitions import loaded

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace as WorkspaceRow
    from vitalfew.workspace.workspace import Workspace

__all__ = ["acting", "voice_of_link", "voice_of_user"]


def acting(row: WorkspaceRow) -> Workspace:
    """The workspace as `vitalfew.judgement.recording` takes it: what is recorded goes to the tables."""
    return replace(loaded(row).workspace, journal=TableJournal(row.pk))
