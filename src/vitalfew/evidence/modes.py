"""Intervals and p-values by mode: one look, any number of looks, planned looks, or with a prior."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import SMALLEST_P, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.evidence.settings import Setting
    from vitalfew.stats.arrays import Differences
    from vitalfew.stats.spending import Spending

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]

CONFIDENCES = (0.8, 0.95)
_WIDE = CONFIDENCES.index(0.95)
_GRID = (*np.geomspace(1e-12, 0.99, 56), 0.005, 0.01, 0.025, 0.05, 0.1, 0.2)
"""Error rates whose boundaries are computed; p-values at a look lie between them, exact where people draw lines."""
_SMALLEST_SHARE = 1e-6


@dataclass(slots=True)
class Inferred:
    """What a mode says of every comparison, `(m,)` each, intervals `(number of confidences, m)`.

    Attributes:
        low: lower bounds.
        high: upper bounds.
        p_value: two-sided; in mode bayesian twice the smaller posterior probability of the two directions.
        modes: mode of each comparison.
    """

    low: Floats
    high: Floats
    p_value: Floats
    modes: NDArray[np.str_]

    def critical(self, found: Differences) -> Floats:
        """Standard errors from the estimate to the ends of the 95 % interval."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((self.high[_WIDE] - self.low[_WIDE]) / (2.0 * found.se))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far each comparison has come, `(m,)` each: `n` units of both arms that have the metric, `planned` ones."""

    n: Floats
    planned: Floats


def progress(units: Floats, settings: Sequence[Setting]) -> Progress:
    """How far each comparison has come.

    Planned units are those of all arms and all units; a pair of arms or a segment has its part of them by its share of
    the units so far.

    Args:
        units: of control and treatment, `(2, m)`.
        settings: of the experiment of each comparison.
    """
    from vitalfew.stats.always_valid import UNPLANNED

    n = units.sum(axis=0)
    told = np.array([each.planned is not None for each in settings], dtype=bool)
    whole = np.array([each.planned or 0.0 for each in settings], dtype=np.float64)
    every = np.array([max(each.units, 1) for each in settings], dtype=np.float64)
    return Progress(n, np.where(told, np.maximum(whole * n / every, 1.0), float(UNPLANNED)))


def infer(found: Differences, settings: Sequence[Setting], so_far: Progress) -> Inferred:
    """Intervals and p-values of all comparisons in their modes; those of mode bayesian follow in `priors`."""
    modes = np.array([each.mode for each in settings], dtype=np.str_)
    inferred = Inferred(found.low.copy(), found.high.copy(), found.p_value.copy(), modes)
    sound = found.fault == Fault.NONE
    any_time = np.flatnonzero(sound & (modes == "always_valid"))
    if len(any_time):
        _any_time(inferred, found, so_far, any_time)
    for at in np.flatnonzero(sound & (modes == "group_sequential")).tolist():
        _planned_looks(inferred, found, settings[at], at)
    return inferred


def non_inferior(good: Floats, found: Differences, settings: Sequence[Setting], so_far: Progress, at: Places) -> Floats:
    """P-values of "the loss is the margin or more" for some comparisons in their modes, `(len(at),)`.

    Mode bayesian is left to `priors`.

    Args:
        good: estimate in the good direction plus the margin, of those comparisons, `(len(at),)`.
        found: differences of all comparisons.
        settings: of all comparisons.
        so_far: of all comparisons.
        at: which comparisons.
    """
    from vitalfew.stats.non_inferiority import always, fixed

    se, df, n, planned = found.se[at], found.df[at], so_far.n[at], so_far.planned[at]
    with np.errstate(invalid="ignore", divide="ignore"):
        p_value = fixed(good, se, df, 0.0).p_value
        any_time = always(good, se, n, planned, 0.0).p_value
        z = _as_normal(good / se, df)
    modes = np.array([settings[index].mode for index in at], dtype=np.str_)
    p_value = np.where(modes == "always_valid", any_time, p_value)
    for place in np.flatnonzero(modes == "group_sequential").tolist():
        setting = settings[at[place]]
        p_value[place] = p_at_look(float(z[place]), looks_until_now(setting), _spending(setting), two_sided=False)
    return np.asarray(p_value)


