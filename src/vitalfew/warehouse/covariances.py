"""Covariances between metrics that somebody else computed: the second, optional table of a source of aggregates."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from vitalfew.warehouse.newest import newest_rows
from vitalfew.warehouse.reported import Compared, compared_in, failed_row, item_of, number_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.results.rows import FailedRow
    from vitalfew.warehouse.aggregates import Reported
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import AggregateSource, CovarianceTable

    Pair = tuple[str, str]
    Pairs = Mapping[Pair, Mapping[str, float]]
    Metrics = Mapping[str, Mapping[str, Reported]]
    Rows = list[dict[str, Any]]

# Both products are rounded by whoever computed them: equal numbers may differ in their last digits.
_ROUNDING = 1e-9


def pair_of(one: str, other: str) -> Pair:
    """Two metrics as one name, whichever comes first."""
    return (one, other) if one <= other else (other, one)


def read_covariances(
    source: AggregateSource, key: str, engine: Engine, metrics: Mapping[Compared, Metrics], as_of: date | None
) -> tuple[Mapping[Compared, Pairs], list[FailedRow]]:
    """Read the newest covariance of every pair of metrics, and hold it against their variances.

    Args:
        source: a source of aggregates that names a table of covariances.
        key: its key.
        engine: where the table lies.
        metrics: what the aggregates say, by metric and arm, by experiment and variant.
        as_of: snapshots after this day are ignored, when `time` holds dates.

    Returns:
        Covariance (divisor n - 1) by pair and arm, NaN where the cell is empty, by experiment and variant; and the
        pairs that cannot be used, with the reason.

    Raises:
        DataError: a column is missing, or holds text where numbers belong.
    """
    table = source.covariances
    assert table is not None  # noqa: S101 - asked for only where it is given; this tells the type checker
    found: dict[Compared, dict[Pair, Mapping[str, float]]] = defaultdict(dict)
    failed: list[FailedRow] = []
    said, nameless = _by_pair(_rows(engine, key, source, table, as_of))
    without = []
    for (compared, pair), rows in said.items():
        item = item_of(compared, f"{pair[0]} and {pair[1]}")
        known = metrics.get(compared, {})
        if any(metric not in known for metric in pair):
            without.append(item)
            continue
        values = {arm: _numbers(rows, arm, table, key) for arm in table.arms}
        problem = _problem(values, {arm: (known[pair[0]][arm], known[pair[1]][arm]) for arm in values}, table)
        if problem is None:
            found[compared][pair] = {arm: numbers[0] if numbers else math.nan for arm, numbers in values.items()}
        else:
            failed.append(failed_row(key, item, problem))
    if nameless:
        failed.append(failed_row(key, table.table, f"rows that name no experiment or no pair of metrics: {nameless}"))
    if without:
        reason = f"covariances of metrics without usable aggregates are left out: {len(without)}, such as {without[0]}"
        failed.append(failed_row(key, table.table, reason))
    return found, failed


def _rows(engine: Engine, key: str, source: AggregateSource, table: CovarianceTable, as_of: date | None) -> Rows:
    variant = table.variant or source.variant
    ids = {"experiment": table.experiment or source.experiment, "first": table.metrics[0], "second": table.metrics[1]}
    ids |= {} if variant is None else {"variant": variant}
    cells = {f"{arm}.covariance": column for arm, column in table.arms.items()}
    return newest_rows(engine, key, table.table, ids, cells, table.time, as_of)


def _by_pair(rows: Rows) -> tuple[dict[tuple[Compared, Pair], Rows], int]:
    """The newest rows of each pair in either order, and how many rows name none. A metric with itself is no pair."""
    found: dict[tuple[Compared, Pair], Rows] = defaultdict(list)
    nameless = 0
    for row in rows:
        if any(row[name] is None for name in ("experiment", "first", "second")):
            nameless += 1
            continue
        pair = pair_of(text_of(row["first"]), text_of(row["second"]))
        if pair[0] != pair[1]:
            found[compared_in(row), pair].append(row)
    return {about: _newest(said) for about, said in found.items()}, nameless


def _newest(rows: Rows) -> Rows:
    """The table was asked for the newest rows of each order of a pair; one order may be older than the other."""
    times = [row["time"] for row in rows if row.get("time") is not None]
    return [row for row in rows if row["time"] == max(times)] if times else rows


def _numbers(rows: Rows, arm: str, table: CovarianceTable, key: str) -> list[float]:
    numbers = (number_of(row[f"{arm}.covariance"], table.arms[arm], key) for row in rows)
    return [number for number in numbers if number is not None]


def _problem(
    values: Mapping[str, list[float]], reported: Mapping[str, tuple[Reported, Reported]], table: CovarianceTable
) -> str | None:
    """Why the covariances of a pair cannot be used, if so."""
    for arm, numbers in values.items():
        if not numbers:
            continue
        low, high = min(numbers), max(numbers)
        one, other = (math.nan if metric.variance is None else metric.variance for metric in reported[arm])
        most = math.sqrt(one) * math.sqrt(other)  # Cauchy and Schwarz; unknown without a variance
        size = max(abs(low), abs(high))
        if high - low > _ROUNDING * (size if math.isnan(most) else max(size, most)):
            return f"{table.table} has covariances that differ in arm '{arm}' ({low:g} and {high:g}); none is used"
        if size > most * (1 + _ROUNDING):
            return (
                f"{table.arms[arm]} is {numbers[0]:g} in arm '{arm}': with variances of {one:g} and {other:g}"
                f" a covariance is at most {most:g}"
            )
    return None
