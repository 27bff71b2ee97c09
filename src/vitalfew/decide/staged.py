"""Bets in two steps: build a little, look, and go on only if it is worth it.

Worth now = -c1 + delta E max(0, V' - c2), where V' is what will be believed once the first step has been looked at.
That is the integral behind the worth of a test (`worth.evsi`): the right to stop is information with a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.options import first_cost, later_cost, weighed
from vitalfew.decide.payoff import WEEKS_A_YEAR
from vitalfew.decide.worth import gain_of_choice
from vitalfew.judgement.streams import stream
from vitalfew.results.rows import StagedRow
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.decide.prices import Price
    from vitalfew.workspace.definitions import Later


@dataclass(frozen=True, slots=True)
class Staged:
    """What a bet in two steps is worth, in the unit of cost.

    Attributes:
        now: with the right to stop.
        at_once: of doing all of it without looking.
        p_go_on: probability that the second step will be taken.
        kept: worth of the second step by what will be believed, discounted and 0 where it is not taken, `(draws,)`.
    """

    now: float
    at_once: float
    p_go_on: float
    kept: Floats


def staged_normal(mean: float, sd: float, first: float, later: float, told: float, delta: float = 1.0) -> float:
    """What a bet in two steps is worth now when its value is normal, in the unit of cost.

    Args:
        mean: expected value of the whole.
        sd: standard deviation of that value.
        first: cost of the first step.
        later: cost of the second.
        told: share of the variance that the first step resolves, 0 to 1.
        delta: what a unit at the time of the second step is worth now.

    >>> round(staged_normal(mean=10, sd=8, first=1, later=10, told=1), 3)
    2.192
    >>> staged_normal(mean=10, sd=8, first=1, later=10, told=0)
    -1.0
    """
    return -first + delta * gain_of_choice(mean - later, sd * float(np.sqrt(told)))


def staged(values: Floats, first: Floats, later: Floats, noise: Floats, told: float, delta: float = 1.0) -> Staged:
    """What a bet in two steps is worth now, whatever the shape of its value.

    What will be believed is taken to be linear in what the first step shows: mean + told x (shown - mean), where what
    is shown is the value with an error that leaves 1 - told of its variance open. That is exact for normal values.

    Args:
        values: of the whole, in the unit of cost, `(draws,)`.
        first: cost of the first step, `(draws,)`.
        later: cost of the second, `(draws,)`.
        noise: standard normal numbers, `(draws,)`.
        told: share of the variance that the first step resolves.
        delta: what a unit at the time of the second step is worth now.
    """
    mean, sd = float(values.mean()), float(values.std())
    error = sd * np.sqrt(told * (1 - told)) * (noise - noise.mean())
    believed = mean + told * (values - mean) + error
    net = believed - later.mean()
    kept = delta * np.clip(net, 0, None)
    cost = float(first.mean())
    return Staged(-cost + float(kept.mean()), mean - cost - float(later.mean()), float((net > 0).mean()), kept)


def staged_lines(options: Options, inputs: Inputs, price: Price) -> dict[str, Staged]:
    """The bets in two steps among the candidates, by their key; none where a point has no price."""
    per_point = price.mean
    if per_point is None:
        return {}
    found = {}
    discount = inputs.definitions.policy.discount
    for at, line in enumerate(options.lines):
        later = inputs.definitions.initiatives[line].later
        if later is None:
            continue
        values = per_point * weighed(options.swings[at : at + 1], options.weights)[0].astype(np.float64)
        noise = stream(inputs.seed, line, "look").standard_normal(len(values))
        delta = (1 + discount) ** (-later.after_weeks / WEEKS_A_YEAR)
        found[line] = staged(values, first_cost(inputs, line), later_cost(inputs, line), noise, later.tells, delta)
    return found


def staged_rows(inputs: Inputs, found: Mapping[str, Staged], price: Price) -> tuple[StagedRow, ...]:
    """The bets in two steps, best first."""
    rows = []
    for line, bet in found.items():
        later = inputs.definitions.initiatives[line].later
        if later is not None:
            costs = (float(first_cost(inputs, line).mean()), float(later_cost(inputs, line).mean()))
            message = f"{_sentence(bet, later)} {price.note}"
            rows.append(StagedRow(line, bet.now, bet.at_once, bet.p_go_on, *costs, message))
    return tuple(sorted(rows, key=lambda row: (-row.now, row.line)))


def _sentence(bet: Staged, later: Later) -> str:
    """What to do about it, and what that rests on."""
    told = f"if the first step settles {percent(later.tells)} of what is uncertain"
    if bet.now <= 0:
        return f"Not even the first step pays, {told}."
    if bet.at_once >= bet.now:
        return f"Waiting for a look costs more than it saves, {told}: do all of it at once."
    first = f"Build the first step and look after {later.after_weeks:g} weeks"
    return f"{first}; the second is then worth its cost in {percent(bet.p_go_on)} of cases, {told}."
