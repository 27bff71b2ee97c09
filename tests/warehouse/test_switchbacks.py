"""Regions that change arms in blocks of time, held against loops over the rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
HOUR = 3_600_000_000
INSTANT = pa.timestamp("us", tz="UTC")


def _frames() -> dict[str, Any]:
    rng = np.random.default_rng(9)
    hours = np.arange(0, 240, 12)
    region = np.repeat(["north", "south"], len(hours))
    order = rng.permutation(len(region))
    at = np.tile(hours, 2) * HOUR + BEGIN
    seen = {"region": region, "at": pa.array(at, INSTANT), "exp": ["test"] * len(region)}
    seen["arm"] = rng.choice(["control", "treatment"], len(region))
    n = 4_000
    events = {
        "region": rng.choice(["north", "south", "west"], n),
        "at": pa.array(BEGIN + rng.integers(-24, 264, n) * HOUR, INSTANT),
        "name": rng.choice(["order", "visit"], n),
    }
    return {"seen": pa.table(seen).take(order), "events": pa.table(events)}


def _measured(frames: dict[str, Any], **more: Any) -> Measured:
    test = {"source": "seen", "design": "switchback", "burn_in": 2, "metrics": ["orders", "share"]}
    seen = {"table": "seen", "unit": "region", "time": "at", "experiment": "exp", "variant": "arm"}
    ratio = {"numerator": {"source": "events", "events": ["order"]}, "denominator": {"source": "events"}}
    raw: dict[str, Any] = {
        "sources": {
            "seen": seen | more.get("seen", {}),
            "events": {"table": "events", "unit": "region", "time": "at", "event": "name"},
        },
        "policy": {"covariate_days": 3},
        "metrics": {
            "orders": {"kind": "count", "source": "events", "events": ["order"]},
            "share": {"kind": "ratio", **ratio},
        },
        "experiments": {"test": test},
    }
    engine = open_engine(DataSettings(), None, frames)
    try:
        return measure(Definitions.model_validate(raw), "seen", engine)
    finally:
        engine.close()


def test_events_belong_to_the_block_they_fall_in_after_the_burn_in() -> None:
    frames = _frames()
    measured = _measured(frames)
    # Its events are drawn in whole hours, so that many are alike.
    assert not [row.reason for row in measured.failed if "count again" not in row.reason]
    blocks = sorted(frames["seen"].to_pylist(), key=lambda row: (row["region"], row["at"]))
    expected: dict[str, list[list[int]]] = {"control": [], "treatment": []}
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        ends = (
            following["at"]
            if following and following["region"] == block["region"]
            else datetime.max.replace(tzinfo=UTC)
        )
        mine = [
            row["name"]
            for row in frames["events"].to_pylist()
            if row["region"] == block["region"] and row["at"] < ends
            and (row["at"] - block["at"]).total_seconds() >= 2 * 3_600
        ]  # fmt: skip
        expected[block["arm"]].append([mine.count("order"), mine.count("order"), len(mine)])
    for row in measured.moments:
        found, columns = moments_of(row), np.array(expected[row.arm])
        assert found.names == ("orders", "share", "share/denominator")
        assert found.units == len(columns)
        assert [found.mean_of(name) for name in found.names] == pytest.approx(columns.mean(axis=0))
        np.testing.assert_allclose(found.cross, np.cov(columns.T) * (len(columns) - 1), rtol=1e-9, atol=1e-9)
    assert sum(row.units for row in measured.arrivals) == 40
    assert {row.crossed for row in measured.assignments} == {0}


def test_blocks_without_a_time_are_refused() -> None:
    assert "time at which each block begins" in _measured(_frames(), seen={"time": None}).failed[0].reason
