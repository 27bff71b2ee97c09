"""Units that two experiments share, by the arms they are in: what shows whether the experiments interact."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from vitalfew.results.moments import moments_row
from vitalfew.results.rows import FailedRow, OverlapRow
from vitalfew.results.words import count
from vitalfew.warehouse.arrivals import rows_of
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.sums import ALWAYS, cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value

MOST_PAIRS = 300
LEAST_SHARE = 0.01  # of the units of the smaller experiment
_MOST_ROWS = 20_000_000  # of all pairs together
_BETWEEN = "\x1f"  # arms side by side; no name has this in it


class Pair(NamedTuple):
    """Two experiments by position, and how many units they share."""

    one: int
    two: int
    units: int


def overlaps(study: Study, engine: Engine, people: exp.Query, values: Sequence[Value], *, timed: bool) -> Measured:
    """Moments of the metrics that two experiments share, over the units that they share.

    A metric counts what it does in the experiment that the unit came to last, as only then was it in both.

    Args:
        study: the experiments.
        engine: where the units lie.
        people: one row per experiment and unit: `experiment`, `arm`, `unit`, `start` when timed, `v0` and so on.
        values: what each `v` is.
        timed: whether first exposures are known.
    """
    found = pairs_that_share(study, engine, people)
    kept = looked_at(found)
    if not kept:
        return Measured()
    metrics = {key for pair in kept for key in _shared(study, pair)}
    chosen = [(at, value) for at, value in enumerate(values) if value.key in metrics and not value.is_covariate]
    query = _with_values(people, kept, [at for at, _ in chosen], timed=timed)
    keys, rows = list(study.experiments), []
    for cell, moments in sorted(cells(engine, rows_of(query, [value for _, value in chosen], ALWAYS)).items()):
        pair = kept[cell.experiment]
        names = [name for name in study.names(_shared(study, pair)) if name in moments.names]
        row = moments_row(study.source, keys[pair.one], cell.arm, None, moments.pick(names))
        arms = cell.arm.split(_BETWEEN)
        who = (keys[pair.one], keys[pair.two], arms[0], arms[1], row.units)
        rows.append(OverlapRow(*who, row.names, row.n, row.shift, row.mean, row.cross))
    left = len(found) - len(kept)
    reason = f"not looked at: {count(left, 'pair')} of experiments that share the fewest units"
    notes = (FailedRow("measure", study.source, reason, remark=True),) if left else ()
    return Measured(overlaps=tuple(rows), failed=notes)


def _shared(study: Study, pair: Pair) -> list[str]:
    one, two = (list(study.experiments.values())[at] for at in (pair.one, pair.two))
    theirs = study.metrics(two)
    return [key for key in study.metrics(one) if key in theirs]


def looked_at(found: Sequence[Pair]) -> list[Pair]:
    """Those pairs, the largest first, that are not too many and do not share too many units together."""
    kept: list[Pair] = []
    for pair in found:
        if len(kept) < MOST_PAIRS and sum(one.units for one in kept) + pair.units <= _MOST_ROWS:
            kept.append(pair)
    return kept


def pairs_that_share(study: Study, engine: Engine, people: exp.Query) -> list[Pair]:
    """Pairs of experiments that share enough units and a metric, the largest first."""
    total = exp.alias_(exp.Count(this=exp.Star()), "n")
    sizes = exp.select("experiment", total).from_(people.copy().subquery("a")).group_by("experiment")
    units = {row["experiment"]: row["n"] for row in engine.query(sizes).to_pylist()}
    query = exp.select("a.experiment AS one", "b.experiment AS two", total.copy()).from_(people.copy().subquery("a"))
    query = query.join(people.copy().subquery("b"), on="a.unit = b.unit AND a.experiment < b.experiment")
    rows = engine.query(query.group_by("a.experiment", "b.experiment")).to_pylist()
    pairs = [Pair(row["one"], row["two"], row["n"]) for row in rows]
    ids = [experiment.id or key for key, experiment in study.experiments.items()]
    large = [
        pair
        for pair in pairs
        if pair.units >= LEAST_SHARE * min(units[pair.one], units[pair.two])
        and ids[pair.one] != ids[pair.two]
        and _shared(study, pair)
        and (study.met is None or (pair.one, pair.two) in study.met)
    ]
    return sorted(large, key=lambda pair: (-pair.units, pair.one, pair.two))


def side_by_side(people: exp.Query, pairs: Sequence[Pair]) -> exp.Select:
    """One row per pair and unit in both, `x.pair`, without columns: `a` is the unit in the one, `b` in the other."""
    numbers = [(at, pair.one, pair.two) for at, pair in enumerate(pairs)]
    table = exp.values(numbers, alias="x", columns=["pair", "one", "two"])
    query = exp.Select().from_(table).join(people.copy().subquery("a"), on="a.experiment = x.one")
    return query.join(people.copy().subquery("b"), on="b.experiment = x.two AND a.unit = b.unit")


def _with_values(people: exp.Query, pairs: Sequence[Pair], values: Sequence[int], *, timed: bool) -> exp.Select:
    """One row per pair and unit in both."""
    between = exp.Literal.string(_BETWEEN)
    first = exp.DPipe(this=exp.column("arm", "a"), expression=between, safe=False)
    arm = exp.DPipe(this=first, expression=exp.column("arm", "b"), safe=False)
    query = side_by_side(people, pairs)
    query = query.select("x.pair AS experiment", exp.alias_(arm, "arm"), exp.alias_(whole(0), "pattern"))
    later = exp.GTE(this=exp.column("start", "b"), expression=exp.column("start", "a"))
    for new, at in enumerate(values):
        here, there = exp.column(f"v{at}", "a"), exp.column(f"v{at}", "b")
        number = exp.Case().when(later.copy(), there).else_(here) if timed else here
        query = query.select(exp.alias_(number, f"v{new}"))
    return query
