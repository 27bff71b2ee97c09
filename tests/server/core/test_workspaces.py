"""Workspaces from a stranger's files, from the demo, from a folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from vitalfew.errors import UsageError
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Definition, Job, Member, User, Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services import workspaces
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.work import work
from vitalfew.workspace.journal import FolderJournal

if TYPE_CHECKING:
    from server.conftest import DemoRun

USAGE = "user_id,timestamp,event_name\n" + "\n".join(
    f"u{n % 40},2026-0{1 + n % 6}-1{n % 9}T10:00:00,{('opened', 'saved', 'shared')[n % 3 if n % 40 < 20 else 0]}"
    for n in range(900)
)
IDEAS = (
    "title,reach,impact,confidence,effort\nBetter search,500,2,80%,3\nDark mode,2000,0.5,50%,2\nOffline,300,3,80%,8\n"
)
OTHER = "a,b\n1,2\n3,4\n"

pytestmark = pytest.mark.usefixtures("sqlite", "home")


def file(name: str, text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


@pytest.fixture
def ada(sqlite: None) -> User:  # noqa: ARG001 - a database first
    return User.objects.create_user("ada@example.org", name="Ada")


def done(found: workspaces.Started) -> tuple[Workspace, Job]:
    work(found.job.id)
    return Workspace.objects.get(key=found.workspace), Job.objects.get(pk=found.job.id)


def test_a_usage_file_becomes_a_workspace_with_a_ledger(ada: User) -> None:
    row, job = done(workspaces.from_files(ada, None, [file("usage events.csv", USAGE)]))
    assert job.state == "done", job.message
    assert row.name == "Usage events"
    assert "usage events (900 rows" in job.result["recognised"][0]
    found = open_run(row)
    assert found is not None
    assert {line.line for line in found.tables.shipped} >= {"opened", "saved", "shared"}
    assert loaded(row).problems == ()
    assert loaded(row).folder_kinds == frozenset()
    assert Member.objects.get(workspace=row).role == "admin"
    assert not list(Path(row.folder).rglob("*.yaml"))


def test_a_second_file_is_added_as_long_as_nobody_has_edited(ada: User) -> None:
    row, _ = done(workspaces.from_files(ada, None, [file("usage.csv", USAGE)]))
    row, job = done(workspaces.from_files(ada, row, [file("ideas.csv", IDEAS)]))
    assert job.state == "done", job.message
    assert len(loaded(row).workspace.definitions.initiatives) == 3
    assert loaded(row).workspace.definitions.features
    save(row, "initiatives", "mine", {"title": "Mine", "status": "idea"}, by=ada, version=0)
    with pytest.raises(UsageError, match="people have edited"):
        workspaces.from_files(ada, row, [file("more.csv", IDEAS)])


def test_what_no_one_can_read_is_said_and_changes_nothing(ada: User) -> None:
    row, _ = done(workspaces.from_files(ada, None, [file("usage.csv", USAGE)]))
    before = (row.last_run, Definition.objects.count())
    row, job = done(workspaces.from_files(ada, row, [file("other.csv", OTHER)]))
    assert job.state == "failed"
    assert "other.csv has 2 columns" in job.message
    assert (row.last_run, Definition.objects.count()) == before
    row, job = done(workspaces.from_files(ada, row, [file("ideas.csv", IDEAS)]))
    assert job.state == "done", "the file that could not be read is not tried again"


def test_the_demo_is_the_servers_own_with_its_acts(ada: User) -> None:
    row, job = done(workspaces.demo_workspace(ada))
    assert job.state == "done", job.message
    found = open_run(row)
    assert found is not None
    assert found.tables.promises
    assert row.is_demo
    assert row.acts_count == job.result["acts"] > 100
    assert TableJournal(row.pk).read().damage == ()
    assert loaded(row).folder_kinds == frozenset()


def test_a_folder_keeps_what_it_defines_and_its_acts_are_taken_over_once(
    sqlite: None,  # noqa: ARG001 - a database first
    demo_run: DemoRun,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "product"
    shutil.copytree(demo_run.folder, folder)
    row = workspaces.connect_folder(folder)
    again = workspaces.connect_folder(folder)
    assert again.pk == row.pk
    assert "initiatives" in loaded(row).folder_kinds
    assert row.last_run == demo_run.run_id
    assert TableJournal(row.pk).read().acts == FolderJournal(folder).read().acts


@pytest.mark.parametrize("name", ["evil.exe", "table.csv.zip", "x.parquet.gz", ".csv", ""])
def test_files_that_cannot_be_tables_are_refused_by_name(ada: User, name: str) -> None:
    with pytest.raises(UsageError):
        workspaces.from_files(ada, None, [_called(name)])
    assert not Workspace.objects.exists()


def _called(name: str) -> SimpleUploadedFile:
    upload = file("x.csv", USAGE)
    object.__setattr__(upload, "_name", name)  # as a browser might send it; Django itself keeps the last part
    return upload


def test_no_file_lands_outside_the_folder_of_its_workspace(ada: User, home: Path) -> None:
    found = workspaces.from_files(ada, None, [_called("../../../escaped.csv")])
    stored = Job.objects.get(pk=found.job.id).arguments["files"]
    assert list(stored) == ["escaped.csv"]
    assert not list(home.parent.rglob("escaped.csv")) or all(
        home / "workspaces" in path.parents for path in home.parent.rglob("escaped.csv")
    )


def test_two_workspaces_of_one_name_have_keys_of_their_own(ada: User) -> None:
    assert [workspaces.create(ada, "Möbel & Co").key for _ in range(2)] == ["mobel-co", "mobel-co-2"]
