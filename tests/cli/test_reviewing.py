"""vitalfew review: where effort went, and release notes of value."""

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
factors:
  rounds: {range: [0, 40]}
initiatives:
  gate: {title: Move the gate, status: shipped, shipped: 2026-03-01, cost: 8, origin: sales}
  bell: {title: A bell, status: shipped, shipped: 2026-05-01, cost: 2, origin: need}
hypotheses:
  gate_rounds: {initiative: gate, metric: rounds, who: players, will: play on}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [rounds]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", MODEL)


def test_the_review_tells_counts_by_origin_and_the_same_as_json(folder: Path, typed: Typed) -> None:
    answer = typed("review", folder)
    assert answer.code == 0
    said = answer.out
    assert "BY WHERE THE IDEA CAME FROM" in said
    assert "a sale | committed 1 of 1" in said
    assert "fewer than 5: counts only" in said
    rows = typed("review", folder, "--json").json["review"]["breakdowns"]
    assert {row["group"]: row["effort"] for row in rows} == {"sales": 8.0, "need": 2.0}


def test_release_notes_are_markdown_and_may_begin_on_a_day(folder: Path, typed: Typed) -> None:
    notes = typed("review", folder, "--notes").out
    assert notes.startswith("# Value delivered: w\n")
    assert "- Players can now play on.\n- Rounds played from " in notes
    later = typed("review", folder, "--notes", "--since", "2026-04-01").out
    assert "Move the gate" not in later
    assert "## Shipped and not measured" in later
    assert typed("review", folder, "--since", "2026-04-01").code == 2
