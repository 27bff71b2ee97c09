"""Time until something happens, when some had to be left before it did: Kaplan-Meier, restricted mean, median."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.stats.arrays import Fault
from vitalfew.stats.entries import gathered
from vitalfew.stats.normal import two_sided
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.entries import Entries, Entry

    Floats = NDArray[np.float64]

RESTRICTED_MEAN = "difference of restricted mean times, Kaplan-Meier, Greenwood's variance, Welch's t"
MEDIANS = "difference of median times, Kaplan-Meier, Woodruff's standard errors, Welch's t"
_FEWEST = 2  # units that a variance needs
_FEWEST_EVENTS = 10  # events before the median, and as many expected after it
_HALF = 0.5
_REACH, _SPACINGS = 0.8, 0.7  # as for quantiles: standard errors, and degrees of freedom per event within reach


class Lifetimes(Protocol):
    """At each of `times` (days, ascending), how many of an arm's units had the event, and how many were last seen."""

    @property
    def units(self) -> int:
        """Units at the start."""

    @property
    def times(self) -> tuple[float, ...]:
        """Distinct times, 0 or more."""

    @property
    def events(self) -> tuple[int, ...]:
        """Units with the event at each time."""

    @property
    def censored(self) -> tuple[int, ...]:
        """Units followed without the event up to that time and no longer; counted as at risk at it."""


@dataclass(frozen=True, slots=True)
class Survival:
    """Kaplan-Meier's estimate of the share still without the event, after each time; `(k,)` each.

    Attributes:
        times: days.
        at_risk: units under observation without the event just before each time.
        events: units with the event at it.
        share: of units without the event after it, 0 to 1.
        greenwood: sum of d / (Y (Y - d)) up to each time: variance of the share over its square; infinite at share 0.
        last: last day anybody was followed to.
    """

    times: Floats
    at_risk: Floats
    events: Floats
    share: Floats
    greenwood: Floats
    last: float

    @property
    def se(self) -> Floats:
        """Greenwood's standard error of the share."""
        with np.errstate(invalid="ignore"):
            return np.where(self.share > 0, self.share * np.sqrt(self.greenwood), 0.0)


def survival(arm: Lifetimes) -> Survival:
    """Kaplan-Meier's estimate (Kaplan & Meier 1958, JASA 53) with Greenwood's variance; events come before leavers.

    >>> from types import SimpleNamespace
    >>> arm = SimpleNamespace(units=4, times=(1.0, 2.0, 3.0), events=(1, 1, 1), censored=(0, 1, 0))
    >>> survival(arm).share.tolist()
    [0.75, 0.5, 0.0]
    """
    times = np.asarray(arm.times, dtype=np.float64)
    events, censored = np.asarray(arm.events, dtype=np.float64), np.asarray(arm.censored, dtype=np.float64)
    left = np.cumsum(events + censored)
    at_risk = arm.units - np.concatenate([[0.0], left[:-1]]) if len(times) else times
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.cumprod(1.0 - events / at_risk)
        terms = np.where(events > 0, events / (at_risk * (at_risk - events)), 0.0)
    return Survival(times, at_risk, events, share, np.cumsum(terms), float(times[-1]) if len(times) else 0.0)


def restricted_mean_sample(arms: Sequence[Lifetimes], horizons: Sequence[float]) -> Entries:
    """Mean time without the event within the first `horizon` days, one entry per (arm, horizon), `(m,)`.

    The area under Kaplan-Meier's curve, with Greenwood's variance (Klein & Moeschberger 2003, eq. 4.5.2) times
    n / (n - 1): when nobody left early it is exactly the mean of min(time, horizon) with its sample variance. No
    answer where the horizon is later than the last unit was followed.

    >>> from types import SimpleNamespace
    >>> arm = SimpleNamespace(units=4, times=(1.0, 2.0, 3.0), events=(1, 1, 2), censored=(0, 0, 0))
    >>> restricted_mean_sample([arm], [2.5]).sample.level.tolist()
    [2.0]
    """
    return gathered(
        [arm.units for arm in arms], [_restricted(arm, horizon) for arm, horizon in zip(arms, horizons, strict=True)]
    )


def median_sample(arms: Sequence[Lifetimes]) -> Entries:
    """Median time to the event with its standard error, one entry per arm, `(m,)`.

    The standard error is the geometric mean of how far the times lie at which the share is 0.8 standard errors above
    and below one half, over 0.8. No answer where the share never falls that far, or where times are so coarse that the
    median moves in jumps.
    """
    return gathered([arm.units for arm in arms], [_median(arm) for arm in arms])


