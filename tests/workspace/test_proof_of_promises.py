from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from acts_building import BEGIN, definitions, workspace
from vitalfew.judgement.recording import forecast, lock
from vitalfew.workspace import heads as heads_of
from vitalfew.workspace.acts import erase
from vitalfew.workspace.definitions import Hypothesis, Initiative
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from vitalfew.workspace.definitions import Definitions

BEFORE, AFTER = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
LATER = timedelta(days=40)
NUMBERS = {"p10": 1, "p50": 2, "p90": 3, "p_zero": 0.1}


def git(root: Path, *arguments: str, at: datetime = BEFORE) -> None:
    dates = {"GIT_AUTHOR_DATE": at.isoformat(), "GIT_COMMITTER_DATE": at.isoformat()}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run([*command, *arguments], cwd=root, check=True, capture_output=True, env=os.environ | dates | nobody)


def commit(root: Path, at: datetime = BEFORE) -> None:
    git(root, "add", "acts.jsonl", "acts")
    git(root, "commit", "-m", "acts", at=at)


def locked(root: Path, at: datetime = BEGIN, defined: Definitions | None = None) -> None:
    ws = workspace(root, defined)
    forecast(ws, "h", "anna", NUMBERS, at=at)
    lock(ws, "h", "anna", at=at)


def proof(root: Path, defined: Definitions | None = None) -> tuple[str, str]:
    found = verify(workspace(root, defined)).proofs["h"]
    return found.proof, found.reason


def test_a_lock_committed_before_the_start_is_proved_and_says_by_what(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path)
    how, reason = proof(tmp_path)
    assert how == "proved"
    assert reason.startswith("commit ")
    assert "of 2026-02-01T00:00:00Z holds the lock, before the start on 2026-03-01" in reason
    assert any("times of commits are set by the computer" in text for text in verify(workspace(tmp_path)).sentences())


def test_a_lock_committed_after_the_start_is_only_claimed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path, AFTER)
    assert proof(tmp_path)[0] == "claimed"


def test_a_commit_older_than_the_lock_it_holds_proves_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path, BEFORE)
    commit(tmp_path, BEFORE - timedelta(days=20))
    how, reason = proof(tmp_path)
    assert how == "claimed"
    assert "is older than the lock of 2026-02-01" in reason


def test_a_lock_in_no_commit_is_only_claimed(tmp_path: Path) -> None:
    locked(tmp_path)
    assert proof(tmp_path) == (
        "claimed",
        "the log says 2026-01-05, before the start on 2026-03-01, but no commit holds the lock",
    )


def test_a_lock_after_the_start_proves_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path, AFTER)
    commit(tmp_path)
    assert proof(tmp_path) == ("no", "locked on 2026-04-01, after the start on 2026-03-01")


