"""How true effects on two metrics go together over many experiments, freed of the noise of their estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats

RHO_CELLS, SPREAD_CELLS = 61, 9
"""Cells of the grid over the correlation, and over the spread of the true effects on either metric."""
_FARTHEST = 0.995  # beyond this a correlation cannot be told from 1
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Pairs:
    """Estimated effects of experiments on two metrics, in any unit.

    Attributes:
        estimates: `(experiments, 2)`.
        errors: their standard errors, all above 0, `(experiments, 2)`.
        joint: correlation of the two estimates' errors, `(experiments,)`; NaN where it is not known.
    """

    estimates: Floats
    errors: Floats
    joint: Floats


def true_correlation(pairs: Pairs) -> Estimate | None:
    """Correlation of the true effects, with its 80 % interval: 0 as long as nothing speaks for any.

    True effects are normal with spreads and a correlation over a grid; the estimates are these plus correlated normal
    noise. Spreads are uniform where the estimates allow them, the correlation has the density 1 - rho² (Lewandowski,
    Kurowicka and Joe 2009, eta = 2), which draws it towards none. Where the correlation of errors is not known, they
    are taken as correlated as the estimates are: what noise alone could make is then never told as true.

    Returns:
        None with fewer than three experiments, or where all estimates of a metric are the same.
    """
    count = len(pairs.estimates)
    spread = pairs.estimates.std(axis=0, ddof=1) if count >= _FEWEST else np.zeros(2)
    if not (spread > 0).all():
        return None
    around, errors = (pairs.estimates - pairs.estimates.mean(axis=0)) / spread, pairs.errors / spread
    seen = float(np.clip((around[:, 0] * around[:, 1]).sum() / (count - 1), -1, 1))
    noise = np.where(np.isnan(pairs.joint), seen, pairs.joint) * errors.prod(axis=1)
    rho = np.linspace(-_FARTHEST, _FARTHEST, RHO_CELLS)
    first, second = (_spreads(errors[:, at], count) for at in (0, 1))
    first, second = first[:, None, None, None], second[None, :, None, None]
    one = first**2 + errors[:, 0] ** 2
    two = second**2 + errors[:, 1] ** 2
    both = rho[None, None, :, None] * first * second + noise
    rest = np.maximum(one * two - both**2, 1e-12)
    x, y = around[:, 0], around[:, 1]
    fit = (np.log(rest) + (two * x**2 - 2 * both * x * y + one * y**2) / rest).sum(axis=3)
    log = np.log(1 - rho**2) - fit / 2
    density = np.exp(log - log.max()).sum(axis=(0, 1))
    return _summary(rho, density / density.sum())


def explained(correlations: Floats, at: int, comparisons: int) -> float:
    """Share of the variance of one metric's true effects that those of the others explain (adjusted R²).

    Args:
        correlations: of all of them, `(metrics, metrics)`, ones on its diagonal.
        at: which.
        comparisons: experiments behind the correlations; one is lost for every other metric.
    """
    others = [place for place in range(len(correlations)) if place != at]
    if not others or comparisons <= len(others) + 1:
        return 0.0
    within = correlations[np.ix_(others, others)] + 1e-6 * np.eye(len(others))
    link = correlations[at, others]
    share = float(np.clip(link @ np.linalg.solve(within, link), 0, 1))
    return max(0.0, 1 - (1 - share) * (comparisons - 1) / (comparisons - len(others) - 1))


def _spreads(errors: Floats, count: int) -> Floats:
    """Spreads of the true effects that the estimates allow, in spreads of the estimates: three standard errors wide."""
    middle, reach = 1 - float((errors**2).mean()), 3 * np.sqrt(2 / (count - 1))
    low, high = (np.sqrt(max(end, 0.0)) for end in (middle - reach, middle + reach))
    high = max(high, low + 0.1)
    return np.asarray(low + (high - low) * (np.arange(SPREAD_CELLS) + 0.5) / SPREAD_CELLS)


def _summary(rho: Floats, density: Floats) -> Estimate:
    below = np.cumsum(density) - density / 2
    low, high = np.interp([0.1, 0.9], below, rho)
    return Estimate(float(rho @ density), float(low), float(high))
