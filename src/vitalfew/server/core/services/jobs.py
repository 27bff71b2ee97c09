"""Long work asked for, taken up by exactly one worker at a time, and brought to one end.

A worker that takes up a job counts an attempt. Whatever it writes holds only as long as that attempt is the newest, so
that a worker which was thought dead and wakes up again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Job, Workspace
from vitalfew.server.core.queries.jobs import LOOKS, OPEN, OWN, JobView, view_of
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import QuerySet

    from vitalfew.server.core.models import User

MOST_ATTEMPTS = 3
STALE = timedelta(seconds=15)
"""A running job not heard of for so long has lost its worker."""
_INTERRUPTED = f"this was interrupted {MOST_ATTEMPTS} times, and is not tried again by itself"


def ask(row: Workspace, kind: str, arguments: Mapping[str, Any], by: User | None) -> JobView:
    """Ask for work; gives the job that is open already when there is one of this kind.

    Of what people brought each piece is work of its own: there the same has to be asked for by the same person. Of
    looks it is the same that is looked for, whoever asks.
    """
    same: dict[str, Any] = {"arguments": dict(arguments)} if kind in (*OWN, *LOOKS) else {}
    if kind in OWN:
        same["asked_by"] = by
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=row.pk)
        open_one = Job.objects.filter(workspace=row, kind=kind, state__in=OPEN, **same).first()
        if open_one is not None:
            return view_of(open_one)
        made = Job.objects.create(workspace=row, kind=kind, arguments=dict(arguments), asked_by=by)
        _enqueue(made.pk, kind)
        note(row, by, "job asked for", f"{kind} {made.pk}")
    return view_of(made)


def cancel(row: Workspace, pk: int, *, by: User | None) -> JobView:
    """Have a job stopped: at once while it waits, within seconds while it is worked on.

    Raises:
        UsageError: there is no such job, or it is somebody else's own.
    """
    with transaction.atomic():
        job = _of(row, pk, by)
        now = timezone.now()
        Job.objects.filter(pk=pk, state=Job.State.WAITING).update(state=Job.State.CANCELLED, finished_at=now)
        Job.objects.filter(pk=pk, state=Job.State.RUNNING).update(cancel=True)
        note(row, by, "job cancelled", f"{job.kind} {pk}")
    job.refresh_from_db()
    return view_of(job)


def give_up(row: Workspace, kind: str) -> int:
    """End work of a kind that is under way, at once: what it rests on no longer holds. Gives how many jobs."""
    under_way = Job.objects.filter(workspace=row, kind=kind, state=Job.State.RUNNING)
    return under_way.update(state=Job.State.CANCELLED, finished_at=timezone.now())


def retry(row: Workspace, pk: int, *, by: User | None) -> JobView:
    """Ask once more for work that failed or was cancelled.

    Raises:
        UsageError: there is no such job, it is somebody else's own, or it neither failed nor was cancelled.
    """
    job = _of(row, pk, by)
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise UsageError("this job neither failed nor was cancelled", hint="start a new one")
    return ask(row, job.kind, job.arguments, by)


def _of(row: Workspace, pk: int, by: User | None) -> Job:
    found = Job.objects.filter(workspace=row, pk=pk).first()
    if found is None:
        raise UsageError("there is no such job")
    if found.kind in OWN and (by is None or found.asked_by_id != by.pk):
        raise UsageError("only who asked for this may stop it or try it again")
    return found


def _enqueue(pk: int, kind: str) -> None:
    from vitalfew.server.core.tasks import work_on

    work_on.using(queue_name="looks" if kind in LOOKS else "default").enqueue(pk)


# What workers do --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one worker; `attempt` tells it from those before and after."""

    job: Job
    attempt: int

    @property
    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job.pk, attempts=self.attempt, state=Job.State.RUNNING)

    def beat(self) -> bool:
        """Say that it is still worked on; False when it is to stop, or is no longer this worker's."""
        alive = self._mine.filter(cancel=False).update(heartbeat=timezone.now())
        return bool(alive)

    def step(self, step: str, done: int, total: int) -> None:
        """Say how far it is."""
        self._mine.update(step=step[:120], done=done, total=total, heartbeat=timezone.now())

    def finish(self, result: Mapping[str, Any], effects: Callable[[], object]) -> bool:
        """Bring it to its good end, with what it changes, at once; False when it is no longer this worker's.

        The job itself is written last, so that it can be seen and cancelled as long as the rest takes.
        """
        mine = self._mine.filter(cancel=False)
        with transaction.atomic():
            if not mine.exists():
                return False
            effects()
            done = {"state": Job.State.DONE, "result": dict(result), "message": "", "finished_at": timezone.now()}
            if not mine.update(**done):
                transaction.set_rollback(True)
                return False
        return True

    def fail(self, message: str) -> None:
        """Bring it to a bad end, told in a sentence for people."""
        self._mine.update(state=Job.State.FAILED, message=message, finished_at=timezone.now())

    def stop(self) -> None:
        """It was to be stopped, and has been."""
        self._mine.filter(cancel=True).update(state=Job.State.CANCELLED, finished_at=timezone.now())

    def release(self) -> None:
        """Give it back for another worker, as this one has to end; the attempt does not count."""
        self._mine.update(state=Job.State.WAITING, attempts=F("attempts") - 1, heartbeat=None)


def claim(pk: int) -> Claim | None:
    """Take up a job that waits, or whose worker is gone; None when somebody else has it or it has ended."""
    now = timezone.now()
    free = Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, heartbeat__lt=now - STALE)
    with transaction.atomic():
        taken = Job.objects.filter(free, pk=pk, attempts__lt=MOST_ATTEMPTS).update(
            state=Job.State.RUNNING, attempts=F("attempts") + 1, heartbeat=now, started_at=now, message=""
        )
        job = Job.objects.select_related("workspace", "asked_by").get(pk=pk) if taken else None
    return Claim(job, job.attempts) if job else None


def sweep() -> int:
    """Have jobs taken up again whose worker is gone, and those that nobody was told of; gives how many.

    What lost its worker too often fails, so that a job which brings workers down does so three times at most.
    """
    now = timezone.now()
    lost = Job.objects.filter(state=Job.State.RUNNING, heartbeat__lt=now - STALE)
    lost.filter(cancel=True).update(state=Job.State.CANCELLED, finished_at=now)
    given_up = {"state": Job.State.FAILED, "message": _INTERRUPTED, "finished_at": now}
    lost.filter(attempts__gte=MOST_ATTEMPTS).update(**given_up)
    waiting = Job.objects.filter(state=Job.State.WAITING, asked_at__lt=now - timedelta(seconds=5))
    told = 0
    for pk, kind in (*lost.values_list("pk", "kind"), *waiting.values_list("pk", "kind")):
        if not DBTaskResult.objects.ready().filter(args_kwargs__args=[pk]).exists():
            _enqueue(pk, kind)
            told += 1
    return told
