"""What deciding by fewer factors would cost: the way down from all of them to a single one, the North Star."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.portfolio import best_portfolio, merit
from vitalfew.judgement.streams import stream
from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.portfolio import Reals

    Places = NDArray[np.int64]

MOST_REGRET, LEAST_TAU = 0.02, 0.8
"""Share of the best plan's value that may be lost, and agreement of orders that must be left, for a set to do."""
_PAIRS = 5_000  # of lines: enough for a tau to 0.01, and all there are of a hundred lines
_ROUNDING = 1e-12  # share of the largest numbers: less is what their rounding leaves


@dataclass(frozen=True, slots=True)
class Step:
    """What is lost by deciding with some factors only.

    Attributes:
        factors: those kept, heaviest first.
        regret: share of the best plan's value that is lost, `(draws,)`; NaN where no plan has a value.
        tau: agreement of the order of lines with that by all factors, `(draws,)`.
        dropped: the factor left out on the step to here.
    """

    factors: tuple[str, ...]
    regret: Floats
    tau: Floats
    dropped: str | None = None

    def lost(self) -> Estimate | None:
        """Mean regret with its 80 % interval over the draws."""
        return summary(self.regret)

    def is_enough(self) -> bool:
        """Whether these factors do: 2 % or less is lost, at a tau of 0.8 or more."""
        lost, agreed = self.lost(), summary(self.tau)
        return lost is not None and agreed is not None and lost.estimate <= MOST_REGRET and agreed.estimate >= LEAST_TAU


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is chosen from, by expected effects.

    Attributes:
        factors: their names.
        values: value of each line per unit of each factor's weight, in points, `(lines, factors)`.
        costs: `(lines,)`.
        budget: in the unit of cost.
        weights: draws of the factors' weights, `(draws, factors)`.
    """

    factors: tuple[str, ...]
    values: Floats
    costs: Floats
    budget: float
    weights: Floats

    def parts(self) -> Floats:
        """Value of each line by each factor under each draw of the weights, `(factors, lines, draws)`."""
        return np.asarray(self.values.T[:, :, None] * self.weights.T[:, None, :])

    def funded(self, values: Floats) -> NDArray[np.bool_]:
        """The plan by some values `(lines, draws)`, greedily by value per cost within the budget."""
        return best_portfolio(values, np.broadcast_to(self.costs[:, None], values.shape), self.budget)


def way_down(stakes: Stakes) -> tuple[Step, ...]:
    """Leave out one factor after the other, always that which costs least, down to the last.

    regret(J) = [V(best plan by all factors) - V(plan by J alone)] / V(best plan), all values by all factors; among
    equal regrets the factor of the smaller weight goes first. A plan by fewer factors that greedy choice finds better
    than its own best one loses nothing.

    Args:
        stakes: what is chosen from; one line or more, one factor or more.

    Returns:
        A step per size, from all factors to one.
    """
    parts = stakes.parts()
    whole = parts.sum(axis=0)
    best = _best(stakes, parts, whole)
    mean = stakes.weights.mean(axis=0)
    kept = sorted(range(len(stakes.factors)), key=lambda at: (-mean[at], stakes.factors[at]))
    steps = [_step(stakes, parts, kept, best)]
    while len(kept) > 1:
        left = parts[kept].sum(axis=0)
        worth = _worth_without(stakes, whole, [left - parts[at] for at in kept])
        means = [_mean(_regret(best, each)) for each in worth]
        gone = min(zip(means, kept, strict=True), key=lambda pair: (pair[0], mean[pair[1]], stakes.factors[pair[1]]))[1]
        kept.remove(gone)
        steps.append(replace(_step(stakes, parts, kept, best), dropped=stakes.factors[gone]))
    return tuple(steps)


def alone(stakes: Stakes, factors: Sequence[str]) -> Step:
    """What deciding by these factors alone would cost, such as by a declared North Star."""
    parts = stakes.parts()
    whole = parts.sum(axis=0)
    best = _best(stakes, parts, whole)
    return _step(stakes, parts, [stakes.factors.index(name) for name in factors], best)


def assumed(factors: Sequence[str], weights: Floats) -> tuple[Step, ...]:
    """The same without any line, as if lines moved all factors alike and independently.

    Where values are normal and half of equally dear lines are funded, choosing by J keeps the share rho of what
    choosing by all gains, with rho the correlation of both values: the root of the squared weights kept over all
    squared weights. Then tau = 2 asin(rho) / pi (Kendall 1949).

    Args:
        factors: their names.
        weights: draws, `(draws, factors)`.
    """
    squares = weights**2
    order = sorted(range(len(factors)), key=lambda at: (-squares[:, at].mean(), factors[at]))
    steps = []
    for size in range(len(factors), 0, -1):
        dropped = factors[order[size]] if size < len(factors) else None
        steps.append(replace(assumed_alone(factors, weights, [factors[at] for at in order[:size]]), dropped=dropped))
    return tuple(steps)


def assumed_alone(factors: Sequence[str], weights: Floats, kept: Sequence[str]) -> Step:
    """What deciding by these factors alone would cost where no line is known; see `assumed`."""
    squares = weights**2
    gone = squares[:, [at for at, name in enumerate(factors) if name not in kept]].sum(axis=1)
    rho = np.sqrt(1 - gone / squares.sum(axis=1))  # exactly 1 where all are kept
    return Step(tuple(kept), 1 - rho, 2 * np.arcsin(rho) / np.pi)


def shares_of_variance(stakes: Stakes) -> Floats | None:
    """Share of the differences in value between lines that each factor explains, `(factors, draws)`.

    c_j = Cov(w_j u_j, V) / Var(V) over lines; the shares of a draw sum to 1, and one may be negative.

    Returns:
        None with fewer than two lines, or where all have the same value.
    """
    parts = stakes.parts()
    size = float(np.abs(parts).max(initial=0.0))
    if size == 0:
        return None
    parts = parts / size
    parts = parts - parts.mean(axis=1, keepdims=True)
    whole = parts.sum(axis=0)
    variance = (whole**2).sum(axis=0)
    known = variance > (_ROUNDING * len(stakes.values)) ** 2
    if len(stakes.values) < 2 or not known.any():  # noqa: PLR2004 - one line differs from nothing
        return None
    return np.asarray((parts * whole).sum(axis=1)[:, known] / variance[known])


def flips(stakes: Stakes) -> Floats:
    """Share of the draws in which another set of lines is funded without each factor, `(factors,)`."""
    parts = stakes.parts()
    whole = parts.sum(axis=0)
    chosen = stakes.funded(whole)
    return np.array([(stakes.funded(whole - part) != chosen).any(axis=0).mean() for part in parts])


def kendall_tau(one: Reals, other: Reals) -> Floats:
    """Kendall's tau-b of two orders of lines, draw by draw, from all pairs of lines or 5,000 of them.

    Args:
        one: `(lines, draws)`.
        other: likewise.

    Returns:
        `(draws,)`; 0 where one of the orders has only ties.
    """
    first, second = _pairs(len(one))
    ahead, also = np.sign(one[first] - one[second]), np.sign(other[first] - other[second])
    scale = np.sqrt((ahead**2).sum(axis=0) * (also**2).sum(axis=0))
    return np.asarray(np.divide((ahead * also).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0))


def summary(draws: Floats) -> Estimate | None:
    """Mean of draws with its 80 % interval; None where none is a number."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return None
    low, high = np.quantile(known, [0.1, 0.9])
    return Estimate(float(known.mean()), float(low), float(high))


