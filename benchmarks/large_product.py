"""A large workspace: 200 experiments, 1,000 initiatives, 1,000 metrics, what people said of them, and as many acts.

Files are recognised as a stranger's would be; teams, a value model, hypotheses and goals are put to what was found. The
first acts are recorded by the functions that people's pages call, and the run knows them; the others go into the
tables as rows, chained as they must be.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.chain import Act, DefinitionRef
    from vitalfew.workspace.definitions import Definitions

EXPERIMENTS, METRICS, IDEAS = 200, 1_000, 1_000
PER, MEASURED = 5, 100  # metrics of an experiment, and of all of them, as many as `start` takes
TEAMS, ASKED, GOALS, FEATURES = 10, 400, 20, 100  # hypotheses: of every experiment, and of as many ideas again
LOCKED = 300  # hypotheses with a promise: those of the experiments and half of the others
FIRST, PEOPLE, AT_ONCE = 5, 500, 50_000  # forecasts of each hypothesis that the run knows
FACTORS = ("metric_0", "metric_1", "metric_2")
SAID = datetime(2026, 11, 1, 10, tzinfo=UTC)
"""When everything was said: a log in which time runs backwards is no sound one."""
_FIELDS = ("n", "at", "by", "kind", "about", "definition", "body_hash", "prev", "hash")


def fill(folder: Path, acts: int) -> None:
    """Put everything into the tables, with one who looks at the pages, and run it twice."""
    from vitalfew.server.core.models import Definition, Member, User, Workspace
    from vitalfew.workspace.merging import SETTINGS

    tree = _enlarged(_found_in_files(folder))
    row = Workspace.objects.create(key="large", name="Large", folder=str(folder))
    Definition.objects.bulk_create(
        Definition(workspace=row, kind=kind, key=key, body=body, position=position)
        for kind, entries in tree.items()
        for position, (key, body) in enumerate(({"": entries} if kind in SETTINGS else entries).items())
    )
    user = User.objects.create_user("ada@example.org", name="Ada")
    Member.objects.create(workspace=row, user=user, role="admin", team="team_0")
    _said_at_first(row)
    for _ in range(2):
        _run(row)
    _record(row, acts)


# What it defines --------------------------------------------------------------------------------------------------


def _found_in_files(folder: Path) -> dict[str, Any]:
    """Write the files of a product, start from them as a stranger would, and give what was defined by them."""
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
    made = start(Order("start", str(folder), None, {"into": "started-1", "files": files}), lambda *_: None)
    found: dict[str, Any] = made["tree"]
    return found


def _enlarged(tree: dict[str, Any]) -> dict[str, Any]:
    """With the metrics that nothing measured, and all that people add to what files say."""
    metrics, initiatives = tree["metrics"], tree["initiatives"]
    metrics |= {
        key: {**metrics["metric_7"], "column": key, "title": f"Metric {at}"}
        for at in range(MEASURED, METRICS)
        if (key := f"metric_{at}")
    }
    bets = [*tree["experiments"], *(f"idea_{at}" for at in range(IDEAS))]
    for at, key in enumerate(bets):
        initiatives[key]["team"] = f"team_{at % TEAMS}"
    hypotheses = {f"asks_{at}": _hypothesis(at, bets[at]) for at in range(ASKED)}
    for at in range(ASKED):
        initiatives[bets[at]] |= _stands(at)
    goal = {"metric": "metric_0", "baseline": 1.0, "target": 2.0, "due": "2026-12-31"}
    return tree | {
        "policy": {**tree["policy"], "budget": 60},
        "teams": {f"team_{at}": {"title": f"Team {at}"} for at in range(TEAMS)},
        "stakeholders": {"people": {"title": "People who use it", "role": "user", "side": "customer"}},
        "factors": {key: {"range": [-1.0, 1.0], "stakeholder": "people"} for key in FACTORS},
        "guardrails": {f"metric_{at}": {"margin": 0.05} for at in range(3, 6)},
        "features": {
            f"feature_{at}": {"title": f"Feature {at}", "team": f"team_{at % TEAMS}"} for at in range(FEATURES)
        },
        "hypotheses": hypotheses,
        "objectives": {
            f"goal_{at}": {"title": f"Goal {at}", "team": f"team_{at % TEAMS}", "key_results": {"first": goal}}
            for at in range(GOALS)
        },
    }


def _hypothesis(at: int, bet: str) -> dict[str, Any]:
    """Of an experiment: about the first metric that it measured; of an idea: about a factor."""
    metric = f"metric_{at * PER % MEASURED}" if at < EXPERIMENTS else FACTORS[at % len(FACTORS)]
    return {"initiative": bet, "metric": metric, "due": f"2026-{1 + at % 12:02}-28", "who": "people", "will": "do more"}


def _stands(at: int) -> dict[str, Any]:
    """Three in four of the experiments have shipped; of the others some are live, committed, or still forecast."""
    if at < EXPERIMENTS * 3 // 4:
        return {"status": "shipped", "started": "2026-01-10", "shipped": f"2026-{2 + at % 9:02}-15"}
    if at < EXPERIMENTS:
        return {"status": "live", "started": "2026-06-10"}
    return {"status": "committed", "started": "2026-10-10"} if at < LOCKED else {"status": "forecast"}


# What people said -------------------------------------------------------------------------------------------------


def _said_at_first(row: Workspace) -> None:
    """Judgements, a few forecasts of every hypothesis, promises."""
    from django.db import transaction

    from vitalfew.judgement import recording
    from vitalfew.server.core.services.acts import acting

    rng = np.random.default_rng(2)
    with transaction.atomic():
        whole = acting(row)
        for at in range(PEOPLE // 10):
            points = dict(zip(FACTORS, rng.integers(10, 100, len(FACTORS)).astype(float).tolist(), strict=True))
            recording.judge(whole, f"user:{at}", points, at=SAID)
        for at, key in enumerate(whole.definitions.hypotheses):
            for person in range(FIRST):
                middle = float(rng.normal(0.02, 0.02))
                said = {"p10": middle - 0.02, "p50": middle, "p90": middle + 0.02, "p_zero": 0.2}
                recording.forecast(whole, key, f"user:{(at + person) % PEOPLE}", said, at=SAID)
            if at < LOCKED:
                recording.lock(whole, key, "user:1", at=SAID)
    row.refresh_from_db()


def _run(row: Workspace) -> None:
    """As the worker does it, in this process."""
    from vitalfew.server.core.journal import TableJournal
    from vitalfew.server.core.queries.definitions import loaded
    from vitalfew.server.core.working.deeds import run
    from vitalfew.server.core.working.order import Order, Snapshot

    journal = TableJournal(row.pk)
    found = loaded(row)
    if found.problems:
        raise SystemExit("\n".join(map(str, found.problems)))
    snapshot = Snapshot(found.workspace.definitions, journal.read(), journal.recorded())
    row.last_run = run(Order("run", row.folder, snapshot), lambda *_: None)["run"]
    row.save()


def _record(row: Workspace, acts: int) -> None:
    """The rest of the log, chained as it must be, and its end noted. Rows go in without Django's objects, for speed."""
    from django.db import transaction

    from vitalfew.server.core.models import ActRecord
    from vitalfew.server.core.models import Workspace as Row

    newest = ActRecord.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with transaction.atomic():
        made = _acts(row, acts - row.acts_count)
        while part := list(islice(made, AT_ONCE)):
            ids = range(newest + 1, newest + 1 + len(part))
            newest += len(part)
            _put(
                "core_actrecord",
                ("id", "workspace_id", *_FIELDS, "recorded_at"),
                [(pk, row.pk, *_columns(act), SAID.isoformat(" ")) for pk, (act, _) in zip(ids, part, strict=True)],
            )
            _put(
                "core_actbody", ("act_id", "content"), [(pk, sealed) for pk, (_, sealed) in zip(ids, part, strict=True)]
            )
            Row.objects.filter(pk=row.pk).update(acts_count=part[-1][0].n, acts_head=part[-1][0].hash)
    _settle()


