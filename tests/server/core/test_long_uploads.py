"""What is more than an ordinary request holds is kept as it came: the worker unpacks it, looks at it and plans."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from server_databases import in_place, sqlite_at
from serving import serving
from vitalfew.errors import UsageError
from vitalfew.server.core.bounded import ORDINARY
from vitalfew.server.core.models import Definition, Job, Member, User, Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services import jobs, parcels, table_work, tokens
from vitalfew.server.core.services.parcels import How
from vitalfew.server.core.services.storage import offered, offered_by
from vitalfew.server.core.services.work import work

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

    from server.conftest import ClientOf, MakeMember

PAGE = "/w/playground/settings/moving/"
API = "/api/v1/workspaces/playground"
LABS = b"teams:\n  labs: {title: Labs}\n"
BOMB = {f"{at}.yaml": b"# " + b"x" * 1_000_000 for at in range(20)}
REFUSED = {
    "leads out of the folder": parcels.packed({"../up.yaml": LABS}),
    "it defines too much at once": parcels.packed(BOMB),
    "it unpacks to too much": parcels.packed({"teams.yaml": LABS, "acts.jsonl": b" " * 12_000_000}),
    "the zip cannot be read": parcels.packed({"teams.yaml": LABS})[:-30],
    "there are no definitions in it": b"neither a zip nor YAML",
}


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every upload counts as long."""
    monkeypatch.setattr(parcels, "ORDINARY", 0)


def bring(client: Any, content: bytes) -> Any:
    return client.post(f"{PAGE}files/", {"files": SimpleUploadedFile("w.zip", content)}, follow=True)


