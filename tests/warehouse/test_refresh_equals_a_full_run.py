"""What is remembered between runs never changes a result: random histories of files, held against runs anew."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitalfew.results.rows import MomentsRow
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

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
        kinds = {"moment": pa.timestamp("us", "UTC"), "amount": pa.float64()}
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
            if isinstance(left, MomentsRow):
                _assert_alike(left, right)
            else:
                assert left == right


def _assert_alike(left: MomentsRow, right: MomentsRow) -> None:
    for name in ("source", "experiment", "arm", "segment", "units", "names", "n", "phase", "day"):
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


def _numbers(row: MomentsRow, k: int) -> dict[str, np.ndarray[Any, Any]]:
    shift = np.array(row.shift)
    mean, cross = (np.reshape(part, (k, k)) for part in (row.mean, row.cross))
    third, low, high = (np.array(part) if part else np.full(k, np.nan) for part in (row.third, row.low, row.high))
    return {"mean": mean + shift[:, None], "cross": cross, "third": third, "low": low + shift, "high": high + shift}


STEPS = ("grow", "late", "edit", "repeat", "remove", "as_of")


@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=6), st.integers(0, 2**32))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_after_any_history_a_refresh_equals_a_full_run(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int
) -> None:
    history = History(tmp_path_factory.mktemp("history"), seed)
    history.grow()
    history.measure()
    for step in steps:
        as_of = None
        if step in ("grow", "late"):
            history.grow(late=14 if step == "late" else 0)
        elif step == "as_of":
            as_of = history.chance.randint(0, history.day)
        else:
            getattr(history, step)()
        assert_same(history.measure(as_of=as_of), history.measure(as_of=as_of, remember=False))


def test_a_refresh_does_not_read_old_events(tmp_path: Path) -> None:
    history = History(tmp_path, 1)
    history.grow(units=200)
    history.measure()
    old = history.files("events")[0]
    stat = old.stat()
    history.grow(late=14, units=0)
    truth = history.measure(remember=False)
    history.edit(old)
    assert old.stat().st_size == stat.st_size
    os.utime(old, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    moments = [row for row in truth.moments if row.arm == "a"]
    refreshed = [row for row in history.measure().moments if row.arm == "a"]
    _assert_alike(refreshed[0], moments[0])
    assert history.measure(remember=False).moments != truth.moments


@pytest.mark.parametrize("delay", [2, 14])
def test_events_that_arrive_late_give_what_they_would_have_given_in_order(tmp_path: Path, delay: int) -> None:
    history = History(tmp_path / "late", 7)
    for day in range(16):
        history.grow(late=delay, units=10, events=40)
        refreshed = history.measure() if day % 3 == 0 else None
    in_order = History(tmp_path / "in order", 0)
    for table in ("events", "exposures"):
        everything = f"SELECT * FROM '{history.folder}/{table}/*.parquet' ORDER BY moment"
        duckdb.execute(f"COPY ({everything}) TO '{in_order.folder}/{table}/all.parquet'")
    assert refreshed is not None
    assert_same(refreshed, in_order.measure(remember=False))


def test_another_definition_is_computed_anew(tmp_path: Path) -> None:
    history = History(tmp_path, 3)
    history.grow()
    history.grow()
    history.measure()
    other = {"spend": {**BUY, "column": "amount", "window": {"length": 1}}}
    assert_same(history.measure(changed=other), history.measure(changed=other, remember=False))
    assert len(list(history.state.glob("*.json"))) == 2
    for length in (2, 3, 4):
        history.measure(changed={"spend": {**BUY, "column": "amount", "window": {"length": length}}})
    assert len(list(history.state.glob("*.json"))) == 2, "the state is bounded"
    named = {name for path in history.state.glob("*.json") for name in path.read_text().split('"') if ".f8" in name}
    assert {path.name for path in history.state.glob("*.f8")} == named


@pytest.mark.parametrize("harm", ["truncate", "flip", "list", "delete", "folder"])
def test_a_damaged_state_is_found_and_computed_anew(tmp_path: Path, harm: str) -> None:
    history = History(tmp_path, 5)
    history.grow()
    history.grow()
    truth = history.measure()
    path = max(history.state.glob("*.json" if harm == "list" else "*.f8"), key=lambda path: path.stat().st_size)
    content = bytearray(path.read_bytes())
    if harm == "truncate":
        path.write_bytes(content[:-8])
    elif harm in ("flip", "list"):
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    elif harm == "delete":
        path.unlink()
    else:
        shutil.rmtree(history.state)
        history.state.write_text("in the way")
    assert_same(history.measure(), truth)


def test_a_run_that_is_killed_while_it_writes_leaves_the_state_usable(tmp_path: Path) -> None:
    history = History(tmp_path, 11)
    history.grow()
    history.measure()
    history.grow()
    truth = history.measure(remember=False)
    for writes in (1, 2, 6, 40):
        code = f"import runpy; runpy.run_path({__file__!r})['_killed_after']({str(tmp_path)!r}, {writes})"
        killed = subprocess.run([sys.executable, "-c", code], check=False)
        assert_same(history.measure(), truth)
        history.grow()
        truth = history.measure(remember=False)
        assert killed.returncode == (-signal.SIGKILL if writes < 40 else 0)


def _killed_after(folder: str, writes: int) -> None:
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
