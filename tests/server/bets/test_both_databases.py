"""Forecasts, locks, comments and undo on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.queries.board import board
from vitalfew.server.bets.services import promising
from vitalfew.server.core.access import Place, place_of
from vitalfew.server.core.queries.acts import pseudonym_of
from vitalfew.server.core.queries.comments import discussion, mentions
from vitalfew.server.core.queries.promised import forecast_by, spoken
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services import comments, undo
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.server.core.services.definitions import remove

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Member, Workspace

    type MakeMember = Callable[..., Member]


def test_a_bet_is_forecast_locked_and_talked_about(
    each_database: str, workspace: Workspace, member: MakeMember
) -> None:
    people = [member("editor"), member("rater")]
    for found in people:
        place = Place(workspace, found, found.user, Role(found.role).abilities)
        promising.forecast(place, "gate_rounds", {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.1})
        wordings = spoken(workspace)["gate_rounds"].forecasters  # counted on from what was known before
        mine = pseudonym_of(workspace, voice_of_user(found.user))
        assert forecast_by(workspace, mine, ["gate_rounds"]) == {("gate_rounds", digest) for digest in wordings}
    assert list(wordings.values()) == [2], each_database
    editor = Place(workspace, people[0], people[0].user, Role.EDITOR.abilities)
    promising.lock(editor, "gate_rounds")
    workspace.refresh_from_db()
    (card,) = next(column.cards for column in board(editor).columns if column.stage == "committed")
    assert (card.key, card.locked, card.forecasts) == ("gate", True, 2)

    handle = people[1].user.email.partition("@")[0]
    said = comments.say(workspace, "initiatives", "gate", f"@{handle} done", by=people[0].user)
    comments.withdraw(workspace, said, by=people[0].user)
    assert mentions(workspace, people[1].user) == ()
    undo.undo(place_of(people[0].user, workspace.key), undo.of_comment(workspace, said, people[0].user))
    assert [one.id for one in discussion(workspace, "initiatives", "gate", people[1].user)] == [said]
    done = remove(workspace, "initiatives", "tools", by=people[0].user, version=1)
    undo.undo(place_of(people[0].user, workspace.key), undo.of_definitions(workspace, [done], people[0].user))
