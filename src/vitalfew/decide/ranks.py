"""Where candidates stand: probabilities of ranks, of being the best buy, of belonging into the best portfolio.

Stochastic multicriteria acceptability analysis with the posterior of the weights in place of all possible weights
(Lahdelma and Salminen 2001, "SMAA-2", Operations Research 49(3)): rank acceptability, central weights, confidence
factor; pairwise wins as in Leskinen et al. (2006), "An alternative approach", Silva Fennica 40(1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.coarse import coarse, coarse_row
from vitalfew.decide.portfolio import best_first, by_blocks, funded, lots, merit, shared_first
from vitalfew.results.rows import Estimate, RankRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Floats, Lots, Reals, Singles

    Whole = NDArray[np.int64]

SHOWN_RANKS = 100
NEIGHBOURS = 15
"""Lines on either side with which a line is compared one to one."""
CONFIDENT, CONFIDENT_DRAWS = 50, 1_000
"""Lines that most often come first, for which the confidence factor is computed, and over how many draws."""
_CUBE = 1_000_000
"""Numbers in a block of draws by lines and by weights, of which a line has few draws together."""
TOPS = (1, 3, 5, 10)
TAILS = (0.1, 0.9)


@dataclass(frozen=True, slots=True)
class Standing:
    """Probabilities of some lines, over draws.

    Attributes:
        p_best: of the most value per cost among those of positive value; doing nothing wins where there is none.
        p_in: of belonging into the best portfolio within the budget.
        places: in how many draws a line takes each place, `(lines, lines)`; rows and columns sum to the draws.
        first: which line comes first, `(draws,)`.
    """

    p_best: Floats
    p_in: Floats
    places: Whole
    first: Whole

    def told(self, sealed: Collection[str]) -> Standing:
        """The same with P(best) and P(in the best portfolio) as they may be told beside sealed lines."""
        if not sealed:
            return self
        p_best, p_in = ([coarse(chance) for chance in found.tolist()] for found in (self.p_best, self.p_in))
        return replace(self, p_best=np.array(p_best), p_in=np.array(p_in))

    @property
    def mean_rank(self) -> Floats:
        """Mean rank, `(lines,)`, from 1 on."""
        ranks = np.arange(1, len(self.places) + 1)
        return np.asarray(self.places @ ranks / max(len(self.first), 1), dtype=np.float64)

    def rank_at(self, share: float) -> Whole:
        """Quantile of the rank, `(lines,)`."""
        if not len(self.places):
            return np.zeros(0, dtype=np.int64)
        reached = np.cumsum(self.places, axis=1) >= share * len(self.first) - 1e-9
        return np.asarray(reached.argmax(axis=1) + 1, dtype=np.int64)

    def p_top(self, most: int) -> Floats:
        """Probability of being among the first, `(lines,)`."""
        return np.asarray(self.places[:, :most].sum(axis=1) / max(len(self.first), 1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Block:
    best: Floats
    taken: Floats


def standing(values: Reals, costs: Reals, budget: float, cast: Lots | None = None) -> Standing:
    """Where lines stand among each other.

    Args:
        values: `(lines, draws)`, in points.
        costs: `(lines, draws)`, in the unit of the budget.
        budget: what may be spent.
        cast: lots that order lines of equal merit; their place when None.
    """
    lines, draws = values.shape
    if not lines:
        return Standing(np.zeros(0), np.zeros(0), np.zeros((0, 0), dtype=np.int64), np.zeros(0, dtype=np.int64))

    def block(cut: slice) -> _Block:
        worth, cost = values[:, cut], costs[:, cut]
        merits = merit(worth, cost)
        order = best_first(merits, None if cast is None else cast[:, cut])
        ranked[:, cut] = order.T
        return _Block(shared_first(merits), np.count_nonzero(funded(worth, cost, budget, order), axis=1) * 1.0)

    ranked = np.empty((lines, draws), dtype=np.min_scalar_type(lines))
    blocks = by_blocks(block, values.shape)
    places = np.empty((lines, lines), dtype=np.int64)
    for place, line in enumerate(ranked):
        places[:, place] = np.bincount(line, minlength=lines)
    return Standing(
        np.sum([each.best for each in blocks], axis=0) / draws,
        np.sum([each.taken for each in blocks], axis=0) / draws,
        places,
        ranked[0].astype(np.int64),
    )


def standing_of(options: Options, values: Singles, budget: float | None = None, cast: Lots | None = None) -> Standing:
    """Where the candidates that may be funded stand.

    Args:
        options: what there is to choose from.
        values: of all options, `(lines, draws)`.
        budget: the workspace's own when None.
        cast: lots of those that may be funded, where they are at hand.
    """
    ready = options.fundable
    if not ready.all():
        values = values[ready]
    costs = options.costs if ready.all() else options.costs[ready]
    cast = lots(options.ready, values.shape[1]) if cast is None else cast
    return standing(values, costs[:, : values.shape[1]], options.budget if budget is None else budget, cast)


def ranks(options: Options, found: Standing | None = None) -> tuple[RankRow, ...]:
    """Where each candidate stands by the workspace's own weights and budget, as far as sealed ones let it be told.

    Args:
        options: what there is to choose from.
        found: where they stand, where that is known already.
    """
    values = options.singles()
    rows = rank_rows(options, values, found or standing_of(options, values))
    return tuple(coarse_row(row, options.sealed) for row in rows)


def rank_rows(options: Options, values: Singles, found: Standing) -> tuple[RankRow, ...]:
    """Where each candidate that may be funded stands, the first in mean rank first.

    Args:
        options: what there is to choose from.
        values: of all options, `(lines, draws)`.
        found: where they stand by these values.
    """
    if not len(found.places):
        return ()
    mean = found.mean_rank
    order = np.argsort(mean, kind="stable")
    wins = _wins(values, options.costs, np.flatnonzero(options.fundable)[order], options.lines)
    central = central_weights(options.weights, found.first, len(mean))
    sure = confidence(options, central, found)
    low, high = found.rank_at(TAILS[0]), found.rank_at(TAILS[1])
    tops = {str(most): found.p_top(most) for most in TOPS}
    shares = found.places[:, :SHOWN_RANKS] / len(found.first)
    lines = options.ready
    return tuple(
        RankRow(
            line=lines[at],
            rank=Estimate(float(mean[at]), float(low[at]), float(high[at])),
            acceptability=tuple(shares[at].tolist()),
            p_top={most: float(share[at]) for most, share in tops.items()},
            wins=wins[lines[at]],
            central=dict(zip(options.factors, central[at].tolist(), strict=True)) if at in central else {},
            confidence=sure.get(at),
        )
        for at in order.tolist()
    )


def _wins(values: Singles, costs: Reals, order: Whole, lines: Sequence[str]) -> dict[str, Mapping[str, float]]:
    """Probability of beating those nearest in mean rank, by key; a tie counts half.

    Args:
        values: of all options, `(lines, draws)`.
        costs: of all options, `(lines, draws)`.
        order: places of those that are compared, the first in mean rank first.
        lines: keys of all options.
    """
    draws = values.shape[1]

    def block(cut: slice) -> list[tuple[int, int, float]]:
        near = order[cut.start : cut.stop + NEIGHBOURS].tolist()
        merits, found = [merit(values[at], costs[at]) for at in near], []
        for mine in range(cut.stop - cut.start):
            for other in range(mine + 1, min(mine + 1 + NEIGHBOURS, len(near))):
                won = np.count_nonzero(merits[mine] > merits[other])
                lost = np.count_nonzero(merits[mine] < merits[other])
                found.append((near[mine], near[other], won + (draws - won - lost) / 2))
        return found

    wins: dict[str, dict[str, float]] = {lines[at]: {} for at in order}
    for pairs in by_blocks(block, (draws, len(order))):
        for mine, other, won in pairs:
            wins[lines[mine]][lines[other]] = won / draws
            wins[lines[other]][lines[mine]] = (draws - won) / draws
    return dict(wins)


def central_weights(weights: Floats, first: Whole, lines: int) -> dict[int, Floats]:
    """Mean weights of the draws in which each line comes first, `(factors,)`, by place; without those that never do.

    Args:
        weights: `(factors, draws)`.
        first: which line comes first, `(draws,)`.
        lines: how many there are.
    """
    times = np.bincount(first, minlength=lines)
    sums = np.array([np.bincount(first, weights=row, minlength=lines) for row in weights]).reshape(-1, lines)
    return {at: sums[:, at] / times[at] for at in np.flatnonzero(times).tolist()}


def confidence(options: Options, central: Mapping[int, Floats], found: Standing) -> dict[int, float]:
    """P(a line comes first at its central weights), by place among those that may be funded.

    For the lines that come first most often, over the first draws.
    """
    times = np.bincount(found.first, minlength=len(found.places))
    chosen = sorted(sorted(central, key=lambda at: (-times[at], at))[:CONFIDENT])
    if not chosen or not options.factors:
        return {}
    by = np.array([central[at] for at in chosen], dtype=np.float32)
    places = np.flatnonzero(options.fundable)
    draws = min(CONFIDENT_DRAWS, len(found.first))

    def block(cut: slice) -> Floats:
        swings = options.swings[:, :, cut] if len(places) == len(options.lines) else options.swings[places, :, cut]
        merits = merit(np.matmul(by, swings), options.costs[places, None, cut])  # (lines, chosen, draws)
        top = merits.max(axis=0)
        mine = merits[chosen, np.arange(len(chosen))] == top
        return np.asarray((mine / np.count_nonzero(merits == top, axis=0)).sum(axis=1), dtype=np.float64)

    shares = np.sum(by_blocks(block, (len(places) * len(chosen), draws), _CUBE), axis=0) / draws
    return dict(zip(chosen, shares.tolist(), strict=True))
