"""Regression adjustment (CUPED) from Moments alone: what units did before explains part of what they do now.

One covariate: the coefficient pooled within the arms. Several: one regression per arm, both read at the covariates'
mean over all units (Lin 2013, Annals of Applied Statistics 7, section 4). Pooling across arms instead, as CUPED is
often written (Deng, Xu, Kohavi & Walker 2013, WSDM), puts the effect itself into the coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Fault, Sample, columns, gathered
from vitalfew.stats.fits import Arm, independent, interacted, pooled
from vitalfew.stats.stack import Stack, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.arrays import Columns
    from vitalfew.stats.fits import Bools, Fit
    from vitalfew.stats.moments import Moments
    from vitalfew.stats.stack import Floats, Places

UNITS_PER_COVARIATE = 10
"""Units that the smaller arm needs for every covariate."""
NO_GAIN = "the covariates explain nothing here: the effect is not adjusted"
_EPSILON = float(np.finfo(np.float64).eps)
_UNEXPLAINED = 1e-6  # share of the metric's variance below which what is left is mostly rounding


class Reason(IntEnum):
    """Why a covariate is not used."""

    USED = 0
    NOT_ASKED = 1
    INCOMPLETE = 2
    CONSTANT = 3
    COLLINEAR = 4


WORDS = {
    Reason.INCOMPLETE: "some units have only one of metric and covariate, or the source gives no cross product",
    Reason.CONSTANT: "hardly varies",
    Reason.COLLINEAR: "the other covariates or too few units leave it nothing to explain",
}


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Arms as if they had started alike, for `differences` and `lifts`; `(m,)` each.

    Attributes:
        control: adjusted control arms; their variance is that of the residuals.
        treatment: adjusted treatment arms.
        reduction: share of the squared standard error that the covariates took away; 0 where unadjusted.
        used: names of the covariates that were used, per comparison; empty where unadjusted.
        notes: what was left out and why, per comparison.
    """

    control: Sample
    treatment: Sample
    reduction: Floats
    used: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, ...], ...]

    @classmethod
    def joined(cls, parts: Sequence[Adjusted]) -> Adjusted:
        """Comparisons of several parts after each other."""
        return cls(
            Sample.joined([one.control for one in parts]),
            Sample.joined([one.treatment for one in parts]),
            np.concatenate([one.reduction for one in parts]),
            tuple(chain.from_iterable(one.used for one in parts)),
            tuple(chain.from_iterable(one.notes for one in parts)),
        )


def adjusted(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
    covariates: Sequence[Sequence[str]],
) -> Adjusted:
    """Adjust every comparison for its covariates; one entry per (control, treatment, numerator, denominator), `(m,)`.

    A ratio is adjusted through its linearisation, so that its numerator and denominator before the exposure may both
    be covariates. The variance counts the coefficients' own uncertainty, that of the covariates' mean, and one degree
    of freedom per coefficient. A covariate that is missing for some units, constant or collinear is left out with a
    note; without a gain the comparison stays unadjusted.

    Args:
        control: moments of the control arm, covariates included.
        treatment: moments of the treatment arm, likewise.
        numerators: column to compare.
        denominators: column to divide by, None for a mean.
        covariates: columns measured before the exposure, per comparison; may be empty.

    >>> from vitalfew.stats import Moments
    >>> from vitalfew.stats.arrays import differences
    >>> before = [float(unit % 7) for unit in range(40)]
    >>> old = Moments.of({"y": [b + unit % 3 for unit, b in enumerate(before)], "y/before": before})
    >>> new = Moments.of({"y": [b + unit % 3 + 1 for unit, b in enumerate(before)], "y/before": before})
    >>> found = adjusted([old], [new], ["y"], [None], [["y/before"]])
    >>> round(float(differences(found.control, found.treatment, (0.95,)).estimate[0]), 6)
    1.0
    >>> round(float(found.reduction[0]), 2), found.used
    (0.84, (('y/before',),))
    """
    asked = [tuple(names) for names in covariates]
    parts = [
        _adjusted(control[at], treatment[at], numerators[at], denominators[at], asked[at])
        for at in blocks(control, treatment)
    ]
    return parts[0] if len(parts) == 1 else Adjusted.joined(parts)


