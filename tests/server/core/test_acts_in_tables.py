"""Acts in the tables of the server: what a folder would hold, whoever writes at once, whatever is changed by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DataError, connection, transaction
from django.utils import timezone

from vitalfew.errors import ActError
from vitalfew.judgement import recording
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import ActBody, ActRecord
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.workspace.chain import to_line
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.sound import SoundActs
from vitalfew.workspace.verify import verify
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.server.core.models import Workspace as WorkspaceRow
    from vitalfew.workspace.writer import Writer

BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FORECAST = {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}

pytestmark = pytest.mark.usefixtures("each_database")


def served(row: WorkspaceRow) -> Workspace:
    """The workspace as the server reads it, with acts from its tables."""
    journal = TableJournal(row.pk)
    return replace(loaded(row).workspace, acts=journal.read(), journal=journal)


def say_everything(ws: Workspace) -> None:
    """An act of each kind."""
    for name in ("Anna", "Ben"):
        recording.judge(ws, name, {"rounds": 60, "retention": 40}, group="product", at=BEGIN)
        recording.forecast(ws, "gate_rounds", name, FORECAST, at=BEGIN)
    recording.lock(ws, "gate_rounds", "Anna", at=BEGIN)
    recording.waive(ws, "retention", "Anna", "the sample was small", at=BEGIN)
    body = {"what": "build it", "evidence": "the forecasts", "counter": "few of them"}
    recording.decide(ws, "gate", "Ben", body, at=BEGIN)
    recording.sign_off(ws, "value_model", "Ben", at=BEGIN)


def test_acts_in_tables_are_those_that_a_folder_would_hold(workspace: WorkspaceRow, tmp_path: Path) -> None:
    ws = served(workspace)
    say_everything(ws)
    folder = FolderJournal(tmp_path)
    assert folder.take(TableJournal(workspace.pk).copy()) == 8
    assert folder.read() == TableJournal(workspace.pk).read()
    assert folder.read().damage == ()
    record = ActRecord.objects.get(workspace=workspace, n=3)
    assert (tmp_path / "acts.jsonl").read_bytes().splitlines()[2].decode().count(record.hash) == 1
    assert (tmp_path / "acts" / "000003.json").read_bytes() == bytes(ActBody.objects.get(act=record).content)


def test_rows_of_acts_are_those_that_django_would_write(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    written, acts = rows_of(workspace), list(ActRecord.objects.filter(workspace=workspace).values())
    said = dict(ActBody.objects.filter(act__workspace=workspace).values_list("act_id", "content"))
    ActRecord.objects.filter(workspace=workspace).delete()
    ActRecord.objects.bulk_create([ActRecord(**one) for one in acts])
    ActBody.objects.bulk_create([ActBody(act_id=act, content=content) for act, content in said.items()])
    assert rows_of(workspace) == written
    assert all(abs(one["recorded_at"] - timezone.now()) < timedelta(minutes=1) for one in acts)


def rows_of(row: WorkspaceRow) -> list[tuple[Any, ...]]:
    """All that the tables hold of acts but the time, which Django takes by itself."""
    names = '"n", "at", "by", "kind", "about", CAST("definition" AS TEXT), "body_hash", "prev", "hash", "content"'
    joined = '"core_actrecord" JOIN "core_actbody" ON "act_id" = "id"'
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {names} FROM {joined} WHERE "workspace_id" = %s ORDER BY "n"', [row.pk])
        return [tuple(bytes(part) if isinstance(part, memoryview) else part for part in one) for one in cursor]


def test_a_log_taken_from_a_folder_comes_out_the_same_to_the_last_byte(workspace: WorkspaceRow, tmp_path: Path) -> None:
    say_everything(Workspace(loaded(workspace).workspace.definitions, root=tmp_path))
    FolderJournal(tmp_path).erase("Ben")
    copy = FolderJournal(tmp_path).copy()
    assert TableJournal(workspace.pk).take(copy) == 8
    assert TableJournal(workspace.pk).copy() == copy
    assert TableJournal(workspace.pk).read().erased == FolderJournal(tmp_path).read().erased == (3, 4, 7, 8)
    act = recording.sign_off(served(workspace), "value_model", "Cleo", at=BEGIN)
    assert act.n == 9
    assert FolderJournal(tmp_path).take(TableJournal(workspace.pk).copy()) == 1


def test_wordings_of_a_definition_are_counted_as_in_a_folder(workspace: WorkspaceRow, tmp_path: Path) -> None:
    for ws in (served(workspace), Workspace(loaded(workspace).workspace.definitions, root=tmp_path)):
        gate = ws.definitions.hypotheses["gate_rounds"]
        later = gate.model_copy(update={"due": date(2031, 1, 1)})
        versions = []
        for worded in (gate, later, gate, gate.model_copy(update={"due": None}), later):
            changed = ws.definitions.model_copy(update={"hypotheses": {"gate_rounds": worded}})
            act = recording.forecast(replace(ws, definitions=changed), "gate_rounds", "Anna", FORECAST, at=BEGIN)
            assert act.definition is not None
            versions.append(act.definition.version)
        assert versions == [1, 2, 1, 3, 2]
        recording.judge(ws, "Anna", {"rounds": 60, "retention": 40}, at=BEGIN)
        judged = recording.judge(ws, "Ben", {"rounds": 60, "retention": 40}, at=BEGIN)
        said = {"what": "build it", "evidence": "the forecasts", "counter": "few of them"}
        decided = recording.decide(ws, "gate", "Ben", said, at=BEGIN)
        cited = recording.journal_of(ws).read().bodies[decided.n]["value_model"]
        assert cited["judgements"] == judged.hash


def test_a_log_of_another_history_is_not_taken(workspace: WorkspaceRow, tmp_path: Path) -> None:
    say_everything(served(workspace))
    say_everything(Workspace(loaded(workspace).workspace.definitions, root=tmp_path))
    with pytest.raises(ActError, match="they part at act 1"):
        TableJournal(workspace.pk).take(FolderJournal(tmp_path).copy())
    assert len(TableJournal(workspace.pk).read().acts) == 8


def test_people_have_pseudonyms_of_this_workspace_alone(workspace: WorkspaceRow) -> None:
    journal = TableJournal(workspace.pk)
    act = recording.waive(served(workspace), "gate", " Zoe\u0308 ", "because", at=BEGIN)
    assert act.by == journal.pseudonym("zoë") == journal.pseudonym(act.by)
    workspace.people_key = "0" * 64
    workspace.save()
    assert journal.pseudonym("zoë") != act.by


def test_threads_that_write_at_once_make_one_sound_chain(workspace: WorkspaceRow) -> None:
    journal = TableJournal(workspace.pk)

    def write(number: int) -> list[int]:
        try:
            done = []
            for _ in range(5):
                with journal.writing() as writer:
                    done.append(writer.append("forecast", "gate_rounds", f"person {number}", FORECAST).n)
            return done
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        numbers = [n for done in pool.map(write, range(20)) for n in done]
    log = journal.read()
    assert sorted(numbers) == list(range(1, 101))
    assert (len(log.acts), log.damage, log.erased) == (100, (), ())
    assert len({act.by for act in log.acts}) == 20


def test_processes_that_write_at_once_make_one_sound_chain(workspace: WorkspaceRow) -> None:
    running = [writing(workspace, name, 6) for name in ("Anna", "Ben", "Cleo", "Dora")]
    said = [int(line) for process in running for line in process.communicate(timeout=90)[0].split()]
    assert sorted(said) == list(range(1, 25))
    assert (len(TableJournal(workspace.pk).read().acts), TableJournal(workspace.pk).read().damage) == (24, ())


@pytest.mark.prove
def test_whatever_is_killed_while_it_writes_no_act_that_was_acknowledged_is_lost(workspace: WorkspaceRow) -> None:
    acknowledged = 0
    for number in range(20):
        process = writing(workspace, "Anna", 1_000_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.01 * number)
        process.kill()
        rest = process.communicate()[0].splitlines()
        acknowledged = max(acknowledged + 1, int(rest[-1]) if rest and rest[-1].isdecimal() else 0)
        log = TableJournal(workspace.pk).read()
        assert (log.damage, log.erased) == ((), ())
        assert acknowledged <= len(log.acts) <= acknowledged + 1
        acknowledged = len(log.acts)
    assert verify(served(workspace)).ok


def writing(row: WorkspaceRow, name: str, acts: int) -> subprocess.Popen[str]:
    """A process that appends acts one by one and says the number of each once it holds."""
    script = """
