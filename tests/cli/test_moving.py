"""`vitalfew export` and `vitalfew apply`, as they are typed."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from command_line import typed as typed  # noqa: PLC0414 - a fixture
from command_line import workspace
from vitalfew.workspace import load
from vitalfew.workspace.journal import FolderJournal

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

FORECAST = ("--by", "Anna", "--p10", "0", "--p50", "0.02", "--p90", "0.05")


class Keyboard(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def acme(typed: Typed, tmp_path: Path) -> Path:
    """A workspace with a forecast and a lock."""
    folder = workspace(tmp_path / "acme")
    assert typed("act", "forecast", folder, "gate_back", *FORECAST).code == 0
    assert typed("act", "lock", folder, "gate_back", "--by", "Anna").code == 0
    return folder


def edit(folder: Path, before: str, after: str) -> None:
    """Change a word in whichever file of a folder has it."""
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace(before, after))


def test_a_workspace_goes_out_without_its_acts_unless_they_are_asked_for(
    typed: Typed, acme: Path, tmp_path: Path
) -> None:
    bare, whole = tmp_path / "bare", tmp_path / "whole"
    assert "without the 2 acts (--acts takes them along)" in typed("export", acme, bare).out
    told = typed("export", acme, whole, "--acts").out
    assert "with 2 acts; the key of the pseudonyms is not carried" in told
    assert load(bare).definitions == load(whole).definitions == load(acme).definitions
    assert load(bare).acts.acts == ()
    assert FolderJournal(whole).copy() == FolderJournal(acme).copy()


def test_nothing_is_exported_over_anything(typed: Typed, acme: Path, tmp_path: Path) -> None:
    assert typed("export", acme, tmp_path / "out").code == 0
    again = typed("export", acme, tmp_path / "out")
    assert again.code == 2
    assert "there is something in" in again.err
    assert typed("export", acme, tmp_path / "other", "--kind", "metric").code == 2
    assert not (tmp_path / "other").exists()


def test_the_plan_is_shown_and_applied(typed: Typed, acme: Path, tmp_path: Path) -> None:
    typed("export", acme, tmp_path / "copy")
    edit(tmp_path / "copy", "2030-01-01", "2031-01-01")
    plan = typed("apply", tmp_path / "copy", acme, "--dry-run")
    assert "changed hypotheses.gate_back\n  due: 2030-01-01 → 2031-01-01\n" in plan.out
    assert "promise of gate_back, locked on" in plan.out
    assert plan.out.endswith("nothing was written (--dry-run)\n")
    assert load(acme).definitions != load(tmp_path / "copy").definitions
    assert typed("apply", tmp_path / "copy", acme, "--yes").out.endswith(f"applied to {acme}\n")
    assert load(acme).definitions == load(tmp_path / "copy").definitions
    assert typed("apply", tmp_path / "copy", acme, "--yes").out == "nothing changes\n"


def test_without_anybody_to_ask_nothing_is_written(typed: Typed, acme: Path, tmp_path: Path) -> None:
    typed("export", acme, tmp_path / "copy")
    edit(tmp_path / "copy", "2030-01-01", "2031-01-01")
    refused = typed("apply", tmp_path / "copy", acme)
    assert refused.code == 2
    assert "--yes applies it" in refused.err
    assert "2031" not in (acme / "workspace.yaml").read_text()


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False), ("", False)])
def test_somebody_at_a_terminal_is_asked(
    typed: Typed, acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, written: bool
) -> None:
    typed("export", acme, tmp_path / "copy")
    edit(tmp_path / "copy", "2030-01-01", "2031-01-01")
    monkeypatch.setattr("sys.stdin", Keyboard(f"{answer}\n"))
    done = typed("apply", tmp_path / "copy", acme)
    assert done.code == 0
    assert ("2031" in (acme / "workspace.yaml").read_text()) is written
    assert ("nothing was written" in done.out) is not written


def test_definitions_go_only_when_asked(typed: Typed, acme: Path, tmp_path: Path) -> None:
    typed("export", acme, tmp_path / "copy")
    typed("apply", tmp_path / "copy", acme, "--yes")
    edit(acme, "factors:", "teams:\n  labs: {}\nfactors:")
    edit(tmp_path / "copy", "factors:", "teams:\n  core: {}\nfactors:")
    typed("apply", tmp_path / "copy", acme, "--yes", "--kind", "metrics", "--prune")
    assert set(load(acme).definitions.teams) == {"labs"}
    typed("apply", tmp_path / "copy", acme, "--yes")
    assert set(load(acme).definitions.teams) == {"labs", "core"}
    pruned = typed("apply", tmp_path / "copy", acme, "--yes", "--prune")
    assert "removed teams: labs" in pruned.out
    assert set(load(acme).definitions.teams) == {"core"}


def test_acts_travel_only_with_a_word(typed: Typed, acme: Path, tmp_path: Path) -> None:
    typed("export", acme, tmp_path / "copy", "--acts")
    (tmp_path / "into").mkdir()
    typed("apply", tmp_path / "copy", tmp_path / "into", "--yes")
    assert load(tmp_path / "into").acts.acts == ()
    told = typed("apply", tmp_path / "copy", tmp_path / "into", "--yes", "--acts")
    assert "acts: 2 more" in told.out
    assert FolderJournal(tmp_path / "into").copy() == FolderJournal(acme).copy()
    assert typed("verify", tmp_path / "into").code == 0


def test_the_plan_is_there_as_json_and_nothing_else(typed: Typed, acme: Path, tmp_path: Path) -> None:
    typed("export", acme, tmp_path / "copy")
    edit(tmp_path / "copy", "2030-01-01", "2031-01-01")
    shown = typed("apply", tmp_path / "copy", acme, "--json")
    found = json.loads(shown.out)["plan"]
    assert (found["applied"], found["acts"], found["locks"][0]["key"]) == (False, 0, "gate_back")
    assert found["changes"][0]["fields"] == [{"field": "due", "before": "2030-01-01", "after": "2031-01-01"}]
    assert json.loads(typed("apply", tmp_path / "copy", acme, "--json", "--yes").out)["plan"]["applied"] is True
    assert "2031" in (acme / "workspace.yaml").read_text()


def test_a_folder_that_is_not_there_is_said_so(typed: Typed, acme: Path, tmp_path: Path) -> None:
    gone = typed("apply", acme, tmp_path / "nowhere")
    assert gone.code == 2
    assert "vitalfew export" in gone.err
