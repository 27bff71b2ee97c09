"""Is a guardrail kept? Tests that a change is no worse than a margin, in every inference mode; and futility.

All functions but `non_inferior` work on arrays, `(m,)`. `direction` says which way is good; margins are positive sizes
in the metric's unit. The *bound* is the one-sided confidence bound on the bad side, in the metric's unit and sign: a
lower bound for a metric that should rise, an upper bound for one that should fall. The guardrail is kept when the bound
lies within the margin, which is when p is at most alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats import always_valid
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.normal import check_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.comparison import Comparison

    Floats = NDArray[np.float64]

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether guardrails are kept; `(m,)` each.

    Attributes:
        p_value: of "worse than the margin", one-sided: small is good news.
        p_harm: of "not worse at all", one-sided: small is bad news.
        bound: one-sided confidence bound on the bad side, in the metric's unit and sign.
    """

    p_value: Floats
    p_harm: Floats
    bound: Floats


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether one guardrail is kept.

    Attributes:
        kept: whether the bound lies within the margin.
        p_value: of "worse than the margin", one-sided: small is good news.
        p_harm: of "not worse at all", one-sided: small is bad news.
        bound: one-sided confidence bound on the bad side, in the metric's unit and sign; None before it begins.
        margin: in the metric's unit.
        confidence: of the bound, as a share.
    """

    kept: bool
    p_value: float
    p_harm: float
    bound: float | None
    margin: float
    confidence: float


def non_inferior(
    found: Comparison, margin: float, direction: Direction = "up", confidence: float = 0.95
) -> NonInferiority:
    """Test that the treatment is no worse than the control by a margin, in the mode of the comparison.

    Args:
        found: of `compare`.
        margin: largest loss that does not matter, 0 or more, in the metric's unit.
        direction: which way is good.
        confidence: one-sided, as a share.

    Raises:
        UsageError: a negative margin, an unknown direction, a confidence that is no share.

    >>> from vitalfew.stats import Moments, compare
    >>> old, new = (Moments.given("share", n=10_000, mean=mean, variance=0.16) for mean in (0.2, 0.199))
    >>> test = non_inferior(compare(old, new, numerator="share"), margin=0.012)
    >>> test.kept, round(test.p_value, 3), round(test.bound or 0.0, 4)
    (True, 0.026, -0.0103)
    """
    if not 0 <= margin < np.inf:
        raise UsageError(f"a margin of {margin:g}", expected="a size of 0 or more, in the metric's unit")
    check_confidence(confidence)
    if found.mode == "fixed":
        test = fixed(found.estimate, found.se, found.df, margin, direction, confidence)
    else:
        n, planned = found.n_control + found.n_treatment, np.nan if found.planned is None else found.planned
        test = always(found.estimate, found.se, n, planned, margin, direction, confidence)
    p_value, p_harm, bound = float(test.p_value), float(test.p_harm), float(test.bound)
    kept = (bound if direction == "up" else -bound) >= -margin
    return NonInferiority(kept, p_value, p_harm, None if np.isnan(bound) else bound, margin, confidence)


def fixed(
    estimate: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    margin: ArrayLike,
    direction: Direction = "up",
    confidence: float = 0.95,
) -> Kept:
    """One look, planned beforehand: Student's t with `df` degrees of freedom (`inf` for the normal).

    >>> kept = fixed(-0.2, 0.1, np.inf, 0.5)
    >>> round(float(kept.p_value), 5), round(float(kept.bound), 4)
    (0.00135, -0.3645)
    """
    from scipy.special import stdtr, stdtrit

    good, se, margin = _good(estimate, se, margin, direction)
    check_confidence(confidence)
    nu = np.minimum(np.asarray(df, dtype=np.float64), _MANY)
    p_value, p_harm = stdtr(nu, -(good + margin) / se), stdtr(nu, good / se)
    return Kept(_p(p_value), _p(p_harm), _turned(good - stdtrit(nu, confidence) * se, direction))


def always(
    estimate: ArrayLike,
    se: ArrayLike,
    n: ArrayLike,
    planned: ArrayLike,
    margin: ArrayLike,
    direction: Direction = "up",
    confidence: float = 0.95,
) -> Kept:
    """Any number of looks at any time: one-sided confidence sequences, see `always_valid`."""
    good, se, margin = _good(estimate, se, margin, direction)
    width = always_valid.one_sided_widths(se, n, planned, confidence)
    return Kept(
        always_valid.one_sided_p_values(good + margin, se, n, planned),
        always_valid.one_sided_p_values(-good, se, n, planned),
        _turned(good - width, direction),
    )


def conditional_power(z: ArrayLike, share: ArrayLike, critical: ArrayLike, drift: ArrayLike | None = None) -> Floats:
    """Probability of a z above `critical` at the end, given z at this `share` of the planned units.

    Args:
        z: in the good direction; for non-inferiority of the estimate plus the margin.
        share: of the planned information, between 0 and 1.
        critical: needed at the end.
        drift: expected z at the end if things go as planned; when None, they go on as they did.

    Source: Lan & Wittes (1988), Biometrics 44.

    >>> round(float(conditional_power(0.5, 0.5, 1.96)), 3)
    0.038
    """
    from scipy.special import ndtr

    z, t = np.asarray(z, dtype=np.float64), np.asarray(share, dtype=np.float64)
    needed = np.asarray(critical, dtype=np.float64)
    t = np.where(t >= 0, t, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        trend = z / np.sqrt(t) if drift is None else np.asarray(drift, dtype=np.float64)
        ahead = (z * np.sqrt(t) + trend * (1 - t) - needed) / np.sqrt(np.maximum(1 - t, 0.0))
    return np.where(t >= 1, (z >= needed).astype(np.float64), ndtr(ahead))


def predictive_power(
    z: ArrayLike, share: ArrayLike, critical: ArrayLike, drift: ArrayLike = 0.0, drift_sd: ArrayLike = np.inf
) -> Floats:
    """Conditional power averaged over what is believed of the drift: a normal prior and the data so far.

    Source: Spiegelhalter, Freedman & Blackburn (1986), Controlled Clinical Trials 7. Without a prior (`drift_sd`
    infinite) it is cdf((z - critical sqrt(share)) / sqrt(1 - share)).

    >>> round(float(predictive_power(0.5, 0.5, 1.96)), 3)
    0.105
    """
    from scipy.special import ndtr

    z, t = np.asarray(z, dtype=np.float64), np.asarray(share, dtype=np.float64)
    needed = np.asarray(critical, dtype=np.float64)
    t, left = np.where(t >= 0, t, np.nan), 1 - t
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = t + 1 / np.asarray(drift_sd, dtype=np.float64) ** 2
        mean = np.asarray(drift) + (z * np.sqrt(t) - t * np.asarray(drift)) / precision
        spread = np.sqrt(np.maximum(left + left**2 / precision, 0.0))
        ahead = (z * np.sqrt(t) + mean * left - needed) / spread
    return np.where(t >= 1, (z >= needed).astype(np.float64), ndtr(ahead))


_MANY = 1e9  # degrees of freedom that stand for the normal


def _good(estimate: ArrayLike, se: ArrayLike, margin: ArrayLike, direction: Direction) -> tuple[Floats, Floats, Floats]:
    if direction not in get_args(Direction):
        raise UsageError(f"no direction '{direction}'", expected="up or down: which way is good")
    sign, error = 1.0 if direction == "up" else -1.0, np.asarray(se, dtype=np.float64)
    # No variation is no certainty.
    return sign * np.asarray(estimate, dtype=np.float64), np.where(error > 0, error, np.nan), _margin(margin)


def _margin(margin: ArrayLike) -> Floats:
    size = np.asarray(margin, dtype=np.float64)
    if np.any(size < 0):
        raise UsageError(f"a margin of {float(size.min()):g}", expected="a size of 0 or more, in the metric's unit")
    return size


def _turned(good: Floats, direction: Direction) -> Floats:
    return good if direction == "up" else -good


def _p(p_value: Floats) -> Floats:
    return np.maximum(p_value, SMALLEST_P)
