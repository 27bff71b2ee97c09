"""How sure a rank by scores is: each input of a score is off by a factor, so the first of many is also the luckiest.

Observed log score y_i = t_i + e_i, e_i ~ N(0, s_i²) from the stated error of the inputs; true log scores
t_i ~ N(mu, tau²), with mu flat and tau half-normal, its spread learnt from the sheet itself. Both are integrated over,
so that a sheet whose scores hardly differ beyond their error is not ranked as if they did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

INPUT_ERROR = 1.5
"""Factor by which each input of a score is off, one standard deviation on the log scale."""
TYPICAL_SPREAD = math.log(3.0)
"""Mean of the half-normal prior of tau on log scores: true scores that differ by a factor of 3."""
_GRID, _WIDEST = 60, 3.5
_MOST_NUMBERS = 10_000_000
_DRAWS = 10_000
_CHUNK = 2_000_000


@dataclass(frozen=True, slots=True)
class Chances:
    """What is known of the order of some ideas, each array `(ideas,)`.

    `rank_low`, `rank_high`: 80 % interval of the rank. `low`, `middle`, `high`: quantiles of the true value at 10, 50
    and 90 %, on the scale of what was given. `spread`: posterior mean of tau.
    """

    p_top: Floats
    p_first: Floats
    rank: Floats
    rank_low: Floats
    rank_high: Floats
    low: Floats
    middle: Floats
    high: Floats
    spread: float


def chances(
    observed: Sequence[float],
    errors: Sequence[float],
    names: Sequence[str],
    *,
    top: int = 5,
    spread: float = TYPICAL_SPREAD,
    seed: int = 0,
) -> Chances:
    """P(among the first `top`) and the rank of each idea, when what was observed is off by a known error.

    Args:
        observed: what each idea is ordered by, `(ideas,)`; for scores that are products, their logarithms.
        errors: standard deviation of each observation's error, above 0, on the same scale.
        names: of the ideas; each has its own stream of random numbers.
        top: how many count as the first.
        spread: what is expected of how far true values are apart (mean of the prior of tau), on the same scale.
        seed: of the draws.

    >>> found = chances([7.0, 6.5, 5.0, 4.8], [0.8] * 4, "abcd", top=1)
    >>> [round(float(p), 1) for p in found.p_first]
    [0.5, 0.3, 0.1, 0.1]
    """
    y, s2 = np.asarray(observed, dtype=float), np.asarray(errors, dtype=float) ** 2
    draws = int(np.clip(_MOST_NUMBERS // max(len(y), 1), 1_000, _DRAWS))
    taus, shares = _spreads(y, s2, spread)
    general = stream(seed, "", "classic")
    tau = taus[np.searchsorted(np.cumsum(shares), general.uniform(size=draws)).clip(max=len(taus) - 1)]
    mu = _centres(y, s2, tau, general.standard_normal(draws))
    streams = [stream(seed, "classic", name) for name in names]
    counted = _Counts(len(y), min(top, len(y)))
    step = max(1, _CHUNK // max(len(y), 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        normals = np.array([one.standard_normal(size) for one in streams])
        counted.add(_true(y, s2, tau[start : start + size], mu[start : start + size], normals))
    return counted.result(_quantiles(y, s2, taus, shares), float(taus @ shares))


class _Counts:
    """Ranks over draws, counted chunk by chunk: a histogram per idea."""

    def __init__(self, ideas: int, top: int) -> None:
        self.ideas, self.top, self.draws = ideas, top, 0
        self.ranks: list[NDArray[np.int32]] = []

    def add(self, true: Floats) -> None:
        """Count the ranks of some draws, `(ideas, draws)`."""
        order = np.argsort(-true, axis=0, kind="stable")
        ranks = np.empty(order.shape, dtype=np.int32)
        np.put_along_axis(ranks, order, np.arange(1, self.ideas + 1, dtype=np.int32)[:, None], axis=0)
        self.ranks.append(ranks)
        self.draws += true.shape[1]

    def result(self, quantiles: tuple[Floats, Floats, Floats], spread: float) -> Chances:
        """Shares of the draws."""
        ranks = np.concatenate(self.ranks, axis=1)
        ends = [int(0.1 * (self.draws - 1)), int(np.ceil(0.9 * (self.draws - 1)))]
        low, high = np.partition(ranks, ends, axis=1)[:, ends].T
        top, first = (ranks <= self.top).mean(axis=1), (ranks == 1).mean(axis=1)
        return Chances(top, first, ranks.mean(axis=1), low.astype(float), high.astype(float), *quantiles, spread)


def _spreads(y: Floats, s2: Floats, expected: float) -> tuple[Floats, Floats]:
    """A grid of tau and the posterior share of each point: marginal likelihood with mu integrated out, times prior."""
    scale = expected * math.sqrt(math.pi / 2)  # of a half-normal with this mean
    taus = scale * _WIDEST * (np.arange(_GRID) + 0.5) / _GRID
    variance = taus[:, None] ** 2 + s2[None, :]
    precision = (1 / variance).sum(axis=1)
    centre = (y / variance).sum(axis=1) / precision
    misfit = ((y - centre[:, None]) ** 2 / variance).sum(axis=1)
    log_share = -0.5 * (np.log(variance).sum(axis=1) + np.log(precision) + misfit) - 0.5 * (taus / scale) ** 2
    shares = np.exp(log_share - log_share.max())
    return taus, shares / shares.sum()


def _centres(y: Floats, s2: Floats, tau: Floats, normals: Floats) -> Floats:
    """Draws of mu, one per draw of tau."""
    levels, at = np.unique(tau, return_inverse=True)
    variance = levels[:, None] ** 2 + s2[None, :]
    precision = (1 / variance).sum(axis=1)
    centre = (y / variance).sum(axis=1) / precision
    return np.asarray(centre[at] + normals / np.sqrt(precision[at]))


def _true(y: Floats, s2: Floats, tau: Floats, mu: Floats, normals: Floats) -> Floats:
    """Draws of the true values, `(ideas, draws)`: shrunk towards mu by how large the error is."""
    kept = tau**2 / (tau**2 + s2[:, None])
    return np.asarray(mu + kept * (y[:, None] - mu) + np.sqrt(kept * s2[:, None]) * normals)


def _quantiles(y: Floats, s2: Floats, taus: Floats, shares: Floats) -> tuple[Floats, Floats, Floats]:
    """Quantiles of each true value, from mean and variance over the grid of tau."""
    variance = taus[:, None] ** 2 + s2[None, :]
    precision = (1 / variance).sum(axis=1)
    centre = ((y / variance).sum(axis=1) / precision)[:, None]
    kept = taus[:, None] ** 2 / variance
    mean = centre + kept * (y - centre)
    around = kept * s2 + (1 - kept) ** 2 / precision[:, None]
    middle = shares @ mean
    sd = np.sqrt(shares @ (around + (mean - middle) ** 2))
    z = 1.2815515655446004
    return middle - z * sd, middle, middle + z * sd


def score_error(inputs: int, factor: float = INPUT_ERROR) -> float:
    """Standard deviation of the log of a product or quotient of `inputs` numbers, each off by `factor`.

    >>> round(score_error(4, 1.5), 2)
    0.81
    """
    return math.sqrt(inputs) * math.log(factor)


def sum_error(parts: Sequence[float], factor: float = INPUT_ERROR) -> float:
    """Standard deviation of the log of a sum whose parts are off by `factor` each, to first order.

    >>> round(sum_error([8, 5, 3], 1.5), 2)
    0.25
    """
    total = sum(parts)
    return math.log(factor) * math.sqrt(sum(part * part for part in parts)) / total if total > 0 else math.inf
