"""Operations about value sessions, for facilitators. What raters answer is an act of the log (`/acts/judgements`)."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime  # noqa: TC003 - a field of what the API answers
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from django.http import Http404, HttpResponse
from django.urls import reverse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import RESTING, has_already, resting, tag_of_content, tagged
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.queries import sessions as queries
from vitalfew.server.value.queries.reveal import reveal
from vitalfew.server.value.services import sessions as services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.server.value.queries.sessions import SessionView
    from vitalfew.server.value.services.sessions import Invited

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
    parked: dict[str, str]
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


class SeatOut(Schema):
    """Somebody in a session, never what they answered; `joined` only where the session shows who has come."""

    id: int
    name: str
    group: str
    joined: bool | None


class SessionMade(Schema):
    """A session that was opened."""

    key: str
    invited: list[InvitedOut]


class RatersIn(Schema):
    """More people to invite."""

    people: Annotated[list[InvitedIn], Field(min_length=1, max_length=services.MOST_PEOPLE)]


class FactorIn(Schema):
    """Whether a factor is weighed; if not, why it is left out."""

    weighed: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class WeighedOut(Schema):
    """How a group weighs one factor: weight with its 80 % interval, spread, members' weights from five people up."""

    factor: str
    weight: float
    low: float | None
    high: float | None
    spread: float | None
    members: list[float]


class RevealOut(Schema):
    """What a session found: what people are farthest apart on first; `flips`: lines that hang on whom one asks."""

    people: int
    factors: list[WeighedOut]
    camps: list[str]
    flips: list[str] | None
    notes: list[str]


class SettingsIn(Schema):
    """What is changed of a session; `timer_minutes` 0 stops the timer, `new_door` makes the common link void.

    `shows_names` is chosen when a session is opened; false switches it off for good.
    """

    seats: Annotated[int, Field(ge=0, le=services.MOST_PEOPLE)] | None = None
    new_door: bool = False
    timer_minutes: Annotated[int, Field(ge=0, le=600)] | None = None
    shows_names: bool | None = None


class StepIn(Schema):
    """The step to go to."""

    to: Literal["frame", "measure", "prune", "weigh", "reveal", "again", "sign_off", "closed"]


class MinutesIn(Schema):
    """What was said about a factor."""

    text: Annotated[str, Field(max_length=services.LONGEST_MINUTES)]