def _columns(act: Act) -> Iterator[object]:
    """An act as its row; what it speaks of is JSON."""
    import json
    from dataclasses import asdict

    for name in _FIELDS:
        value = getattr(act, name)
        yield json.dumps(asdict(value)) if name == "definition" and value else value


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


def _settle() -> None:
    """The next row gets a number of its own; the database knows how its tables look, as one that is in use does."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence('core_actrecord', 'id'), max(id)) FROM core_actrecord")
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _acts(row: Workspace, count: int) -> Iterator[tuple[Act, bytes]]:
    """Forecasts of hypotheses as they are worded, one decision in a hundred; with the sealed bytes of what they say."""
    from vitalfew.server.core.journal import TableJournal
    from vitalfew.server.core.queries.definitions import loaded
    from vitalfew.workspace.bodies import seal
    from vitalfew.workspace.chain import follow, timestamp
    from vitalfew.workspace.people import keyed_pseudonym

    defined = loaded(row).workspace.definitions
    references = _references(defined)
    people = [keyed_pseudonym(bytes.fromhex(row.people_key), f"user:{at}") for at in range(PEOPLE)]
    last = TableJournal(row.pk).read().acts[-1]
    bets = list(defined.initiatives)
    for at in range(count):
        decided = at % 100 == 0
        said: dict[str, Any] = {"what": "go", "evidence": "looked", "counter": "none"}
        digest, sealed = seal(said if decided else {"p10": 0.1, "p50": 0.2, "p90": 0.4, "p_zero": 0.1})
        named = None if decided else references[at % len(references)]
        last = follow(
            last,
            at=timestamp(SAID),
            by=people[at // len(references) % PEOPLE],  # one after another goes through all hypotheses
            kind="forecast" if named else "decision",
            about=named.key if named else bets[at * 7 % len(bets)],
            definition=named,
            body_hash=digest,
        )
        yield last, sealed


def _references(defined: Definitions) -> list[DefinitionRef]:
    from vitalfew.workspace.chain import DefinitionRef
    from vitalfew.workspace.hashing import definition_hash

    return [
        DefinitionRef("hypotheses", key, 1, definition_hash("hypotheses", key, asked))
        for key, asked in defined.hypotheses.items()
    ]
