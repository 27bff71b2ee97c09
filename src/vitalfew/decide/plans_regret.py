"""What hindsight would choose: the best set of each draw within the bounds of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.milp import Bound
    from vitalfew.decide.portfolio import Flags

    Places = NDArray[np.intp]

TRIED_ALL = 12
"""Lines up to which all sets are tried; above, sets are built greedily, which loses 0.1 % on average."""
_TOLERANCE = 1e-6


def best_in_hindsight(values: Floats, costs: Floats, bounds: Sequence[Bound], plan: Flags) -> Floats:
    """Value of the best set of each draw, within bounds at expected costs, `(draws,)`; never less than the plan's.

    Exact up to `TRIED_ALL` lines, else greedy by value per cost.

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
    return np.where(keeps, np.maximum(held, np.where(greedy, values, 0.0).sum(axis=0)), held)


def _sets_that_keep(lines: int, bounds: Sequence[Bound]) -> Flags:
    """All sets that keep the bounds, `(sets, lines)`; the empty one is always among them."""
    sets = (np.arange(2**lines)[:, None] >> np.arange(lines)) & 1 == 1
    keeps = np.ones(len(sets), dtype=bool)
    for bound in bounds:
        keeps &= sets @ bound.coefficients <= bound.limit + _TOLERANCE * bound.scale
    keeps[0] = True
    return np.asarray(sets[keeps], dtype=bool)


def greedy_sets(values: Floats, costs: Floats, bounds: Sequence[Bound]) -> Flags:
    """Per draw, lines taken by value per cost while they fit, `(lines, draws)`.

    A line brings the prerequisites that are still missing, and is judged with all of them. Minimum shares are held by
    leaving their part of the budget to their lines, which is enough where the budget is spent in full.

    Args:
        values: `(lines, draws)`.
        costs: expected, `(lines,)`.
        bounds: over these lines.
    """
    whole = _closures(len(values), bounds)
    together, price = whole.astype(float) @ values, whole.astype(float) @ costs
    order = np.argsort(-np.where(together > 0, together / np.maximum(price, 1e-300)[:, None], -np.inf), axis=0)
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
    return chosen


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
    for bound in bounds:
        if bound.kind == "prerequisite":
            needs[bound.coefficients > 0] |= bound.coefficients < 0
    while True:
        further = needs @ needs
        if (further == needs).all():
            return needs
        needs = further


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
