"""The board: where a bet stands, what each column asks for, and how it is moved."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.server.bets.queries.board import MOST_SHOWN, PAGE, board
from vitalfew.server.bets.services import promising
from vitalfew.server.bets.services.bets import NotYet, gate, move, passes_gate, remove_bet, remove_hypothesis, save_bet
from vitalfew.server.core.access import Place
from vitalfew.server.core.models import KindOwner
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.definitions import Conflict, FolderOwned, change, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Member, Workspace

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

EXPECTED = {"p10": 1.0, "p50": 2.0, "p90": 4.0, "p_zero": 0.2}


@pytest.fixture
def place(workspace: Workspace, member: MakeMember) -> Place:
    """An editor in the playground."""
    found = member("editor")
    return Place(workspace, found, found.user, Role.EDITOR.abilities)


def stage_of(place: Place, key: str) -> str:
    """The column a bet stands in."""
    place.workspace.refresh_from_db()
    columns = board(place).columns
    return next(column.stage for column in columns for card in column.cards if card.key == key)


def test_a_bet_stands_where_its_status_says(place: Place) -> None:
    assert stage_of(place, "gate") == "framed"


def test_a_bet_goes_forward_when_it_has_what_the_column_asks_for(place: Place) -> None:
    with pytest.raises(NotYet, match="forecast"):
        move(place, "gate", "forecast", 1)
    promising.forecast(place, "gate_rounds", EXPECTED)
    place.workspace.refresh_from_db()
    move(place, "gate", "forecast", 1)
    assert stage_of(place, "gate") == "forecast"
    with pytest.raises(NotYet, match="locked promise"):
        move(place, "gate", "committed", 2)
    promising.lock(place, "gate_rounds")
    assert stage_of(place, "gate") == "committed", "the lock commits it"
    move(place, "gate", "live", 3)
    assert stage_of(place, "gate") == "live", "an experiment names it, so it may be live"


@pytest.mark.parametrize("count", [5, 6])
def test_the_board_names_a_team_where_the_check_does(place: Place, count: int) -> None:
    user, row = place.user, place.workspace
    save(row, "teams", "field", {"title": "Field"}, by=user, version=0)
    for at in range(count):
        save(row, "initiatives", f"bet{at}", {"status": "committed", "team": "field"}, by=user, version=0)
        save(row, "hypotheses", f"asks{at}", {"initiative": f"bet{at}", "metric": "rounds"}, by=user, version=0)
    place.workspace.refresh_from_db()
    assert board(place).crowded == (("Field (6)",) if count == 6 else ())


@pytest.mark.parametrize(
    ("key", "to", "reason"),
    [("tools", "forecast", "hypothesis"), ("gate", "verdict", "by itself"), ("gate", "live", "forecast")],
)
def test_a_refused_move_says_what_is_missing(place: Place, key: str, to: str, reason: str) -> None:
    with pytest.raises(NotYet, match=reason):
        move(place, key, to, 1)
    assert stage_of(place, key) == "framed"


def test_a_locked_bet_does_not_go_back(place: Place) -> None:
    promising.forecast(place, "gate_rounds", EXPECTED)
    promising.lock(place, "gate_rounds")
    with pytest.raises(NotYet, match="locked"):
        move(place, "gate", "framed", None)


def test_work_that_serves_nothing_is_not_committed_without_a_recorded_exception(place: Place) -> None:
    asked = {"initiative": "tools", "metric": "rounds"}
    save_bet(place, {("hypotheses", "tools_rounds"): asked}, {("hypotheses", "tools_rounds"): 0})
    # rounds is a factor, so asking about it serves it; a guardrail metric alone does not
    save(place.workspace, "metrics", "speed", {"source": "players", "column": "s"}, by=None, version=0)
    save_bet(place, {("hypotheses", "tools_rounds"): asked | {"metric": "speed"}}, {("hypotheses", "tools_rounds"): 1})
    promising.forecast(place, "tools_rounds", EXPECTED)
    with pytest.raises(NotYet, match="serve"):
        promising.lock(place, "tools_rounds")
    save_bet(
        place,
        {("initiatives", "tools"): {"title": "New tools", "status": "framed", "exception": "a law asks for it"}},
        {("initiatives", "tools"): 1},
    )
    assert promising.lock(place, "tools_rounds").kind == "lock"


def test_the_gate_has_four_boxes(place: Place) -> None:
    definitions = loaded(place.workspace).workspace.definitions
    boxes = gate(definitions, "gate")
    assert boxes["experience"] == ("Waiting for others is dull",)
    assert boxes["KPI"] == ("Rounds played",)
    assert boxes["OKR"] == ()
    assert passes_gate(definitions, "gate")
    assert not passes_gate(definitions, "tools")


def test_an_idea_with_its_first_hypothesis_is_framed(place: Place) -> None:
    save(place.workspace, "initiatives", "moat", {"title": "Dig a moat"}, by=None, version=0)
    assert stage_of(place, "moat") == "idea"
    save_bet(place, {("hypotheses", "h"): {"initiative": "moat", "metric": "rounds"}}, {("hypotheses", "h"): 0})
    assert stage_of(place, "moat") == "framed"


def test_what_people_forecast_is_dropped_and_not_removed(place: Place) -> None:
    promising.forecast(place, "gate_rounds", EXPECTED)
    place.workspace.refresh_from_db()
    with pytest.raises(NotYet, match="Drop"):
        remove_bet(place, ("initiatives", "gate"), 1)
    with pytest.raises(NotYet, match="Drop"):
        remove_hypothesis(place, ("hypotheses", "gate_rounds"), 1)
    move(place, "gate", "dropped", 1)
    place.workspace.refresh_from_db()
    assert board(place).off == (("gate", "Move the gate"),)


def test_two_who_move_the_same_bet_are_told(place: Place) -> None:
    move(place, "tools", "idea", 1)
    with pytest.raises(Conflict):
        move(place, "tools", "dropped", 1)


def test_bets_of_a_folder_are_moved_in_their_file(place: Place) -> None:
    KindOwner.objects.create(workspace=place.workspace, kind="initiatives", owner="folder")
    Path(place.workspace.folder, "bets.yaml").write_text("initiatives:\n  gate: {title: Move the gate, team: games}\n")
    place.workspace.refresh_from_db()
    with pytest.raises(FolderOwned, match=r"bets\.yaml, line 2"):
        move(place, "gate", "idea", None)


def test_a_script_is_told_the_reason_and_the_way_out(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    address = reverse("move-initiative", kwargs={"workspace": workspace.key, "key": "tools"})
    said = browser.post(address, {"to": "forecast", "version": "1"}, headers={"Accept": "application/json"}).json()
    assert said["moved"] is False
    assert "hypothesis" in said["reason"]
    assert said["address"] == reverse("new-hypothesis", kwargs={"workspace": workspace.key}) + "?initiative=tools"
    said = browser.post(address, {"to": "idea", "version": "1"}, headers={"Accept": "application/json"}).json()
    assert said == {"moved": True, "version": 2}


def test_without_a_script_the_menu_moves_too(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    address = reverse("move-initiative", kwargs={"workspace": workspace.key, "key": "tools"})
    there = reverse("board", kwargs={"workspace": workspace.key})
    answer = browser.post(address, {"to": "idea", "version": "1", "next": there}, follow=True)
    assert "New tools: Idea." in answer.text
    answer = browser.post(address, {"to": "dropped", "version": "1", "next": there})
    assert answer.status_code == 409
    assert "Keep mine" in answer.text


def test_raters_see_the_board_and_move_nothing(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("rater")
    there = reverse("board", kwargs={"workspace": workspace.key})
    assert "Move to" not in browser.get(there).text
    address = reverse("move-initiative", kwargs={"workspace": workspace.key, "key": "tools"})
    assert browser.post(address, {"to": "idea", "version": "1"}).status_code == 403


def test_the_board_is_a_table_too(workspace: Workspace, client_of: ClientOf) -> None:
    there = reverse("board", kwargs={"workspace": workspace.key})
    rows = list(csv.DictReader(client_of("viewer").get(there, {"format": "csv"}).text.splitlines()))
    assert [(row["bet"], row["column"]) for row in rows] == [("gate", "Framed"), ("tools", "Framed")]


def test_a_long_column_has_pages_of_its_own(workspace: Workspace, client_of: ClientOf) -> None:
    many = MOST_SHOWN + PAGE
    change(workspace, {("initiatives", f"bet_{n}"): {"title": f"Bet {n}"} for n in range(many)}, by=None)
    viewer, there = client_of("viewer"), reverse("board", kwargs={"workspace": workspace.key})
    assert f'column=idea">Show all {many}</a>' in viewer.get(there).text
    cards = [viewer.get(there, {"column": "idea", "page": page}).text.count('class="bet"') for page in (1, 2)]
    assert cards == [PAGE, MOST_SHOWN]
