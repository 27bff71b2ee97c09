"""Looking at data while somebody waits: in a process of its own, which is killed when it takes too long."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache

from vitalfew.errors import VitalfewError
from vitalfew.server.core.queries.acts import locks
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.data_places import data_of
from vitalfew.server.core.working.order import Bounds, Order, Snapshot
from vitalfew.server.core.working.watch import watched
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.hashing import definitions_hash
from vitalfew.workspace.heads import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vitalfew.pipeline.planning import TestPlan
    from vitalfew.server.core.models import Workspace
    from vitalfew.warehouse.queries import SourceQuery

log = logging.getLogger(__name__)

LONGEST = 10
"""Seconds until a look is given up."""
_PLANNED = 40
"""The same for a plan, which looks at all that an experiment measures."""
_MEMORY = 2 << 30
_FILE = 1 << 30
FRESH = 300
"""Seconds for which columns and plans are remembered."""
_PAST = 2.0  # seconds after which no earlier week is begun, so that a slow machine still answers in time


_free = BoundedSemaphore(4)
"""Places for looks at once in this process: each may take memory and a processor for as long as it lasts."""


class TooLong(VitalfewError):
    """Looking at the data took longer than somebody waits."""

    def __init__(self, seconds: int = LONGEST) -> None:
        super().__init__(
            f"measuring took more than {seconds} seconds and was stopped",
            hint="a definition can be saved all the same: a run takes the time it needs",
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
        cache.set(name, known, FRESH)
    return known


def held(row: Workspace, tables: Iterable[str], *, recognise: bool = False) -> dict[str, dict[str, Any]]:
    """What tables hold, as `vitalfew.pipeline.held` tells it, by their name; a table that takes too long says so."""
    found = loaded(row).workspace
    base = Path(row.folder) / found.definitions.data.path
    # The smallest come first, so that one large table leaves time for all others.
    asked_of = _queries(found.definitions)
    states = sorted((_state(base, one, asked_of.get(one)) for one in set(tables)), key=lambda one: (one[1], one[0]))
    wanted = [table for table, *_ in states]
    told = f"{row.pk} {found.definitions.data.model_dump(mode='json')} {recognise} {states}"
    name = f"held-{hashlib.sha256(told.encode()).hexdigest()}"
    known: dict[str, dict[str, Any]] | None = cache.get(name)
    if known is not None or not wanted:
        return known or {}
    arguments = {"tables": wanted, "seconds": _PAST, "recognise": recognise}
    try:
        asked = _asked(row, found.definitions, "held", arguments)["tables"]
    except VitalfewError as error:
        reason = str(error).replace(f"{row.folder}/", "")  # which folder of the machine it is, is nobody's matter here
        return {table: {"table": table, "types": {}, "values": {}, "reason": reason} for table in wanted}
    known = {one["table"]: one for one in asked}
    if all(one["rows"] is not None or one["reason"] for one in asked):
        cache.set(name, known, FRESH)
    return known


def _queries(definitions: Definitions) -> Mapping[str, SourceQuery]:
    """The queries among the tables; what is wrong with one is told by who reads it."""
    if all(source.sql is None for source in definitions.sources.values()):
        return {}
    from vitalfew.warehouse.queries import queries_of

    try:
        return queries_of(definitions)
    except VitalfewError:
        return {}


def _state(base: Path, table: str, query: SourceQuery | None) -> tuple[str, int, int, str]:
    """What tells that a file, or what a query reads, is no longer what was looked at."""
    size, changed = 0, 0
    for one in (table,) if query is None else query.tables:
        try:
            stat = (base / one).stat()
        except OSError:
            continue
        size, changed = size + stat.st_size, max(changed, stat.st_mtime_ns)
    return table, size, changed, "" if query is None else query.text


def plan(
    row: Workspace, experiment: str, wishes: Mapping[str, Any], look: Callable[[], object] | None = None
) -> TestPlan:
    """What an experiment could find in how many weeks, from the workspace's own history; see `vitalfew.plan`.

    Args:
        row: the workspace.
        experiment: its key.
        wishes: what the plan is asked for.
        look: of work that nobody waits for: called a few times a second; what it raises ends it.

    Raises:
        TooLong: it was stopped.
        VitalfewError: the data do not fit, or it cannot be planned.
    """
    kept = kept_plan(row, experiment, wishes)
    if kept is not None:
        return kept
    definitions = loaded(row).workspace.definitions
    arguments = {"experiment": experiment, "wishes": dict(wishes)}
    seconds = _PLANNED if look is None else settings.CONFIG.job_minutes * 60
    found = _asked(row, definitions, "plan", arguments, locks(row), seconds, look)["plan"]
    cache.set(plan_name(row, experiment, wishes), found, FRESH)
    return _plan_from(found, definitions)


def kept_plan(row: Workspace, experiment: str, wishes: Mapping[str, Any]) -> TestPlan | None:
    """The same where it was worked out a short while ago, and nothing has changed in the workspace since."""
    known: dict[str, Any] | None = cache.get(plan_name(row, experiment, wishes))
    return None if known is None else _plan_from(known, loaded(row).workspace.definitions)


def plan_name(row: Workspace, experiment: str, wishes: Mapping[str, Any]) -> str:
    """The name under which a plan is kept: another one once the workspace has changed."""
    defined = definitions_hash(loaded(row).workspace.definitions, Definitions.model_fields)
    told = f"{row.pk} {row.stamp} {row.last_run} {defined} {experiment} {sorted(wishes.items())}"
    return f"plan-{hashlib.sha256(told.encode()).hexdigest()}"


def _plan_from(known: Mapping[str, Any], definitions: Definitions) -> TestPlan:
    from vitalfew.evidence.planning import ExperimentPlan
    from vitalfew.pipeline.planning import TestPlan
    from vitalfew.results.codec import from_plain

    return TestPlan(from_plain(ExperimentPlan, known), definitions)


def _asked(
    row: Workspace,
    definitions: Definitions,
    work: str,
    arguments: dict[str, Any],
    acts: ActLog | None = None,
    seconds: int = LONGEST,
    look: Callable[[], object] | None = None,
) -> dict[str, Any]:
    found = loaded(row)
    order = Order(work, row.folder, Snapshot(definitions, acts or ActLog(), Recorded()), arguments)
    reads = data_of(found.workspace) if {"data", "sources"} & found.folder_kinds else ()
    bounds = Bounds(
        _MEMORY, seconds, _FILE, (row.folder, *reads, *map(str, settings.CONFIG.data)), (), settings.CONFIG.require_jail
    )
    if not _free.acquire(timeout=seconds):
        raise TooLong(seconds)
    try:
        outcome = watched(order, bounds, lambda *_: None, lambda: bool(look and look()))
    finally:
        _free.release()
    if outcome.result is not None:
        return outcome.result
    if outcome.error and outcome.detail != "late":
        raise VitalfewError(outcome.error)
    log.info("a look at data ended: %s", outcome.detail, extra={"workspace": row.key})
    raise TooLong(seconds)