def looks_until_now(setting: Setting) -> tuple[float, ...]:
    """Shares of the planned units at the looks that are past, and now; more than planned counts as all."""
    from vitalfew.evidence.settings import ON_TIME

    now = max(min(setting.share, 1.0), _SMALLEST_SHARE)
    return (*(look for look in setting.looks if look < now - ON_TIME), now)


@lru_cache(maxsize=4096)
def boundary(looks: tuple[float, ...], alpha: float, spending: Spending, *, two_sided: bool = True) -> float:
    """Z that is significant at the last of some looks; infinite where so little is due that nothing could be."""
    from vitalfew.stats.group_sequential import boundaries

    return boundaries(looks, alpha, spending, two_sided=two_sided)[-1]


def p_at_look(z: float, looks: tuple[float, ...], spending: Spending, *, two_sided: bool = True) -> float:
    """Smallest error rate at which the last of some looks would have stopped (Jennison & Turnbull 2000, section 9.5).

    At most alpha exactly where `z` is on or beyond the boundary, whether or not the experiment went on. Computed from a
    table of boundaries: between its error rates, the logarithm of p is interpolated along the square of z.
    """
    if np.isnan(z):
        return float("nan")
    alphas, bounds = _table(looks, spending, two_sided)
    size = abs(z) if two_sided else z
    if size <= bounds[-1]:
        return 1.0
    if size >= bounds[0]:
        return float(alphas[0])
    squares = np.sign(bounds) * bounds**2
    return float(np.exp(np.interp(np.sign(size) * size**2, squares[::-1], np.log(alphas)[::-1])))


@lru_cache(maxsize=64)
def _table(looks: tuple[float, ...], spending: Spending, two_sided: bool) -> tuple[Floats, Floats]:
    """Error rates that could stop at the last look, rising, and their boundaries, falling."""
    alphas = np.array(sorted(_GRID))
    bounds = np.array([boundary(looks, alpha, spending, two_sided=two_sided) for alpha in alphas])
    usable = np.isfinite(bounds)
    if not usable.any():
        return np.array([1.0]), np.array([np.inf])
    return alphas[usable], np.minimum.accumulate(bounds[usable])


def _any_time(inferred: Inferred, found: Differences, so_far: Progress, at: Places) -> None:
    from vitalfew.stats.always_valid import half_widths, p_values

    estimate, se, n, planned = found.estimate[at], found.se[at], so_far.n[at], so_far.planned[at]
    for index, confidence in enumerate(CONFIDENCES):
        half = half_widths(se, n, planned, confidence)
        inferred.low[index, at], inferred.high[index, at] = estimate - half, estimate + half
    inferred.p_value[at] = p_values(estimate, se, n, planned)


def _planned_looks(inferred: Inferred, found: Differences, setting: Setting, at: int) -> None:
    """Repeated intervals and p-values (Jennison & Turnbull 2000, chapter 9): valid at every look, stopped or not."""
    looks, spending = looks_until_now(setting), _spending(setting)
    estimate, se, df = (float(part[at]) for part in (found.estimate, found.se, found.df))
    for index, confidence in enumerate(CONFIDENCES):
        half = _as_student(boundary(looks, round(1 - confidence, 12), spending), df) * se
        inferred.low[index, at], inferred.high[index, at] = estimate - half, estimate + half
    inferred.p_value[at] = p_at_look(float(_as_normal(estimate / se, df)), looks, spending)


def _spending(setting: Setting) -> Spending:
    return setting.plan.spending if setting.plan is not None else "obrien_fleming"


def _as_normal(t: ArrayLike, df: ArrayLike) -> Floats:
    """The z that is as rare as `t` is for Student's t; from the tail, so that no digits are lost."""
    from scipy.special import ndtri, stdtr

    values, freedom = np.asarray(t, dtype=np.float64), np.asarray(df, dtype=np.float64)
    tail = np.maximum(stdtr(freedom, -np.abs(values)), SMALLEST_P)
    return np.asarray(-np.sign(values) * ndtri(tail), dtype=np.float64)


def _as_student(z: float, df: float) -> float:
    from scipy.special import ndtr, stdtrit

    return float(-stdtrit(df, ndtr(-z))) if np.isfinite(z) else z
