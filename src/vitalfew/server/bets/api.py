"""Operations about bets: forecast, lock, rank by other weights, plan an experiment, dismiss a finding."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import Http404
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.errors import UsageError
from vitalfew.server.bets.queries.what_if import Asked, rankings
from vitalfew.server.bets.services import promising
from vitalfew.server.core.api.acts import ActOut, done
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import dismissals
from vitalfew.server.core.services.looks import plan

router = Router(tags=["bets"])
type Weight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class WhatIf(Schema):
    """Other weights of some factors, as shares of the whole; another budget; `preview`: by 2,000 draws, quickly."""

    weights: dict[str, Weight] = Field(default_factory=dict)
    budget: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    preview: bool = False
    run: str | None = None


class RankedOut(Schema):
    """Candidates in order, ranked by what was asked: as `vitalfew rank --json` prints them."""

    run: str
    preview: bool
    ranking: dict[str, Any]


class Wishes(Schema):
    """What a plan may be asked for; what is left out comes from the experiment's own plan."""

    weeks: Annotated[int, Field(ge=1, le=520)] | None = None
    smallest_effect: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    power: Annotated[float, Field(gt=0, lt=1)] | None = None
    alpha: Annotated[float, Field(gt=0, lt=1)] | None = None
    mode: Literal["always_valid", "fixed", "group_sequential", "bayesian"] | None = None
    units_per_week: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None


class PlanOut(Schema):
    """What an experiment can find in how many weeks: as `vitalfew plan --json` prints it."""

    experiment: str
    plan: dict[str, Any]


class ForecastIn(Schema):
    """The effect a hypothesis asks for, given that there is one, in the metric's unit; and P(no effect)."""

    hypothesis: str
    p10: float
    p50: float
    p90: float
    p_zero: float = 0.0


class LockIn(Schema):
    """Either the promise of a hypothesis or the plan of an experiment."""

    hypothesis: str | None = None
    experiment: str | None = None


class DismissalIn(Schema):
    """A finding of a check, and why it is no matter."""

    check: Annotated[str, Field(min_length=1, max_length=60)]
    subject: Annotated[str, Field(max_length=120)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=dismissals.LONGEST)]


class DismissalOut(Schema):
    """The number of a dismissal, by which it can be taken back."""

    id: int


@router.post("/rank", response={200: RankedOut, **PROBLEMS}, auth=needs(Ability.READ))
def rank(request: ApiRequest, workspace: Path[str], asked: WhatIf) -> RankedOut:  # noqa: ARG001 - read by the guard
    """Rank the candidates of a run by other weights or another budget; nothing is stored."""
    run = open_run(request.place.workspace, asked.run)
    if run is None:
        raise Http404("there is no such run")
    if run.tables.candidates == ():
        return RankedOut(run=run.info.id, preview=False, ranking={"lines": []})
    wanted = Asked(tuple(asked.weights.items()), asked.budget)
    _, found = rankings(request.place.workspace, run, wanted, preview=asked.preview)
    return RankedOut(run=run.info.id, preview=found.preview, ranking=found.to_dict())


@router.post("/experiments/{key}/plan", response={200: PlanOut, **PROBLEMS}, auth=needs(Ability.READ))
def plan_experiment(request: ApiRequest, workspace: Path[str], key: str, wishes: Wishes) -> PlanOut:  # noqa: ARG001 - read by the guard
    """What an experiment could find in how many weeks, from the workspace's own history."""
    whole = loaded(request.place.workspace).workspace
    if key not in whole.definitions.experiments:
        raise Http404("there is no such experiment")
    found = plan(request.place.workspace, key, wishes.model_dump(exclude_none=True))
    return PlanOut(experiment=key, plan=found.to_dict())


@router.post("/acts/forecasts", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.RATE))
def forecast(request: ApiRequest, workspace: Path[str], said: ForecastIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Forecast blind; the latest forecast of a person before the lock counts."""
    numbers = said.model_dump(exclude={"hypothesis"})
    return done(promising.forecast(request.place, said.hypothesis, numbers), numbers)


@router.post("/acts/locks", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.BET))
def lock(request: ApiRequest, workspace: Path[str], what: LockIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Lock the promise of a hypothesis, or the plan of an experiment. It never changes afterwards."""
    if (what.hypothesis is None) == (what.experiment is None):
        raise UsageError("name either a hypothesis or an experiment")
    if what.hypothesis is not None:
        return done(promising.lock(request.place, what.hypothesis), None)
    return done(promising.lock_plan(request.place, str(what.experiment)), None)


@router.post("/checks/dismissals", response={201: DismissalOut, **PROBLEMS}, auth=needs(Ability.BET))
def dismiss(request: ApiRequest, workspace: Path[str], said: DismissalIn) -> Status[DismissalOut]:  # noqa: ARG001 - read by the guard
    """Dismiss a finding with a reason; a second time replaces the reason."""
    place = request.place
    made = dismissals.dismiss(place.workspace, said.check, said.subject, said.reason, by=request.asker)
    return Status(201, DismissalOut(id=made))


@router.delete("/checks/dismissals/{number}", response={204: None, **PROBLEMS}, auth=needs(Ability.BET))
def bring_back(request: ApiRequest, workspace: Path[str], number: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Let a dismissed finding be shown again."""
    if number >= 2**63 or not dismissals.bring_back(request.place.workspace, number, by=request.asker):
        raise Http404("there is no such dismissal")
    return Status(204, None)
