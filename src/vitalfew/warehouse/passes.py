"""The sums over units that answer a study, by arm and segment and by day of first exposure, in as few passes as can be.

Summing all products is what takes the time from units to moments, so where cells stay few one pass groups by both, and
the rest is added up from its cells.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.arrivals import by_day, rows_of
from vitalfew.warehouse.clusters import by_cluster, cells_of
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.sums import ALWAYS, Cell, Rows, cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.arrivals import Arrivals
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value

    Cells = dict[Cell, Moments]
    Tables = Sequence[tuple[Sequence[str], exp.Query]]

_MOST_CELLS = 2_000
_NO_DAY = -(2**31)


def sums_of(
    study: Study,
    engine: Engine,
    tables: Tables,
    values: Sequence[Value],
    arrived: Arrivals,
    keys: tuple[str, ...] = ALWAYS,
    all_cells: Callable[[Engine, Rows], Cells] = cells,
) -> tuple[list[tuple[Sequence[str], Cells]], Cells]:
    """The cells of all units and of segments, as `Study.answer` takes them, and those by day, as `Study.daily` does.

    Args:
        study: the experiments.
        engine: where the units lie.
        tables: segments with the query whose `pattern` speaks of them; `day` may be missing in one without arrivals.
        values: what each column is.
        arrived: when units arrived, and the phases.
        keys: columns that cells vary in, but for `pattern`, which none varies in that has no segments.
        all_cells: computes the cells where one pass answers all.
    """
    clustered = study.cluster is not None
    names, query = tables[0]
    if not arrived.units:
        return cells_of(engine, tables, values, arrived, clustered=clustered, keys=keys), {}
    if not in_one_pass(study, tables, arrived):
        rows, shown = by_cluster(engine, query, values) if clustered else (query, values)
        varying = tuple(key for key in keys if key != "pattern")
        daily = cells(engine, by_day(study, rows, shown, arrived, varying))
        return cells_of(engine, tables, values, arrived, clustered=clustered, keys=keys), daily
    varying = keys if names else tuple(key for key in keys if key != "pattern")
    fine = all_cells(engine, rows_of(_with_days(query, len(values), arrived), values, (*varying, "phase", "day")))
    everyone = _merged(fine, lambda cell: cell._replace(day=0))
    banded = study.banded()
    kept = [value.name for value in values if value.key in banded]
    known = {cell: moments.pick(kept) for cell, moments in fine.items() if cell.day != _NO_DAY}
    later = cells_of(engine, tables[1:], values, arrived, clustered=False, keys=keys)
    return [(names, everyone), *later], _merged(known, lambda cell: cell._replace(pattern=0))


def in_one_pass(study: Study, tables: Tables, arrived: Arrivals) -> bool:
    """Whether one pass over the units answers all but segments beyond those of the first table."""
    return study.cluster is None and 0 < len(arrived.units) << len(tables[0][0]) <= _MOST_CELLS


def _with_days(query: exp.Query, values: int, arrived: Arrivals) -> exp.Select:
    unknown = exp.Is(this=exp.column("day", "w"), expression=exp.null())
    day = exp.Case().when(unknown, whole(_NO_DAY)).else_(arrived.first_shown())
    cell = [exp.alias_(arrived.phase(), "phase"), exp.alias_(day, "day")]
    columns = [exp.column(name) for name in (*ALWAYS, *(f"v{at}" for at in range(values)))]
    return exp.select(*columns, *cell).from_(query.subquery("w"))


def _merged(found: Mapping[Cell, Moments], coarser: Callable[[Cell], Cell]) -> Cells:
    parts: dict[Cell, list[Moments]] = defaultdict(list)
    for cell in sorted(found):
        parts[coarser(cell)].append(found[cell])
    return {cell: reduce(add, moments) for cell, moments in parts.items()}