def median_interval(arm: Lifetimes, confidence: float = 0.95) -> tuple[float, float, float]:
    """Median time in days and its interval: all times at which one half lies in the share's log-log interval.

    The upper bound is infinite when the share never falls clearly below one half.

    Raises:
        NotEnoughData: the median is not reached, or so many events share its time that it has no width.

    References:
        Brookmeyer & Crowley 1982, Biometrics 38; the transformation: Klein & Moeschberger 2003, eq. 4.5.6.
    """
    curve = survival(arm)
    median = _time_at(curve, _HALF)
    if np.isnan(median):
        raise NotEnoughData(_not_reached(curve))
    z = two_sided(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(curve.share)
        distance = (np.log(-logs) - np.log(-np.log(_HALF))) * logs / np.sqrt(curve.greenwood)
    # At a share of 1 there is no variance and the distance has no end: not within; likewise at 0.
    inside = np.flatnonzero((curve.share > 0) & (curve.share < 1) & (np.abs(distance) <= z))
    if not len(inside):
        raise NotEnoughData(_jumps(median))
    after = inside[-1] + 1
    falls = np.flatnonzero(curve.events[after:] > 0)
    high = float(curve.times[after + falls[0]]) if len(falls) else float("inf")
    return median, float(curve.times[inside[0]]), high


def _restricted(arm: Lifetimes, horizon: float) -> Entry:
    n = float(arm.units)
    if n < _FEWEST:
        return n, np.nan, np.nan, Fault.TOO_FEW, f"not enough data: {arm.units} units in an arm"
    curve = survival(arm)
    if horizon > curve.last and (len(curve.share) == 0 or curve.share[-1] > 0):
        reason = f"not enough data: the horizon is {horizon:g} days, and nobody was followed for more than "
        return n, np.nan, np.nan, Fault.TOO_FEW, f"{reason}{curve.last:g}; shorten the horizon, or wait"
    inside = curve.times <= horizon
    ends = np.concatenate([np.minimum(curve.times, horizon), [horizon]])
    heights = np.concatenate([[1.0], curve.share])
    areas = heights * np.diff(ends, prepend=0.0)
    rest = areas.sum() - np.cumsum(areas)[:-1]  # area under the curve from each time to the horizon
    at_risk, events = curve.at_risk[inside], curve.events[inside]
    alive = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where((events > 0) & (alive > 0), rest[inside] ** 2 * events / (at_risk * alive), 0.0)
    variance = float(terms.sum()) * n / (n - 1) * n
    return n - 1, float(areas.sum()), variance, Fault.NONE, None


def _median(arm: Lifetimes) -> Entry:
    n = float(arm.units)
    if n < _FEWEST:
        return n, np.nan, np.nan, Fault.TOO_FEW, f"not enough data: {arm.units} units in an arm"
    curve = survival(arm)
    median = _time_at(curve, _HALF)
    if np.isnan(median):
        return n, np.nan, np.nan, Fault.TOO_FEW, _not_reached(curve)
    se = float(curve.se[max(0, int(np.searchsorted(curve.times, median, side="right")) - 1)]) or _HALF / n**0.5
    reach = _REACH * se
    points = np.array([_time_at(curve, _HALF - step * reach) for step in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    happened = curve.events[curve.times <= median].sum()
    if not np.isfinite(points).all() or happened < _FEWEST_EVENTS:
        reason = f"not enough data around the median of {median:g} days: {happened:.0f} events up to it"
        return n, median, np.nan, Fault.TOO_FEW, reason
    if (np.diff(points) <= 0).any():
        return n, median, np.nan, Fault.CONSTANT, _jumps(median)
    between = curve.events[(curve.times > points[0]) & (curve.times <= points[4])].sum()
    df = max(1.0, _SPACINGS * float(between))
    early, middle, late = _between_steps(curve, _HALF + reach * np.array([1.0, 0.0, -1.0]))
    return df, median, float((late - middle) * (middle - early)) / _REACH**2 * n, Fault.NONE, None


def _time_at(curve: Survival, share: float) -> float:
    """First time at which at most `share` are left; midway to the next event where exactly that many are."""
    at = int(np.searchsorted(-curve.share, -share * (1 + 1e-12)))
    if at == len(curve.share):
        return float("nan")
    exact = abs(curve.share[at] - share) <= 1e-12  # noqa: PLR2004 - rounding of a product of shares
    later = curve.times[at + 1 :][curve.events[at + 1 :] > 0]
    follows = later[0] if exact and len(later) else curve.times[at]
    return float(curve.times[at] + follows) / 2


def _between_steps(curve: Survival, shares: Floats) -> Floats:
    """Times at which these shares are left, read between the middles of the curve's steps; the steps round too low."""
    steps = curve.events > 0
    middles = (np.concatenate([[1.0], curve.share[:-1]]) + curve.share)[steps] / 2
    return np.interp(-shares, -middles, curve.times[steps])


def _not_reached(curve: Survival) -> str:
    left = curve.share[-1] if len(curve.share) else 1.0
    return (
        f"not enough data: the median is not reached; {percent(left)} were still without the event"
        f" when the last one was left, at day {curve.last:g}"
    )


def _jumps(median: float) -> str:
    return (
        f"not enough data: many events fall on the same time, so the median ({median:g} days) moves in jumps;"
        " take the restricted mean"
    )
