"""Value sessions for tests: one that is open for weights, and somebody's answer to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vitalfew.server.value.models import Session
from vitalfew.server.value.queries.sessions import rater_of
from vitalfew.server.value.services.answers import choose_first, hand_in, judge_factor
from vitalfew.server.value.services.sessions import advance, open_session

if TYPE_CHECKING:
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.value.services.sessions import Invited, Plan


def open_for_weights(workspace: Workspace, plan: Plan, user: User) -> tuple[Session, tuple[Invited, ...]]:
    """A session in which everybody may answer, and who was invited by a link."""
    key, invited = open_session(workspace, plan, user)
    session = Session.objects.get(workspace=workspace, key=key)
    for step in ("measure", "prune", "weigh"):
        advance(session.pk, step, user)
    return session, invited


def answer(entry: str) -> None:
    """Hand in, as who entered a session over `rounds` and `retention`."""
    rater = rater_of(entry, timedelta(hours=1))
    assert rater is not None
    choose_first(rater, "rounds")
    judge_factor(rater, "retention", 40)
    hand_in(rater)
