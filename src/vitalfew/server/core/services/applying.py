"""What was brought, planned and applied: at once where that is short, else by a worker while one looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.queries.jobs import JobView, newest_job
from vitalfew.server.core.services import parcels
from vitalfew.server.core.services.jobs import ask

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.services.moving import Proposal
    from vitalfew.server.core.services.parcels import How, Plan

__all__ = ["JobView", "apply", "plan", "plan_anew"]


def plan(row: Workspace, token: str, how: How, *, by: User) -> Plan | JobView:
    """What applying an offer would mean; of a long one the job that works it out, until it has.

    Raises:
        UsageError: the offer is no longer there.
        DefinitionError: its definitions are wrong.
        ActError: its log does not continue the one here.
    """
    kept = parcels.kept_plan(row, token, how, by=by)
    if kept is not None:
        return kept
    if not parcels.is_long(row, token, how, by=by):
        return parcels.worked_out(row, token, how, by=by)
    asked = newest_job(row, ("changes",), asked_by=by, arguments=how.arguments(token))
    return asked or plan_anew(row, token, how, by=by)


def plan_anew(row: Workspace, token: str, how: How, *, by: User) -> JobView:
    """Have the plan of a long offer worked out, whatever was before.

    Raises:
        UsageError: the offer is no longer there.
    """
    parcels.drop_plan(row, token, how, by=by)
    return ask(row, "changes", how.arguments(token), by)


def apply(row: Workspace, token: str, how: How, stamp: int, *, by: User) -> Proposal | JobView:
    """Apply an offer whose plan was read, all of it or nothing; a long one by a worker, who looks at the stamp again.

    Raises:
        UsageError: the workspace has changed since, or the offer is gone.
        FolderOwned, DefinitionError, ActError: as for `parcels.applied`.
    """
    if not parcels.is_long(row, token, how, by=by):
        return parcels.applied(row, token, how, stamp, by=by)
    row.refresh_from_db(fields=["stamp"])
    parcels.refuse_changed(row.stamp, stamp)
    return ask(row, "apply", how.arguments(token) | {"stamp": stamp}, by)
