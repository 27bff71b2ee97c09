"""Runs of a workspace, asked for by people and by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.services.jobs import ask, cancel, retry

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.queries.jobs import JobView

__all__ = ["cancel", "retry", "start"]


def start(row: Workspace, by: User | None) -> JobView:
    """Have a workspace run; gives the run that is under way when there is one."""
    return ask(row, "run", {}, by)
