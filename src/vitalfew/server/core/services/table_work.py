"""Long work on the tables, which a worker does in its own process: plan and apply what was brought, prove, foresee.

The process that is shut in knows no database. Files that came from outside are read by it here too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404

from vitalfew.errors import UsageError
from vitalfew.server.core.access import SecondFactorNeeded, place_of
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import User
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import looks, parcels
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.moving import accept
from vitalfew.server.core.services.parcels import How
from vitalfew.workspace.verify import verify as proved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vitalfew.server.core.models import Job
    from vitalfew.server.core.services.jobs import Claim

_BETWEEN = 1.0  # seconds between two steps that are told
_MOST_SENTENCES = 200


class Stopped(Exception):
    """The work is to stop: it was cancelled, or this worker ends."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: `result` for the job, `effects` in the transaction that ends it, `after` once that stands."""

    result: dict[str, Any]
    effects: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None


class Watch:
    """Tells how far the work is, and ends it when it is to stop or has taken too long."""

    def __init__(self, mine: Claim, should_stop: Callable[[], bool]) -> None:
        self._mine, self._should_stop = mine, should_stop
        self._until = time.monotonic() + settings.CONFIG.job_minutes * 60
        self._told = ("", 0.0)

    def look(self, *_: object) -> None:
        """Go on, or not.

        Raises:
            Stopped: it is to stop.
            UsageError: it has taken too long.
        """
        if self._should_stop():
            raise Stopped
        if time.monotonic() > self._until:
            raise UsageError("this took longer than the server gives to one job")

    def step(self, step: str, done: int = 0, total: int = 0) -> None:
        """The same, and say how far it is; never inside a transaction, where nobody would hear of it."""
        self.look()
        now, (last, at) = time.monotonic(), self._told
        if step != last or now > at + _BETWEEN:
            self._mine.step(step, min(done, total), total)
            self._told = (step, now)


def changes(job: Job, watch: Watch) -> Done:
    """Work out what applying would mean, and keep it beside what was brought: only who brought it reads it."""
    row, by, token, how = _brought(job)
    found = parcels.worked_out(row, token, how, watch, by=by)
    watch.step("write")
    parcels.keep_plan(row, token, how, found, by=by)
    return Done({}, after=parcels.forget_put_aside)


def apply(job: Job, watch: Watch) -> Done:
    """Apply what was brought, all of it or nothing, if the workspace is still the one of the plan."""
    watch.step("brought")
    row, by, token, how = _brought(job)
    proposal = parcels.planned(row, token, how, job.arguments["stamp"], watch, by=by)
    sentences = parcels.plan_of(row, proposal).sentences
    more = max(0, len(sentences) - _MOST_SENTENCES)
    watch.step("write")

    def written() -> None:
        _refuse_unless_admin(job)  # a long log is read for minutes
        accept(row, proposal, by=by, heard=watch.look)

    return Done(
        {"sentences": list(sentences[:_MOST_SENTENCES]), "more": more, "new_acts": proposal.new_acts},
        written,
        lambda: parcels.forget(row, token, by=by),
    )


def verify(job: Job, watch: Watch) -> Done:
    """Prove the whole log, and keep for which head that was."""
    row = job.workspace
    total = row.acts_count

    def heard(what: str, n: int) -> None:
        watch.step(what, n, total)

    found = proved(replace(acting(row), journal=TableJournal(row.pk, heard)))
    result = {"ok": found.ok, "acts": found.acts, "head": found.head, "sentences": list(found.sentences())}
    return Done(result)


def plan(job: Job, watch: Watch) -> Done:
    """Say what an experiment could find, by a process that is shut in, and keep it for whoever asks the same."""
    watch.step("plan")
    looks.plan(job.workspace, job.arguments["experiment"], job.arguments["wishes"], watch.look)
    return Done({})


WORK: Mapping[str, Callable[[Job, Watch], Done]] = {deed.__name__: deed for deed in (changes, apply, verify, plan)}
"""Work on the tables by its name."""


def _brought(job: Job) -> tuple[Any, User, str, How]:
    """What a job on something brought is about.

    Raises:
        UsageError: who brought it may not apply it any more.
    """
    by, given = _refuse_unless_admin(job), job.arguments
    return job.workspace, by, given["token"], How(prune=given["prune"], acts=given["acts"])


def _refuse_unless_admin(job: Job) -> User:
    """Who asked for a job, as long as their own request would still be let in where only admins are.

    Raises:
        UsageError: it would not.
    """
    by = job.asked_by
    active = by is not None and User.objects.filter(pk=by.pk, is_active=True).exists()
    try:
        if by is not None and active and place_of(by, job.workspace.key).may(Ability.ADMINISTER):
            return by
    except Http404:
        pass
    except SecondFactorNeeded as refusal:
        raise UsageError(str(refusal)) from None
    raise UsageError("whoever asked for this is no admin here any more")
