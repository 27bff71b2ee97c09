"""What the clock asks for: lost jobs, a run a day where data changed, verdicts that fall due, what has expired."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.sessions.models import Session
from django.db import DatabaseError, close_old_connections
from django.db.models import Max
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from vitalfew.errors import VitalfewError
from vitalfew.results.store import Store
from vitalfew.server.core import limits
from vitalfew.server.core.models import Answer, Comment, Delivery, Job, Workspace
from vitalfew.server.core.persons import forget_names
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.jobs import CHANGING, OPEN
from vitalfew.server.core.services.jobs import sweep
from vitalfew.server.core.services.parcels import forget_offers
from vitalfew.server.core.services.runs import start
from vitalfew.server.core.services.telling import tell_of_due
from vitalfew.warehouse.fingerprint import Fingerprint, fingerprint

if TYPE_CHECKING:
    from threading import Event

log = logging.getLogger(__name__)

_LOOK = 5.0  # seconds between looks for lost jobs
_HOUR = 3_600.0
_DAY = timedelta(days=1)


def keep_up(over: Event) -> None:
    """Do all this until the event is set. Several may do so at once: each thing is done by one."""
    waited = _HOUR
    while not over.is_set():
        try:
            close_old_connections()
            sweep()
            if waited >= _HOUR:
                waited = 0.0
                forget_expired()
                run_where_data_changed()
                tell_of_due()
        except (DatabaseError, OSError, VitalfewError) as error:  # such as a database that is away for a moment
            log.warning("upkeep was interrupted: %s", type(error).__name__)
        over.wait(_LOOK)
        waited += _LOOK


def forget_expired() -> None:
    """Remove what nobody needs any more: old sessions, links, kept answers, deleted comments, finished work."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    forget_names(now - timedelta(days=30))
    Answer.objects.filter(at__lt=now - _DAY).delete()
    Comment.objects.filter(deleted_at__lt=now - _DAY).delete()
    DBTaskResult.objects.filter(enqueued_at__lt=now - timedelta(days=7)).delete()
    Delivery.objects.filter(ended_at__lt=now - timedelta(days=30)).delete()
    proofs = Job.objects.filter(kind="verify", state=Job.State.DONE).order_by().values("workspace")
    newest = [*proofs.annotate(newest=Max("id")).values_list("newest", flat=True)]
    Job.objects.filter(finished_at__lt=now - timedelta(days=90)).exclude(id__in=newest).delete()
    forget_offers()
    limits.forget()


def run_where_data_changed() -> int:
    """Ask for a run of each workspace whose last one is a day old and whose data are no longer those it read."""
    asked = 0
    for row in Workspace.objects.exclude(last_run=""):
        recent = Job.objects.filter(workspace=row, kind="run", asked_at__gt=timezone.now() - _DAY)
        if recent.exists() or Job.objects.filter(workspace=row, kind__in=CHANGING, state__in=OPEN).exists():
            continue
        if _data_changed(row):
            start(row, None)
            asked += 1
    return asked


def _data_changed(row: Workspace) -> bool:
    folder = Path(row.folder)
    try:
        kept = Store(folder).manifest(row.last_run)["fingerprints"]
        known = {key: Fingerprint(**values) for key, values in kept.items()}
        found = fingerprint(loaded(row).workspace.definitions, folder, known)
        return {key: print_.sha256 for key, print_ in found.items()} != {
            key: print_.sha256 for key, print_ in known.items()
        }
    except (VitalfewError, LookupError, TypeError) as error:
        log.warning("data cannot be looked at: %s", type(error).__name__, extra={"workspace": row.key})
        return False
