"""The sums behind Moments as one query for a database elsewhere, where any value may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.compile import present
from vitalfew.warehouse.parts import Part
from vitalfew.warehouse.sums import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments


def whole_query(values: exp.Query, k: int) -> exp.Select:
    """Counts, sums and products by experiment, arm and pattern.

    Args:
        values: columns `experiment`, `arm`, `pattern` and `v0` to `vk`, numbers near 0 and NULL where missing.
        k: how many.
    """
    keys = [exp.column(name) for name in ALWAYS]
    sums: list[exp.Expr] = [exp.alias_(exp.Count(this=exp.Star()), "units")]
    # Every engine writes plain sums alike, and as trees hundreds of them take longer to write than to plan.
    plain = [f"SUM(v{i}) AS s{i}" for i in range(k)]
    for i in range(k):
        sums.append(exp.alias_(exp.Count(this=_value(i)), f"n{i}"))
        plain.append(f"SUM(v{i} * v{i} * v{i}) AS t{i}")
        plain.extend(f"SUM(v{i} * v{j}) AS p{i}_{j}" for j in range(i, k))
        sums.extend(_of_pairs(i, k))
    expressions = [*keys, *sums, *(exp.Var(this=found) for found in plain)]
    return exp.Select(expressions=expressions).from_(values.subquery("units"), copy=False).group_by(*keys, copy=False)


def _of_pairs(i: int, k: int) -> Iterator[exp.Expr]:
    """What it takes to know the means of pairs of columns where one has gaps."""
    for j in range(i + 1, k):
        yield exp.alias_(exp.Count(this=exp.Mul(this=_value(i), expression=_value(j))), f"c{i}_{j}")
        yield exp.alias_(_where_present(i, j), f"a{i}_{j}")
        yield exp.alias_(_where_present(j, i), f"a{j}_{i}")


def _where_present(column: int, other: int) -> exp.Expr:
    return exp.Filter(this=exp.Sum(this=_value(column)), expression=exp.Where(this=present(_value(other))))


def _value(column: int) -> exp.Column:
    return exp.column(f"v{column}")


def moments_of_sums(names: tuple[str, ...], shift: NDArray[np.float64], sums: Mapping[str, float]) -> Moments:
    """Moments from one row that `whole_query` answered with, over values from which `shift` was subtracted, `(k,)`."""
    k = len(names)
    n, total, product = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    for i in range(k):
        n[i, i], total[i, i] = sums[f"n{i}"], sums[f"s{i}"]
        for j in range(i, k):
            product[i, j] = product[j, i] = sums[f"p{i}_{j}"]
        for j in range(i + 1, k):
            n[i, j] = n[j, i] = sums[f"c{i}_{j}"]
            total[i, j], total[j, i] = sums[f"a{i}_{j}"], sums[f"a{j}_{i}"]
    cubes, unknown = np.array([sums[f"t{i}"] for i in range(k)]), np.full(k, np.nan)
    return Part(int(sums["units"]), shift, n, total, product, cubes, unknown, unknown, unknown).moments(names, shift)
