"""Scores of forecasts against what came: proper ones, so that the best score is had by saying what one believes.

CRPS (continuous ranked probability score) = E|X - x| - E|X - X'| / 2, in the unit of x; 0 is best (Gneiting & Raftery
2007, JASA 102). What came is measured with an error: a forecast is then scored as one of the measurement, by adding
that error to it, so that noise in the outcome is not held against whoever was right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.judgement.metalog import fit
from vitalfew.stats.quadrature import legendre
from vitalfew.stats.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.judgement.metalog import Quantiled

    Floats = NDArray[np.float64]

_NODES = 96


def crps_normal(mean: ArrayLike, sd: ArrayLike, x: ArrayLike) -> Floats:
    """CRPS of normal forecasts.

    Args:
        mean: any shape.
        sd: likewise, 0 or more; with 0 it is |mean - x|.
        x: what came.

    >>> float(crps_normal(0.0, 1.0, 0.0).round(4))
    0.2337
    """
    away, spread = (
        np.asarray(x, dtype=np.float64) - np.asarray(mean, dtype=np.float64),
        np.asarray(sd, dtype=np.float64),
    )
    return np.asarray(_mean_distance(away, spread) - spread / math.sqrt(math.pi))


def crps_sample(sample: ArrayLike, x: ArrayLike, se: float = 0.0) -> Floats:
    """CRPS of forecasts given as equally likely values.

    Args:
        sample: `(..., k)`.
        x: what came, `(...)`.
        se: standard error with which it was measured.

    >>> float(crps_sample([0.0, 1.0], 0.0))
    0.25
    """
    values = np.asarray(sample, dtype=np.float64)
    if not values.shape[-1]:
        raise NotEnoughData("a forecast of no values cannot be scored", expected="at least one value")
    share = np.full(values.shape[-1], 1 / values.shape[-1])
    return _crps_atoms(values, share, np.asarray(x, dtype=np.float64), se)


def crps(forecast: Quantiled, x: float, se: float = 0.0) -> float:
    """CRPS of a forecast of three quantiles with its point mass at no effect.

    In closed form where the outcome is exact; with a standard error by quadrature of the quantile function.

    Args:
        forecast: quantiles and P(no effect), in the unit of `x`.
        x: what came.
        se: standard error with which it was measured.

    Raises:
        UsageError: what came is no number, or its error below 0.

    >>> from vitalfew.judgement.record import Quantiles
    >>> round(crps(Quantiles(-1, 0, 1, 0.0), 0.0), 4)
    0.1758
    """
    if not (math.isfinite(x) and se >= 0):
        raise UsageError(f"what came is {x:g}, measured within {se:g}", expected="a number, and an error of 0 or more")
    zero, rest = forecast.p_zero, 1.0 - forecast.p_zero
    shape = fit(forecast.p10, forecast.p50, forecast.p90)
    if se > 0:
        values, share = _atoms(forecast)
        return float(_crps_atoms(values, share, np.asarray(x, dtype=np.float64), se))
    apart = zero * abs(x) + rest * shape.distance(x)
    return apart - zero * rest * shape.distance(0.0) - 0.5 * rest**2 * shape.difference


def cdf(forecast: Quantiled, x: float, se: float = 0.0, *, below: bool = False) -> float:
    """P(measured effect <= x) by a forecast; `below`: P(< x), which differs at no effect alone.

    >>> from vitalfew.judgement.record import Quantiles
    >>> round(cdf(Quantiles(1, 2, 3, 0.5), 0.0), 3), round(cdf(Quantiles(1, 2, 3, 0.5), 0.0, below=True), 3)
    (0.506, 0.006)
    """
    if se > 0:
        from scipy.special import ndtr

        values, share = _atoms(forecast)
        return float(share @ ndtr((x - values) / se))
    at_zero = x > 0.0 or (x == 0.0 and not below)
    shape = fit(forecast.p10, forecast.p50, forecast.p90)
    return forecast.p_zero * at_zero + (1 - forecast.p_zero) * shape.cdf(x)


def pit(forecast: Quantiled, x: float, se: float = 0.0) -> float:
    """Where in the forecast the outcome fell, 0 to 1; uniform for a calibrated forecaster (middle of a point mass)."""
    return (cdf(forecast, x, se) + cdf(forecast, x, se, below=True)) / 2


@dataclass(frozen=True, slots=True)
class Brier:
    """The mean score of probabilities, and its parts (Murphy 1973): score = reliability - resolution + uncertainty.

    `within` is what bins hide: the parts add up to the score exactly when all probabilities of a bin are alike.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier(probability: ArrayLike, came: ArrayLike, bins: int = 10) -> Brier:
    """Score probabilities of events.

    Args:
        probability: `(n,)`, 0 to 1.
        came: whether each event came, `(n,)`.
        bins: of equal width, for the parts.

    Raises:
        NotEnoughData: no events.
        UsageError: not as many events as probabilities, or numbers that are neither.

    >>> brier([0.9, 0.9, 0.1, 0.1], [1, 1, 0, 1]).score
    0.21000000000000002
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(came, dtype=np.float64)
    if not p.size:
        raise NotEnoughData("no events to score", expected="at least one")
    if p.shape != y.shape or not (((p >= 0) & (p <= 1)).all() and np.isin(y, (0, 1)).all()):
        told = f"{p.size} probabilities and {y.size} events"
        raise UsageError(told, expected="as many of each: numbers from 0 to 1, and whether each event came")
    place = np.minimum((p * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    used = count > 0
    said = np.bincount(place, p, bins)[used] / count[used]
    came_share = np.bincount(place, y, bins)[used] / count[used]
    weight, base = count[used] / p.size, float(y.mean())
    score = float(((p - y) ** 2).mean())
    reliability = float(weight @ (said - came_share) ** 2)
    resolution = float(weight @ (came_share - base) ** 2)
    uncertainty = base * (1 - base)
    return Brier(score, reliability, resolution, uncertainty, score - reliability + resolution - uncertainty)


def coverage(places: Sequence[float], share: float = 0.8) -> tuple[float, float, float]:
    """Share of outcomes inside the central ranges, with Wilson's 95 % interval, from where each fell (`pit`).

    Raises:
        NotEnoughData: no outcomes.

    >>> covered, low, high = coverage([0.05, 0.3, 0.5, 0.7])
    >>> covered, round(low, 2), round(high, 2)
    (0.75, 0.3, 0.95)
    """
    if not 0 < share < 1:
        raise UsageError(f"{share:g} is no share of a range", expected="a number between 0 and 1")
    tail = (1 - share) / 2
    inside = sum(tail <= place <= 1 - tail for place in places)
    low, high = wilson(inside, len(places))
    return inside / len(places), low, high


def skill(score: float, reference: float) -> float | None:
    """1 - score / reference: 1 perfect, 0 no better than the reference; None where the reference is perfect.

    >>> skill(0.25, 0.5)
    0.5
    """
    return 1 - score / reference if reference > 0 else None


def _atoms(forecast: Quantiled) -> tuple[Floats, Floats]:
    """A forecast as values with shares: nodes of its quantile function, and no effect."""
    nodes, weight = legendre(_NODES)
    values = fit(forecast.p10, forecast.p50, forecast.p90).quantile((nodes + 1) / 2)
    share = (1 - forecast.p_zero) * weight / 2
    return np.append(values, 0.0), np.append(share, forecast.p_zero)


def _crps_atoms(values: Floats, share: Floats, x: Floats, se: float) -> Floats:
    """CRPS of values `(..., k)` with shares `(k,)`, each blurred by the error of the measurement."""
    apart = _mean_distance(x[..., None] - values, np.asarray(se)) @ share
    between = _mean_distance(values[..., :, None] - values[..., None, :], np.asarray(math.sqrt(2) * se))
    return np.asarray(apart - 0.5 * np.einsum("...ij,i,j->...", between, share, share))


def _mean_distance(away: Floats, sd: Floats) -> Floats:
    """E|away + sd Z| for a standard normal Z."""
    from scipy.special import ndtr

    z = np.divide(away, sd, out=np.zeros(np.broadcast(away, sd).shape), where=sd > 0)
    blurred = away * (2 * ndtr(z) - 1) + 2 * sd * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return np.asarray(np.where(sd > 0, blurred, np.abs(away)))