import json, sys
import django
from django.conf import settings
settings.DATABASES = {"default": json.loads(sys.argv[4])}
django.setup()
from vitalfew.server.core.journal import TableJournal
for number in range(int(sys.argv[3])):
    with TableJournal(int(sys.argv[1])).writing() as writer:
        act = writer.append("sign_off", f"h{number}", sys.argv[2], {})
    print(act.n, flush=True)
"""
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    database = json.dumps({name: connection.settings_dict[name] for name in names}, default=str)
    words = [sys.executable, "-c", script, str(row.pk), name, str(acts), database]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "vitalfew.server.settings"}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)


def test_what_was_not_committed_leaves_nothing(workspace: WorkspaceRow) -> None:
    journal = TableJournal(workspace.pk)

    def interrupted() -> None:
        with transaction.atomic():
            recording.waive(served(workspace), "gate", "Anna", "because")
            raise KeyboardInterrupt

    def wrong(writer: Writer) -> None:
        with writer.all_or_nothing():
            writer.append("forecast", "gate_rounds", "Ben", FORECAST)
            writer.append("forecast", "gate_rounds", "Ben", FORECAST | {"p10": 9.0})

    def wrong_at_last() -> None:
        with journal.writing() as writer:
            writer.append("forecast", "gate_rounds", "Anna", FORECAST)
            wrong(writer)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ActError, match="must rise"):
        wrong_at_last()
    assert ActBody.objects.count() == 0
    with journal.writing() as writer:
        writer.append("forecast", "gate_rounds", "Anna", FORECAST)
        with pytest.raises(ActError, match="must rise"):
            wrong(writer)
        writer.append("forecast", "gate_rounds", "Cleo", FORECAST)
        assert [act.n for act in writer.about("gate_rounds").acts] == [1, 2]
    assert (len(journal.read().acts), journal.read().damage) == (2, ())


def test_every_act_raises_the_stamp_of_the_workspace(workspace: WorkspaceRow) -> None:
    stamps = []
    for _ in range(2):
        recording.waive(served(workspace), "gate", "Anna", "because")
        workspace.refresh_from_db()
        stamps.append((workspace.stamp, workspace.acts_count))
    TableJournal(workspace.pk).erase("Anna")
    workspace.refresh_from_db()
    assert stamps[0][0] < stamps[1][0] < workspace.stamp
    assert [count for _, count in stamps] == [1, 2]


def test_erasing_takes_what_a_person_said_and_keeps_the_chain(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    journal = TableJournal(workspace.pk)
    done = journal.erase("ben")
    assert done.acts == (3, 4, 7, 8)
    log = journal.read()
    assert (log.erased, log.damage, len(log.acts)) == (done.acts, (), 8)
    assert set(ActBody.objects.values_list("act__n", flat=True)) == {1, 2, 5, 6}
    assert not any("ben" in str(values).lower() for values in ActRecord.objects.values())
    assert verify(served(workspace)).ok
    with pytest.raises(ActError, match="no act by"):
        journal.erase("Cleo")


def test_a_promise_that_the_server_took_before_the_start_is_proved(workspace: WorkspaceRow) -> None:
    ws = served(workspace)
    recording.forecast(ws, "gate_rounds", "Anna", FORECAST)
    recording.lock(ws, "gate_rounds", "Anna")
    tomorrow, yesterday = (datetime.now(UTC).date() + timedelta(days=days) for days in (2, -2))
    assert proof(workspace, tomorrow) == "proved"
    assert proof(workspace, yesterday) == "no"
    found = verify(served(workspace))
    assert (found.ok, found.history, found.unrecorded) == (True, "server", 0)


def test_a_lock_that_was_brought_along_is_only_claimed(workspace: WorkspaceRow, tmp_path: Path) -> None:
    say_everything(Workspace(loaded(workspace).workspace.definitions, root=tmp_path))
    TableJournal(workspace.pk).take(FolderJournal(tmp_path).copy())
    assert proof(workspace, date(2026, 3, 1)) == "claimed"


def proof(row: WorkspaceRow, start: date) -> str:
    ws = served(row)
    gate = ws.definitions.initiatives["gate"].model_copy(update={"started": start})
    begun = ws.definitions.model_copy(update={"initiatives": {**ws.definitions.initiatives, "gate": gate}})
    return verify(replace(ws, definitions=begun)).proofs["gate_rounds"].proof


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"about": "tools"}, "edited"),
        ({"by": "p-aaaaaaaaaaaa"}, "edited"),
        ({"at": "2025-01-01T00:00:00Z"}, "edited"),
        ({"kind": "wish"}, "malformed"),
        ({"definition": {"kind": "initiatives"}}, "malformed"),
        ({"n": 99}, "edited"),
    ],
)
def test_a_row_changed_by_hand_is_found(workspace: WorkspaceRow, change: dict[str, Any], code: str) -> None:
    say_everything(served(workspace))
    ActRecord.objects.filter(workspace=workspace, n=6).update(**change)
    found = verify(served(workspace))
    assert not found.ok
    assert code in {damage.code for damage in found.damage}


def test_rows_taken_away_by_hand_are_found_at_the_end_too(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    ActRecord.objects.filter(workspace=workspace, n=8).delete()
    found = verify(served(workspace))
    assert [damage.message for damage in found.damage if "shortened" in damage.message]
    with pytest.raises(ActError, match="damaged, nothing was appended"):
        recording.waive(served(workspace), "gate", "Anna", "because")


def test_what_somebody_said_cannot_be_changed_unseen(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    body = ActBody.objects.get(act__workspace=workspace, act__n=2)
    body.content = bytes(body.content).replace(b"1.5", b"2.5")
    body.save()
    log = TableJournal(workspace.pk).read()
    assert [(damage.code, damage.n) for damage in log.damage] == [("body", 2)]
    assert 2 not in log.bodies
    with pytest.raises(ActError, match="damaged log is not carried elsewhere"):
        TableJournal(workspace.pk).copy()


def test_acts_of_another_workspace_are_never_touched(workspace: WorkspaceRow) -> None:
    other = type(workspace).objects.create(key="other", name="Other", folder=workspace.folder)
    recording.waive(served(workspace), "gate", "Anna", "because")
    by = TableJournal(workspace.pk).read().acts[0].by
    assert TableJournal(other.pk).read().acts == ()
    with pytest.raises(ActError, match="no act by"):
        TableJournal(other.pk).erase(by)
    with TableJournal(other.pk).writing() as writer:
        assert writer.append("sign_off", "value_model", "Anna", {}).n == 1
    assert len(TableJournal(workspace.pk).read().acts) == 1


def test_a_sound_log_is_read_from_tables_without_care(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    log = TableJournal(workspace.pk).read()
    assert isinstance(log.acts, SoundActs)
    assert log.carried() == log
    assert log.carried().damage == ()


def test_a_row_that_reads_like_two_lines_of_a_log_is_found(workspace: WorkspaceRow) -> None:
    say_everything(served(workspace))
    two = b"".join(to_line(act) for act in TableJournal(workspace.pk).read().acts[6:]).decode()
    forged = two[len('{"about":"') : two.rindex('","at":"')]
    ActRecord.objects.filter(workspace=workspace, n=7).delete()
    fits = connection.vendor == "sqlite"  # PostgreSQL takes no more than a key is long
    with nullcontext() if fits else pytest.raises(DataError), transaction.atomic():
        ActRecord.objects.filter(workspace=workspace, n=8).update(about=forged)
    assert [found.code for found in TableJournal(workspace.pk).read().damage] == (["malformed"] if fits else ["gap"])


def test_a_run_on_the_server_opens_what_counts_and_finds_it_changed(workspace: WorkspaceRow) -> None:
    ws = served(workspace)
    for middle in (1.0, 1.5):
        recording.forecast(ws, "gate_rounds", "Anna", {**FORECAST, "p50": middle}, at=BEGIN)
    before = TableJournal(workspace.pk).read().carried()
    assert {n for n in (1, 2) if n in before.bodies} == {2}
    assert before.erased == ()
    body = ActBody.objects.get(act__workspace=workspace, act__n=2)
    ActBody.objects.filter(pk=body.pk).update(content=bytes(body.content).replace(b"1.5", b"2.5"))
    after = TableJournal(workspace.pk).read().carried()
    assert after.state() != before.state()
    assert {n for n in (1, 2) if n in after.bodies} == {1}