def worked_off() -> Job:
    job = Job.objects.latest("id")
    work(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.usefixtures("sqlite", "long")
def test_a_long_upload_is_kept_as_it_came_until_the_worker_unpacks_it(
    workspace: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=workspace)
    waits = bring(client, parcels.packed({"w/teams.yaml": LABS, "w/data/users.csv": b"id"}))
    assert "Waiting for a free worker" in waits.content.decode()
    (place,) = offered().glob("*")
    assert [path.suffix for path in place.iterdir()] == [".packed"], "nothing is unpacked in the request"
    assert worked_off().state == "done"
    page = client.get(waits.redirect_chain[-1][0]).content.decode()
    assert "Added teams: labs" in page
    assert "1 file is neither definitions nor the log of acts" in page
    assert not list(place.glob("*.packed"))
    fields = dict(re.findall(r'type="hidden" name="(token|stamp)" value="([^"]*)"', page))
    client.post(f"{PAGE}apply/", fields)
    workspace.refresh_from_db()
    assert "labs" in loaded(workspace).workspace.definitions.teams
    assert not list(offered().glob("*"))


@pytest.mark.usefixtures("sqlite", "long")
def test_of_two_workers_that_unpack_the_same_the_slower_one_goes_on_with_what_stands(
    workspace: Workspace, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = member("admin", of=workspace).user
    token = parcels.offer(workspace, [SimpleUploadedFile("w.zip", parcels.packed({"teams.yaml": LABS}))], by=by)
    asked = parcels.is_packed

    def then_unpacked_by_the_other(*args: Any, **named: Any) -> bool:
        found = asked(*args, **named)
        if found:
            parcels.unpack_offer(workspace, token, parcels.UNWATCHED, by=by)
        return found

    monkeypatch.setattr(parcels, "is_packed", then_unpacked_by_the_other)
    assert parcels.worked_out(workspace, token, How(), by=by).sentences[0] == "added teams: labs"


@pytest.mark.usefixtures("sqlite", "long")
@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_is_told_on_the_page_of_the_job_and_not_kept(
    why: str, workspace: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=workspace)
    address = bring(client, REFUSED[why]).redirect_chain[-1][0]
    job = worked_off()
    assert (job.state, why in job.message) == ("failed", True), job.message
    assert why in client.get(address).content.decode().replace("&#x27;", "'")
    (place,) = offered().glob("*")
    assert [path.suffix for path in place.iterdir()] == [".packed"], "what was unpacked of it is gone"
    shutil.rmtree(offered())


@pytest.mark.usefixtures("sqlite", "long")
def test_a_workspace_without_room_keeps_nothing_of_what_was_unpacked(workspace: Workspace, client_of: ClientOf) -> None:
    bring(client_of("admin", of=workspace), parcels.packed({"teams.yaml": LABS}))
    with override_settings(CONFIG=replace(settings.CONFIG, storage_gb=0)):
        job = worked_off()
    assert (job.state, "would take more than 0 GB" in job.message) == ("failed", True)
    (place,) = offered().glob("*")
    assert [path.suffix for path in place.iterdir()] == [".packed"]
    shutil.rmtree(offered())


@pytest.mark.usefixtures("sqlite", "long")
@pytest.mark.parametrize("at", ["unpack", "brought"])
def test_stopping_does_not_wait_until_an_upload_is_read(at: str, workspace: Workspace, client_of: ClientOf) -> None:
    bring(client_of("admin", of=workspace), parcels.packed({"teams.yaml": LABS}))
    claimed = jobs.claim(Job.objects.latest("id").pk)
    assert claimed is not None
    begun: list[float] = []

    def should_stop() -> bool:
        step = Job.objects.get(pk=claimed.job.pk).step
        begun.extend([time.monotonic()] if step == at else [])
        return len(begun) > 2  # the process that reads has been asked for: it takes longer to start

    with pytest.raises(table_work.Stopped):
        table_work.changes(claimed.job, table_work.Watch(claimed, should_stop))
    assert begun
    (place,) = offered().glob("*")
    assert {path.suffix for path in place.iterdir()} <= {".packed", ".left-out", ""}
    assert not [path for path in place.iterdir() if path.name.count(".") and path.is_dir() and path.suffix != ".packed"]
    shutil.rmtree(offered())


@pytest.mark.usefixtures("sqlite", "long")
def test_another_upload_in_the_middle_of_unpacking_is_told_and_stays(workspace: Workspace, make_admin: User) -> None:
    first = parcels.offer(workspace, [SimpleUploadedFile("w.zip", parcels.packed({"a.yaml": LABS}))], by=make_admin)
    second: list[str] = []

    class Overtaken(parcels.Unwatched):
        def look(self, *_: object) -> None:
            if not second:
                brought = SimpleUploadedFile("w.zip", parcels.packed({"b.yaml": LABS}))
                second.append(parcels.offer(workspace, [brought], by=make_admin))

    with pytest.raises(UsageError, match="no longer there"):
        parcels.worked_out(workspace, first, How(), Overtaken(), by=make_admin)
    assert parcels.worked_out(workspace, second[0], How(), by=make_admin).anything
    assert (offered_by(workspace, make_admin) / second[0] / "b.yaml").exists()
    shutil.rmtree(offered())


@pytest.fixture
def make_admin(member: MakeMember) -> User:
    """Somebody who may bring files."""
    return member("admin").user


@pytest.mark.usefixtures("sqlite")
@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10)  # bytes that may be held as a whole
def test_an_upload_that_comes_twice_is_told_from_another_as_long(
    workspace: Workspace, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = (b"teams: {day: {title: T}}", b"teams: {bay: {title: T}}")
    day, bay = (parcels.packed({"teams.yaml": said}, shrunk=False) for said in teams)
    assert len(day) == len(bay)

    def bring_to(path: str, content: bytes, role: str = "admin", key: str = "one") -> Any:
        headers = {"Authorization": f"Bearer {secrets[role]}", "Idempotency-Key": key}
        return Client(headers=headers).post(f"{API}/{path}", content, content_type="application/zip")

    secrets = {role: tokens.make(member(role, of=workspace).user, "mover", ["admin"]) for role in ("admin", "viewer")}
    first, again, other = (bring_to("plans/zip", content) for content in (day, day, bay))
    assert (first.status_code, first.json()["sentences"][0]) == (201, "added teams: day")
    assert (again.status_code, again.content) == (201, first.content)
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    assert bring_to("plans/zip?acts=true", day).status_code == 422
    refused = [bring_to("plans/zip", content, "viewer").status_code for content in (day, day, bay)]
    assert refused == [403, 403, 422], "told apart though nobody read the first one"

    offer = parcels.offer
    meanwhile: list[int] = []

    def slowly(*args: Any, **named: Any) -> str:
        meanwhile.extend(bring_to("plans/zip", content, key="two").status_code for content in (day, bay, day + b" "))
        return offer(*args, **named)

    monkeypatch.setattr(parcels, "offer", slowly)
    assert bring_to("plans/zip", day, key="two").status_code == 201
    assert meanwhile == [409, 409, 422], "what is worked on is told by its length until it is read"
    shutil.rmtree(offered())


def test_a_program_brings_a_zip_to_a_server_and_applies_it(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    """Longer than an ordinary request, of which most is data that is not looked at."""
    data = os.urandom(ORDINARY)
    brought = parcels.packed({"w/teams.yaml": LABS, "w/data/photo.bin": data})
    home = tmp_path / "home"
    with django_db_blocker.unblock(), serving(home=home) as server, in_place(sqlite_at(home / "vitalfew.db")):
        folder = tmp_path / "playground"
        folder.mkdir()
        row = Workspace.objects.create(key="playground", name="Playground", folder=str(folder))
        Definition.objects.create(workspace=row, kind="workspace", key="", body={"name": "Playground"})
        user = User.objects.create_user("ada@example.org")
        Member.objects.create(workspace=row, user=user, role="admin")
        secret = tokens.make(user, "mover", ["admin"])

        def ask(
            method: str, path: str, content: bytes | None = None, kind: str = "application/zip", **headers: str
        ) -> tuple[int, Any]:
            headers |= {"Authorization": f"Bearer {secret}", "Content-Type": kind}
            request = Request(f"{server.address}{API}/{path}", data=content, method=method, headers=headers)  # noqa: S310 - our own server
            try:
                with urlopen(request, timeout=60) as answer:  # noqa: S310 - likewise
                    return int(answer.status), json.loads(answer.read())
            except HTTPError as error:
                return error.code, json.loads(error.read())

        once = {"Idempotency-Key": "one"}
        status, planning = ask("POST", "plans/zip?acts=true", brought, **once)
        assert (status, planning["job"]["kind"]) == (202, "changes")
        assert ask("POST", "plans/zip?acts=true", brought, **once) == (202, planning)
        assert ask("POST", "plans/zip?acts=true", brought[:-1] + b" ", **once)[0] == 422
        place = f"plans/{planning['token']}?acts=true"
        until = time.monotonic() + 60
        while (found := ask("GET", place))[0] == 202 and time.monotonic() < until:
            time.sleep(0.2)
        status, plan = found
        assert (status, plan["sentences"][0], plan["left_out"]) == (200, "added teams: labs", 1)
        told = json.dumps({"stamp": plan["stamp"], "acts": True}).encode()
        assert ask("POST", f"plans/{planning['token']}/apply", told, "application/json")[0] == 200
        row.refresh_from_db()
        assert "labs" in loaded(row).workspace.definitions.teams
        status, plan = ask("POST", "plans/zip", parcels.packed({"teams.yaml": b"teams: {day: {title: Day}}"}))
        assert (status, plan["sentences"][0], plan["left_out"]) == (201, "added teams: day", 0)
        status, refused = ask("POST", "plans/zip", parcels.packed({"../up.yaml": LABS}))
        assert (status, "leads out of the folder" in refused["detail"]) == (422, True)
        _, planning = ask("POST", "plans/zip", brought[:-30])
        while (found := ask("GET", f"plans/{planning['token']}"))[0] == 202 and time.monotonic() < until:
            time.sleep(0.2)
        assert (found[0], "the zip cannot be read" in found[1]["detail"]) == (422, True)
