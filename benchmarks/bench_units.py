"""Ready units to Moments, beside the same sums written by hand: 20 means, 3 ratios, 2 proportions.

Run with a share of the full size (5 million units) as the only argument, 1 by default.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
from side_by_side import compare

UNITS = 5_000_000
MEANS = [f"m{number}" for number in range(20)]
RATIOS = [(f"top{number}", f"bottom{number}") for number in range(3)]
SHARES = ["share0", "share1"]
COLUMNS = [*MEANS, *(name for pair in RATIOS for name in pair), *SHARES]


def generate(folder: Path, units: int) -> None:
    """Write the units: no missing values, ids without gaps."""
    normal = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"
    columns = [f"100 + 10 * {normal} AS {name}" for name in MEANS]
    for top, bottom in RATIOS:
        columns += [f"floor(random() * 50) AS {top}", f"1 + floor(random() * 10) AS {bottom}"]
    columns += [f"random() < 0.2 AS {name}" for name in SHARES]
    arm = "CASE WHEN hash(i) % 2 = 0 THEN 'control' ELSE 'treatment' END AS arm"
    query = f"SELECT i AS unit, {arm}, {', '.join(columns)} FROM range({units}) t(i)"
    duckdb.execute("SET enable_progress_bar = false")
    duckdb.execute(f"COPY ({query}) TO '{folder}/units.parquet'")


def by_hand(folder: Path) -> object:
    """All sums and cross products in one grouping, with shifts known beforehand."""
    moved = [f"{name}::DOUBLE - {100.0 if name in MEANS else 5.0}e0 AS d{at}" for at, name in enumerate(COLUMNS)]
    k = len(COLUMNS)
    sums = [f"sum(d{i})" for i in range(k)] + [f"sum(d{i} * d{j})" for i in range(k) for j in range(i, k)]
    inner = f"SELECT arm, {', '.join(moved)} FROM '{folder}/units.parquet'"
    return duckdb.execute(f"SELECT arm, count(*), {', '.join(sums)} FROM ({inner}) GROUP BY arm").fetchall()


def by_hand_checked(folder: Path) -> object:
    """The same, and whether every unit occurs once."""
    sums = by_hand(folder)
    return sums, duckdb.execute(f"SELECT count(*) - count(DISTINCT unit) FROM '{folder}/units.parquet'").fetchall()


def by_vitalfew(folder: Path) -> object:
    """From definitions to rows of Moments, checks included."""
    from vitalfew.warehouse.engine import open_engine
    from vitalfew.warehouse.measure import measure
    from vitalfew.workspace.definitions import Definitions

    metrics: dict[str, object] = {name: {"source": "units", "column": name} for name in MEANS}
    metrics |= {name: {"source": "units", "kind": "proportion", "column": name} for name in SHARES}
    for top, bottom in RATIOS:
        sides = {"numerator": {"source": "units", "column": top}, "denominator": {"source": "units", "column": bottom}}
        metrics[f"ratio_{top}"] = {"kind": "ratio", **sides}
    definitions = Definitions.model_validate(
        {
            "sources": {"units": {"table": "units.parquet", "unit": "unit"}},
            "metrics": metrics,
            "experiments": {"test": {"source": "units", "variant": "arm", "metrics": list(metrics)}},
        }
    )
    engine = open_engine(definitions.data, folder)
    measured = measure(definitions, "units", engine)
    engine.close()
    assert not measured.failed
    assert len(measured.moments[0].names) == len(COLUMNS)
    return measured


def by_tea_tasting(folder: Path) -> object:
    """The same metrics in the usual analysis, one test each: no products between metrics, no checks."""
    import tea_tasting as tt

    metrics: dict[str, tt.Mean | tt.RatioOfMeans] = {name: tt.Mean(name) for name in [*MEANS, *SHARES]}
    metrics |= {f"ratio_{top}": tt.RatioOfMeans(top, bottom) for top, bottom in RATIOS}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        columns = ", ".join(f"{name}::INT AS {name}" if name in SHARES else name for name in COLUMNS)
        query = f"SELECT unit, (arm = 'treatment')::INT AS variant, {columns} FROM '{folder}/units.parquet'"
        return tt.Experiment(metrics).analyze(connection.sql(query))


def main() -> None:
    """Generate, compare, clean up."""
    units = int(UNITS * (float(sys.argv[1]) if len(sys.argv) > 1 else 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, units)
        plans = {
            "by hand": by_hand,
            "by hand, units checked": by_hand_checked,
            "vitalfew, units checked": by_vitalfew,
        }
        compare(f"{units:,} ready units, {len(COLUMNS)} columns, all cross products (aim: 1.1)", plans, folder)
        plans = {"tea-tasting, from a cold start": by_tea_tasting, "vitalfew, from a cold start": by_vitalfew}
        compare("The same with what has to be imported first (aim: below 1)", plans, folder, cold=True)


if __name__ == "__main__":
    main()
