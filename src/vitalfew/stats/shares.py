"""Wilson's score interval for a share."""

from __future__ import annotations

import math

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.normal import two_sided


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval for a share, 0 to 1, sound for few units and shares near 0 or 1 (Wilson 1927, JASA 22).

    Args:
        successes: units that did, 0 to `n`.
        n: all units, at least 1.
        confidence: two-sided, as a share.

    Raises:
        NotEnoughData: no units.
        UsageError: more successes than units, or a confidence that is no share.

    >>> low, high = wilson(2, 40)
    >>> round(low, 4), round(high, 4)
    (0.0138, 0.165)
    """
    if n < 1:
        raise NotEnoughData("a share of no units has no interval", expected="at least one unit")
    if not 0 <= successes <= n < math.inf:
        raise UsageError(f"{successes:g} of {n:g} is no share", expected="successes between 0 and n")
    z = two_sided(confidence)
    share = successes / n
    spread = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / spread
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread
    # At the ends the bound is the end itself, not its rounding.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high
