"""Quantiles and times to an event, of one arm or of two, from the values themselves: a face for those who have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.comparison import comparison_of
from vitalfew.stats.lifetimes import MEDIANS, RESTRICTED_MEAN, median_interval, median_sample, restricted_mean_sample
from vitalfew.stats.normal import check_confidence
from vitalfew.stats.quantiles import METHOD, probabilities, quantile_interval, quantile_sample
from vitalfew.stats.scores import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.arrays import Sample
    from vitalfew.stats.comparison import Comparison


@dataclass(frozen=True, slots=True)
class _Read:
    """Order statistics of one arm."""

    n: int
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class _Followed:
    """Events and leavers of one arm at each time."""

    units: int
    times: tuple[float, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]


def compare_quantiles(
    control: ArrayLike, treatment: ArrayLike, quantile: float = 0.5, confidences: Sequence[float] = (0.8, 0.95)
) -> Comparison:
    """Compare a quantile between two arms of independent units.

    The standard error is read from how far the sample quantiles lie apart on both sides (Woodruff 1952, JASA 47); at
    least ten values must lie beyond the quantile.

    Args:
        control: one value per unit; NaN and infinities are missing.
        treatment: likewise.
        quantile: between 0 and 1; 0.5 is the median.
        confidences: of the two-sided intervals, as shares.

    Raises:
        NotEnoughData: too few values beyond the quantile, or so many ties that it moves in jumps.
        UsageError: no numbers, no quantile, a confidence that is no share.

    >>> import numpy as np
    >>> old = np.arange(400.0)
    >>> found = compare_quantiles(old, old + 30.0, 0.9)
    >>> found.estimate, round(found.se, 1)
    (30.0, 8.5)
    """
    arms = _read(quantile, control, treatment)
    found = quantile_sample(arms, [quantile, quantile])
    return _told(found.sample, found.reasons, f"{quantile:g} quantile", METHOD, confidences)


def compare_times(
    control: tuple[ArrayLike, ArrayLike],
    treatment: tuple[ArrayLike, ArrayLike],
    horizon: float | None = None,
    confidences: Sequence[float] = (0.8, 0.95),
) -> Comparison:
    """Compare the time until something happens, when some units had to be left before it did.

    Args:
        control: per unit the time it was followed, 0 or more, and whether the event happened then (1) or it was left
            without (0).
        treatment: likewise.
        horizon: compares the mean time without the event within so long (restricted mean); None compares medians.
        confidences: of the two-sided intervals, as shares.

    Raises:
        NotEnoughData: nobody was followed to the horizon, or the median is not reached.
        UsageError: no numbers, times below zero, or not one mark per time.

    >>> old = ([1.0, 2.0, 3.0, 4.0, 4.0, 4.0], [1, 1, 1, 1, 0, 0])
    >>> new = ([2.0, 3.0, 4.0, 4.0, 4.0, 4.0], [1, 1, 0, 0, 0, 0])
    >>> found = compare_times(old, new, horizon=4.0)
    >>> found.mean_control, found.mean_treatment, round(found.p_value, 2)
    (3.0, 3.5, 0.44)
    """
    if horizon is not None and not 0 < horizon < np.inf:
        raise UsageError(f"a horizon of {horizon:g}", expected="a time above 0")
    arms = [_followed(*arm) for arm in (control, treatment)]
    found = median_sample(arms) if horizon is None else restricted_mean_sample(arms, [horizon, horizon])
    what, method = ("median time", MEDIANS) if horizon is None else ("restricted mean time", RESTRICTED_MEAN)
    return _told(found.sample, found.reasons, what, method, confidences)


def quantile_of(values: ArrayLike, quantile: float = 0.5, confidence: float = 0.95) -> Score:
    """A quantile of one arm of independent units, with Woodruff's interval, right for any distribution, ties included.

    Args:
        values: one per unit; NaN and infinities are missing.
        quantile: between 0 and 1; 0.5 is the median.
        confidence: two-sided, as a share.

    Raises:
        NotEnoughData: fewer than ten values beyond the quantile, or too few for this confidence.
        UsageError: no numbers, no quantile, a confidence that is no share.

    >>> seconds = [float(second) for second in range(1, 401)]
    >>> found = quantile_of(seconds, 0.9)
    >>> [round(bound, 1) for bound in (found.estimate, found.low, found.high)]
    [360.1, 348.4, 371.8]
    """
    check_confidence(confidence)
    (arm,) = _read(quantile, values)
    low, high = quantile_interval(arm, quantile, confidence)
    level = float(np.interp(quantile, arm.probabilities, arm.values))
    return Score(level, low, high, arm.n, "Woodruff's interval")


def median_time(times: ArrayLike, happened: ArrayLike, confidence: float = 0.95) -> Score:
    """Median time until something happens in one arm, when some units had to be left before it did.

    Args:
        times: per unit the time it was followed, 0 or more.
        happened: per unit 1 when the event happened then, 0 when it was left without.
        confidence: two-sided, as a share.

    Raises:
        NotEnoughData: the median is not reached, or so many events share its time that it has no width.
        UsageError: no numbers, times below zero, or not one mark per time.

    References:
        Brookmeyer & Crowley 1982, Biometrics 38, with the log-log interval of the share.

    >>> found = median_time([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], [1] * 21)
    >>> found.estimate, found.low, found.high
    (8.0, 4.0, 11.0)
    """
    check_confidence(confidence)
    arm = _followed(times, happened)
    return Score(
        *median_interval(arm, confidence), arm.units, "Kaplan-Meier's curve, Brookmeyer and Crowley's interval"
    )


def _read(quantile: float, *arms: ArrayLike) -> list[_Read]:
    """Order statistics of arms, all at the same probabilities."""
    values = [numbers[np.isfinite(numbers)] for numbers in map(_numbers, arms)]
    asked = probabilities(quantile, [len(arm) for arm in values], picture=False)
    return [
        _Read(len(arm), asked if len(arm) else (), tuple(np.quantile(arm, asked)) if len(arm) else ()) for arm in values
    ]


def _told(
    both: Sample, reasons: Sequence[str | None], what: str, method: str, confidences: Sequence[float]
) -> Comparison:
    for confidence in confidences:
        check_confidence(confidence)
    for reason in reasons:
        if reason is not None:
            raise NotEnoughData(reason)
    return comparison_of((both.only(0), both.only(1)), what, confidences, method)


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros((0, 0))
    if array.ndim != 1:
        raise UsageError("the values of an arm are no list of numbers", expected="one number per unit")
    return array


def _followed(times: ArrayLike, happened: ArrayLike) -> _Followed:
    at, marks = _numbers(times), _numbers(happened)
    if at.shape != marks.shape or not np.isin(marks, (0.0, 1.0)).all() or not np.all((at >= 0) & np.isfinite(at)):
        raise UsageError("times and marks do not fit", expected="per unit a time of 0 or more, and 1 or 0")
    distinct, which = np.unique(at, return_inverse=True)
    events = np.bincount(which, weights=marks, minlength=len(distinct)).astype(int)
    every = np.bincount(which, minlength=len(distinct))
    return _Followed(len(at), *(tuple(part.tolist()) for part in (distinct, events, every - events)))
