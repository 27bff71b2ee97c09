from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import UNITS, typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace whose arms have not the planned sizes: three in four are old."""
    workspace(tmp_path)
    rows = "".join(f"{i},{'new' if i % 4 == 0 else 'old'},{i % 2},{i % 9}\n" for i in range(800))
    (tmp_path / "players.csv").write_text("id,arm,back,rounds\n" + rows)
    return tmp_path


def test_a_finding_as_grave_as_asked_for_fails_the_job(folder: Path, typed: Typed) -> None:
    found = typed("check", folder, "--json")
    assert "sample_ratio" in {finding["id"] for finding in found.json}
    graves = {finding["severity"] for finding in found.json}
    assert typed("check", folder, "--fail-on", "info").code == 1
    assert typed("check", folder).code == int("error" in graves)


def test_a_workspace_without_findings_passes(tmp_path: Path, typed: Typed) -> None:
    yaml = UNITS.replace("hypotheses:\n  gate_back: {initiative: gate, metric: retention, due: 2030-01-01}\n", "")
    yaml = yaml.replace(", status: live", "").replace("initiatives:\n  gate: {title: Move the gate}\n", "")
    answer = typed("check", workspace(tmp_path, yaml.replace("initiative: gate, ", "")), "--json", "--fail-on", "info")
    assert (answer.code, answer.json) == (0, [])


def test_accepted_findings_no_longer_fail_and_new_ones_do(folder: Path, typed: Typed) -> None:
    accepted = typed("check", folder, "--accept", "--fail-on", "info")
    assert accepted.code == 0
    assert "accepted in" in accepted.out
    assert typed("check", folder, "--fail-on", "info", "--json").json == []
    more = UNITS.replace("factors:\n", "factors:\n" + "".join(f"  f{i}: {{range: [0, 1]}}\n" for i in range(6)))
    metrics = "".join(f"  f{i}: {{source: players, column: rounds}}\n" for i in range(6))
    (folder / "workspace.yaml").write_text(more.replace("metrics:\n", "metrics:\n" + metrics, 1))
    again = typed("check", folder, "--fail-on", "info", "--json")
    assert again.code == 1
    assert "sample_ratio" not in {finding["id"] for finding in again.json}


def test_a_baseline_can_lie_elsewhere_and_must_exist_when_named(folder: Path, typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    missing = typed("check", folder, "--baseline", file)
    assert missing.code == 2
    assert "--accept" in missing.err
    typed("check", folder, "--baseline", file, "--accept")
    assert typed("check", folder, "--baseline", file, "--fail-on", "info").code == 0
    file.write_text("[1, 2")
    assert typed("check", folder, "--baseline", file).code == 2


def test_an_unknown_severity_is_wrong_usage_even_without_findings(tmp_path: Path, typed: Typed) -> None:
    answer = typed("check", workspace(tmp_path), "--fail-on", "warnings")
    assert answer.code == 2
    assert "did you mean 'warning'" in answer.err


def test_wrong_definitions_fail_the_check(tmp_path: Path, typed: Typed) -> None:
    answer = typed("check", workspace(tmp_path, UNITS.replace("control: old", "contrl: old")), "--json")
    assert answer.code == 1
    assert "did you mean 'control'" in answer.err


def test_what_could_not_be_computed_is_said_where_nothing_else_was_found(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path)
    (folder / "players.csv").unlink()
    answer = typed("check", folder)
    assert answer.code == 1
    assert "Nothing found" not in answer.out
    assert "could not be computed, see below" in answer.out
