"""One value per unit and column to Moments per cell: sums of shifted values and of their products, in one pass.

A cell is an experiment, an arm, a pattern of segments, a phase and a day, so that overlapping segments are sums of
cells and no unit is read twice. Subtracting a constant near the mean before summing keeps the digits that sums of
squares would lose (Chan, Golub & LeVeque 1983). The constant comes from a sample; when it proves far from the mean of
some cell, the pass is repeated with a better one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlglot import exp

from vitalfew.stats.moments import Moments
from vitalfew.warehouse.compile import number, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Cap

    Floats = NDArray[np.float64]

_SAMPLE = 20_000
# A mean this many standard deviations from the shift costs six of sixteen digits of the variance.
_FAR = 1e3
# Where values are less skewed than this, no single unit decides; smallest and largest value cost an eighth of the pass.
_SKEWED = 1.0


class Cell(NamedTuple):
    """A group of units: position of the experiment, arm, and the sum of 2**i over the segments i they belong to.

    `phase` counts stretches of days with the same split; `day` is that of the first exposure, in days since 1970.
    """

    experiment: int
    arm: str
    pattern: int
    phase: int = 0
    day: int = 0


ALWAYS = ("experiment", "arm", "pattern")


@dataclass(frozen=True, slots=True)
class Rows:
    """Units as a query: columns `experiment`, `arm`, `pattern` and one value per name, `v0` to `vk`.

    Values are doubles, NULL where missing. `caps` holds percentile caps by position; their bounds are quantiles over
    all units of an experiment, so that every arm and segment is cut at the same place. `keys` names the columns of a
    cell that vary; the others are 0 throughout, and grouping by them would cost a fifth of the pass. `phase` and `day`
    are columns only when they are among the keys. `shares` are columns that hold 0 and 1. Without `shape`, third
    moments and extremes are not asked for.
    """

    query: exp.Query
    names: tuple[str, ...]
    caps: Mapping[int, Cap]
    keys: tuple[str, ...] = ALWAYS
    shares: frozenset[int] = frozenset()
    shape: bool = True


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass subtracts, which columns have gaps, and the bounds of caps by experiment and column."""

    shift: Floats
    gaps: frozenset[int]
    bounds: Mapping[tuple[int, int], tuple[float | None, float | None]]


def cells(engine: Engine, rows: Rows) -> dict[Cell, Moments]:
    """Compute the moments of every cell, one pass over the units in the usual case.

    Columns with missing values need counts and sums of their own for every pair; a pass without those is tried first
    unless a sample shows gaps. Nor is each value asked whether it is finite then: one that is not would show in a sum.
    """
    plan = _sample(engine, rows, _bounds(engine, rows))
    found = _summed(engine, _unasked(rows, plan.gaps), plan)
    if found is None or not _are_finite(found.values()):
        plan = replace(plan, gaps=_gaps(engine, rows))
        found = _summed(engine, rows, plan) or {}
    far = _far(found.values())
    found = _sharpened(engine, rows, plan, found, far) if far else found
    return _with_extremes(engine, rows, plan, found) if rows.shape else found


def _unasked(rows: Rows, gaps: frozenset[int]) -> Rows:
    """The rows without asking whether values are finite, in columns without gaps that do nothing else."""
    if not isinstance(rows.query, exp.Select):
        return rows
    query = rows.query.copy()
    known = {f"v{i}" for i in range(len(rows.names)) if i not in gaps}
    query.set("expressions", [_as_it_is(one) if one.alias in known else one for one in query.expressions])
    return replace(rows, query=query)


def _as_it_is(column: exp.Expr) -> exp.Expr:
    """`CASE WHEN ISFINITE(x) THEN x END AS name` without the question."""
    value = column.unalias()
    ifs: list[exp.Expr] = (value.args.get("ifs") or []) if isinstance(value, exp.Case) else []
    if len(ifs) != 1 or value.args.get("this") or value.args.get("default"):
        return column
    asked, plain = ifs[0].this, ifs[0].args["true"]
    same = asked.name == "ISFINITE" and asked.expressions == [plain]
    return exp.alias_(plain.copy(), column.alias) if same else column


def _are_finite(found: Iterable[Moments]) -> bool:
    return all(np.isfinite(moments.mean).all() and np.isfinite(moments.cross).all() for moments in found)


def _value(column: int) -> exp.Column:
    return exp.column(f"v{column}")


def _key(rows: Rows) -> list[exp.Expr]:
    """The columns of a cell that the rows have."""
    return [exp.column(name) for name in Cell._fields if name in ALWAYS or name in rows.keys]


