"""Whether and when candidates pay: cost of building and running, what is given up for them, payback (R48).

All of it in the policy's unit of cost, counted from the day a candidate is out. It needs a price of a point of value;
without one the reason is told in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.explain_payback import SEALED
from vitalfew.decide.measured_lines import KEPT
from vitalfew.decide.options import weeks_open
from vitalfew.decide.payoff import running, weekly_share
from vitalfew.results.rows import Estimate, Viability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.decide.prices import Price
    from vitalfew.results.rows import CandidateLine

QUANTILES = (0.1, 0.5, 0.9)
"""Ends and middle of an interval of 80 %."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Paying:
    """Whether a candidate pays, and in each draw after how many weeks: infinite where not within the horizon.

    `weeks`: `(KEPT,)` from the day it is out; None where that is not known.
    """

    viability: Viability
    weeks: Floats | None = None


def paying(options: Options, inputs: Inputs, price: Price, hidden: frozenset[str] = frozenset()) -> dict[str, Paying]:
    """What every candidate with a value and a cost needs to pay for itself, by its key.

    Args:
        options: what there is to choose from.
        inputs: of the ledger.
        price: of a point, in the unit of cost.
        hidden: candidates whose value is not shown, and about which nothing is said but what they cost.
    """
    points, found = price.cost_per_point, {}
    elsewhere = {} if points is None else given_up(options.shown, points[:KEPT])
    for at, line in enumerate(options.lines):
        initiative = inputs.definitions.initiatives[line]
        run, build = running(inputs, initiative), options.costs[at]
        known = Viability(float(build.mean()), float(run.sum()), inputs.definitions.policy.horizon_weeks)
        if points is None or line in hidden:
            found[line] = Paying(replace(known, reason=SEALED if line in hidden else price.note))
            continue
        gains, shares = _gains(options, inputs, at, points[:KEPT])
        weeks = weeks_to_pay(gains, shares, run.cumsum(), build[:KEPT])
        told = replace(known, weeks=_middle(weeks), p_within=float(np.isfinite(weeks).mean()), basis=price.note)
        found[line] = Paying(replace(told, given_up=elsewhere.get(line)), weeks)
    return found


def with_viability(lines: Iterable[CandidateLine], found: Mapping[str, Paying]) -> tuple[CandidateLine, ...]:
    """Candidates with what they need to pay for themselves."""
    return tuple(replace(line, viability=found[line.line].viability) if line.line in found else line for line in lines)


def weeks_to_pay(gains: Floats, shares: Floats, run: Floats, build: Floats) -> Floats:
    """Weeks until what came exceeds what building and running cost by then, `(draws,)`; infinite where it never does.

    Within the week in which it happens both are taken to grow evenly.

    Args:
        gains: value over the horizon of each part that comes in its own time, `(parts, draws)`.
        shares: of each part that has come by the end of each week, `(parts, weeks)`.
        run: cost of running by the end of each week, `(weeks,)`.
        build: cost of building, `(draws,)`.

    >>> even = np.arange(1, 53) / 52
    >>> weeks_to_pay(np.array([[52.0, 52.0, 10.0]]), even[None, :], 0 * even, np.array([13.0, 0.0, 11.0]))
    array([13.,  0., inf])
    """
    ends = gains.T @ shares - run - build[:, None]
    paid = ends > _NOTHING
    week, draw = paid.argmax(axis=1), np.arange(len(ends))
    before = np.where(week > 0, ends[draw, week - 1], -build)
    gained = np.where(paid.any(axis=1), ends[draw, week] - before, 1.0)
    return np.where(paid.any(axis=1), week + np.clip(-before / gained, 0.0, 1.0), np.inf)


def _gains(options: Options, inputs: Inputs, at: int, points: Floats) -> tuple[Floats, Floats]:
    """Value of a line by the lag of its factors, `(lags, KEPT)`, and the share of it that has come, `(lags, weeks)`."""
    initiative = inputs.definitions.initiatives[options.lines[at]]
    parts = points * options.swings[at][:, :KEPT] * options.weights[:, :KEPT]
    lags = np.array([inputs.definitions.factors[factor].lag_weeks for factor in options.factors])
    gains, shares = [], []
    for lag in np.unique(lags):
        come = weekly_share(inputs, initiative, weeks_open(inputs, initiative), float(lag)).cumsum()
        gains.append(parts[lags == lag].sum(axis=0))
        shares.append(come / max(float(come[-1]), _NOTHING))
    return np.array(gains), np.array(shares)


def _middle(weeks: Floats) -> Estimate | None:
    """The median with its 80 % interval; an upper end beyond the horizon is None, and all of it if the median is."""
    low, middle, high = (float(each) for each in np.quantile(weeks, QUANTILES, method="inverted_cdf"))
    if not np.isfinite(middle):
        return None
    return Estimate(middle, low, high if np.isfinite(high) else None)


def given_up(options: Options, points: Floats) -> dict[str, Estimate]:
    """What the same part of the budget would bring elsewhere, by line: its opportunity cost, with its 80 % interval.

    The others are taken by expected value per cost as far as the budget reaches, the last of them in part, once with
    the whole budget and once with what the line leaves of it; the difference is what is given up.

    Args:
        options: what there is to choose from.
        points: units of cost that a point is worth, `(KEPT,)`.
    """
    values, costs = options.singles()[:, :KEPT], options.costs.mean(axis=1)
    worth = values.mean(axis=1, dtype=np.float64)
    useful = np.flatnonzero(options.fundable & (worth > 0) & (costs > 0))
    order = useful[np.argsort(-worth[useful] / costs[useful], kind="stable")]
    found = {}
    for at, cost in enumerate(costs.tolist()):
        others = order[order != at]
        lost = _taken(costs[others], options.budget) - _taken(costs[others], options.budget - cost)
        drawn = points * (lost[lost > 0] @ values[others[lost > 0]])
        low, high = np.quantile(drawn, (QUANTILES[0], QUANTILES[-1]))
        found[options.lines[at]] = Estimate(float(drawn.mean()), float(low), float(high))
    return found


def _taken(costs: Floats, budget: float) -> Floats:
    """Share of each line that a budget pays for, one after the other."""
    spent = costs.cumsum() - costs
    return np.clip((budget - spent) / costs, 0.0, 1.0)
