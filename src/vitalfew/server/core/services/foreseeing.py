"""What an experiment could find, for pages: at once where that is kept, else by a job while one looks on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Job
from vitalfew.server.core.queries.jobs import OPEN, JobView, newest_job
from vitalfew.server.core.services import looks
from vitalfew.server.core.services.jobs import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.pipeline.planning import TestPlan
    from vitalfew.server.core.models import User, Workspace

__all__ = ["JobView", "plan", "plan_anew"]
MOST_AT_ONCE = 5
"""Plans of one person in one workspace that wait or are worked on."""


def plan(row: Workspace, experiment: str, wishes: Mapping[str, Any], *, by: User) -> TestPlan | JobView:
    """What an experiment could find, or the job that works it out or could not.

    Raises:
        UsageError: too much is worked out for the same person already.
        VitalfewError: the data do not fit, or it cannot be planned.
    """
    kept = looks.kept_plan(row, experiment, wishes)
    if kept is not None:
        return kept
    last = newest_job(row, ("plan",), arguments=_arguments(row, experiment, wishes))
    fresh = timezone.now() - timedelta(seconds=looks.FRESH)
    if last is None or (last.finished_at is not None and last.finished_at < fresh):
        return plan_anew(row, experiment, wishes, by=by)
    if last.state == Job.State.DONE:  # what was kept made room for something else
        return looks.plan(row, experiment, wishes)
    return last


def plan_anew(row: Workspace, experiment: str, wishes: Mapping[str, Any], *, by: User) -> JobView:
    """Have it worked out, whatever was before; gives the job that is under way for the same when there is one.

    Raises:
        UsageError: too much is worked out for the same person already.
    """
    arguments = _arguments(row, experiment, wishes)
    under_way = Job.objects.filter(workspace=row, kind="plan", state__in=OPEN)
    if not under_way.filter(arguments=arguments).exists() and under_way.filter(asked_by=by).count() >= MOST_AT_ONCE:
        hint = "look again in a moment"
        raise UsageError(f"{MOST_AT_ONCE} plans that you asked for are still being worked out", hint=hint)
    return ask(row, "plan", arguments, by)


def _arguments(row: Workspace, experiment: str, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """What the job is told; `of` names the state of the workspace that it is worked out from."""
    of = looks.plan_name(row, experiment, wishes)
    return {"experiment": experiment, "wishes": dict(sorted(wishes.items())), "of": of}
