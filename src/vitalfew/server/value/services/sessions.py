"""Running a value session: who is in it, where it stands, and what makes answers acts."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.recording import judge, sign_off
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.definitions import Conflict
from vitalfew.server.core.services.links import make_link, refuse_members, replaced
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.queries.own import own_draft, said_before
from vitalfew.server.value.queries.sessions import mark_of
from vitalfew.workspace.locks import VALUE_MODEL
from vitalfew.workspace.people import same_person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.server.core.rows import User, Workspace

MOST_PEOPLE = 200
MOST_FACTORS = 10
LONGEST_MINUTES = 10_000
FORWARD: dict[str, tuple[str, ...]] = {
    "frame": ("measure",),
    "measure": ("frame", "prune"),
    "prune": ("measure", "weigh"),
    "weigh": ("prune", "reveal"),
    "reveal": ("again", "sign_off"),
    "again": ("sign_off",),
    "sign_off": ("closed",),
    "closed": (),
}
"""Where each step may lead. What was revealed stays revealed."""


_TURN = " "
"""Between the mark of a page and its turn, as they are kept; older ones are kept without a turn."""


class SessionOver(UsageError):
    """Minutes are no longer written."""

    def __init__(self) -> None:
        super().__init__(
            "the session was closed before this was saved, and its minutes stand as they are",
            hint="copy your text, and add it to the discussion of the metric",
        )


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody invited, with the secret of their link, which is shown once and kept nowhere."""

    name: str
    group: str
    secret: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A page on which minutes are written.

    Attributes:
        page: its own mark. What it saved itself it may replace, whichever of its savings arrives first.
        read: mark of the text that it showed last (`mark_of`).
        turn: rises with each of its savings, so that one that was overtaken changes nothing; 0 where it counts none.
    """

    page: str
    read: str
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new session is made of; `people`: name and group of each who gets a personal link."""

    title: str
    factors: tuple[str, ...]
    groups: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    seats: int = 0
    shows_names: bool = False


@transaction.atomic
def open_session(workspace: Workspace, plan: Plan, by: User) -> tuple[str, tuple[Invited, ...]]:
    """Open a session; gives its key and the links of those invited.

    Raises:
        UsageError: there is nothing to weigh, or too many people.
    """
    if len(plan.factors) > MOST_FACTORS:
        raise UsageError(f"{len(plan.factors)} factors are too many to weigh", expected=f"{MOST_FACTORS} at most")
    if len(plan.people) + plan.seats > MOST_PEOPLE:
        raise UsageError("these are too many people for one session", expected=f"{MOST_PEOPLE} at most")
    row = Session.objects.create(
        workspace=workspace,
        key=secrets.token_hex(4),
        title=plan.title,
        factors=list(plan.factors),
        groups=list(plan.groups),
        seats=plan.seats,
        shows_names=plan.shows_names,
        begun_n=workspace.acts_count,
        opened_by=by,
    )
    note(workspace, by, "session opened", row.key)
    return row.key, _invited(row, plan.people, by)


@transaction.atomic
def invite(pk: int, people: Sequence[tuple[str, str]], by: User) -> tuple[Invited, ...]:
    """Invite more people, each by a link of their own; whoever was invited by this name before keeps that voice.

    Raises:
        UsageError: these are too many, or one is a member, who comes in by their account.
    """
    row = _held(pk)
    if row.participants.count() + row.seats + len(people) > MOST_PEOPLE:
        raise UsageError("these are too many people for one session", expected=f"{MOST_PEOPLE} at most")
    _touch(row)
    return _invited(row, people, by)


@transaction.atomic
def new_link(pk: int, seat: int, by: User) -> Invited:
    """A new link for somebody whose first one is lost: whoever holds that is shut out, the voice stays the same.

    What they answered before is not behind it: whoever makes a link can open it.

    Raises:
        UsageError: they are a member, who comes in by their account.
    """
    row = _held(pk)
    person = _person(row, seat)
    if person.user_id is not None:
        raise UsageError("a member needs no link", hint="they take part from the page of the session")
    Participant.objects.filter(pk=person.pk).update(entries=F("entries") + 1)
    replaced(row.workspace, "session", str(person.pk), person.name, by)
    return _link(row, person, by)


@transaction.atomic
def leave_out(pk: int, seat: int) -> None:
    """Take somebody out who has not judged yet.

    Raises:
        UsageError: their answers are acts already.
    """
    row = _held(pk)
    person = _person(row, seat)
    if row.revealed_n is not None and person.by:
        raise UsageError("who has judged stays in the session", hint="acts are erased by whoever did them")
    person.delete()
    _touch(row)


