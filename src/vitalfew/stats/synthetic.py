"""Units that got a release against a weighted mean of those that did not: synthetic difference-in-differences.

Weights of units make the others run in parallel to the treated before the date; weights of days make the days before
look like those after it. What is left of the difference of differences is the effect.

References:
    Arkhangelsky, Athey, Hirshberg, Imbens & Wager 2021, American Economic Review 111(12), algorithms 1, 3 and 4 (the
    variance of 4 as that of a new estimate, which matters with few donors);
    Abadie, Diamond & Hainmueller 2010, Journal of the American Statistical Association 105 (synthetic control).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST_DONORS = 10
"""Units without the release below which it cannot be said how far chance alone goes (placebo in space)."""
_REPEATS = 200  # random sets of placebo units, where several units are treated at once
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Synthetic:
    """The effect on the treated units, in the unit of the series.

    Attributes:
        estimate: mean over the treated and the days after.
        donors: weight of each unit without the release, `(donors,)`; they sum to 1.
        days: weight of each day before, `(before,)`; they sum to 1, and are 0 throughout for a synthetic control.
        treated: mean of the treated on each day, `(days,)`.
        synthetic: the weighted mean of the donors on each day, shifted to the treated before the date.
        placebos: the same computation on donors that got nothing, `(n,)`; empty when there are too few.
        se: standard deviation of the placebos, or of the jackknife.
        df: degrees of freedom of that.
        p: two-sided; None without a standard error.
        intervals: confidence, low, high.
    """

    estimate: float
    donors: Floats
    days: Floats
    treated: Floats
    synthetic: Floats
    placebos: Floats
    se: float | None
    df: float
    p: float | None
    intervals: tuple[tuple[float, float, float], ...]


def synthetic_difference(
    treated: Floats,
    donors: Floats,
    before: int,
    *,
    kind: Literal["difference", "control"] = "difference",
    variance: Literal["placebo", "jackknife"] = "placebo",
    confidences: Sequence[float] = (0.8, 0.95),
    seed: int = 0,
) -> Synthetic:
    """Estimate the effect on units that all got something on the same day.

    Args:
        treated: series of the treated units, `(n, days)`.
        donors: series of the others, `(m, days)`.
        before: how many of the days come before the date.
        kind: difference-in-differences with weights of units and days, or the classic synthetic control.
        variance: how far the estimate strays on donors in the place of the treated, or without each unit in turn
            (weights fixed; needs several treated units, and is no good for few).
        confidences: of the intervals, as shares.
        seed: of the sets of placebo units that are drawn where several are treated.

    Raises:
        UsageError: arrays that do not fit, or gaps in them.
        NotEnoughData: fewer than 3 days before, 1 after or 2 donors.
    """
    _check(treated, donors, before)
    weights = _weights(treated, donors, before, kind)
    estimate = _difference(treated, donors, weights, before)
    placebos = _placebos(treated, donors, before, kind, seed)
    if variance == "jackknife":
        se, df = _jackknife(treated, donors, weights, before), float(len(treated) - 1)
    else:
        se, df = (
            (_strayed(placebos, len(donors) / len(treated)), _free(treated, donors)) if len(placebos) else (None, 0.0)
        )
    p, halves = (None, []) if se is None else _student(estimate, se, df, confidences)
    shares, days = weights
    level = days if days.any() else np.full(before, 1 / before)
    other = shares @ donors
    shift = float(treated.mean(axis=0)[:before] @ level - other[:before] @ level) if kind == "difference" else 0.0
    return Synthetic(
        estimate=estimate,
        donors=shares,
        days=days,
        treated=treated.mean(axis=0),
        synthetic=other + shift,
        placebos=placebos,
        se=se,
        df=df,
        p=p,
        intervals=tuple((c, estimate - half, estimate + half) for c, half in zip(confidences, halves, strict=False)),
    )


def _check(treated: Floats, donors: Floats, before: int) -> None:
    fits = treated.ndim == donors.ndim == 2 and treated.shape[1] == donors.shape[1]  # noqa: PLR2004 - units by days
    if not fits or not (np.isfinite(treated).all() and np.isfinite(donors).all()):
        raise UsageError("series of units do not fit, or have gaps", expected="units by days, without gaps")
    if before < 3 or before >= donors.shape[1] or len(donors) < 2 or not len(treated):  # noqa: PLR2004 - no weights below
        raise NotEnoughData(f"{before} days before the date and {len(donors)} units without it")


def _weights(treated: Floats, donors: Floats, before: int, kind: str) -> tuple[Floats, Floats]:
    """Weights of donors and of days before, by algorithm 1."""
    mean, early, late = treated.mean(axis=0), donors[:, :before], donors[:, before:]
    noise = float(np.diff(early, axis=1).std(ddof=1))
    if kind == "control":
        return simplex(early.T, mean[:before], _TINY * noise * math.sqrt(before), intercept=False), np.zeros(before)
    ridge = (len(treated) * late.shape[1]) ** 0.25 * noise
    units = simplex(early.T, mean[:before], ridge * math.sqrt(before))
    return units, simplex(early, late.mean(axis=1), _TINY * noise * math.sqrt(len(donors)))


def simplex(parts: Floats, whole: Floats, ridge: float, *, intercept: bool = True) -> Floats:
    """Weights of the columns of `parts` that sum to 1, are not negative and come nearest to `whole`.

    Minimises the squared distance plus `ridge` squared times the squared weights. As the weights sum to 1, the distance
    is that of a weighted sum of `parts - whole`; scaling all weights scales it alike, so that least squares without
    negative weights (Lawson & Hanson) of it beside a row for the sum, scaled to 1 afterwards, is the exact answer.

    Args:
        parts: `(n, k)`.
        whole: `(n,)`.
        ridge: 0 or more.
        intercept: whether a constant may lie between both.
    """
    from scipy import optimize

    apart = parts - whole[:, None]
    if intercept:
        apart = apart - apart.mean(axis=0)
    size = float(np.abs(apart).max()) or 1.0
    count = parts.shape[1]
    rows = np.vstack([apart / size, ridge / size * np.eye(count), np.ones((1, count))])
    found, _ = optimize.nnls(rows, np.concatenate([np.zeros(len(rows) - 1), [1.0]]), maxiter=100 * count)
    return np.asarray(found / found.sum())


def _difference(treated: Floats, donors: Floats, weights: tuple[Floats, Floats], before: int) -> float:
    shares, days = weights
    gap = treated.mean(axis=0) - shares @ donors
    return float(gap[before:].mean() - gap[:before] @ days)


def _strayed(placebos: Floats, sets: float) -> float | None:
    """Standard deviation of a new estimate, from so many placebos that share no unit."""
    return float(placebos.std() * math.sqrt(sets / (sets - 1) * (1 + 1 / sets))) or None


def _free(treated: Floats, donors: Floats) -> float:
    """Degrees of freedom of the placebos: sets of units that do not overlap, less one."""
    return max(len(donors) / len(treated) - 1, 1.0)


def _placebos(treated: Floats, donors: Floats, before: int, kind: str, seed: int) -> Floats:
    """The same on sets of donors as many as the treated (algorithm 4); of single ones, on each of them."""
    count = len(treated)
    if len(donors) < max(FEWEST_DONORS, 2 * count):
        return np.empty(0)
    if count == 1:
        sets = [np.array([at]) for at in range(len(donors))]
    else:
        rng = np.random.default_rng(seed)
        sets = [rng.choice(len(donors), count, replace=False) for _ in range(_REPEATS)]
    found = []
    for chosen in sets:
        rest = np.delete(donors, chosen, axis=0)
        weights = _weights(donors[chosen], rest, before, kind)
        found.append(_difference(donors[chosen], rest, weights, before))
    return np.array(found)


def _jackknife(treated: Floats, donors: Floats, weights: tuple[Floats, Floats], before: int) -> float | None:
    """Standard error by leaving out each unit in turn, with the weights as they are (algorithm 3)."""
    shares, days = weights
    if len(treated) < 2 or np.any(shares == 1):  # noqa: PLR2004 - nothing would be left
        return None
    found = [_difference(np.delete(treated, at, axis=0), donors, weights, before) for at in range(len(treated))]
    for at in range(len(donors)):
        rest = np.delete(shares, at)
        found.append(_difference(treated, np.delete(donors, at, axis=0), (rest / rest.sum(), days), before))
    left = np.array(found)
    return float(math.sqrt((len(left) - 1) / len(left) * float(((left - left.mean()) ** 2).sum())))


def _student(estimate: float, se: float, df: float, confidences: Sequence[float]) -> tuple[float, list[float]]:
    from scipy import special

    p = 2 * float(special.stdtr(df, -abs(estimate) / se))
    return p, [se * float(special.stdtrit(df, (1 + share) / 2)) for share in confidences]