def test_within_the_day_of_the_start_nothing_can_be_told(tmp_path: Path) -> None:
    locked(tmp_path, datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert proof(tmp_path)[0] == "claimed"


def test_the_start_is_that_of_the_initiative_else_of_its_experiment_else_its_shipping(tmp_path: Path) -> None:
    locked(tmp_path)
    by_experiment = definitions(initiatives={"gate": Initiative(shipped=date(2026, 5, 1))})
    by_shipping = by_experiment.model_copy(update={"experiments": {}})
    unknown = by_shipping.model_copy(update={"initiatives": {"gate": Initiative()}})
    starts = [
        verify(workspace(tmp_path, defined)).proofs["h"].start for defined in (by_experiment, by_shipping, unknown)
    ]
    assert starts == [date(2026, 3, 10), date(2026, 5, 1), None]
    assert proof(tmp_path, unknown)[0] == "claimed"


def test_the_day_of_a_lock_is_that_of_the_workspace(tmp_path: Path) -> None:
    locked(tmp_path, datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    about = definitions().workspace.model_copy(update={"time_zone": "Asia/Tokyo"})
    assert "day of the start" in proof(tmp_path, definitions(workspace=about))[1]
    assert "day of the start" not in proof(tmp_path)[1]


def test_a_log_rewritten_after_a_commit_is_found_and_its_promise_loses_its_proof(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path)
    (tmp_path / "acts.jsonl").unlink()
    locked(tmp_path)
    found = verify(workspace(tmp_path))
    assert [damage.code for damage in found.damage] == ["head"]
    assert "was act 2, which is another one now: the log was rewritten" in found.damage[0].message
    assert found.proofs["h"].proof == "claimed"


def test_a_log_shortened_after_a_commit_is_found(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    found = verify(workspace(tmp_path))
    assert not found.ok
    assert "was act 2, but the log ends at act 1: it was shortened" in found.sentences()[1]


def test_without_any_head_the_limit_is_said_and_with_one_by_hand_it_is_checked(tmp_path: Path) -> None:
    locked(tmp_path)
    ws = workspace(tmp_path)
    alone = verify(ws)
    assert alone.ok
    assert "rewritten or shortened as a whole, nothing here would show it" in alone.sentences()[-1]
    assert alone.head is not None
    assert verify(ws, [alone.head.upper()]).limits() == ()
    assert [found.code for found in verify(ws, ["0" * 64]).damage] == ["head"]


def test_acts_since_the_last_commit_are_counted(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path)
    forecast(workspace(tmp_path), "h", "ben", NUMBERS, at=BEGIN)
    found = verify(workspace(tmp_path))
    assert (found.ok, found.unrecorded, found.heads) == (True, 1, 1)
    assert any("the last act is in no commit" in text for text in found.sentences())


def test_a_workspace_in_a_folder_below_the_repository_has_its_history_too(tmp_path: Path) -> None:
    git(tmp_path, "init")
    inner = tmp_path / "a folder" / "ws"
    inner.mkdir(parents=True)
    locked(inner)
    commit(inner)
    assert proof(inner)[0] == "proved"


def test_a_shallow_clone_says_that_it_is_one(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init")
    locked(origin)
    commit(origin)
    forecast(workspace(origin), "h", "ben", NUMBERS, at=BEGIN)
    commit(origin)
    git(tmp_path, "clone", "--depth", "1", f"file://{origin}", "clone")
    found = verify(workspace(clone))
    assert (found.history, found.heads) == ("shallow", 1)
    assert any("shallow clone" in text for text in found.sentences())


def test_a_repository_of_a_stranger_cannot_start_programs(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    commit(tmp_path)
    trap, caught = tmp_path / "trap.sh", tmp_path / "caught"
    trap.write_text(f"#!/bin/sh\ntouch '{caught}'\n")
    trap.chmod(0o755)
    for setting in ("core.fsmonitor", "gpg.program", "core.pager", "diff.external", "core.sshCommand"):
        git(tmp_path, "config", setting, str(trap))
    git(tmp_path, "config", "log.showSignature", "true")
    assert len(heads_of.recorded(tmp_path).heads) == 1
    assert not caught.exists()


def test_without_git_there_is_no_history_and_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert heads_of.recorded(tmp_path).history == "none"


def test_an_erased_act_is_called_erased_and_the_log_stays_sound(tmp_path: Path) -> None:
    locked(tmp_path)
    (tmp_path / "acts" / "000001.json").unlink()
    found = verify(workspace(tmp_path))
    assert (found.ok, found.erased) == (True, (1,))
    assert any(text.startswith("act 1 erased") for text in found.sentences())


def test_an_edited_hypothesis_can_be_locked_anew_and_the_first_lock_stays_in_the_log(tmp_path: Path) -> None:
    locked(tmp_path)
    other = definitions(hypotheses={"h": Hypothesis(initiative="gate", metric="b")})
    locked(tmp_path, AFTER, other)
    ws = workspace(tmp_path, other)
    assert [act.definition and act.definition.version for act in ws.acts.acts if act.kind == "lock"] == [1, 2]
    assert proof(tmp_path, other)[0] == "no"
    assert proof(tmp_path)[0] == "claimed"


def test_the_answer_is_plain_data_for_json(tmp_path: Path) -> None:
    locked(tmp_path)
    plain = json.loads(json.dumps(verify(workspace(tmp_path)).as_dict()))
    assert (plain["ok"], plain["acts"], plain["promises"][0]["proof"]) == (True, 2, "claimed")


def test_erasing_says_whether_commits_still_hold_what_was_said(tmp_path: Path) -> None:
    git(tmp_path, "init")
    locked(tmp_path)
    assert len(erase(tmp_path, "anna").sentences()) == 1
    forecast(workspace(tmp_path), "h", "anna", NUMBERS, at=BEGIN)
    commit(tmp_path)
    assert "commits of this repository still hold" in erase(tmp_path, "anna").sentences()[1]
