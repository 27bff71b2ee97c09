"""The proof of a whole log, asked for by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.services.jobs import ask

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.queries.jobs import JobView


def prove(row: Workspace, by: User) -> JobView:
    """Have the log of a workspace proved as a whole; gives the proof that is under way when there is one."""
    return ask(row, "verify", {}, by)
