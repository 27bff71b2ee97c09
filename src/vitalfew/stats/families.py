"""Several tests that share one promise: adjusted p-values for families of comparisons.

Every function takes p-values (or statistics) along the last axis, `(..., k)`, one family per row, and returns adjusted
p-values of the same shape: a test is significant at alpha when its adjusted p is at most alpha. NaN is a test that
could not be made; it stays NaN and does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.normal import check_confidence
from vitalfew.stats.quadrature import hermite, legendre

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_NODES, _MORE_NODES = 96, 512  # of the integral over the control arm
_ALIKE = 0.85  # loading from which the statistics are so alike that it needs more of them
_SPREAD_NODES = 48  # of the integral over the variance that all share
_BELL_NODES = 14  # of the same integral where it is nearly normal
_BELL = 30.0  # degrees of freedom from which it is
_SURE = 1 - 1e-16  # what a probability is taken to be at most, so that its complement has a logarithm
_REACH = 8.5  # standard deviations that the integrals span
_MOST_ALIKE = 0.9995  # loading up to which that many are enough; a smaller one errs on the cautious side
_MANY = 1e6  # degrees of freedom from which Student's t is the normal


def bonferroni(p_values: ArrayLike) -> Floats:
    """P times the number of tests: any false rejection has at most the probability alpha, whatever their dependence.

    >>> bonferroni([0.01, 0.04]).tolist()
    [0.02, 0.08]
    """
    p = _given(p_values)
    return np.minimum(p * np.sum(~np.isnan(p), axis=-1, keepdims=True), 1.0)


def holm(p_values: ArrayLike) -> Floats:
    """Holm's step-down adjustment: the promise of Bonferroni, never larger p-values (Holm 1979, Scand. J. Stat. 6).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _given(p_values)
    order = np.argsort(p, axis=-1)  # NaN is sorted last
    rank = np.arange(p.shape[-1])
    left = np.sum(~np.isnan(p), axis=-1, keepdims=True) - rank
    stepped = np.maximum.accumulate(np.take_along_axis(p, order, axis=-1) * left, axis=-1)
    return _back(np.minimum(stepped, 1.0), order, p)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjusted p-values whose rejections at q are false in at most the share q on average.

    For independent or positively dependent tests (Benjamini & Hochberg 1995, JRSS B 57(1), procedure (1)).

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    p = _given(p_values)
    order = np.argsort(p, axis=-1)
    count = np.sum(~np.isnan(p), axis=-1, keepdims=True)
    stepped = np.take_along_axis(p, order, axis=-1) * count / np.arange(1, p.shape[-1] + 1)
    filled = np.where(np.isnan(stepped), np.inf, stepped)
    lowest = np.minimum.accumulate(filled[..., ::-1], axis=-1)[..., ::-1]
    return _back(np.minimum(lowest, 1.0), order, p)


def dunnett(statistics: ArrayLike, control: ArrayLike, treatment: ArrayLike, df: ArrayLike) -> Floats:
    """Two-sided adjusted p-values of several treatments against one control (Dunnett 1955, JASA 50).

    The comparisons share the control arm: with v the squared standard errors of the arms, the correlation of two of
    them is l_i l_j with l_i = sqrt(v_0 / (v_0 + v_i)). Exact by numerical integration for a common variance; with
    Welch's statistics each arm's own degrees of freedom are used.

    Args:
        statistics: estimate / standard error, `(..., k)`.
        control: squared standard error of the control arm, broadcast against `statistics`.
        treatment: squared standard errors of the treatment arms, likewise.
        df: degrees of freedom of the statistics, likewise; `inf` for the normal.

    Raises:
        UsageError: the shapes do not fit each other, or there is no axis of comparisons.

    >>> dunnett([2.2121, 0.0], 1.0, [1.0, 1.0], np.inf).round(4).tolist()
    [0.05, 1.0]
    """
    from scipy.special import ndtr, stdtr

    try:
        t, v_0, v, nu = np.broadcast_arrays(
            *(np.asarray(part, dtype=np.float64) for part in (statistics, control, treatment, df))
        )
    except (TypeError, ValueError):
        raise UsageError("statistics, variances and degrees of freedom of different shapes") from None
    if not t.size or not t.ndim:
        raise UsageError("no comparisons with the control", expected="one statistic per treatment arm")
    loading = _loading(v_0, v)
    beyond = np.stack([_beyond(np.abs(t[..., at]), loading, t, nu[..., at]) for at in range(t.shape[-1])], axis=-1)
    # Beyond what the integral reaches a family still says no less than one test.
    alone = np.where(nu < _MANY, stdtr(np.minimum(nu, _MANY), -np.abs(t)), ndtr(-np.abs(t)))
    return np.where(np.isnan(t), np.nan, np.clip(beyond, np.maximum(2 * alone, SMALLEST_P), 1.0))


