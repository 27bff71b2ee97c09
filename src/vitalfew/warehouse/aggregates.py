"""Aggregates that somebody else computed (n, mean, variance of each arm) as moments of experiments.

The products between metrics are not part of such tables: they come from a second one (`covariances`) or stay NaN.
Units per arm are not part of them either: the largest n of any metric stands for them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.results.moments import moments_row
from vitalfew.results.rows import AssignmentRow, FailedRow
from vitalfew.stats.moments import Moments
from vitalfew.warehouse.covariances import pair_of, read_covariances
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.newest import newest_rows
from vitalfew.warehouse.reported import Compared, Names, compared_in, failed_row, item_of, number_of, text_of
from vitalfew.workspace.definitions import AggregateSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.results.rows import MomentsRow
    from vitalfew.warehouse.covariances import Pairs
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]
    Row = Mapping[str, Any]
    Arms = dict[str, "Reported"]


def measure_aggregates(definitions: Definitions, key: str, engine: Engine, as_of: date | None = None) -> Measured:
    """Read the newest aggregates of every experiment of a source, defined in the workspace or not.

    The key of an experiment is that of the definition whose `id` (by default its key) is the id in the table, else
    the id itself; `ID/variant` where a table compares several variants of one experiment with control. Metrics are
    found by the column of their numerator, which names the id in the table, else keep their id.

    Args:
        definitions: experiments and metrics.
        key: key of the source, a source of aggregates.
        engine: where the table lies.
        as_of: snapshots after this day are ignored, when `time` holds dates. Days since the start tell no date.

    Returns:
        Moments per experiment and arm; units per arm are the largest n of its metrics.

    Raises:
        DataError: a column is missing, or holds text where numbers belong.
    """
    source = definitions.sources[key]
    assert isinstance(source, AggregateSource)  # noqa: S101 - told apart by `measure`; this tells the type checker
    cells = _read(_rows(engine, key, source, as_of), source, key)
    if source.covariances is not None:
        cells.covariances, refused = read_covariances(source, key, engine, cells.arms, as_of)
        cells.failed += refused
    measured = Measured(failed=tuple(cells.failed))
    names = Names(definitions, key)
    for compared, metrics in cells.arms.items():
        measured += _experiment(compared, metrics, cells, names, definitions)
    return measured


def _rows(engine: Engine, key: str, source: AggregateSource, as_of: date | None) -> list[dict[str, Any]]:
    cells = {
        f"{arm}.{part}": column
        for arm, columns in source.arms.items()
        for part, column in (("n", columns.n), ("mean", columns.mean), ("variance", columns.variance))
        if column is not None
    }
    ids = {"experiment": source.experiment, "metric": source.metric}
    ids |= {} if source.variant is None else {"variant": source.variant}
    return newest_rows(engine, key, source.table, ids, cells, source.time, as_of)


def _experiment(
    compared: Compared, metrics: dict[str, Arms], cells: _Cells, names: Names, definitions: Definitions
) -> Measured:
    """Moments and units of one experiment, under its key."""
    several = sum(1 for name, _ in cells.arms if name == compared[0]) > 1
    name = "/".join(part for part in compared if part is not None) if several else compared[0]
    if several and names.claimed(compared[0]) and not names.claimed(name):
        variants = ", ".join(f"{name}/{variant}" for name, variant in cells.arms if name == compared[0])
        reason = f"id '{compared[0]}' has several variants in the table: name one of {variants}"
        return Measured(failed=(failed_row(names.source, name, reason),))
    key = names.experiment(name)
    if key is None:
        return Measured(failed=(names.taken(name),))
    by_key = {metric: arms for id_, arms in metrics.items() for metric in names.metrics(id_)}
    ratios = [
        metric for metric in by_key if (found := definitions.metrics.get(metric)) and found.denominator is not None
    ]
    refused = tuple(
        failed_row(
            names.source, f"{key}/{metric}", "a ratio needs the products of both its parts, not read from aggregates"
        )
        for metric in ratios
    )
    columns = {metric: arms for metric, arms in by_key.items() if metric not in ratios}
    if not columns:
        return Measured(failed=refused)
    pairs = cells.covariances.get(compared, {})
    return Measured(_moments(names.source, key, columns, pairs), _units(key, metrics, definitions), failed=refused)


def _moments(source: str, key: str, columns: Mapping[str, Arms], pairs: Pairs) -> tuple[MomentsRow, ...]:
    """One row per arm. All arms share a shift, the first arm's mean, so that their difference loses no digits."""
    arms = list(next(iter(columns.values())))
    shift = np.array([reported[arms[0]].mean for reported in columns.values()])
    rows = []
    for arm in arms:
        reported = [metric[arm] for metric in columns.values()]
        covariance = _covariance(reported, {pair: values[arm] for pair, values in pairs.items()})
        rows.append(moments_row(source, key, arm, None, _one_arm(reported, shift, covariance, tuple(columns))))
    return tuple(rows)


