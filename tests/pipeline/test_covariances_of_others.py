"""Aggregates with covariances, through a whole run: they say what the units would have said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

import vitalfew as vf
from pipeline.test_runs import computed

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import Value

UNITS = "{table: units.csv, unit: id}"
AGGREGATES = """
    table: past.csv
    shape: aggregates
    experiment: exp
    metric: metric
    arms:
      control: {n: n_control, mean: mean_control, variance: var_control}
      treatment: {n: n_treatment, mean: mean_treatment, variance: var_treatment}
"""
COVARIANCES = """
    covariances:
      {table: pairs.csv, metrics: [one, other], arms: {control: cov_control, treatment: cov_treatment}}
"""
COLUMNS = ("orders", "minutes", "visits")


def workspace(source: str) -> str:
    variant = ", variant: arm" if source == UNITS else ""
    names = "\n".join(f"  {name}: {{source: past, column: {name}}}" for name in COLUMNS)
    factors = "\n".join(f"  {name}: {{range: [0, 10]}}" for name in COLUMNS[:2])
    return f"""
sources:
  past: {source}
metrics:
{names}
factors:
{factors}
initiatives: {{gate: {{status: shipped}}}}
experiments:
  move_gate: {{initiative: gate, source: past{variant}, split: {{control: 1, treatment: 2}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same units as rows, as aggregates, and the covariances of their three pairs."""
    rng = np.random.default_rng(11)
    values = rng.multivariate_normal(np.full(3, 5.0), np.array([[4, 3.2, 1], [3.2, 4, 1], [1, 1, 4]]), 600)
    arms = np.where(np.arange(600) % 3, "treatment", "control")
    values[arms == "treatment"] += 0.4
    rows = [
        f"{i},{arm},{','.join(map(repr, map(float, row)))}"
        for i, (arm, row) in enumerate(zip(arms, values, strict=True))
    ]
    (tmp_path / "units.csv").write_text("\n".join([f"id,arm,{','.join(COLUMNS)}", *rows]) + "\n")
    samples = [values[arms == arm] for arm in ("control", "treatment")]
    head = "exp,metric,n_control,mean_control,var_control,n_treatment,mean_treatment,var_treatment"
    reported = [
        ["move_gate", name, *(x for s in samples for x in (len(s), float(s[:, k].mean()), float(s[:, k].var(ddof=1))))]
        for k, name in enumerate(COLUMNS)
    ]
    (tmp_path / "past.csv").write_text("\n".join([head, *(",".join(map(str, row)) for row in reported)]) + "\n")
    control, treatment = (np.cov(sample.T) for sample in samples)
    pairs(tmp_path, *((i, j, float(control[i, j]), float(treatment[i, j])) for i, j in ((0, 1), (2, 0), (1, 2))))
    return tmp_path


def pairs(folder: Path, *rows: tuple[int, int, float, float]) -> None:
    lines = [f"move_gate,{COLUMNS[i]},{COLUMNS[j]},{control!r},{treatment!r}" for i, j, control, treatment in rows]
    (folder / "pairs.csv").write_text("\n".join(["exp,one,other,cov_control,cov_treatment", *lines]) + "\n")


def ran(folder: Path, source: str) -> Results:
    (folder / "workspace.yaml").write_text(workspace(source))
    results = vf.run(vf.load(folder))
    assert results.tables.failed == ()
    return results


def value(results: Results) -> Value:
    (line,) = results.ledger.shipped
    assert line.value is not None
    return line.value


def test_the_value_of_aggregates_with_covariances_is_that_of_their_units(folder: Path) -> None:
    units, whole, without = (value(ran(folder, kind)) for kind in (UNITS, AGGREGATES + COVARIANCES, AGGREGATES))
    assert (whole.mean, whole.low, whole.high) == pytest.approx((units.mean, units.low, units.high), rel=1e-9)
    # The noise of both metrics is shared (correlation 0.8): without it the interval is too short.
    assert without.high - without.low < 0.9 * (units.high - units.low)


def test_nothing_says_any_more_that_links_cannot_be_corrected(folder: Path) -> None:
    assert all("cannot be corrected" in row.notes[0] for row in ran(folder, AGGREGATES).tables.effects)
    whole = ran(folder, AGGREGATES + COVARIANCES).tables.effects
    assert len(whole) == len(COLUMNS)
    assert not any("cannot be corrected" in note for row in whole for note in row.notes)


def test_of_some_pairs_the_result_says_that_others_are_missing(folder: Path) -> None:
    pairs(folder, (0, 1, 3.0, 3.0))
    effects = ran(folder, AGGREGATES + COVARIANCES).tables.effects
    assert all("between some metrics only" in row.notes[0] for row in effects)


def test_changed_covariances_are_measured_again_even_when_size_and_newest_time_stay(folder: Path) -> None:
    pairs(folder, (0, 1, 3.0, 3.0))
    os.utime(folder / "pairs.csv", ns=(1, 1))
    first = ran(folder, AGGREGATES + COVARIANCES)
    assert computed(ran(folder, AGGREGATES + COVARIANCES)) == []
    pairs(folder, (0, 1, 1.0, 1.0))
    os.utime(folder / "pairs.csv", ns=(1, 1))
    again = ran(folder, AGGREGATES + COVARIANCES)
    assert "measure.past" in computed(again)
    assert value(again).high - value(again).low < value(first).high - value(first).low


def test_a_missing_file_of_covariances_is_named_and_its_arrival_seen(folder: Path) -> None:
    text = (folder / "pairs.csv").read_text()
    (folder / "pairs.csv").unlink()
    (folder / "workspace.yaml").write_text(workspace(AGGREGATES + COVARIANCES))
    results = vf.run(vf.load(folder))
    assert any("there is no table 'pairs.csv'" in row.reason for row in results.tables.failed)
    (folder / "pairs.csv").write_text(text)
    assert "measure.past" in computed(ran(folder, AGGREGATES + COVARIANCES))
