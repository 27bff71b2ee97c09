"""Best-worst scaling (MaxDiff): counts, and a logit model of who is chosen best and worst of each set shown.

Best of a set with probability proportional to exp(u), worst of the rest with exp(-u): Marley and Louviere (2005).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.results.basics import Estimate
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEPS, _LONGEST, _CLOSE = 100, 2.0, 1e-8


@dataclass(frozen=True, slots=True)
class Screen:
    """One set as one respondent saw it: what was shown, and which was chosen best and, where asked, worst."""

    shown: tuple[str, ...]
    best: str
    worst: str | None = None


def count_score(best: int, worst: int, shown: int) -> float:
    """(best - worst) / shown, -1 to 1.

    Raises:
        UsageError: negative counts, or more choices than times shown.

    >>> count_score(30, 10, 100)
    0.2
    """
    if min(best, worst) < 0 or shown < 1 or best + worst > shown:
        raise UsageError(
            f"chosen best {best} and worst {worst} times of {shown} shown", expected="counts that add up to no more"
        )
    return (best - worst) / shown


def preference(screens: Iterable[Screen], *, prior_sd: float = 3.0) -> dict[str, Estimate]:
    """Share of preference of each item, rescaled to sum to 100, with its 95 % interval.

    Args:
        screens: what was shown and chosen.
        prior_sd: of the utilities on the log scale, around 0: keeps an item that never wins from running away.

    Raises:
        NotEnoughData: no screens.
        UsageError: a choice that was not shown, or an item shown twice in one set.

    >>> answers = [Screen(("a", "b", "c"), "a", "c")] * 8 + [Screen(("a", "b", "c"), "b", "c")] * 4
    >>> {item: round(share.estimate) for item, share in preference(answers).items()}
    {'a': 65, 'b': 34, 'c': 1}
    """
    answers = list(screens)
    if not answers:
        raise NotEnoughData("no sets were shown", expected="at least one set with a best choice")
    items = sorted({item for screen in answers for item in screen.shown})
    place = {item: at for at, item in enumerate(items)}
    utility, covariance = _fitted([_choices(screen, place) for screen in answers], len(items), prior_sd)
    shares = np.exp(utility - utility.max())
    shares /= shares.sum()
    z = two_sided(0.95)
    found = {}
    for at, item in enumerate(items):
        slope = -shares
        slope[at] += 1
        sd = float(np.sqrt(slope @ covariance @ slope))
        low, high = (100 * shares[at] * np.exp(side * z * sd) for side in (-1, 1))
        found[item] = Estimate(float(100 * shares[at]), float(low), float(min(high, 100.0)))
    return found


type _Choice = tuple[tuple[int, ...], int, float]
"""Who could be chosen, which of them was, and the sign of the utility: 1 for best, -1 for worst."""


def _choices(screen: Screen, place: dict[str, int]) -> list[_Choice]:
    if len(set(screen.shown)) != len(screen.shown):
        raise UsageError(f"a set shows an item twice: {', '.join(screen.shown)}", expected="each item once")
    for chosen in (screen.best, screen.worst):
        if chosen is not None and chosen not in screen.shown:
            raise UsageError(f"'{chosen}' was chosen but not shown", expected=" or ".join(screen.shown))
    if screen.best == screen.worst:
        raise UsageError(f"'{screen.best}' was chosen best and worst", expected="two different items")
    found: list[_Choice] = [(tuple(place[item] for item in screen.shown), screen.shown.index(screen.best), 1.0)]
    if screen.worst is not None:
        rest = [item for item in screen.shown if item != screen.best]
        found.append((tuple(place[item] for item in rest), rest.index(screen.worst), -1.0))
    return found


def _fitted(answers: Sequence[Sequence[_Choice]], items: int, prior_sd: float) -> tuple[Floats, Floats]:
    """Utilities and their covariance, by Newton steps on a concave function."""
    counted = Counter(choice for answer in answers for choice in answer)
    choices = [(np.array(among), chosen, sign, times) for (among, chosen, sign), times in counted.items()]
    utility = np.zeros(items)
    for _ in range(_STEPS):
        gradient = -utility / prior_sd**2
        hessian = np.eye(items) / prior_sd**2
        for among, chosen, sign, times in choices:
            shares = np.exp(sign * utility[among] - (sign * utility[among]).max())
            shares /= shares.sum()
            gradient[among] -= times * sign * shares
            gradient[among[chosen]] += times * sign
            hessian[np.ix_(among, among)] += times * (np.diag(shares) - np.outer(shares, shares))
        step = np.linalg.solve(hessian, gradient)
        utility = utility + step * min(1.0, _LONGEST / np.abs(step).max()) if step.any() else utility
        if np.abs(step).max() < _CLOSE:
            break
    return utility, np.linalg.inv(hessian)
