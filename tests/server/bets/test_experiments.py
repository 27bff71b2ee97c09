"""Pages of experiments: trust first, effects nobody can trust folded away, plans, filters, CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache

from vitalfew.pipeline import stored
from vitalfew.server.bets.views.experiments import MOST
from vitalfew.server.core.models import Definition, Job
from vitalfew.server.core.services.foreseeing import MOST_AT_ONCE
from vitalfew.server.core.services.jobs import cancel
from vitalfew.server.core.services.work import work

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from vitalfew.server.core.models import Workspace

MOST_QUERIES = 25


def text(client: Client, path: str) -> str:
    """A page as text."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_list_shows_every_experiment_with_its_light(demo: Workspace, client_of: Callable[..., Client]) -> None:
    page = text(client_of("viewer"), "/w/fieldnote/experiments/")
    for row in stored(demo.folder).tables.experiments:
        assert f"/w/fieldnote/experiments/{row.experiment}/" in page
    assert "trust test failed" in page


def test_a_long_list_is_cut_and_the_rest_is_offered(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    Definition.objects.bulk_create(
        Definition(
            workspace=workspace,
            kind="experiments",
            key=f"try_{at}",
            body={"initiative": "gate", "source": "players", "variant": "arm", "control": "old", "metrics": ["rounds"]},
            version=1,
        )
        for at in range(MOST)
    )
    workspace.refresh_from_db()
    workspace.defined += 1
    workspace.save()
    cut = text(client_of("viewer"), f"/w/{workspace.key}/experiments/")
    assert cut.count("<tr data-row") == MOST
    assert f"Show all {MOST + 1} experiments" in cut
    whole = text(client_of("viewer"), f"/w/{workspace.key}/experiments/?all=1")
    assert whole.count("<tr data-row") == MOST + 1
    assert "Show all" not in whole.partition("<tbody")[2]


@pytest.mark.usefixtures("demo")
def test_trust_stands_before_everything_else_and_a_failed_test_folds_the_effects(
    client_of: Callable[..., Client],
) -> None:
    page = text(client_of("viewer"), "/w/fieldnote/experiments/guided_tour/")
    assert page.index("Can we trust it?") < page.index("What to do") < page.index("Show the effects anyway")
    assert page.index("Show the effects anyway") < page.index("4  Effects")
    trusted = text(client_of("viewer"), "/w/fieldnote/experiments/repeat_jobs/")
    assert "Show the effects anyway" not in trusted
    assert "What it means for value" in trusted


def test_filters_stand_in_the_address_and_the_csv_holds_what_the_list_shows(
    demo: Workspace, client_of: Callable[..., Client]
) -> None:
    client = client_of("viewer")
    answer = client.get("/w/fieldnote/experiments/?q=guided&format=csv")
    (row,) = csv.DictReader(StringIO(answer.content.decode()))
    effect = next(
        found
        for found in stored(demo.folder).tables.effects
        if (found.experiment, found.metric, found.segment) == ("guided_tour", row["metric"], None)
    )
    assert float(row["estimate"]) == effect.estimate
    assert row["trust"] == "failed"
    assert "No experiment fits these filters" in text(client, "/w/fieldnote/experiments/?q=nothing+of+this+name")


@pytest.mark.usefixtures("sqlite", "demo")
def test_a_plan_says_what_an_experiment_finds_in_how_many_weeks(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    address = "/w/fieldnote/experiments/repeat_jobs/plan/?units_per_week=2000&weeks=6"
    for _ in range(2):
        assert "Waiting for a free worker" in text(client, address)
    (asked,) = Job.objects.filter(kind="plan")
    work(asked.pk)
    assert "weeks find a change of" in text(client, address)
    cache.clear()
    assert "weeks find a change of" in text(client, address), "what was kept made room for something else"
    assert Job.objects.filter(kind="plan").count() == 1
    assert "This is too large: write 104 or less." in text(
        client, "/w/fieldnote/experiments/repeat_jobs/plan/?weeks=1000"
    )


@pytest.mark.usefixtures("sqlite", "workspace")
def test_what_is_planned_only_says_so_and_what_is_unknown_does_not_exist(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    assert "Nothing of this experiment has been measured yet" in text(client, "/w/playground/experiments/move_gate/")
    assert client.get("/w/playground/experiments/nothing/").status_code == 404
    text(client, "/w/playground/experiments/move_gate/plan/")
    work(Job.objects.get(kind="plan").pk)
    page = text(client, "/w/playground/experiments/move_gate/plan/")
    assert "players" in page, "the file that is missing is named"


@pytest.mark.usefixtures("sqlite")
def test_a_plan_that_was_stopped_is_worked_out_again_when_asked(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    client = client_of("viewer")
    address = "/w/playground/experiments/move_gate/plan/"
    text(client, f"{address}?weeks=6")
    cancel(workspace, Job.objects.get(kind="plan").pk, by=None)
    page = text(client, f"{address}?weeks=6")
    assert "This was stopped" in page
    assert f'action="{address}again/?weeks=6"' in page
    again = client.post(f"{address}again/?weeks=6", follow=True)
    assert again.redirect_chain[-1][0] == f"{address}?weeks=6"
    assert "Waiting for a free worker" in again.content.decode()
    assert [job.arguments["wishes"] for job in Job.objects.filter(kind="plan")] == [{"weeks": 6}, {"weeks": 6}]


@pytest.mark.usefixtures("workspace")
def test_one_person_does_not_keep_the_workers_busy_with_plans(client_of: Callable[..., Client]) -> None:
    client = client_of("viewer")
    for weeks in range(1, MOST_AT_ONCE + 2):
        page = text(client, f"/w/playground/experiments/move_gate/plan/?weeks={weeks}")
    assert "5 plans that you asked for are still being worked out" in page
    assert Job.objects.filter(kind="plan").count() == MOST_AT_ONCE
    other = client_of("viewer", name="Ben")
    assert "Waiting for a free worker" in text(other, "/w/playground/experiments/move_gate/plan/?weeks=50")


@pytest.mark.usefixtures("demo")
def test_pages_of_experiments_ask_the_database_little(
    client_of: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of("viewer")
    for path in ("experiments/", "experiments/repeat_jobs/"):
        with django_assert_max_num_queries(MOST_QUERIES):
            client.get(f"/w/fieldnote/{path}")
