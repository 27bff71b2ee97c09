"""Where jobs stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.models import Job
from vitalfew.server.core.queries.slices import newest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vitalfew.server.core.models import User, Workspace

OPEN = (Job.State.WAITING, Job.State.RUNNING)
RUNS = ("run", "start", "demo")
"""Kinds of work that end with a run."""
CHANGING = (*RUNS, "apply")
"""Kinds of work that change what a run reads or what it is kept with."""
OWN = ("changes", "apply")
"""Kinds of work on what one person brought."""
LOOKS = ("plan",)
"""Kinds of work that only look, for somebody who waits: a worker does them beside all others."""
_NOT_YOURS = "what went wrong is told to who asked for it"
_TITLES = {
    "run": "Run",
    "start": "Start from files",
    "demo": "Demo",
    "changes": "Plan of what was brought",
    "apply": "Apply what was brought",
    "verify": "Proof of the log",
    "plan": "Plan of an experiment",
}
_DOING = {
    "recognise": "recognising the files",
    "make the demo": "making the demo product",
    "measure": "measuring experiments",
    "use": "counting use",
    "effects": "estimating effects",
    "series": "reading series",
    "releases": "judging releases",
    "links": "linking metrics",
    "ledger": "writing the ledger",
    "ranks": "ranking candidates",
    "information": "asking what is worth knowing",
    "checks": "checking",
    "unpack": "unpacking what was brought",
    "brought": "reading what was brought",
    "write": "writing all of it",
    "plan": "looking at what was measured before",
    "acts": "reading the log of acts",
    "bodies": "holding what was said against the log",
}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages and the API show it.

    `share` of the work done, 0 to 1, where it is known; `owner`: the user whose own it is.
    """

    id: int
    kind: str
    state: str
    step: str
    share: float | None
    message: str
    result: dict[str, Any]
    asked_at: datetime
    finished_at: datetime | None
    files: tuple[str, ...] = ()
    owner: int | None = None

    @property
    def title(self) -> str:
        """What is done, for people."""
        return _TITLES.get(self.kind, self.kind)

    @property
    def doing(self) -> str:
        """What is done just now, in words."""
        if self.state == Job.State.WAITING:
            return "waiting for a free worker"
        first = self.step.partition(".")[0]
        return _DOING.get(first, first.replace("_", " ")) or "beginning"

    @property
    def is_open(self) -> bool:
        """Whether it still waits or works."""
        return self.state in OPEN

    def is_for(self, user: User) -> bool:
        """Whether somebody who may start work may stop this or try it again."""
        return self.owner in (None, user.pk)

    def seen_by(self, user: User) -> JobView:
        """The same as somebody may see it: what is wrong with files quotes them, and is told to who brought them."""
        return self if self.is_for(user) or not self.message else replace(self, message=_NOT_YOURS)


def job(workspace: Workspace, pk: int) -> JobView | None:
    """One job of a workspace."""
    found = Job.objects.filter(workspace=workspace, pk=pk).first()
    return None if found is None else view_of(found)


def jobs(workspace: Workspace, most: int = 50, before: int = 0, *, looks: bool | None = None) -> tuple[JobView, ...]:
    """The newest jobs of a workspace, newest first; `looks`: only those, or all others; every job when not given."""
    found = Job.objects.filter(workspace=workspace)
    if looks is not None:
        found = found.filter(kind__in=LOOKS) if looks else found.exclude(kind__in=LOOKS)
    return tuple(map(view_of, newest(found, most, before)))


def open_job(workspace: Workspace) -> JobView | None:
    """The run that waits or works, if any: the oldest of them."""
    found = Job.objects.filter(workspace=workspace, kind__in=RUNS, state__in=OPEN).first()
    return None if found is None else view_of(found)


def newest_job(workspace: Workspace, kinds: Iterable[str], **given: object) -> JobView | None:
    """The newest job of some kinds; `given`: what else holds of its row."""
    found = Job.objects.filter(workspace=workspace, kind__in=tuple(kinds), **given).order_by("-id").first()
    return None if found is None else view_of(found)


def view_of(row: Job) -> JobView:
    """A job as others see it."""
    share = row.done / row.total if row.total else None
    files = tuple(row.arguments.get("files", ()))
    ends = (row.asked_at, row.finished_at)
    owner = row.asked_by_id if row.kind in OWN else None
    return JobView(row.pk, row.kind, row.state, row.step, share, row.message, row.result, *ends, files, owner)