@transaction.atomic
def set_seats(pk: int, seats: int, *, new_door: bool = False) -> None:
    """How many may join by the common link; a new door makes the old link void."""
    row = _held(pk)
    if not 0 <= seats <= MOST_PEOPLE:
        raise UsageError(f"{seats} seats", expected=f"0 to {MOST_PEOPLE}")
    row.seats, row.door = seats, row.door + new_door
    _touch(row)


@transaction.atomic
def set_timer(pk: int, minutes: int) -> None:
    """Start a timer; 0 stops it."""
    row = _held(pk)
    row.ends_at = timezone.now() + timedelta(minutes=min(minutes, 600)) if minutes > 0 else None
    _touch(row)


@transaction.atomic
def show_names(pk: int, *, shown: bool) -> None:
    """Whether the facilitator goes on seeing who has answered, or only how many.

    Raises:
        UsageError: names were not shown from the start, when nobody had answered yet.
    """
    row = _held(pk)
    if shown and not row.shows_names:
        hint = "go on by the number of those who have answered, or open another session"
        raise UsageError("whether you see who has answered is chosen when a session is opened", hint=hint)
    row.shows_names = shown
    _touch(row)


@transaction.atomic
def write_minutes(pk: int, factor: str, text: str, on: Reading | None = None) -> None:
    """What was said about a factor. No other page waits for it, so that nobody is disturbed.

    Args:
        pk: number of the session.
        factor: one that is weighed or parked; '' for the session as a whole.
        text: replaces what stands.
        on: the page it was written on, which replaces nothing that it has not shown; None: whoever asks has compared.

    Raises:
        Conflict: another page wrote since that one was read.
        SessionOver: the session is closed.
        UsageError: the session has no such factor, or the text is too long.
    """
    row = _held(pk)
    if row.step == "closed":
        raise SessionOver
    if factor and factor not in (*row.factors, *row.parked):
        raise UsageError("this is no factor of the session", expected=", ".join(row.factors))
    said, stands = _lines(text), row.minutes.get(factor, "")
    if len(said) > LONGEST_MINUTES:
        raise UsageError(f"these minutes have {len(said):,} characters", expected=f"{LONGEST_MINUTES:,} at most")
    page, _, turn = (row.minutes_from.get(factor) or "").partition(_TURN)
    is_own = on is not None and page == on.page and page != ""
    if said == stands and not is_own:
        return
    if on and is_own and 0 < on.turn < int(turn or 0):
        return
    if on and not is_own and mark_of(stands) != on.read:
        raise Conflict({"text": said}, {"text": stands})
    row.minutes = {key: kept for key, kept in {**row.minutes, factor: said}.items() if kept}
    row.minutes_from = {**row.minutes_from, factor: f"{on.page}{_TURN}{on.turn}" if on and on.page else ""}
    row.save(update_fields=["minutes", "minutes_from"])


def _lines(text: str) -> str:
    """A text as it is kept: forms send their lines with two signs at the end, programs with one."""
    return text.replace("\r\n", "\n").strip()


@transaction.atomic
def park(pk: int, factor: str, reason: str) -> None:
    """Leave a factor out of the weighing, with the reason."""
    row = _held(pk)
    _before_weighing(row)
    if factor not in row.factors:
        raise UsageError("this factor is not being weighed", expected=", ".join(row.factors))
    row.factors = [key for key in row.factors if key != factor]
    row.parked = {**row.parked, factor: reason.strip()[:500] or "one of the worthwhile many"}
    _touch(row)


@transaction.atomic
def take_in(pk: int, factor: str) -> None:
    """Take a factor into the weighing, or back into it."""
    row = _held(pk)
    _before_weighing(row)
    if factor in row.factors:
        return
    if len(row.factors) >= MOST_FACTORS:
        raise UsageError(f"more than {MOST_FACTORS} factors cannot be weighed", hint="park one first")
    row.factors = [*row.factors, factor]
    row.parked = {key: why for key, why in row.parked.items() if key != factor}
    _touch(row)


# Steps ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def advance(pk: int, to: str, by: User) -> None:
    """Take a session to another step. Leaving a round of weighing makes acts of what was handed in.

    Raises:
        UsageError: this step does not lead there.
    """
    row = _held(pk)
    if to not in FORWARD[row.step]:
        raise UsageError(f"from here a session does not go to '{to}'", expected=", ".join(FORWARD[row.step]))
    if to == "weigh" and len(row.factors) < 2:  # noqa: PLR2004 - one factor cannot be weighed
        raise UsageError("there is nothing to weigh", expected="two factors or more")
    if (row.step, to) == ("weigh", "reveal"):
        if not row.participants.exclude(ready_at=None).exists():
            raise UsageError("nobody has handed in their answers yet", hint="wait for them, or go back")
        row.revealed_n = _recorded(row)
    elif row.step == "again":
        row.again_n = _recorded(row)
    elif to == "again":
        _begin_again(row)
    if to == "closed":
        row.closed_at, row.signed_n = timezone.now(), acts_count(row.workspace)
        row.seats = 0
    row.step, row.ends_at = to, None
    _touch(row)
    note(row.workspace, by, f"session: {to.replace('_', ' ')}", row.key)


