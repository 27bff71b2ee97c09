"""From tables on disk to a judgement: a running experiment over events, adjusted, ramped, watched day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vitalfew as vf

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results

WORKSPACE = """
sources:
  seen: {table: seen.parquet, shape: exposures, unit: user, time: at, experiment: experiment, variant: variant}
  acts: {table: acts.parquet, shape: events, unit: user, time: at, event: event}
metrics:
  orders: {title: orders, source: acts, events: [order], covariate_days: 14, window: {length: 7}}
  errors: {title: errors, source: acts, events: [error], direction: down, window: {length: 7}}
factors: {orders: {range: [0, 10]}}
guardrails: {errors: {margin: 0.3}}
initiatives: {checkout: {status: live}}
experiments:
  checkout:
    {source: seen, initiative: checkout, control: old, start: 2026-03-01, split: {old: 1, new: 1},
     metrics: [orders, errors], plan: {primary: [orders], guardrails: [errors], units: 4000}}
"""
DAYS, FIRST = 20, datetime(2026, 3, 1, 12)  # noqa: DTZ001 - UTC without a zone, as in the tables


def _tables(folder: Path, effect: float, *, ramp: bool) -> None:
    """Units come for 20 days; weekend users order more; half or, in a ramp's first ten days, a tenth are treated."""
    rng = np.random.default_rng(20_260_311)
    n = 3000
    day = rng.integers(0, DAYS, n)
    treated = rng.random(n) < np.where(ramp & (day < DAYS // 2), 0.1, 0.5)
    level = rng.gamma(4, 0.5, n) + (1.0 * (day >= DAYS // 2) if ramp else 0.0)
    at = [FIRST + timedelta(days=int(one)) for one in day]
    users: list[int] = []
    times: list[datetime] = []
    names: list[str] = []
    for user in range(n):
        for name, rate, begin in (
            ("order", level[user] * 2, -14),
            ("order", level[user] + effect * treated[user], 0),
            ("error", 0.5, 0),
        ):
            for moment in rng.uniform(0, 14 if begin else 7, rng.poisson(rate)):
                users.append(user)
                times.append(at[user] + timedelta(days=begin + float(moment)))
                names.append(name)
    variants = np.where(treated, "new", "old").tolist()
    seen = {"user": list(range(n)), "at": at, "experiment": ["checkout"] * n, "variant": variants}
    pq.write_table(pa.table(seen), folder / "seen.parquet")
    pq.write_table(pa.table({"user": users, "at": times, "event": names}), folder / "acts.parquet")
    (folder / "workspace.yaml").write_text(WORKSPACE)


def _ran(folder: Path, effect: float, *, ramp: bool, end: str = "") -> Results:
    _tables(folder, effect, ramp=ramp)
    if end:
        text = (folder / "workspace.yaml").read_text()
        (folder / "workspace.yaml").write_text(text.replace("start: 2026-03-01,", f"start: 2026-03-01, end: {end},"))
    results = vf.run(vf.load(folder), as_of=date(2026, 3, 28))
    assert [row for row in results.tables.failed if not row.remark] == []
    return results


def test_a_running_experiment_may_be_looked_at_any_time_and_ships_when_it_is_clear(tmp_path: Path) -> None:
    tables = _ran(tmp_path, 0.5, ramp=False).tables
    orders, errors = (next(row for row in tables.effects if row.metric == name) for name in ("orders", "errors"))
    assert (orders.mode, orders.role, orders.planned) == ("always_valid", "primary", True)
    assert "CUPED" in orders.method
    assert orders.variance_reduction == pytest.approx(1 / 6, abs=0.05)  # squared correlation of the two Poisson counts
    assert orders.intervals[1].low < 0.5 < orders.intervals[1].high
    assert errors.p_non_inferior is not None
    assert errors.p_non_inferior < 0.05
    (row,) = tables.experiments
    assert row.action == "ship"
    assert "Planned, but the plan was not locked before the start; may be looked at any time." in row.reason
    tests = {test.test: test for test in tables.health}
    assert "tested on every day" in tests["sample_ratio"].message
    assert tests["pre_period"].status == "ok"
    bands = [band for band in tables.bands if band.metric == "orders"]
    assert [band.day for band in bands] == sorted(band.day for band in bands)
    assert bands[-1].units == 3000
    assert (bands[-1].low, bands[-1].high) == pytest.approx(
        (orders.intervals[1].low, orders.intervals[1].high), rel=1e-6
    )


def test_a_ramp_is_found_and_its_phases_are_not_pooled(tmp_path: Path) -> None:
    """Those who come late order more and are treated more often: pooled, nothing would look like a gain."""
    tables = _ran(tmp_path, 0.0, ramp=True).tables
    orders = next(row for row in tables.effects if row.metric == "orders")
    tests = {test.test: test for test in tables.health}
    assert "changed on 2026-03-11" in tests["ramp"].message
    assert tests["sample_ratio"].status == "ok"
    assert "averaged over phases" in orders.method
    assert orders.intervals[1].low < 0 < orders.intervals[1].high
    assert orders.mean["new"] - orders.mean["old"] == pytest.approx(orders.estimate)
    assert tables.experiments[0].action == "inconclusive"


def test_after_its_end_it_is_judged_once(tmp_path: Path) -> None:
    tables = _ran(tmp_path, 0.5, ramp=False, end="2026-03-21").tables
    assert {row.mode for row in tables.effects} == {"fixed"}
    assert "tested on every day" not in next(row.message for row in tables.health if row.test == "sample_ratio")
    assert tables.experiments[0].reason.endswith("looked at once, at the end.")
