"""Experiments, releases and needs by form: what their forms know of the data, and what stands beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.http import urlencode

from vitalfew.server.bets.evidence_forms import ExperimentForm, NeedForm, ReleaseForm
from vitalfew.server.core.queries.acts import locks
from vitalfew.server.core.services.looks import held
from vitalfew.server.core.views.defining import First, Kind
from vitalfew.workspace.definitions import ExposureSource, SeriesSource, UnitSource
from vitalfew.workspace.plan_locks import is_plan_lock

if TYPE_CHECKING:
    from vitalfew.pipeline.planning import TestPlan
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

NO_DATA = First("There are no data yet that say who got which arm.", "new-source", "Add data")
_PARTS = {"primary": "primary", "secondary": "secondary", "guardrail": "guardrails"}
LOCKED = "The plan is locked: it stays as it was, and only what is around it can be changed here."


def _assignments(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    """What the tables of units and exposures hold, by source; whether the plan is locked."""
    sources = definitions.sources.items()
    named = {name: one.table for name, one in sources if isinstance(one, UnitSource | ExposureSource)}
    told = held(request.place.workspace, named.values(), recognise=True)
    return {"held": {name: told.get(table, {}) for name, table in named.items()}, "locked": _is_locked(request, key)}


def _is_locked(request: Request, key: str | None) -> bool:
    return any(is_plan_lock(act) and act.about == key for act in locks(request.place.workspace).acts)


def _beside_experiment(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    if all(isinstance(one, SeriesSource) for one in definitions.sources.values()):
        return {"first": NO_DATA}
    return {"note": LOCKED if _is_locked(request, key) else ""}


def keep_plan(request: Request, key: str, found: TestPlan) -> str:
    """The address of the form of an experiment with what a plan came to in it."""
    plan = found.plan
    needed = [
        mode.units for one in plan.metrics for mode in one.modes.values() if mode.mode == plan.mode and mode.units
    ]
    said: dict[str, Any] = {f"plan__{part}": [] for part in _PARTS.values()}
    for one in plan.metrics:
        said[f"plan__{_PARTS[one.part]}"].append(one.metric)
    said |= {"plan__mode": plan.mode, "plan__power": plan.power, "plan__alpha": plan.alpha}
    if needed:
        said["plan__units"] = max(needed)
    if request.GET.get("smallest_effect"):
        said["plan__smallest_effect"] = request.GET["smallest_effect"]
    address = reverse("edit-experiment", kwargs={"workspace": request.place.workspace.key, "key": key})
    return f"{address}?{urlencode(said, doseq=True)}"


EXPERIMENTS = Kind(
    ExperimentForm,
    "experiments",
    "Who is compared with whom, and which metric decides: said before the start.",
    known=_assignments,
    beside=_beside_experiment,
)
RELEASES = Kind(
    ReleaseForm,
    "releases",
    "What came when; what changed after it is held against days without a release.",
    known=_assignments,
)
NEEDS = Kind(NeedForm, "needs", "Whose need it is, how its causes are known, and what it does to the business.")
