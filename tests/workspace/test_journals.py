from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from acts_building import BEGIN, definitions
from vitalfew.errors import ActError, UsageError
from vitalfew.judgement import recording
from vitalfew.workspace.heads import Head, Recorded
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vitalfew.workspace.acts import ActLog, Erasure, Writer
    from vitalfew.workspace.log_copies import LogCopy

FORECAST = {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}


class Elsewhere:
    """Acts kept in another place than the workspace's folder, which records the head of the log as it goes."""

    def __init__(self, folder: Path) -> None:
        self.folder = FolderJournal(folder)

    def read(self) -> ActLog:
        return self.folder.read()

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writer]:
        return self.folder.writing(durable=durable)

    def erase(self, by: str) -> Erasure:
        return self.folder.erase(by)

    def pseudonym(self, by: str) -> str:
        return self.folder.pseudonym(by)

    def recorded(self) -> Recorded:
        heads = (Head(act.hash, "elsewhere", act.n, act.time) for act in self.read().acts)
        return Recorded(tuple(heads), "complete")

    def copy(self) -> LogCopy:
        return self.folder.copy()

    def take(self, copy: LogCopy) -> int:
        return self.folder.take(copy)


@pytest.fixture
def apart(tmp_path: Path) -> Workspace:
    """A workspace whose data lie in one folder and whose acts are kept in another place."""
    data, acts = tmp_path / "data", tmp_path / "acts"
    data.mkdir()
    acts.mkdir()
    (data / "players.csv").write_text(
        "id,arm,a,b,c\n" + "".join(f"{n},{('control', 'new')[n % 2]},{n},1,2\n" for n in range(40))
    )
    return Workspace(definitions(), root=data, journal=Elsewhere(acts))


def read_again(ws: Workspace) -> Workspace:
    return replace(ws, acts=recording.journal_of(ws).read())


def locked(ws: Workspace) -> Workspace:
    recording.forecast(ws, "h", "anna", FORECAST, at=BEGIN)
    recording.lock(ws, "h", "ben", at=BEGIN)
    return read_again(ws)


def test_a_workspace_keeps_its_acts_in_its_folder_unless_told_otherwise(tmp_path: Path) -> None:
    assert Workspace(definitions(), root=tmp_path).journal == FolderJournal(tmp_path)
    assert Workspace.of(definitions()).journal is None
    with pytest.raises(UsageError, match="nothing can be recorded"):
        recording.waive(Workspace.of(definitions()), "gate", "anna", "because")


def test_acts_go_to_the_journal_and_never_to_the_folder_of_the_data(apart: Workspace, tmp_path: Path) -> None:
    assert [act.kind for act in locked(apart).acts.acts] == ["forecast", "lock"]
    assert not (tmp_path / "data" / "acts.jsonl").exists()
    assert (tmp_path / "acts" / "acts.jsonl").exists()


def test_a_run_reads_data_from_the_folder_and_acts_and_proofs_from_the_journal(apart: Workspace) -> None:
    results = vf.run(locked(apart))
    promise = results.tables.promises[0]
    assert (promise.hypothesis, promise.p50, promise.proved) == ("h", 1.5, "proved")
    assert results.tables.moments


def test_verification_holds_the_log_against_the_heads_of_the_journal(apart: Workspace, tmp_path: Path) -> None:
    found = vf.verify(locked(apart))
    assert (found.ok, found.heads, found.unrecorded) == (True, 2, 0)
    assert found.proofs["h"].proof == "proved"
    assert (tmp_path / "data" / ".vitalfew").exists() is False


def test_a_person_is_known_by_the_pseudonym_of_the_journal(apart: Workspace) -> None:
    with pytest.raises(ActError, match="no name is known"):
        vf.calibrate(vf.run(apart), person="anna")
    known = locked(apart)
    assert vf.calibrate(vf.run(known), person=" Anna").person is not None
    with pytest.raises(UsageError, match="nobody of this name"):
        vf.calibrate(vf.run(known), person="cleo")


def test_erasing_reaches_the_journal_and_the_runs_in_the_folder(apart: Workspace, tmp_path: Path) -> None:
    vf.run(locked(apart))
    assert recording.erase(apart, "anna").acts == (1, 2)
    assert read_again(apart).acts.erased == (1, 2)
    assert not list((tmp_path / "data" / ".vitalfew" / "runs").glob("*"))
