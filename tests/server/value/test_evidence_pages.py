"""Conflicts, trade-offs and what moved, each as a page of its own; treaties in the policy."""

from __future__ import annotations

import csv
from html import unescape
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.server.core.queries.definitions import loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

DEMO = "/w/fieldnote"


def _text(client: Client, page: str) -> str:
    return unescape(client.get(f"{DEMO}/{page}").content.decode())


def _rows(client: Client, page: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(client.get(f"{DEMO}/{page}").content.decode().lstrip("\ufeff"))))


@pytest.mark.usefixtures("demo")
def test_conflicts_come_by_release_and_a_team_narrows_them_down(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = _text(client, "conflicts/")
    assert text.index("By release") < text.index("Team by metric")
    assert "Daily nudges gains on Clicks on the plan and loses on Back in week four." in text
    narrowed = _text(client, "conflicts/?team=security")
    assert "Daily nudges gains" not in narrowed
    assert "Sign in again on every shift took back" in narrowed


@pytest.mark.usefixtures("demo")
def test_a_cell_of_team_by_metric_opens_what_is_behind_it(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    assert 'href="?team=security&metric=jobs_completed#behind"' in _text(client, "conflicts/")
    behind = _text(client, "conflicts/?team=security&metric=jobs_completed")
    assert "What is behind it" in behind
    assert f'href="{DEMO}/experiments/forced_signin/"' in behind or "Sign in again on every shift" in behind
    assert "clear loss" in behind


@pytest.mark.usefixtures("demo")
def test_team_by_metric_as_a_file_says_who_lost_what(client_of: Callable[..., Client]) -> None:
    rows = _rows(client_of("viewer"), "conflicts/?format=teams-csv")
    lost = [row for row in rows if row["team"] == "security" and row["metric"] == "jobs_completed"]
    assert [row["good"] for row in lost] == ["loss"]
    assert float(lost[0]["change"]) < 0
    assert float(lost[0]["low"]) < float(lost[0]["change"]) < float(lost[0]["high"]) < 0


@pytest.mark.usefixtures("demo")
def test_trade_offs_set_the_measured_rate_against_the_agreed_one(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = _text(client, "trade-offs/")
    assert "Makes up for it" in text
    assert "of true effects. Ringed: experiments that no other beats on both once luck is out." in text
    assert "12 pairs that too few experiments measured" in text
    rows = _rows(client, "trade-offs/?format=csv&metric=jobs_completed")
    assert rows
    assert all("jobs_completed" in (row["first"], row["second"]) for row in rows)
    opposed = [float(row["p_opposed"]) for row in rows if row["p_opposed"]]
    assert opposed == sorted(opposed, reverse=True)


@pytest.mark.usefixtures("demo")
def test_what_moved_names_each_gift_and_what_is_luck(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = _text(client, "moved/")
    assert "What each gave at the top" in text
    assert "8 wins of 29 experiments claimed" in text
    narrowed = _text(client, "moved/?team=planning")
    assert "team Planning and dispatch" in narrowed
    assert "claimed" not in narrowed
    rows = _rows(client, "moved/?format=csv&team=planning")
    assert {row["subject"] for row in rows if row["kind"] == "team"} == {"planning"}


def test_a_treaty_is_recorded_in_the_policy_in_the_units_people_read(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    facilitator = client_of("facilitator")
    address = reverse("edit-policy", kwargs={"workspace": workspace.key})
    definitions = loaded(workspace).workspace.definitions
    gains, loses = list(definitions.metrics)[:2]
    team = next(iter(definitions.teams))
    form = facilitator.get(address).context["form"]
    given = {each.html_name: each.value() for each in form if each.value() not in (None, "")}
    given |= {
        "treaties__0__gains": gains,
        "treaties__0__loses": loses,
        "treaties__0__at_most": "0.5",
        "treaties__0__between": [team],
        "treaties__0__reason": "agreed in spring",
    }
    assert facilitator.post(address, given).status_code == 302
    workspace.refresh_from_db()
    treaty = loaded(workspace).workspace.definitions.policy.treaties[0]
    assert (treaty.gains, treaty.loses, treaty.between) == (gains, loses, (team,))
    assert (
        "agreed in spring" in facilitator.get(reverse("policy", kwargs={"workspace": workspace.key})).content.decode()
    )
    again = facilitator.get(address).context["form"]
    assert float(again["treaties__0__at_most"].value()) == pytest.approx(0.5)
