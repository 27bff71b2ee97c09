"""Looks are not kept waiting by the runs that are under way."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from django_tasks_db.models import DBTaskResult

from vitalfew.server.core.models import Job
from vitalfew.server.core.services import foreseeing, jobs, runs, work
from vitalfew.server.core.worker import keep_looking

if TYPE_CHECKING:
    from server.conftest import ClientOf, MakeMember
    from vitalfew.server.core.models import Workspace


@pytest.mark.usefixtures("sqlite")
def test_a_look_is_done_beside_a_run_that_waits(workspace: Workspace, member: MakeMember) -> None:
    run, user = runs.start(workspace, None), member("viewer").user
    asked = foreseeing.plan(workspace, "move_gate", {}, by=user)
    assert isinstance(asked, foreseeing.JobView)
    over = Event()
    looking = Thread(target=keep_looking, args=(over,))
    looking.start()
    try:
        until = time.monotonic() + 60
        while Job.objects.get(pk=asked.id).state in ("waiting", "running"):
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        over.set()
        looking.join()
    assert [Job.objects.get(pk=pk).state for pk in (asked.id, run.id)] == ["done", "waiting"]
    assert not isinstance(foreseeing.plan(workspace, "move_gate", {}, by=user), foreseeing.JobView)
    assert jobs.claim(run.id) is not None


@pytest.mark.usefixtures("sqlite")
def test_looking_ends_with_its_worker_and_gives_back_what_it_looked_at(
    workspace: Workspace, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, over = member("viewer").user, Event()
    monkeypatch.setattr(work, "ending", over)
    for power in (70, 80, 90):
        assert isinstance(foreseeing.plan(workspace, "move_gate", {"power": power}, by=user), foreseeing.JobView)
    looking = Thread(target=keep_looking, args=(over,))
    looking.start()
    until = time.monotonic() + 60
    while not Job.objects.filter(state="running").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    over.set()
    looking.join(timeout=60)
    assert not looking.is_alive()
    assert set(Job.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert DBTaskResult.objects.ready().count() == 2, "no other was taken up"


def test_looks_do_not_hide_the_work_that_people_asked_for(workspace: Workspace, client_of: ClientOf) -> None:
    run = runs.start(workspace, None)
    Job.objects.bulk_create(Job(workspace=workspace, kind="plan", state="done") for _ in range(60))
    page = client_of("viewer").get("/w/playground/jobs/").text
    asked, _, looked_for = page.partition("<details")
    assert f'/jobs/{run.id}/">Run</a>' in asked
    assert "Plan of an experiment" not in asked
    assert looked_for.count("Plan of an experiment") == 20
    assert ">Run</a>" not in looked_for
