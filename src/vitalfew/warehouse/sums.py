"""One value per unit and column to Moments per cell: sums of shifted values and of their products, in one pass.

A cell is an experiment, an arm, a pattern of segments, a phase and a day, so that overlapping segments are sums of
cells and no unit is read twice. Subtracting a constant near the mean before summing keeps the digits that sums of
squares would lose (Chan, Golub & LeVeque 1983). The constant comes from the first rows; when it proves far from the
mean of some cell, the pass is repeated with a better one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.compile import number, whole
from vitalfew.warehouse.streamed import parts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.parts import Part
    from vitalfew.workspace.definitions import Cap

    Floats = NDArray[np.float64]

# A mean this many standard deviations from the shift costs six of sixteen digits of the variance.
_FAR = 1e3
# Where values are less skewed than this, no single unit decides.
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
    cell that vary; the others are 0 throughout. `phase` and `day` are columns only when they are among the keys.
    `shares` are columns that hold 0 and 1. Without `shape`, third moments and extremes are not asked for.
    """

    query: exp.Query
    names: tuple[str, ...]
    caps: Mapping[int, Cap]
    keys: tuple[str, ...] = ALWAYS
    shares: frozenset[int] = frozenset()
    shape: bool = True


@dataclass(frozen=True, slots=True)
class _Pass:
    """Where NaN and infinities are missing as well as NULL, and the bounds of caps by experiment and column."""

    unasked: frozenset[int]
    bounds: Mapping[tuple[int, int], tuple[float | None, float | None]]


def cells(engine: Engine, rows: Rows) -> dict[Cell, Moments]:
    """Compute the moments of every cell, one pass over the units in the usual case."""
    return cells_and_zeros(engine, rows)[0]


def cells_and_zeros(engine: Engine, rows: Rows) -> tuple[dict[Cell, Moments], dict[Cell, Floats]]:
    """The same, and how many units have 0 in each column, `(k,)`."""
    bounds = _bounds(engine, rows)
    rows, unasked = _unasked(rows)
    plan = _Pass(unasked, bounds)
    parts, shift = _summed(engine, rows, plan)
    constants = {cell: _constants(part) for cell, part in parts.items()}
    found = _settled({cell: part.moments(rows.names, shift) for cell, part in parts.items()}, constants)
    varying = [i for i in _far(found.values()) if any(i in _far_in(found[cell], constants[cell]) for cell in found)]
    found = _sharpened(engine, rows, plan, found, constants) if varying else found
    skewed = skewed_in(found.values(), rows.shares) if rows.shape else []
    shaped = {cell: _shaped(rows, parts[cell], moments, skewed) for cell, moments in found.items()}
    return shaped, {cell: part.zeros for cell, part in parts.items()}


def _unasked(rows: Rows) -> tuple[Rows, frozenset[int]]:
    """The rows without asking each value whether it is finite, and where that was asked and nothing else done."""
    if not isinstance(rows.query, exp.Select):
        return rows, frozenset()
    query = rows.query.copy()
    plain = {column.alias: _as_it_is(column) for column in query.expressions}
    # Beyond a percentile, an infinity would be cut to it.
    known = {f"v{i}": i for i in range(len(rows.names)) if i not in rows.caps and plain.get(f"v{i}") is not None}
    query.set("expressions", [plain[one.alias] if one.alias in known else one for one in query.expressions])
    return replace(rows, query=query), frozenset(known.values())


def _as_it_is(column: exp.Expr) -> exp.Expr | None:
    """`CASE WHEN ISFINITE(x) THEN x END AS name` without the question; None for anything else."""
    value = column.unalias()
    ifs: list[exp.Expr] = (value.args.get("ifs") or []) if isinstance(value, exp.Case) else []
    if len(ifs) != 1 or value.args.get("this") or value.args.get("default"):
        return None
    asked, plain = ifs[0].this, ifs[0].args["true"]
    same = asked.name == "ISFINITE" and asked.expressions == [plain]
    return exp.alias_(plain.copy(), column.alias) if same else None


def _value(column: int) -> exp.Column:
    return exp.column(f"v{column}")


def _key(rows: Rows) -> list[exp.Expr]:
    """The columns of a cell that the rows have."""
    return [exp.column(name) for name in Cell._fields if name in ALWAYS or name in rows.keys]


def within_caps(engine: Engine, rows: Rows, more: Sequence[str]) -> exp.Select:
    """The rows with values beyond a percentile set to it, and some more of their columns."""
    plan = _Pass(frozenset(), _bounds(engine, rows))
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


# The pass ----------------------------------------------------------------------------------------------------------


def _summed(engine: Engine, rows: Rows, plan: _Pass, shift: Floats | None = None) -> tuple[dict[Cell, Part], Floats]:
    """The sums of every cell, and the constant that they are about: the mean of the first rows when not given."""
    k = len(rows.names)
    values = [exp.alias_(exp.cast(_capped(i, plan), "DOUBLE"), f"v{i}") for i in range(k)]
    names = [name for name in Cell._fields if name in rows.keys]
    query = exp.select(*map(exp.column, names), *values).from_(rows.query.subquery("units"))
    found, shift = parts_of(engine, query, names, k, plan.unasked, shift)
    return {_cell(dict(zip(names, key, strict=True))): part for key, part in found.items()}, shift


def _cell(key: Mapping[str, int | str]) -> Cell:
    first, arm = int(key.get("experiment", 0)), str(key.get("arm", "0"))
    return Cell(first, arm, *(int(key.get(name, 0)) for name in Cell._fields[2:]))


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


# After the pass ----------------------------------------------------------------------------------------------------


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
    engine: Engine,
    rows: Rows,
    plan: _Pass,
    found: Mapping[Cell, Moments],
    constants: Mapping[Cell, Mapping[int, float]],
) -> dict[Cell, Moments]:
    """Compute the moments again, about constants nearer to the means."""
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
    parts, shift = _summed(engine, rows, plan, _overall(found))
    return {cell: part.moments(rows.names, shift) for cell, part in parts.items()}


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
    return replace(moments, shift=shift, mean=moments.mean + (moments.shift - shift)[:, None])


def _overall(found: Sequence[Moments]) -> Floats:
    n = sum(moments.n.diagonal() for moments in found)
    total = sum(moments.n.diagonal() * moments.mean.diagonal() for moments in found)
    return np.asarray(found[0].shift + np.where(n > 0, total / np.maximum(n, 1), 0.0), dtype=np.float64)


def _constants(part: Part) -> dict[int, float]:
    """Columns with one value, and that."""
    return {int(i): float(part.low[i]) for i in np.flatnonzero(part.low == part.high)}


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


def _shaped(rows: Rows, part: Part, moments: Moments, skewed: Sequence[int]) -> Moments:
    """With smallest and largest value where values are skewed, and what follows for shares from their mean alone."""
    k = len(rows.names)
    if not rows.shape:
        return replace(moments, third=np.full(k, np.nan))
    asked = np.isin(np.arange(k), skewed)
    third = moments.third.copy()
    low, high = (np.where(asked, ends - moments.shift, np.nan) for ends in (part.low, part.high))
    for i in rows.shares:
        third[i], low[i], high[i] = of_share(moments, i)
    return replace(moments, third=third, low=low, high=high)


def skewed_in(found: Collection[Moments], shares: Collection[int]) -> list[int]:
    """Columns whose smallest and largest values are asked for."""
    k = len(next(iter(found)).names) if found else 0
    return [i for i in range(k) if i not in shares and is_skewed(found, i)]


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
