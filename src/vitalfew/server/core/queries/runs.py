"""Runs of a workspace, read by id: what every page shows comes from here."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError
from vitalfew.pipeline import Results, stored
from vitalfew.results.store import Store

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace

_KEPT = 8
_lock = Lock()
_open: OrderedDict[tuple[str, str], Results] = OrderedDict()


def run_ids(workspace: Workspace) -> tuple[str, ...]:
    """Ids of the stored runs of a workspace, oldest first."""
    return Store(Path(workspace.folder)).ids()


def open_run(workspace: Workspace, run_id: str | None = None) -> Results | None:
    """A run by its id, the newest one when none is given; None where there is none yet, or none of that id.

    Runs never change, so an open one is kept for the next reader.
    """
    found = run_id or workspace.last_run
    if not found:
        return None
    name = (workspace.folder, found)
    with _lock:
        if name in _open:
            _open.move_to_end(name)
            return _open[name]
    try:
        results = stored(workspace.folder, found)
    except VitalfewError:
        return None
    with _lock:
        _open[name] = results
        while len(_open) > _KEPT:
            _open.popitem(last=False)
    return results
