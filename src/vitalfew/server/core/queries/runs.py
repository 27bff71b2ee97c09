"""Runs of a workspace, read by id: what every page shows comes from here."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError
from vitalfew.pipeline import Results, stored
from vitalfew.results.store import Store
from vitalfew.server.core.queries.numbers import with_sheets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.server.core.models import Workspace

_KEPT = 8
_ID = re.compile("[0-9A-Za-z-]+")  # an id is the name of a folder, and never the way to another one
_lock = Lock()
_open: OrderedDict[tuple[str, str], Results] = OrderedDict()


def run_ids(workspace: Workspace) -> tuple[str, ...]:
    """Ids of the stored runs of a workspace, oldest first."""
    return Store(Path(workspace.folder)).ids()


def open_run(workspace: Workspace, run_id: str | None = None) -> Results | None:
    """A run by its id, the newest one when none is given; None where there is none yet, or none of that id.

    Runs never change, so an open one is kept for the next reader, as long as it is stored: who erases what they said
    takes with them the runs that hold what was reckoned from it.
    """
    found = run_id or workspace.last_run
    if not _ID.fullmatch(found):
        return None
    name = (workspace.folder, found)
    is_stored = found in Store(Path(workspace.folder))
    with _lock:
        if not is_stored:
            _open.pop(name, None)
            return None
        if name in _open:
            _open.move_to_end(name)
            return _open[name]
    try:
        results = with_sheets(stored(workspace.folder, found), workspace.key)
    except VitalfewError:
        return None
    with _lock:
        _open[name] = results
        while len(_open) > _KEPT:
            _open.popitem(last=False)
    return results


@dataclass(frozen=True, slots=True)
class Counted:
    """How many findings a stored run has, by severity."""

    run: str
    computed_at: str
    findings: Mapping[str, int]


def finding_counts(workspace: Workspace, most: int = 20) -> tuple[Counted, ...]:
    """Findings of the newest stored runs, oldest first. Runs that cannot be read are left out."""
    return tuple(found for run_id in run_ids(workspace)[-most:] if (found := _counted(workspace.folder, run_id)))


@lru_cache(maxsize=400)
def _counted(folder: str, run_id: str) -> Counted | None:
    """Only the table of findings is read; a run never changes, so its count is kept."""
    store = Store(Path(folder))
    try:
        info = store.info(run_id)
        found = [
            row.severity
            for stage in info.stages
            if "findings" in stage.tables
            for row in store.output(run_id, stage)["findings"]
        ]
    except VitalfewError:
        return None
    return Counted(run_id, info.computed_at, Counter(found))
