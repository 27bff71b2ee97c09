"""When experiments met their first unit, by the newest run that is kept: nothing is computed anew."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError
from vitalfew.results.store import Store, stage_info

if TYPE_CHECKING:
    from vitalfew.workspace.workspace import Workspace


def first_exposures(ws: Workspace) -> dict[str, date]:
    """Day of the first exposure by experiment; empty before the first run, or when it knew no times."""
    if ws.root is None:
        return {}
    store = Store(ws.root)
    found: dict[str, date] = {}
    try:
        run_id = max(store.ids(), default=None)
        infos = [] if run_id is None else [stage_info(record) for record in store.manifest(run_id)["run"]["stages"]]
        for info in infos:
            rows = store.output(str(run_id), info).get("arrivals", ()) if "arrivals" in info.tables else ()
            for row in rows:
                day = date.fromisoformat(row.day)
                found[row.experiment] = min(day, found.get(row.experiment, day))
    except (VitalfewError, LookupError, TypeError, ValueError):
        return {}
    return found
