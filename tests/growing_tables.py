"""Folders whose tables grow from day to day, and what it means that two runs over them give the same."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.results.rows import MomentsRow, OverlapRow
from vitalfew.warehouse.continued import Continued
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.grouped import Grouped
    from vitalfew.warehouse.measured import Measured
    from vitalfew.warehouse.refresh import Step
    from vitalfew.warehouse.sums import Rows

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
BUY = {"source": "events", "events": ["buy"]}
METRICS: dict[str, dict[str, Any]] = {
    "spend": {**BUY, "column": "amount", "window": {"length": 5}},
    "late_spend": {**BUY, "column": "amount", "window": {"delay": 1, "length": 3}},
    "visits": {"source": "events", "kind": "count", "events": ["visit"]},
    "largest": {**BUY, "column": "amount", "aggregation": "max", "window": {"length": 5}},
    "usual": {**BUY, "column": "amount", "aggregation": "avg", "window": {"length": 5}},
    "kinds": {"source": "events", "column": "name", "aggregation": "count_distinct"},
    "bought": {**BUY, "kind": "proportion", "window": {"length": 7}},
    "basket": {"kind": "ratio", "numerator": {**BUY, "column": "amount"}, "denominator": BUY, "window": {"length": 9}},
}


class History:
    """A folder whose tables grow from day to day."""

    kind_of_unit = pa.string()

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance, self.day = folder, random.Random(seed), 0  # noqa: S311 - data of a test
        for name in ("events", "exposures"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def grow(self, *, late: int = 0, units: int = 30, events: int = 80) -> None:
        """A day passes: units are exposed, and events arrive, some of them up to `late` days after they happened."""
        rows = [
            (self.unit(), "test", self.chance.choice("ab"), self.moment(self.day))
            for _ in range(self.chance.randint(0, units))
        ]
        self.write("exposures", "unit, experiment, arm, moment", rows or [("u0", "test", "a", self.moment(self.day))])
        happened = [max(self.day - self.chance.randint(0, late), 0) for _ in range(events)]
        seen = [
            (self.unit(), self.chance.choice(["buy", "visit"]), self.moment(day), self.amount()) for day in happened
        ]
        self.write("events", "unit, name, moment, amount", seen)
        self.day += 1

    def unit(self) -> str:
        return f"u{self.chance.randint(0, 120)}"

    def moment(self, day: int) -> dt.datetime:
        return START + dt.timedelta(days=day, seconds=self.chance.randint(0, 86_399))

    def amount(self) -> float | None:
        return self.chance.choice([None, round(self.chance.expovariate(0.1), 2), 1e9, -3.5])

    def write(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        kinds = {"moment": pa.timestamp("us", "UTC"), "amount": pa.float64(), "unit": self.kind_of_unit}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns.split(", ")])
        content = pa.table([list(column) for column in zip(*rows, strict=True)], schema=schema)
        pq.write_table(
            content, self.folder / table / f"{self.day:03}.parquet", compression="none", use_dictionary=False
        )

    def files(self, table: str) -> list[Path]:
        return sorted((self.folder / table).glob("*.parquet"))

    def edit(self, path: Path | None = None) -> None:
        """Amounts in one file change."""
        path = path or self.chance.choice(self.files("events"))
        rows = pq.read_table(path)
        changed = pa.array([None if amount is None else amount * 2 + 1 for amount in rows["amount"].to_pylist()])
        rows = rows.set_column(3, "amount", changed)
        pq.write_table(rows, path, compression="none", use_dictionary=False)

    def repeat(self) -> None:
        """Events of one file are sent again in a new one."""
        path = self.chance.choice(self.files("events"))
        (self.folder / "events" / f"again-{self.day:03}-{self.chance.random()}.parquet").write_bytes(path.read_bytes())

    def remove(self) -> None:
        """One file of events disappears."""
        if len(self.files("events")) > 1:
            self.chance.choice(self.files("events")).unlink()

    def measure(
        self, *, as_of: int | None = None, remember: bool = True, changed: dict[str, Any] | None = None
    ) -> Measured:
        definitions = Definitions.model_validate(
            {
                "sources": {
                    "events": {"table": "events/*.parquet", "unit": "unit", "time": "moment", "event": "name"},
                    "seen": {
                        "table": "exposures/*.parquet", "unit": "unit", "time": "moment",
                        "experiment": "experiment", "variant": "arm",
                    },
                },
                "metrics": METRICS | (changed or {}),
                "experiments": {"test": {"source": "seen", "control": "a", "metrics": list(METRICS)}},
            }
        )  # fmt: skip
        day = None if as_of is None else (START + dt.timedelta(days=as_of)).date()
        engine = open_engine(definitions.data, self.folder)
        try:
            return measure(definitions, "seen", engine, day, self.state if remember else None)
        finally:
            engine.close()

    @property
    def state(self) -> Path:
        return self.folder / ".vitalfew" / "state"


def assert_same(one: Measured, other: Measured) -> None:
    """All rows equal, means and products to 1e-9 of their scale; the shift of a sample is nobody's business."""
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        assert len(mine) == len(theirs), field.name
        for left, right in zip(mine, theirs, strict=True):
            if isinstance(left, MomentsRow | OverlapRow):
                assert_alike(left, right)
            else:
                assert left == right


