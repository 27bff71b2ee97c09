"""Where a t interval cannot be trusted: skewed values in few units or uneven arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import sample
from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.stats.stack import Floats

LARGEST_SKEW = 0.2
"""Skewness of the difference from which error rates leave their band."""
LARGEST_SHARE = 0.12
"""Squared skewness per unit of an arm from which few units carry the variance."""
ADVICE = "cap the metric, compare the share of units above a value, or keep the arms equal and larger"


def skew_warnings(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
) -> list[str | None]:
    """Say per comparison whether skewed values make its interval and p-value unreliable, None when they do not."""
    skew, share = skew_of_difference(control, treatment, numerators, denominators)
    lopsided, carried = np.abs(skew) > LARGEST_SKEW, share > LARGEST_SHARE
    return [_sentence(bool(one), bool(other)) for one, other in zip(lopsided, carried, strict=True)]


def skew_of_difference(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
) -> tuple[Floats, Floats]:
    """Skewness of the difference of means, and the larger arm's squared skewness per unit; `(m,)`, NaN if unknown.

    Third cumulants of independent means subtract: equal skew in equal arms cancels, in uneven arms it does not (Hall
    1992, The Bootstrap and Edgeworth Expansion, section 2.6, gives what that does to a t interval). A ratio is judged
    by its numerator, since third moments of pairs are not known.
    """
    arms = [_arm(moments, numerators, denominators) for moments in (control, treatment)]
    (n_c, v_c, g_c), (n_t, v_t, g_t) = arms
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        typical = (n_c * g_c + n_t * g_t) / (n_c + n_t)
        cubes = typical * (v_t**1.5 / n_t**2 - v_c**1.5 / n_c**2)
        skew = cubes / (v_t / n_t + v_c / n_c) ** 1.5
        share = typical**2 / (n_c + n_t)
    return skew, share


def _arm(
    moments: Sequence[Moments], numerators: Sequence[str], denominators: Sequence[str | None]
) -> tuple[Floats, Floats, Floats]:
    """Units, variance and skewness per comparison."""
    found = sample(moments, numerators, denominators)
    stack = Stack(moments)
    y = stack.places(numerators)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        n = stack.n(y, y)
        g = stack.third(y) / n / (stack.cross(y, y) / n) ** 1.5
    return n, found.variance, g


def _sentence(lopsided: bool, carried: bool) -> str | None:
    if not lopsided and not carried:
        return None
    what = "skewed values in arms of uneven size" if lopsided else "few units with extreme values carry the variance"
    return f"{what}: the interval and p-value are not reliable; {ADVICE}"
