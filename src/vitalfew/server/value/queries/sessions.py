"""Value sessions as pages read them. Nothing here holds what one person answered, but for that person."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from vitalfew.server.core.finders import Entry
from vitalfew.server.core.queries.slices import newest
from vitalfew.server.value.models import Participant, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.rows import Workspace

STEPS = (
    ("frame", "Frame", "What are we deciding, and for whom?"),
    ("measure", "Measure", "Does each factor have a metric and a range we believe?"),
    ("prune", "Prune", "Which factors can be parked?"),
    ("weigh", "Weigh", "Everybody weighs alone, blind."),
    ("reveal", "Reveal", "Where are we apart, and does it matter?"),
    ("again", "Again", "After talking, everybody weighs once more."),
    ("sign_off", "Sign off", "Can we live with this until the next session?"),
)
"""The steps of a session: key, title, and the question of each."""
RATING = ("weigh", "again")
REVEALED = ("reveal", "again", "sign_off", "closed")
ENTRY = "vitalfew.session.entry"
_DOOR = "vitalfew.session.door"
_DOOR_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in a session as the facilitator sees them: never what they answered."""

    id: int
    name: str
    group: str
    joined: bool
    ready: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as pages show it; `seats` by person, `ready` of those who take part in this round."""

    id: int
    key: str
    title: str
    step: str
    factors: tuple[str, ...]
    parked: Mapping[str, str]
    groups: tuple[str, ...]
    minutes: Mapping[str, str]
    shows_names: bool
    open_seats: int
    ends_at: datetime | None
    version: int
    begun_n: int
    revealed_n: int | None
    again_n: int | None
    signed_n: int | None
    opened_at: datetime
    closed_at: datetime | None
    seats: tuple[Seat, ...]

    @property
    def joined(self) -> int:
        """How many have opened their link or joined."""
        return sum(seat.joined for seat in self.seats)

    @property
    def ready(self) -> int:
        """How many have handed in their answers of this round."""
        return sum(seat.ready for seat in self.seats)

    @property
    def signed(self) -> int:
        """How many have signed off."""
        return sum(seat.signed for seat in self.seats)

    @property
    def people(self) -> int:
        """How many are expected: those invited, and seats of the common link that nobody has taken."""
        return len(self.seats) + self.open_seats

    @property
    def is_rating(self) -> bool:
        """Whether answers can be given."""
        return self.step in RATING

    @property
    def is_revealed(self) -> bool:
        """Whether the answers of the first round are open."""
        return self.step in REVEALED

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.step == "closed"


@dataclass(frozen=True, slots=True)
class Minutes:
    """What was said about a factor, as a page shows it."""

    factor: str
    title: str
    text: str

    @property
    def mark(self) -> str:
        """By which a later change knows whether this still stands."""
        return mark_of(self.text)


@dataclass(frozen=True, slots=True)
class Rater:
    """One person in a session, and what that person answered so far."""

    id: int
    voice: str
    by: str
    name: str
    group: str
    draft: Mapping[str, Any]
    is_ready: bool
    is_signed: bool
    session: SessionView
    workspace: Workspace


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changes while people look on: told to every open page."""

    version: int
    step: str
    ready: int
    people: int
    signed: int
    ends: str


def sessions(workspace: Workspace, most: int | None = None, before: int = 0) -> tuple[SessionView, ...]:
    """The sessions of a workspace, newest first."""
    found = Session.objects.filter(workspace=workspace).prefetch_related("participants")
    return tuple(map(view_of, newest(found, most, before)))


def to_find(place: Place) -> Iterable[Entry]:
    """Sessions, for the search."""
    for key, title in Session.objects.filter(workspace=place.workspace).values_list("key", "title"):
        yield Entry(title, "session", reverse("session", kwargs={"workspace": place.workspace.key, "key": key}))


def session(workspace: Workspace, key: str) -> SessionView | None:
    """One session."""
    found = Session.objects.filter(workspace=workspace, key=key).prefetch_related("participants").first()
    return None if found is None else view_of(found)


def view_of(row: Session) -> SessionView:
    """A session as others see it."""
    people = list(row.participants.all())
    taken = sum(person.voice != "" and person.name == "" and person.user_id is None for person in people)
    return SessionView(
        row.pk,
        row.key,
        row.title,
        row.step,
        tuple(row.factors),
        row.parked,
        tuple(row.groups),
        row.minutes,
        row.shows_names,
        max(row.seats - taken, 0),
        row.ends_at,
        row.version,
        row.begun_n,
        row.revealed_n,
        row.again_n,
        row.signed_n,
        row.opened_at,
        row.closed_at,
        tuple(
            Seat(
                person.pk,
                person.name,
                person.group,
                person.joined_at is not None,
                person.ready_at is not None,
                person.signed_at is not None,
            )
            for person in people
        ),
    )


def mark_of(text: str) -> str:
    """A short mark of a text; none of no text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def pulse(pk: int) -> Pulse | None:
    """What changes, in two short queries."""
    row = Session.objects.filter(pk=pk).first()
    if row is None:
        return None
    found = view_of(row)
    ends = found.ends_at.isoformat() if found.ends_at else ""
    return Pulse(found.version, found.step, found.ready, found.people, found.signed, ends)


def pseudonyms(pk: int) -> frozenset[str]:
    """Under which names of the log participants judge."""
    return frozenset(Participant.objects.filter(session=pk).exclude(by="").values_list("by", flat=True))


# Ways in --------------------------------------------------------------------------------------------------------------


def door_code(view: SessionView) -> str:
    """What the common link says: it can be read from a wall, so it opens nothing but a free seat."""
    door = Session.objects.values_list("door", flat=True).get(pk=view.id)
    return f"{view.id}-{_code(view.id, door)}"


def behind_door(code: str) -> tuple[Workspace, SessionView] | None:
    """The session that a common link leads to, while it has free seats and is not over."""
    number, _, given = code.partition("-")
    if not number.isdecimal() or len(number) > 12:  # noqa: PLR2004 - digits of a row's number
        return None
    row = Session.objects.select_related("workspace").prefetch_related("participants").filter(pk=int(number)).first()
    if row is None or not hmac.compare_digest(_code(row.pk, row.door), given) or row.step == "closed":
        return None
    return row.workspace, view_of(row)


def rater_of(entry: str, lasts: timedelta) -> Rater | None:
    """Whoever holds an entry, as the cookie of a rater keeps it."""
    try:
        pk, number = signing.loads(entry, salt=ENTRY, max_age=lasts)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    found = Participant.objects.select_related("session__workspace").filter(pk=pk, entries=number).first()
    return None if found is None else _rater(found)


def rater_for(workspace: Workspace, key: str, user_id: int) -> Rater | None:
    """A member who takes part."""
    people = Participant.objects.select_related("session__workspace")
    found = people.filter(session__workspace=workspace, session__key=key, user_id=user_id).first()
    return None if found is None else _rater(found)


def _rater(row: Participant) -> Rater:
    held = row.session
    return Rater(
        row.pk,
        row.voice,
        row.by,
        row.name,
        row.group,
        row.draft,
        row.ready_at is not None,
        row.signed_at is not None,
        view_of(held),
        held.workspace,
    )


def _code(pk: int, door: int) -> str:
    return salted_hmac(_DOOR, f"{pk}:{door}", algorithm="sha256").hexdigest()[:_DOOR_LENGTH]
