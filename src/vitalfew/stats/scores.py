"""Scores of surveys, each with its interval: NPS, CSAT and the three customs of CES. One arm at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.normal import two_sided
from vitalfew.stats.shares import wilson

_METHODS = {"net": "adjusted Wald (Rocks 2016)", "share": "Wilson's score", "mean": "Student's t"}
_FEWEST = 2  # answers that a variance needs


@dataclass(frozen=True, slots=True)
class Score:
    """A number of one arm with its interval, in its own unit: NPS and net -100 to 100, shares 0 to 1, else the data's.

    Attributes:
        estimate: the number as everybody computes it.
        low: lower bound; the interval need not be centred on the estimate.
        high: upper bound; infinite for a median time that may still lie anywhere later.
        n: answers, values or units.
        method: of the interval, in words.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str


def net_score(top: float, bottom: float, n: float, confidence: float = 0.95) -> Score:
    """Percentage of `top` minus percentage of `bottom` answers, -100 to 100, with the adjusted Wald interval.

    Three answers are added, three quarters of one at either end (Rocks 2016, "Interval estimation for the net
    promoter score", The American Statistician 70, where it covered best).

    Args:
        top: promoters (9 or 10), or answers at the good end of a scale.
        bottom: detractors (0 to 6), or answers at the bad end.
        n: all answers; people who gave none are not among them.
        confidence: two-sided, as a share.

    >>> nps = net_score(50, 20, 100)
    >>> nps.estimate, round(nps.low, 1), round(nps.high, 1)
    (30.0, 14.1, 44.2)
    """
    _check(min(top, bottom), n)
    _check(top + bottom, n)
    p, d = (top + 0.75) / (n + 3), (bottom + 0.75) / (n + 3)
    half = two_sided(confidence) * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    low, high = max(-1.0, p - d - half), min(1.0, p - d + half)
    return Score(100 * (top - bottom) / n, 100 * low, 100 * high, int(n), _METHODS["net"])


def share_score(satisfied: float, n: float, confidence: float = 0.95) -> Score:
    """Share of satisfied answers (CSAT: 4 or 5 of 5; CES: 5 or more of 7), 0 to 1, with Wilson's interval.

    >>> csat = share_score(80, 100)
    >>> csat.estimate, round(csat.low, 3), round(csat.high, 3)
    (0.8, 0.711, 0.867)
    """
    _check(satisfied, n)
    return Score(satisfied / n, *wilson(satisfied, n, confidence), int(n), _METHODS["share"])


def mean_score(mean: float, variance: float, n: float, confidence: float = 0.95) -> Score:
    """Mean answer with Student's interval; `variance` of the answers with divisor n - 1.

    >>> ces = mean_score(5.0, 1.5, 24)
    >>> round(ces.low, 2), round(ces.high, 2)
    (4.48, 5.52)
    """
    from scipy.special import stdtrit

    if n < _FEWEST or not variance > 0:
        what = f"{n:.0f} answers" if n < _FEWEST else "all answers are the same"
        raise NotEnoughData(f"not enough data for the interval of a mean answer: {what}")
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * math.sqrt(variance / n)
    return Score(mean, mean - half, mean + half, int(n), _METHODS["mean"])


def _check(part: float, n: float) -> None:
    if n < 1:
        raise NotEnoughData("a score of no answers has no interval", expected="at least one answer")
    if not 0 <= part <= n:
        raise UsageError(f"{part:g} of {n:g} answers is not possible", expected="counts between 0 and n")
