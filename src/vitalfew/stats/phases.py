"""Phases of an experiment in which the split between the arms stayed the same, found from units per day and arm."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FALSE_RAMPS = 0.002
"""Probability of seeing a ramp in a series of days that has none; below the 0.005 promised."""
FEWEST_UNITS = 50
"""Units that a phase needs: a handful of test users before the start are no phase."""
_FEWEST_EXPECTED = 5.0  # units that the smallest arm needs in a phase, so that chi-square is about right
_SMALL_SHIFT, _SMALL_RATIO = 0.01, 0.1  # of shares: what nobody ramps by, however clearly it can be measured


def phases(counts: ArrayLike) -> list[tuple[int, int]]:
    """Split days into contiguous phases with a constant split; one phase when there was no ramp.

    The phases maximise the multinomial likelihood minus a penalty for each change, found exactly over all divisions
    (optimal partition: Jackson et al. 2005, IEEE Signal Processing Letters 12). The penalty is the chi-square
    quantile at which all days together raise a false ramp once in 500 experiments. Neighbours whose shares
    differ by less than a percentage point, and by less than a tenth of themselves, are one phase.

    Args:
        counts: units first seen, `(days, arms)`, days in order, days without units included.

    Returns:
        First and last day of each phase, counted from 0; all days are in one.

    Raises:
        UsageError: the counts are no table, or negative.

    >>> phases([[900, 100]] * 3 + [[500, 500]] * 4)
    [(0, 2), (3, 6)]
    """
    table = _table(counts)
    table = table[:, table.sum(axis=0) > 0]
    days, arms = table.shape
    seen = np.flatnonzero(table.sum(axis=1) > 0)
    if arms < 2 or len(seen) < 2:  # noqa: PLR2004 - one arm or one day has nothing to change
        return [(0, days - 1)]
    starts = _merged(table[seen], _starts(table[seen]))
    firsts = [0, *(int(seen[at]) for at in starts[1:])]
    return list(zip(firsts, [*(first - 1 for first in firsts[1:]), days - 1], strict=True))


def _table(counts: ArrayLike) -> Floats:
    try:
        table = np.asarray(counts, dtype=np.float64)
    except (TypeError, ValueError):
        table = np.zeros(0)
    if table.ndim != 2 or not table.size or not np.all((table >= 0) & np.isfinite(table)):  # noqa: PLR2004 - days by arms
        raise UsageError("units per day and arm are not a table of counts", expected="rows of days, columns of arms")
    return table


def _starts(table: Floats) -> list[int]:
    """Beginnings of the best division of days that all have units."""
    from scipy.special import chdtri, xlogy

    days, arms = table.shape
    # Half of the statistic, because the gain of a change is a difference of log likelihoods.
    penalty = float(chdtri(arms - 1, FALSE_RAMPS / (days - 1))) / 2
    total = np.concatenate([np.zeros((1, arms)), np.cumsum(table, axis=0)])
    units = total.sum(axis=1)
    least = max(FEWEST_UNITS, _FEWEST_EXPECTED / float((total[-1] / units[-1]).min()))
    if units[-1] < least:
        return [0]
    best, origin = np.full(days + 1, np.inf), np.zeros(days + 1, dtype=np.int64)
    best[0] = -penalty
    for end in range(1, days + 1):
        inside, size = total[end] - total[:end], units[end] - units[:end]
        cost = xlogy(size, size) - xlogy(inside, inside).sum(axis=1)
        value = np.where(size >= least, best[:end] + cost + penalty, np.inf)
        origin[end] = int(np.argmin(value))
        best[end] = value[origin[end]]
    starts, end = list[int](), days
    while end > 0:
        end = int(origin[end])
        starts.append(end)
    return starts[::-1]


def _merged(table: Floats, starts: list[int]) -> list[int]:
    """Beginnings without those where the split hardly moves."""
    kept = starts[:1]
    for start, end in pairwise([*starts[1:], len(table)]):
        before, after = table[kept[-1] : start].sum(axis=0), table[start:end].sum(axis=0)
        one, other = before / before.sum(), after / after.sum()
        shift = np.abs(one - other)
        if np.any((shift >= _SMALL_SHIFT) | (shift >= _SMALL_RATIO * np.minimum(one, other))):
            kept.append(start)
    return kept
