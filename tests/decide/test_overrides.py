"""Decisions that were taken anyway stand beside what came of them, without a name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

import vitalfew as vf
from vitalfew.decide.overrides import overrides
from vitalfew.judgement.recording import decide
from vitalfew.results.codec import plain
from vitalfew.results.rows import CandidateLine, ShippedLine, Tables, Value, WeightRow

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import OverrideRow

TODAY = date(2026, 6, 1)
SAID: dict[str, Any] = {"what": "ship for the fair", "evidence": "visitors asked", "counter": "it tested badly"}
YAML = """
data: {engine: duckdb, path: .}
sources: {users: {table: users.csv, unit: id}}
metrics: {calm: {source: users, column: calm}}
factors: {calm: {range: [0, 10]}}
features: {bell: {title: Bell}}
initiatives:
  loud: {title: Loud, status: shipped, feature: bell}
  slow: {title: Slow, status: committed, cost: 50}
hypotheses:
  loud_calm: {initiative: loud, metric: calm}
"""
OUT = ShippedLine(
    "loud", "Loud", "initiative", None, None, None, Value(-3.0, -5.0, -1.0, 0.01), (), None, None, "harmful", "remove",
    None, "tested",
)  # fmt: skip
OPEN = CandidateLine("slow", "Slow", "initiative", None, None, (), None, 0.1, 0.1, "drop", "opinion")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def ledger_of(folder: Path) -> tuple[OverrideRow, ...]:
    ws = vf.load(folder)
    tables = Tables(shipped=(OUT,), candidates=(OPEN,), weights=(WeightRow("calm", 1.0, raters=3),))
    return overrides(ws.definitions, ws.acts, tables, TODAY)


def test_a_decision_against_the_suggestion_stands_beside_the_verdict_that_came_later(folder: Path) -> None:
    decide(vf.load(folder), "loud", "the founder", SAID | {"against": "test first"})
    (row,) = ledger_of(folder)
    assert (row.why, row.suggested, row.verdict, row.shipped) == ("suggestion", "test first", "harmful", True)
    assert (row.what, row.counter) == (SAID["what"], SAID["counter"])
    assert row.value == OUT.value
    assert "founder" not in str(plain(row))


def test_what_is_about_a_question_or_a_feature_is_told_by_its_line(folder: Path) -> None:
    for about in ("loud_calm", "bell"):
        decide(vf.load(folder), about, "ann", SAID | {"anyway": True})
    assert [(row.about, row.line, row.why) for row in ledger_of(folder)] == [
        ("bell", "loud", "weak"),
        ("loud_calm", "loud", "weak"),
    ]


def test_only_the_last_decision_explains_work_that_the_value_model_would_drop(folder: Path) -> None:
    for what in ("wait", "go on"):
        decide(vf.load(folder), "slow", "ann", SAID | {"what": what})
    (row,) = ledger_of(folder)
    assert (row.what, row.why, row.suggested, row.shipped, row.verdict) == ("go on", "model", "drop", False, None)


def test_a_decision_in_line_with_what_was_suggested_is_none(folder: Path) -> None:
    decide(vf.load(folder), "loud", "ann", SAID)
    assert ledger_of(folder) == ()
