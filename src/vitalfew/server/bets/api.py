"""Operations about bets: forecast, lock, rank by other weights, plan an experiment, dismiss a finding."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import Http404
from django.urls import reverse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.errors import UsageError
from vitalfew.judgement import recording
from vitalfew.server.bets.queries.standing import Stage  # noqa: TC001 - a field of what the API takes
from vitalfew.server.bets.queries.week import signed, week
from vitalfew.server.bets.queries.what_if import Asked, rankings
from vitalfew.server.bets.services import bets, promising
from vitalfew.server.bets.services.feature_bets import What, bet_on
from vitalfew.server.core.api.acts import ActOut, done
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, page_by
from vitalfew.server.core.api.people import AskIn, PersonalLink
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import RESTING, rests_on
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.dismissals import dismissed
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import dismissals
from vitalfew.server.core.services.looks import plan
from vitalfew.workspace.cited import cited

if TYPE_CHECKING:
    from vitalfew.server.core.queries.dismissals import Dismissed

router = Router(tags=["bets"])
type Weight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class WhatIf(Schema):
    """Other weights of some factors, as shares of the whole; another budget; `preview`: by 2,000 draws, quickly.

    `any_weights`: over all weights there could be, whatever `weights` says.
    """

    weights: dict[str, Weight] = Field(default_factory=dict)
    any_weights: bool = False
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
    """The effect a hypothesis asks for, given that there is one, in the metric's unit; and P(no effect).

    `evidence`: what the forecast rests on, at most ten web addresses and keys of experiments, releases, metrics, links,
    needs, initiatives and features.
    """

    hypothesis: str
    p10: float
    p50: float
    p90: float
    p_zero: float = 0.0
    evidence: list[str] = Field(default_factory=list)


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


class DismissedOut(DismissalOut):
    """A finding that was dismissed: by whom, when and why."""

    check_id: str
    subject: str
    reason: str
    by: str
    at: datetime


class MoveIn(Schema):
    """The column of the board to go to."""

    to: Stage | Literal["dropped"]


class MovedOut(Schema):
    """Where a bet stands now; `version` of its definition."""

    initiative: str
    to: str
    version: int


class FeatureBetIn(Schema):
    """What somebody wants to do about a feature."""

    what: What


class BetMade(Schema):
    """A bet that was made, an idea still."""

    initiative: str
    version: int


class TaskOut(Schema):
    """One line of the week: what it is about, a sentence, the action as a verb, and where it is done."""

    title: str
    sentence: str
    verb: str
    page: str
    key: str


class TasksOut(Schema):
    """One list of the week; `more`: how many it does not show."""

    name: str
    tasks: list[TaskOut]
    more: int


@router.post("/rank", response={200: RankedOut, **PROBLEMS}, auth=needs(Ability.READ))
def rank(request: ApiRequest, workspace: Path[str], asked: WhatIf) -> RankedOut:  # noqa: ARG001 - read by the guard
    """Rank the candidates of a run by other weights or another budget; nothing is stored."""
    run = open_run(request.place.workspace, asked.run)
    if run is None:
        raise Http404("there is no such run")
    if run.tables.candidates == ():
        return RankedOut(run=run.info.id, preview=False, ranking={"lines": []})
    wanted = Asked(tuple(asked.weights.items()), asked.budget, any_weights=asked.any_weights)
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
    numbers = said.model_dump(exclude={"hypothesis", "evidence"})
    named = cited(said.evidence, loaded(request.place.workspace).workspace.definitions)
    act = promising.forecast(request.place, said.hypothesis, numbers, named)
    return done(act, recording.forecast_body(numbers, named))


@router.post("/acts/locks", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.BET))
def lock(request: ApiRequest, workspace: Path[str], what: LockIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Lock the promise of a hypothesis, or the plan of an experiment. It never changes afterwards."""
    if (what.hypothesis is None) == (what.experiment is None):
        raise UsageError("name either a hypothesis or an experiment")
    if what.hypothesis is not None:
        return done(promising.lock(request.place, what.hypothesis), None)
    return done(promising.lock_plan(request.place, str(what.experiment)), None)


@router.post("/hypotheses/{key}/links", response={201: list[PersonalLink], **PROBLEMS}, auth=needs(Ability.BET))
def ask_for_forecasts(request: ApiRequest, workspace: Path[str], key: str, wanted: AskIn) -> Status[list[PersonalLink]]:  # noqa: ARG001 - read by the guard
    """Make a personal link to one blind forecast for each of some people; no account is needed."""
    made = promising.ask(request.place, key, list(dict.fromkeys(wanted.people)))
    links = [PersonalLink(name=name, path=reverse("forecast-link", kwargs={"secret": secret})) for name, secret in made]
    return Status(201, links)


@router.post(
    "/initiatives/{key}/move", response={200: MovedOut, **PROBLEMS}, auth=needs(Ability.BET), openapi_extra=RESTING
)
def move_bet(request: ApiRequest, workspace: Path[str], key: str, wanted: MoveIn) -> MovedOut:  # noqa: ARG001 - read by the guard
    """Move a bet on the board, resting (`If-Match`) on its version; the gates of the board hold here, too."""
    moved = bets.move(request.place, key, wanted.to, rests_on(request))
    return MovedOut(initiative=key, to=wanted.to, version=moved.saved.version)


@router.post("/features/{key}/bets", response={201: BetMade, **PROBLEMS}, auth=needs(Ability.BET))
def bet_on_feature(request: ApiRequest, workspace: Path[str], key: str, wanted: FeatureBetIn) -> Status[BetMade]:  # noqa: ARG001 - read by the guard
    """Make a bet about a feature: remove it, fix it, or show that it earns its keep."""
    if key not in loaded(request.place.workspace).workspace.definitions.features:
        raise Http404("there is no such feature")
    saved = bet_on(request.place, key, wanted.what)
    return Status(201, BetMade(initiative=saved.key, version=saved.version))


@router.get("/week", response={200: list[TasksOut], **PROBLEMS}, auth=needs(Ability.READ))
def read_week(request: ApiRequest, workspace: Path[str]) -> list[TasksOut]:  # noqa: ARG001 - read by the guard
    """What waits for whoever asks: at most five lists, none longer than seven."""
    place = request.place
    defined = loaded(place.workspace).workspace.definitions
    found = week(place, open_run(place.workspace), defined, signed(place, defined))
    return [TasksOut.model_validate(one, from_attributes=True) for one in found]


@router.get("/checks/dismissals", response={200: Page[DismissedOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_dismissals(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Dismissed]:
    """Findings that were dismissed, with the reasons."""
    return page_by(dismissed(request.place.workspace).values(), limit, cursor)


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
