"""Probabilities over draws: which lines are vital, which candidates belong into the best portfolio.

Lines stand in order of value per cost. Draws are worked on in blocks that fit a processor's cache, by two threads:
nothing depends on how they are cut.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.decide.sampling import chances

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Reals = NDArray[np.floating[Any]]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.int64]
    Lots = NDArray[np.uint16]

THREADS = min(2, os.cpu_count() or 1)
_BLOCK = 250_000
"""Numbers in a block of draws."""
_FREED = 24_000_000
"""Bytes. Until a block as large has been freed, the GNU C library hands the memory of every array back to the system,
which then clears the same pages again and again."""
_LOT_BITS, _LINE_BITS = 12, 20
_NO_COST = np.float32(1e-30)  # what nothing counts as, so that value orders what costs nothing
_ROUNDING = 1e-9
FEW = 10
"""Lines up to which all sets are tried; of few, greedy choice misses the best set in one draw of ten."""
_AT_ONCE = 500
_PARTS, _LOTS = 2.0**45, 128
"""Parts into which the value of a draw is cut, and room for the places of ten lines beside them: 52 bits in all."""


def vital_set(values: Reals, share: float = 0.8) -> Flags:
    """Per draw, the fewest lines whose positive values reach `share` of the sum of positive values.

    Args:
        values: `(lines, draws)`.
        share: of the positive total.

    Returns:
        Membership, `(lines, draws)`.
    """
    positive = np.clip(values, 0, None)
    order = np.argsort(-positive, axis=0, kind="stable")
    ranked = np.take_along_axis(positive, order, axis=0)
    before = np.cumsum(ranked, axis=0) - ranked
    needed = (before < share * (1 - _ROUNDING) * ranked.sum(axis=0)) & (ranked > 0)
    members = np.zeros_like(needed)
    np.put_along_axis(members, order, needed, axis=0)
    return members


def merit(values: Reals, costs: Reals) -> Singles:
    """What lines are put in order by, `(lines, draws)`: value per cost where the value is positive.

    Else the value itself, which is below all of these: a ratio of losses would favour the costlier. What costs nothing
    and is worth something comes before all that costs something, the most valuable first.
    """
    single = values.astype(np.float32)
    merits = np.maximum(single, 0)
    with np.errstate(over="ignore"):
        np.divide(merits, np.maximum(costs.astype(np.float32, copy=False), _NO_COST), out=merits)
    merits += np.minimum(single, 0, out=single)
    return merits


def best_first(merits: Singles, lots: Lots | None = None) -> Places:
    """Places of the lines in order of merit, the best first, `(draws, lines)`.

    Args:
        merits: `(lines, draws)`.
        lots: random numbers `(lines, draws)` of 12 bits that order lines of equal merit; their place when None.
    """
    bits = np.ascontiguousarray((merits + np.float32(0)).T).view(np.int32)  # adding zero makes a minus zero plain
    falling = bits >> 31
    falling &= np.int32((1 << 31) - 1)
    falling ^= bits  # orders as the numbers themselves do
    np.invert(falling, out=falling)
    order = falling.astype(np.int64)
    order <<= _LOT_BITS + _LINE_BITS
    order |= np.arange(len(merits))
    if lots is not None:
        cast = lots.T.astype(np.int64, order="C")
        cast <<= _LINE_BITS
        order |= cast
    order.sort(axis=1)
    order &= (1 << _LINE_BITS) - 1
    return order


def lots(lines: Sequence[str], draws: int) -> Lots:
    """Random numbers of 12 bits, `(lines, draws)`, that order lines of equal merit; each line has its own."""
    cast = np.empty((len(lines), draws), dtype=np.uint16)
    for row, line in zip(cast, lines, strict=True):
        np.right_shift(chances(draws, 0, "", "ties", line), 16 - _LOT_BITS, out=row)
    return cast


def shared_first(merits: Singles) -> Floats:
    """In how many draws each line has the largest merit above 0, `(lines,)`; those that tie share a draw."""
    top = merits.max(axis=0)
    lines, draws = np.nonzero((merits == top) & (top > 0))
    share = 1 / np.bincount(draws, minlength=merits.shape[1])[draws]
    return np.bincount(lines, weights=share, minlength=len(merits))


def best_portfolio(values: Reals, costs: Reals, budget: float, lots: Lots | None = None) -> Flags:
    """Which candidates are in the best portfolio within the budget, `(lines, draws)`.

    Of ten lines or fewer, the set worth most per draw. Of more, lines are taken greedily by value per cost; where the
    best single line that fits is worth more than all of these, it is taken instead, so that a trifle never keeps out
    what would fill the budget. Of many lines greedy loses little value against the exact optimum (0.1 % of a hundred,
    1 % of a dozen on average) and is a thousand times faster per draw.

    Args:
        values: `(lines, draws)`.
        costs: `(lines, draws)`, in the unit of the budget.
        budget: what may be spent.
        lots: see `best_first`.
    """
    if not values.size:
        return np.zeros(values.shape, dtype=bool)

    def block(draws: slice) -> Flags:
        worth, cost = values[:, draws], costs[:, draws]
        order = best_first(merit(worth, cost), None if lots is None else lots[:, draws])
        return funded(worth, cost, budget, order)

    return np.concatenate(by_blocks(block, values.shape), axis=1)


def funded(values: Reals, costs: Reals, budget: float, order: Places) -> Flags:
    """The same where the order of the lines is known.

    Args:
        values: `(lines, draws)`.
        costs: `(lines, draws)`.
        budget: what may be spent.
        order: places of the lines, the best first, `(draws, lines)`; decides between sets of equal value, too.
    """
    if len(values) <= FEW:
        return _best_sets(values, costs, budget, order)
    lines, draws = values.shape
    cells = np.multiply(order.T, draws, order="C")
    cells += np.arange(draws)
    costs = np.array(costs, dtype=np.float64, order="C")
    worthless = values <= 0
    np.copyto(costs, np.inf, where=worthless)
    prices = costs.ravel().take(cells)
    left = np.full(draws, budget + _ROUNDING * abs(budget))
    taken = np.zeros(values.shape, dtype=bool)
    last = lines - int(np.count_nonzero(worthless, axis=0).min())  # what is worth nothing stands last
    for price, take in islice(zip(prices, taken, strict=True), last):
        np.less_equal(price, left, out=take)
        np.subtract(left, price, out=left, where=take)
    chosen = np.zeros(values.shape, dtype=bool)
    chosen.ravel()[cells] = taken
    affordable = values * (costs <= budget)
    single, each = affordable.argmax(axis=0), np.arange(draws)
    better = affordable[single, each] > (values * chosen).sum(axis=0)
    chosen[:, better] = False
    chosen[single[better], each[better]] = True
    return chosen


def _best_sets(values: Reals, costs: Reals, budget: float, order: Places) -> Flags:
    """The set of lines worth most in each draw, of all there are, `(lines, draws)`."""
    lines, draws = values.shape
    positive = np.clip(values, 0, None).astype(np.float64)
    # Whole numbers add up without rounding: between sets worth the same decides what stands before, so of lines alike
    # one is taken by lot and not by place.
    whole = np.rint(positive * np.divide(_PARTS, positive.sum(axis=0), out=np.zeros(draws), where=positive.any(axis=0)))
    worth = whole * _LOTS + np.where(positive > 0, lines - np.argsort(order, axis=1).T, 0)
    best = np.empty(draws, dtype=np.int64)
    for start in range(0, draws, _AT_ONCE):
        cut = slice(start, start + _AT_ONCE)
        sums = _of_all_sets(worth[:, cut])
        np.copyto(sums, -1.0, where=_of_all_sets(costs[:, cut]) > budget + _ROUNDING * abs(budget))
        best[cut] = sums.argmax(axis=0)
    held = (best >> np.arange(lines)[:, None]) & 1 == 1
    return np.asarray(held & (values > 0), dtype=bool)


def _of_all_sets(numbers: Reals) -> Floats:
    """Sums over all sets of rows, `(2^rows, columns)`: set k holds the rows of the bits of k."""
    sums = np.zeros((1 << len(numbers), numbers.shape[1]))
    for at, row in enumerate(numbers):
        np.add(sums[: 1 << at], row, out=sums[1 << at : 2 << at])
    return sums


def keep_memory() -> None:
    """Have the memory of arrays kept for the next ones instead of handing it back to the system."""
    np.empty(_FREED, dtype=np.uint8)  # freed at once, and never touched


def by_blocks[T](block: Callable[[slice], T], shape: tuple[int, ...], size: int = _BLOCK) -> list[T]:
    """What a function gives for blocks of draws, in order.

    Args:
        block: takes a slice of the draws.
        shape: of what is cut, `(lines, draws)`.
        size: numbers in a block.
    """
    lines, draws = shape
    step = max(size // max(lines, 1), 1)
    cuts = [slice(start, min(start + step, draws)) for start in range(0, draws, step)]
    if len(cuts) < 2 or THREADS < 2:  # noqa: PLR2004 - one thread is this one
        return [block(cut) for cut in cuts]
    keep_memory()
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(block, cuts))