def dunnett_critical(control: float, treatment: ArrayLike, df: float, confidence: float = 0.95) -> float:
    """Standard errors that make intervals of all treatments hold together, `confidence` as a share.

    Raises:
        UsageError: no treatment arm, a variance below zero, or a confidence that is no share.

    >>> round(dunnett_critical(1.0, [1.0, 1.0], np.inf), 3)
    2.212
    """
    from scipy.optimize import brentq

    check_confidence(confidence)
    v = np.atleast_1d(np.asarray(treatment, dtype=np.float64))
    if not v.size or not (control >= 0 and np.all(v >= 0) and np.all(control + v > 0) and df > 0):
        raise UsageError(
            "these arms have no common critical value", expected="variances and degrees of freedom above 0"
        )
    loading, level = _loading(np.asarray(control, dtype=np.float64), v), 1.0 - confidence
    nu = np.asarray(df, dtype=np.float64)
    most = float(brentq(lambda top: _excess(np.exp(top), loading, v, nu, level), -3.0, 12.0, xtol=1e-12))
    return float(np.exp(most))


def _excess(bound: float, loading: Floats, known: Floats, df: Floats, level: float) -> float:
    return float(_beyond(np.asarray(bound), loading, known, df)) - level


def _beyond(bound: Floats, loading: Floats, known: Floats, df: Floats) -> Floats:
    """Probability that any known statistic lies beyond +-`bound`; shapes `(...)`, `(..., k)`, `(..., k)`, `(...)`."""
    scales, chances = _spreads(df)
    return np.asarray(np.sum(chances * _outside(bound[..., None] * scales, loading, known), axis=-1))


def _loading(control: Floats, treatment: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(np.sqrt(control / (control + treatment)), _MOST_ALIKE)


def _outside(bound: Floats, loading: Floats, known: Floats) -> Floats:
    """Probability that any statistic lies beyond +-`bound`, normal; `(..., s)` for bounds `(..., s)`.

    From the tails, so that small probabilities keep their digits.
    """
    from scipy.special import ndtr

    nodes = _NODES if np.nanmax(loading, initial=0.0) <= _ALIKE else _MORE_NODES
    x, weight = legendre(nodes)
    x, weight = x * _REACH, weight * _REACH
    density = weight * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    within = np.zeros((*bound.shape, nodes))  # logarithm of the probability that all lie within
    for at in range(loading.shape[-1]):
        part = loading[..., at, None, None]
        rest = np.sqrt(1 - part**2)
        tails = ndtr(-(part * x + bound[..., None]) / rest) + ndtr((part * x - bound[..., None]) / rest)
        one = np.log1p(-np.minimum(tails, _SURE))
        within = within + np.where(np.isnan(known[..., at, None, None] + part), 0.0, one)
    return np.asarray(-np.expm1(within) @ density)


def _spreads(df: Floats) -> tuple[Floats, Floats]:
    """Values of the shared standard deviation (truth 1) and their probabilities, `(..., s)` each: chi over sqrt(df)."""
    from scipy.special import gammaln

    if np.all(df >= _MANY):
        return np.ones((*df.shape, 1)), np.ones((*df.shape, 1))
    nu = np.minimum(df, _MANY)[..., None]
    # The square root of chi-square is nearly normal with variance 1/2 around sqrt(df - 1/2).
    if np.all(nu[~np.isnan(nu)] >= _BELL):
        x, weight = hermite(_BELL_NODES)
        chi = np.sqrt(nu - 0.5) + x
    else:
        x, weight = legendre(_SPREAD_NODES)
        low = np.maximum(np.sqrt(np.maximum(nu - 0.5, 0.0)) - _REACH * np.sqrt(0.5), 0.0)
        high = np.sqrt(nu) + _REACH * np.sqrt(0.5) + 1.0
        chi, weight = low + (high - low) * (x + 1) / 2, weight * (high - low) / 2
    log_density = (nu - 1) * np.log(chi) - chi**2 / 2 - (nu / 2 - 1) * np.log(2.0) - gammaln(nu / 2)
    scales = np.where(df[..., None] < _MANY, chi / np.sqrt(nu), 1.0)
    return scales, np.exp(log_density) * weight


def _given(p_values: ArrayLike) -> Floats:
    """P-values with at least one axis.

    Raises:
        UsageError: one of them is no probability.
    """
    p = np.atleast_1d(np.asarray(p_values, dtype=np.float64))
    if np.any((p < 0) | (p > 1)):
        raise UsageError("a p-value below 0 or above 1", expected="probabilities; NaN where a test was not possible")
    return p


def _back(adjusted: Floats, order: NDArray[np.intp], p: Floats) -> Floats:
    """Sorted values in the order of the tests again."""
    placed = np.empty_like(adjusted)
    np.put_along_axis(placed, order, adjusted, axis=-1)
    return np.where(np.isnan(p), np.nan, placed)
