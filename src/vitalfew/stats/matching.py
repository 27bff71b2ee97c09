"""Effects of what units chose themselves: those who took it up against others who were like them before.

Only what is among the covariates can be made alike. What else set them apart stays in the estimate, and the E-value
says how strong it would have to be to explain all of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import DataError
from vitalfew.stats.propensity import checked, propensity

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.propensity import Propensity

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

BALANCED = 0.1
"""Largest standardised difference of means that counts as alike."""
MOST_CERTAIN = 0.95
"""Units more likely than this to take it up have hardly anybody to be compared with."""
FEWEST = 10
"""Units on each side below which nothing is compared."""
_SAME = 9  # decimals of log odds beyond which a difference is only rounding
_PER_SD = 0.91  # log risk ratio per standard deviation of a numeric outcome (VanderWeele & Ding 2017, table 2)


@dataclass(frozen=True, slots=True, eq=False)
class Comparable:
    """Units that can be compared, and by how much each counts.

    Attributes:
        kept: which units are compared, `(n,)`; the others were all but certain to take it up.
        took: which of all units took it up, `(n,)`.
        weights: of all units, `(n,)`: 1 for those who took it up, the odds of doing so for the others, 0 if not kept.
        before: standardised difference of means of each covariate among all units, `(p,)`.
        after: the same with weights, `(p,)`.
        fitted: the chances of the units kept.
        covariates: of the units kept, `(kept, p)`.
    """

    kept: Bools
    took: Bools
    weights: Floats
    before: Floats
    after: Floats
    fitted: Propensity
    covariates: Floats

    @property
    def left_out(self) -> int:
        """Units that took it up and have hardly anybody to be compared with."""
        return int((self.took & ~self.kept).sum())

    @property
    def balanced(self) -> bool:
        """Whether all covariates are alike after weighting."""
        return bool((np.abs(self.after) < BALANCED).all())

    @property
    def effective(self) -> float:
        """How many units compared with would tell as much if each counted alike (Kish)."""
        others = self.weights[~self.took]
        return float(others.sum() ** 2 / (others**2).sum())


@dataclass(frozen=True, slots=True)
class ChosenEffect:
    """Effect on those who took something up.

    Attributes:
        estimate: in the outcome's unit.
        se: its standard error.
        mean: of those who took it up.
        other: of those they are compared with.
        units: how many took it up.
        others: how many they are compared with.
    """

    estimate: float
    se: float
    mean: float
    other: float
    units: int
    others: int


def comparable(covariates: ArrayLike, took: ArrayLike) -> Comparable:
    """Make those who did not take something up look like those who did.

    Chances are fitted, units all but certain to take it up are left out (so the effect is that on the rest), and
    chances are fitted again among the rest (Crump, Hotz, Imbens & Mitnik 2009, for the effect on the treated).

    Args:
        covariates: what was known of each unit before, `(n, p)`.
        took: whether it took it up, `(n,)`.

    Raises:
        DataError: too few units on a side.
    """
    rows, chosen = checked(covariates, took)
    _refuse_few(chosen)
    first = propensity(rows, chosen)
    kept = first.chance <= MOST_CERTAIN
    if not kept.all():
        _refuse_few(chosen[kept])
    fitted = first if kept.all() else propensity(rows[kept], chosen[kept])
    chance = np.minimum(fitted.chance, 1.0 - 1e-12)
    weights = np.zeros(len(rows))
    weights[kept] = np.where(chosen[kept], 1.0, chance / (1.0 - chance))
    before = _differences(rows, chosen, np.ones(len(rows)))
    after = _differences(rows, chosen, weights)
    return Comparable(kept, chosen, weights, before, after, fitted, rows[kept])


def weighted_effect(outcome: ArrayLike, units: Comparable, clusters: ArrayLike | None = None) -> ChosenEffect:
    """Mean of those who took it up less the weighted mean of the others.

    The standard error is that of the influence function, the fit of the chances included (Lunceford & Davidian 2004,
    section 2.3), summed over clusters where there are any.

    Args:
        outcome: per unit, `(n,)`.
        units: those that are compared, of `comparable`.
        clusters: which cluster each unit belongs to, `(n,)`.
    """
    kept = units.kept
    y, took, weights = np.asarray(outcome, dtype=np.float64)[kept], units.took[kept], units.weights[kept]
    others = weights * ~took
    mean, other = float(y[took].mean()), float(others @ y / others.sum())
    own = np.where(took, (y - mean) / took.sum(), -others * (y - other) / others.sum())
    design = np.column_stack((np.ones(len(y)), _scaled(units.covariates)))
    chance = units.fitted.chance
    information = (design * (chance * (1.0 - chance))[:, None]).T @ design
    slope = (others * (y - other)) @ design / others.sum()
    own = own - (design @ np.linalg.lstsq(information, slope, rcond=1e-12)[0]) * (took - chance)
    if clusters is not None:
        _, which = np.unique(np.asarray(clusters)[kept], return_inverse=True)
        own = np.bincount(which, weights=own)
    n = len(own)
    se = math.sqrt(float(own @ own) * n / (n - 1))
    return ChosenEffect(mean - other, se, mean, other, int(took.sum()), int((~took).sum()))


def matched_effect(outcome: ArrayLike, units: Comparable) -> ChosenEffect:
    """Each unit that took it up against those with the nearest log odds among the others, which may serve again.

    Several with the same odds stand in with their mean. Standard error of Abadie & Imbens (2006, Econometrica 74,
    section 4); the variance of an outcome is told by units of the same odds, or by the nearest other one.
    """
    kept = units.kept
    y, took, chance = np.asarray(outcome, dtype=np.float64)[kept], units.took[kept], units.fitted.chance
    score = np.log(np.maximum(chance, 1e-12)) - np.log(np.maximum(1.0 - chance, 1e-12))
    scores, which, sizes = np.unique(score[~took].round(_SAME), return_inverse=True, return_counts=True)
    values = np.bincount(which, weights=y[~took]) / sizes
    nearest = _nearest(scores, score[took])
    differences = y[took] - values[nearest]
    estimate, count = float(differences.mean()), len(differences)
    times = np.bincount(nearest, minlength=len(values)).astype(np.float64)
    squares = np.bincount(which, weights=(y[~took] - values[which]) ** 2)
    noise = np.where(sizes > 1, squares / np.maximum(sizes - 1, 1), _noise_beside(scores, values, sizes))
    variance = ((differences - estimate) ** 2).sum() + (times * (times - 1.0) * noise / sizes).sum()
    others = float(values[nearest].mean())
    return ChosenEffect(estimate, math.sqrt(variance) / count, others + estimate, others, count, len(y) - count)


def _noise_beside(scores: Floats, values: Floats, sizes: NDArray[np.int64]) -> Floats:
    """Variance of an outcome from the nearest neighbour in the order of scores, which may be a mean of several."""
    if len(scores) == 1:
        return np.zeros(1)
    gaps = np.diff(scores)
    left, right = np.concatenate(([np.inf], gaps)), np.concatenate((gaps, [np.inf]))
    beside = np.arange(len(scores)) + np.where(left <= right, -1, 1)
    return np.asarray((values - values[beside]) ** 2 / (1.0 + 1.0 / sizes[beside]), dtype=np.float64)


def e_value(ratio: float) -> float:
    """How strongly (as a risk ratio) something unseen must go with both taking up and outcome to explain a risk ratio.

    VanderWeele & Ding (2017), Annals of Internal Medicine 167; 1 means that nothing is needed.

    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2)
    (7.26, 7.26)
    """
    above = ratio if ratio >= 1.0 else 1.0 / ratio if ratio > 0 else math.inf
    return above + math.sqrt(above * (above - 1.0)) if math.isfinite(above) else math.inf


def e_values(found: ChosenEffect, sd: float, half: float, *, share: bool) -> tuple[float, float]:
    """The E-values of an effect and of the end of its interval nearest to zero.

    Args:
        found: the effect.
        sd: standard deviation of the outcome between units.
        half: half the width of its interval.
        share: whether the outcome is a share, of which the ratio of means is a risk ratio.
    """
    nearest = max(abs(found.estimate) - half, 0.0) * (1.0 if found.estimate >= 0 else -1.0)
    return e_value(_ratio(found.estimate, found, sd, share=share)), e_value(_ratio(nearest, found, sd, share=share))


def _ratio(difference: float, found: ChosenEffect, sd: float, *, share: bool) -> float:
    if share and found.other > 0:
        return max(found.other + difference, 0.0) / found.other
    return math.exp(_PER_SD * difference / sd) if sd > 0 else 1.0


def _refuse_few(chosen: Bools) -> None:
    for count, who in ((int(chosen.sum()), "took it up"), (int((~chosen).sum()), "did not take it up")):
        if count < FEWEST:
            raise DataError(
                f"only {count} units that can be compared {who}", expected=f"at least {FEWEST} on each side"
            )


def _differences(rows: Floats, chosen: Bools, weights: Floats) -> Floats:
    """Weighted differences of means over the standard deviation among all units, `(p,)`."""
    variances = [rows[side].var(axis=0, ddof=1) for side in (chosen, ~chosen)]
    scale = np.sqrt(np.mean(variances, axis=0))
    means = [np.average(rows[side], axis=0, weights=weights[side]) for side in (chosen, ~chosen)]
    return np.divide(means[0] - means[1], scale, out=np.zeros(rows.shape[1]), where=scale > 0)


def _scaled(rows: Floats) -> Floats:
    scale = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(scale > 0, scale, 1.0), dtype=np.float64)


def _nearest(ordered: Floats, wanted: Floats) -> NDArray[np.intp]:
    """Position of the nearest of ordered numbers, the lower of two as near."""
    right = np.clip(np.searchsorted(ordered, wanted), min(1, len(ordered) - 1), len(ordered) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(wanted - ordered[left] <= ordered[right] - wanted, left, right)
