"""What a point of value is worth in the unit of cost: by the money somebody put on a factor, else by the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.draws import cost_draws
from vitalfew.judgement.streams import stream

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags

Basis = Literal["money", "budget"]


@dataclass(frozen=True, slots=True)
class Price:
    """What one point is worth.

    Attributes:
        cost_per_point: units of cost that a point is worth, `(draws,)` beside the draws of the options; None when
            nothing tells.
        basis: *money* put on a factor's swing, or the *budget*: what the dearest point still bought costs.
        note: how it came about, or what is missing, in words.
    """

    cost_per_point: Floats | None
    basis: Basis | None
    note: str

    @property
    def mean(self) -> float | None:
        """The mean price; None when nothing tells."""
        return None if self.cost_per_point is None else float(self.cost_per_point.mean())


def price(options: Options, inputs: Inputs) -> Price:
    """What a point is worth in the policy's unit of cost.

    Where factors have `money` and people weighed them: money of their swings / (100 x their weights), per draw (6.5),
    over `money_per_cost_unit`. Else by the budget: the cost of a point in the last line that the budget still reaches,
    which is what a point more would cost.

    Args:
        options: what there is to choose from.
        inputs: of the ledger.
    """
    told = _by_money(options, inputs)
    if told.basis is not None:
        return told
    marginal, note = _by_budget(options)
    why = " ".join(part for part in (told.note, note) if part)
    if marginal is None:
        return Price(None, None, why)
    return Price(np.full(options.weights.shape[-1], 1 / marginal), "budget", why)


def _by_money(options: Options, inputs: Inputs) -> Price:
    """The price by factors that have money, or why there is none."""
    definitions = inputs.definitions
    anchors = {factor: defined.money for factor, defined in definitions.factors.items() if defined.money is not None}
    weighed = [factor for factor in anchors if factor in options.factors]
    if not weighed:
        return Price(None, None, "")
    if not inputs.tables.weights:
        return Price(None, None, "A factor has a value in money, but nobody has weighed the factors.")
    policy = definitions.policy
    per_unit = policy.money_per_cost_unit
    if per_unit is None and policy.cost_unit == definitions.workspace.currency:
        per_unit = 1.0
    if per_unit is None:
        missing = "A factor has a value in money, but the policy has no 'money_per_cost_unit'."
        return Price(None, None, missing)
    money = np.sum([_money(inputs, factor) for factor in weighed], axis=0)
    weight = np.sum([options.weights[options.factors.index(factor)] for factor in weighed], axis=0)
    names = ", ".join(definitions.title("factors", factor) for factor in weighed)
    return Price(money / (100 * weight) / per_unit, "money", f"A point is priced by what {names} is worth in money.")


def _money(inputs: Inputs, factor: str) -> Floats:
    """Draws of what the swing of a factor is worth, in the workspace's currency."""
    money = inputs.definitions.factors[factor].money
    return cost_draws(0.0 if money is None else money, stream(inputs.seed, "", "money", factor))


def _by_budget(options: Options) -> tuple[float | None, str]:
    """Points per unit of cost at the margin of the budget, and what to say about it.

    Of lines that are not sealed: at a sealed one the price would tell its value.
    """
    options = options.shown
    values, costs = options.values().mean(axis=1), options.costs.mean(axis=1)
    marginal, all_fit = margin(values, costs, options.budget, options.fundable)
    if marginal is None:
        return None, "No candidate has both a value above zero and a cost, so a point has no price."
    if all_fit:
        return marginal, "The budget reaches for all: a point is priced as in the dearest line, which is the least."
    return marginal, "A point is priced by the budget: as in the last line that it still reaches."


def margin(values: Floats, costs: Floats, budget: float, fundable: Flags) -> tuple[float | None, bool]:
    """Value per cost of the line where the budget ends, the lines taken by value per cost (Dantzig 1957).

    That is the dual price of the budget when lines may be taken in part.

    Args:
        values: expected value, `(lines,)`.
        costs: expected cost, `(lines,)`.
        budget: what may be spent.
        fundable: which lines may be taken at all, `(lines,)`.

    Returns:
        The value per cost, None without any line of positive value and cost; and whether all of them fit.
    """
    useful = fundable & (values > 0) & (costs > 0)
    if not useful.any():
        return None, True
    ratio, cost = values[useful] / costs[useful], costs[useful]
    order = np.argsort(-ratio, kind="stable")
    spent = np.cumsum(cost[order])
    past = np.flatnonzero(spent > budget)
    at = int(past[0]) if len(past) else len(order) - 1
    return float(ratio[order][at]), not len(past)
