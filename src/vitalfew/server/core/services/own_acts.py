"""What somebody said in a workspace, for that person alone: told back, or erased.

It is what they said signed in, and what they said by personal links that were made for their address. Answers that
wait sealed to become acts, of which apps above core tell, are erased along.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.judgement.recording import erase as erase_acts
from vitalfew.results.store import Store
from vitalfew.server.core.models import ActRecord, Answer
from vitalfew.server.core.persons import same_people
from vitalfew.server.core.queries import acts
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.jobs import give_up
from vitalfew.server.core.services.runs import start
from vitalfew.server.core.waiting import registered

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from vitalfew.server.core.models import User, Workspace


def said(workspace: Workspace, user: User) -> list[dict[str, Any]]:
    """Every act of a user with what it says, oldest first; what was erased is gone."""
    found = acts.said(workspace, by=_voices(workspace, user))
    return [{"n": act.n, "at": act.at, "kind": act.kind, "about": act.about, "says": says} for act, says in found]


def count_said(workspace: Workspace, user: User) -> int:
    """How many acts of a user still say something."""
    return _kept(workspace, _voices(workspace, user)).count()


def count_waiting(workspace: Workspace, user: User) -> int:
    """How often answers of a user wait to become acts."""
    voices = _voices(workspace, user)
    return sum(waiting.count(workspace, voices) for waiting in registered())


def erase(workspace: Workspace, user: User) -> int:
    """Erase what a user said, by links as well, for good; gives how many acts that were.

    What waits to become an act is forgotten first: it is one already, or never becomes one.
    Stored runs go with it, and one that is under way ends: it was begun on what was still said. Where there was one, a
    new one is begun. Answers that are kept for requests that come twice may hold it, too: they lose what they say,
    whatever it was.
    """
    voices = _voices(workspace, user)
    forgotten = sum(waiting.forget(workspace, voices) for waiting in registered())
    speaking = set(_kept(workspace, voices).values_list("by", flat=True))
    if forgotten and not speaking:
        note(workspace, user, "erased what they said", acts=0)
        return 0
    # Who said nothing at all is told so by the log.
    erased = [erase_acts(acting(workspace), voice) for voice in voices if voice in speaking or not speaking]
    for waiting in registered():
        waiting.forget(workspace, voices)  # once more: a second round that began meanwhile was laid out from these acts
    ended = give_up(workspace, "run")
    Store(Path(workspace.folder)).forget_all()  # once more: what was under way may have been stored since
    if ended or workspace.last_run:
        start(workspace, None)
    Answer.objects.filter(user=user, status__isnull=False).update(content=None)
    count = sum(len(erasure.acts) for erasure in erased)
    note(workspace, user, "erased what they said", acts=count)
    return count


def _voices(workspace: Workspace, user: User) -> list[str]:
    """The pseudonym of an account, and those of links that are known to be the same person's."""
    own = acts.pseudonym_of(workspace, voice_of_user(user))
    return [own, *(voice for voice, person in same_people(workspace.pk).items() if person == own)]


def _kept(workspace: Workspace, voices: list[str]) -> QuerySet[ActRecord]:
    """Acts of these that still say something."""
    return ActRecord.objects.filter(workspace=workspace, by__in=voices, body__isnull=False)
