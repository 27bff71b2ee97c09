"""Experiments that deal whole clusters (classes, shops): a cluster's sums are one row, as its units are alike.

`KEY` is the sum over the units of a cluster and `KEY/denominator` how many of them have a value, so that every mean is
a ratio over clusters; of a ratio both are sums over the units that have both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.results.columns import BEFORE, DENOMINATOR
from vitalfew.warehouse.arrivals import phased, rows_of
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.sums import ALWAYS, cells, within_caps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.arrivals import Arrivals
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.sums import Cell
    from vitalfew.warehouse.values import Value


def first_days(people: exp.Query) -> exp.Select:
    """Clusters as units: the day of the first exposure of any of their units.

    Args:
        people: columns `experiment`, `arm`, `cluster` and `day`.
    """
    names = ("experiment", "arm", "cluster")
    first = exp.alias_(exp.Min(this=exp.column("day")), "day")
    return exp.select(*names, first).from_(people.copy().subquery("c")).group_by(*names)


def by_cluster(
    engine: Engine, query: exp.Query, values: Sequence[Value], pattern: int | None = None
) -> tuple[exp.Select, list[Value]]:
    """One row per cluster, and what its columns are.

    Args:
        engine: where the units lie.
        query: one row per unit: `experiment`, `arm`, `pattern`, `cluster`, `day`, `v0` and so on.
        values: what each `v` is.
        pattern: only units with this bit of their pattern; all when None.
    """
    capped = within_caps(engine, rows_of(query, values, ALWAYS), ("cluster", "day"))
    rows = exp.select("*").from_(capped.subquery("k"))
    if pattern is not None:
        member = exp.BitwiseAnd(this=exp.column("pattern"), expression=whole(1 << pattern))
        rows = rows.where(exp.GT(this=exp.paren(member), expression=whole(0)))
    columns = list(_columns(values))
    sums = [exp.alias_(total, f"v{at}") for at, (_, total) in enumerate(columns)]
    keys = ("experiment", "arm", "cluster")
    first = exp.alias_(exp.Min(this=exp.column("day")), "day")
    belongs = exp.alias_(whole(0 if pattern is None else 1), "pattern")
    grouped = exp.select("experiment", "arm", belongs, first, *sums).from_(rows.subquery("c")).group_by(*keys)
    return grouped, [value for value, _ in columns]


def _columns(values: Sequence[Value]) -> Iterator[tuple[Value, exp.Expr]]:
    """The sums that a cluster has of each value."""
    places = {value.name: at for at, value in enumerate(values)}
    for at, value in enumerate(values):
        plain = replace(value, metric=value.metric.model_copy(update={"kind": "mean", "cap": None}))
        column, pair = exp.column(f"v{at}"), places.get(_denominator(value.name))
        if value.name in {_denominator(name) for name in places}:
            continue  # comes with its numerator
        if pair is not None:
            bottom = exp.column(f"v{pair}")
            both = exp.and_(*(exp.not_(side.copy().is_(exp.null())) for side in (column, bottom)))
            yield plain, exp.Filter(this=exp.Sum(this=column), expression=exp.Where(this=both))
            other = replace(plain, name=values[pair].name)
            yield other, exp.Filter(this=exp.Sum(this=bottom), expression=exp.Where(this=both.copy()))
        else:
            yield plain, exp.Sum(this=column)
        if pair is None and value.name in (value.key, value.key + BEFORE):
            some = exp.Nullif(this=exp.Count(this=column.copy()), expression=whole(0))
            yield replace(plain, name=_denominator(value.name)), exp.cast(some, "DOUBLE")


def _denominator(name: str) -> str:
    return f"{name.removesuffix(BEFORE)}{DENOMINATOR}{BEFORE if name.endswith(BEFORE) else ''}"


def cells_of(
    engine: Engine,
    tables: Sequence[tuple[Sequence[str], exp.Query]],
    values: Sequence[Value],
    arrived: Arrivals,
    *,
    clustered: bool,
    keys: tuple[str, ...] = ALWAYS,
) -> list[tuple[Sequence[str], dict[Cell, Moments]]]:
    """The cells of all units and of segments, as `Study.answer` takes them.

    Args:
        engine: where the units lie.
        tables: segments with the query whose `pattern` speaks of them.
        values: what each column is.
        arrived: the phases.
        clustered: clusters are the units; a segment then takes a pass of its own, as clusters lie across segments.
        keys: columns that cells vary in, but for `pattern`, which none varies in that has no segments.
    """
    if not clustered:
        own = [(names, keys if names else tuple(key for key in keys if key != "pattern")) for names, _ in tables]
        return [
            (names, cells(engine, phased(query, values, arrived, varying)))
            for (names, varying), (_, query) in zip(own, tables, strict=True)
        ]
    found: list[tuple[Sequence[str], dict[Cell, Moments]]] = []
    passes: list[tuple[Sequence[str], exp.Query, int | None]] = [((), tables[0][1], None)]
    passes += [((name,), query, bit) for names, query in tables for bit, name in enumerate(names)]
    for names, query, bit in passes:
        rows, columns = by_cluster(engine, query, values, bit)
        found.append((names, cells(engine, phased(rows, columns, arrived, ALWAYS))))
    return found


def without_crossed(people: exp.Select, known: exp.Query) -> tuple[exp.Select, exp.Select]:
    """Leave out clusters seen in several arms, and units that have none; and the query that counts such clusters.

    Args:
        people: columns `experiment`, `arm`, `unit`, `cluster`.
        known: everybody who was ever seen: `experiment`, `arm`, `other` (a second arm) and `cluster`.
    """
    differ = exp.NEQ(this=exp.Min(this=exp.column("arm")), expression=exp.Max(this=exp.column("other")))
    crossed = exp.select("experiment", "cluster").from_(known.subquery("c")).group_by("experiment", "cluster")
    crossed = crossed.having(differ)
    pair = exp.func("ROW", exp.column("experiment", "k"), exp.column("cluster", "k"))
    pairs = exp.select(exp.func("ROW", exp.column("experiment"), exp.column("cluster"))).from_(crossed.subquery("d"))
    kept = exp.select("k.*").from_(people.subquery("k")).where(exp.not_(exp.In(this=pair, query=pairs.subquery())))
    kept = kept.where(exp.not_(exp.Is(this=exp.column("cluster", "k"), expression=exp.null())))
    count = exp.alias_(exp.Count(this=exp.Star()), "n")
    return kept, exp.select("experiment", count).from_(crossed.copy().subquery("e")).group_by("experiment")
