"""What somebody said in a workspace, for that person alone: told back, or erased."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.judgement.recording import erase as erase_acts
from vitalfew.results.store import Store
from vitalfew.server.core.models import ActRecord, Answer
from vitalfew.server.core.queries import acts
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.jobs import give_up
from vitalfew.server.core.services.runs import start

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace


def said(workspace: Workspace, user: User) -> list[dict[str, Any]]:
    """Every act of a user with what it says, oldest first; what was erased is gone."""
    found = acts.said(workspace, by=acts.pseudonym_of(workspace, voice_of_user(user)))
    return [{"n": act.n, "at": act.at, "kind": act.kind, "about": act.about, "says": says} for act, says in found]


def count_said(workspace: Workspace, user: User) -> int:
    """How many acts of a user still say something."""
    person = acts.pseudonym_of(workspace, voice_of_user(user))
    return ActRecord.objects.filter(workspace=workspace, by=person, body__isnull=False).count()


def erase(workspace: Workspace, user: User) -> int:
    """Erase what a user said, for good; gives how many acts that were.

    Stored runs go with it, and one that is under way ends: it was begun on what was still said. Where there was one, a
    new one is begun. Answers that are kept for requests that come twice may hold it, too: they lose what they say,
    whatever it was.
    """
    erasure = erase_acts(acting(workspace), voice_of_user(user))
    ended = give_up(workspace, "run")
    Store(Path(workspace.folder)).forget_all()  # once more: what was under way may have been stored since
    if ended or workspace.last_run:
        start(workspace, None)
    Answer.objects.filter(user=user, status__isnull=False).update(content=None)
    note(workspace, user, "erased what they said", acts=len(erasure.acts))
    return len(erasure.acts)
