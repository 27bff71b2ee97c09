"""What came of a bet is told beside how it was made: bad luck after good work is no bad work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

import vitalfew as vf
from vitalfew.decide.overrides import overrides
from vitalfew.decide.process import process
from vitalfew.judgement.recording import decide
from vitalfew.report.review_words import told_chance, told_process
from vitalfew.results.codec import plain
from vitalfew.results.rows import EffectRow, ExperimentRow, PromiseRow, ShippedLine, Tables, VerdictRow

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import ProcessRow

TODAY = date(2026, 6, 1)
YAML = """
data: {engine: duckdb, path: .}
sources: {users: {table: users.csv, unit: id}}
metrics:
  calm: {source: users, column: calm}
  wait: {source: users, column: wait, direction: down}
guardrails: {wait: {margin: 1}}
initiatives: {bell: {title: Bell, status: shipped, shipped: 2026-03-01}}
hypotheses: {bell_calm: {initiative: bell, metric: calm, guardrails: [wait]}}
experiments: {ring: {initiative: bell, source: users, variant: arm, control: old, metrics: [calm, wait]}}
"""
LINE = ShippedLine("bell", "Bell", "initiative", None, None, None, None, (), None, None, "kept", "keep", None, "tested")
PROMISE = PromiseRow(
    "bell_calm", "bell", "calm", "all", 1.0, 2.0, 3.0, 0.0, 3, due="2026-05-01", locked_at="2026-01-01", proved="proved"
)
KEPT = VerdictRow("bell_calm", "bell", "calm", "kept", "why", 2.0, 2.0, 1.8, 2.2, "2026-05-01", 0.1)
LOOKED_AT = EffectRow("ring", "wait", 1, None, "arm", "old", 0.1, 0.1, (), None, None, {}, {}, "t", "fixed", "tested")
SAID: dict[str, Any] = {"what": "ship it", "evidence": "visitors asked", "counter": "it tested badly"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme.yaml").write_text(YAML, encoding="utf-8")
    return tmp_path


def made(folder: Path, verdict: VerdictRow = KEPT, **changed: Any) -> tuple[ProcessRow, ...]:
    ws = vf.load(folder)
    tables = Tables(shipped=(LINE,), promises=(PROMISE,), verdicts=(verdict,), effects=(LOOKED_AT,))
    tables = replace(tables, **changed)
    return process(ws.definitions, ws.acts, tables, overrides(ws.definitions, ws.acts, tables, TODAY), TODAY)


def missed(estimate: float, se: float = 0.1) -> VerdictRow:
    return replace(KEPT, verdict="fell_short", estimate=estimate, low=estimate - se, high=estimate + se, se=se)


def test_a_promise_kept_after_good_work_is_both(folder: Path) -> None:
    (row,) = made(folder)
    assert (row.reading, row.held, row.lacking) == ("good_kept", ("predicted", "tested", "guarded"), ())
    assert row.chance == pytest.approx(0.5, abs=0.01)  # what came is the middle of a symmetric forecast


def test_a_miss_inside_the_range_of_the_forecast_is_bad_luck_and_beyond_it_a_surprise(folder: Path) -> None:
    (near,), (far,) = made(folder, missed(1.2)), made(folder, missed(0.6))
    assert (near.reading, far.reading) == ("bad_luck", "surprised")
    assert near.chance is not None
    assert far.chance is not None
    assert far.chance < 0.1 < near.chance


def test_a_forecast_that_allowed_for_no_effect_is_not_surprised_by_none(folder: Path) -> None:
    (row,) = made(folder, missed(0.05), promises=(replace(PROMISE, p_zero=0.5),))
    assert row.reading == "bad_luck"
    assert row.chance == pytest.approx(0.5 * 0.69, abs=0.02)  # half no effect, of which Phi(0.05 / 0.1) lies below


def test_a_guardrail_that_fails_alone_is_no_matter_of_the_forecast(folder: Path) -> None:
    (row,) = made(folder, replace(KEPT, verdict="harmful"))
    assert (row.reading, row.chance) == ("surprised", None)
    assert told_chance(row) == "a guardrail failed, of which its forecast says nothing"


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        ({"shipped": (replace(LINE, grade="dated"),)}, "tested"),
        ({"effects": ()}, "guarded"),
        ({"experiments": (ExperimentRow("ring", "Ring", "bell", "roll_out", "", locked_at="2026-02-01"),)}, "planned"),
    ],
)
def test_what_was_asked_for_and_not_done_makes_the_process_weak(
    folder: Path, changed: dict[str, Any], lacking: str
) -> None:
    (came,), (failed,) = made(folder, **changed), made(folder, missed(1.2), **changed)
    assert came.lacking == failed.lacking == (lacking,)
    assert (came.reading, failed.reading) == ("lucky", "weak_missed")


def test_without_a_promise_only_a_clear_effect_tells_what_came(folder: Path) -> None:
    late = replace(KEPT, verdict="no_promise", promised=None)
    (well,), (open_,) = made(folder, late), made(folder, replace(late, low=-0.2))
    assert (well.reading, open_.reading) == ("lucky", None)
    assert told_process(well).startswith("no promise before its start")


def test_a_bet_whose_verdict_is_open_is_not_told_and_one_not_due_has_no_row(folder: Path) -> None:
    (row,) = made(folder, replace(KEPT, verdict="unproven"))
    assert row.reading is None
    assert made(folder, replace(KEPT, due="2026-07-01")) == ()


def test_a_decision_taken_anyway_counts_until_the_bet_is_out_and_names_nobody(folder: Path) -> None:
    decide(vf.load(folder), "bell", "the founder", SAID | {"anyway": True}, at=datetime(2026, 4, 1, tzinfo=UTC))
    assert made(folder)[0].lacking == ()


def test_a_decision_taken_anyway_before_the_bet_is_out_makes_the_process_weak(folder: Path) -> None:
    decide(vf.load(folder), "bell_calm", "the founder", SAID | {"anyway": True}, at=datetime(2026, 2, 1, tzinfo=UTC))
    (row,) = made(folder)
    assert (row.reading, row.lacking) == ("lucky", ("decided",))
    assert "founder" not in str(plain(row))