def _cell(row: Mapping[str, Any]) -> Cell:
    return Cell(int(row["experiment"]), str(row["arm"]), *(int(row.get(name, 0)) for name in Cell._fields[2:]))


def within_caps(engine: Engine, rows: Rows, more: Sequence[str]) -> exp.Select:
    """The rows with values beyond a percentile set to it, and some more of their columns."""
    plan = _Pass(np.zeros(len(rows.names)), frozenset(), _bounds(engine, rows))
    values = [exp.alias_(_capped(i, plan), f"v{i}") for i in range(len(rows.names))]
    columns = [*_key(rows), *(exp.column(name) for name in more)]
    return exp.select(*columns, *values).from_(rows.query.subquery("units"))


# Before the pass ---------------------------------------------------------------------------------------------------


def _bounds(engine: Engine, rows: Rows) -> dict[tuple[int, int], tuple[float | None, float | None]]:
    if not rows.caps:
        return {}
    quantiles: list[exp.Expr] = [exp.column("experiment")]
    for column, cap in rows.caps.items():
        upper = cap.percentile or 1.0
        for name, share in (("low", 1 - upper), ("high", upper)):
            quantile = exp.PercentileCont(this=_value(column), expression=number(share))
            quantiles.append(exp.alias_(quantile, f"{name}{column}"))
    query = exp.select(*quantiles).from_(rows.query.subquery("units")).group_by("experiment")
    return {
        (row["experiment"], column): (
            row[f"low{column}"] if cap.side in ("lower", "both") else None,
            row[f"high{column}"] if cap.side in ("upper", "both") else None,
        )
        for row in engine.query(query).to_pylist()
        for column, cap in rows.caps.items()
    }


def _sample(engine: Engine, rows: Rows, bounds: Mapping[tuple[int, int], tuple[float | None, float | None]]) -> _Pass:
    k = len(rows.names)
    if not k:
        return _Pass(np.zeros(0), frozenset(), bounds)
    few = exp.select("*").from_(rows.query.subquery("units")).limit(_SAMPLE).subquery("few")
    means = [exp.alias_(exp.Avg(this=_value(i)), f"m{i}") for i in range(k)]
    counts = [exp.alias_(exp.Count(this=_value(i)), f"n{i}") for i in range(k)]
    row = engine.query(exp.select(exp.alias_(exp.Count(this=exp.Star()), "n"), *means, *counts).from_(few)).to_pylist()[
        0
    ]
    shift = np.array([row[f"m{i}"] or 0.0 for i in range(k)])
    gaps = frozenset(i for i in range(k) if row[f"n{i}"] < row["n"])
    return _Pass(np.where(np.isfinite(shift), shift, 0.0), gaps, bounds)


# The pass ----------------------------------------------------------------------------------------------------------


def _summed(engine: Engine, rows: Rows, plan: _Pass) -> dict[Cell, Moments] | None:
    """The moments of every cell; None when a column has gaps that the plan does not know of."""
    k = len(rows.names)
    table = engine.query(_query(rows, plan))
    columns = {name: table.column(name).to_pylist() for name in Cell._fields}
    # Lists, not arrays: the conversions of Arrow would import pandas where it is installed, for a second.
    sums = {name: [value or 0 for value in table.column(name).to_pylist()] for name in _names(table)}
    if sums["complete"] != sums["units"]:
        return None
    found = {}
    for at, key in enumerate(zip(*columns.values(), strict=True)):
        cell = Cell(int(key[0]), str(key[1]), *map(int, key[2:]))
        found[cell] = _moments(rows.names, plan, {name: values[at] for name, values in sums.items()}, k)
    return found


def _names(table: Any) -> list[str]:  # noqa: ANN401 - an Arrow table, whose package has no types
    return [name for name in table.column_names if name not in Cell._fields]


