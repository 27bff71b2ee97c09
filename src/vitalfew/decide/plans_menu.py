"""What a plan chooses from: candidates with expected value and cost, whose sides they serve, and what bounds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import is_sealed
from vitalfew.decide.options import first_cost
from vitalfew.decide.plans_bounds import Wares, barred_lines, bounds_of
from vitalfew.decide.shipped import is_shipped
from vitalfew.workspace.sides import SIDES, side_of
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.milp import Bound
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags
    from vitalfew.decide.prices import Price
    from vitalfew.decide.staged import Staged
    from vitalfew.workspace.definitions import Side


@dataclass(frozen=True)
class Menu:
    """Lines to choose from.

    Attributes:
        lines: their keys: every candidate with a cost; one without a forecast has no value, and is taken only where
            another needs it or a minimum share asks for it.
        values: in points, `(lines, draws)`; of a bet in two steps, what its first step is worth.
        costs: in the policy's unit, `(lines, draws)`; of a bet in two steps, of the first.
        sides: expected value by side, `(lines,)` each; only sides that have a factor.
        parts: expected value by factor, `(lines,)` each; of a bet in two steps, that of its whole.
        allowed: which may be taken, `(lines,)`.
        bounds: what a set must keep.
        budget: in the unit of the costs.
        sealed: whose value would tell a forecast that is not to be known yet, `(lines,)`.
        notes: what to know about the choice, in words.
    """

    lines: tuple[str, ...]
    values: Floats
    costs: Floats
    sides: Mapping[Side, Floats]
    parts: Mapping[str, Floats]
    allowed: Flags
    bounds: tuple[Bound, ...]
    budget: float
    sealed: Flags
    notes: tuple[str, ...] = ()

    @cached_property
    def worth(self) -> Floats:
        """Expected value, `(lines,)`."""
        return np.asarray(self.values.mean(axis=1), dtype=np.float64)

    @cached_property
    def price(self) -> Floats:
        """Expected cost, `(lines,)`."""
        return np.asarray(self.costs.mean(axis=1), dtype=np.float64)


def menu_of(options: Options, inputs: Inputs, staged: Mapping[str, Staged], price: Price) -> Menu:
    """What there is to choose from.

    Args:
        options: candidates with a value and a cost.
        inputs: of the ledger.
        staged: bets in two steps, by key.
        price: of a point, for these.
    """
    enablers = _without_value(options, inputs)
    draws = options.costs.shape[1]
    values = np.vstack([_values(options, staged, price), np.zeros((len(enablers), draws))])
    bought = [
        first_cost(inputs, line) if line in staged else options.costs[at] for at, line in enumerate(options.lines)
    ]
    costs = np.vstack([*bought, *(first_cost(inputs, key) for key in enablers)])
    lines = (*options.lines, *enablers)
    fundable = np.concatenate([options.fundable, [_is_fundable(inputs, key) for key in enablers]]).astype(bool)
    wares = Wares(lines, np.asarray(costs.mean(axis=1), dtype=np.float64), fundable)
    bounds, remarks = bounds_of(wares, inputs, options.budget)
    barred = barred_lines(wares, inputs)
    notes = (*options.notes, *remarks, *barred.values())
    allowed = fundable & np.array([line not in barred for line in lines], dtype=bool)
    parts = _parts(options, len(lines))
    sides = _sides(parts, inputs, values.mean(axis=1))
    return Menu(lines, values, costs, sides, parts, allowed, bounds, options.budget, _sealed(inputs, lines), notes)


def _sealed(inputs: Inputs, lines: tuple[str, ...]) -> Flags:
    """Lines about which a forecast is neither locked nor combined from enough people."""
    return np.array([any(is_sealed(row) for row in inputs.promises_of(line)) for line in lines], dtype=bool)


def _without_value(options: Options, inputs: Inputs) -> tuple[str, ...]:
    """Open initiatives that have a cost and no value."""
    return tuple(
        key
        for key, initiative in sorted(inputs.definitions.initiatives.items())
        if key not in options.lines
        and initiative.cost is not None
        and initiative.status not in OVER
        and not is_shipped(initiative, inputs)
    )


def _is_fundable(inputs: Inputs, key: str) -> bool:
    gates = inputs.gates.get(key, {})
    return all(state != "fail" or metric in inputs.waived or key in inputs.waived for metric, state in gates.items())


def _values(options: Options, staged: Mapping[str, Staged], price: Price) -> Floats:
    values = options.values()
    for line, bet in staged.items():
        values[options.lines.index(line)] = bet.kept / (price.mean or 1.0)
    return values


def _parts(options: Options, lines: int) -> dict[str, Floats]:
    """Expected value by factor; lines without a value come after those that have one."""
    parts = np.einsum("lfd,fd->lf", options.swings, options.weights.astype(np.float32)) / options.weights.shape[1]
    whole = np.zeros((len(options.factors), lines))
    whole[:, : len(parts)] = parts.T
    return dict(zip(options.factors, whole, strict=True))


def _sides(parts: Mapping[str, Floats], inputs: Inputs, worth: Floats) -> dict[Side, Floats]:
    """Expected value by side; a bet in two steps keeps the shares of its whole."""
    whole = np.sum(list(parts.values()), axis=0) if parts else np.zeros(len(worth))
    scale = np.divide(worth, whole, out=np.zeros(len(worth)), where=np.abs(whole) > 0)
    found: dict[Side, Floats] = {}
    for side in SIDES:
        mine = [part for factor, part in parts.items() if side_of(inputs.definitions, factor) == side]
        if mine:
            found[side] = np.asarray(np.sum(mine, axis=0) * np.clip(scale, 0, None))
    return found
