"""Twyman's law: a figure that looks interesting or different is usually wrong."""

from __future__ import annotations

import math
from typing import Protocol

from vitalfew.stats.percent import percent

SPREADS = 5.0
"""Typical sizes of past effects beyond which an effect is too good to be believed unchecked."""
LARGEST_LIFT = 0.30
"""Relative change beyond which an effect is checked first, whatever effects were before."""


class Relative(Protocol):
    """A relative change with its interval, as shares; None when it has none."""

    @property
    def low(self) -> float | None: ...  # noqa: D102 - described by the class
    @property
    def high(self) -> float | None: ...  # noqa: D102 - described by the class


def too_good(estimate: float, se: float, relative: Relative | None, prior_sd: float | None) -> str | None:
    """Say why an effect should be checked before it is believed; None when it need not be.

    Both rules allow for noise: an effect that may be small is never marked (Kohavi et al. 2012, KDD; 2020, chapter 3).

    Args:
        estimate: effect in the metric's unit.
        se: its standard error.
        relative: relative change with its 95 % interval: marked when all of it lies beyond 30 % up or down.
        prior_sd: standard deviation of past true effects in the metric's unit: marked beyond 5 of what such effects and
            noise together would show. None when there is no past.
    """
    if relative is not None and relative.low is not None and relative.high is not None:
        sure = max(relative.low, -relative.high)
        if sure > LARGEST_LIFT:
            way = "rose" if relative.low > 0 else "fell"
            return (
                f"{way} by more than {percent(LARGEST_LIFT)} beyond doubt (at least {percent(sure)}): changes"
                " this large are mostly faults in the data; check events, joins and units of both arms first"
            )
    if prior_sd is not None and prior_sd > 0:
        spreads = abs(estimate) / math.hypot(prior_sd, se)
        if spreads > SPREADS:
            return (
                f"{spreads:.0f} times as large as past effects and noise lead to expect; check events, joins and"
                " units of both arms first"
            )
    return None