def _query(rows: Rows, plan: _Pass) -> exp.Select:
    k = len(rows.names)
    moved: list[exp.Expr] = [*_key(rows)]
    for i in range(k):
        difference = exp.Sub(this=exp.paren(_capped(i, plan)), expression=number(float(plan.shift[i])))
        moved.append(exp.alias_(difference, f"d{i}"))
    inner = exp.select(*moved).from_(rows.query.subquery("units")).subquery("moved")
    sums: list[exp.Expr] = [exp.alias_(exp.Count(this=exp.Star()), "units"), exp.alias_(_complete(k, plan), "complete")]
    # Every engine writes plain sums alike, and as trees hundreds of them take longer to write than to plan.
    plain = [f"SUM(d{i}) AS s{i}" for i in range(k)]
    for i in range(k):
        if i in plan.gaps:
            sums.append(exp.alias_(exp.Count(this=_moved(i)), f"n{i}"))
        if rows.shape and i not in rows.shares:
            plain.append(f"SUM(d{i} * d{i} * d{i}) AS t{i}")
        plain.extend(f"SUM(d{i} * d{j}) AS p{i}_{j}" for j in range(i, k))
        sums.extend(_of_gaps(i, k, plan.gaps))
    same = [exp.alias_(whole(0), name) for name in Cell._fields if name not in rows.keys]
    keys = [exp.column(name) for name in rows.keys]
    expressions = [*keys, *same, *sums, *(exp.Var(this=found) for found in plain)]
    return exp.Select(expressions=expressions).from_(inner, copy=False).group_by(*keys, copy=False)


def _complete(k: int, plan: _Pass) -> exp.Expr:
    """Counts units without a gap in columns thought to have none, by one sum that a single gap makes NULL."""
    whole_columns = [_moved(i) for i in range(k) if i not in plan.gaps]
    if not whole_columns:
        return exp.Count(this=exp.Star())
    total: exp.Expr = whole_columns[0]
    for column in whole_columns[1:]:
        total = exp.Add(this=total, expression=column)
    return exp.Count(this=total)


def _of_gaps(i: int, k: int, gaps: frozenset[int]) -> Iterable[exp.Expr]:
    """What it takes to know the means of pairs of columns where one has gaps."""
    for j in range(i, k):
        if i != j and i in gaps and j in gaps:
            product = exp.Mul(this=_moved(i), expression=_moved(j))
            yield exp.alias_(exp.Count(this=product), f"c{i}_{j}")
        if i != j and j in gaps:
            yield exp.alias_(_where_present(i, j), f"a{i}_{j}")
        if i != j and i in gaps:
            yield exp.alias_(_where_present(j, i), f"a{j}_{i}")


def _where_present(column: int, other: int) -> exp.Expr:
    present = exp.Where(this=exp.not_(exp.Is(this=_moved(other), expression=exp.null())))
    return exp.Filter(this=exp.Sum(this=_moved(column)), expression=present)


def _moved(column: int) -> exp.Column:
    return exp.column(f"d{column}")


def _capped(column: int, plan: _Pass) -> exp.Expr:
    value: exp.Expr = _value(column)
    bounds = {experiment: found for (experiment, at), found in plan.bounds.items() if at == column}
    for side, comparison in ((0, exp.LT), (1, exp.GT)):
        limits = {experiment: found[side] for experiment, found in bounds.items() if found[side] is not None}
        if limits:
            value = beyond(value, _by_experiment(limits), comparison)
    return value


def beyond(value: exp.Expr, limit: exp.Expr, comparison: type[exp.Binary]) -> exp.Expr:
    """The limit where the value lies beyond it, else the value; missing stays missing (LEAST would not)."""
    return exp.Case().when(comparison(this=value.copy(), expression=limit), limit.copy()).else_(value)


def _by_experiment(limits: Mapping[int, float | None]) -> exp.Expr:
    known = {experiment: number(limit) for experiment, limit in limits.items() if limit is not None}
    if len(known) == 1:
        return next(iter(known.values()))
    choice = exp.Case()
    for experiment, limit in known.items():
        choice = choice.when(exp.EQ(this=exp.column("experiment"), expression=whole(experiment)), limit)
    return choice


def _moments(names: tuple[str, ...], plan: _Pass, sums: Mapping[str, float], k: int) -> Moments:
    n, total, product = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    for i in range(k):
        for j in range(i, k):
            pair = f"{i}_{j}"
            fewer = min(sums.get(f"n{i}", sums["units"]), sums.get(f"n{j}", sums["units"]))
            n[i, j] = n[j, i] = sums.get(f"c{pair}", fewer)
            total[i, j] = sums.get(f"a{i}_{j}", sums[f"s{i}"])
            total[j, i] = sums.get(f"a{j}_{i}", sums[f"s{j}"])
            product[i, j] = product[j, i] = sums[f"p{pair}"]
    # Values near the largest float overflow here; what comes of it is refused where it is used.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = np.where(n > 0, total / n, 0.0)
        cross = product - mean * mean.T * n
        cross[n <= 1] = 0.0
        np.fill_diagonal(cross, np.maximum(cross.diagonal(), 0.0))
        third = np.array([sums.get(f"t{i}", np.nan) for i in range(k)]) - _below_third(n, mean, product)
    return Moments(names, n, plan.shift, mean, cross, int(sums["units"]), np.where(n.diagonal() > 1, third, 0.0))


