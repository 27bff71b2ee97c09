"""Units that two experiments share, held against loops over the rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
INSTANT = pa.timestamp("us", tz="UTC")


def _frames(shared: int = 200) -> dict[str, Any]:
    """Experiment one has units 0 to 399, two has the last `shared` of them and 200 others, and both have three days."""
    rng = np.random.default_rng(3)
    one, two = np.arange(400), np.arange(400 - shared, 600)
    users = np.concatenate([one, two])
    seen = {
        "user": users,
        "at": pa.array(BEGIN + rng.integers(0, 3, len(users)) * DAY, INSTANT),
        "exp": ["one"] * len(one) + ["two"] * len(two),
        "arm": np.concatenate([np.where(one % 2, "a", "b"), np.where(two // 2 % 2, "a", "c")]),
    }
    n = 5_000
    events = {
        "user": rng.integers(0, 600, n),
        "at": pa.array(BEGIN + rng.integers(0, 9 * DAY, n), INSTANT),
        "name": rng.choice(["order", "visit"], n),
    }
    return {"seen": pa.table(seen), "events": pa.table(events)}


def _measured(
    frames: dict[str, Any], first: tuple[str, ...] = ("orders", "visits"), second: tuple[str, ...] = ("orders",)
) -> Measured:
    seen = {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"}
    events = {"table": "events", "unit": "user", "time": "at", "event": "name"}
    orders = {"kind": "count", "source": "events", "events": ["order"], "window": {"length": 4}}
    raw = {
        "sources": {"seen": seen, "events": events},
        "metrics": {"orders": orders, "visits": {"kind": "count", "source": "events", "events": ["visit"]}},
        "experiments": {
            "one": {"source": "seen", "control": "a", "metrics": list(first)},
            "two": {"source": "seen", "control": "a", "metrics": list(second)},
        },
    }
    engine = open_engine(DataSettings(), None, frames)
    try:
        return measure(Definitions.model_validate(raw), "seen", engine)
    finally:
        engine.close()


def test_shared_units_are_measured_in_the_experiment_they_came_to_last() -> None:
    frames = _frames()
    measured = _measured(frames)
    assert measured.failed == ()
    starts: dict[int, dict[str, Any]] = {}
    for row in frames["seen"].to_pylist():
        starts.setdefault(row["user"], {})[row["exp"]] = row
    expected: dict[tuple[str, str], list[int]] = {}
    for user, found in starts.items():
        if len(found) == 2:
            last = max(row["at"] for row in found.values())
            orders = [row for row in frames["events"].to_pylist() if row["user"] == user and row["name"] == "order"]
            count = sum(0 <= (row["at"] - last).total_seconds() < 4 * 86_400 for row in orders)
            expected.setdefault((found["one"]["arm"], found["two"]["arm"]), []).append(count)
    rows = {(row.first_arm, row.second_arm): row for row in measured.overlaps}
    assert set(rows) == set(expected) == {("a", "a"), ("a", "c"), ("b", "a"), ("b", "c")}
    for arms, row in rows.items():
        assert (row.first, row.second, row.names, row.units) == ("one", "two", ("orders",), len(expected[arms]))
        assert row.mean[0] + row.shift[0] == pytest.approx(np.mean(expected[arms]))
        assert row.cross[0] == pytest.approx(np.var(expected[arms]) * row.units)


def test_few_shared_units_and_no_shared_metric_are_no_overlap() -> None:
    assert _measured(_frames(shared=1)).overlaps == ()
    assert {row.names for row in _measured(_frames(), second=("visits",)).overlaps} == {("visits",)}
    assert _measured(_frames(), first=("orders",), second=("visits",)).overlaps == ()
