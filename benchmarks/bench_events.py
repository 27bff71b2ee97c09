"""Events to Moments, beside plans written by hand: 10 means with covariates, 3 ratios, 2 proportions in windows.

All cross products of the 28 columns, by arm and two overlapping segments, and by arm and day of first exposure. Run
with a share of the full size (50 million events, 5 million units) as the only argument, 1 by default.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
from side_by_side import compare

from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import Definitions

EVENTS, UNITS = 50_000_000, 5_000_000
NAMES = [f"event_{number}" for number in range(10)]
DAYS, BEFORE = 28, 14


def generate(folder: Path, events: int, units: int) -> None:
    """Write exposures over 10 days and events over 40, so that about 70 % of them lie in a window."""
    moment = "TIMESTAMP '2026-01-01' + to_microseconds((hash(i * {salt}) % ({days} * 86400))::BIGINT * 1000000)"
    query = (
        f"SELECT (hash(i * 7 + 1) % {units})::BIGINT AS unit, 'event_' || (hash(i * 3 + 5) % 10)::VARCHAR AS name,"
        f" {moment.format(salt=11, days=40)} AS moment, random() * 10 AS amount FROM range({events}) t(i)"
    )
    duckdb.execute("SET enable_progress_bar = false")
    duckdb.execute(f"COPY ({query}) TO '{folder}/events.parquet'")
    query = (
        "SELECT i AS unit, 'test' AS experiment, CASE WHEN hash(i) % 2 = 0 THEN 'control' ELSE 'treatment' END AS arm,"
        f" {moment.format(salt=13, days=10)} AS moment FROM range({units}) t(i)"
    )
    duckdb.execute(f"COPY ({query}) TO '{folder}/exposures.parquet'")
    query = f"SELECT i AS unit, hash(i * 5) % 4 AS country, hash(i * 17) % 10 AS age FROM range({units}) t(i)"
    duckdb.execute(f"COPY ({query}) TO '{folder}/users.parquet'")


def _statistics(per_unit: str, folder: Path) -> object:
    """Per-unit sums and counts of every event to all cross products of the 28 columns, as by hand."""
    columns = [f"coalesce({side}{i}, 0)" for i in range(10) for side in "sb"]
    columns += [f"coalesce({side}{i}, 0)" for i in range(3) for side in "sn"]
    columns += [f"(coalesce(n{i}, 0) > 0)::INT" for i in range(2)]
    k = len(columns)
    moved = ", ".join(f"({column})::DOUBLE - 1e0 AS d{at}" for at, column in enumerate(columns))
    sums = [f"sum(d{i})" for i in range(k)] + [f"sum(d{i} * d{j})" for i in range(k) for j in range(i, k)]
    query = (
        f"WITH population AS (SELECT unit, min(arm) AS arm, min(moment) AS start FROM '{folder}/exposures.parquet'"
        " WHERE experiment = 'test' GROUP BY unit HAVING min(arm) = max(arm)),"
        " joined AS (SELECT e.unit, e.name, e.amount, e.moment < p.start AS before"
        f" FROM '{folder}/events.parquet' e JOIN population p ON e.unit = p.unit"
        f" WHERE e.moment >= p.start - INTERVAL {BEFORE} DAY AND e.moment < p.start + INTERVAL {DAYS} DAY),"
        f" per_unit AS ({per_unit}) SELECT arm, pattern, day, count(*), {', '.join(sums)}"
        " FROM (SELECT arm, (country = 1)::INT + 2 * (age > 4)::INT AS pattern, date_trunc('day', start) AS day,"
        f" {moved} FROM population p LEFT JOIN per_unit u ON p.unit = u.unit"
        f" LEFT JOIN '{folder}/users.parquet' a ON p.unit = a.unit) GROUP BY GROUPING SETS ((arm, pattern), (arm, day))"
    )
    return duckdb.execute(query).fetchall()


def long_by_hand(folder: Path) -> object:
    """Group by unit and event name, then turn the names into columns."""
    turned = ", ".join(
        f"max(CASE WHEN name = '{name}' THEN {side} END) AS {side}{i}" for i, name in enumerate(NAMES) for side in "snb"
    )
    sums = "sum(amount) FILTER (NOT before) AS s, count(*) FILTER (NOT before) AS n, sum(amount) FILTER (before) AS b"
    rows = f"SELECT unit, name, {sums} FROM joined GROUP BY unit, name"
    return _statistics(f"SELECT unit, {turned} FROM ({rows}) GROUP BY unit", folder)


def wide_by_hand(folder: Path) -> object:
    """Group by unit once, with a CASE for every column."""
    turned = ", ".join(
        f"sum(CASE WHEN name = '{name}' AND NOT before THEN amount END) AS s{i},"
        f" count(CASE WHEN name = '{name}' AND NOT before THEN 1 END) AS n{i},"
        f" sum(CASE WHEN name = '{name}' AND before THEN amount END) AS b{i}"
        for i, name in enumerate(NAMES)
    )
    return _statistics(f"SELECT unit, {turned} FROM joined GROUP BY unit", folder)


def by_vitalfew(folder: Path) -> object:
    """From definitions to rows of Moments."""
    return _measure(folder, None)


def by_vitalfew_bounded(folder: Path) -> object:
    """The same in 1 GB; what does not fit goes through files."""
    return _measure(folder, "1GB")


def definitions(
    memory: str | None, events: str = "events.parquet", exposures: str = "exposures.parquet"
) -> Definitions:
    """The workspace of the benchmark."""
    window = {"length": DAYS}
    metrics: dict[str, object] = {
        f"amount_{name}": {
            "source": "events", "events": [name], "column": "amount", "window": window, "covariate_days": BEFORE,
        }
        for name in NAMES
    }  # fmt: skip
    for name in NAMES[:3]:
        count = {"source": "events", "events": [name]}
        sides = {"numerator": count | {"column": "amount"}, "denominator": count}
        metrics[f"ratio_{name}"] = {"kind": "ratio", "window": window, **sides}
    for name in NAMES[:2]:
        metrics[f"any_{name}"] = {"kind": "proportion", "source": "events", "events": [name], "window": window}
    sources = {
        "events": {"table": events, "unit": "unit", "time": "moment", "event": "name"},
        "users": {"table": "users.parquet", "unit": "unit"},
        "seen": {
            "table": exposures, "unit": "unit", "time": "moment",
            "experiment": "experiment", "variant": "arm",
        },
    }  # fmt: skip
    segments = {
        "country_1": {"source": "users", "filter": "country == 1"},
        "older": {"source": "users", "filter": "age > 4"},
    }
    test = {"source": "seen", "metrics": list(metrics), "segments": list(segments)}
    return Definitions.model_validate(
        {
            "data": {"memory": memory},
            "sources": sources,
            "metrics": metrics,
            "segments": segments,
            "experiments": {"test": test},
        }
    )


def _measure(folder: Path, memory: str | None) -> object:
    defined = definitions(memory)
    engine = open_engine(defined.data, folder)
    measured = measure(defined, "seen", engine)
    engine.close()
    assert not measured.failed
    return measured


def main() -> None:
    """Generate, compare, clean up."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    events, units = int(EVENTS * share), int(UNITS * share)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, events, units)
        plans = {
            "long layout by hand": long_by_hand,
            "wide layout with CASE by hand": wide_by_hand,
            "vitalfew": by_vitalfew,
            "vitalfew, memory: 1GB": by_vitalfew_bounded,
        }
        compare(f"{events:,} events of {units:,} units, 28 columns (aim: 1; in 1 GB 1.3)", plans, folder, rounds=2)


if __name__ == "__main__":
    main()
