"""Intervals and p-values that may be looked at any time: asymptotic confidence sequences.

A fixed-horizon interval is right at one look, chosen beforehand. These hold at all looks together, so an experiment
may be watched daily, stopped early or prolonged. They are those of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas
(2024), "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52(6): theorem 2.2
(two-sided) and the one-sided form of their appendix, here with the mixture integrated exactly instead of bounded.

Time is counted in units of all arms together. The width is smallest at `planned` units; any plan keeps the promise,
but the plan must not be chosen by looking at the data (for instance by taking the units seen so far).

Before the asymptotics hold nothing is said: with fewer than `BURN_IN` units p is 1 and the width NaN. Besides, the
sequence protects itself: at 1 % of the planned units only 8.9 standard errors are significant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.arrays import SMALLEST_P

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

BURN_IN = 100
"""Units of all arms together below which nothing is said."""
UNPLANNED = 2_000
"""Planned units where nobody planned any. Rather too few than too many: with ten times as many units the interval is
7 % wider than the narrowest, with a thousand times as many 28 %, with a tenth of them 26 %."""
TUNED_AT = 0.05
"""Error rate at which the width is smallest; intervals of other confidences come from the same sequence."""
_STEPS = 8  # of Newton's method; it doubles its digits with each
_SMALLEST_TIME = 1e-300


def tuning(planned: ArrayLike, alpha: float = TUNED_AT) -> Floats:
    """Variance of the mixture per unit (rho squared) that makes the width at `planned` units smallest.

    The square of the width at n units is proportional to (1 + 1 / c) (log(1 + c) - 2 log(alpha)) with c = n rho^2; its
    minimum is where c - log(1 + c) = -2 log(alpha), solved by Lambert's W.

    >>> round(float(tuning(1_000)) * 1_000, 3)
    8.212
    """
    from scipy.special import lambertw

    _check(alpha)
    best = -float(lambertw(-(alpha**2) / np.e, k=-1).real) - 1.0
    units = np.asarray(planned, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((units > 0) & np.isfinite(units), best / units, np.nan)


def half_widths(se: ArrayLike, n: ArrayLike, planned: ArrayLike, confidence: float = 0.95) -> Floats:
    """Half-widths of two-sided intervals that hold the truth at all looks together with this confidence.

    Args:
        se: standard errors of the estimates at this look, `(m,)`.
        n: units of all arms together, `(m,)` or one number.
        planned: units at which the width is to be smallest, likewise.
        confidence: as a share.

    Returns:
        `(m,)`, in the unit of `se`; NaN before the burn-in, and where `se` or `planned` is not above zero.

    Raises:
        UsageError: the confidence is no share.

    >>> round(float(half_widths(1.0, 1_000, 1_000)), 3)
    3.035
    """
    return _waited(critical(_time(n, planned, TUNED_AT), 1.0 - confidence), n) * _errors(se)


def p_values(estimate: ArrayLike, se: ArrayLike, n: ArrayLike, planned: ArrayLike) -> Floats:
    """Two-sided p-values of no difference, valid at this look whatever made one look; `(m,)`.

    At most 0.05 exactly where the 95 % interval leaves out zero. The smallest value over the looks so far is valid too;
    keeping it is the caller's.

    >>> round(float(p_values(3.0348, 1.0, 1_000, 1_000)), 3)
    0.05
    """
    time = _time(n, planned, TUNED_AT)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        squared = (np.asarray(estimate, dtype=np.float64) / _errors(se)) ** 2
        p_value = np.sqrt(1 + time) * np.exp(-squared * time / (2 * (1 + time)))
    return _p(p_value, n)


def one_sided_widths(se: ArrayLike, n: ArrayLike, planned: ArrayLike, confidence: float = 0.95) -> Floats:
    """Distances from the estimate to a one-sided bound that holds at all looks together with this confidence; `(m,)`.

    >>> round(float(one_sided_widths(1.0, 1_000, 1_000)), 3)
    2.766
    """
    time = _time(n, planned, 2 * TUNED_AT)
    return _waited(critical(time, 1.0 - confidence, two_sided=False), n) * _errors(se)


def one_sided_p_values(estimate: ArrayLike, se: ArrayLike, n: ArrayLike, planned: ArrayLike) -> Floats:
    """P-values of "the truth is not above zero", valid at any look; `(m,)`.

    For non-inferiority take the good-direction estimate plus the margin, for harm its negative.
    """
    from scipy.special import log_ndtr

    time = _time(n, planned, 2 * TUNED_AT)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        z = np.asarray(estimate, dtype=np.float64) / _errors(se)
        scaled = z * np.sqrt(time / (1 + time))
        evidence = scaled**2 / 2 + np.log(2.0) + log_ndtr(scaled) - np.log1p(time) / 2
        p_value = np.exp(-evidence)
    return _p(p_value, n)


def critical(time: ArrayLike, alpha: float, *, two_sided: bool = True) -> Floats:
    """Standard errors from zero that are significant; `time` is n rho^2, see `tuning`. Shape of `time`.

    Two-sided, the mixture is normal with variance rho^2: z^2 = (1 + 1 / c) log((1 + c) / alpha^2). One-sided it is the
    upper half of that normal: with u = z sqrt(c / (1 + c)), u^2 / 2 + log(2 cdf(u)) = log(sqrt(1 + c) / alpha).
    """
    from scipy.special import log_ndtr

    _check(alpha)
    c = np.asarray(time, dtype=np.float64)
    level = np.log1p(c) / 2 - np.log(alpha)
    u = np.sqrt(2 * level)
    if not two_sided:
        for _ in range(_STEPS):
            tail = log_ndtr(u)
            slope = u + np.exp(-(u**2) / 2 - tail) / np.sqrt(2 * np.pi)
            u = u - (u**2 / 2 + np.log(2.0) + tail - level) / slope
    return np.asarray(u * np.sqrt((1 + c) / np.maximum(c, _SMALLEST_TIME)))


def _time(n: ArrayLike, planned: ArrayLike, alpha: float) -> Floats:
    return np.asarray(n, dtype=np.float64) * tuning(planned, alpha)


def _errors(se: ArrayLike) -> Floats:
    """Standard errors; NaN instead of what is none, so that no variation is no certainty."""
    given = np.asarray(se, dtype=np.float64)
    return np.where(given > 0, given, np.nan)


def _waited(width: Floats, n: ArrayLike) -> Floats:
    return np.where(np.asarray(n) >= BURN_IN, width, np.nan)


def _p(p_value: Floats, n: ArrayLike) -> Floats:
    bounded = np.where(np.isnan(p_value), np.nan, np.clip(p_value, SMALLEST_P, 1.0))
    return np.where(np.asarray(n) >= BURN_IN, bounded, np.where(np.isnan(bounded), np.nan, 1.0))


def _check(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise UsageError(f"an error rate of {alpha:g} is no share", expected="a number between 0 and 1")
