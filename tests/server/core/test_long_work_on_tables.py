"""Long logs are planned, applied and proved by a worker: all or nothing, once, whoever is killed or comes between."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.judgement import recording
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import ActBody, ActRecord, Job, Member, User, Workspace
from vitalfew.server.core.queries import proofs
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services import jobs, parcels, table_work
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.moving import exported
from vitalfew.server.core.services.storage import offered
from vitalfew.server.core.services.upkeep import forget_expired
from vitalfew.server.core.services.work import work

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    type ClientOf = Callable[..., Client]

PLACE = "/w/other/settings/moving/"
API = "/api/v1/workspaces"


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every log counts as long."""
    monkeypatch.setattr(parcels, "ORDINARY", 0)
    monkeypatch.setattr(proofs, "AT_ONCE", 0)


@pytest.fixture
def other(home: Path, workspace: Workspace) -> Workspace:
    """Another workspace, to which the first one's log goes: three acts, one of which was erased."""
    for name in ("Ada", "Ben", "Cem"):
        recording.judge(acting(workspace), name, {"rounds": 2, "retention": 1})
    TableJournal(workspace.pk).erase("Ben")
    assert not list(home.glob("offered/*"))
    return Workspace.objects.create(key="other", name="Other", folder=f"{workspace.folder}-other")


def parcel(row: Workspace, **more: bytes) -> bytes:
    files = {name: b"".join(parts) for name, parts in exported(row, with_acts=True)}
    return parcels.packed(files | {f"{name}.yaml": content for name, content in more.items()})


def bring(client: Client, content: bytes) -> Any:
    return client.post(f"{PLACE}files/", {"files": SimpleUploadedFile("w.zip", content), "acts": "1"}, follow=True)


def worked_off(row: Workspace) -> Job:
    """The newest job, once a worker has had it."""
    job = Job.objects.filter(workspace=row).latest("id")
    work(job.pk)
    job.refresh_from_db()
    return job


def planned(client: Client, row: Workspace, content: bytes) -> tuple[str, dict[str, str]]:
    """What was brought, planned by a worker: the page of the plan, and what its form sends."""
    waits = bring(client, content)
    assert "Waiting for a free worker" in waits.content.decode()
    job = worked_off(row)
    assert (job.kind, job.state, job.message) == ("changes", "done", "")
    page = client.get(waits.redirect_chain[-1][0]).content.decode()
    return page, dict(re.findall(r'type="hidden" name="(token|stamp|prune|acts)" value="([^"]*)"', page))


def copied(first: Workspace, second: Workspace) -> bool:
    """Whether the second holds the log of the first, what was erased and all."""
    both = [dict(TableJournal(row.pk).copy().bodies) for row in (first, second)]
    lines = [TableJournal(row.pk).copy().lines for row in (first, second)]
    return lines[0] == lines[1] and both[0] == both[1]


