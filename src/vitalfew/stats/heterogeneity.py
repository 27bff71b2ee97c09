"""Does an effect differ between segments, and what is each segment's effect once luck is taken off?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.arrays import SMALLEST_P

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_WIDTH = 3.0  # of the prior of the spread, in typical standard errors: simulated intervals then cover what they say
_GRID = 400  # spreads between segments that the shrinkage averages over
_STEPS = 200  # halvings of the search for the spread


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Effects of `k` segments together.

    Attributes:
        q: Cochran's statistic, the weighted squares around the common effect.
        df: its degrees of freedom, k - 1.
        p_value: of one and the same effect in all segments; never 0.
        tau2: variance of the true effects between segments (Paule & Mandel 1982), in the metric's unit squared.
        shrunk: effects drawn towards the common one, `(k,)`.
        shrunk_se: their standard errors, `(k,)`, uncertainty of the common effect and of the spread included.
    """

    q: float
    df: int
    p_value: float
    tau2: float
    shrunk: Floats
    shrunk_se: Floats


def heterogeneity(estimates: Sequence[float] | Floats, ses: Sequence[float] | Floats) -> Heterogeneity:
    """Test whether segments differ and shrink their effects towards the common one.

    Shrinkage averages over what the spread between segments may be, weighted by its restricted likelihood with a
    half-Cauchy prior of three typical standard errors (Gelman 2006, Bayesian Analysis 1): with few segments the
    best single guess of the spread is often zero, and intervals from it would be far too short.

    Args:
        estimates: effect per segment, `(k,)`, k at least 2.
        ses: their standard errors, above zero.

    >>> found = heterogeneity([0.1, 0.3, 0.5, 0.2], [0.1, 0.1, 0.2, 0.1])
    >>> round(found.p_value, 3), [round(float(effect), 2) for effect in found.shrunk]
    (0.253, [0.16, 0.27, 0.31, 0.22])
    """
    y, s = np.asarray(estimates, dtype=np.float64), np.asarray(ses, dtype=np.float64)
    if y.ndim != 1 or len(y) < 2 or y.shape != s.shape:  # noqa: PLR2004 - a difference needs two segments
        raise NotEnoughData(f"segments with an effect: {len(y)}", expected="at least two, each with a standard error")
    if not (np.isfinite(y).all() and np.isfinite(s).all() and (s > 0).all()):
        raise UsageError("an effect or standard error is no number", expected="finite effects, standard errors above 0")
    from scipy.special import chdtrc

    unit = float(s.max() * np.sqrt(np.mean((s / s.max()) ** 2)))
    y, s = y / unit, s / unit
    q = _q(y, s, 0.0)
    df = len(y) - 1
    shrunk, shrunk_se = _shrunk(y, s)
    p_value = max(float(chdtrc(df, q)), SMALLEST_P)
    return Heterogeneity(q, df, p_value, _paule_mandel(y, s, q) * unit * unit, shrunk * unit, shrunk_se * unit)


def reversal(overall: float, estimates: Sequence[float] | Floats) -> bool:
    """Whether every segment points the other way than all units together (Simpson 1951): a sign of a changed mix."""
    signs = np.sign(np.asarray(estimates, dtype=np.float64))
    return len(signs) > 0 and overall != 0 and bool((signs == -np.sign(overall)).all())


def _q(y: Floats, s: Floats, tau2: float) -> float:
    weight = 1 / (s**2 + tau2)
    return float((weight * (y - (weight * y).sum() / weight.sum()) ** 2).sum())


def _paule_mandel(y: Floats, s: Floats, q: float) -> float:
    """The spread at which the weighted squares are as large as expected; 0 when they are smaller without any."""
    df = len(y) - 1
    if q <= df:
        return 0.0
    low, high = 0.0, float(np.ptp(y) ** 2) * len(y) + 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _q(y, s, middle) > df else (low, middle)
    return (low + high) / 2


def _shrunk(y: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Posterior means and standard deviations, `(k,)`, over a grid of spreads in units of a typical error."""
    angle = (np.arange(_GRID) + 0.5) / _GRID * np.pi / 2
    tau2 = (_WIDTH * np.tan(angle)[:, None]) ** 2  # equal steps of the angle are equal shares of a half-Cauchy prior
    weight = 1 / (s**2 + tau2)
    total = weight.sum(axis=1, keepdims=True)
    common = (weight * y).sum(axis=1, keepdims=True) / total
    log_l = 0.5 * (np.log(weight) - weight * (y - common) ** 2).sum(axis=1) - 0.5 * np.log(total[:, 0])
    share = np.exp(log_l - log_l.max())
    share = (share / share.sum())[:, None]
    pull = s**2 * weight
    effect = pull * common + (1 - pull) * y
    variance = (1 - pull) * s**2 + pull**2 / total
    mean = (share * effect).sum(axis=0)
    return mean, np.sqrt((share * (variance + (effect - mean) ** 2)).sum(axis=0))
