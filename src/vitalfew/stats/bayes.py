"""Normal prior, normal estimate: what to believe of an effect after an experiment, in closed form.

The prior comes from the effects of past experiments of the same kind (`prior_from`), so that a surprising result is
drawn towards what such changes do. Everything works on arrays, `(m,)`, in the unit of the estimates; relative changes
make past experiments comparable. Gains are positive: turn the sign of a metric that should fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_EXPERIMENTS = 20
"""Past experiments below which their spread is too uncertain to be a prior."""
WEAK_SD = 0.1
"""Standard deviation of the weak prior, as a relative change: wider than the effects of nearly all real changes."""
_FEWEST_SPREAD = 3  # effects below which any spread, however wide, is likelier than a narrower one
_REACH, _NODES = 9.0, 128  # of the integrals of a truncated normal: standard deviations spanned, and places
_ROBUST = 1.4826  # of the median absolute deviation of a normal, to its standard deviation
_FAR = 4.0  # robust standard deviations at which a past effect is cut: one broken experiment is no evidence of spread
_ROUNDS, _HALVINGS = 30, 40  # of golden section, then of halving what is left
_GOLDEN = (np.sqrt(5.0) - 1) / 2


class Belief(NamedTuple):
    """A normal distribution of the true effect; `(m,)` each."""

    mean: Floats
    sd: Floats


@dataclass(frozen=True, slots=True)
class Prior:
    """What effects of such changes are like before the experiment.

    Attributes:
        mean: of true effects.
        sd: of true effects.
        experiments: past experiments behind it; 0 for the weak prior.
        cut: of these, how many were so far out that they were cut.
    """

    mean: float
    sd: float
    experiments: int
    cut: int = 0


def posterior(estimate: ArrayLike, se: ArrayLike, prior_mean: ArrayLike = 0.0, prior_sd: ArrayLike = np.inf) -> Belief:
    """Combine estimates and prior by their precisions; an infinite `prior_sd` is no prior at all.

    NaN where a standard error is not above zero: no variation is no certainty. An infinite one tells nothing.

    >>> belief = posterior(0.04, 0.02, 0.0, 0.02)
    >>> round(float(belief.mean), 4), round(float(belief.sd), 5)
    (0.02, 0.01414)
    """
    seen, error, mean, sd = (np.asarray(part, dtype=np.float64) for part in (estimate, se, prior_mean, prior_sd))
    possible = (error > 0) & (sd >= 0) & ~(np.isinf(error) & np.isinf(sd))
    with np.errstate(all="ignore"):
        ratio = np.where(possible, error / sd, np.nan)
        weight = 1 / (1 + ratio**2)  # of the estimate
        moved = np.where(weight == 0, 0.0, weight * (seen - mean))
        spread = np.where(ratio > 1, sd / np.sqrt(1 + ratio**-2), error * np.sqrt(weight))
    return Belief(np.asarray(mean + moved), np.asarray(spread))


def interval(belief: Belief, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Central interval that holds the true effect with this probability."""
    half = two_sided(confidence) * belief.sd
    return belief.mean - half, belief.mean + half


def chance_above(belief: Belief, than: ArrayLike = 0.0) -> Floats:
    """Probability that the true effect is above `than`: 0 for the chance to beat control, -margin for non-inferiority.

    >>> round(float(chance_above(Belief(np.array(0.02), np.array(0.01)))), 4)
    0.9772
    """
    from scipy.special import ndtr

    mean, sd = _positive(belief)
    with np.errstate(over="ignore"):
        return np.asarray(ndtr((mean - np.asarray(than, dtype=np.float64)) / sd))


def expected_loss(belief: Belief) -> tuple[Floats, Floats]:
    """What is lost on average by taking the treatment, and by keeping the control, when the other is better.

    With m and s of the belief: E max(-effect, 0) = s pdf(m / s) - m cdf(-m / s), and the same for the other sign.

    >>> [round(float(loss), 4) for loss in expected_loss(Belief(np.array(0.0), np.array(1.0)))]
    [0.3989, 0.3989]
    """
    from scipy.special import ndtr

    mean, sd = _positive(belief)
    with np.errstate(all="ignore"):
        z = mean / sd
        density = sd * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        # Rounding may leave a negative trace of a loss that is zero.
        taken = np.maximum(density - mean * ndtr(-z), 0.0)
        kept = np.maximum(density + mean * ndtr(z), 0.0)
    return np.asarray(taken), np.asarray(kept)


