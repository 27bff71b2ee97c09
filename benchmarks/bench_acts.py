"""Reading a large log of acts and proving it sound, beside a plain loop of JSON and SHA-256.

500 people forecast 1,000 hypotheses again and again, 100,000 acts in a folder and in tables (SQLite); more by
`--acts 1000000`, of which the folder takes a file each. The loops keep nothing of what they read, so their memory is
the least there can be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from side_by_side import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.chain import Act

ACTS, PEOPLE, QUESTIONS = 100_000, 500, 1_000
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HASHED = ("about", "at", "body_hash", "by", "definition", "kind", "n", "prev")


def forecasts(count: int) -> Iterator[tuple[Act, bytes]]:
    """A sound chain with the sealed bytes of what each act says."""
    from vitalfew.workspace.bodies import seal
    from vitalfew.workspace.chain import DefinitionRef, follow, timestamp
    from vitalfew.workspace.strict_json import sha256

    named = [DefinitionRef("hypotheses", f"h_{at}", 1, sha256(b"%d" % at)) for at in range(QUESTIONS)]
    last = None
    for at in range(count):
        digest, sealed = seal({"p10": 0.1, "p50": 0.2 + at % 50 / 100, "p90": 0.9, "p_zero": 0.1})
        last = follow(
            last,
            at=timestamp(BEGIN + timedelta(seconds=3 * at)),
            by=f"p-{at % PEOPLE:012}",
            kind="forecast",
            about=named[at * 7 % QUESTIONS].key,
            definition=named[at * 7 % QUESTIONS],
            body_hash=digest,
        )
        yield last, sealed


# Plans ------------------------------------------------------------------------------------------------------------


def looped(folder: Path) -> None:
    """Every line and its hash, in a loop."""
    with (folder / "acts.jsonl").open("rb") as lines:
        _follow(json.loads(line) for line in lines)


def looped_with_bodies(folder: Path) -> None:
    """The same, and every file of what an act says."""
    looped(folder)
    with (folder / "acts.jsonl").open("rb") as lines:
        for act in map(json.loads, lines):
            found = json.loads((folder / "acts" / f"{act['n']:06}.json").read_bytes())
            assert hashlib.sha256(bytes.fromhex(found["salt"]) + _plain(found["body"])).hexdigest() == act["body_hash"]


def for_a_run(folder: Path) -> None:
    """What a run asks of a log before its first stage."""
    from vitalfew.workspace.journal import FolderJournal

    assert FolderJournal(folder).read().state()[-1] == []


def verified(folder: Path) -> None:
    """Every act and every body."""
    from vitalfew.workspace.journal import FolderJournal

    assert FolderJournal(folder).read().damage == ()


def rows_looped(_: Path) -> None:
    """Every row and its hash, in a loop."""
    _server()
    from vitalfew.server.core.models import ActRecord

    rows = ActRecord.objects.order_by("n").values(*HASHED, "hash")
    _follow(rows.iterator(2_000))


def rows_for_a_run(_: Path) -> None:
    """What a worker takes along for a run."""
    _server()
    from vitalfew.server.core.journal import TableJournal
    from vitalfew.server.core.models import Workspace

    TableJournal(Workspace.objects.values_list("pk", flat=True).get()).read().carried()


def _follow(acts: Iterator[dict[str, object]]) -> None:
    last = "0" * 64
    for act in acts:
        assert act["prev"] == last
        last = hashlib.sha256(_plain({name: act[name] for name in HASHED})).hexdigest()
        assert last == act["hash"]


def _plain(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


# ------------------------------------------------------------------------------------------------------------------


def _server() -> None:
    from vitalfew.server.launch import prepare

    prepare()
    import django

    django.setup()


def _fill(folder: Path, count: int) -> None:
    from django.core.management import call_command

    from vitalfew.server.core.journal import TableJournal
    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.chain import to_line
    from vitalfew.workspace.journal import FolderJournal

    (folder / "acts").mkdir()
    with (folder / "acts.jsonl").open("wb") as lines:
        for act, sealed in forecasts(count):
            lines.write(to_line(act))
            (folder / "acts" / f"{act.n:06}.json").write_bytes(sealed)
    call_command("migrate", verbosity=0)
    row = Workspace.objects.create(key="large", name="Large", folder=str(folder))
    TableJournal(row.pk).take(FolderJournal(folder).copy())


def main() -> None:
    """Make a log, then read it in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=ACTS)
    count = parser.parse_args().acts
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["VITALFEW_HOME"] = str(folder / "home")
        _server()
        _fill(folder, count)
        compare(
            f"{count:,} acts in a folder",
            {
                "lines: JSON and SHA-256 in a loop": looped,
                "vitalfew, for a run": for_a_run,
                "all bodies too, in a loop": looped_with_bodies,
                "vitalfew, verified": verified,
            },
            folder,
        )
        compare(
            f"{count:,} acts in tables, with the start of Django",
            {"rows: JSON and SHA-256 in a loop": rows_looped, "vitalfew, for a run": rows_for_a_run},
            folder,
        )


if __name__ == "__main__":
    main()
