"""My week: what waits for whoever looks, and nothing about anybody else."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from vitalfew.judgement.recording import forecast, sign_off
from vitalfew.server.bets.queries.week import MOST, signed, week
from vitalfew.server.core.access import place_of
from vitalfew.server.core.models import Definition, Member
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services.acts import acting, voice_of_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.bets.queries.week import Tasks
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]


def _week(member: Member) -> dict[str, Tasks]:
    place = place_of(member.user, member.workspace.key)
    defined = loaded(place.workspace).workspace.definitions
    return {found.name: found for found in week(place, open_run(place.workspace), defined, signed(place, defined))}


def test_a_forecast_is_asked_until_it_is_given(workspace: Workspace, member: MakeMember) -> None:
    rater = member("rater")
    asked = _week(rater)["Forecasts asked of you"].tasks
    assert [task.key for task in asked] == ["gate_rounds"]
    assert asked[0].sentence == "What will it do to Rounds played? 0 forecasts so far."
    numbers = {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.1}
    forecast(acting(workspace), "gate_rounds", voice_of_user(rater.user), numbers)
    other = member("rater")
    workspace.refresh_from_db()
    assert "Forecasts asked of you" not in _week(Member.objects.get(pk=rater.pk))
    assert _week(other)["Forecasts asked of you"].tasks[0].sentence.endswith("1 forecast so far.")


@pytest.mark.usefixtures("workspace")
def test_nothing_is_asked_of_those_who_may_only_read(member: MakeMember) -> None:
    found = _week(member("viewer"))
    assert "Forecasts asked of you" not in found
    assert "To sign" not in found


@pytest.mark.usefixtures("workspace")
def test_what_lacks_a_hypothesis_is_to_triage(member: MakeMember) -> None:
    tasks = _week(member("editor"))["To triage"].tasks
    assert [task.key for task in tasks] == ["tools"]
    assert tasks[0].sentence == "It has no hypothesis, so nobody can rank it."


def test_the_value_model_is_to_sign_until_i_have_signed_it(workspace: Workspace, member: MakeMember) -> None:
    mine, other = member("editor"), member("editor")
    assert _week(mine)["To sign"].tasks[0].sentence == "Nobody has agreed to it as it stands."
    sign_off(acting(workspace), "value_model", voice_of_user(mine.user))
    assert "To sign" not in _week(Member.objects.get(pk=mine.pk))
    assert _week(other)["To sign"].tasks[0].sentence == "You have not agreed to it as it stands."
    Definition.objects.filter(workspace=workspace, kind="factors", key="rounds").update(body={"range": [0, 50]})
    workspace.refresh_from_db()
    workspace.defined += 1
    workspace.save()
    assert _week(Member.objects.get(pk=mine.pk))["To sign"].tasks[0].sentence.startswith("Nobody")


@pytest.mark.usefixtures("demo")
def test_no_list_is_longer_than_seven(member: MakeMember) -> None:
    found = _week(member("admin"))
    assert all(len(tasks.tasks) <= MOST for tasks in found.values())
    assert found["Alarms"].more > 0


@pytest.mark.usefixtures("demo")
def test_all_seven_alarms_are_seen_at_once_and_the_rest_is_a_link_to_checks(client_of: ClientOf) -> None:
    page = client_of("admin").get("/w/fieldnote/ledger/").content.decode()
    alarms = page.partition("<h3>Alarms")[2].partition("<h3>")[0]
    assert alarms.partition("</ul>")[0].count("<li") == MOST
    assert "<details" not in alarms
    assert 'href="/w/fieldnote/checks/">all of them</a>' in alarms


@pytest.mark.usefixtures("demo")
def test_a_week_stays_folded_for_whoever_folded_it(client_of: ClientOf) -> None:
    client, other = client_of("viewer"), client_of("viewer")
    client.post("/w/fieldnote/ledger/week/fold/", {"folded": "1"})
    assert 'aria-expanded="false"><span class="arrow' in client.get("/w/fieldnote/ledger/").content.decode()
    assert 'aria-expanded="true"><span class="arrow' in other.get("/w/fieldnote/ledger/").content.decode()


def _due(client: Client, asked: str) -> list[str]:
    text = client.get(f"/w/fieldnote/review/?format=csv{asked}").content.decode()
    return [row["due"] for row in csv.DictReader(io.StringIO(text))]


@pytest.mark.usefixtures("demo")
def test_the_review_shows_the_bets_of_a_quarter_and_a_team(client_of: ClientOf) -> None:
    client = client_of("viewer")
    every = _due(client, "")
    quarter = _due(client, "&time=2026-Q3")
    assert 0 < len(quarter) < len(every)
    assert all("2026-07-01" <= day[:10] <= "2026-09-30" for day in quarter)
    assert 0 < len(_due(client, "&team=planning")) < len(every)
    drawn = client.get("/w/fieldnote/review/?format=svg")
    assert drawn["Content-Type"] == "image/svg+xml"
    assert "Offline forms" in drawn.content.decode()
    page = client.get("/w/fieldnote/review/?time=2026-Q3").content.decode()
    assert "Promised against measured" in page
    assert "never about single people" in page
