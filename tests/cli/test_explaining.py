"""vitalfew explain: why a line stands where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import IDEAS, in_a_process, typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", IDEAS)


def test_a_line_is_explained_in_three_parts(folder: Path, typed: Typed) -> None:
    answer = typed("explain", folder, "gate")
    assert answer.code == 0
    said = answer.out.splitlines()
    assert said[0].startswith("Move the gate (gate): ")
    parts = [line for line in said if line.isupper()]
    assert parts == ["WHY IT STANDS THERE", "WHAT WOULD CHANGE THAT", "WHAT TO ASK NEXT"]
    assert any("It is number 1 of 1 by value per cost" in line for line in said)


def test_a_line_without_a_forecast_is_told_what_to_ask(folder: Path, typed: Typed) -> None:
    answer = typed("explain", folder, "tools")
    assert "Record their forecasts" in answer.out


def test_json_holds_the_line_and_its_sentences_with_their_numbers(folder: Path) -> None:
    answer = in_a_process("explain", folder, "gate", "--json")
    found = answer.json
    assert found["line"]["line"] == "gate"
    assert found["why"][0]["numbers"]["place"] == 1
    assert {"schema", "run", "workspace", "why", "change", "ask", "line"} == set(found)


def test_a_line_is_found_by_its_whole_title(folder: Path, typed: Typed) -> None:
    assert typed("explain", folder, "Move the gate").out == typed("explain", folder, "gate").out
    assert typed("explain", folder, "Move the").code == 2


def test_a_line_that_does_not_exist_is_told_with_the_nearest(folder: Path, typed: Typed) -> None:
    answer = typed("explain", folder, "gat")
    assert answer.code == 2
    assert "no line 'gat'" in answer.err
    assert "gate" in answer.err


def test_python_explains_the_same(folder: Path, typed: Typed) -> None:
    found = vf.run(vf.load(folder)).explain("gate")
    assert list(found.why) == [row["text"] for row in typed("explain", folder, "gate", "--json").json["why"]]
    assert str(found).startswith("Move the gate (gate): ")
    assert found.ask