@pytest.mark.usefixtures("each_database", "long")
def test_a_long_log_is_planned_and_applied_by_a_worker(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    page, fields = planned(client, other, parcel(workspace))
    assert "Acts: 3 more" in page
    assert not ActRecord.objects.filter(workspace=other).exists()
    shown = client.post(f"{PLACE}apply/", fields, follow=True)
    assert re.fullmatch(r"/w/other/jobs/\d+/", shown.redirect_chain[-1][0])
    job = worked_off(other)
    assert (job.kind, job.state, job.result["new_acts"]) == ("apply", "done", 3), job.message
    assert copied(workspace, other)
    assert ActBody.objects.filter(act__workspace=other).count() == 2
    other.refresh_from_db()
    assert loaded(other).workspace.definitions == loaded(workspace).workspace.definitions
    assert not list(offered().glob("*"))
    told = client.get(f"/w/other/jobs/{job.pk}/").content.decode()
    assert "All of it was applied" in told
    assert "Acts: 3 more" in told
    part = client.get(f"/w/other/jobs/{job.pk}/", headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true"


@pytest.mark.usefixtures("sqlite", "long")
def test_who_reads_the_list_of_work_learns_nothing_of_a_plan_and_stops_nobody_elses(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    admin = client_of("admin", of=other)
    bring(admin, parcel(workspace))
    job = Job.objects.latest("id")
    editor = client_of("editor", of=other)
    listed = editor.get("/w/other/jobs/").content.decode()
    assert "Plan of what was brought" in listed
    assert "Stop</button>" not in listed
    assert job.arguments["token"] not in listed + editor.get(f"{API}/other/jobs/{job.pk}").content.decode()
    refused = editor.post(f"{API}/other/jobs/{job.pk}/cancel")
    assert (refused.status_code, "only who asked" in refused.content.decode()) == (422, True)
    editor.post(f"/w/other/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "waiting"
    admin.post(f"/w/other/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"


@pytest.mark.usefixtures("each_database", "long")
def test_of_two_at_once_the_second_is_told_that_the_workspace_changed(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    clients = [client_of("admin", of=other, name=name) for name in ("Ada", "Ben")]
    plans = [planned(client, other, parcel(workspace))[1] for client in clients]
    asked = []
    for client, fields in zip(clients, plans, strict=True):
        client.post(f"{PLACE}apply/", fields)
        client.post(f"{PLACE}apply/", fields)  # pressed twice
        asked.append(Job.objects.latest("id").pk)
    assert Job.objects.filter(kind="apply").count() == 2
    for pk in asked:
        work(pk)
    ended = [Job.objects.get(pk=pk) for pk in asked]
    assert [job.state for job in ended] == ["done", "failed"]
    assert "changed while you looked at the plan" in ended[1].message
    assert copied(workspace, other)


@pytest.mark.usefixtures("sqlite", "long")
def test_a_plan_that_somebody_overtook_is_worked_out_anew(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    save(other, "teams", "new", {}, by=None, version=0)
    refused = client.post(f"{PLACE}apply/", fields)
    assert (refused.status_code, "changed while you looked" in refused.content.decode()) == (409, True)
    query = f"plan/?token={fields['token']}&acts=1"
    assert "changed since this was worked out" in client.get(f"{PLACE}{query}").content.decode()
    client.post(f"{PLACE}plan/again/", fields)
    assert worked_off(other).state == "done"
    assert "Apply all of it" in client.get(f"{PLACE}{query}").content.decode()


@pytest.mark.usefixtures("sqlite", "long")
def test_a_program_is_answered_with_the_job_and_once_however_often_it_asks(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    place, body = f"{API}/other/plans/{fields['token']}/apply", {"stamp": int(fields["stamp"]), "acts": True}
    answers = [
        client.post(place, body, content_type="application/json", headers={"Idempotency-Key": "move"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert {answer.headers["Location"] for answer in answers} == {f"{API}/other/jobs/{answers[0].json()['id']}"}
    worked_off(other)
    told = client.get(answers[0].headers["Location"]).json()
    assert (told["state"], told["result"]) == (
        "done",
        {"sentences": told["result"]["sentences"], "more": 0, "new_acts": 3},
    )
    assert Job.objects.filter(kind="apply").count() == 1


@pytest.mark.usefixtures("sqlite", "long")
def test_who_stops_a_plan_stays_on_its_page_and_may_try_again(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    address = bring(client, parcel(workspace)).redirect_chain[-1][0]
    job = Job.objects.latest("id")
    page = client.post(
        f"/w/other/jobs/{job.pk}/cancel/", headers={"Referer": f"http://testserver{address}"}, follow=True
    ).content.decode()
    assert "This was stopped" in page
    fields = dict(re.findall(r'type="hidden" name="(token|acts)" value="([^"]*)"', page))
    client.post(f"{PLACE}plan/again/", fields)
    assert worked_off(other).state == "done"


@pytest.mark.usefixtures("sqlite", "long")
def test_what_is_wrong_with_what_was_brought_is_told_at_the_end_of_the_job(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    waits = bring(client, parcel(workspace, wrong=b"teams: {labs: {colour: red}}\n"))
    assert worked_off(other).state == "failed"
    page = client.get(waits.redirect_chain[-1][0]).content.decode()
    assert "wrong.yaml:1" in page
    assert "Try again" in page
    assert str(settings.CONFIG.home) not in page


@pytest.mark.usefixtures("sqlite", "long")
def test_who_is_no_admin_any_more_applies_nothing(workspace: Workspace, other: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    client.post(f"{PLACE}apply/", fields)
    Member.objects.filter(workspace=other).update(role="analyst")
    job = worked_off(other)
    assert (job.state, "no admin here any more" in job.message) == ("failed", True)
    assert not ActRecord.objects.filter(workspace=other).exists()


@pytest.mark.usefixtures("sqlite", "long")
def test_a_job_does_nothing_that_its_asker_could_not_do_now(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    client.post(f"{PLACE}apply/", fields)
    asked = Job.objects.select_related("asked_by").latest("id")
    assert asked.asked_by is not None
    person = User.objects.filter(pk=asked.asked_by.pk)
    person.update(is_active=False)
    assert "no admin here any more" in worked_off(other).message
    person.update(is_active=True)
    Workspace.objects.filter(pk=other.pk).update(needs_second_factor=True)
    jobs.retry(other, asked.pk, by=asked.asked_by)
    assert "needs a second factor" in worked_off(other).message
    Workspace.objects.filter(pk=other.pk).update(needs_second_factor=False)
    claimed = jobs.claim(jobs.retry(other, asked.pk, by=asked.asked_by).id)
    assert claimed is not None
    done = table_work.apply(claimed.job, table_work.Watch(claimed, lambda: False))
    Member.objects.filter(workspace=other).update(role="analyst")  # while the log was read
    with pytest.raises(UsageError, match="no admin here any more"):
        claimed.finish(done.result, done.effects)
    assert not ActRecord.objects.filter(workspace=other).exists()
    shutil.rmtree(offered())


@pytest.mark.usefixtures("sqlite", "long")
def test_what_is_wrong_with_files_is_told_to_who_brought_them_and_not_without_end(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    admin, viewer = client_of("admin", of=other), client_of("viewer", of=other)
    wrong = "".join(f"  secret_{n}: {{colour: red}}\n" for n in range(50))
    bring(admin, parcel(workspace, wrong=f"teams:\n{wrong}".encode()))
    job = worked_off(other)
    assert (job.state, len(job.message.splitlines()), "and 30 more" in job.message) == ("failed", 21, True)
    for place in ("/w/other/jobs/", f"/w/other/jobs/{job.pk}/", f"{API}/other/jobs", f"{API}/other/jobs/{job.pk}"):
        assert "wrong.yaml" in admin.get(place).content.decode(), place
        seen = viewer.get(place).content.decode()
        assert ("wrong.yaml" in seen, "is told to who asked for it" in seen) == (False, True), place
    shutil.rmtree(offered())


@pytest.mark.usefixtures("each_database", "long")
def test_a_log_is_written_whole_or_not_at_all_when_it_is_stopped(
    workspace: Workspace, other: Workspace, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitalfew.server.core.journal._BATCH", 1)
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    client.post(f"{PLACE}apply/", fields)
    asked = Job.objects.latest("id")
    claimed = jobs.claim(asked.pk)
    assert claimed is not None
    seen: list[int] = []

    def should_stop() -> bool:
        seen.append(ActRecord.objects.filter(workspace=other).count())
        return seen[-1] > 0

    done = table_work.apply(claimed.job, table_work.Watch(claimed, should_stop))
    with pytest.raises(table_work.Stopped):
        claimed.finish(done.result, done.effects)
    assert seen[-1] == 1, "it was stopped in the middle of the log"
    jobs.cancel(other, asked.pk, by=asked.asked_by)
    done = table_work.apply(claimed.job, table_work.Watch(claimed, lambda: False))
    assert not claimed.finish(done.result, done.effects), "it was cancelled in time"
    claimed.stop()
    assert not ActRecord.objects.filter(workspace=other).exists()
    other.refresh_from_db()
    assert (other.acts_count, other.acts_head) == (0, "")
    assert "games" not in loaded(other).workspace.definitions.teams
    work(jobs.retry(other, asked.pk, by=asked.asked_by).id)
    assert copied(workspace, other)


@pytest.mark.usefixtures("sqlite", "long")
def test_an_upload_that_comes_between_never_reads_as_erased(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    """What is no longer there when it was read is missing, and so would be what was said."""
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    client.post(f"{PLACE}apply/", fields)
    job = Job.objects.latest("id")
    bring(client, parcel(workspace))
    work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "what was uploaded is no longer there; upload it again")
    assert worked_off(other).state == "done"
    (place,) = offered().glob("*")
    assert len(list(place.glob("*/acts.jsonl"))) == 1, "what came later is still there, and it alone"
    shutil.rmtree(place)


WORKER = """
import json, sys, time
import django
from django.conf import settings
settings.DATABASES = {"default": json.loads(sys.argv[2])}
django.setup()
from vitalfew.server.core import journal
from vitalfew.server.core.services import table_work, work
journal._BATCH = 1
def slowly(watch, what="", n=0, look=table_work.Watch.look):
    if n == 2 and what == "rows":
        print("writing", flush=True)
        time.sleep(60)
    look(watch)
table_work.Watch.look = slowly
work.work(int(sys.argv[1]))
"""


def slow_worker(job: Job) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, which stays in the middle of writing a log."""
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    database = json.dumps({name: connection.settings_dict[name] for name in names}, default=str)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "vitalfew.server.settings"}
    environment["VITALFEW_HOME"] = str(settings.CONFIG.home)
    words = [sys.executable, "-c", WORKER, str(job.pk), database]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE)


@pytest.mark.usefixtures("each_database", "long")
def test_a_worker_that_is_killed_while_it_writes_leaves_nothing_and_another_goes_on(
    workspace: Workspace, other: Workspace, client_of: ClientOf
) -> None:
    client = client_of("admin", of=other)
    _, fields = planned(client, other, parcel(workspace))
    client.post(f"{PLACE}apply/", fields)
    job = Job.objects.latest("id")
    with slow_worker(job) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"writing\n"
        worker.send_signal(signal.SIGKILL)
    assert not ActRecord.objects.filter(workspace=other).exists()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 1)
    Job.objects.filter(pk=job.pk).update(heartbeat=timezone.now() - timedelta(minutes=1))
    jobs.sweep()
    work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)
    assert copied(workspace, other)


# The proof of a log ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("each_database", "long")
def test_a_long_log_is_proved_by_a_worker_and_what_came_since_is_held_against_it(
    workspace: Workspace, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("editor", of=workspace)
    for name in ("Ada", "Ben"):
        recording.judge(acting(workspace), name, {"rounds": 2, "retention": 1})
    assert client.get(f"{API}/playground/verify").status_code == 409
    asked = client.post(f"{API}/playground/verify")
    assert asked.status_code == 202
    assert asked.headers["Location"] == f"{API}/playground/jobs/{asked.json()['id']}"
    assert client.post(f"{API}/playground/verify").json()["id"] == asked.json()["id"]
    assert worked_off(workspace).state == "done"
    monkeypatch.setattr(proofs, "AT_ONCE", 1)
    found = client.get(f"{API}/playground/verify").json()
    assert (found["ok"], found["acts"], found["since"]) == (True, 2, 0)
    assert found["at"]
    recording.judge(acting(workspace), "Cem", {"rounds": 2, "retention": 1})
    found = client.get(f"{API}/playground/verify").json()
    assert (found["ok"], found["acts"], found["since"]) == (True, 2, 1)
    assert "1 more act since" in found["sentences"][-1]
    page = client.get("/w/playground/settings/log/").content.decode()
    assert "Proved up to act 2" in page
    recording.judge(acting(workspace), "Dan", {"rounds": 2, "retention": 1})
    found = client.get(f"{API}/playground/verify").json()
    assert (found["since"], "nobody has looked at" in found["sentences"][-1]) == (0, True)


CHANGES: dict[str, Callable[[Workspace], object]] = {
    "a later act is edited": lambda row: ActRecord.objects.filter(workspace=row, n=3).update(about="other"),
    "the last proved act is another": lambda row: ActRecord.objects.filter(workspace=row, n=2).update(hash="0" * 64),
    "the end is gone": lambda row: ActRecord.objects.filter(workspace=row, n=3).delete(),
    "what a later act says is changed": lambda row: ActBody.objects.filter(act__workspace=row, act__n=3).update(
        content=b'{"salt": "x"}'
    ),
}


@pytest.mark.usefixtures("sqlite", "long")
@pytest.mark.parametrize("how", CHANGES)
def test_what_is_changed_since_a_proof_is_found_without_reading_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    proved_then_one_more(workspace)
    monkeypatch.setattr(proofs, "AT_ONCE", 1)
    assert proofs.proof(workspace).ok
    CHANGES[how](workspace)
    assert proofs.proof(workspace).ok is False


@pytest.mark.usefixtures("sqlite", "long")
def test_what_is_changed_before_a_proof_shows_in_a_new_one_only_and_the_page_says_so(
    workspace: Workspace, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved_then_one_more(workspace)
    monkeypatch.setattr(proofs, "AT_ONCE", 1)
    ActRecord.objects.filter(workspace=workspace, n=1).update(about="other")
    client = client_of("editor", of=workspace)
    assert "only a new proof of the whole would show it" in client.get("/w/playground/settings/log/").content.decode()
    client.post("/w/playground/settings/log/prove/")
    job = worked_off(workspace)
    assert (job.state, job.result["ok"]) == ("done", False)
    assert "was edited" in client.get("/w/playground/settings/log/").content.decode()


@pytest.mark.usefixtures("sqlite", "long")
def test_a_proof_tells_how_far_it_is_and_stops_in_the_middle(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ada", "Ben"):
        recording.judge(acting(workspace), name, {"rounds": 2, "retention": 1})
    workspace.refresh_from_db()
    asked = jobs.ask(workspace, "verify", {}, None)
    claimed = jobs.claim(asked.id)
    assert claimed is not None
    steps: list[tuple[str, int, int]] = []
    monkeypatch.setattr(jobs.Claim, "step", lambda _claim, *told: steps.append(told))
    monkeypatch.setattr(table_work, "_BETWEEN", -1.0)
    table_work.verify(claimed.job, table_work.Watch(claimed, lambda: False))
    assert ("acts", 2, 2) in steps
    assert ("bodies", 2, 2) in steps
    steps.clear()
    with pytest.raises(table_work.Stopped):
        table_work.verify(claimed.job, table_work.Watch(claimed, lambda: bool(steps)))
    assert steps == [("acts", 2, 2)]
    watch = table_work.Watch(claimed, lambda: False)
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    with pytest.raises(UsageError, match="longer than the server gives"):
        table_work.verify(claimed.job, watch)


@pytest.mark.usefixtures("sqlite", "long")
def test_the_last_proof_of_a_log_is_kept_when_other_work_is_forgotten(workspace: Workspace) -> None:
    proved_then_one_more(workspace)
    proved_then_one_more(workspace)
    Job.objects.update(finished_at=timezone.now() - timedelta(days=100))
    forget_expired()
    assert Job.objects.get().result["acts"] == 5


def test_a_short_log_is_proved_while_one_waits(workspace: Workspace, client_of: ClientOf) -> None:
    recording.judge(acting(workspace), "Ada", {"rounds": 2, "retention": 1})
    client = client_of("viewer", of=workspace)
    found = client.get(f"{API}/playground/verify").json()
    assert (found["ok"], found["acts"], found["at"]) == (True, 1, None)
    assert "Proved just now" in client.get("/w/playground/settings/log/").content.decode()
    assert not Job.objects.exists()
    ActRecord.objects.filter(workspace=workspace).update(about="other")
    page = client.get("/w/playground/settings/log/").content.decode()
    assert ("Proved just now" in page, "Looked through just now" in page, "was edited" in page) == (False, True, True)


def proved_then_one_more(row: Workspace) -> None:
    for name in ("Ada", "Ben"):
        recording.judge(acting(row), name, {"rounds": 2, "retention": 1})
    row.refresh_from_db()
    jobs.ask(row, "verify", {}, None)
    assert worked_off(row).result["ok"] is True
    recording.judge(acting(row), "Cem", {"rounds": 2, "retention": 1})
    row.refresh_from_db()
