"""Recording acts in a workspace of the server, by the functions that record them in a folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.queries.definitions import loaded

if TYPE_CHECKING:
    from vitalfew.server.core.models import User
    from vitalfew.server.core.models import Workspace as WorkspaceRow
    from vitalfew.workspace.workspace import Workspace


def acting(row: WorkspaceRow) -> Workspace:
    """The workspace as `vitalfew.judgement.recording` takes it: what is recorded goes to the tables."""
    return replace(loaded(row).workspace, journal=TableJournal(row.pk))


def voice_of_user(user: User) -> str:
    """By what the log tells a user from others, before it makes a pseudonym of it."""
    return f"user:{user.pk}"


def voice_of_link(link_pk: int) -> str:
    """The same of whoever came by a personal link."""
    return f"link:{link_pk}"
