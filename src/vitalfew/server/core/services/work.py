"""One job from taking it up to its end: the order, the process that carries it out, what comes of it."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import OperationalError, close_old_connections, connection
from django.db.models import F

from vitalfew.errors import VitalfewError
from vitalfew.results.store import Store
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.data_places import data_of
from vitalfew.server.core.services.definitions import change
from vitalfew.server.core.services.jobs import Claim, claim
from vitalfew.server.core.services.table_work import WORK as TABLE_WORK
from vitalfew.server.core.services.table_work import Stopped, Watch
from vitalfew.server.core.working.deeds import UPLOADS
from vitalfew.server.core.working.order import Bounds, Order, Snapshot
from vitalfew.server.core.working.watch import watched
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vitalfew.server.core.models import Job
    from vitalfew.server.core.working.watch import Outcome

log = logging.getLogger(__name__)

ending = threading.Event()
"""Set when this worker has to end: what it works on is given back."""
_BEAT = 1.0  # seconds
_MOST_PROBLEMS = 20


def work(pk: int) -> None:
    """Work on a job, if nobody else does; whatever goes wrong ends in the job, not here."""
    found = claim(pk)
    if found is None:
        return
    about = {"job": pk, "workspace": found.job.workspace.key}
    log.info("%s begun, attempt %s", found.job.kind, found.attempt, extra=about)
    try:
        with _Heart(found) as heart:
            detail = _worked(found, heart.should_stop)
    except VitalfewError as error:
        found.fail(_told(error))
        log.info("%s failed", found.job.kind, extra=about)
    except Exception as error:
        found.fail(_our_fault(found.job))
        log.error("%s failed: %s", found.job.kind, type(error).__name__, extra=about)  # noqa: TRY400 - a trace may hold what customers wrote
        if settings.DEBUG:
            raise
    else:
        log.info("%s ended: %s", found.job.kind, detail or "well", extra=about)


def _worked(mine: Claim, should_stop: Callable[[], bool]) -> str:
    """Do the work and bring the job to its end; gives what the log should say of it."""
    if mine.job.kind not in TABLE_WORK:
        outcome = _outcome(mine, should_stop)
        _end(mine, outcome)
        return outcome.detail
    try:
        done = TABLE_WORK[mine.job.kind](mine.job, Watch(mine, should_stop))
        if mine.finish(done.result, done.effects):
            done.after()
            return ""
    except Stopped:
        pass
    _stop(mine)
    return "stopped"


class _Heart:
    """Keeps a job's heartbeat fresh from a thread of its own, whatever the worker waits for."""

    def __init__(self, mine: Claim) -> None:
        self._mine = mine
        self._over = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heart of job {mine.job.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def should_stop(self) -> bool:
        """Whether the work is to stop: it was cancelled, is another worker's, or this worker ends."""
        return self._lost.is_set() or ending.is_set()

    def _run(self) -> None:
        try:
            while not self._over.wait(_BEAT):
                try:
                    alive = self._mine.beat()
                except OperationalError:  # such as SQLite, to which one writes at a time
                    connection.close()
                    continue
                if not alive:
                    self._lost.set()
                    return
        finally:
            connection.close()


def _outcome(mine: Claim, should_stop: Callable[[], bool]) -> Outcome:
    job, row = mine.job, mine.job.workspace
    folder = Path(row.folder)
    reads: Iterable[str] = ()
    if job.kind == "run":
        found = loaded(row)
        journal = TableJournal(row.pk)
        snapshot = Snapshot(found.workspace.definitions, journal.read().carried(), journal.recorded())
        order = Order("run", row.folder, snapshot)
        reads = data_of(found.workspace) if {"data", "sources"} & found.folder_kinds else ()
    else:
        order = Order(job.kind, row.folder, None, {**job.arguments, "into": f"started-{job.pk}-{mine.attempt}"})
    folder.mkdir(parents=True, exist_ok=True)
    close_old_connections()
    return watched(order, _bounds((row.folder,), reads), mine.step, should_stop)


def _bounds(writes: tuple[str, ...], reads: Iterable[str]) -> Bounds:
    config = settings.CONFIG
    named = (*reads, *map(str, config.data))
    return Bounds(config.job_gb << 30, config.job_minutes * 60, 4 << 30, named, writes, config.require_jail)


# Ends -------------------------------------------------------------------------------------------------------------


def _end(mine: Claim, outcome: Outcome) -> None:
    if outcome.lacking:
        log.warning("this machine does not shut a job out of: %s", ", ".join(outcome.lacking))
    if outcome.result is not None:
        result = dict(outcome.result)
        kept = {name: value for name, value in result.items() if name != "tree"}
        if mine.finish(kept, lambda: _take(mine.job, result)):
            _clear(mine.job, result.get("into"))
        else:
            Store(Path(mine.job.workspace.folder)).forget(result["run"])
            mine.stop()
    elif outcome.stopped:
        _stop(mine)
    else:
        log.warning("job failed: %s", outcome.detail, extra={"job": mine.job.pk, "workspace": mine.job.workspace.key})
        mine.fail(outcome.error or _our_fault(mine.job))


def _stop(mine: Claim) -> None:
    mine.release() if ending.is_set() else mine.stop()


def _take(job: Job, result: dict[str, Any]) -> None:
    """What a job changes, inside the transaction that ends it."""
    row = Workspace.objects.select_for_update(no_key=True).get(pk=job.workspace_id)
    if "tree" in result:
        _define(row, result["tree"])
        if result.get("acts"):
            TableJournal(row.pk).take(FolderJournal(Path(row.folder) / result["into"]).copy())
    Workspace.objects.filter(pk=row.pk).update(last_run=result["run"], stamp=F("stamp") + 1)


def _define(row: Workspace, tree: dict[str, Any]) -> None:
    """Let what was made from files be what the workspace defines, in place of what an earlier start made."""
    bodies: dict[tuple[str, str], dict[str, Any] | None] = {
        (kind, key): body
        for kind, entries in tree.items()
        for key, body in ({"": entries} if kind in SETTINGS else entries).items()
    }
    bodies["workspace", ""] = {**(bodies.get(("workspace", "")) or {}), "name": row.name}
    for name in loaded(row).versions:
        bodies.setdefault(name, None)
    change(row, bodies, by=None)


def _clear(job: Job, into: str | None) -> None:
    """Remove what earlier starts left in the folder, once a later one stands, and the log that was taken over."""
    if into is None:
        return
    folder = Path(job.workspace.folder)
    used = {into, *(name.partition("/")[0] for name in job.arguments.get("files", {}).values())}
    for path in (*folder.glob("started-*"), *folder.glob(f"{UPLOADS}/*")):
        if path.name not in used:
            shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(folder / into / "acts", ignore_errors=True)
    shutil.rmtree(folder / into / ".vitalfew", ignore_errors=True)
    (folder / into / "acts.jsonl").unlink(missing_ok=True)


def _told(error: VitalfewError) -> str:
    """An error for people, a line for each of its first problems: files that were brought may hold any number."""
    lines = [str(problem) for problem in error.problems[:_MOST_PROBLEMS]] or [str(error)]
    more = len(error.problems) - _MOST_PROBLEMS
    return "\n".join([*lines, f"and {more:,} more"] if more > 0 else lines)


def _our_fault(job: Job) -> str:
    return f"something went wrong on our side; the log of the server says more about job {job.pk}"
