"""Whether a few ideas carry most of the gain: the tails of a team's own effects, and beliefs that have such tails.

Where tails are fat it pays to test more ideas with smaller samples, for a winner is large enough to be seen (Azevedo,
Deng, Montiel Olea, Rao & Weyl 2020, Journal of Political Economy 128).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_EFFECTS = 30
"""Past effects from which tails can be told at all."""
_FREEDOMS = (2.5, 3.0, 4.0, 6.0, 10.0)
_SCALES = np.geomspace(0.02, 3.0, 60)  # times the spread of the estimates
_MIXED = 64  # places of the variance, which varies where tails are fat
_CLEAR = 2.0  # log likelihood above that of a normal from which tails count as fat; by chance one time in fifty
_LOW, _HIGH = 0.1, 0.9  # between which a forecast says where the effect lies


@dataclass(frozen=True, slots=True)
class Tails:
    """True effects as a t distribution: `freedom` degrees, around `middle` with `scale`, from so many `effects`."""

    freedom: float
    middle: float
    scale: float
    effects: int


def tails_of(estimates: ArrayLike, ses: ArrayLike) -> Tails | None:
    """The tails of true effects behind estimates with standard errors; None where they are not clearly fat.

    Fewer than 30 effects tell nothing. The likelihood takes a t as a mixture of normals, to which each estimate adds
    its own error, so that noise is not taken for tails.

    Args:
        estimates: relative effects, `(k,)`.
        ses: their standard errors, `(k,)`.
    """
    y, se = (np.asarray(part, dtype=np.float64).ravel() for part in (estimates, ses))
    known = np.isfinite(y) & np.isfinite(se) & (se > 0)
    y, se = y[known], se[known]
    if len(y) < FEWEST_EFFECTS or not y.std() > 0:
        return None
    middle = float(np.median(y))
    scales = _SCALES * float(y.std())
    plain = max(_likelihood(y - middle, se, scale, np.ones(1)) for scale in scales)
    found = [
        (_likelihood(y - middle, se, scale, variances), freedom, scale)
        for freedom in _FREEDOMS
        for variances in [_variances(freedom)]
        for scale in scales
    ]
    best, freedom, scale = max(found)
    return Tails(freedom, middle, float(scale), len(y)) if best > plain + _CLEAR else None


def _variances(freedom: float) -> Floats:
    """Equally likely variances of the normals that a t mixes: freedom over a chi-square."""
    from scipy.special import gammaincinv

    shares = (np.arange(_MIXED) + 0.5) / _MIXED
    return np.asarray(freedom / (2 * gammaincinv(freedom / 2, shares)), dtype=np.float64)


def _likelihood(away: Floats, se: Floats, scale: float, variances: Floats) -> float:
    variance = scale**2 * variances[None, :] + se[:, None] ** 2
    density = np.exp(-(away[:, None] ** 2) / variance / 2) / np.sqrt(variance)
    return float(np.log(np.maximum(density.mean(axis=1), 1e-300)).sum())


def with_tails(draws: ArrayLike, tails: Tails, places: int) -> Floats:
    """Equally likely places of a belief whose middle is as drawn, and whose tails are those of past effects.

    People say where the middle 80 % lie; how far the rest goes they cannot know. Beyond the 10 % and 90 % quantiles the
    t goes on from them, with the scale that its own 80 % need.

    Args:
        draws: of the belief.
        tails: of the effects of the past.
        places: how many are wanted.
    """
    from scipy.special import stdtrit

    shares = (np.arange(places) + 0.5) / places
    found = np.quantile(np.asarray(draws, dtype=np.float64), shares)
    low, high = np.quantile(np.asarray(draws, dtype=np.float64), [_LOW, _HIGH])
    end = float(stdtrit(tails.freedom, _HIGH))
    scale = (high - low) / (2 * end)
    beyond = stdtrit(tails.freedom, shares)
    lower = np.where(shares < _LOW, low + scale * (beyond + end), found)
    return np.asarray(np.where(shares > _HIGH, high + scale * (beyond - end), lower), dtype=np.float64)
