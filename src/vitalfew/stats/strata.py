"""Differences within strata, put together: strata of units, or phases of a ramp with a split of their own each.

Every stratum weighs as much as its share of all units, in both arms alike, so that a difference in the mix of strata
between the arms is no effect (Miratrix, Sekhon & Yu 2013, JRSS B 75, eq. 2). The shares are taken as given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.arrays import Fault, Sample, sample, sound
from vitalfew.stats.moments import Moments
from vitalfew.stats.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.stack import Floats

    Cells = Sequence[Sequence[tuple[Moments, Moments]]]
    Arms = tuple[Sample, Sample]

_FEWEST = 2  # units of a metric that an arm needs in a stratum
_EPSILON = float(np.finfo(np.float64).eps)


def stratified(cells: Cells, numerators: Sequence[str], denominators: Sequence[str | None]) -> tuple[Sample, Sample]:
    """Arms with the same mix of strata, for `differences` and `lifts`; `(m,)` each.

    A stratum in which an arm has fewer than two units counts for neither arm; `left_out` names them. Ratios are those
    of the numerator's and denominator's stratified means (the combined ratio estimator: Cochran 1977, eq. 6.48).

    Args:
        cells: one sequence per stratum, holding control and treatment of every comparison, `(strata, m)`.
        numerators: column to compare, `(m,)`.
        denominators: column to divide by, None for a mean.
    """
    return combined(apart(cells, numerators, denominators))


def apart(cells: Cells, numerators: Sequence[str], denominators: Sequence[str | None]) -> list[Arms]:
    """Both arms of every stratum, as `combined` puts them together; ratios by what each stratum adds to the whole."""
    if not cells:
        raise UsageError("no strata to put together", expected="at least one stratum")
    strata = [
        tuple(sample([cell[side] for cell in stratum], numerators, denominators) for side in (0, 1))
        for stratum in cells
    ]
    ratio = np.array([name is not None for name in denominators], dtype=bool)
    if ratio.any():
        bottoms = [top if bottom is None else bottom for top, bottom in zip(numerators, denominators, strict=True)]
        weights = _weights([(one, two) for one, two in strata], zero_denominators=True)
        sides = [_linearised(cells, side, (numerators, bottoms), weights) for side in (0, 1)]
        strata = [
            tuple(_either(ratio, sides[side][at], pair[side]) for side in (0, 1)) for at, pair in enumerate(strata)
        ]
    return [(one, two) for one, two in strata]


def combined(strata: Sequence[Arms]) -> Arms:
    """Arms of every stratum put together by its share of units; also of arms that were adjusted in each stratum."""
    weights = _weights(strata)
    none = ~weights.any(axis=0)
    return _joined([one for one, _ in strata], weights, none), _joined([two for _, two in strata], weights, none)


def left_out(cells: Cells, numerators: Sequence[str]) -> list[tuple[int, ...]]:
    """Per comparison, the positions of the strata in which an arm has too few units to count; `(m,)`."""
    few = np.array(
        [
            np.minimum(*(_units([cell[side] for cell in stratum], numerators) for side in (0, 1))) < _FEWEST
            for stratum in cells
        ]
    )
    return [tuple(np.flatnonzero(column).tolist()) for column in few.T]


def rest(whole: Moments, parts: Sequence[Moments]) -> Moments:
    """Moments of the units of `whole` that are in none of `parts`, which must not overlap.

    Smallest and largest values are not known: the parts may hold them. Digits that a part has in common with the
    whole are lost, so a rest of one unit in a million has about ten digits.
    """
    left = whole
    for part in parts:
        left = _minus(left, part)
    return left


def _minus(whole: Moments, part: Moments) -> Moments:
    if whole.names != part.names or (part.n > whole.n).any() or part.units > whole.units:
        raise UsageError("these moments are no part of the whole", expected="the same columns and no more units")
    n = whole.n - part.n
    moved = part.mean + (part.shift - whole.shift)[:, None]
    ratio = np.divide(part.n, n, out=np.zeros_like(n), where=n > 0)
    delta = np.where(part.n > 0, whole.mean - moved, 0.0) * ratio
    mean = np.where(n > 0, whole.mean + delta, 0.0)
    # The distance between the two means is delta * whole / part, and the share of each other's units goes with it.
    apart = np.where(part.n > 0, mean - moved, 0.0)
    cross = whole.cross - np.where(part.n > 0, part.cross, 0.0)
    cross = cross - apart * apart.T * np.divide(part.n * n, whole.n, out=np.zeros_like(n), where=whole.n > 0)
    cross = np.where(n > 1, cross, np.where(np.isnan(cross), np.nan, 0.0))
    diagonal = np.arange(len(n))
    cross[diagonal, diagonal] = np.maximum(cross[diagonal, diagonal], 0.0)
    return Moments(whole.names, n, whole.shift, mean, cross, whole.units - part.units)


def _units(moments: Sequence[Moments], numerators: Sequence[str]) -> Floats:
    stack = Stack(moments)
    places = stack.places(numerators)
    n: Floats = stack.n(places, places)
    return n


def _weights(strata: Sequence[Arms], *, zero_denominators: bool = False) -> Floats:
    """Share of all units that count, `(strata, m)`; 0 for a stratum where an arm has too few."""
    bad = (Fault.TOO_FEW,) if zero_denominators else (Fault.TOO_FEW, Fault.ZERO_DENOMINATOR)
    usable = np.array([~np.isin(one.fault, bad) & ~np.isin(two.fault, bad) for one, two in strata])
    units = np.where(usable, np.array([one.n + two.n for one, two in strata]), 0.0)
    total = units.sum(axis=0)
    shares: Floats = np.divide(units, total, out=np.zeros_like(units), where=total > 0)
    return shares


def _linearised(cells: Cells, side: int, columns: tuple[Sequence[str], Sequence[str]], weights: Floats) -> list[Sample]:
    """One arm's strata as contributions to the ratio of its stratified means."""
    stacks = [Stack([cell[side] for cell in stratum]) for stratum in cells]
    places = [(stack.places(columns[0]), stack.places(columns[1])) for stack in stacks]
    n = np.array([stack.n(y, x) for stack, (y, x) in zip(stacks, places, strict=True)])
    mean_y, mean_x = (
        np.array([stack.shift(at[i]) + stack.mean(at[i], at[1 - i]) for stack, at in zip(stacks, places, strict=True)])
        for i in (0, 1)
    )
    with np.errstate(all="ignore"):
        bottom = (weights * mean_x).sum(axis=0)
        ratio = (weights * mean_y).sum(axis=0) / bottom
        var_y, cov, var_x = (
            np.array([stack.cross(at[i], at[j]) / (stack.n(at[i], at[j]) - 1) for stack, at in _zip(stacks, places)])
            for i, j in ((0, 0), (0, 1), (1, 1))
        )
        rounding = 16 * _EPSILON * (var_y + ratio**2 * var_x + _EPSILON * mean_y**2)
        variance, fault = sound(var_y - 2 * ratio * cov + ratio**2 * var_x, rounding)
        mean = ratio + (mean_y - ratio * mean_x) / bottom
        variance = variance / bottom / bottom
    fault = np.where(n < _FEWEST, Fault.TOO_FEW, np.where(bottom == 0, Fault.ZERO_DENOMINATOR, fault))
    return [Sample(n[at], np.zeros(n.shape[1]), mean[at], variance[at], fault[at]) for at in range(len(cells))]


