"""Where a decision turns: the value, cost or weight at which a candidate enters or leaves the plan, all else alike.

The plan is the best portfolio on expected values. Every turning point is found by deciding anew with another number,
and is given on its far side, so that at it the decision is the other one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.portfolio import best_portfolio

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags

    Places = NDArray[np.intp]

MOST = 200
"""Lines whose turning points are looked for: those nearest to where the budget ends."""
_HALVINGS = 40
_STEPS = 200  # of a weight's way from 0 to all
_FAR = 1e3  # times the sum of all values: more than any line is worth
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """A number at which the decision about a line is another.

    `now`: the number as expected; `at`: where it turns; `chance`: probability by the draws that it lies beyond;
    `factor`: whose weight it is; None for a value or cost.
    """

    now: float
    at: float
    chance: float
    factor: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate in the plan on expected values, and what would change that; None where nothing of the kind would.

    `values` by factor, in points; `per_cost` None where it costs nothing; `by_weights`: probability that the decision
    about it is another once the weights are known.
    """

    line: str
    planned: bool
    value: float
    cost: float
    per_cost: float | None
    values: dict[str, float]
    effect: Turn | None
    price: Turn | None
    weight: Turn | None
    by_weights: float
    dominated_by: str | None


@dataclass(frozen=True, slots=True)
class Means:
    """Expected values by factor at weight 1, `(lines, factors)`, mean weights, costs, and what may be spent."""

    swings: Floats
    weights: Floats
    costs: Floats
    budget: float

    @classmethod
    def of(cls, options: Options, lines: Places) -> Means:
        """The expected numbers of some lines."""
        swings = options.swings[lines].mean(axis=2, dtype=np.float64)
        return cls(swings, options.weights.mean(axis=1), options.costs[lines].mean(axis=1), options.budget)

    @property
    def values(self) -> Floats:
        """Expected value of every line, `(lines,)`."""
        return np.asarray(self.swings @ self.weights)

    def plans(self, values: Floats, costs: Floats | None = None) -> Flags:
        """What is planned with other values or costs, `(lines, cases)`.

        Args:
            values: `(lines, cases)`.
            costs: likewise; the expected ones when None.
        """
        paid = np.repeat(self.costs[:, None], values.shape[1], axis=1) if costs is None else costs
        return best_portfolio(values, paid, self.budget)


def standings(options: Options) -> tuple[Standing, ...]:
    """Where every candidate that may be funded stands, by value per cost, the best first.

    Args:
        options: what there is to choose from.
    """
    kept = np.flatnonzero(options.fundable)
    if not len(kept) or not options.factors:
        return ()
    means = Means.of(options, kept)
    planned = means.plans(means.values[:, None])[:, 0]
    near = _nearest(means, planned)
    effects, prices = turning_values(means, planned, near), turning_costs(means, planned, near)
    weights = turning_weights(means, planned, near, options)
    known = means.plans(means.swings @ options.weights)
    found = []
    for at, place in enumerate(kept):
        drawn = np.einsum("fd,f->d", options.swings[place], means.weights)
        value, cost = float(means.values[at]), float(means.costs[at])
        found.append(
            Standing(
                options.lines[place],
                bool(planned[at]),
                value,
                cost,
                value / cost if cost > 0 else None,
                dict(zip(options.factors, (means.weights * means.swings[at]).tolist(), strict=True)),
                _turn(value, effects[at], drawn),
                _turn(cost, prices[at], options.costs[place]),
                weights[at],
                float((known[at] != planned[at]).mean()),
                _dominating(means, options, kept, at),
            )
        )
    return tuple(sorted(found, key=lambda one: (-_merit(one.value, one.cost), one.line)))


def dominated(options: Options) -> dict[str, str]:
    """Candidates that another one passes in every expected number, by that one; nothing is told of sealed forecasts.

    With one factor it would say no more than the order does, so it takes two.
    """
    shown = [at for at, line in enumerate(options.lines) if options.fundable[at] and line not in options.sealed]
    kept = np.array(shown, dtype=np.intp)
    if len(kept) < _PAIR or len(options.factors) < _PAIR:
        return {}
    means = Means.of(options, kept)
    found = {options.lines[place]: _dominating(means, options, kept, at) for at, place in enumerate(kept)}
    return {line: other for line, other in found.items() if other is not None}


def _merit(value: float, cost: float) -> float:
    """What lines are put in order by: value per cost, of a loss the value itself."""
    return value / max(cost, 1e-300) if value > 0 else value


def _nearest(means: Means, planned: Flags) -> Places:
    """The lines whose place is nearest to where the budget ends, at most as many as are looked at."""
    merits = [_merit(value, cost) for value, cost in zip(means.values.tolist(), means.costs.tolist(), strict=True)]
    order = np.argsort(-np.array(merits), kind="stable")
    edge = int(planned.sum())
    return np.sort(order[np.argsort(np.abs(np.arange(len(order)) - edge), kind="stable")][:MOST])


def _turn(now: float, at: float, draws: Floats) -> Turn | None:
    if not np.isfinite(at):
        return None
    return Turn(now, float(at), float((draws < at).mean() if at < now else (draws > at).mean()))


