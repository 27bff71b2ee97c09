"""What is known about the log of a workspace: proved now where it is short, else when it was proved last, and since.

A proof that is kept says nothing about what was done to the same rows later. So what came since is looked at each time,
and what was looked at then is called by its day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Job
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.jobs import JobView, newest_job, view_of
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from datetime import datetime

    from vitalfew.server.core.models import Workspace

AT_ONCE = 20_000
"""Acts that are proved while somebody waits, which takes a second."""


@dataclass(frozen=True, slots=True)
class ProofView:
    """What is known about a log.

    `ok`: nothing wrong was found; None: nothing is known, as it was never proved. `acts`, `head`: how far that reaches.
    `at`: when the whole was proved; None: just now. `since`: acts that came after and continue it. `job`: that proves
    it anew, or failed to.
    """

    ok: bool | None
    acts: int
    head: str | None
    sentences: tuple[str, ...]
    at: datetime | None = None
    since: int = 0
    job: JobView | None = None


def proof(row: Workspace) -> ProofView:
    """What is known about the log just now."""
    asked = newest_job(row, ("verify",))
    if row.acts_count <= AT_ONCE:
        found = verify(replace(loaded(row).workspace, journal=TableJournal(row.pk)))
        return ProofView(found.ok, found.acts, found.head, found.sentences(), job=asked)
    done = Job.objects.filter(workspace=row, kind="verify", state=Job.State.DONE).order_by("-id").first()
    if done is None:
        never = f"the log holds {row.acts_count:,} acts, and has not been proved as a whole yet"
        return ProofView(None, 0, None, (never,), job=asked)
    return replace(_since(row, view_of(done)), job=asked)


def _since(row: Workspace, done: JobView) -> ProofView:
    """What a proof that is kept said, with what has come since."""
    acts, head, said = done.result["acts"], done.result["head"], tuple(done.result["sentences"])
    kept = ProofView(done.result["ok"], acts, head, said, done.finished_at)
    new = row.acts_count - acts
    if not kept.ok or new > AT_ONCE:
        return replace(kept, sentences=(*said, *((_unseen(new),) if new > 0 else ())))
    log = TableJournal(row.pk).since(max(acts, 1))
    if not log.acts or log.acts[0].hash != head:
        lost = f"act {acts:,} is no longer the one that was proved: the log was rewritten or shortened since"
        return replace(kept, ok=False, sentences=(lost, *said))
    if log.damage:
        return replace(kept, ok=False, sentences=(*(found.message for found in log.damage[:20]), *said))
    if log.head != row.acts_head:
        return replace(kept, ok=False, sentences=("its end is not what was written last", *said))
    follows = f"{new:,} more act{'s' if new != 1 else ''} since, each as it was written, in order, without a gap"
    return replace(kept, sentences=(*said, *((follows,) if new else ())), since=new)


def _unseen(new: int) -> str:
    return f"{new:,} more acts have come since, which nobody has looked at"
