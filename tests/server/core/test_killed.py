"""Web and worker are killed again and again while people write and runs go on: what was acknowledged stays, once."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from server_databases import in_place, postgres_at, postgres_database, sqlite_at
from serving import Server, answers, serving
from vitalfew.pipeline import stored
from vitalfew.results.store import Store
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Definition, Job, Member, User, Workspace
from vitalfew.server.core.queries.jobs import OPEN
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.plugin import DjangoDbBlocker

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]
PLAYERS = "id,arm,rounds\n" + "\n".join(f"p{n},{'old' if n % 2 else 'new'},{n % 7 + (n % 2 == 0)}" for n in range(400))
DEFINED = {
    ("workspace", ""): {"name": "Playground"},
    ("sources", "players"): {"table": "players.csv", "unit": "id"},
    ("metrics", "rounds"): {"source": "players", "column": "rounds"},
    ("factors", "rounds"): {"range": [0, 40]},
    ("initiatives", "gate"): {"title": "Move the gate", "status": "framed"},
    ("experiments", "move_gate"): {
        "initiative": "gate",
        "source": "players",
        "variant": "arm",
        "control": "old",
        "metrics": ["rounds"],
    },
}
PARTS = ("granian", "vitalfew worker", "working.child")


class Writer(threading.Thread):
    """Somebody who writes by the API, one thing after another, and notes what was acknowledged."""

    def __init__(self, server: Server, token: str, what: str) -> None:
        super().__init__(daemon=True)
        self._server, self._token, self._what = server, token, what
        self.acknowledged: list[str] = []
        self.sent = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            self.sent += 1
            name = f"{self._what}_{self.sent}"
            try:
                if self._write(name):
                    self.acknowledged.append(name)
            except (URLError, OSError, ValueError):
                time.sleep(0.05)  # the web is being started again
            time.sleep(0.02)

    def _write(self, name: str) -> bool:
        if self._what == "idea":
            body: dict[str, object] = {"title": name, "status": "idea"}
            found = self.ask("PUT", f"definitions/initiatives/{name}", body, {"If-None-Match": "*"})
        else:
            said: dict[str, object] = {"about": "gate", "what": name, "evidence": "looked at it", "counter": "none"}
            found = self.ask("POST", "acts/decisions", said)
        return found in (200, 201)

    def ask(self, method: str, path: str, body: dict[str, object], headers: dict[str, str] | None = None) -> int:
        request = Request(  # noqa: S310 - our own server
            f"{self._server.address}/api/v1/workspaces/playground/{path}",
            data=json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **(headers or {})},
        )
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310 - likewise
                return int(answer.status)
        except HTTPError as error:
            return error.code


@pytest.fixture(params=["sqlite", "postgresql"])
def killed(
    request: pytest.FixtureRequest, tmp_path: Path, shared_folder: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Server, int]]:
    """A server on each database, with how often to kill parts of it; the test sees its tables."""
    home = tmp_path / "home"
    with django_db_blocker.unblock():
        if request.param == "sqlite":
            with serving(home=home) as server, in_place(sqlite_at(home / "vitalfew.db")):
                yield server, 50
        else:
            with (
                postgres_database(shared_folder) as address,
                serving(home=home, environment={"VITALFEW_DATABASE": address}) as server,
                in_place(postgres_at(address)),
            ):
                yield server, 15


def product(folder: Path) -> tuple[Workspace, str]:
    """A product with data, and a token of its admin."""
    folder.mkdir()
    (folder / "players.csv").write_text(PLAYERS, encoding="utf-8")
    row = Workspace.objects.create(key="playground", name="Playground", folder=str(folder))
    for (kind, key), body in DEFINED.items():
        Definition.objects.create(workspace=row, kind=kind, key=key, body=body)
    user = User.objects.create_user("ada@example.org")
    Member.objects.create(workspace=row, user=user, role="admin")
    return row, tokens.make(user, "writer", ["read", "act", "define"])


def kill(server: Server, dice: random.Random) -> str:
    """Kill one of the parts of the server that there are just now; gives which."""
    there = {of: found for of in PARTS if (found := server.parts(of))}
    if not there:
        return ""
    of = dice.choice(list(there))
    os.kill(dice.choice(there[of]), signal.SIGKILL)
    return of


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(killed: tuple[Server, int], tmp_path: Path) -> None:
    server, times = killed
    row, token = product(tmp_path / "product")
    assert answers(server)
    writers = [Writer(server, token, "idea"), Writer(server, token, "decision")]
    for writer in writers:
        writer.start()
    dice, hit = random.Random(1), Counter[str]()  # noqa: S311 - which part to kill
    while hit.total() < times:
        time.sleep(dice.uniform(0.2, 2.0))
        if not Job.objects.filter(workspace=row, state__in=OPEN).exists() and answers(server):
            writers[0].ask("POST", "runs", {})
        if of := kill(server, dice):
            hit[of] += 1
    for writer in writers:
        writer.over.set()
        writer.join()
    assert answers(server)
    _wait_until_ended(row)  # what was killed three times has failed, as it should; what is asked for now has peace
    assert writers[0].ask("POST", "runs", {}) == 202
    _wait_until_ended(row)
    ideas, decisions = (writer.acknowledged for writer in writers)
    print(f"killed {dict(hit)}; acknowledged {len(ideas)} definitions and {len(decisions)} acts")  # noqa: T201 - a figure
    assert min(len(ideas), len(decisions)) > times // 2
    _everything_is_there_once(row, ideas, decisions)


def _wait_until_ended(row: Workspace) -> None:
    until = time.monotonic() + 180
    while Job.objects.filter(workspace=row, state__in=OPEN).exists():
        assert time.monotonic() < until, "a job was not taken up again"
        time.sleep(0.5)


def _everything_is_there_once(row: Workspace, ideas: list[str], decisions: list[str]) -> None:
    row.refresh_from_db()
    standing = dict(Definition.objects.filter(workspace=row, kind="initiatives").values_list("key", "version"))
    assert {name: standing.get(name) for name in ideas} == dict.fromkeys(ideas, 1)
    log = TableJournal(row.pk).read()
    assert log.damage == ()
    said = Counter(body["what"] for _, body in log.of("decision"))
    assert {name: said[name] for name in decisions} == dict.fromkeys(decisions, 1)
    assert max(said.values()) == 1
    assert row.acts_count == len(log.acts)
    last = Job.objects.filter(workspace=row).order_by("-id")[0]
    assert (last.state, last.result.get("run")) == ("done", row.last_run)
    runs = Store(Path(row.folder)).ids()
    assert row.last_run in runs
    for run in runs:
        assert stored(row.folder, run).tables.effects
