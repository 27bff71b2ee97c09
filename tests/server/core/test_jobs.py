"""Long work: one worker at a time, steps told, stopped on demand, taken up again when its worker is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from vitalfew.server.core.models import Definition, Job, Workspace
from vitalfew.server.core.queries.jobs import job
from vitalfew.server.core.queries.runs import open_run, run_ids
from vitalfew.server.core.services import jobs, runs
from vitalfew.server.core.services.work import work
from vitalfew.server.core.working.child import refusal
from vitalfew.server.core.working.order import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable

PLAYERS = "id,arm,rounds,back,age\n" + "\n".join(
    f"p{n},{'old' if n % 2 else 'new'},{n % 7 + (n % 2 == 0)},{n % 3 == 0},{15 + n % 20}" for n in range(400)
)


@pytest.fixture
def played(workspace: Workspace) -> Workspace:
    """The small product with data."""
    (Path(workspace.folder) / "players.csv").write_text(PLAYERS, encoding="utf-8")
    return workspace


def run_in_thread(target: Callable[[], None]) -> Thread:
    def closing() -> None:
        try:
            target()
        finally:
            connection.close()

    thread = Thread(target=closing)
    thread.start()
    return thread


def test_a_run_is_done_apart_and_becomes_the_last_run(each_database: str, played: Workspace) -> None:
    asked = runs.start(played, None)
    assert asked.is_open
    work(asked.id)
    done = job(played, asked.id)
    assert done is not None
    assert (done.state, done.step) == ("done", "checks")
    played.refresh_from_db()
    assert played.last_run == done.result["run"]
    found = open_run(played)
    assert found is not None
    assert found.tables.effects
    assert each_database


def test_who_asks_again_gets_the_run_under_way(played: Workspace) -> None:
    assert runs.start(played, None).id == runs.start(played, None).id
    assert DBTaskResult.objects.count() == 1


def test_a_job_is_taken_by_one_of_many_workers(each_database: str, played: Workspace) -> None:
    asked = runs.start(played, None)
    taken: list[bool] = []
    threads = [run_in_thread(lambda: taken.append(jobs.claim(asked.id) is not None)) for _ in range(6)]
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]
    assert each_database


def test_a_waiting_job_is_cancelled_at_once_and_never_begun(played: Workspace) -> None:
    asked = runs.start(played, None)
    assert runs.cancel(played, asked.id, by=None).state == "cancelled"
    work(asked.id)
    assert run_ids(played) == ()


@pytest.mark.usefixtures("sqlite")
def test_a_running_job_is_stopped_and_its_process_is_gone(played: Workspace) -> None:
    asked = runs.start(played, None)
    thread = run_in_thread(lambda: work(asked.id))
    _wait_for(lambda: Job.objects.get(pk=asked.id).state == "running")
    runs.cancel(played, asked.id, by=None)
    thread.join(timeout=20)
    assert Job.objects.get(pk=asked.id).state == "cancelled"
    assert run_ids(played) == ()
    assert Workspace.objects.get(pk=played.pk).last_run == ""


@pytest.mark.usefixtures("sqlite")
def test_what_cannot_be_read_fails_with_a_sentence_for_people(workspace: Workspace) -> None:
    Definition.objects.filter(workspace=workspace, kind="initiatives", key="gate").update(body={"status": "nonsense"})
    Workspace.objects.filter(pk=workspace.pk).update(folder="/proc/nowhere")
    workspace.refresh_from_db()
    asked = runs.start(workspace, None)
    work(asked.id)
    failed = job(workspace, asked.id)
    assert failed is not None
    assert failed.state == "failed"
    assert failed.message


def test_a_job_whose_worker_is_gone_is_taken_up_three_times_and_then_given_up(played: Workspace) -> None:
    asked = runs.start(played, None)
    for attempt in (1, 2, 3):
        claimed = jobs.claim(asked.id)
        assert claimed is not None
        assert claimed.attempt == attempt
        assert jobs.claim(asked.id) is None, "it is in good hands"
        Job.objects.filter(pk=asked.id).update(heartbeat=timezone.now() - timedelta(minutes=5))
        DBTaskResult.objects.all().delete()
        jobs.sweep()
        assert DBTaskResult.objects.count() == (1 if attempt < 3 else 0)
    gone = job(played, asked.id)
    assert gone is not None
    assert gone.state == "failed"
    assert "3 times" in gone.message


def test_a_worker_that_was_thought_dead_changes_nothing(played: Workspace) -> None:
    asked = runs.start(played, None)
    first = jobs.claim(asked.id)
    Job.objects.filter(pk=asked.id).update(heartbeat=timezone.now() - timedelta(minutes=5))
    second = jobs.claim(asked.id)
    assert first is not None
    assert second is not None
    effects: list[str] = []
    assert not first.finish({}, lambda: effects.append("first"))
    assert not first.beat()
    assert second.finish({}, lambda: effects.append("second"))
    assert effects == ["second"]


def test_what_failed_can_be_tried_again(played: Workspace) -> None:
    asked = runs.start(played, None)
    claimed = jobs.claim(asked.id)
    assert claimed is not None
    claimed.fail("no luck")
    assert jobs.retry(played, asked.id, by=None).id != asked.id


def test_the_process_ends_with_the_worker_that_started_it(tmp_path: Path) -> None:
    """A worker that is killed leaves nobody behind who goes on writing."""
    program = (
        "import sys, threading\n"
        "from vitalfew.server.core.working.order import Bounds, Order\n"
        "from vitalfew.server.core.working.watch import watched\n"
        "bounds = Bounds(8 << 30, 600, 1 << 30, (), (sys.argv[1],))\n"
        "watched(Order('demo', sys.argv[1], None, {'into': 'x'}), bounds, lambda *_: print('step', flush=True),"
        " lambda: False)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        (child,) = _children(worker.pid)
        worker.send_signal(signal.SIGKILL)
    _wait_for(lambda: not Path(f"/proc/{child}").exists() or "Z (zombie)" in Path(f"/proc/{child}/status").read_text())


def _children(pid: int) -> list[int]:
    return [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait_for(happens: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_work_that_cannot_be_shut_in_is_refused_where_that_is_asked_for() -> None:
    free = Bounds(8 << 30, 60, 1 << 20, (), ())
    asked = replace(free, required=True)
    assert refusal(asked, ("files", "network")).endswith("its machine cannot shut out of other files and network")
    assert [refusal(free, ("files",)), refusal(asked, ())] == ["", ""]


def test_this_machine_shuts_jobs_in() -> None:
    """Where Landlock and seccomp exist, a job reads nothing but its own, and reaches no network."""
    program = (
        "import socket, sys\n"
        "from vitalfew.server.core.working.jail import shut_in\n"
        "from vitalfew.server.core.working.order import Bounds\n"
        "print(shut_in(Bounds(8 << 30, 60, 1 << 20, (), (sys.argv[1],))))\n"
        "def refused(do):\n"
        "    try:\n        do()\n    except (PermissionError, OSError) as error:\n        return type(error).__name__\n"
        "print(refused(lambda: open(sys.argv[2])), refused(lambda: open('/etc/passwd')))\n"
        "print(refused(lambda: open('/tmp/vitalfew-escaped', 'w')), refused(lambda: socket.socket()))\n"
        "open(sys.argv[1] + '/own', 'w').write('fine')\n"
        "print(refused(lambda: open(sys.argv[1] + '/large', 'wb').write(b'0' * (2 << 20))))\n"
    )
    mine, other = Path(os.environ["VITALFEW_HOME"]) / "mine", Path(os.environ["VITALFEW_HOME"]) / "other.csv"
    mine.mkdir()
    other.write_text("secret", encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", program, str(mine), str(other)], capture_output=True, text=True, check=False
    )
    if "files" in said.stdout.splitlines()[0]:
        pytest.skip("this kernel has no Landlock")
    assert said.stdout.splitlines()[1:] == [
        "PermissionError PermissionError",
        "PermissionError PermissionError",
        "OSError",
    ]
