"""Several blind forecasters combined: whoever was nearer to what came, on the same questions, counts for more.

Before ten verdicts a person counts as everybody does, and afterwards as far as their record tells: a few lucky hits
must not make a weight. Weights are computed anew from the log each time; they are stored nowhere.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.judgement.record import Resolved

FEWEST_VERDICTS = 10
"""Resolved forecasts before a person has a record: for a weight, for a score, for a rate of delivery."""
_SHARPNESS = 3
_WORTH = 10
"""The record is mixed with that of somebody average, as if seen in so many verdicts."""


def track_weights(resolved: Iterable[Resolved]) -> dict[str, float]:
    """Weight of each person in a combined forecast, 1 for one without a record.

    A record is the person's score (CRPS) over the mean score of all who forecast the same hypothesis, averaged over
    these, and shrunk towards 1. Weights are 1 / record³: independent errors would have 1 / record², but colleagues err
    alike, and then whoever errs less should count for more (docs/validation/forecasts.md). Questions that one person
    alone answered compare nobody and do not count.

    Args:
        resolved: forecasts of persons (`group`: the person) beside what came.

    >>> track_weights([])
    {}
    """
    asked: dict[str, dict[str, float]] = {}
    for each in resolved:
        asked.setdefault(each.hypothesis, {})[each.group] = each.crps
    relative: dict[str, list[float]] = {}
    for scores in asked.values():
        usual = fmean(scores.values())
        if len(scores) > 1 and usual > 0:
            for person, score in scores.items():
                relative.setdefault(person, []).append(score / usual)
    return {person: _weight(found) for person, found in sorted(relative.items())}


def _weight(relative: list[float]) -> float:
    if len(relative) < FEWEST_VERDICTS:
        return 1.0
    shrunk = (sum(relative) + _WORTH) / (len(relative) + _WORTH)
    return 1 / shrunk**_SHARPNESS


def shares(people: Iterable[str], weights: Mapping[str, float]) -> list[float]:
    """Shares of some people in a combined forecast; who has no weight counts as one without a record.

    >>> shares(["anna", "ben"], {"anna": 3.0})
    [0.75, 0.25]
    """
    each = [weights.get(person, 1.0) for person in people]
    return [weight / sum(each) for weight in each]
