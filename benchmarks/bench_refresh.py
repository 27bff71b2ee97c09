"""A day's refresh beside a full run: 31 days of events in a file a day, 28 columns as in `bench_events`.

Two in a hundred events of a day's file happened up to 14 days before. Once nobody is exposed after the tenth day; once
a thirty-first of all units joins every day, in a file of exposures a day, after a full run and after a fortnight of
refreshes; once the table of users, whom segments are told by, is written anew as well. Run with a share of the full
size (50 million events, 5 million units) as the only argument, 1 by default.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
from bench_events import BEFORE, EVENTS, UNITS, definitions
from bench_events import DAYS as WINDOW
from side_by_side import compare

from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.warehouse.measured import Measured

DAYS, ROUNDS = 31, 2


def generate(folder: Path, events: int, units: int) -> None:
    """Write a file of events for each day, exposures of the first 10 days, and exposures of all days in files."""
    duckdb.execute("SET enable_progress_bar = false")
    for name in ("events", "seen"):
        (folder / name).mkdir()
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
    exposures = (
        "SELECT i AS unit, 'test' AS experiment, CASE WHEN hash(i) % 2 = 0 THEN 'control' ELSE 'treatment' END AS arm,"
        f" {start} + to_days((hash(i * 13) % {{days}})::INT) + {second} AS moment FROM range({units}) t(i)"
    )
    duckdb.execute(f"COPY ({exposures.format(days=10)}) TO '{folder}/exposures.parquet'")
    for day in range(DAYS):
        query = f"{exposures.format(days=DAYS)} WHERE hash(i * 13) % {DAYS} = {day}"
        duckdb.execute(f"COPY ({query}) TO '{folder}/seen/{day:02}.parquet'")
    before = f"{exposures.format(days=DAYS)} WHERE hash(i * 13) % {DAYS} < {DAYS - 1}"
    known = f"SELECT unit, moment AS start FROM ({before})"
    duckdb.execute(f"COPY ({known}) TO '{folder}/known.parquet'")
    query = f"SELECT i AS unit, hash(i * 5) % 4 AS country, hash(i * 17) % 10 AS age FROM range({units}) t(i)"
    duckdb.execute(f"COPY ({query}) TO '{folder}/users.parquet'")


def full(folder: Path) -> object:
    """All 31 days, and nothing remembered."""
    return _measure(folder, None)


def full_joining(folder: Path) -> object:
    """The same where units join every day."""
    return _measure(folder, None, joining=True)


def full_remembered(folder: Path) -> object:
    """All 31 days, and the numbers kept for the next run."""
    shutil.rmtree(folder / "first", ignore_errors=True)
    return _measure(folder, folder / "first")


def refresh(folder: Path) -> object:
    """The last day, on top of what a run on the day before has left."""
    return _measure(folder, _yesterday(folder, "steady"))


def refresh_joining(folder: Path) -> object:
    """The same where units join every day, and every day of the last fortnight was refreshed."""
    return _measure(folder, _yesterday(folder, "joining"), joining=True)


def refresh_joining_first(folder: Path) -> object:
    """The same on the day after a full run."""
    return _measure(folder, _yesterday(folder, "joining first"), joining=True)


def refresh_by_hand(folder: Path) -> object:
    """What the engine needs for such a day to add up events by unit, in long layout; nothing of what follows from it.

    Units of the day before and when they joined are in a table. No old number is read, and no product computed.
    """
    last, files = f"{DAYS - 1:02}.parquet", [f"{folder}/events/{day:02}.parquet" for day in range(DAYS - 1)]
    sums = "count(*) AS n, sum(amount) FILTER (NOT before) AS s, sum(amount) FILTER (before) AS b"
    duckdb.execute(
        f"CREATE TEMP TABLE joined AS SELECT unit, min(moment) AS start FROM '{folder}/seen/{last}' x"
        f" ANTI JOIN '{folder}/known.parquet' k USING (unit) GROUP BY unit HAVING min(arm) = max(arm)"
    )
    (first,) = duckdb.execute(f"SELECT min(start) - INTERVAL {BEFORE} DAY FROM joined").fetchall()[0]
    since = "SELECT unit, name, amount, moment - start AS since, moment < start AS before FROM"
    every = f"(FROM '{folder}/known.parquet' UNION ALL FROM joined)"
    new = f"{since} '{folder}/events/{last}' JOIN {every} USING (unit)"
    old = f"{since} read_parquet({files}) JOIN joined USING (unit) WHERE moment >= TIMESTAMP '{first}'"
    within = f"since >= -INTERVAL {BEFORE} DAY AND since < INTERVAL {WINDOW} DAY"
    query = f"SELECT unit, name, {sums} FROM ({new} UNION ALL {old}) WHERE {within} GROUP BY unit, name"
    return duckdb.execute(f"CREATE TEMP TABLE by_unit AS {query}")


def refresh_joining_users(folder: Path) -> object:
    """The same where the table of users is written anew, too."""
    (folder / "users.parquet").touch()
    return _measure(folder, _yesterday(folder, "joining"), joining=True)


def _yesterday(folder: Path, which: str) -> Path:
    """A copy of what a run on the day before has left; files of it are never changed, so that links do."""
    shutil.rmtree(folder / "today", ignore_errors=True)
    shutil.copytree(folder / which, folder / "today", copy_function=os.link)
    return folder / "today"


def _measure(folder: Path, state: Path | None, *, joining: bool = False) -> Measured:
    defined = definitions(None, "events/*.parquet", "seen/*.parquet" if joining else "exposures.parquet")
    engine = open_engine(defined.data, folder)
    measured = measure(defined, "seen", engine, None, state)
    engine.close()
    assert not measured.failed
    return measured


def _remember_yesterday(folder: Path) -> None:
    """Run without the files of the last day; where units join, once after refreshes of the days before it."""
    with _files_until(folder, DAYS - 1):
        _measure(folder, folder / "steady")
        _measure(folder, folder / "joining first", joining=True)
    for day in range(DAYS - 1 - BEFORE, DAYS):
        with _files_until(folder, day):
            _measure(folder, folder / "joining", joining=True)


@contextmanager
def _files_until(folder: Path, day: int) -> Iterator[None]:
    """Put the files of a day and of those after it aside."""
    files = [f"{name}/{at:02}.parquet" for at in range(day, DAYS) for name in ("events", "seen")]
    for at, file in enumerate(files):
        (folder / file).rename(folder / f"later{at}")
    yield
    for at, file in enumerate(files):
        (folder / f"later{at}").rename(folder / file)


def _print_difference(one: Measured, other: Measured) -> None:
    """Print the largest difference of means and products, relative to the spread of their columns."""
    largest = 0.0
    for left, right in zip(one.moments + one.daily, other.moments + other.daily, strict=True):
        k = len(left.names)
        spread = np.sqrt(np.maximum(np.reshape(right.cross, (k, k)).diagonal(), 1e-300))
        means = [np.reshape(row.mean, (k, k)).diagonal() + row.shift for row in (left, right)]
        products = [np.reshape(row.cross, (k, k)) for row in (left, right)]
        largest = max(largest, float(np.abs((means[0] - means[1]) / spread).max()))
        largest = max(largest, float(np.abs((products[0] - products[1]) / np.outer(spread, spread)).max()))
    print(f"largest difference between refreshed and full: {largest:.1e} of a column's spread")


def main() -> None:
    """Generate, compare, clean up."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    events, units = int(EVENTS * share), int(UNITS * share)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, events, units)
        _remember_yesterday(folder)
        title = f"{events:,} events in {DAYS} days of {units:,} units"
        plans = {"full run": full, "full run that remembers": full_remembered, "a day's refresh": refresh}
        compare(f"{title} (aim: 0.1)", plans, folder, rounds=ROUNDS)
        _print_difference(_measure(folder, folder / "today"), _measure(folder, None))
        plans = {
            "full run": full_joining,
            "a day's refresh": refresh_joining,
            "a day's refresh after a full run": refresh_joining_first,
            "a day's refresh, other users": refresh_joining_users,
            "a day's events by unit, by hand": refresh_by_hand,
        }
        compare(f"{title}, of whom {units // DAYS:,} join a day (aim: 0.1)", plans, folder, rounds=ROUNDS)
        _print_difference(_measure(folder, folder / "today", joining=True), _measure(folder, None, joining=True))


if __name__ == "__main__":
    main()
