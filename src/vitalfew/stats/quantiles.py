"""Quantiles of arms and their differences, from a few order statistics: medians and tails without the rows.

The standard error comes from how far the quantile moves when the probability moves by its own standard error
(Woodruff 1952), so that nothing about the shape of the distribution is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.arrays import Fault
from vitalfew.stats.entries import gathered
from vitalfew.stats.normal import two_sided
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.entries import Entries, Entry
    from vitalfew.stats.moments import Moments

    Floats = NDArray[np.float64]

METHOD = "difference of quantiles, Woodruff's standard errors, Welch's t"
FEWEST_BEYOND = 10
"""Independent values wanted on the thinner side of a quantile; with fewer the interval is not held to its promise."""
_PICTURE = (0.01, 0.05, *(at / 10 for at in range(1, 10)), 0.25, 0.75, 0.95, 0.99)
_STEP = 1.2  # ratio of neighbouring distances from the quantile; between them values are interpolated
_REACH = 0.8  # standard errors at which the distribution is read on both sides; calibrated, see docs/validation
_NEAREST, _FARTHEST = _REACH / 2, 3.0  # half the reach shows ties, three reach intervals of 99 % and more
_SPACINGS = 0.7  # degrees of freedom per order statistic within reach; calibrated likewise


class OrderStatistics(Protocol):
    """Sample quantiles of one arm: `values[i]` at `probabilities[i]`, of `n` values whose `design_effect` is known."""

    @property
    def n(self) -> int:
        """Values (units, or events of a metric over events)."""

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Where the distribution was read, strictly between 0 and 1, ascending."""

    @property
    def values(self) -> tuple[float, ...]:
        """Sample quantiles there (interpolated between order statistics), in the metric's unit."""

    @property
    def design_effect(self) -> float:
        """Variance of the share below the quantile, relative to independent values."""


def probabilities(
    quantile: float, counts: Sequence[float], *, design_effect: float = 1.0, picture: bool = True
) -> tuple[float, ...]:
    """Probabilities at which to read the distribution of every arm, ascending and without repeats.

    They hold the quantile itself, and on both sides a ladder of distances from less than half a standard error of
    the share below it to three, for the smallest and the largest of the arms, at ratios of at most 1.2.

    Args:
        quantile: the one asked for, between 0 and 1.
        counts: values in each arm (and segment) that will be read at these probabilities.
        design_effect: largest one to expect; above 1 for events, of which a unit has many.
        picture: also eleven percentiles and quartiles, 1 to 99 %, for drawing the distribution.

    >>> [round(p, 4) for p in probabilities(0.5, [400], picture=False)][:3]
    [0.425, 0.4366, 0.4464]
    """
    _check_quantile(quantile)
    wanted = {quantile, *(_PICTURE if picture else ())}
    some = [count for count in counts if count > 0]
    if some:
        spread = np.sqrt(quantile * (1 - quantile))
        nearest = _NEAREST * spread / np.sqrt(max(some))
        exact = [_REACH * spread / np.sqrt(count) for count in {min(some), max(some)}]
        farthest = _FARTHEST * spread * np.sqrt(max(1.0, design_effect) / min(some))
        ladder = np.geomspace(nearest, farthest, int(np.ceil(np.log(farthest / nearest) / np.log(_STEP))) + 1)
        for distance in [*ladder, *exact]:
            wanted |= {quantile - float(distance), quantile + float(distance)}
    # Rounded before repeats are removed: distances may meet but for their last digit.
    return tuple(p for p in sorted({round(p, 12) for p in wanted}) if 0 < p < 1)


def design_effect(moments: Moments, below: str, events: str) -> float:
    """Variance of the share of events below a quantile, relative to independent events.

    Events of one unit are alike; the unit is what was randomised. Delta method for the ratio of sums over units
    (Deng, Knoblich & Lu 2018, section 4.1).

    Args:
        moments: of units, with both columns.
        below: column with a unit's number of events at or below the quantile.
        events: column with its number of events.

    Returns:
        At least a small positive number; 1 when it cannot be computed from fewer than two units or a constant share.
    """
    n, k, y = moments.n[moments.at(below), moments.at(events)], moments.at(events), moments.at(below)
    if n < 2:  # noqa: PLR2004 - a variance needs two units
        return 1.0
    total = float(moments.shift[k] + moments.mean[k, y])
    share = float(moments.shift[y] + moments.mean[y, k]) / total if total > 0 else 0.0
    independent = share * (1 - share) * total
    variance = (
        moments.variance_of(below)
        - 2 * share * moments.covariance_of(below, events)
        + share * share * moments.variance_of(events)
    )
    return max(variance / independent, 1e-6) if independent > 0 and np.isfinite(variance) else 1.0


def of_clusters(effect: float, clusters: int) -> float:
    """The design effect that few clusters show, raised by how uncertain it is.

    An interval from k clusters takes Student's t with k - 1 degrees of freedom instead of z; and that clusters happen
    to be more alike than chance makes them is not believed.

    Args:
        effect: as `design_effect` finds it over clusters.
        clusters: in the arm.

    Returns:
        At least 1; infinite for a single cluster, of which nothing can be told.

    >>> round(of_clusters(2.0, 12), 2)
    2.52
    """
    from scipy.special import stdtrit

    if clusters < 2:  # noqa: PLR2004 - a variance needs two clusters
        return float("inf")
    return max(effect, 1.0) * float(stdtrit(clusters - 1, 0.975) / two_sided(0.95)) ** 2


