"""The standard normal distribution, exact in both tails and without a heavy import."""

from __future__ import annotations

import math
from statistics import NormalDist

from vitalfew.errors import UsageError

_STANDARD = NormalDist()
_ROOT_2 = math.sqrt(2.0)


def cdf(z: float) -> float:
    """Probability below `z` standard deviations, with full relative precision in the lower tail.

    >>> round(cdf(1.959963984540054), 6)
    0.975
    """
    return 0.5 * math.erfc(-z / _ROOT_2)


def ppf(probability: float) -> float:
    """The number of standard deviations below which `probability` (strictly between 0 and 1) lies.

    Raises:
        UsageError: the probability is not strictly between 0 and 1.

    >>> round(ppf(0.975), 6)
    1.959964
    """
    if not 0 < probability < 1:
        raise UsageError(f"{probability:g} is no probability", expected="a number between 0 and 1")
    return _STANDARD.inv_cdf(probability)


def two_sided(confidence: float) -> float:
    """Half-width, in standard errors, of a two-sided normal interval with this confidence (a share).

    Raises:
        UsageError: the confidence is not strictly between 0 and 1.

    >>> round(two_sided(0.8), 6)
    1.281552
    """
    check_confidence(confidence)
    # From the lower tail, where 1 - confidence keeps its digits.
    return abs(ppf((1.0 - confidence) / 2.0))


def check_confidence(confidence: float) -> None:
    """Refuse what is no confidence.

    Raises:
        UsageError: it is not strictly between 0 and 1.
    """
    if not 0 < confidence < 1:
        hint = f"did you mean {confidence / 100:g}?" if 50 <= confidence < 100 else None  # noqa: PLR2004 - in per cent
        expected = "a share between 0 and 1, for example 0.95"
        raise UsageError(f"{confidence:g} is no confidence", expected=expected, hint=hint)
