"""Measured values drawn towards what all shipped lines have in common: what is left of them without luck.

The largest of many estimates is large by luck, too (winner's curse). True values are taken as normal around a common
mean; how far they scatter is learned from the values themselves and stays uncertain. Source: Gelman et al. (2013),
"Bayesian Data Analysis", third edition, equations 5.17 to 5.21: mean flat, spread uniform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.streams import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 5
"""Lines from which on their scatter says anything; below, values stay as they are."""
_CELLS = 60
_SURE = 1e-9


def shrunk(values: Floats, seed: int) -> Floats:
    """Draws of true values, from draws of measured ones, `(lines, draws)`.

    Each draw keeps its place among those of its line, so that what lines share (weights) stays shared.

    Args:
        values: draws around what was measured, `(lines, draws)`.
        seed: of the run.
    """
    lines, draws = values.shape
    mean, sd = values.mean(axis=1), values.std(axis=1)
    spread = float(mean.std())
    if lines < FEWEST or spread + float(sd.max()) <= 0:
        return values
    sd = np.maximum(sd, _SURE * (spread + float(sd.max())))
    tau = (np.arange(_CELLS) + 0.5) / _CELLS * (2.5 * spread + float(np.median(sd)))
    precision = 1 / (sd**2 + tau[:, None] ** 2)  # (cells, lines)
    total = precision.sum(axis=1)
    centre = precision @ mean / total
    fit = (np.log(precision) - precision * (mean - centre[:, None]) ** 2).sum(axis=1) - np.log(total)
    chance = np.exp((fit - fit.max()) / 2)
    rng = stream(seed, "", "common")
    cell = np.minimum(np.searchsorted(np.cumsum(chance) / chance.sum(), rng.random(draws)), _CELLS - 1)
    common = centre[cell] + rng.standard_normal(draws) / np.sqrt(total[cell])
    own = tau[cell] ** 2 / (tau[cell] ** 2 + sd[:, None] ** 2)  # how much of each line is its own, (lines, draws)
    noise = (values - mean[:, None]) * np.sqrt(own)
    return np.asarray(own * mean[:, None] + (1 - own) * common + noise)