@router.get("/sessions", response={200: Page[SessionOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_sessions(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SessionView]:
    """All value sessions, newest first."""
    rows = queries.sessions(request.place.workspace, limit + 1, decoded(cursor))
    return page_by(rows, limit, cursor, newest=True)


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
    return Status(201, SessionMade(key=key, invited=list(map(_link, invited))))


@router.get("/sessions/{key}", response={200: SessionOut, 304: None, **PROBLEMS}, auth=needs(Ability.READ))
def read_session(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
) -> Status[None] | SessionOut:
    """One session: its step and who has answered, as counts; a change rests on the `ETag`."""
    found = _out(request, key)
    return Status(304, None) if has_already(request, response, tag_of_content(found)) else found


@router.post(
    "/sessions/{key}/step",
    response={200: SessionOut, **PROBLEMS},
    auth=needs(Ability.FACILITATE),
    openapi_extra=RESTING,
)
def advance(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    asked: StepIn,
) -> SessionOut:
    """Go to another step; what was revealed stays revealed."""
    with _resting(request, key, asked) as pk:
        services.advance(pk, asked.to, request.asker)
    return tagged(response, _out(request, key))


@router.patch(
    "/sessions/{key}", response={200: SessionOut, **PROBLEMS}, auth=needs(Ability.FACILITATE), openapi_extra=RESTING
)
def set_session(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    wanted: SettingsIn,
) -> SessionOut:
    """Change the seats of the common link or the timer, or no longer show the facilitator who has answered."""
    with _resting(request, key, wanted) as pk:
        if wanted.seats is not None:
            services.set_seats(pk, wanted.seats, new_door=wanted.new_door)
        if wanted.timer_minutes is not None:
            services.set_timer(pk, wanted.timer_minutes)
        if wanted.shows_names is not None:
            services.show_names(pk, shown=wanted.shows_names)
    return tagged(response, _out(request, key))


@router.get("/sessions/{key}/reveal", response={200: RevealOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_reveal(request: ApiRequest, workspace: Path[str], key: str) -> RevealOut:  # noqa: ARG001 - read by the guard
    """What a session found, once it is revealed; never about one person."""
    view = _held(request, key)
    if view.revealed_n is None:
        raise Http404("nothing of this session is revealed yet")
    row = request.place.workspace
    found = reveal(row, view, open_run(row)).now
    return RevealOut(
        people=found.people,
        factors=[
            WeighedOut(factor=strip.factor, weight=strip.weight.mean, low=strip.weight.low, high=strip.weight.high,
                       spread=strip.spread, members=list(strip.dots))
            for strip in found.strips
        ],
        camps=list(found.camps),
        flips=None if found.flips is None else [flip.line for flip in found.flips],
        notes=list(found.notes),
    )  # fmt: skip


@router.get("/sessions/{key}/people", response={200: Page[SeatOut], **PROBLEMS}, auth=needs(Ability.FACILITATE))
def list_seats(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SeatOut]:
    """Who takes part, never what anybody answered."""
    view = _held(request, key)
    found = (
        SeatOut(id=seat.id, name=seat.name, group=seat.group, joined=seat.joined if view.shows_names else None)
        for seat in view.seats
    )
    return page_by(found, limit, cursor)


@router.post("/sessions/{key}/people", response={201: list[InvitedOut], **PROBLEMS}, auth=needs(Ability.FACILITATE))
def invite_raters(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    wanted: RatersIn,
) -> Status[list[InvitedOut]]:
    """Invite more people, each by a link of their own, shown once."""
    people = [(person.name, person.group) for person in wanted.people]
    return Status(201, list(map(_link, services.invite(_held(request, key).id, people, request.asker))))


@router.post(
    "/sessions/{key}/people/{seat}/link", response={201: InvitedOut, **PROBLEMS}, auth=needs(Ability.FACILITATE)
)
def renew_rater_link(request: ApiRequest, workspace: Path[str], key: str, seat: int) -> Status[InvitedOut]:  # noqa: ARG001 - read by the guard
    """A new link for somebody whose first one is lost; whoever held that is shut out."""
    return Status(201, _link(services.new_link(_seated(request, key, seat), seat, request.asker)))


@router.delete(
    "/sessions/{key}/people/{seat}",
    response={204: None, **PROBLEMS},
    auth=needs(Ability.FACILITATE),
    openapi_extra=RESTING,
)
def leave_out(request: ApiRequest, workspace: Path[str], key: str, seat: int) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Take somebody out who has not judged yet, resting on the version of the session."""
    _seated(request, key, seat)
    with _resting(request, key) as pk:
        services.leave_out(pk, seat)
    return Status(204, None)


@router.put(
    "/sessions/{key}/factors/{factor}",
    response={200: SessionOut, **PROBLEMS},
    auth=needs(Ability.FACILITATE),
    openapi_extra=RESTING,
)
def weigh_factor(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    factor: str,
    wanted: FactorIn,
) -> SessionOut:
    """Park a factor with the reason, or take one in, as long as nobody weighs."""
    if factor not in loaded(request.place.workspace).workspace.definitions.factors:
        raise Http404("there is no such factor")
    with _resting(request, key, wanted) as pk:
        if wanted.weighed:
            services.take_in(pk, factor)
        else:
            services.park(pk, factor, wanted.reason)
    return tagged(response, _out(request, key))


@router.put(
    "/sessions/{key}/minutes/{factor}",
    response={200: SessionOut, **PROBLEMS},
    auth=needs(Ability.FACILITATE),
    openapi_extra=RESTING,
)
def write_minutes(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    key: str,
    factor: str,
    said: MinutesIn,
) -> SessionOut:
    """Write the minutes of a factor."""
    if factor not in _held(request, key).factors:
        raise Http404("there is no such factor in this session")
    with _resting(request, key, said) as pk:
        services.write_minutes(pk, factor, said.text)
    return tagged(response, _out(request, key))


def _held(request: ApiRequest, key: str) -> SessionView:
    found = queries.session(request.place.workspace, key)
    if found is None:
        raise Http404("there is no such session")
    return found


def _seated(request: ApiRequest, key: str, seat: int) -> int:
    """The session in which somebody has a seat."""
    view = _held(request, key)
    if all(one.id != seat for one in view.seats):
        raise Http404("there is nobody with this number in the session")
    return view.id


def _link(one: Invited) -> InvitedOut:
    return InvitedOut(name=one.name, path=reverse("rate-link", kwargs={"secret": one.secret}))


def _out(request: ApiRequest, key: str) -> SessionOut:
    return SessionOut.from_orm(_held(request, key))


@contextmanager
def _resting(request: ApiRequest, key: str, ours: Schema | None = None) -> Iterator[int]:
    """A change of a session that rests on what was read of it."""
    pk = _held(request, key).id
    with resting(request, partial(services.hold, pk), lambda: _out(request, key), ours):
        yield pk
