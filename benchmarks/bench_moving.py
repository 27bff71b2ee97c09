"""Logs of acts in web requests: export with acts, proof of the log, applying a log; processor time and peak memory.

    python benchmarks/bench_moving.py [--acts 100000] [FOLDER]

Each is done in a process of its own on SQLite; time is that of the processes it starts, too. Memory is what the process
held at most beyond what it held when it began (Linux). The folder is kept when it is named, so that the next time
begins at once.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.server.core.models import User, Workspace
    from vitalfew.workspace.chain import Act, Kind

WAYS = ("export", "verify", "offer", "unpack", "plan", "apply")
_PART = 5_000


def main() -> None:
    """Make the log once, then do each in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--acts", type=int, default=100_000)
    parser.add_argument("--way", choices=("fill", *WAYS))
    asked = parser.parse_args()
    if asked.way:
        os.environ |= {"VITALFEW_HOME": asked.folder, "DJANGO_SETTINGS_MODULE": "vitalfew.server.settings"}
        import django

        django.setup()
        fill(Path(asked.folder), asked.acts) if asked.way == "fill" else measured(Path(asked.folder), asked.way)
        return
    with tempfile.TemporaryDirectory() as temporary:
        home = asked.folder or temporary
        for way in ("fill", *WAYS):
            given = [sys.executable, __file__, home, "--acts", str(asked.acts), "--way", way]
            subprocess.run(given, check=True)  # noqa: S603 - this file


def measured(home: Path, way: str) -> None:
    """Do one of them, and print what it took."""
    from vitalfew.server.core.models import User, Workspace

    row, user = Workspace.objects.get(key="large"), User.objects.get()
    work = {"export": export, "verify": verify, "offer": offer, "unpack": unpack, "plan": plan, "apply": apply}[way]
    work(home, Workspace.objects.get(key="small"), user)  # what is loaded but once
    before, begun = _peak(), sum(os.times()[:4])
    work(home, row, user)
    took = sum(os.times()[:4]) - begun
    print(f"{way:8}{took:8.1f} s of the processor,{_peak() - before:7.0f} MB", flush=True)


def export(home: Path, row: Workspace, user: User) -> None:
    """As the page of files sends it."""
    from vitalfew.server.core.services.moving import exported
    from vitalfew.server.core.zipping import write_zip

    with (home / f"{row.key}.zip").open("wb") as file:
        write_zip(file, exported(row, with_acts=True, by=user))


def verify(_home: Path, row: Workspace, _user: User) -> None:
    """As the API answers it."""
    from vitalfew.server.core.services.acts import acting
    from vitalfew.workspace.verify import verify as prove

    assert prove(acting(row)).ok


def offer(home: Path, row: Workspace, user: User) -> None:
    """What was exported is brought to an empty workspace."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from vitalfew.server.core.services import parcels

    there = _empty(row)
    brought = SimpleUploadedFile("brought.zip", (home / f"{row.key}.zip").read_bytes())
    (home / f"{row.key}.token").write_text(parcels.offer(there, [brought], by=user))


def unpack(home: Path, row: Workspace, user: User) -> None:
    """The worker unpacks it, by a process of its own (what is short was when it came)."""
    from vitalfew.server.core.services import parcels

    there, token = _empty(row), (home / f"{row.key}.token").read_text()
    if parcels.is_packed(there, token, by=user):
        parcels.unpack_offer(there, token, parcels.UNWATCHED, by=user)


def plan(home: Path, row: Workspace, user: User) -> None:
    """Its plan is shown."""
    from vitalfew.server.core.services import parcels
    from vitalfew.server.core.services.parcels import How

    found = parcels.proposed(_empty(row), (home / f"{row.key}.token").read_text(), How(acts=True), by=user)
    (home / f"{row.key}.stamp").write_text(str(found.stamp))


def apply(home: Path, row: Workspace, user: User) -> None:
    """It is applied."""
    from vitalfew.server.core.services import parcels
    from vitalfew.server.core.services.parcels import How

    there = _empty(row)
    token, stamp = (home / f"{row.key}.token").read_text(), int((home / f"{row.key}.stamp").read_text())
    parcels.applied(there, token, How(acts=True), stamp, by=user)
    there.refresh_from_db()
    assert there.acts_count == row.acts_count


def fill(home: Path, acts: int) -> None:
    """A workspace with as many acts, a small one, and for each an empty one."""
    from django.core.management import call_command

    from vitalfew.server.core.journal import TableJournal
    from vitalfew.server.core.models import Definition, User, Workspace

    if (home / "vitalfew.db").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    User.objects.create_user("ada@example.org", name="Ada")
    for key, count in (("large", acts), ("small", 10)):
        for name in (key, f"{key}-copy"):
            row = Workspace.objects.create(key=name, name=name, folder=str(home / name))
            (home / name).mkdir()
            Definition.objects.create(workspace=row, kind="teams", key="one", body={"title": "One"}, position=0)
        _record(Workspace.objects.get(key=key), count)
        assert len(TableJournal(Workspace.objects.get(key=key).pk).read().acts) == count


def _record(row: Workspace, count: int) -> None:
    from vitalfew.server.core.journal import _HeldTable

    for part in batched(_acts(count), _PART):
        held = _HeldTable(row)
        held.add_all([act for act, _ in part], {act.n: sealed for act, sealed in part})
        held.close()
        row.refresh_from_db()


def _acts(count: int) -> Iterator[tuple[Act, bytes]]:
    from vitalfew.workspace.bodies import seal
    from vitalfew.workspace.chain import follow, timestamp

    last, at = None, datetime(2024, 1, 1, tzinfo=UTC)
    for n in range(count):
        kind: Kind = "judgement" if n % 2 else "sign_off"  # what is said of one is its person's own, of the other all's
        said = {"points": {"rounds": n % 100, "retention": 100 - n % 100}} if n % 2 else {"note": f"Note {n}"}
        digest, sealed = seal(said)
        at += timedelta(seconds=60)
        last = follow(last, at=timestamp(at), by=f"p-{n % 500:016x}", kind=kind, about="value_model",
                      definition=None, body_hash=digest)  # fmt: skip
        yield last, sealed


def _empty(row: Workspace) -> Workspace:
    return type(row).objects.get(key=f"{row.key}-copy")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    main()
