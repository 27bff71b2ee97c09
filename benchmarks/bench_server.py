"""Pages of a large workspace at 20 requests a second: how long 95 of 100 people wait at most.

200 experiments, 1,000 initiatives, 1,000 metrics and a million acts, on SQLite; on PostgreSQL when `VITALFEW_DATABASE`
names an empty one. Requests come at fixed times whatever the answers take, so that waiting in line is counted.
Smaller by `--acts 100000`, shorter by `--seconds 5`.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.server.core.models import ActBody, ActRecord, User, Workspace

EXPERIMENTS, METRICS, IDEAS = 200, 1_000, 1_000
ACTS, PEOPLE, AT_ONCE = 1_000_000, 500, 10_000
RATE, SECONDS = 20, 10
LIMIT = 200.0  # milliseconds
PAGES = ("ledger", "priorities", "board", "decisions", "review", "metrics", "experiments", "checks", "find", "jobs")


def product(folder: Path) -> dict[str, Any]:
    """Write files of a large product, start from them as a stranger would, and give the definitions and the run."""
    from vitalfew.server.core.working.deeds import UPLOADS, start
    from vitalfew.server.core.working.order import Order

    rng = np.random.default_rng(1)
    uploads = folder / UPLOADS
    uploads.mkdir(parents=True)
    per = METRICS // EXPERIMENTS
    rows = [
        f"experiment_{at // per},metric_{at},{rng.normal(0.01, 0.02):.5f},{rng.uniform(0.005, 0.02):.5f}"
        for at in range(METRICS)
    ]
    (uploads / "results.csv").write_text("experiment,metric,estimate,se\n" + "\n".join(rows), encoding="utf-8")
    ideas = [
        f"Idea {at},{rng.integers(50, 5_000)},{rng.choice([0.5, 1, 2, 3])},{rng.choice([50, 80])}%,{rng.integers(1, 9)}"
        for at in range(IDEAS)
    ]
    (uploads / "ideas.csv").write_text("title,reach,impact,confidence,effort\n" + "\n".join(ideas), encoding="utf-8")
    files = {"results.csv": "results.csv", "ideas.csv": "ideas.csv"}
    return start(Order("start", str(folder), None, {"into": "started-1", "files": files}), lambda *_: None)


def fill(folder: Path, acts: int) -> User:
    """Put everything into the tables; gives the one who looks at the pages."""
    from vitalfew.server.core.models import Definition, Member, User, Workspace
    from vitalfew.workspace.merging import SETTINGS

    made = product(folder)
    row = Workspace.objects.create(key="large", name="Large", folder=str(folder), last_run=made["run"])
    Definition.objects.bulk_create(
        Definition(workspace=row, kind=kind, key=key, body=body, position=position)
        for kind, entries in made["tree"].items()
        for position, (key, body) in enumerate(({"": entries} if kind in SETTINGS else entries).items())
    )
    user = User.objects.create_user("ada@example.org", name="Ada")
    Member.objects.create(workspace=row, user=user, role="admin")
    keys = list(made["tree"]["initiatives"])
    _record(row, keys, acts)
    return user


def _record(row: Workspace, keys: list[str], acts: int) -> None:
    """A log of acts, chained as it must be, and its end noted."""
    from django.db import transaction

    from vitalfew.server.core.models import ActBody, ActRecord
    from vitalfew.server.core.models import Workspace as Row

    with transaction.atomic():
        part: list[tuple[ActRecord, ActBody]] = []
        last = None
        for record, body in _acts(row, keys, acts):
            part.append((record, body))
            last = record
            if len(part) == AT_ONCE or record.n == acts:
                ActRecord.objects.bulk_create(record for record, _ in part)
                for known, held in part:
                    held.act = known
                ActBody.objects.bulk_create(held for _, held in part)
                part.clear()
        if last is not None:
            Row.objects.filter(pk=row.pk).update(acts_count=last.n, acts_head=last.hash)


def _acts(row: Workspace, keys: list[str], acts: int) -> Iterator[tuple[ActRecord, ActBody]]:
    """Forecasts, and one decision in a hundred."""
    from dataclasses import asdict

    from vitalfew.server.core.models import ActBody, ActRecord
    from vitalfew.workspace.bodies import seal
    from vitalfew.workspace.chain import follow
    from vitalfew.workspace.people import keyed_pseudonym

    people = [keyed_pseudonym(bytes.fromhex(row.people_key), f"user:{at}") for at in range(PEOPLE)]
    last = None
    for at in range(acts):
        decided = at % 100 == 0
        said: dict[str, Any] = {"what": "go", "evidence": "looked", "counter": "none"}
        digest, sealed = seal(said if decided else {"p10": 0.1, "p50": 0.2, "p90": 0.4, "p_zero": 0.1})
        last = follow(
            last,
            at="2026-11-01T10:00:00.000Z",
            by=people[at % PEOPLE],
            kind="decision" if decided else "forecast",
            about=keys[at * 7 % len(keys)],
            definition=None,
            body_hash=digest,
        )
        yield ActRecord(workspace=row, **asdict(last)), ActBody(content=sealed)


# Asking -----------------------------------------------------------------------------------------------------------


def waits(address: str, cookie: str, seconds: int) -> tuple[np.ndarray[Any, np.dtype[np.float64]], int]:
    """Milliseconds from when each request was due until its answer was there, and how large that was."""
    from django.conf import settings

    def ask(due: float) -> tuple[float, int]:
        time.sleep(max(0.0, due - time.perf_counter()))
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Accept-Encoding": "gzip"}
        with urlopen(Request(address, headers=headers), timeout=60) as answer:  # noqa: S310 - our own server
            size = len(answer.read())
            assert answer.url == address, answer.url
        return 1_000 * (time.perf_counter() - due), size

    for _ in range(6):  # each process has read the run once
        ask(time.perf_counter())
    begun = time.perf_counter()
    with ThreadPoolExecutor(max_workers=2 * RATE) as pool:
        found = list(pool.map(ask, [begun + at / RATE for at in range(RATE * seconds)]))
    return np.array([wait for wait, _ in found]), found[0][1]


def session_of(user: User) -> str:
    """A session in which the user is signed in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def main() -> None:
    """Fill a server, ask for its pages, print how long they take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=ACTS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        os.environ |= {"VITALFEW_HOME": str(home / "home"), "OPENBLAS_NUM_THREADS": "1"}
        from vitalfew.server.launch import prepare

        prepare()
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        begun = time.perf_counter()
        cookie = session_of(fill(home / "large", asked.acts))
        print(f"{connection.vendor}: {asked.acts:,} acts, made in {time.perf_counter() - begun:.0f} s")
        connection.close()
        ask_for_all(cookie, asked.seconds)


def ask_for_all(cookie: str, seconds: int) -> None:
    """Start the web server and ask for one page after another."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "vitalfew", "web", "--port", str(port), "--processes", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as web:  # noqa: S603 - our own program
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            print(f"{'page':<14}{'median ms':>11}{'p95 ms':>9}{'most ms':>9}{'kB':>8}")
            for page in PAGES:
                words = "?q=idea" if page == "find" else ""
                found, size = waits(f"http://127.0.0.1:{port}/w/large/{page}/{words}", cookie, seconds)
                median, most_wait = np.quantile(found, [0.5, 0.95])
                late = "" if most_wait <= LIMIT else f"   more than {LIMIT:.0f}"
                print(f"{page:<14}{median:>11.0f}{most_wait:>9.0f}{found.max():>9.0f}{size / 1_000:>8.0f}{late}")
        finally:
            web.terminate()


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the web server does not answer")


if __name__ == "__main__":
    main()
