"""What hindsight would choose: the best set of each draw within the bounds of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.milp import Bound
    from vitalfew.decide.portfolio import Flags

    Places = NDArray[np.intp]

TRIED_ALL = 12
"""Lines up to which all sets are tried; above, sets are built greedily."""
_TOLERANCE = 1e-6
_AT_ONCE = 500


def best_in_hindsight(values: Floats, costs: Floats, bounds: Sequence[Bound], plan: Flags) -> Floats:
    """Value of the best set of each draw, within bounds at expected costs, `(draws,)`; never less than the plan's.

    Exact up to `TRIED_ALL` lines; above, the best of all sets that were built greedily for any draw, which is less.

    Args:
        values: of the lines that may be taken, `(lines, draws)`.
        costs: expected, `(lines,)`.
        bounds: over these lines.
        plan: a set that keeps them, `(lines,)`.
    """
    held = values[plan].sum(axis=0)
    if len(values) <= TRIED_ALL:
        sets = _sets_that_keep(len(values), bounds)
        return np.maximum(held, (sets.astype(np.float32) @ values.astype(np.float32)).max(axis=0))
    greedy = greedy_sets(values, costs, bounds)
    keeps = np.ones(values.shape[1], dtype=bool)
    for bound in bounds:
        keeps &= bound.coefficients @ greedy <= bound.limit + _TOLERANCE * bound.scale
    # A set that keeps the bounds keeps them in every draw, so each draw may take what was found for another.
    pool = np.unique(greedy[:, keeps], axis=1).astype(np.float32)
    singles = values.astype(np.float32)
    for some in np.array_split(pool, max(pool.shape[1] // _AT_ONCE, 1), axis=1):
        if some.shape[1]:
            held = np.maximum(held, (some.T @ singles).max(axis=0))
    return held


def _sets_that_keep(lines: int, bounds: Sequence[Bound]) -> Flags:
    """All sets that keep the bounds, `(sets, lines)`; the empty one is always among them."""
    sets = (np.arange(2**lines)[:, None] >> np.arange(lines)) & 1 == 1
    keeps = np.ones(len(sets), dtype=bool)
    for bound in bounds:
        keeps &= sets @ bound.coefficients <= bound.limit + _TOLERANCE * bound.scale
    keeps[0] = True
    return np.asarray(sets[keeps], dtype=bool)


def greedy_sets(values: Floats, costs: Floats, bounds: Sequence[Bound]) -> Flags:
    """Per draw, lines taken by value per price while they fit, `(lines, draws)`.

    The price of a line is what it uses up of all bounds, each at its worth in the linear programme of expected values
    (surrogate greedy, Pirkul 1987). A line brings the prerequisites that are still missing, and is judged with all of
    them. Where a minimum share is not met at the end, the least of the other lines are given up again.

    Args:
        values: `(lines, draws)`.
        costs: expected, `(lines,)`.
        bounds: over these lines.
    """
    whole = _closures(len(values), bounds)
    price, together = np.maximum(_prices(values.mean(axis=1), costs, bounds), 0), values
    if whole.sum() > len(whole):
        price, together = whole.astype(float) @ price, whole.astype(float) @ values
    least = 1e-3 * max(float(price.max(initial=0.0)), 1e-300)
    order = np.argsort(-np.where(together > 0, together / (price + least)[:, None], -np.inf), axis=0)
    rows, limits = _rows(bounds)
    members = _members(whole)
    left = np.repeat(limits[:, None], values.shape[1], axis=1)
    chosen, draws = np.zeros(values.shape, dtype=bool), np.arange(values.shape[1])
    for line in order:
        missing, worth, need = _bundle(members[line], chosen, values, rows, draws)
        take = (worth > 0) & (need <= left + _TOLERANCE).all(axis=0)
        left -= np.where(take, need, 0.0)
        for place, is_missing in missing:
            chosen[place, draws] |= take & is_missing
    for bound in bounds:
        if bound.kind == "share":
            _give_up(chosen, order, whole, bound)
    return chosen


def _prices(worth: Floats, costs: Floats, bounds: Sequence[Bound]) -> Floats:
    """What each line uses up of all bounds, at their worth when lines may be taken in part, `(lines,)`."""
    from scipy.optimize import linprog

    counted = [bound for bound in bounds if bound.kind != "prerequisite"]
    scales = np.array([bound.scale for bound in bounds])
    matrix = np.array([bound.coefficients for bound in bounds]).reshape(len(bounds), len(worth))
    limits = np.array([bound.limit for bound in bounds])
    with quiet():
        found = linprog(-worth, A_ub=matrix / scales[:, None], b_ub=limits / scales, bounds=(0, 1), method="highs")
    if not counted or found.status != 0:
        return costs
    duals = -np.asarray(found.ineqlin.marginals) / scales
    own = np.array([bound.kind != "prerequisite" for bound in bounds])
    prices = np.asarray(duals[own] @ matrix[own], dtype=np.float64)
    return prices if (prices > 0).any() else costs


def _give_up(chosen: Flags, order: Places, whole: Flags, bound: Bound) -> None:
    """Drop lines that do not count towards a minimum share, the least first, until it is met."""
    draws = np.arange(chosen.shape[1])
    over = bound.coefficients @ chosen - bound.limit
    needing = [np.flatnonzero(whole[:, line] & (np.arange(len(whole)) != line)) for line in range(len(whole))]
    bare = np.array([not len(lines) for lines in needing], dtype=bool)
    for line in order[::-1]:
        drop = chosen[line, draws] & (over > _TOLERANCE * bound.scale) & (bound.coefficients[line] > 0)
        for draw in draws[drop & ~bare[line]]:
            drop[draw] = not chosen[needing[line[draw]], draw].any()
        chosen[line[drop], draws[drop]] = False
        over -= np.where(drop, bound.coefficients[line], 0.0)


def _bundle(
    members: Places, chosen: Flags, values: Floats, rows: Floats, draws: Places
) -> tuple[list[tuple[Places, Flags]], Floats, Floats]:
    """What a line brings in each draw: the lines still missing, their value, and what they take of each limit."""
    missing, worth, need = [], np.zeros(len(draws)), np.zeros((len(rows), len(draws)))
    for column in members.T:
        place = np.maximum(column, 0)
        is_missing = (column >= 0) & ~chosen[place, draws]
        worth += np.where(is_missing, values[place, draws], 0.0)
        need += np.where(is_missing, rows[:, place], 0.0)
        missing.append((place, is_missing))
    return missing, worth, need


def _closures(lines: int, bounds: Sequence[Bound]) -> Flags:
    """Each line with all that it needs, directly or not, `(lines, lines)`."""
    needs = np.eye(lines, dtype=bool)
    asking = [bound for bound in bounds if bound.kind == "prerequisite"]
    for bound in asking:
        needs[bound.coefficients > 0] |= bound.coefficients < 0
    while asking:
        ways = needs.astype(np.float32)
        further = ways @ ways > 0
        if (further == needs).all():
            break
        needs = further
    return needs


def _members(whole: Flags) -> Places:
    """The places in each closure, `(lines, longest)`, filled up with -1."""
    longest = int(whole.sum(axis=1).max(initial=1))
    members = np.full((len(whole), longest), -1, dtype=np.intp)
    for at, row in enumerate(whole):
        places = np.flatnonzero(row)
        members[at, : len(places)] = places
    return members


def _rows(bounds: Sequence[Bound]) -> tuple[Floats, Floats]:
    """Limits that lines use up, `(limits, lines)`, each scaled to 1 where it is above 0."""
    budget = next((bound.limit for bound in bounds if bound.kind == "budget"), np.inf)
    rows, limits = [], []
    for bound in bounds:
        row, limit = bound.coefficients, bound.limit
        if bound.kind == "prerequisite":
            continue
        if bound.ease is not None and bound.share > 0:  # what is left for others of a budget spent in full
            row, limit = np.where(row > 0, bound.ease / bound.share, 0.0), budget * (1 - bound.share)
        scale = limit if 0 < limit < np.inf else 1.0
        rows.append(row / scale)
        limits.append(limit / scale)
    return np.array(rows).reshape(len(rows), -1), np.array(limits)