def _adjusted(
    control: Sequence[Moments],
    treatment: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
    asked: Sequence[tuple[str, ...]],
) -> Adjusted:
    stacks = Stack(control), Stack(treatment)
    compared = columns(stacks[0], numerators, denominators), columns(stacks[1], numerators, denominators)
    base = gathered(stacks[0], compared[0]), gathered(stacks[1], compared[1])
    nothing: tuple[tuple[str, ...], ...] = ((),) * len(asked)
    if not any(asked):
        return Adjusted(*base, np.zeros(len(asked)), nothing, nothing)
    with np.errstate(all="ignore"):  # what cannot be computed is left out, and said
        arms, reasons = _arms(stacks, compared, base, numerators, asked)
        reasons = _without_collinear(arms, reasons)
        one, other, reduction = _fit(arms, base, reasons == Reason.USED)
    return Adjusted(one, other, reduction, *_words(asked, reasons, reduction > 0))


def _words(
    asked: Sequence[tuple[str, ...]], reasons: NDArray[np.int64], gains: Bools
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Covariates used, and notes, per comparison; most are as asked and need no words."""
    used, notes = list(asked), list[tuple[str, ...]]([()] * len(asked))
    as_asked = gains & ((reasons == Reason.USED) | (reasons == Reason.NOT_ASKED)).all(axis=1)
    for at in np.flatnonzero(~as_asked).tolist():
        names, found, gain = asked[at], reasons[at].tolist(), bool(gains[at])
        used[at] = _named(names, found, Reason.USED) if gain else ()
        notes[at] = _notes(names, found, gains=gain)
    return tuple(used), tuple(notes)


def _named(names: tuple[str, ...], reasons: Sequence[int], reason: int) -> tuple[str, ...]:
    return tuple(name for name, found in zip(names, reasons, strict=False) if found == reason)


def _notes(names: tuple[str, ...], reasons: Sequence[int], *, gains: bool) -> tuple[str, ...]:
    left_out = ((words, _named(names, reasons, reason)) for reason, words in WORDS.items())
    notes = tuple(f"covariate left out: {', '.join(found)} ({words})" for words, found in left_out if found)
    return notes if gains or not _named(names, reasons, Reason.USED) else (*notes, NO_GAIN)


@dataclass(frozen=True, slots=True)
class _Products:
    """Covariates `(m, p)` of one arm in their own units: shift, mean minus shift, products; `whole`: none missing."""

    shift: Floats
    mean: Floats
    zy: Floats
    zz: Floats
    whole: Bools


def _arms(
    stacks: tuple[Stack, Stack],
    compared: tuple[Columns, Columns],
    base: tuple[Sample, Sample],
    numerators: Sequence[str],
    asked: Sequence[tuple[str, ...]],
) -> tuple[tuple[Arm, Arm], NDArray[np.int64]]:
    """Both arms with covariates in units of their standard deviation, and the `Reason` of each covariate, `(m, p)`."""
    lengths = list(map(len, asked))
    p = max(lengths)
    wanted = np.array(lengths)[:, None] > np.arange(p)
    alike = min(lengths) == p
    padded = (
        asked if alike else [names + (top,) * (p - len(names)) for names, top in zip(asked, numerators, strict=True)]
    )
    one, two = (_products(stack, found, padded, wanted) for stack, found in zip(stacks, compared, strict=True))
    size = np.maximum(np.abs(one.shift + one.mean), np.abs(two.shift + two.mean))
    spread = np.sqrt(np.einsum("mii->mi", one.zz + two.zz) / (base[0].n + base[1].n)[:, None])
    varies = spread > 4 * _EPSILON * size
    whole = one.whole & two.whole & np.isfinite(spread)
    reasons = np.select([~wanted, ~whole, ~varies], [Reason.NOT_ASKED, Reason.INCOMPLETE, Reason.CONSTANT], Reason.USED)
    use = reasons == Reason.USED
    scale = np.where(use, spread, 1.0)
    ready = [
        Arm(
            n=arm.n,
            squares=arm.variance * (arm.n - 1),
            level=np.where(use, (part.shift - one.shift + part.mean) / scale, 0.0),
            zy=np.where(use, part.zy / scale, 0.0),
            zz=np.where(use[:, :, None] & use[:, None, :], part.zz / scale[:, :, None] / scale[:, None, :], 0.0),
        )
        for part, arm in ((one, base[0]), (two, base[1]))
    ]
    return (ready[0], ready[1]), reasons.astype(np.int64)


def _products(stack: Stack, found: Columns, padded: Sequence[tuple[str, ...]], wanted: Bools) -> _Products:
    y, x = found.y[:, None], found.x[:, None]
    z: Places = np.column_stack([stack.places(names) for names in zip(*padded, strict=True)])
    n, zy = stack.n(z, z), stack.cross(z, y)
    with np.errstate(all="ignore"):
        mean_y, mean_x = (stack.shift(i) + stack.mean(i, j) for i, j in ((y, x), (x, y)))
        zy = np.where(x == y, zy, (zy - mean_y / mean_x * stack.cross(z, x)) / mean_x)
    zz = stack.cross(z[:, :, None], z[:, None, :])
    whole = np.isfinite(zy) & np.isfinite(np.where(wanted[:, None, :], zz, 0.0)).all(axis=2)
    for i, j in ((y, z), (y, y), (x, z), (x, x)):
        whole &= n == stack.n(i, j)
    return _Products(stack.shift(z), stack.mean(z, z), zy, zz, whole)


def _without_collinear(arms: tuple[Arm, Arm], reasons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Mark what the covariates before it explain already; with one coefficient per arm, also within an arm."""
    use = reasons == Reason.USED
    kept = independent(arms[0].zz + arms[1].zz, use)
    several = kept.sum(axis=1, keepdims=True) > 1
    kept &= ~several | (independent(arms[0].zz, kept) & independent(arms[1].zz, kept))
    smaller = np.minimum(arms[0].n, arms[1].n)[:, None]
    kept &= kept.cumsum(axis=1) * UNITS_PER_COVARIATE <= smaller
    return np.where(use & ~kept, Reason.COLLINEAR, reasons)


def _fit(arms: tuple[Arm, Arm], base: tuple[Sample, Sample], use: Bools) -> tuple[Sample, Sample, Floats]:
    """Adjusted arms where that makes the standard error smaller, the arms as they are elsewhere."""
    count = use.sum(axis=1)
    one, other = base
    for kind, items in ((pooled, np.flatnonzero(count == 1)), (interacted, np.flatnonzero(count > 1))):
        if len(items):
            fits = kind(arms[0].only(items, use), arms[1].only(items, use), use[items])
            one, other = _replaced(one, items, fits[0]), _replaced(other, items, fits[1])
    with np.errstate(all="ignore"):
        before = base[0].variance / base[0].n + base[1].variance / base[1].n
        reduction = 1 - (one.variance / one.n + other.variance / other.n) / before
    sound = (base[0].fault == Fault.NONE) & (base[1].fault == Fault.NONE)
    gains = sound & (count > 0) & (reduction > 0) & (reduction < 1 - _UNEXPLAINED)
    return _either(gains, one, base[0]), _either(gains, other, base[1]), np.where(gains, reduction, 0.0)


def _replaced(arm: Sample, items: Places, fit: Fit) -> Sample:
    mean, variance, df = arm.mean.copy(), arm.variance.copy(), arm.freedom.copy()
    mean[items] += fit.moved
    variance[items] = fit.variance
    df[items] = fit.df
    return Sample(arm.n, arm.shift, mean, variance, arm.fault, df)


def _either(gains: Bools, one: Sample, base: Sample) -> Sample:
    mean, variance = np.where(gains, one.mean, base.mean), np.where(gains, one.variance, base.variance)
    return Sample(base.n, base.shift, mean, variance, base.fault, np.where(gains, one.freedom, base.freedom))