def _recorded(row: Session) -> int:
    """Make an act of every answer that was handed in; gives the number of the last act."""
    workspace = acting(row.workspace)
    known = tuple(workspace.definitions.factors)
    for person in row.participants.exclude(ready_at=None):
        points = {key: float(value) for key, value in person.draft.get("points", {}).items() if key in known}
        if Judgement(person.voice, points).silence(known) is None:
            judge(workspace, person.voice, points, group=person.group or None, kind="swing")
    row.participants.update(draft={}, ready_at=None)
    return acts_count(row.workspace)


def _begin_again(row: Session) -> None:
    """Lay before everybody what they said in the first round."""
    for person in row.participants.exclude(by=""):
        since = max(row.begun_n, said_before(row.workspace, person.pk))
        person.draft = own_draft(row.workspace, person.by, tuple(row.factors), since)
        person.save(update_fields=["draft"])


def sign(workspace: Workspace, participant: int) -> None:
    """Somebody in the session agrees to the value model as it stands; who has agreed already need not again.

    Raises:
        UsageError: it is not the time to sign.
    """
    with transaction.atomic():
        _held(Participant.objects.values_list("session_id", flat=True).get(pk=participant))
        person = Participant.objects.select_for_update(of=("self",)).select_related("session").get(pk=participant)
        if person.session.step == "closed" and person.signed_at is None:
            raise UsageError("the session was closed before you signed", hint="tell whoever runs it if you disagree")
        if person.session.step != "sign_off":
            raise UsageError("there is nothing to sign now", hint="the facilitator opens the signing")
        if person.signed_at is not None:
            return
        sign_off(acting(workspace), VALUE_MODEL, person.voice, note=f"session {person.session.key}")
        person.signed_at = timezone.now()
        person.save(update_fields=["signed_at"])
        _touch(_held(person.session_id))


def acts_count(workspace: Workspace) -> int:
    """The number of the last act as it stands in the database."""
    workspace.refresh_from_db(fields=["acts_count", "acts_head", "stamp"])
    return workspace.acts_count


# Within a transaction -------------------------------------------------------------------------------------------------


def hold(pk: int) -> None:
    """Let nobody else change a session until the transaction ends."""
    _held(pk)


def _held(pk: int) -> Session:
    return Session.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=pk)


def _touch(row: Session) -> None:
    row.version += 1
    row.save()


def _person(row: Session, seat: int) -> Participant:
    found = row.participants.filter(pk=seat).first()
    if found is None:
        raise UsageError("there is nobody of that number in the session")
    return found


def _invited(row: Session, people: Sequence[tuple[str, str]], by: User) -> tuple[Invited, ...]:
    refuse_members(row.workspace, [name for name, _ in people])
    voices = _voices_before(row)
    named = Counter(same_person(name[:120]) for name, _ in people)
    made = []
    for name, group in people:
        known = same_person(name[:120])
        voice = voices.get(known, "") if named[known] == 1 else ""  # of two of one name it is not known whose it is
        person = Participant.objects.create(session=row, name=name[:120], group=group[:120], voice=voice)
        made.append(_link(row, person, by))
    return tuple(made)


def _voices_before(row: Session) -> dict[str, str]:
    """By name the voices of those who came by a personal link before: whoever is invited again is the same person.

    Left out are names that two of one session have, and voices that take part already.
    """
    before = Participant.objects.filter(session__workspace=row.workspace, user=None).exclude(name="").order_by("pk")
    known: dict[str, str] = {}
    seats: Counter[tuple[int, str]] = Counter()
    here: set[str] = set()
    for session_id, name, voice in before.values_list("session_id", "name", "voice"):
        seats[session_id, same_person(name)] += 1
        if voice:
            known.setdefault(same_person(name), voice)
        if session_id == row.pk:
            here.add(voice)
    shared = {name for (_, name), count in seats.items() if count > 1}
    return {name: voice for name, voice in known.items() if name not in shared and voice not in here}


def _link(row: Session, person: Participant, by: User) -> Invited:
    secret = make_link("session", row.workspace, by, about=str(person.pk), name=person.name, group=person.group)
    return Invited(person.name, person.group, secret)


def _before_weighing(row: Session) -> None:
    if row.step not in ("frame", "measure", "prune"):
        raise UsageError("factors stand once weighing has begun", hint="park it in the next session")
