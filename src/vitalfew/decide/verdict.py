"""The verdict: a locked promise held against the measured effect, by one formula.

The effect is the unshrunk one with its fixed-horizon standard error; given it, the true effect d is taken as normal
around the estimate. All numbers are turned into the good direction first, so that more is better.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from vitalfew.errors import UsageError
from vitalfew.stats.normal import cdf, two_sided
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from datetime import date

    from vitalfew.results.rows import Verdict

SURE = 0.95
"""Probability from which harm, or an effect at all, counts as shown."""
LIKELY = 0.8
"""Probability from which at least the tolerated part of the promise counts as delivered."""
TOLERATED = 0.5
"""Share of the promise that may be missing from a promise that still counts as kept."""
_Z95 = two_sided(0.95)


def has_come(due: date | None, today: date) -> bool:
    """Whether a verdict can be spoken: the day it is due must be over, as one in progress may still change its answer.

    >>> from datetime import date
    >>> [has_come(date(2026, 6, day), date(2026, 6, 2)) for day in (1, 2)]
    [True, False]
    """
    return due is None or due < today


def judge(
    p50: float,
    estimate: float,
    se: float,
    *,
    good: Literal["up", "down"],
    guardrail_failed: bool = False,
    margin: float | None = None,
) -> tuple[Verdict, str]:
    """Hold a promise against an effect; the first that matches, in this order.

    A promise of a gain: *harmful* when a guardrail failed or P(d < 0) >= .95; *kept* when P(d >= p50 / 2) >= .8 and
    P(d > 0) >= .95; *fell short* when the 95 % interval lies below p50; else *unproven*.

    A promise of no change (p50 = 0): *harmful* when a guardrail failed; *kept* when the 95 % interval lies within the
    margin, so that a loss too small to matter does not count as harm; *harmful* when P(d < 0) >= .95; else *unproven*.

    A promise of a loss (p50 in the bad direction: the price accepted for a gain elsewhere): *harmful* when a guardrail
    failed or P(d < p50) >= .95, more was lost than promised; *kept* when P(d >= 1.5 p50) >= .8, the same tolerance of
    half the promise; else *unproven*. Whether the price was worth paying is a question of value, not of the promise.

    Args:
        p50: the promise, in the metric's unit, treatment minus control.
        estimate: the measured effect, likewise.
        se: its standard error, above zero.
        good: the direction in which the metric gets better.
        guardrail_failed: whether a guardrail of the initiative failed.
        margin: largest change, either way, that still counts as no change; in the metric's unit.

    Returns:
        The verdict and a sentence that says why.

    Raises:
        UsageError: a number is not finite, or the standard error is not above zero.

    >>> judge(0.01, 0.012, 0.003, good="up")[0]
    'kept'
    >>> judge(0.01, -0.0082, 0.0026, good="up")
    ('harmful', 'it made things worse with probability over 99.9 %')
    """
    if not (math.isfinite(p50) and math.isfinite(estimate) and math.isfinite(se) and se > 0):
        raise UsageError(
            f"no verdict on a promise of {p50} and an effect of {estimate} with standard error {se}",
            expected="finite numbers and a standard error above zero",
        )
    sign = 1.0 if good == "up" else -1.0
    promise, effect = sign * p50, sign * estimate
    if guardrail_failed:
        return "harmful", "a guardrail failed"
    if promise > 0:
        return _gain(promise, effect, se)
    return _no_change(effect, se, margin) if promise == 0 else _accepted_loss(promise, effect, se)


def _gain(promise: float, effect: float, se: float) -> tuple[Verdict, str]:
    worse = cdf(-effect / se)
    half = cdf((effect - TOLERATED * promise) / se)
    better = cdf(effect / se)
    if worse >= SURE:
        return "harmful", f"it made things worse with probability {_percent(worse)}"
    if half >= LIKELY and better >= SURE:
        return "kept", f"at least half of what was promised came, with probability {_percent(half)}"
    if effect + _Z95 * se < promise:
        return "fell_short", _shortfall((effect + _Z95 * se) / promise)
    return "unproven", _unproven(half, better)


def _no_change(effect: float, se: float, margin: float | None) -> tuple[Verdict, str]:
    worse = cdf(-effect / se)
    if margin is not None and abs(effect) + _Z95 * se <= margin:
        return "kept", "no change was promised, and the 95 % interval lies within the margin"
    if worse >= SURE:
        return "harmful", f"no change was promised, but it made things worse with probability {_percent(worse)}"
    if margin is None:
        return "unproven", "no change was promised, but no margin says how much change counts as none"
    if effect - _Z95 * se > margin:
        return "unproven", "no change was promised, and it changed for the better by more than the margin"
    return "unproven", "no change was promised, and the 95 % interval reaches beyond the margin"


def _accepted_loss(promise: float, effect: float, se: float) -> tuple[Verdict, str]:
    beyond = cdf((promise - effect) / se)
    within = cdf((effect - (1 + TOLERATED) * promise) / se)
    if beyond >= SURE:
        return "harmful", f"more was lost than the promise accepted, with probability {_percent(beyond)}"
    if within >= LIKELY:
        return "kept", f"no more than one and a half times the accepted loss came, with probability {_percent(within)}"
    return (
        "unproven",
        f"the loss stayed near the accepted one with probability {_percent(within)}, 80 % would be needed",
    )


def _shortfall(share: float) -> str:
    if share <= 0:
        return "even the upper end of the 95 % interval lies below zero"
    return f"even the upper end of the 95 % interval reaches only {_percent(share)} of what was promised"


def _unproven(half: float, better: float) -> str:
    return (
        f"at least half of what was promised came with probability {_percent(half)} (80 % would be needed), "
        f"anything at all with probability {_percent(better)} (95 % would be needed)"
    )


def _percent(share: float) -> str:
    """A share in percent that never rounds to certainty."""
    if share > 0.999:  # noqa: PLR2004 - beyond, one decimal would read 100 %
        return "over 99.9 %"
    if share < 0.001:  # noqa: PLR2004 - likewise at the other end
        return "under 0.1 %"
    return percent(share, 0 if 0.005 <= share < 0.9 else 1)  # noqa: PLR2004 - tails need a decimal
