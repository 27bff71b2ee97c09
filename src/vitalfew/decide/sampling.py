"""Draws of what is believed of a line, from one stream per line and metric.

A stream gives chances: whole numbers from 0 to 65,535, each standing for the middle of one of as many equal parts of
the unit interval. Quantile functions are then looked up instead of computed, which makes a thousand lines a matter of a
second; with 10,000 draws nobody can tell the difference. Forecasts and measured effects share the chances of their
metric, so that calibrating a forecast or testing it moves a line and shuffles nothing.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.judgement.metalog import Metalog, SplitNormal, fit
from vitalfew.judgement.posterior import root
from vitalfew.judgement.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vitalfew.decide.effects import Known
    from vitalfew.judgement.metalog import Distribution, Quantiled

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Chances = NDArray[np.uint16]

LEVELS = 1 << 16
_RIDGE = 1e-9


def chances(draws: int, seed: int, *names: str) -> Chances:
    """The chances of one thing, `(draws,)`, by its names."""
    raw = stream(seed, *names).bit_generator.random_raw(-(-draws // 4))  # of 64 bits each: the bytes of the generator
    return np.asarray(raw, dtype="<u8").view("<u2")[:draws].astype(np.uint16, copy=False)


@cache
def _middles() -> Floats:
    return (np.arange(LEVELS) + 0.5) / LEVELS


@cache
def _logits() -> Singles:
    return (np.log(_middles()) - np.log1p(-_middles())).astype(np.float32)


@cache
def normals() -> Singles:
    """The standard normal quantile of each level, `(LEVELS,)`."""
    from scipy.special import ndtri

    return np.asarray(ndtri(_middles()), dtype=np.float32)


def correlated(each: list[Chances], correlation: Floats) -> list[Chances]:
    """Chances with a Gaussian copula of this correlation, from chances that are independent.

    Args:
        each: `(draws,)` per metric.
        correlation: `(k, k)`.
    """
    if len(each) < 2 or np.array_equal(correlation, np.eye(len(each))):  # noqa: PLR2004 - a pair is two
        return each
    from scipy.special import ndtr

    mixed = root(correlation).astype(np.float32) @ normals()[np.array(each)]
    return list(_level(ndtr(mixed)))


def _level(u: NDArray[np.floating[Any]]) -> Chances:
    """The chance that stands for a number between 0 and 1."""
    return np.asarray(np.clip(u * LEVELS, 0, LEVELS - 1), dtype=np.uint16)


def forecast_draws(promise: Quantiled, at: Chances) -> Singles:
    """Draws of a forecast effect, `(draws,)`: its distribution, mixed with a point mass at no effect.

    Args:
        promise: quantiles and P(no effect).
        at: its chances.
    """
    effect = 1.0 - promise.p_zero
    if effect <= 0:
        return np.zeros(len(at), dtype=np.float32)
    distribution = fit(promise.p10, promise.p50, promise.p90)
    if promise.p_zero <= 0:
        return _quantiles(distribution, at)
    below = effect * _share_below_zero(distribution) * LEVELS  # levels that stand for a loss
    levels = at.astype(np.float32)
    beyond = levels >= below
    levels -= beyond * np.float32(promise.p_zero * LEVELS)  # masks are slower than sums
    something = levels >= below
    something |= ~beyond
    levels /= effect
    drawn = _quantiles(distribution, np.clip(levels, 0, LEVELS - 1, out=levels).astype(np.uint16))
    drawn *= something
    return drawn


def _quantiles(distribution: Distribution, at: Chances) -> Singles:
    if isinstance(distribution, Metalog):
        drawn = at.astype(np.float32)
        drawn -= LEVELS / 2 - 0.5
        drawn *= distribution.a3 / LEVELS
        drawn += distribution.a2
        drawn *= _logits().take(at)
        drawn += distribution.a1
        return drawn
    if isinstance(distribution, SplitNormal):
        drawn = normals().take(at)
        drawn *= np.where(drawn < 0, np.float32(distribution.below), np.float32(distribution.above))
        drawn += distribution.median
        return drawn
    return np.asarray(distribution.quantile(_middles()[at]), dtype=np.float32)


def _share_below_zero(distribution: Distribution) -> float:
    """P(a draw is below zero)."""
    if isinstance(distribution, SplitNormal):
        side = distribution.below if distribution.median >= 0 else distribution.above
        if side == 0:
            return float(distribution.median < 0)
        return math.erfc(distribution.median / side / math.sqrt(2)) / 2
    low, high = 0.0, 1.0
    for _ in range(20):  # by bisection of the quantile function
        middle = (low + high) / 2
        if _at(distribution, middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at(distribution: Distribution, u: float) -> float:
    """One quantile; written out for the metalog, where it is asked for ten thousand times a run."""
    if isinstance(distribution, Metalog):
        return distribution.a1 + (distribution.a2 + distribution.a3 * (u - 0.5)) * math.log(u / (1 - u))
    return float(distribution.quantile(u))


def effect_draws(
    known: Mapping[str, Known],
    joint: Floats,
    bias: Mapping[str, float],
    priors: Mapping[str, tuple[float, float]],
    at: Mapping[str, Chances],
) -> dict[str, Floats]:
    """Draws of measured effects, `(draws,)` each, in the metrics' units.

    With a forecast as prior the draws are of the posterior: normal prior with the forecast's moments, normal likelihood
    with the covariance of the estimates and what their grade may be wrong by (6.3). That serves only to rank
    candidates; verdicts and shipped lines never mix a promise with its own evidence. A forecast without any spread does
    not say how sure it is, and gives no prior.

    Args:
        known: effects by metric.
        joint: correlation of their estimates, `(k, k)`, in the order of `known`.
        bias: standard deviation of what an effect may be wrong by besides its standard error, by metric.
        priors: mean and variance of forecasts of some of the metrics; a variance of 0 says nothing.
        at: chances by metric.
    """
    if not known:
        return {}
    own = np.array([effect.se for effect in known.values()])
    se = np.hypot(own, [bias.get(metric, 0.0) for metric in known])
    mean = np.array([effect.estimate for effect in known.values()]) / se
    # In standard errors, so that units do not matter; systematic errors of two metrics are their own.
    covariance = joint * np.outer(own / se, own / se)
    np.fill_diagonal(covariance, 1.0)
    prior = [priors.get(metric, (0.0, 0.0)) for metric in known]
    if any(variance > 0 for _, variance in prior):
        evidence = np.linalg.inv(covariance + _RIDGE * np.eye(len(se)))  # the ridge keeps twins invertible
        spread = np.array([variance for _, variance in prior])
        precision = np.divide(se**2, spread, out=np.zeros_like(se), where=spread > 0)
        covariance = np.linalg.inv(evidence + np.diag(precision))
        mean = covariance @ (evidence @ mean + precision * np.array([m for m, _ in prior]) / se)
    noise = root(covariance) @ normals()[np.array([at[metric] for metric in known])]
    return {metric: se[i] * (mean[i] + noise[i]) for i, metric in enumerate(known)}
