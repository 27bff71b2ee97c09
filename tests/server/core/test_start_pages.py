"""Pages on which workspaces and runs begin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from vitalfew.server.core.models import Job, Member, User, Workspace
from vitalfew.server.core.queries.dismissals import open_findings
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services import jobs, runs
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.templatetags.vitalfew import day

if TYPE_CHECKING:
    from collections.abc import Callable

    type ClientOf = Callable[..., Client]

CSV = SimpleUploadedFile


@pytest.fixture
def newcomer(db: None, home: object) -> Client:  # noqa: ARG001 - a database and a folder first
    client = Client()
    user = User.objects.create_user("new@example.org", name="New")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_newcomer_makes_an_empty_workspace_and_is_its_admin(newcomer: Client) -> None:
    assert b"Drop your files here" in newcomer.get("/workspaces/new/").content
    answer = newcomer.post("/workspaces/new/", {"name": "Acme tools"})
    assert answer.headers["Location"] == "/w/acme-tools/ledger/"
    assert Member.objects.get().role == "admin"
    assert newcomer.get("/w/acme-tools/ledger/").status_code == 200


def test_a_newcomer_without_data_begins_with_a_template(newcomer: Client) -> None:
    answer = newcomer.post("/workspaces/new/", {"name": "Acme tools", "template": "1"}, follow=True)
    assert b"Start from this" in answer.content


def test_the_demo_is_one_click_away(newcomer: Client) -> None:
    answer = newcomer.post("/workspaces/demo/", follow=True)
    assert b"waiting for a free worker" in answer.content.lower()
    assert Workspace.objects.get().is_demo
    assert newcomer.get("/workspaces/demo/").status_code == 405, "a link alone makes nothing"


def test_dropped_files_are_answered_as_scripts_and_as_people_need_it(newcomer: Client) -> None:
    told = newcomer.post("/workspaces/files/", {"files": CSV("a.exe", b"x")}, headers={"Accept": "application/json"})
    assert "is no file that can be read" in told.json()["error"]
    told = newcomer.post("/workspaces/files/", {"files": CSV("i.XLSX", b"PK")}, headers={"Accept": "application/json"})
    assert told.json()["error"] == "'i.XLSX' is a spreadsheet, which is not read; save the sheet as CSV, give that file"
    sent = newcomer.post("/workspaces/files/", {"files": CSV("use.csv", b"a,b\n1,2\n")})
    assert sent.headers["Location"] == "/w/use/started/"
    assert b"Start from files" in newcomer.get("/w/use/jobs/").content


def test_what_could_not_be_read_is_said_on_the_page(newcomer: Client) -> None:
    newcomer.post("/workspaces/files/", {"files": CSV("use.csv", b"a,b\n1,2\n")})
    claimed = jobs.claim(Job.objects.get().pk)
    assert claimed is not None
    claimed.fail("use.csv has 2 columns\nWhat each needs:\nevents: who\nor say what it is: --as 'use.csv=events'")
    page = newcomer.get("/w/use/started/").content.decode()
    assert "use.csv has 2 columns" in page
    assert "--as" not in page
    assert '<option value="events">' in page
    again = newcomer.post("/w/use/started/again/", {"kind:use.csv": "events"}, follow=True)
    assert again.status_code == 200
    assert Job.objects.order_by("-id")[0].arguments["kinds"] == ["use.csv=events"]


def test_a_run_is_started_watched_and_stopped(client_of: ClientOf, workspace: Workspace) -> None:
    editor = client_of("editor")
    back = editor.post(f"/w/{workspace.key}/run/", headers={"Referer": f"http://testserver/w/{workspace.key}/jobs/"})
    assert back.headers["Location"] == f"/w/{workspace.key}/jobs/"
    line = editor.get(f"/w/{workspace.key}/run-line/?had=").content.decode()
    assert 'hx-trigger="every 1s"' in line
    job = Job.objects.get()
    editor.post(f"/w/{workspace.key}/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert 'hx-trigger="every 1s"' not in editor.get(f"/w/{workspace.key}/run-line/?had=").content.decode()


def test_a_page_without_a_run_is_loaded_anew_when_one_is_there(client_of: ClientOf, demo: Workspace) -> None:
    asked = runs.start(demo, None)
    claimed = jobs.claim(asked.id)
    assert claimed is not None
    assert claimed.finish({"run": demo.last_run}, lambda: None)
    viewer = client_of("viewer")
    assert viewer.get(f"/w/{demo.key}/run-line/?had=").headers["HX-Refresh"] == "true"
    told = viewer.get(
        f"/w/{demo.key}/run-line/?had=older", headers={"HX-Current-URL": f"http://x/w/{demo.key}/ledger/"}
    )
    assert "HX-Refresh" not in told.headers
    assert f'<a href="/w/{demo.key}/ledger/?run=">A newer run is there' in told.content.decode()


def test_the_run_line_says_up_to_which_day_the_data_go_and_how_many_checks_there_are(
    client_of: ClientOf, demo: Workspace
) -> None:
    run = open_run(demo)
    assert run is not None
    assert run.info.data_to == max(row.day for row in run.tables.series)
    checks = len(open_findings(demo, run))
    assert checks > 0
    told = client_of("viewer").get(f"/w/{demo.key}/board/").content.decode()
    assert f"data to {day(run.info.data_to)}" in told
    assert re.search(rf'<a href="/w/{demo.key}/checks/">{checks} checks?</a>', told)


@pytest.mark.parametrize("away", ["https://evil.example/w/playground/", "//evil.example/", "/admin/", "javascript:x"])
def test_nobody_is_sent_elsewhere_after_starting_a_run(client_of: ClientOf, workspace: Workspace, away: str) -> None:
    back = client_of("editor").post(f"/w/{workspace.key}/run/", headers={"Referer": away})
    assert back.headers["Location"] == f"/w/{workspace.key}/ledger/"


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", "run/", 403),
        ("contributor", "jobs/1/cancel/", 403),
        ("editor", "files/", 403),
        ("facilitator", "started/again/", 403),
        ("editor", "run/", 302),
        ("analyst", "started/again/", 302),
    ],
)
def test_who_may_start_what(client_of: ClientOf, workspace: Workspace, role: str, path: str, status: int) -> None:
    assert client_of(role).post(f"/w/{workspace.key}/{path}").status_code == status


def test_work_of_another_workspace_cannot_be_stopped(
    client_of: ClientOf, workspace: Workspace, demo: Workspace
) -> None:
    job = runs.start(demo, None)
    client_of("admin", of=workspace).post(f"/w/{workspace.key}/jobs/{job.id}/cancel/")
    assert Job.objects.get(pk=job.id).state == "waiting"


def test_more_files_have_a_page_and_where_people_edited_it_says_what_else(
    newcomer: Client, workspace: Workspace, client_of: ClientOf
) -> None:
    newcomer.post("/workspaces/new/", {"name": "Acme tools"})
    assert b"Drop your files here" in newcomer.get("/w/acme-tools/files/").content
    save(workspace, "teams", "night", {"title": "Night"}, by=User.objects.get(), version=0)
    edited = client_of("admin").get("/w/playground/files/").content.decode()
    assert "Drop your files here" not in edited
    assert "start a workspace from the file" in edited
    assert 'href="/w/playground/files/">Bring the file' in client_of("admin").get("/w/playground/board/new/").text