def _zip(
    stacks: list[Stack], places: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> zip[tuple[Stack, tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    return zip(stacks, places, strict=True)


def _joined(strata: Sequence[Sample], weights: Floats, none: NDArray[np.bool_]) -> Sample:
    """One arm over all strata that count; degrees of freedom by Satterthwaite over the strata."""
    used = weights > 0
    n, shift, mean, variance, freedom = (
        np.array([getattr(one, name) for one in strata]) for name in ("n", "shift", "mean", "variance", "freedom")
    )
    total = np.where(used, n, 0.0).sum(axis=0)
    first = shift[used.argmax(axis=0), np.arange(shift.shape[1])]
    with np.errstate(all="ignore"):
        level = np.where(used, weights * ((shift - first) + mean), 0.0).sum(axis=0)
        parts = np.where(used, weights**2 * variance / n, 0.0)
        squared = parts.sum(axis=0)
        df = 1.0 / np.where(used, (parts / squared) ** 2 / freedom, 0.0).sum(axis=0)
    df = np.where(squared > 0, df, np.where(used, freedom, 0.0).sum(axis=0))
    fault = np.where(used, np.array([one.fault for one in strata]), Fault.NONE).max(axis=0)
    fault = np.where(none, Fault.TOO_FEW, fault)
    return Sample(total, first, np.where(none, np.nan, level), np.where(none, np.nan, squared * total), fault, df)


def _either(ratio: NDArray[np.bool_], one: Sample, other: Sample) -> Sample:
    names = ("n", "shift", "mean", "variance", "fault")
    return Sample(*(np.where(ratio, getattr(one, name), getattr(other, name)) for name in names))
