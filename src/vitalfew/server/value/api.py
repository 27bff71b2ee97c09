"""Operations about value sessions, for facilitators. What raters answer is an act of the log (`/acts/judgements`)."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import TYPE_CHECKING, Annotated, Literal

from django.http import Http404
from django.urls import reverse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.queries import sessions as queries
from vitalfew.server.value.services import sessions as services

if TYPE_CHECKING:
    from vitalfew.server.value.queries.sessions import SessionView

router = Router(tags=["sessions"])
LONGEST = 120
type Short = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class SessionOut(Schema):
    """A value session: where it stands, who has answered as counts, its minutes."""

    key: str
    title: str
    step: str
    factors: list[str]
    people: int
    joined: int
    ready: int
    signed: int
    minutes: dict[str, str]
    version: int
    opened_at: datetime
    closed_at: datetime | None


class InvitedIn(Schema):
    """Somebody to invite: a name for the facilitator's list, and the group they speak for."""

    name: Short
    group: Annotated[str, Field(max_length=LONGEST)] = ""


class SessionIn(Schema):
    """A session to open: all factors of the value model unless some are named; personal links for `people`."""

    title: Short
    factors: Annotated[list[Short], Field(max_length=10)] | None = None
    people: Annotated[list[InvitedIn], Field(max_length=services.MOST_PEOPLE)] = Field(default_factory=list)
    seats: Annotated[int, Field(ge=0, le=services.MOST_PEOPLE)] = 0
    shows_names: bool = False


class InvitedOut(Schema):
    """Somebody invited, with the path of their link, shown once."""

    name: str
    path: str


class SessionMade(Schema):
    """A session that was opened."""

    key: str
    invited: list[InvitedOut]


class StepIn(Schema):
    """The step to go to."""

    to: Literal["frame", "measure", "prune", "weigh", "reveal", "again", "sign_off", "closed"]


class MinutesIn(Schema):
    """What was said about a factor."""

    text: Annotated[str, Field(max_length=services.LONGEST_MINUTES)]


@router.get("/sessions", response={200: list[SessionOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_sessions(request: ApiRequest, workspace: Path[str]) -> list[SessionOut]:  # noqa: ARG001 - read by the guard
    """All value sessions, newest first."""
    return [_out(view) for view in queries.sessions(request.place.workspace)]


@router.post("/sessions", response={201: SessionMade, **PROBLEMS}, auth=needs(Ability.FACILITATE))
def open_session(request: ApiRequest, workspace: Path[str], asked: SessionIn) -> Status[SessionMade]:  # noqa: ARG001 - read by the guard
    """Open a session; the answer holds the personal links, once."""
    place = request.place
    known = loaded(place.workspace).workspace.definitions.factors
    factors = tuple(known) if asked.factors is None else tuple(dict.fromkeys(asked.factors))
    for factor in factors:
        if factor not in known:
            raise Http404(f"there is no factor '{factor[:40]}'")
    people = tuple((person.name, person.group) for person in asked.people)
    plan = services.Plan(asked.title, factors, (), people, asked.seats, asked.shows_names)
    key, invited = services.open_session(place.workspace, plan, request.asker)
    links = [InvitedOut(name=one.name, path=reverse("rate-link", kwargs={"secret": one.secret})) for one in invited]
    return Status(201, SessionMade(key=key, invited=links))


@router.get("/sessions/{key}", response={200: SessionOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_session(request: ApiRequest, workspace: Path[str], key: str) -> SessionOut:  # noqa: ARG001 - read by the guard
    """One session: its step and who has answered, as counts."""
    return _out(_held(request, key))


@router.post("/sessions/{key}/step", response={200: SessionOut, **PROBLEMS}, auth=needs(Ability.FACILITATE))
def advance(request: ApiRequest, workspace: Path[str], key: str, asked: StepIn) -> SessionOut:  # noqa: ARG001 - read by the guard
    """Go to another step; what was revealed stays revealed."""
    services.advance(_held(request, key).id, asked.to, request.asker)
    return _out(_held(request, key))


@router.put("/sessions/{key}/minutes/{factor}", response={200: SessionOut, **PROBLEMS}, auth=needs(Ability.FACILITATE))
def write_minutes(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    factor: str,
    said: MinutesIn,
) -> SessionOut:
    """Write the minutes of a factor."""
    view = _held(request, key)
    if factor not in view.factors:
        raise Http404("there is no such factor in this session")
    services.write_minutes(view.id, factor, said.text)
    return _out(_held(request, key))


def _held(request: ApiRequest, key: str) -> SessionView:
    found = queries.session(request.place.workspace, key)
    if found is None:
        raise Http404("there is no such session")
    return found


def _out(view: SessionView) -> SessionOut:
    return SessionOut.model_validate(view, from_attributes=True)