def _step(stakes: Stakes, parts: Floats, kept: Sequence[int], best: Floats) -> Step:
    whole, left = parts.sum(axis=0), parts[list(kept)].sum(axis=0)
    everything = len(kept) == len(parts)
    worth = best if everything else _worth_without(stakes, whole, [left])[0]
    costs = stakes.costs[:, None]
    tau = np.ones(len(best)) if everything else kendall_tau(merit(whole, costs), merit(left, costs))
    return Step(tuple(stakes.factors[at] for at in kept), _regret(best, worth), tau)


def _worth_without(stakes: Stakes, whole: Floats, by: Sequence[Floats]) -> Floats:
    """Value by all factors of the plans by several other values `(lines, draws)`, `(plans, draws)`: in one go."""
    chosen = stakes.funded(np.concatenate(by, axis=1)).reshape(len(whole), len(by), -1)
    return np.asarray(np.einsum("lpd,ld->pd", chosen, whole))


def _best(stakes: Stakes, parts: Floats, whole: Floats) -> Floats:
    """Value of the best plan, `(draws,)`; 0 where there is no more than the rounding of its parts left."""
    best = np.where(stakes.funded(whole), whole, 0.0).sum(axis=0)
    return np.where(best > _ROUNDING * np.abs(parts).sum(axis=(0, 1)), best, 0.0)


def _regret(best: Floats, worth: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(best > 0, np.maximum(best - worth, 0.0) / best, np.nan)


def _mean(regret: Floats) -> float:
    """Mean of what is known, rounded so that equal regrets are equal; 0 where nothing has a value."""
    known = regret[np.isfinite(regret)]
    return round(float(known.mean()), 9) if len(known) else 0.0


def _pairs(count: int) -> tuple[Places, Places]:
    if count * (count - 1) // 2 <= _PAIRS:
        first, second = np.triu_indices(count, 1)
        return first, second
    numbers = stream(0, "", "pairs").random((2, _PAIRS))
    first = (numbers[0] * count).astype(np.int64)
    other = (numbers[1] * (count - 1)).astype(np.int64)
    return first, other + (other >= first)