def _below_third(n: Floats, mean: Floats, product: Floats) -> Floats:
    """What the sum of cubes about the shift has too much over that about the mean."""
    away: Floats = mean.diagonal()
    return np.asarray(3 * away * product.diagonal() - 2 * n.diagonal() * away**3, dtype=np.float64)


# After the pass ----------------------------------------------------------------------------------------------------


def _gaps(engine: Engine, rows: Rows) -> frozenset[int]:
    counts = [exp.alias_(exp.Count(this=_value(i)), f"n{i}") for i in range(len(rows.names))]
    units = exp.alias_(exp.Count(this=exp.Star()), "units")
    row = engine.query(exp.select(units, *counts).from_(rows.query.subquery("units"))).to_pylist()[0]
    return frozenset(i for i in range(len(rows.names)) if row[f"n{i}"] < row["units"])


def _far(found: Iterable[Moments]) -> tuple[int, ...]:
    """Columns whose mean lies so far from the shift, in some cell, that the variance there lost digits."""
    far: set[int] = set()
    for moments in found:
        n, away = moments.n.diagonal(), moments.mean.diagonal()
        with np.errstate(over="ignore"):
            lost = (n > 1) & (away != 0) & (moments.cross.diagonal() * _FAR**2 < n * away**2)
        far.update(int(i) for i in np.flatnonzero(lost))
    return tuple(sorted(far))


def _sharpened(
    engine: Engine, rows: Rows, plan: _Pass, found: dict[Cell, Moments], far: Sequence[int]
) -> dict[Cell, Moments]:
    """Tell columns that are constant in a cell from those that need a better shift, and compute these again."""
    constants = _constants(engine, rows, plan, far)
    settled = _settled(found, constants)
    varying = [i for i in far if any(i in _far_in(moments, constants[cell]) for cell, moments in settled.items())]
    if not varying:
        return settled
    again: dict[Cell, Moments] = {}
    # An outlier in one experiment must not cost the others digits, so each has a shift of its own.
    shifts = {at: _overall([found[cell] for cell in found if cell.experiment == at]) for at, *_ in found}
    for experiment, arm in sorted({(cell.experiment, cell.arm) for cell in found}):
        mine = [moments for cell, moments in found.items() if (cell.experiment, cell.arm) == (experiment, arm)]
        parts = _settled(_about(engine, _of_arm(rows, experiment, arm), plan, mine), constants)
        for cell, moments in dict(parts).items():
            if _far_in(moments, constants[cell]):  # one segment lies far from the rest of its arm
                parts |= _about(engine, _of_arm(rows, experiment, arm, cell), plan, [moments])
        again |= {cell: _rebased(moments, shifts[experiment]) for cell, moments in parts.items()}
    return _settled(again, constants)


def _about(engine: Engine, rows: Rows, plan: _Pass, found: Sequence[Moments]) -> dict[Cell, Moments]:
    """The pass again, about the mean of the units found in these moments."""
    return _summed(engine, rows, replace(plan, shift=_overall(found))) or {}


def _of_arm(rows: Rows, experiment: int, arm: str, cell: Cell | None = None) -> Rows:
    only = [
        exp.EQ(this=exp.column("experiment"), expression=whole(experiment)),
        exp.EQ(this=exp.column("arm"), expression=exp.Literal.string(arm)),
    ]
    if cell is not None:
        names = [column.name for column in _key(rows)[2:]]
        only.extend(exp.EQ(this=exp.column(name), expression=whole(getattr(cell, name))) for name in names)
    return replace(rows, query=exp.select("*").from_(rows.query.subquery("every")).where(*only))


def _rebased(moments: Moments, shift: Floats) -> Moments:
    """The same moments relative to the shift of its experiment; products about the mean do not depend on it."""
    away = moments.shift - shift
    mean, low, high = moments.mean + away[:, None], moments.low + away, moments.high + away
    return replace(moments, shift=shift, mean=mean, low=low, high=high)


def _overall(found: Sequence[Moments]) -> Floats:
    n = sum(moments.n.diagonal() for moments in found)
    total = sum(moments.n.diagonal() * moments.mean.diagonal() for moments in found)
    return np.asarray(found[0].shift + np.where(n > 0, total / np.maximum(n, 1), 0.0), dtype=np.float64)


