"""Whether what a series does by chance, and how it grows, is in proportion to its level; changes put on one level.

A series that doubled strays by twice as much where its noise is a share of its level, and by as much as ever where it
is not. Told wrongly, chance on old dates is not chance today. How it strays is asked of its days, of which there are
many; how it grows, of the changes themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_GROWN = 1.2  # highest over lowest level of a history below which all answers are the same
_WEEK = 7
_FEWEST_DAYS = 56
_FAR = 7.5  # medians, beyond which a number tells no more: launches and outages are neither noise nor growth
_ROUNDING = 1e-12
_RARE = 0.01  # share of days without a value above zero that an outage explains; few counts a day have more


def has_grown(values: Floats, levels: Floats) -> bool:
    """Whether a series above zero was at levels far apart.

    Args:
        values: one per day before the date in question, `(days,)`, NaN where missing.
        levels: of the stretches that are compared, `(dates,)`, NaN where unknown.
    """
    there, known = values[np.isfinite(values)], levels[np.isfinite(levels)]
    if not len(known) or float(np.quantile(there, _RARE)) <= 0:
        return False
    lowest, highest = float(known.min()), float(known.max())
    return lowest > _ROUNDING * highest and highest > _GROWN * lowest


def strays_in_proportion(values: Floats) -> bool:
    """Whether days of a series are likelier to stray in proportion to its level than by as much at every level.

    Each day is held against the same day of the week before, which takes weekdays and trends out; likelihoods are those
    of Laplace, which one day cannot overturn.

    Args:
        values: one per day before the date in question, `(days,)`, NaN where missing.
    """
    if len(values) < _FEWEST_DAYS:
        return False
    steps = values[2 * _WEEK - 1 :] - values[_WEEK - 1 : -_WEEK]
    around = np.lib.stride_tricks.sliding_window_view(values, 2 * _WEEK).mean(axis=1)
    there = np.isfinite(steps) & np.isfinite(around) & (around > 0)
    plain, level = np.abs(steps[there]), around[there]
    return bool(len(plain)) and _usual(plain / level) * float(np.exp(np.log(level).mean())) < _usual(plain)


def on_one_level(changes: Floats, levels: Floats, *, in_proportion: bool) -> Floats:
    """What changes at other levels would have been at that of the first one.

    Beside their noise, changes hold what such stretches usually gain: a share of the level, or as much at every level;
    whichever leaves less. It is taken out before the rest is scaled, and put back as it is at the first level.

    Args:
        changes: `(dates,)`, the one in question first; NaN where unknown.
        levels: before each, `(dates,)`, above zero.
        in_proportion: whether the noise is.
    """
    size = levels / levels[0]
    told = np.isfinite(changes) & np.isfinite(size)
    told[0] = False
    if not told.any():
        return changes
    scale = size if in_proportion else np.ones(len(size))
    found = []
    for gains in (size, np.ones(len(size))):
        gain = _usual_gain(changes[told] / gains[told], gains[told] / scale[told]) * gains
        found.append((changes - gain) / scale + gain[0])
    return min(found, key=lambda one: _usual(np.abs(one[told] - np.median(one[told]))))


def _usual(sizes: Floats) -> float:
    """Mean size, in which those far from the others count no more than the farthest of these might."""
    return float(np.minimum(sizes, _FAR * np.median(sizes)).mean())


def _usual_gain(gains: Floats, weights: Floats) -> float:
    """Their weighted median."""
    order = np.argsort(gains)
    total = np.cumsum(weights[order])
    return float(gains[order][np.searchsorted(total, total[-1] / 2)])
