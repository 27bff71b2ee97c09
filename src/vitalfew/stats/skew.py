"""Where a t interval cannot be trusted: skewed values in few units or in arms of uneven size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments
    from vitalfew.stats.stack import Floats

    Bools = NDArray[np.bool_]

LARGEST_SKEW = 0.165
"""Skewness of a difference from which a 5 % test errs in more than 5.7 % of cases: the excess is 0.25 x skewness^2."""
LARGEST_SHARE = 0.03
"""Squared skewness per unit, as the sample shows it, from which few units carry the variance, and a 5 % test may err in
less than 4.3 %. Tails hide: the sample shows less skewness than there is, so the limit is below that of shares."""
LARGEST_OF_TWO = 0.05
"""The same where there are only two values, which hide nothing: fewer than 20 of the rarer one in both arms."""
_ROUNDING = 1e-9
LOPSIDED = "skewed values in arms of uneven size: the interval and p-value claim more than they know"
CARRIED = "a few extreme values carry the variance: the interval is rough, mostly too wide"
NUMERATOR = " (judged by the numerator of the ratio)"
ADVICE = "cap the metric, compare the share of units above a value, or measure more units in arms of equal size"


def skew_warnings(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
) -> list[str | None]:
    """Say per comparison why skewed values make its interval and p-value unreliable; None where they do not, `(m,)`.

    A ratio is judged by its numerator, since third moments of pairs are not known. Without third moments there is no
    warning.
    """
    one, two = (_sums(arm, numerators) for arm in (control, treatment))
    skew, share = skew_of_difference(one.n, two.n, one.squares + two.squares, one.cubes + two.cubes)
    limit = np.where(one.is_of_two & two.is_of_two, LARGEST_OF_TWO, LARGEST_SHARE)
    lopsided, carried = (np.abs(skew) > LARGEST_SKEW).tolist(), (share > limit).tolist()
    rows = zip(lopsided, carried, denominators, strict=True)
    return [_sentence(one, bottom) if one or other else None for one, other, bottom in rows]


def _sentence(lopsided: bool, denominator: str | None) -> str:
    what = LOPSIDED if lopsided else CARRIED
    return f"{what}{'' if denominator is None else NUMERATOR}; {ADVICE}"


class _Sums(NamedTuple):
    """Units of one arm, sums of squared and cubed deviations, and whether there are but two values; `(m,)` each."""

    n: Floats
    squares: Floats
    cubes: Floats
    is_of_two: Bools


def _sums(moments: Sequence[Moments], names: Sequence[str]) -> _Sums:
    stack = Stack(moments)
    y = stack.places(names)
    n, mean, squares = stack.n(y, y), stack.mean(y, y), stack.cross(y, y)
    # Between two bounds no values vary as much as those that lie on them.
    with np.errstate(all="ignore"):
        most = n * (mean - stack.low(y)) * (stack.high(y) - mean)
        return _Sums(n, squares, stack.third(y), squares >= (1 - _ROUNDING) * most)


def skew_of_difference(n_control: Floats, n_treatment: Floats, squares: Floats, cubes: Floats) -> tuple[Floats, Floats]:
    """Skewness of a difference of means, and squared skewness per unit; `(m,)`, NaN where not known.

    Third cumulants of independent means subtract: skew alike in arms of equal size cancels, in uneven arms it does not.
    With g the skewness of a unit, taken from both arms together because the smaller one alone hardly shows it, the
    difference has g (1/n_t - 1/n_c) / sqrt(1/n_t + 1/n_c). The two-sided error of a t test exceeds its level by
    (z^4 + 2 z^2 - 3) / 9 z phi(z) times the square of that (Hall 1992, The Bootstrap and Edgeworth Expansion,
    section 2.6). Heavy tails make a test in equal arms err too rarely; their sign is g^2 per unit.

    Args:
        n_control: units of the control arm.
        n_treatment: units of the treatment arm.
        squares: sum of squared deviations from the mean of the own arm, over both arms.
        cubes: sum of cubed deviations, likewise.
    """
    with np.errstate(all="ignore"):
        n = n_control + n_treatment
        g = cubes / n / (squares / n) ** 1.5
        skew = g * (1 / n_treatment - 1 / n_control) / np.sqrt(1 / n_treatment + 1 / n_control)
        return skew, g * g / n
