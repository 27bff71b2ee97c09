"""Metrics, links and the tree as pages: what they show, who may change what, how many queries they take."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vitalfew.server.core.models import Definition, KindOwner

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from vitalfew.server.core.models import Workspace

DEMO = "/w/fieldnote"
QUERIES = 12
"""Queries a page may take at most, however many rows it shows."""
ROUNDS = {
    "title": "Rounds", "kind": "mean", "source": "players", "column": "rounds", "direction": "up", "level": "system",
    "over": "units", "window_kind": "conversion", "cap_side": "upper",
}  # fmt: skip


@pytest.fixture
def played(workspace: Workspace) -> Workspace:
    """The playground with a table of players."""
    rows = "\n".join(f"{at},{at % 40},{at % 2},old,{at % 60}" for at in range(200))
    (Path(workspace.folder) / "players.csv").write_text(f"id,rounds,back,arm,age\n{rows}\n")
    return workspace


@pytest.mark.usefixtures("demo")
def test_the_list_tells_where_metrics_stand_and_what_they_count_as(client_of: Callable[..., Client]) -> None:
    text = client_of("viewer").get(f"{DEMO}/metrics/").content.decode()
    assert "Minutes to plan a day" in text
    assert "41.6\N{NO-BREAK SPACE}min" in text
    assert text.count('class="tag"') >= 6


@pytest.mark.usefixtures("demo")
def test_filters_stand_in_the_address_and_hold_for_the_csv(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    text = client.get(f"{DEMO}/metrics/?level=business&use=factor").content.decode()
    assert "Seats added" in text
    assert "Errors shown" not in text
    lines = client.get(f"{DEMO}/metrics/?level=business&format=csv").content.decode().splitlines()
    assert lines[0].startswith("metric,title,level")
    keys = {line.split(",")[0] for line in lines[1:]}
    assert keys == {"seats_added", "retention_28", "invoices_per_job", "calls_per_job"}


@pytest.mark.usefixtures("demo")
def test_a_metric_shows_its_series_links_and_who_moves_it(client_of: Callable[..., Client]) -> None:
    text = unescape(client_of("viewer").get(f"{DEMO}/metrics/planning_minutes/").content.decode())
    assert "1 of 78 weeks lies beyond the limits" in text
    assert f'href="{DEMO}/metrics/planning_total/"' in text
    assert f'href="{DEMO}/experiments/smart_defaults/"' in text
    assert "edit it in metrics.yaml, line" in text


@pytest.mark.usefixtures("demo")
def test_a_metric_without_a_series_says_why(client_of: Callable[..., Client]) -> None:
    text = client_of("viewer").get(f"{DEMO}/metrics/retention_28/").content.decode()
    assert "No series." in text
    assert "a series of its own" in text or "a source of series" in text


@pytest.mark.usefixtures("demo")
def test_links_show_certainty_and_what_it_would_take(client_of: Callable[..., Client]) -> None:
    text = client_of("viewer").get(f"{DEMO}/links/").content.decode()
    assert "4 more experiments that measure" in text
    assert "As a picture" in text
    narrowed = client_of("viewer").get(f"{DEMO}/links/?metric=seats_added&state=estimated").content.decode()
    assert "1.14 min" not in narrowed
    assert "0.071" in narrowed


@pytest.mark.usefixtures("demo")
def test_the_tree_opens_from_vision_to_initiatives(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    folded = client.get(f"{DEMO}/tree/").content.decode()
    assert "7 initiatives" in folded
    assert 'data-node="initiative:smart_defaults"' not in folded
    opened = client.get(f"{DEMO}/tree/?open=planning_minutes").content.decode()
    assert 'data-node="initiative:smart_defaults"' in opened
    card = client.get(f"{DEMO}/metrics/jobs_completed/card/", headers={"HX-Request": "true"}).content.decode()
    assert "What this moves" in card


@pytest.mark.parametrize(
    "page",
    [
        "metrics/",
        "metrics/planning_minutes/",
        "links/",
        "trade-offs/",
        "conflicts/",
        "moved/",
        "tree/?open=business,system",
    ],
)
@pytest.mark.usefixtures("demo")
def test_pages_take_few_queries(
    client_of: Callable[..., Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
    page: str,
) -> None:
    client = client_of("viewer")
    client.get(f"{DEMO}/{page}")
    with django_assert_max_num_queries(QUERIES):
        client.get(f"{DEMO}/{page}")


def test_a_hundred_metrics_take_no_more_queries_than_two(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    client = client_of("viewer")
    few = queries(client, "/w/playground/metrics/")
    for at in range(100):
        body = {"source": "players", "column": f"c{at}", "title": f"Metric {at}"}
        Definition.objects.create(workspace=workspace, kind="metrics", key=f"m{at}", body=body, position=10 + at)
    workspace.defined += 1
    workspace.save()
    assert queries(client, "/w/playground/metrics/") == few
    text = client.get("/w/playground/metrics/").content.decode()
    assert "102 of 102 metrics" in text
    assert text.count("data-row") == 50
    assert "90 more metrics" in client.get("/w/playground/tree/").content.decode()


def queries(client: Client, address: str) -> int:
    """How many queries a page takes once its definitions are read."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_a_metric_is_defined_changed_and_removed_by_form(played: Workspace, client_of: Callable[..., Client]) -> None:
    client = client_of("analyst")
    made = client.post("/w/playground/define/metric/", ROUNDS | {"title": "Rounds of the young", "column_0": "age",
                                                                 "operator_0": "<", "value_0": "20"})  # fmt: skip
    assert made.headers["Location"] == "/w/playground/metrics/rounds_of_the_young/"
    row = Definition.objects.get(workspace=played, kind="metrics", key="rounds_of_the_young")
    assert row.body == {
        "title": "Rounds of the young",
        "source": "players",
        "column": "rounds",
        "filters": ["age < 20"],
    }
    form = client.get("/w/playground/metrics/rounds_of_the_young/edit/").content.decode()
    assert 'value="20"' in form
    changed = ROUNDS | {"title": "Rounds played young", "version": "1"}
    assert client.post("/w/playground/metrics/rounds_of_the_young/edit/", changed).status_code == 302
    assert client.post("/w/playground/metrics/rounds_of_the_young/edit/", changed).status_code == 409
    assert client.post("/w/playground/metrics/rounds_of_the_young/remove/").status_code == 302
    assert not Definition.objects.filter(workspace=played, key="rounds_of_the_young").exists()


