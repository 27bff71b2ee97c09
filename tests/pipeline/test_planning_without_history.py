from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import typed

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

ARMS = "{control: {n: nc, mean: mc, variance: vc}, treatment: {n: nt, mean: mt, variance: vt}}"
YAML = f"""
sources:
  absent: {{table: nowhere.parquet, unit: id, time: at, event: event}}
  short: {{table: short.csv, unit: id, time: at, event: event}}
  told: {{table: told.csv, shape: aggregates, experiment: exp, metric: metric, arms: {ARMS}}}
  later: {{table: later.csv, unit: id, experiment: exp, variant: arm, time: at}}
metrics:
  orders: {{source: absent, events: [order]}}
  visits: {{source: short, events: [visit]}}
  revenue: {{source: told, column: revenue}}
experiments:
  first: {{source: later, metrics: [orders]}}
  second: {{source: later, metrics: [visits]}}
  third: {{source: later, metrics: [revenue]}}
  empty: {{source: later, metrics: []}}
  past: {{source: told, metrics: [revenue]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.yaml").write_text(YAML)
    (tmp_path / "short.csv").write_text("id,at,event\n1,2026-01-01,visit\n2,2026-01-02,visit\n")
    (tmp_path / "told.csv").write_text("exp,metric,nc,mc,vc,nt,mt,vt\npast,revenue,5000,10,25,5000,10.1,25\n")
    return tmp_path


@pytest.mark.parametrize(
    ("experiment", "reason"), [("first", "there is no table 'nowhere.parquet'"), ("second", "covers 2 days")]
)
def test_without_data_it_says_why_and_what_to_do(folder: Path, typed: Typed, experiment: str, reason: str) -> None:
    answer = typed("plan", folder, experiment)
    assert answer.code == 1
    assert reason in answer.out
    assert "What to do: give " in answer.out


def test_what_others_computed_of_a_past_experiment_is_a_baseline(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "third", units_per_week=500, smallest_effect=0.02).metrics["revenue"]
    assert found.baseline.basis == "the control arm of 'past'"
    assert found.modes["fixed"].units == pytest.approx(2 * 2 * 25 * 2.801585**2 / 0.2**2, rel=1e-3)


def test_an_experiment_without_a_metric_is_refused(folder: Path, typed: Typed) -> None:
    answer = typed("plan", folder, "empty")
    assert answer.code == 2
    assert "has no metric to plan for" in answer.err
