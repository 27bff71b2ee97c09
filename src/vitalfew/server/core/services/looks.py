"""Looking at data while somebody waits: in a process of its own, which is killed when it takes too long."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any

from django.core.cache import cache

from vitalfew.errors import VitalfewError
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.work import data_of
from vitalfew.server.core.working.order import Bounds, Order, Snapshot
from vitalfew.server.core.working.watch import watched
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.heads import Recorded

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.definitions import Definitions

log = logging.getLogger(__name__)

LONGEST = 10
"""Seconds until a look is given up."""
_MEMORY = 2 << 30
_FILE = 1 << 30
_FRESH = 300  # seconds for which columns are remembered
_PAST = 2.0  # seconds after which no earlier week is begun, so that a slow machine still answers in time


class TooLong(VitalfewError):
    """Looking at the data took longer than somebody waits."""

    def __init__(self) -> None:
        super().__init__(
            f"measuring took more than {LONGEST} seconds and was stopped",
            hint="it can be saved all the same: a run takes the time it needs",
        )


def look(row: Workspace, definitions: Definitions, metric: str) -> dict[str, Any]:
    """Measure one metric on the data, as `vitalfew.pipeline.preview` tells it.

    Args:
        row: the workspace.
        definitions: as they would be with the metric, saved or not.
        metric: its key.

    Raises:
        TooLong: it was stopped.
        VitalfewError: the data do not fit the definition.
    """
    return _asked(row, definitions, "look", {"metric": metric, "seconds": _PAST})


def columns(row: Workspace) -> tuple[dict[str, Any], ...]:
    """What the sources of a workspace hold: columns with types, names of events; nothing where that takes too long."""
    found = loaded(row).workspace.definitions
    sources = {key: source.model_dump(mode="json") for key, source in found.sources.items()}
    told = f"{row.pk} {row.stamp} {found.data.model_dump(mode='json')} {sources}"
    name = f"columns-{hashlib.sha256(told.encode()).hexdigest()}"
    known: tuple[dict[str, Any], ...] | None = cache.get(name)
    if known is None:
        try:
            known = tuple(_asked(row, found, "columns", {})["sources"])
        except VitalfewError:
            return ()
        cache.set(name, known, _FRESH)
    return known


def _asked(row: Workspace, definitions: Definitions, work: str, arguments: dict[str, Any]) -> dict[str, Any]:
    found = loaded(row)
    order = Order(work, row.folder, Snapshot(definitions, ActLog(), Recorded()), arguments)
    reads = data_of(found.workspace) if {"data", "sources"} & found.folder_kinds else ()
    bounds = Bounds(_MEMORY, LONGEST, _FILE, (row.folder, *reads), ())
    outcome = watched(order, bounds, lambda *_: None, lambda: False)
    if outcome.result is not None:
        return outcome.result
    if outcome.error and outcome.detail != "late":
        raise VitalfewError(outcome.error)
    log.info("a look at data ended: %s", outcome.detail, extra={"workspace": row.key})
    raise TooLong
