"""Times to an event and to the end of what is known, in days, as tables of times with how many units each holds.

Up to 2,000 distinct times of a metric are kept as they are. More are gathered: the engine counts them in 20,000 equal
stretches (with the mean of each), and each arm keeps two means, of events and of censored units, in the cells where 500
stretches with equally many units meet 500 equally long ones. Sums of times are kept exactly, and nobody crosses the
horizon; restricted means move by less than one in a thousand (tests hold this).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.results.rows import LifetimesRow
from vitalfew.warehouse.compile import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vitalfew.warehouse.distributions import Units
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.values import Value

    Floats = NDArray[np.float64]

MOST_TIMES = 2_000
_FINE = 20_000
_COARSE = 500


def lifetimes(engine: Engine, units: Units, values: Sequence[Value]) -> Iterator[LifetimesRow]:
    """Times to the event of each metric, by arm and segment.

    Args:
        engine: where the units lie.
        units: them, with days until the event (NULL: not seen) and days followed.
        values: the days until the event, of metrics of kind time_to_event.
    """
    followed = {value.key: column for value, column in units.columns.items() if value.part == "followed"}
    for value in values:
        for segment, query in units.groups():
            times = _times(query, units.columns[value], followed[value.key])
            for (at, arm), found in _counted(engine, times, value.metric.horizon).items():
                kept = gathered(*found, value.metric.horizon)
                for name, experiment in units.askers(at, value.key, segment):
                    yield _row(experiment.source, name, arm, segment, value.key, kept)


def gathered(time: Floats, had: Floats, left: Floats, horizon: float | None) -> tuple[Floats, Floats, Floats]:
    """Merge times until at most 2,000 are left.

    Args:
        time: days, `(k,)`.
        had: units with the event at each.
        left: units censored at each.
        horizon: a day that no unit may cross; None when there is none.

    Returns:
        Distinct times in order, and as many counts of either sort.
    """
    if len(np.unique(time)) > MOST_TIMES:
        weight = had + left
        order = np.argsort(time, kind="stable")
        rank = np.empty(len(time))
        rank[order] = np.cumsum(weight[order]) / weight.sum()
        share = np.ceil(rank * _COARSE)
        length = np.floor(time / time.max() * _COARSE)
        beyond = np.zeros(len(time)) if horizon is None else (time > horizon).astype(np.float64)
        _, cell = np.unique(np.stack([share, length, beyond]), axis=1, return_inverse=True)
        means = [(_means(cell, time, counts), counts) for counts in (had, left)]
        time = np.concatenate([mean[counts > 0] for mean, counts in means])
        had, left = (
            np.concatenate([had[had > 0], np.zeros((left > 0).sum())]),
            np.concatenate([np.zeros((had > 0).sum()), left[left > 0]]),
        )
    distinct, at = np.unique(time, return_inverse=True)
    return distinct, np.bincount(at, had, len(distinct)), np.bincount(at, left, len(distinct))


def _means(cell: NDArray[np.intp], time: Floats, counts: Floats) -> Floats:
    """The mean time of the units in each time's cell."""
    cell = cell.ravel()
    total = np.bincount(cell, counts)
    means: Floats = np.bincount(cell, counts * time) / np.where(total > 0, total, 1)
    return means[cell]


def _times(query: exp.Select, until: str, followed: str) -> exp.Select:
    """One row per unit: days (`t`) until the event (`d` 1) or until it was last known to be without (`d` 0)."""
    event, end = exp.column(until), exp.column(followed)
    had = exp.and_(exp.not_(event.is_(exp.null())), exp.LTE(this=event.copy(), expression=end))
    time = exp.Case().when(had, event.copy()).else_(end.copy())
    flag = exp.Case().when(had.copy(), number(1.0)).else_(number(0.0))
    return query.select("experiment", "arm", exp.alias_(time, "t"), exp.alias_(flag, "d"), append=False)


def _counted(
    engine: Engine, times: exp.Select, horizon: float | None
) -> dict[tuple[int, str], tuple[Floats, Floats, Floats]]:
    t = exp.column("t")
    distinct = exp.alias_(exp.Count(this=exp.Distinct(expressions=[t.copy()])), "k")
    longest = exp.alias_(exp.Max(this=t.copy()), "longest")
    facts = engine.query(exp.select(distinct, longest).from_(times.subquery("u"))).to_pylist()[0]
    stretch: exp.Expr = t.copy()
    if facts["k"] > MOST_TIMES:
        stretch = exp.Floor(this=exp.Mul(this=t.copy(), expression=number(_FINE / facts["longest"])))
    keys = [exp.column("experiment"), exp.column("arm"), exp.column("d"), stretch]
    if horizon is not None:
        keys.append(exp.GT(this=t.copy(), expression=number(horizon)))
    counted = exp.select("experiment", "arm", "d").from_(times.subquery("u"))
    mean = exp.Avg(this=t.copy()) if facts["k"] > MOST_TIMES else exp.Min(this=t.copy())
    counted = counted.select(exp.alias_(mean, "t"), exp.alias_(exp.Count(this=exp.Star()), "n"))
    parts: dict[tuple[int, str], list[tuple[float, float, float]]] = defaultdict(list)
    for row in engine.query(counted.group_by(*keys).order_by("experiment", "arm", "t", "d")).to_pylist():
        had = row["n"] if row["d"] else 0
        parts[int(row["experiment"]), str(row["arm"])].append((row["t"], had, row["n"] - had))
    return {arm: tuple(np.array(rows, dtype=np.float64).T) for arm, rows in parts.items()}


def _row(
    source: str, name: str, arm: str, segment: str | None, key: str, kept: tuple[Floats, Floats, Floats]
) -> LifetimesRow:
    times, had, left = kept
    units = int(had.sum() + left.sum())
    events, censored = (tuple(int(count) for count in counts) for counts in (had, left))
    return LifetimesRow(source, name, arm, segment, key, units, tuple(map(float, times)), events, censored)
