"""What it is worth to know, or to test, before one thing is built: EVPI and EVSI.

The net value of building is uncertain, and one may leave it. Knowing it for sure is worth E max(N, 0) - max(E N, 0), a
test that estimates it with an error the same of what will be believed after the test (Raiffa & Schlaifer 1961, chapter
5). Normal beliefs have closed forms; any other is taken as equally likely places, for which it is exact as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import cdf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

PLACES = 125
"""Equally likely places that stand for a distribution; the worth of a test is then right to about one in a thousand."""
_HALVINGS = 45
_FAR = 40.0  # standard deviations beyond which no test result lies
_SMALLEST = 1e-12  # spread of a belief, in standard errors


def gain_of_choice(mean: float, sd: float) -> float:
    """E max(N, 0) of a normal N: what one may leave is worth.

    >>> round(gain_of_choice(0.0, 1.0), 4)
    0.3989
    """
    if sd <= 0:
        return max(mean, 0.0)
    z = mean / sd
    return sd * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) + mean * cdf(z)


def evpi(mean: float, sd: float) -> float:
    """Expected value of perfect information about one choice whose net value is normal, in its unit.

    >>> round(evpi(1.0, 1.0), 4)
    0.0833
    """
    return max(gain_of_choice(mean, sd) - max(mean, 0.0), 0.0)


def evsi(mean: float, sd: float, se: float) -> float:
    """Expected value of a test with this standard error, where belief and test are normal, in the unit of `mean`.

    What will be believed after the test varies with sd² / sqrt(sd² + se²) (Raiffa & Schlaifer 1961).

    >>> round(evsi(1.0, 1.0, 1.0), 4), evsi(1.0, 1.0, float("inf"))
    (0.0251, 0.0)
    """
    if sd <= 0 or math.isinf(se):
        return 0.0
    return evpi(mean, sd / math.hypot(1.0, se / sd))


@dataclass(frozen=True, slots=True)
class Tested:
    """What tests of different precision are worth, an element for each.

    Attributes:
        worth: expected value of the test, `(m,)`, in the unit of the net value.
        p_build: probability that it will be built after the test, `(m,)`.
        hurdle: estimate from which it will be built, `(m,)`; infinite where no estimate, or every one, would do.
        effect: mean of the true effect counted only where it will be built, `(m,)`.
    """

    worth: Floats
    p_build: Floats
    hurdle: Floats
    effect: Floats


def places_of(draws: ArrayLike, places: int = PLACES) -> Floats:
    """Equally likely places for draws of a distribution, `(places,)`: the means of slices of equal size.

    They keep its mean, and its point masses.
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    if len(ordered) <= places:
        return ordered
    bounds = np.linspace(0, len(ordered), places + 1).astype(int)
    sums = np.add.reduceat(ordered, bounds[:-1])
    return np.asarray(sums / np.diff(bounds))


def worth_of_tests(effects: ArrayLike, slope: float, rest: float, ses: ArrayLike) -> Tested:
    """What tests of an effect are worth, whatever its distribution.

    Building gives N = slope x effect + rest. A test shows the effect with a normal error. What is believed after it
    rises with the estimate, so there is one hurdle, and the worth is a sum over the places: nothing is simulated.

    Args:
        effects: equally likely effects, `(k,)`; see `places_of`.
        slope: net value per unit of effect.
        rest: net value without any effect: that of what the test does not show, minus the cost.
        ses: standard errors, `(m,)`, above zero.

    Raises:
        UsageError: a standard error is not above zero.

    >>> found = worth_of_tests([-1.0, 1.0], 1.0, 0.0, [1e-9, 1.0, 1e9])
    >>> [round(float(worth), 3) for worth in found.worth]
    [0.5, 0.341, 0.0]
    """
    where, errors = np.asarray(effects, dtype=np.float64), np.atleast_1d(np.asarray(ses, dtype=np.float64))
    if not np.all(errors > 0):
        raise UsageError("a test needs a standard error above zero")
    if slope < 0:
        turned = worth_of_tests(-where, -slope, rest, errors)
        return Tested(turned.worth, turned.p_build, -turned.hurdle, -turned.effect)
    net = slope * where + rest
    hurdle = _hurdles(where, net, errors)
    passed = _phi((where[None, :] - hurdle[:, None]) / errors[:, None])
    gain = passed @ net / len(net) - max(float(net.mean()), 0.0)
    most = float(np.maximum(net, 0.0).mean()) - max(float(net.mean()), 0.0)
    return Tested(np.clip(gain, 0.0, max(most, 0.0)), passed.mean(axis=1), hurdle, passed @ where / len(where))


def perfect(effects: ArrayLike, slope: float, rest: float) -> float:
    """What it is worth to know the effect for sure: the bound of all tests.

    >>> perfect([-1.0, 1.0], 1.0, 0.0)
    0.5
    """
    net = slope * np.asarray(effects, dtype=np.float64) + rest
    return float(np.maximum(net, 0.0).mean() - max(float(net.mean()), 0.0))


def _hurdles(where: Floats, net: Floats, errors: Floats) -> Floats:
    """Estimates at which building and leaving are believed to be worth the same, `(m,)`."""
    if net.min() >= 0 or net.max() <= 0:
        return np.full(len(errors), -np.inf if net.min() >= 0 and net.max() > 0 else np.inf)
    spread = np.maximum(float(where.std()), _SMALLEST * errors)  # a smaller one no test tells from none
    reach = _FAR * errors * (1 + errors / spread) + 3 * float(np.ptp(where))
    low, high = where.min() - reach, where.max() + reach
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        build = _believed(where, net, middle, errors) > 0
        low, high = np.where(build, low, middle), np.where(build, middle, high)
    return np.asarray((low + high) / 2)


def _believed(where: Floats, net: Floats, estimate: Floats, errors: Floats) -> Floats:
    """Expected net value after these estimates, `(m,)`."""
    away = -(((estimate[:, None] - where[None, :]) / errors[:, None]) ** 2) / 2
    likelihood = np.exp(away - away.max(axis=1, keepdims=True))
    return np.asarray(likelihood @ net / likelihood.sum(axis=1))


def _phi(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def roll_out_size(population: float, response_sd: float, prior_sd: float) -> float:
    """Units per arm of the test that earns most from a population that all get the better arm afterwards.

    n = sqrt(N r / 4 + (3 r / 4)²) - 3 r / 4 with r = (response sd / prior sd)² (Feit & Berman 2019, Marketing Science
    38, equation 10: both arms have the same normal prior). It knows no cost but that of the worse arm, and serves as a
    check of sizes.

    Args:
        population: units of the whole horizon, those of the test included.
        response_sd: standard deviation of one unit's response.
        prior_sd: standard deviation of an arm's true mean response.

    Raises:
        UsageError: a number is not above zero.

    >>> round(roll_out_size(100_000, (0.68 * 0.32) ** 0.5, 0.03))
    2284
    """
    if not min(population, response_sd, prior_sd) > 0:
        raise UsageError("the size of a test needs numbers above zero")
    r = (response_sd / prior_sd) ** 2
    return math.sqrt(population * r / 4 + (0.75 * r) ** 2) - 0.75 * r
