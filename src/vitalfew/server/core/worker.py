"""A worker: one job after another, what the clock asks for, and events on their way, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from vitalfew.server.core.services.delivering import keep_calling_silent, keep_delivering
from vitalfew.server.core.services.upkeep import keep_up
from vitalfew.server.core.services.work import ending

if TYPE_CHECKING:
    from types import FrameType

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between looks for work


class _Ours(Worker):
    """The worker of django-tasks-db, which gives back what it works on when it is told to stop."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Stop: the job at hand goes back to those that wait."""
        ending.set()
        super().shutdown(signum, frame)


def run_worker() -> None:
    """Work until told to stop."""
    logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
    worker = _Ours(
        queue_names=["default"],
        interval=_LOOK,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
    worker.configure_signals()
    for name, steady in (("clock", keep_up), ("post", keep_delivering), ("late post", keep_calling_silent)):
        threading.Thread(target=steady, args=(ending,), name=name, daemon=True).start()
    log.info("worker begun")
    worker.run()