def _constants(engine: Engine, rows: Rows, plan: _Pass, far: Sequence[int]) -> dict[Cell, dict[int, float]]:
    return {
        _cell(row): {
            i: float(row[f"low{i}"]) for i in far if row[f"low{i}"] is not None and row[f"low{i}"] == row[f"high{i}"]
        }
        for row in _extremes(engine, rows, plan, far)
    }


def _extremes(engine: Engine, rows: Rows, plan: _Pass, columns: Iterable[int]) -> list[dict[str, Any]]:
    """Smallest and largest value of some columns in every cell, `low0` and `high0` and so on."""
    ends: list[exp.Expr] = []
    for i in columns:
        ends.append(exp.alias_(exp.Min(this=_capped(i, plan)), f"low{i}"))
        ends.append(exp.alias_(exp.Max(this=_capped(i, plan)), f"high{i}"))
    keys = _key(rows)
    query = exp.select(*keys, *ends).from_(rows.query.subquery("units")).group_by(*keys)
    answer: list[dict[str, Any]] = engine.query(query).to_pylist()
    return answer


def _settled(found: Mapping[Cell, Moments], constants: Mapping[Cell, Mapping[int, float]]) -> dict[Cell, Moments]:
    """A constant column has no variance; rounding must not give it a tiny one."""
    settled = {}
    for cell, moments in found.items():
        mean, cross, third = moments.mean.copy(), moments.cross.copy(), moments.third.copy()
        for i, value in constants.get(cell, {}).items():
            mean[i, :] = value - moments.shift[i]
            cross[i, :] = cross[:, i] = third[i] = 0.0
        settled[cell] = replace(moments, mean=mean, cross=cross, third=third)
    return settled


def _with_extremes(engine: Engine, rows: Rows, plan: _Pass, found: Mapping[Cell, Moments]) -> dict[Cell, Moments]:
    """Add smallest and largest value where values are skewed, and what follows for shares without reading again."""
    skewed = [i for i in range(len(rows.names)) if i not in rows.shares and is_skewed(found.values(), i)]
    ends = {_cell(row): row for row in _extremes(engine, rows, plan, skewed)} if skewed else {}
    shaped = {}
    for cell, moments in found.items():
        third, low, high = moments.third.copy(), moments.low.copy(), moments.high.copy()
        for i in rows.shares:
            third[i], low[i], high[i] = of_share(moments, i)
        for i in skewed:
            lowest, highest = ends[cell][f"low{i}"], ends[cell][f"high{i}"]
            low[i] = np.nan if lowest is None else lowest - moments.shift[i]
            high[i] = np.nan if highest is None else highest - moments.shift[i]
        shaped[cell] = replace(moments, third=third, low=low, high=high)
    return shaped


def is_skewed(found: Iterable[Moments], column: int) -> bool:
    """Whether a column is so skewed in some cell that smallest and largest values matter."""
    for moments in found:
        n, squares = moments.n[column, column], moments.cross[column, column]
        if n > 0 and squares > 0 and abs(moments.third[column]) / n > _SKEWED * (squares / n) ** 1.5:
            return True
    return False


def of_share(moments: Moments, column: int) -> tuple[float, float, float]:
    """Third central sum, smallest and largest shifted value of a column of 0 and 1."""
    n, shift = moments.n[column, column], moments.shift[column]
    if n == 0:
        return 0.0, np.nan, np.nan
    share = min(max(shift + moments.mean[column, column], 0.0), 1.0)
    low, high = (1.0 if round(share * n) == n else 0.0), (0.0 if round(share * n) == 0 else 1.0)
    return n * share * (1 - share) * (1 - 2 * share), low - shift, high - shift


def _far_in(moments: Moments, constants: Mapping[int, float]) -> set[int]:
    return set(_far([moments])) - set(constants)


# Elsewhere ---------------------------------------------------------------------------------------------------------


def whole_query(rows: Rows) -> exp.Select:
    """The pass as a query that knows nothing of the data: no shift, every column with gaps, no caps at percentiles."""
    k = len(rows.names)
    return _query(rows, _Pass(np.zeros(k), frozenset(range(k)), {}))


def moments_of_sums(names: tuple[str, ...], shift: Floats, sums: Mapping[str, float]) -> Moments:
    """Moments from one row that `whole_query` answered with, over values from which `shift` was subtracted, `(k,)`."""
    return _moments(names, _Pass(shift, frozenset(), {}), sums, len(names))
