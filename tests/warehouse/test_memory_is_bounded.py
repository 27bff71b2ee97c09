"""With less memory than numbers, events go through files, and the result is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from sqlglot import exp

from vitalfew.warehouse.additive import additive
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.running import Room, run
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.warehouse.running import Floats

UNITS, EVENTS = 2_000, 60_000


def test_numbers_added_up_in_blocks_equal_those_added_up_at_once(tmp_path: Path) -> None:
    at_once = _numbers(Room(tmp_path, 10**9))
    in_blocks = _numbers(Room(tmp_path, UNITS * 8, rows=1_000))
    assert not any(isinstance(column, np.memmap) for column in at_once)
    assert all(isinstance(column, np.memmap) for column in in_blocks), "numbers beyond the limit lie in files"
    for one, other in zip(at_once, in_blocks, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def _numbers(room: Room) -> list[Floats]:
    chance = np.random.default_rng(5)
    names = np.array(["buy", "visit", "other"])[chance.integers(0, 3, EVENTS)]
    amounts = [
        None if missing else float(value)
        for missing, value in zip(chance.random(EVENTS) < 0.1, chance.normal(size=EVENTS), strict=True)
    ]
    units = pa.array(chance.integers(0, UNITS - 10, EVENTS).tolist())
    events = pa.table({"unit": units, "name": names.tolist(), "amount": amounts})
    people = pa.table({"id": list(range(UNITS)), "unit": list(range(UNITS))})
    engine = open_engine(DataSettings(), None, {"events": events, "people": people})
    try:
        parts = additive(_grouping())
        assert parts is not None
        assert parts.rest is None
        return run(parts, engine.stream(parts.rows, room.rows), UNITS, room)
    finally:
        engine.close()


def _grouping() -> exp.Select:
    rows = exp.select(
        "p.id", "e.amount AS c0", "e.name IN ('buy') AS c1", "e.name IN ('buy', 'visit') AND e.amount > 0 AS c2"
    )
    rows = rows.from_("events AS e").join("people AS p", on="e.unit = p.unit")
    sums = ["SUM(c0) FILTER(WHERE c1) AS s0", "COUNT(*) FILTER(WHERE c2) AS s1", "COUNT(c0) AS s2", "MAX(c0) AS s3"]
    grouping = exp.select("id", *sums, "MIN(c0) FILTER(WHERE c2) AS s4", "AVG(c0) FILTER(WHERE c1) AS s5")
    return grouping.from_(rows.subquery("r")).group_by("id")