def truncated(belief: Belief, low: ArrayLike = -np.inf, high: ArrayLike = np.inf) -> Belief:
    """Mean and standard deviation of a belief that is known to lie between two bounds.

    Raises:
        UsageError: a lower bound that is not below the upper one.

    >>> cut = truncated(Belief(np.array(0.0), np.array(1.0)), 0.0)
    >>> round(float(cut.mean), 4), round(float(cut.sd), 4)
    (0.7979, 0.6028)
    """
    mean, sd = _positive(belief)
    ends = (np.asarray(end, dtype=np.float64) for end in (low, high))
    with np.errstate(over="ignore"):
        a, b = ((end - mean) / sd for end in ends)
    if np.any(a >= b):
        raise UsageError("the lower bound is not below the upper one", expected="low below high")
    # Turned so that the density falls from the first bound on, or the bounds lie around the middle.
    turned = b < -a
    a, b = np.where(turned, -b, a), np.where(turned, -a, b)
    start = np.maximum(a, -_REACH)
    # Counted from the start, the density is exp(-start u - u^2 / 2): no digits are lost however far out it lies.
    width = np.minimum(b, np.sqrt(np.maximum(start, 0.0) ** 2 + _REACH**2)) - start
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    u = width[..., None] * (x + 1) / 2
    mass = weight * np.exp(-(np.where(start < 0, start, 0.0)[..., None] ** 2) / 2 - start[..., None] * u - u**2 / 2)
    total = mass.sum(axis=-1)
    away = (mass * u).sum(axis=-1) / total
    spread = np.sqrt((mass * (u - away[..., None]) ** 2).sum(axis=-1) / total)
    place = start + away
    return Belief(mean + sd * np.where(turned, -place, place), sd * spread)


def prior_from(estimates: ArrayLike, ses: ArrayLike, *, fewest: int = FEWEST_EXPERIMENTS) -> Prior:
    """Learn the prior from past effects: estimates `(k,)` of relative changes and their standard errors.

    The estimates scatter as Normal(mean, sd^2 + se^2). The mean is profiled out, the sd maximises the restricted
    likelihood times sd, which keeps it above zero (Chung et al. 2013, Psychometrika 78). An estimate farther out than
    four robust standard deviations of its own is cut to that distance before.

    With fewer than `fewest` experiments (3 at least): mean 0 and sd 0.1 (10 % of the level), which draws only
    wild results.

    Raises:
        UsageError: not one standard error per effect.

    >>> prior_from([0.02], [0.01])
    Prior(mean=0.0, sd=0.1, experiments=0, cut=0)
    """
    y, se = (np.asarray(part, dtype=np.float64).ravel() for part in (estimates, ses))
    if len(y) != len(se):
        raise UsageError(f"{len(y)} effects and {len(se)} standard errors", expected="one standard error per effect")
    known = np.isfinite(y) & np.isfinite(se) & (se > 0)
    y, se = y[known], se[known]
    if len(y) < max(fewest, _FEWEST_SPREAD):
        return Prior(0.0, WEAK_SD, 0)
    y, cut = _tamed(y, se)
    sd = _likeliest(y, se)
    weight = 1 / (sd**2 + se**2)
    return Prior(float(weight @ y / weight.sum()), sd, len(y), cut)


def _tamed(y: Floats, se: Floats) -> tuple[Floats, int]:
    """Estimates with the far ones cut, and how many were."""
    centre = float(np.median(y))
    robust = _ROBUST * float(np.median(np.abs(y - centre)))
    most = _FAR * np.sqrt(robust**2 + se**2)
    far = np.abs(y - centre) > most
    return np.where(far, centre + np.sign(y - centre) * most, y), int(far.sum())


def _likeliest(y: Floats, se: Floats) -> float:
    scale = float(np.sqrt(np.mean((y - y.mean()) ** 2) + np.median(se) ** 2))
    low, high = np.log(scale) - 15.0, np.log(scale) + 3.0
    for _ in range(_ROUNDS):
        one, other = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, other) if _fit(np.exp(one), y, se) > _fit(np.exp(other), y, se) else (one, high)
    low, high = low - (high - low), high + (high - low)
    for _ in range(_HALVINGS):  # rounding hides the height of the top long before its slope
        middle = (low + high) / 2
        low, high = (middle, high) if _rise(np.exp(middle), y, se) > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def _fit(sd: float, y: Floats, se: Floats) -> float:
    """Restricted log likelihood of the spread plus log(sd)."""
    variance = sd**2 + se**2
    weight = 1 / variance
    mean = weight @ y / weight.sum()
    squares = float(np.sum((y - mean) ** 2 * weight))
    return float(np.log(sd) - (np.sum(np.log(variance)) + np.log(weight.sum()) + squares) / 2)


def _rise(sd: float, y: Floats, se: Floats) -> float:
    """The derivative of `_fit` by the logarithm of the spread."""
    weight = 1 / (sd**2 + se**2)
    rest = y - weight @ y / weight.sum()
    return float(1 - sd**2 * (weight.sum() - weight @ weight / weight.sum() - (rest * weight) @ (rest * weight)))


def _positive(belief: Belief) -> Belief:
    """As arrays, NaN where the standard deviation is not above zero."""
    mean, sd = (np.asarray(part, dtype=np.float64) for part in belief)
    return Belief(mean, np.where(sd > 0, sd, np.nan))
