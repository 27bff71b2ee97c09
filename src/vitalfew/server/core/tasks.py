"""What workers are asked to do."""

from __future__ import annotations

from django.tasks import task


@task
def work_on(job: int) -> None:
    """Work on a job, if nobody else does."""
    from vitalfew.server.core.services.work import work

    work(job)