@pytest.mark.usefixtures("played")
def test_faults_stand_at_their_field(client_of: Callable[..., Client]) -> None:
    answer = client_of("analyst").post(
        "/w/playground/define/metric/", ROUNDS | {"title": "Rounds each", "kind": "ratio"}
    )
    assert answer.status_code == 422
    assert 'id="id_below_source_error"' in answer.content.decode()


@pytest.mark.usefixtures("played")
def test_a_key_is_given_once(client_of: Callable[..., Client]) -> None:
    answer = client_of("analyst").post("/w/playground/define/metric/", ROUNDS)
    assert answer.status_code == 422
    assert 'id="id_key_error"' in answer.content.decode()


def test_a_metric_that_a_factor_names_cannot_be_removed(played: Workspace, client_of: Callable[..., Client]) -> None:
    answer = client_of("analyst").post("/w/playground/metrics/rounds/remove/")
    assert answer.status_code == 422
    assert Definition.objects.filter(workspace=played, kind="metrics", key="rounds").exists()


def test_a_metric_is_tried_on_the_data_before_it_is_kept(played: Workspace, client_of: Callable[..., Client]) -> None:
    client = client_of("analyst")
    tried = client.post(
        "/w/playground/define/metric/", ROUNDS | {"title": "Rounds 2", "try": "1"}, headers={"HX-Request": "true"}
    )
    text = tried.content.decode()
    assert "19.5" in text
    assert "over 200 units" in text
    assert "SELECT" in text
    assert not Definition.objects.filter(workspace=played, key="rounds_2").exists()


@pytest.mark.parametrize("role", ["viewer", "rater", "contributor", "editor", "facilitator"])
@pytest.mark.usefixtures("played")
def test_only_analysts_define_metrics(client_of: Callable[..., Client], role: str) -> None:
    client = client_of(role)
    for page in ("define/metric/", "metrics/rounds/edit/", "metrics/rounds/look/"):
        assert client.post(f"/w/playground/{page}", ROUNDS).status_code == 403


@pytest.mark.usefixtures("demo")
def test_metrics_of_a_folder_are_edited_there(client_of: Callable[..., Client]) -> None:
    answer = client_of("analyst").get(f"{DEMO}/metrics/planning_minutes/edit/")
    assert answer.status_code == 403
    assert "metrics.yaml" in answer.content.decode()


def test_an_empty_workspace_teaches(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    Definition.objects.filter(workspace=workspace).delete()
    client = client_of("analyst")
    for page in ("metrics", "links", "trade-offs", "conflicts", "moved", "tree"):
        text = client.get(f"/w/playground/{page}/").content.decode()
        assert 'class="empty"' in text
        assert "For example" in text
        assert "First step" in text


def test_whoever_has_no_data_or_no_metric_is_told_what_comes_first(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    analyst = client_of("admin")
    Definition.objects.filter(workspace=workspace, kind__in=("metrics", "sources", "factors", "guardrails")).delete()
    page = analyst.get(f"/w/{workspace.key}/define/metric/").content.decode()
    assert "There are no data yet" in page
    assert "could not be read in time" not in page
    for kind in ("factor", "guardrail"):
        page = analyst.get(reverse(f"new-{kind}", kwargs={"workspace": workspace.key})).content.decode()
        assert f'href="/w/{workspace.key}/define/metric/"' in page
        assert 'class="primary">Save' not in page


def test_a_metric_is_offered_a_table_with_events_first_and_conditions_read_as_words(
    demo: Workspace, client_of: Callable[..., Client]
) -> None:
    KindOwner.objects.filter(workspace=demo, kind="metrics").delete()
    page = client_of("admin").get(f"/w/{demo.key}/define/metric/").content.decode()
    offered = page.split('name="source"', 1)[1].split("</select>", 1)[0]
    assert re.findall(r'value="([^"]+)"', offered)[0] == "events"
    assert ">is at least</option>" in page
