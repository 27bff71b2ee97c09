"""Where jobs stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.models import Job

if TYPE_CHECKING:
    from datetime import datetime

    from vitalfew.server.core.models import Workspace

OPEN = (Job.State.WAITING, Job.State.RUNNING)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages and the API show it; `share` of the work done, 0 to 1, where it is known."""

    id: int
    kind: str
    state: str
    step: str
    share: float | None
    message: str
    result: dict[str, Any]
    asked_at: datetime
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits or works."""
        return self.state in OPEN


def job(workspace: Workspace, pk: int) -> JobView | None:
    """One job of a workspace."""
    found = Job.objects.filter(workspace=workspace, pk=pk).first()
    return None if found is None else view_of(found)


def jobs(workspace: Workspace, limit: int = 50) -> tuple[JobView, ...]:
    """The newest jobs of a workspace, newest first."""
    return tuple(view_of(found) for found in Job.objects.filter(workspace=workspace).order_by("-id")[:limit])


def open_job(workspace: Workspace) -> JobView | None:
    """The job that waits or works, if any: the oldest of them."""
    found = Job.objects.filter(workspace=workspace, state__in=OPEN).first()
    return None if found is None else view_of(found)


def view_of(row: Job) -> JobView:
    """A job as others see it."""
    share = row.done / row.total if row.total else None
    return JobView(row.pk, row.kind, row.state, row.step, share, row.message, row.result, row.asked_at, row.finished_at)