def _covariance(reported: list[Reported], known: Mapping[tuple[str, str], float]) -> Floats:
    """Covariance per unit of the metrics of one arm, `(k, k)`; NaN for what nobody reports."""
    table = np.full((len(reported), len(reported)), np.nan)
    for i, one in enumerate(reported):
        for j, other in enumerate(reported):
            if one.metric != other.metric:
                table[i, j] = known.get(pair_of(one.metric, other.metric), np.nan)
            elif one.variance is not None:  # the metric itself, or the same column under another key
                table[i, j] = one.variance
    return table


def _one_arm(reported: list[Reported], shift: Floats, covariance: Floats, names: tuple[str, ...]) -> Moments:
    n = np.array([metric.n for metric in reported])
    away = np.array([metric.mean for metric in reported]) - shift
    # Nobody says how many units have both of two metrics: at most as many as the rarer one.
    both = np.minimum(n[:, None], n[None, :])
    mean = np.repeat(away[:, None], len(names), axis=1)
    return Moments(names, both, shift, mean, covariance * (both - 1), int(n.max()))


def _units(key: str, metrics: Mapping[str, Arms], definitions: Definitions) -> tuple[AssignmentRow, ...]:
    arms = list(next(iter(metrics.values())))
    experiment = definitions.experiments.get(key)
    split = experiment.split if experiment is not None and experiment.split else {}
    total = sum(split.values())
    return tuple(
        AssignmentRow(
            experiment=key,
            arm=arm,
            units=int(max(reported[arm].n for reported in metrics.values())),
            share=split[arm] / total if arm in split else None,
        )
        for arm in arms
    )


@dataclass(frozen=True, slots=True)
class Reported:
    """What a table says of one metric (its id there) in one arm; `variance` has divisor n - 1."""

    metric: str
    n: float
    mean: float
    variance: float | None


@dataclass(slots=True)
class _Cells:
    """Arms by metric id, by experiment id and variant, in the order of the table; and what could not be used.

    `covariances` holds those between metrics, by experiment id and variant.
    """

    arms: dict[Compared, dict[str, Arms]] = field(default_factory=lambda: defaultdict(dict))
    failed: list[FailedRow] = field(default_factory=list)
    twice: dict[str, tuple[Compared, str]] = field(default_factory=dict)
    covariances: Mapping[Compared, Pairs] = field(default_factory=dict)


def _read(rows: Iterable[Row], source: AggregateSource, key: str) -> _Cells:
    cells = _Cells()
    nameless = 0
    for row in rows:
        if row["experiment"] is None or row["metric"] is None:
            nameless += 1
        else:
            _read_row(row, source, key, cells)
    if nameless:
        cells.failed.append(failed_row(key, source.table, f"rows that name no experiment or no metric: {nameless}"))
    for item, (compared, metric) in cells.twice.items():
        del cells.arms[compared][metric]
        cells.failed.append(failed_row(key, item, f"{source.table} has several rows for it that differ; none is used"))
    for compared in [compared for compared, metrics in cells.arms.items() if not metrics]:
        del cells.arms[compared]
    return cells


def _read_row(row: Row, source: AggregateSource, key: str, cells: _Cells) -> None:
    compared = compared_in(row)
    metric = text_of(row["metric"])
    item = item_of(compared, metric)
    try:
        arms = {arm: _reported(row, arm, source, key) for arm in source.arms}
    except _Unusable as problem:
        cells.failed.append(failed_row(key, item, str(problem)))
        return
    known = cells.arms[compared].setdefault(metric, arms)
    if known is not arms:
        cells.twice[item] = (compared, metric)


class _Unusable(Exception):
    """One row of the table says nothing about its metric; the text says why."""


def _reported(row: Row, arm: str, source: AggregateSource, key: str) -> Reported:
    columns = source.arms[arm]
    n = number_of(row[f"{arm}.n"], columns.n, key)
    mean = number_of(row[f"{arm}.mean"], columns.mean, key)
    variance = None if columns.variance is None else number_of(row[f"{arm}.variance"], columns.variance, key)
    if n is None or n < 1:
        raise _Unusable(f"{columns.n} is {_shown(n)} in arm '{arm}': no units")
    if mean is None:
        raise _Unusable(f"{columns.mean} is missing in arm '{arm}'")
    if variance is not None and variance < 0:
        raise _Unusable(f"{columns.variance} is {variance:g} in arm '{arm}': a variance is never negative")
    return Reported(text_of(row["metric"]), n, mean, variance)


def _shown(number: float | None) -> str:
    return "missing" if number is None else f"{number:g}"
