"""Features and releases as pages: use apart from what is not measured, new bets, releases held against noise."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

from vitalfew.server.core.models import Definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from vitalfew.server.core.models import Workspace

DEMO = "/w/fieldnote"


@pytest.mark.usefixtures("demo")
def test_not_measured_is_kept_apart_from_not_used(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = client.get(f"{DEMO}/features/").content.decode()
    measured, _, rest = text.partition("Not measured</h2>")
    assert "Export wizard" in measured
    assert "Printed job card" in rest
    assert "Printed job card" not in measured
    lost = client.get(f"{DEMO}/features/printed_job_card/").content.decode()
    assert "Not measured is not the same as not used" in lost


@pytest.mark.usefixtures("demo")
def test_before_a_feature_is_removed_one_sees_what_would_miss_it_and_which_test_would_tell(
    client_of: Callable[..., Client],
) -> None:
    text = client_of("viewer").get(f"{DEMO}/features/export_wizard/").content.decode()
    assert "No metric counts its events, and no work builds on it." in text
    assert "The test of its removal that would pay most:" in text


@pytest.mark.usefixtures("demo")
def test_a_feature_says_whom_it_serves_and_names_each_line_once(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = unescape(client.get(f"{DEMO}/features/van_stock/").content.decode())
    why = text.partition('id="needs-title"')[2].partition("</section>")[0]
    assert f'href="{DEMO}/needs/' in why
    assert "Parts taken from a van are noted on paper or not at all (observed)" in why
    assert "3 times" in why
    lines = text.partition('id="lines-title"')[2].partition("</section>")[0]
    assert lines.count(">Van stock<") == 1  # the feature and the initiative that built it have the same key
    assert "No work on it serves a need" in client.get(f"{DEMO}/features/day_plan/").content.decode()


@pytest.mark.usefixtures("demo")
def test_trends_of_segments_lie_on_one_axis_and_releases_say_what_they_can_be_told_from(
    client_of: Callable[..., Client],
) -> None:
    text = client_of("viewer").get(f"{DEMO}/features/photo_notes/").content.decode()
    segments = text.partition('id="segments-title"')[2].partition("</section>")[0]
    assert segments.count("reach changed by") == 3
    releases = text.partition('id="releases-title"')[2].partition("</section>")[0]
    assert "Arrows on photo notes" in releases
    assert "18 Aug 2026" in releases


@pytest.mark.usefixtures("demo")
def test_the_inventory_is_filtered_and_exported_alike(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = client.get(f"{DEMO}/features/?state=hardly+used&team=planning").content.decode()
    assert "Gantt view" in text
    assert "Day plan" not in text
    lines = client.get(f"{DEMO}/features/?state=hardly+used&format=csv").content.decode().splitlines()
    assert len(lines) == 21


@pytest.mark.parametrize(("what", "body"), [
    ("remove", {"title": "Remove Lobby", "status": "idea", "team": "games", "removes": "lobby"}),
    ("fix", {"title": "Fix Lobby", "status": "idea", "team": "games", "feature": "lobby"}),
    ("keep", {"title": "Show what Lobby is worth", "status": "idea", "team": "games", "feature": "lobby"}),
])  # fmt: skip
def test_a_feature_becomes_a_new_bet_that_can_be_taken_back(
    workspace: Workspace, client_of: Callable[..., Client], what: str, body: dict[str, str]
) -> None:
    client = client_of("editor")
    answer = client.post("/w/playground/features/lobby/bet/", {"what": what}, follow=True)
    made = Definition.objects.get(workspace=workspace, kind="initiatives", key=f"{what}_lobby")
    assert made.body == body
    text = unescape(answer.content.decode())
    address = text.split('action="/w/playground/undo/')[1].split('"')[0]
    client.post(f"/w/playground/undo/{address}")
    assert not Definition.objects.filter(workspace=workspace, key=f"{what}_lobby").exists()


@pytest.mark.usefixtures("workspace")
def test_who_may_only_read_gets_no_button_and_no_bet(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    assert "features/lobby/bet" not in client.get("/w/playground/features/lobby/").content.decode()
    assert client.post("/w/playground/features/lobby/bet/", {"what": "remove"}).status_code == 403
    assert client_of("editor").post("/w/playground/features/lost/bet/", {"what": "remove"}).status_code == 404


@pytest.mark.usefixtures("demo")
def test_releases_say_what_can_be_told_from_noise(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = client.get(f"{DEMO}/releases/").content.decode()
    assert "none of 6 that could be tested stand out" in text
    page = client.get(f"{DEMO}/releases/r2607/").content.decode()
    assert "Against days without a release" in page
    assert "Audit trail" in page
    assert "0 of 52 dates without it moved at least as much" in page
    young = client.get(f"{DEMO}/releases/r2610_voice/").content.decode()
    assert "too few days after it are known" in young


@pytest.mark.parametrize("page", ["features/", "features/export_wizard/", "releases/", "releases/r2607/"])
@pytest.mark.usefixtures("demo")
def test_pages_take_few_queries(
    client_of: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries, page: str
) -> None:
    client = client_of("viewer")
    client.get(f"{DEMO}/{page}")
    with django_assert_max_num_queries(12):
        client.get(f"{DEMO}/{page}")


def test_empty_pages_teach(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    Definition.objects.filter(workspace=workspace, kind__in=["features", "releases"]).delete()
    client = client_of("viewer")
    for page in ("features", "releases"):
        text = client.get(f"/w/playground/{page}/").content.decode()
        assert 'class="empty"' in text
        assert "First step" in text
