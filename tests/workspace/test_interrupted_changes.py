"""Several files replaced as one: whatever is killed, a folder holds what it held before or what was wanted."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from acts_building import BEGIN, append, definitions
from vitalfew.errors import DataError
from vitalfew.judgement import recording
from vitalfew.workspace import load
from vitalfew.workspace.acts import read
from vitalfew.workspace.applying import apply, prepare
from vitalfew.workspace.definitions import Definitions, Team
from vitalfew.workspace.exporting import export
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.swapping import pending, swap
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

KILLED_AT_EACH_STEP = """
import json, os, shutil, sys
from pathlib import Path
from vitalfew.workspace import load
from vitalfew.workspace.acts import writing
from vitalfew.workspace.applying import apply, prepare
import vitalfew.workspace.validation  # what a child loads anew would take its time

base, source, work = map(Path, sys.argv[1:])
STEPS = ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir", "utime", "chmod", "ftruncate")
old, new = load(base), load(source)


def die_at(step):
    left = [step]

    def counted(known):
        def call(*given, **named):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return known(*given, **named)
        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def same(found, wanted):
    return found.definitions == wanted.definitions and found.acts == wanted.acts


told = []
for step in range(1, 400):
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(base, work)
    child = os.fork()
    if child == 0:
        die_at(step)
        apply(prepare(new, work, prune=True, with_acts=True))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found = load(work)
    which = "new" if same(found, new) else "old" if same(found, old) else "mix"
    with writing(work) as log:
        log.append("sign_off", "value_model", "gus", {})
    whole = not load(work).acts.damage and len(load(work).acts.acts) == len(found.acts.acts) + 1
    told.append([code, which, whole])
    if code == 0:
        break
print(json.dumps(told))
"""

BACK_AND_FORTH = """
import sys
from pathlib import Path
from vitalfew.workspace import load
from vitalfew.workspace.applying import apply, prepare

one, other, work = map(Path, sys.argv[1:])
sides = load(one), load(other)
print("begun", flush=True)
while True:
    for side in sides:
        apply(prepare(side, work, prune=True))
"""


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Two workspaces that differ in several files; the second goes on with the log of the first."""
    (tmp_path / "made").mkdir()
    ws = Workspace(definitions(teams={"growth": Team()}), root=tmp_path / "made")
    recording.forecast(ws, "h", "anna", {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}, at=BEGIN)
    export(ws.definitions, tmp_path / "one", acts=FolderJournal(tmp_path / "made").copy())
    recording.lock(ws, "h", "anna", at=BEGIN)
    recording.sign_off(ws, "value_model", "ben", at=BEGIN)
    gate = ws.definitions.initiatives["gate"].model_copy(update={"title": "Moved"})
    later = ws.definitions.experiments["x"].model_copy(update={"title": "Again"})
    changed = ws.definitions.model_copy(
        update={"teams": {"core": Team()}, "initiatives": {"gate": gate}, "experiments": {"x": later}}
    )
    export(changed, tmp_path / "other", acts=FolderJournal(tmp_path / "made").copy())
    return tmp_path / "one", tmp_path / "other"


def run(script: str, *paths: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, paths)], stdout=subprocess.PIPE, text=True)


def test_a_process_that_dies_at_any_step_leaves_the_old_or_the_new(sides: tuple[Path, Path], tmp_path: Path) -> None:
    program = run(KILLED_AT_EACH_STEP, *sides, tmp_path / "work")
    told: list[tuple[int, str, bool]] = json.loads(program.communicate(timeout=300)[0])
    assert len(told) > 25
    assert {which for _, which, _ in told} == {"old", "new"}
    assert all(whole for _, _, whole in told)
    order = [which for _, which, _ in told]
    assert order == sorted(order, reverse=True), "once the change holds, it holds at every later step"
    assert tuple(told[-1][:2]) == (0, "new")


@pytest.mark.prove
def test_killed_fifty_times_at_any_moment_nothing_is_mixed(sides: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = sides
    work = tmp_path / "work"
    shutil.copytree(one, work)
    wanted = [load(side).definitions for side in sides]
    seen = []
    for number in range(50):
        program = run(BACK_AND_FORTH, one, other, work)
        assert program.stdout is not None
        program.stdout.readline()
        time.sleep(0.004 * (number % 12))
        program.kill()
        program.communicate()
        seen.append(wanted.index(load(work).definitions))
    assert set(seen) == {0, 1}


def test_who_reads_while_files_are_replaced_sees_all_of_them_old_or_all_new(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    one, other = sides
    work = tmp_path / "work"
    shutil.copytree(one, work)
    wanted = [load(side).definitions for side in sides]
    program = run(BACK_AND_FORTH, one, other, work)
    try:
        assert program.stdout is not None
        program.stdout.readline()
        seen = [wanted.index(load(work).definitions) for _ in range(100)]
    finally:
        program.kill()
        program.communicate()
    assert set(seen) == {0, 1}


def test_acts_recorded_after_an_interrupted_change_go_behind_those_it_brings(
    sides: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    shutil.copytree(sides[0], work)
    monkeypatch.setattr("vitalfew.workspace.swapping._finish", lambda _root: None)
    apply(prepare(load(sides[1]), work, with_acts=True))
    monkeypatch.undo()
    assert (pending(work), len(read(work).acts)) == (True, 1)
    append(work, "sign_off", "value_model", "cleo", {}, at=BEGIN)
    assert not pending(work)
    assert [act.kind for act in read(work).acts] == ["forecast", "lock", "sign_off", "sign_off"]
    assert read(work).damage == ()


def test_a_folder_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text("teams: {growth: {}}")
    planned = prepare(Workspace.of(Definitions(teams={"core": Team()})), tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="nothing was changed: No space left"):
        apply(planned)
    monkeypatch.undo()
    assert load(tmp_path).definitions.teams == {"growth": Team()}
    apply(planned)
    assert set(load(tmp_path).definitions.teams) == {"growth", "core"}


@pytest.mark.parametrize(
    "listed",
    [
        [["../outside.yaml", "000000"]],
        [["/outside.yaml", "000000"]],
        [[".vitalfew/runs.yaml", "000000"]],
        [["run.sh", "000000"]],
        [["a.yaml", "../../a.yaml"]],
        [["a.yaml"]],
        {"a.yaml": 1},
        7,
    ],
)
def test_a_list_of_files_that_came_with_a_strangers_folder_moves_nothing_out_of_it(tmp_path: Path, listed: Any) -> None:
    folder = tmp_path / "theirs"
    staged = folder / ".vitalfew" / "swap"
    staged.mkdir(parents=True)
    (staged / "000000").write_text("teams: {}")
    (folder / "a.yaml").write_text("teams: {growth: {}}")
    (folder / ".vitalfew" / "swap.json").write_text(json.dumps(listed))
    with pytest.raises(DataError, match="was not written by vitalfew"):
        load(folder)
    assert (staged / "000000").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["theirs"]


def test_a_file_keeps_its_permissions_and_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("teams: {}")
    (tmp_path / "real.yaml").chmod(0o600)
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    swap(tmp_path, {"link.yaml": b"teams: {growth: {}}"})
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_bytes() == b"teams: {growth: {}}"
    assert stat.S_IMODE((tmp_path / "real.yaml").stat().st_mode) == 0o600