def quantile_sample(arms: Sequence[OrderStatistics], quantiles: Sequence[float]) -> Entries:
    """Quantiles with their standard errors, one entry per (arm, quantile), `(m,)`.

    With s the standard error of the share below the quantile (design effect included), the standard error of the
    quantile is the geometric mean of how far it lies from the sample quantiles at q - 0.8 s and q + 0.8 s, over 0.8: in
    skewed tails this is nearer the truth than the mean of the two, or than reading farther away. Its degrees of freedom
    follow from how many values lie between.

    No answer, with the reason, where fewer than ten independent values lie beyond the quantile, and where values are
    so coarse (whole numbers, many ties) that the quantile moves in jumps.

    References:
        Woodruff 1952, JASA 47; Francisco & Fuller 1991, Annals of Statistics 19.

    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> minutes = np.arange(1.0, 1001.0) / 10
    >>> asked = probabilities(0.5, [1000])
    >>> arm = SimpleNamespace(n=1000, probabilities=asked, values=tuple(np.quantile(minutes, asked)), design_effect=1)
    >>> found = quantile_sample([arm], [0.5])
    >>> float(found.sample.level[0]), round(float((found.sample.variance / found.sample.n)[0] ** 0.5), 2)
    (50.05, 1.58)
    """
    entries = [_one(arm, quantile) for arm, quantile in zip(arms, quantiles, strict=True)]
    return gathered([arm.n for arm in arms], entries)


def quantile_interval(arm: OrderStatistics, quantile: float, confidence: float = 0.95) -> tuple[float, float]:
    """Woodruff's interval for a quantile of one arm, valid for any distribution, ties included.

    Raises:
        NotEnoughData: too few values beyond the quantile for this confidence.
    """
    reason = _too_thin(arm, quantile)
    distance = two_sided(confidence) * _share_se(arm, quantile)
    low, high = _read(arm, quantile - distance), _read(arm, quantile + distance)
    if reason is not None or np.isnan(low) or np.isnan(high):
        raise NotEnoughData(
            reason or f"too few values for a {percent(confidence)} interval of the {quantile:g} quantile"
        )
    return low, high


def _one(arm: OrderStatistics, quantile: float) -> Entry:
    """Degrees of freedom, level, variance of one value's contribution, fault and reason of one arm."""
    _check_quantile(quantile)
    level = _read(arm, quantile)
    reason = _too_thin(arm, quantile)
    if reason is not None:
        return np.nan, level, np.nan, Fault.TOO_FEW, reason
    reach = _REACH * _share_se(arm, quantile)
    points = np.array([_read(arm, quantile + step * reach) for step in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    if not np.isfinite(points).all():
        return np.nan, level, np.nan, Fault.TOO_FEW, f"not enough data around the {quantile:g} quantile"
    if (np.diff(points) <= 0).any():
        return np.nan, level, np.nan, Fault.CONSTANT, _coarse(arm, quantile)
    df = _SPACINGS * 2 * reach * arm.n / max(1.0, arm.design_effect)
    squared = float(points[4] - points[2]) * float(points[2] - points[0]) / _REACH**2
    return df, level, squared * arm.n, Fault.NONE, None


def _share_se(arm: OrderStatistics, quantile: float) -> float:
    """Standard error of the share of values below the quantile."""
    return float(np.sqrt(quantile * (1 - quantile) * max(arm.design_effect, 1e-6) / max(arm.n, 1)))


def _read(arm: OrderStatistics, probability: float) -> float:
    """Sample quantile between those that were read; NaN outside of them."""
    if not arm.probabilities:
        return float("nan")
    return float(np.interp(probability, arm.probabilities, arm.values, left=np.nan, right=np.nan))


def _too_thin(arm: OrderStatistics, quantile: float) -> str | None:
    beyond = arm.n / max(1.0, arm.design_effect) * min(quantile, 1 - quantile)
    if beyond >= FEWEST_BEYOND:
        return None
    if not np.isfinite(arm.design_effect):
        return f"not enough data for the {quantile:g} quantile: one cluster says nothing of how clusters differ"
    alike = " from more clusters or units: values of one are alike" if arm.design_effect > 1 else ""
    wanted = int(np.ceil(FEWEST_BEYOND * max(1.0, arm.design_effect) / min(quantile, 1 - quantile) - 1e-6))
    return (
        f"not enough data for the {quantile:g} quantile: {arm.n:,} values, of which about {beyond:.0f} independent ones"
        f" lie beyond it; {wanted:,} values are needed{alike}"
    )


def _coarse(arm: OrderStatistics, quantile: float) -> str:
    return (
        f"not enough data for the {quantile:g} quantile: many values are the same ({_read(arm, quantile):g}), so it"
        " moves in jumps; compare the share of units above a threshold (kind: proportion), or the mean"
    )


def _check_quantile(quantile: float) -> None:
    if not 0 < quantile < 1:
        raise UsageError(f"{quantile} is no quantile", expected="a share between 0 and 1, for example 0.9")