def turning_values(means: Means, planned: Flags, lines: Places) -> Floats:
    """Value at which each of some lines enters or leaves the plan, by place; NaN where no value would do."""
    values = means.values
    far = np.full(len(lines), _FAR * (np.abs(values).sum() + 1))

    def decide(at: Floats) -> Flags:
        return means.plans(_varied(values, lines, at))[lines, np.arange(len(lines))]

    return _placed(_turning(decide, values[lines], np.where(planned[lines], 0.0, far), planned[lines]), lines, planned)


def turning_costs(means: Means, planned: Flags, lines: Places) -> Floats:
    """Cost at which each of some lines enters or leaves the plan, by place; NaN where no cost would do."""
    values = np.repeat(means.values[:, None], len(lines), axis=1)

    def decide(at: Floats) -> Flags:
        return means.plans(values, _varied(means.costs, lines, at))[lines, np.arange(len(lines))]

    costs = means.costs[lines]
    beyond = np.maximum(1.001 * max(means.budget, 0.0) + 1e-9, costs)
    return _placed(_turning(decide, costs, np.where(planned[lines], beyond, 0.0), planned[lines]), lines, planned)


def _placed(found: Floats, lines: Places, planned: Flags) -> Floats:
    whole = np.full(len(planned), np.nan)
    whole[lines] = found
    return whole


def turning_weights(means: Means, planned: Flags, lines: Places, options: Options) -> list[Turn | None]:
    """The weight of one factor at which each of some lines enters or leaves the plan, by place.

    The other factors keep their ratios to each other. Of all factors and both directions it is the one that is
    likeliest by the draws; None where no single weight would do.
    """
    total = float(means.weights.sum())
    found: list[Turn | None] = [None] * len(planned)
    for place, factor in enumerate(options.factors):
        now = float(means.weights[place])
        if total <= now:
            continue
        grid = np.unique(np.append(np.linspace(0, total, _STEPS + 1), now))
        flags = means.plans(_with_weight(means, np.full(len(grid), place), grid))
        here = int(np.searchsorted(grid, now))
        for at in lines:
            for steps in (range(here - 1, -1, -1), range(here + 1, len(grid))):
                first = next((step for step in steps if flags[at, step] != planned[at]), None)
                if first is None:
                    continue
                turn = _turn(now, float(grid[first]), options.weights[place])
                best = found[at]
                if turn and (best is None or _order(turn) < _order(best)):
                    found[at] = Turn(turn.now, turn.at, turn.chance, factor)
    return _refined(means, planned, options, found)


def _order(turn: Turn) -> tuple[float, float]:
    return (-turn.chance, abs(turn.at - turn.now))


def _refined(means: Means, planned: Flags, options: Options, turns: list[Turn | None]) -> list[Turn | None]:
    """The same with the exact weight between the last step that did not turn the decision and the first that did."""
    places = [at for at, turn in enumerate(turns) if turn is not None]
    if not places:
        return turns
    known = [turn for turn in turns if turn is not None]
    factors = np.array([options.factors.index(str(turn.factor)) for turn in known])
    end = np.array([turn.at for turn in known])
    step = float(means.weights.sum()) / _STEPS
    start = np.array([turn.at + np.sign(turn.now - turn.at) * min(step, abs(turn.now - turn.at)) for turn in known])

    def decide(at: Floats) -> Flags:
        return means.plans(_with_weight(means, factors, at))[places, np.arange(len(places))]

    exact = _turning(decide, start, end, planned[places])
    refined = list(turns)
    for at, turn, weight, factor in zip(places, known, exact, factors, strict=True):
        better = _turn(turn.now, float(weight), options.weights[factor])
        refined[at] = Turn(better.now, better.at, better.chance, turn.factor) if better else turn
    return refined


def _with_weight(means: Means, factors: NDArray[np.int_], weights: Floats) -> Floats:
    """Values when one factor has another weight, `(lines, cases)`; a factor and a weight for each case."""
    total = means.weights.sum()
    cases = np.repeat(means.weights[:, None], len(weights), axis=1)
    now = means.weights[factors]
    cases *= (total - weights) / np.maximum(total - now, 1e-300)
    cases[factors, np.arange(len(weights))] = weights
    return np.asarray(means.swings @ cases)


def _varied(numbers: Floats, lines: Places, at: Floats) -> Floats:
    """A case for each of some lines in which its own number is another, `(lines, cases)`."""
    cases = np.repeat(numbers[:, None], len(lines), axis=1)
    cases[lines, np.arange(len(lines))] = at
    return cases


def _turning(decide: Callable[[Floats], Flags], start: Floats, end: Floats, planned: Flags) -> Floats:
    """The first number found between `start` and `end` at which the decision is another; NaN where `end` is no such."""
    turns = decide(end) != planned
    near, far = start.astype(np.float64), end.astype(np.float64)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        other = decide(middle) != planned
        near, far = np.where(other, near, middle), np.where(other, middle, far)
    return np.where(turns, far, np.nan)


def _dominating(means: Means, options: Options, kept: Places, at: int) -> str | None:
    """A line that does at least as much for every factor and costs no more, and is better in one of these."""
    above = (means.swings >= means.swings[at]).all(axis=1) & (means.costs <= means.costs[at])
    strictly = (means.swings > means.swings[at]).any(axis=1) | (means.costs < means.costs[at])
    found = np.flatnonzero(above & strictly)
    return options.lines[kept[found[0]]] if len(found) else None
