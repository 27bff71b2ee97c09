"""vitalfew value: the value model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

MODEL = """
sources:
  players: {table: players.csv, unit: id}
metrics:
  rounds: {source: players, column: rounds, title: Rounds played}
  retention: {source: players, kind: proportion, column: back, title: Came back}
factors:
  rounds: {range: [0, 40]}
  retention: {range: [0.1, 0.5], north_star: true}
initiatives:
  gate: {title: Move the gate, status: framed, cost: 8, reach: 1}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [rounds, retention]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", MODEL)


def test_the_value_model_is_told_with_what_fewer_factors_would_cost(folder: Path, typed: Typed) -> None:
    for name, points in (("ada", "rounds=30"), ("ben", "rounds=60")):
        said = typed("act", "judgement", folder, "retention=100", points, "--by", name)
        assert said.code == 0, said.err
    answer = typed("value", folder)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("2 factors, weighed by 2 people")
    assert "WHAT COUNTS (weights with 80 % intervals)" in lines
    assert any(line.startswith("Came back | weight 70 %") for line in lines)
    curve = lines.index("HOW FEW WOULD DO (no lines: as if any line moved all factors alike)")
    assert [line.split(" | ")[:2] for line in lines[curve + 1 : curve + 3]] == [["2", "all"], ["1", "Came back alone"]]


def test_json_holds_the_parts_of_the_value_model_and_nothing_else(folder: Path, typed: Typed) -> None:
    found = typed("value", folder, "--json").json
    assert [row["factors"] for row in found["vital_few"]][-1] == ["retention"]
    parts = {"shares", "lights", "redundant", "groups", "say_do", "pulse", "key_results", "north_star"}
    assert parts | {"distances", "narratives", "opposed"} == set(found["value"])
    assert "ledger" not in found


def test_without_factors_the_first_step_is_named(tmp_path: Path, typed: Typed) -> None:
    answer = typed("value", workspace(tmp_path / "w", "sources:\n  players: {table: players.csv, unit: id}\n"))
    assert answer.code == 0
    assert answer.out.startswith("There is no value model yet: no metric counts as value.")
