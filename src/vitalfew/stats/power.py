"""Planning: units needed, effects that can be found, power, days. For every kind of metric and every mode.

An effect is an absolute difference in the metric's unit, its size only; variances are of one unit's contribution
(`noise`), of control and treatment arm. Arrays broadcast. For a guardrail take `two_sided=False` and as effect the
margin plus the true effect one reckons with (usually the margin alone).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.always_valid import BURN_IN
from vitalfew.stats.designs import chance_of, drift_needed
from vitalfew.stats.noise import of_proportion
from vitalfew.stats.normal import ppf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.designs import Design

    Floats = NDArray[np.float64]

_HALVINGS = 90
_FEWEST = 4.0  # units of two arms from which a variance can be estimated
_ROUNDS = 60  # until a share and its own variance agree
_WEEK = 7


def power(
    effect: ArrayLike,
    units: ArrayLike,
    control: ArrayLike,
    design: Design,
    treatment: ArrayLike | None = None,
    cluster_size: float = 1.0,
) -> Floats:
    """Probability to find an effect with this number of units of all arms together.

    Args:
        effect: absolute difference, in the metric's unit.
        units: of all arms together.
        control: variance of a unit in the control arm, design effect and adjustment included.
        design: how it will be decided.
        treatment: variance in the treatment arm; that of the control when None.
        cluster_size: units per randomised cluster; degrees of freedom count clusters.

    >>> from vitalfew.stats.designs import Design
    >>> round(float(power(0.5, 128, 1.0, Design())), 4)
    0.8015
    """
    size, n = np.abs(np.asarray(effect, dtype=np.float64)), np.asarray(units, dtype=np.float64)
    variances = _both(control, treatment)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(per_unit(design, *variances) / n)
        if design.mode == "bayesian":
            return _taken(size, se, design)
        return chance_of(size / se, design, _df(n / cluster_size, design, *variances))


def sample_size(
    effect: ArrayLike,
    control: ArrayLike,
    design: Design,
    treatment: ArrayLike | None = None,
    cluster_size: float = 1.0,
) -> Floats:
    """Units of all arms together (not rounded) that give the design its power; arguments as in `power`.

    Sequential modes: the most units that may be needed, tuned there; often it ends earlier. NaN for no effect, and
    where no number is enough (a prior that is stronger than the effect).

    >>> from vitalfew.stats.designs import Design
    >>> round(float(sample_size(0.5, 1.0, Design())), 3)
    127.531
    """
    size = np.abs(np.asarray(effect, dtype=np.float64))
    variances = _both(control, treatment)
    if design.mode in {"always_valid", "group_sequential"}:
        with np.errstate(all="ignore"):
            found = (drift_needed(design) / size) ** 2 * per_unit(design, *variances)
        fewest = BURN_IN if design.mode == "always_valid" else _FEWEST
        return np.where((size > 0) & (found > 0), np.maximum(found, fewest * max(cluster_size, 1.0)), np.nan)
    low = np.full(np.broadcast(size, *variances).shape, np.log(_FEWEST * max(cluster_size, 1.0)))
    high = low + 60.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = power(size, np.exp(middle), control, design, treatment, cluster_size) >= design.power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    reached = power(size, np.exp(high), control, design, treatment, cluster_size) >= design.power - 1e-9  # rounding
    return np.where((size > 0) & reached, np.exp(high), np.nan)


def detectable(
    units: ArrayLike,
    control: ArrayLike,
    design: Design,
    treatment: ArrayLike | None = None,
    cluster_size: float = 1.0,
) -> Floats:
    """Smallest effect, in the metric's unit, that these units find with the design's power.

    >>> from vitalfew.stats.designs import Design
    >>> round(float(detectable(127.531, 1.0, Design())), 4)
    0.5
    """
    n = np.asarray(units, dtype=np.float64)
    variances = _both(control, treatment)
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(per_unit(design, *variances) / n)
        if design.mode == "bayesian":
            return _hurdle(se, design) + ppf(design.power) * se
        if design.mode == "fixed":
            return drift_needed(design, _df(n / cluster_size, design, *variances)) * se
        return drift_needed(design) * se


def detectable_share(units: ArrayLike, share: ArrayLike, design: Design, inflation: ArrayLike = 1.0) -> Floats:
    """Smallest rise of a share (0 to 1) that these units find, the variance of the treatment arm being its own.

    NaN where even 1 would not be found. `inflation` multiplies both variances (design effect, adjustment).
    """
    p, factor = np.asarray(share, dtype=np.float64), np.asarray(inflation, dtype=np.float64)
    # From above, because a share of 0 that stays 0 has no variance: no units would seem to be needed.
    rise = (1 - p) / 2 + np.zeros(np.broadcast(np.asarray(units), p, factor).shape)
    for _ in range(_ROUNDS):
        above = np.clip(p + rise, 0.0, 1.0)
        rise = detectable(units, factor * of_proportion(p), design, factor * of_proportion(above))
    return np.where((p >= 0) & (rise > 0) & (p + rise <= 1), rise, np.nan)


def assurance(units: ArrayLike, control: ArrayLike, design: Design, treatment: ArrayLike | None = None) -> Floats:
    """Probability that a Bayesian experiment ends in taking the treatment, over what the prior says of the effect.

    It cannot exceed the prior probability of a gain by much, however many units there are (O'Hagan, Stevens &
    Campbell 2005, Pharmaceutical Statistics 4).
    """
    from scipy.special import ndtr

    if not np.isfinite(design.prior_sd):
        raise UsageError("assurance needs a prior", expected="a finite prior_sd")
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(per_unit(design, *_both(control, treatment)) / np.asarray(units, dtype=np.float64))
        spread = np.sqrt(design.prior_sd**2 + se**2)
        return np.asarray(ndtr((design.prior_mean - _hurdle(se, design)) / spread))


def per_unit(design: Design, control: ArrayLike, treatment: ArrayLike) -> Floats:
    """Squared standard error of the difference times all units, for the allocation of the design."""
    to_control, to_treatment = design.shares
    return np.asarray(np.asarray(control) / to_control + np.asarray(treatment) / to_treatment, dtype=np.float64)


def power_each(power: float, guardrails: int) -> float:
    """Power of each metric so that success and all guardrails together have at least `power`, however they depend.

    Alpha is not shared with guardrails, because all of them must be kept; their misses add up (Schultzberg, Ankargren
    & Frånberg 2024, "Risk-aware product decisions in A/B tests with multiple metrics").

    Raises:
        UsageError: a power that is no share, or fewer than no guardrails.

    >>> round(power_each(0.8, 3), 3)
    0.95
    """
    if not 0 < power < 1 or guardrails < 0:
        raise UsageError(f"a power of {power:g} with {guardrails} guardrails", expected="a share, and 0 or more")
    return 1 - (1 - power) / (guardrails + 1)


def days_needed(units: ArrayLike, new_units: ArrayLike) -> Floats:
    """Days until so many units have been seen for the first time, a part of a day counted as that part.

    Args:
        units: needed, any shape.
        new_units: first seen on day 1, 2, …; after the last of them each day brings the mean of the last week. Falling
            numbers are usual: on day 1 everybody is new.

    Returns:
        Shape of `units`; NaN where the units are never reached.

    >>> days_needed([100.0, 300.0], [100.0, 50.0]).tolist()
    [1.0, 4.0]
    """
    wanted = np.asarray(units, dtype=np.float64)
    daily = np.asarray(new_units, dtype=np.float64)
    reached = np.concatenate([[0.0], np.cumsum(daily)])
    rate = float(daily[-_WEEK:].mean()) if len(daily) else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        later = len(daily) + (wanted - reached[-1]) / rate if rate > 0 else np.full(wanted.shape, np.nan)
    within = np.interp(wanted, reached, np.arange(len(reached), dtype=np.float64))
    return np.where(wanted <= reached[-1], within, later)


def _both(control: ArrayLike, treatment: ArrayLike | None) -> tuple[Floats, Floats]:
    first = np.asarray(control, dtype=np.float64)
    return first, first if treatment is None else np.asarray(treatment, dtype=np.float64)


def _df(n: Floats, design: Design, control: Floats, treatment: Floats) -> Floats:
    """Degrees of freedom of Welch's test at the planned variances (Satterthwaite)."""
    to_control, to_treatment = design.shares
    part_c, part_t = control / to_control, treatment / to_treatment
    whole = part_c + part_t
    squares = (part_c / whole) ** 2 / np.maximum(n * to_control - 1, 0.0) + (part_t / whole) ** 2 / np.maximum(
        n * to_treatment - 1, 0.0
    )
    return np.asarray(np.maximum(1 / squares, 1.0))


def _hurdle(se: Floats, design: Design) -> Floats:
    """Estimate from which the posterior probability of a gain is large enough."""
    weight = 1 / (1 + (se / design.prior_sd) ** 2)
    mean = design.prior_mean
    return np.asarray(mean + (ppf(design.chance) * se * np.sqrt(weight) - mean) / weight)


def _taken(effect: Floats, se: Floats, design: Design) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr((effect - _hurdle(se, design)) / se))
