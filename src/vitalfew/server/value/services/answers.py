"""What raters do: come in by a link, answer, hand in. Answers wait sealed until the reveal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.queries.acts import pseudonym_of
from vitalfew.server.core.services.acts import voice_of_link, voice_of_user
from vitalfew.server.core.services.links import find_link, make_link, use_up
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.queries.own import own_draft, said_before
from vitalfew.server.value.queries.sessions import ENTRY, RATING, behind_door

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.rows import User, Workspace
    from vitalfew.server.value.queries.sessions import Rater

LASTS = timedelta(hours=12)
"""How long an entry serves after it was last used."""
SCALE = 100


class LinkGone(UsageError):
    """A link that no longer lets anybody in."""

    def __init__(self) -> None:
        super().__init__("this link was used already, or is too old", hint="ask whoever runs the session for a new one")


def is_open(secret: str) -> bool:
    """Whether a personal link still lets somebody in: it is not used, and its session is not over."""
    link = find_link(secret, "session")
    return link is not None and _invited(int(link.about)) is not None


def opened_by(secret: str) -> int | None:
    """Who came in by a personal link that is used up: the number in the session."""
    link = find_link(secret, "session", used=True)
    return None if link is None else int(link.about)


def enter(secret: str) -> str:
    """Use a personal link up; gives the entry that stands for it from now on.

    Raises:
        LinkGone: it does not serve any more.
    """
    link = find_link(secret, "session")
    if link is None or link.workspace is None:
        raise LinkGone
    with transaction.atomic():
        # The session is held first, as by whoever runs it: two who waited for each other would both fail.
        list(Session.objects.select_for_update(of=("self",)).filter(participants=int(link.about)))
        person = _invited(int(link.about))
        if person is None or not use_up(link):
            raise LinkGone
        if person.joined_at is not None:  # whoever made this link could open it: no answer lies behind it
            person.draft, person.ready_at = {}, None
        return _entered(link.workspace, person, person.voice or voice_of_link(link.pk))


def enter_by_door(code: str, group: str) -> str:
    """Take a free seat by the common link.

    Raises:
        LinkGone: there is none left, or the link is void.
    """
    found = behind_door(code)
    if found is None:
        raise LinkGone
    workspace, view = found
    with transaction.atomic():
        row = Session.objects.select_for_update().get(pk=view.id)
        again = behind_door(code)
        if again is None or again[1].open_seats == 0:
            raise LinkGone
        person = Participant.objects.create(session=row, group=group if group in row.groups else "")
        secret = make_link("session", workspace, None, about=str(person.pk), group=person.group)
        link = find_link(secret, "session")
        if link is None or not use_up(link):
            raise LinkGone
        return _entered(workspace, person, voice_of_link(link.pk))


def enter_as_member(workspace: Workspace, key: str, user: User, group: str) -> str:
    """A member takes part as who they are, in whichever session."""
    with transaction.atomic():
        row = Session.objects.select_for_update().get(workspace=workspace, key=key)
        if row.step == "closed":
            raise UsageError("this session is over")
        voice = voice_of_user(user)
        person = row.participants.filter(voice=voice).first()
        if person is None:
            person = Participant.objects.create(session=row, name=str(user)[:120], group=group, user=user)
        return _entered(workspace, person, voice)


def entry_of(rater: Rater) -> str | None:
    """The same entry made anew, so that it lasts while somebody takes part; None when another took its place."""
    number = Participant.objects.filter(pk=rater.id).values_list("entries", flat=True).first()
    return None if number is None else signing.dumps([rater.id, number], salt=ENTRY)


def choose_first(rater: Rater, factor: str) -> None:
    """The change this person would take first: it counts 100."""

    def change(draft: dict[str, Any]) -> None:
        draft["first"] = factor
        draft["points"] = {**draft.get("points", {}), factor: float(SCALE)}
        draft["skipped"] = [key for key in draft.get("skipped", []) if key != factor]

    _changed(rater, factor, change)


def judge_factor(rater: Rater, factor: str, points: float | None) -> None:
    """What another change counts beside the first, 0 to 100; None: this person cannot judge it.

    Raises:
        UsageError: the number is none, or off the scale.
    """
    if points is not None and not 0 <= points <= SCALE:
        raise UsageError(f"{points:g} points", expected="0 to 100")

    def change(draft: dict[str, Any]) -> None:
        given = {key: value for key, value in draft.get("points", {}).items() if key != factor}
        skipped = [key for key in draft.get("skipped", []) if key != factor]
        draft["points"] = given if points is None else {**given, factor: float(points)}
        draft["skipped"] = [*skipped, factor] if points is None else skipped

    _changed(rater, factor, change)


def hand_in(rater: Rater) -> None:
    """Say that one is done. Answers stay changeable until the reveal, and count as they then stand.

    Raises:
        UsageError: a question is still open.
    """
    with transaction.atomic():
        person = _taking_part(rater)
        answered = {*person.draft.get("points", {}), *person.draft.get("skipped", [])}
        left = [key for key in person.session.factors if key not in answered]
        if left:
            open_still = "one question is still open" if len(left) == 1 else f"{len(left)} questions are still open"
            raise UsageError(open_still, hint="answer what you can, skip what you cannot judge")
        person.ready_at = timezone.now()
        person.save(update_fields=["ready_at"])
        _tell(person)


def _invited(number: int) -> Participant | None:
    """Somebody whose session is not over."""
    people = Participant.objects.select_related("session").exclude(session__step=Session.Step.CLOSED)
    return people.filter(pk=number).first()


def _changed(rater: Rater, factor: str, change: Callable[[dict[str, Any]], None]) -> None:
    with transaction.atomic():
        person = _taking_part(rater)
        if factor not in person.session.factors:
            raise UsageError("this is no factor of the session", expected=", ".join(person.session.factors))
        draft = dict(person.draft)
        change(draft)
        person.draft = draft
        person.save(update_fields=["draft"])


def _taking_part(rater: Rater) -> Participant:
    # The session is held too, so that no answer slips in while the reveal makes acts of them.
    Session.objects.select_for_update().get(pk=rater.session.id)
    person = Participant.objects.select_related("session").get(pk=rater.id)
    if person.session.step not in RATING:
        raise UsageError("answers cannot be changed now", hint="they can while everybody weighs, until the reveal")
    return person


def _entered(workspace: Workspace, person: Participant, voice: str) -> str:
    person.voice, person.by = voice, pseudonym_of(workspace, voice)
    person.joined_at = person.joined_at or timezone.now()
    if person.session.step == "again" and not person.draft:
        since = max(person.session.begun_n, said_before(workspace, person.pk))
        person.draft = own_draft(workspace, person.by, tuple(person.session.factors), since)
    person.entries += 1
    person.save()
    _tell(person)
    return signing.dumps([person.pk, person.entries], salt=ENTRY)


def _tell(person: Participant) -> None:
    Session.objects.filter(pk=person.session_id).update(version=F("version") + 1)
