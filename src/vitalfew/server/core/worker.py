"""A worker: one job after another, looks beside them, what the clock asks for, and events on their way.

Somebody waits for a look, and it reads for seconds in a process of its own: it does not stand in line behind a run.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import close_old_connections, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from vitalfew.server.core.services.delivering import keep_calling_silent, keep_delivering
from vitalfew.server.core.services.upkeep import keep_up
from vitalfew.server.core.services.work import ending

if TYPE_CHECKING:
    from types import FrameType

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between looks for work
_FAREWELL = 5.0  # seconds that a look may take to be given back


class _Ours(Worker):
    """The worker of django-tasks-db, which gives back what it works on when it is told to stop."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Stop: the job at hand goes back to those that wait."""
        ending.set()
        super().shutdown(signum, frame)


def run_worker() -> None:
    """Work until told to stop."""
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
    worker = _worker("default")
    worker.configure_signals()
    looking = threading.Thread(target=keep_looking, args=(ending,), name="looks", daemon=True)
    looking.start()
    for name, steady in (("clock", keep_up), ("post", keep_delivering), ("late post", keep_calling_silent)):
        threading.Thread(target=steady, args=(ending,), name=name, daemon=True).start()
    log.info("worker begun")
    try:
        worker.run()
    finally:
        ending.set()
        looking.join(timeout=_FAREWELL)


def keep_looking(over: threading.Event) -> None:
    """Do the looks that are asked for, one after another, until the event is set: none is begun from then on."""
    while not over.wait(_LOOK):
        try:
            close_old_connections()
            while not over.is_set() and DBTaskResult.objects.ready().filter(queue_name="looks").exists():
                _worker("looks", most=1).run()
        except Exception as error:  # noqa: BLE001 - such as a database that is away; nobody else takes up what waits
            log.warning("looks were interrupted: %s", type(error).__name__)
    connection.close()


def _worker(queue: str, *, most: int | None = None) -> _Ours:
    """One that takes up what waits in a queue; `most`: so many jobs, and no longer than any wait."""
    return _Ours(
        queue_names=[queue],
        interval=_LOOK,
        batch=most is not None,
        backend_name="default",
        startup_delay=False,
        max_tasks=most,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