_SUMS = ("shift", "mean", "cross", "third", "low", "high")


def assert_alike(left: MomentsRow | OverlapRow, right: MomentsRow | OverlapRow) -> None:
    for name in (field.name for field in fields(left) if field.name not in _SUMS):
        assert getattr(left, name) == getattr(right, name), name
    k = len(left.names)
    mine, theirs = (_numbers(row, k) for row in (left, right))
    spread = np.sqrt(theirs["cross"].diagonal())
    scale = {"mean": np.abs(theirs["mean"]) + spread[:, None] + 1e-9, "cross": np.outer(spread, spread) + 1e-9}
    # Cubes of values that do not vary cancel to what rounding leaves of the values, not to zero.
    scale["third"] = spread**3 + 1e-6 * (1 + np.abs(theirs["mean"].diagonal())) ** 3
    scale |= {name: np.abs(theirs[name]) + 1 for name in ("low", "high")}
    for name, by in scale.items():
        np.testing.assert_allclose(mine[name] / by, theirs[name] / by, atol=1e-9, err_msg=name)


def _numbers(row: MomentsRow | OverlapRow, k: int) -> dict[str, np.ndarray[Any, Any]]:
    shift = np.array(row.shift)
    mean, cross = (np.reshape(part, (k, k)) for part in (row.mean, row.cross))
    parts = [getattr(row, name, ()) for name in ("third", "low", "high")]
    third, low, high = (np.array(part) if part else np.full(k, np.nan) for part in parts)
    known = low <= high  # the row says so where they are not
    low, high = (np.where(known, ends, np.nan) for ends in (low, high))
    return {
        "mean": np.where(np.reshape(row.n, (k, k)) > 0, mean + shift[:, None], 0.0),
        "cross": cross,
        "third": third,
        "low": low + shift,
        "high": high + shift,
    }


def killed_after(folder: str, writes: int) -> None:
    """Measure, and die at the given opening of a file of the state for writing."""
    count, history = 0, History(Path(folder), 0)

    def watch(event: str, details: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "open" and str(details[0]).startswith(str(history.state)) and "w" in str(details[1]):
            count += 1
            if count == writes:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    history.measure()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each run that began to go on from the last one, whether products were changed, and not added up anew."""
    seen: list[bool] = []
    changed = Continued._changed

    def watched(self: Continued, grouped: Grouped, step: Step, rows: Rows) -> object:
        found = changed(self, grouped, step, rows)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(Continued, "_changed", watched)
    return seen
