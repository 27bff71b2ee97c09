"""How far people are apart: agreement of orders, camps, what hangs on one person. Facts about the panel only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.groups import FEWEST
from vitalfew.judgement.observations import TINY, observe
from vitalfew.judgement.posterior import softmax
from vitalfew.judgement.weights import own_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.judgement.observations import Floats
    from vitalfew.judgement.panel import Panel
    from vitalfew.judgement.posterior import Posterior

FEWEST_ORDERS = 3
CAMP_SILHOUETTE, CAMP_SHIFT = 0.5, 0.10
DOMINANT_SHIFT, DOMINANT_TIMES, DOMINANT_LEAST = 0.10, 3.0, 0.05
INCONSISTENT_TIMES, FEWEST_CHECKS = 2.0, 3
GCI = {3: 0.31, 4: 0.35}
GCI_MORE = 0.37
"""Bounds of the geometric consistency index by number of factors: Aguaron and Moreno-Jimenez (2003), EJOR 147(1)."""
HERD_SPREAD, HERD_COSINE, HERD_WAY = 0.5, 0.9, 0.25
_EXHAUSTIVE = 9  # so many people are split in every way; more by their main axes
_NULLS, _NULL_TAIL, _NULL_PEOPLE = 99, 0.95, 60  # with more people the best split looks less clear, not more


@dataclass(frozen=True, slots=True)
class Spread:
    """What `DisagreementRow` says of the same names, but for what depends on the choice at hand."""

    kendall_w: float | None
    tau: float
    camps: bool | None = None
    camps_factor: str | None = None
    dominant: int | None = None
    inconsistent: int | None = None
    herding: bool | None = None


def spread(people: Panel) -> Spread | None:
    """How far a panel is apart; None below three people or two factors. From five people on, who stands out.

    Nobody is named, and below five people nothing is said that could be about one of them.
    """
    if len(people.judgements) < FEWEST_ORDERS or len(people.factors) < 2:  # noqa: PLR2004 - one factor has no order
        return None
    found = people.posterior
    tau, _ = found.typical()
    agreement = kendall_w(orders(found))
    if len(people.judgements) < FEWEST:
        return Spread(agreement, tau)
    split = camps(own_weights(people))
    apart = None if split is None else people.factors[_widest(np.log(own_weights(people)), split)]
    return Spread(agreement, tau, split is not None, apart, dominant(found), inconsistent(found), herding(people))


def kendall_w(ratings: Floats) -> float | None:
    """Kendall's coefficient of concordance, corrected for ties.

    W = 12 S / (p² (n³ - n) - p T), with S the squared deviations of the n rank sums of p people, T the sum of
    t³ - t over all groups of t tied ranks (Kendall and Gibbons 1990).

    Args:
        ratings: a row per person, a column per factor; larger is more.

    Returns:
        0 (no agreement) to 1; None with fewer than two people or factors, or when everybody ties everything.
    """
    people, count = ratings.shape
    if people < 2 or count < 2:  # noqa: PLR2004 - agreement needs two orders of two
        return None
    below = (ratings[:, None, :] < ratings[:, :, None]).sum(axis=2)
    alike = (ratings[:, None, :] == ratings[:, :, None]).sum(axis=2)
    sums = (below + (alike + 1) / 2).sum(axis=0)
    ties = float((alike.astype(np.float64) ** 2 - 1).sum())  # a group of t gives t times t² - 1
    whole = people**2 * (count**3 - count) - people * ties
    return None if whole <= 0 else float(12 * ((sums - sums.mean()) ** 2).sum() / whole)


def camps(weights: Floats) -> Floats | None:
    """Whether people fall into two camps: for each the camp, 0 or 1, or None.

    Two clusters of log weights whose mean silhouette exceeds a half, and 95 % of those found among as many people
    drawn from a single normal: the best of all splits looks clear even where there is nothing. A camp has two people,
    and the weights of the two are a tenth apart in total variation: a clear split over trifles is none.

    Args:
        weights: a row per person.
    """
    count, factors = weights.shape
    if count < FEWEST:
        return None
    logs = np.log(weights)
    logs = logs - logs.mean(axis=1, keepdims=True)
    found, clear = _best_split(logs)
    bound = max(CAMP_SILHOUETTE, _null_silhouette(min(count, _NULL_PEOPLE), factors - 1))
    size = int(found.sum())
    if clear <= bound or min(size, count - size) < 2:  # noqa: PLR2004 - one person is no camp
        return None
    one, two = (softmax(logs[found == which].mean(axis=0)[:, None]) for which in (0, 1))
    return found if float(np.abs(one - two).sum()) / 2 > CAMP_SHIFT else None


def dominant(found: Posterior) -> int:
    """How many people move the weights, by being left out, more than 0.10 in total variation, or 3 times the median."""
    shifts = found.shifts()
    stands_out = (shifts > DOMINANT_TIMES * np.median(shifts)) & (shifts > DOMINANT_LEAST)
    return int(((shifts > DOMINANT_SHIFT) | stands_out).sum())


def inconsistent(found: Posterior) -> int:
    """How many people contradict themselves: by the geometric consistency index, or twice the median residual.

    Only where at least three answers more than needed were given: fewer cannot tell a slip from a contradiction.
    """
    _, free = found.seen.left_over()
    judged = free >= np.where(len(found.factors) == 3, 1, FEWEST_CHECKS)  # noqa: PLR2004 - three pairs leave one over
    variance = consistency(found)[judged]
    if not len(variance):
        return 0
    sds = np.sqrt(variance)
    apart = (sds > INCONSISTENT_TIMES * np.median(sds)) & (free[judged] >= FEWEST_CHECKS) & (sds > found.typical()[1])
    return int(((variance > most_inconsistent(len(found.factors))) | apart).sum())


def consistency(found: Posterior) -> Floats:
    """The geometric consistency index of each person's answers, `(P,)`: 0 where none contradicts another.

    The variance of log comparisons around the person's own weights (Crawford & Williams 1985); of complete pairs it is
    that of AHP's matrices. NaN where there are no more answers than needed.
    """
    squares, free = found.seen.left_over()
    return np.asarray(np.divide(squares, free, out=np.full(len(free), np.nan), where=free > 0))


def most_inconsistent(factors: int) -> float:
    """The index that stands for a consistency ratio of 0.1."""
    return GCI.get(factors, GCI_MORE)


def herding(people: Panel) -> bool | None:
    """Whether the second round came to less than half the spread, and the mean a quarter of the way to one person.

    None unless five people judged the same ranges twice.
    """
    again = [judgement for judgement in people.judgements if judgement.person in people.first]
    if len(again) < FEWEST:
        return None
    rounds = []
    for said in ([people.first[judgement.person] for judgement in again], again):
        if any(judgement.silence(people.factors) for judgement in said):
            return None
        rounds.append(observe(said, people.factors).own(np.zeros(len(people.factors))))
    before, after = rounds
    moved = after.mean(axis=0) - before.mean(axis=0)
    towards = before - before.mean(axis=0)
    far, way = np.linalg.norm(towards, axis=1), np.linalg.norm(moved)
    cosine = np.divide(towards @ moved, far * way, out=np.zeros(len(again)), where=far * way > TINY)
    tighter = after.std(axis=0).sum() < HERD_SPREAD * before.std(axis=0).sum()
    return bool(tighter and ((cosine > HERD_COSINE) & (way > HERD_WAY * far)).any())


def orders(found: Posterior) -> Floats:
    """Own log weights of those who answered all factors, rounded so that equal answers tie."""
    whole = (found.seen.values > TINY).all(axis=1)
    return np.round(found.seen.own(np.zeros(len(found.factors)))[whole], 9)


def _widest(logs: Floats, split: Floats) -> int:
    centred = logs - logs.mean(axis=1, keepdims=True)
    return int(np.abs(centred[split == 1].mean(axis=0) - centred[split == 0].mean(axis=0)).argmax())


def _best_split(points: Floats) -> tuple[Floats, float]:
    """The split into two of least squared distance, and its mean silhouette."""
    count = len(points)
    if count <= _EXHAUSTIVE:
        sides = ((np.arange(1, 2 ** (count - 1))[:, None] >> np.arange(count)) & 1).astype(np.float64)
    else:
        sides = _by_axes(points)
    sizes = sides.sum(axis=1)
    sums = sides @ points
    centred = sums / sizes[:, None] - (points.sum(axis=0) - sums) / (count - sizes)[:, None]
    between = sizes * (count - sizes) / count * (centred**2).sum(axis=1)
    best = sides[int(between.argmax())]
    return best, silhouette(points, best)


def _by_axes(points: Floats) -> Floats:
    """Splits along the main axes, each improved until nobody lies nearer to the other middle, `(splits, people)`."""
    centred = points - points.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][:3].T
    cuts = (line > cut for line in along.T for cut in np.quantile(line, (0.25, 0.5, 0.75)))
    found = [_improved(points, side.astype(np.float64)) for side in cuts if 0 < side.sum() < len(points)]
    return np.array(found or [np.eye(len(points))[0]])  # where all are alike, any split is as bad


def _improved(points: Floats, side: Floats) -> Floats:
    for _ in range(20):
        one, two = (points[side == which].mean(axis=0) for which in (1, 0))
        nearer = (((points - one) ** 2).sum(axis=1) < ((points - two) ** 2).sum(axis=1)).astype(np.float64)
        if (nearer == side).all() or not 0 < nearer.sum() < len(points):
            break
        side = nearer
    return side


def silhouette(points: Floats, side: Floats) -> float:
    """Mean silhouette of a split into two (Rousseeuw 1987): 1 far apart, 0 not apart; somebody alone counts 0."""
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    same = side[:, None] == side[None]
    others = same.sum(axis=1) - 1
    within = (apart * same).sum(axis=1) / np.maximum(others, 1)
    between = (apart * ~same).sum(axis=1) / np.maximum((~same).sum(axis=1), 1)
    largest = np.maximum(within, between)
    each = np.divide(between - within, largest, out=np.zeros(len(points)), where=(largest > 0) & (others > 0))
    return float(each.mean())


@cache
def _null_silhouette(people: int, contrasts: int) -> float:
    rng = np.random.default_rng([people, contrasts])
    found = [_best_split(rng.standard_normal((people, contrasts)))[1] for _ in range(_NULLS)]
    return float(np.quantile(found, _NULL_TAIL))


def jaccard(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Share of what either set holds that both hold; 1 for two empty sets."""
    either, both = np.logical_or(one, two).sum(), np.logical_and(one, two).sum()
    return float(both / either) if either else 1.0
