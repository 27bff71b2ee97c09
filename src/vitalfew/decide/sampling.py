"""Draws of what is believed of a line, from one stream per line and metric.

A stream gives chances: whole numbers from 0 to 65,535, each standing for the middle of one of as many equal parts of
the unit interval. Quantile functions are then looked up instead of computed, which makes a thousand lines a matter of a
second; with 10,000 draws nobody can tell the difference. Forecasts and measured effects share the chances of their
metric, so that calibrating a forecast or testing it moves a line and shuffles nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.judgement.metalog import Metalog, SplitNormal, fit
from vitalfew.judgement.posterior import root
from vitalfew.judgement.streams import stream
from vitalfew.stats.normal import ppf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    below = np.array([ppf(u) for u in _middles()[: LEVELS // 2].tolist()])
    return np.concatenate([below, -below[::-1]]).astype(np.float32)


def correlated(each: Chances, correlation: Floats) -> Chances:
    """Chances with a Gaussian copula of this correlation, from chances that are independent.

    Args:
        each: `(metrics, draws)`.
        correlation: `(metrics, metrics)`.
    """
    if np.array_equal(correlation, np.eye(len(each))):
        return each
    from scipy.special import ndtr

    return _level(ndtr(root(correlation).astype(np.float32) @ normals()[each]))


def _level(u: NDArray[np.floating[Any]]) -> Chances:
    """The chance that stands for a number between 0 and 1."""
    return np.asarray(np.clip(u * LEVELS, 0, LEVELS - 1), dtype=np.uint16)


def forecast_draws(promises: Sequence[Quantiled], at: Chances) -> Singles:
    """Draws of forecast effects, `(promises, draws)`: their distributions, each mixed with a point mass at no effect.

    Args:
        promises: quantiles and P(no effect).
        at: their chances, `(promises, draws)`.
    """
    laws = [fit(promise.p10, promise.p50, promise.p90) for promise in promises]
    if not any(promise.p_zero for promise in promises):
        return _quantiles(laws, at)
    effect = [1.0 - promise.p_zero for promise in promises]
    # Levels that stand for a loss come first, then those of no effect.
    below = _column(share * _share_below_zero(law) * LEVELS for share, law in zip(effect, laws, strict=True))
    levels = at.astype(np.float32)
    beyond = levels >= below
    levels -= beyond * _column(promise.p_zero * LEVELS for promise in promises)  # masks are slower than sums
    something = levels >= below
    something |= ~beyond
    levels /= _column(share or 1.0 for share in effect)
    drawn = _quantiles(laws, np.clip(levels, 0, LEVELS - 1, out=levels).astype(np.uint16))
    drawn *= something
    return drawn


def _quantiles(laws: Sequence[Distribution], at: Chances) -> Singles:
    """The quantile of each distribution at its levels, `(laws, draws)`."""
    smooth = [law for law in laws if isinstance(law, Metalog)]
    if len(smooth) == len(laws):
        return _of_metalogs(smooth, at)
    found = np.empty(at.shape, dtype=np.float32)
    for row, law in enumerate(laws):
        if isinstance(law, Metalog):
            found[row] = _of_metalogs([law], at[row])
        elif isinstance(law, SplitNormal):
            noise = normals().take(at[row])
            noise *= np.where(noise < 0, np.float32(law.below), np.float32(law.above))
            np.add(noise, law.median, out=found[row])
        else:
            found[row] = law.quantile(_middles()[at[row]])
    return found


def _of_metalogs(laws: Sequence[Metalog], at: Chances) -> Singles:
    drawn = at.astype(np.float32)
    drawn -= LEVELS / 2 - 0.5
    drawn = drawn * _column(law.a3 / LEVELS for law in laws)
    drawn += _column(law.a2 for law in laws)
    drawn *= _logits().take(at)
    drawn += _column(law.a1 for law in laws)
    return drawn


def _column(numbers: Iterable[float]) -> Singles:
    return np.array([*numbers], dtype=np.float32)[:, None]


def _share_below_zero(law: Distribution) -> float:
    """P(a draw is below zero)."""
    if isinstance(law, SplitNormal) and law.median == 0:
        return 0.5 if law.below else 0.0  # without a spread, that half of its mass is at zero itself
    return law.cdf(0.0)


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
