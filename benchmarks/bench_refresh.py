"""A day's refresh beside a full run: 31 days of events in a file a day, 28 columns as in `bench_events`.

Two in a hundred events of a day's file happened up to 14 days before. Run with a share of the full size (50 million
events, 5 million units) as the only argument, 1 by default.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
from bench_events import EVENTS, UNITS, definitions
from side_by_side import compare

from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

DAYS, ROUNDS = 31, 2


def generate(folder: Path, events: int, units: int) -> None:
    """Write exposures of the first 10 days, and a file of events for each day."""
    duckdb.execute("SET enable_progress_bar = false")
    (folder / "events").mkdir()
    start = "TIMESTAMP '2026-01-01'"
    second = "to_microseconds((hash(i * 11) % 86400)::BIGINT * 1000000)"
    for day in range(DAYS):
        late = f"CASE WHEN hash(i * 19) % 50 = 0 THEN least(hash(i * 23) % 15, {day})::INT ELSE 0 END"
        query = (
            f"SELECT (hash(i * 7 + 1) % {units})::BIGINT AS unit, 'event_' || (hash(i * 3 + 5) % 10)::VARCHAR AS name,"
            f" {start} + to_days({day} - {late}) + {second} AS moment, random() * 10 AS amount"
            f" FROM range({day * events // DAYS}, {(day + 1) * events // DAYS}) t(i)"
        )
        duckdb.execute(f"COPY ({query}) TO '{folder}/events/{day:02}.parquet'")
    query = (
        "SELECT i AS unit, 'test' AS experiment, CASE WHEN hash(i) % 2 = 0 THEN 'control' ELSE 'treatment' END AS arm,"
        f" {start} + to_days((hash(i * 13) % 10)::INT) + {second} AS moment FROM range({units}) t(i)"
    )
    duckdb.execute(f"COPY ({query}) TO '{folder}/exposures.parquet'")
    query = f"SELECT i AS unit, hash(i * 5) % 4 AS country, hash(i * 17) % 10 AS age FROM range({units}) t(i)"
    duckdb.execute(f"COPY ({query}) TO '{folder}/users.parquet'")


def full(folder: Path) -> object:
    """All 31 days, and nothing remembered."""
    return _measure(folder, None)


def full_remembered(folder: Path) -> object:
    """All 31 days, and the numbers kept for the next run."""
    shutil.rmtree(folder / "first", ignore_errors=True)
    return _measure(folder, folder / "first")


def refresh(folder: Path) -> object:
    """The last day, on top of what a run on the day before has left."""
    shutil.rmtree(folder / "today", ignore_errors=True)
    return _measure(folder, next(folder.glob("yesterday*")).rename(folder / "today"))


def _measure(folder: Path, state: Path | None) -> Measured:
    defined = definitions(None, "events/*.parquet")
    engine = open_engine(defined.data, folder)
    measured = measure(defined, "seen", engine, None, state)
    engine.close()
    assert not measured.failed
    return measured


def _remember_yesterday(folder: Path) -> None:
    """Run without the last day's file, and leave a copy of the state for every round."""
    last = folder / "events" / f"{DAYS - 1:02}.parquet"
    last.rename(folder / "last")
    _measure(folder, folder / "yesterday0")
    (folder / "last").rename(last)
    for at in range(1, ROUNDS):
        shutil.copytree(folder / "yesterday0", folder / f"yesterday{at}", copy_function=shutil.copy)


def _difference(one: Measured, other: Measured) -> float:
    """Largest difference of means and products, relative to the spread of their columns."""
    largest = 0.0
    for left, right in zip(one.moments + one.daily, other.moments + other.daily, strict=True):
        k = len(left.names)
        spread = np.sqrt(np.maximum(np.reshape(right.cross, (k, k)).diagonal(), 1e-300))
        means = [np.reshape(row.mean, (k, k)).diagonal() + row.shift for row in (left, right)]
        products = [np.reshape(row.cross, (k, k)) for row in (left, right)]
        largest = max(largest, float(np.abs((means[0] - means[1]) / spread).max()))
        largest = max(largest, float(np.abs((products[0] - products[1]) / np.outer(spread, spread)).max()))
    return largest


def main() -> None:
    """Generate, compare, clean up."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    events, units = int(EVENTS * share), int(UNITS * share)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, events, units)
        _remember_yesterday(folder)
        plans = {"full run": full, "full run that remembers": full_remembered, "a day's refresh": refresh}
        compare(f"{events:,} events in {DAYS} days of {units:,} units (aim: 0.1)", plans, folder, rounds=ROUNDS)
        largest = _difference(_measure(folder, folder / "today"), _measure(folder, None))
        print(f"largest difference between refreshed and full: {largest:.1e} of a column's spread")


if __name__ == "__main__":
    main()
