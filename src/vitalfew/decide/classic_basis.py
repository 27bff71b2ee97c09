"""By what ideas are ordered when their rank is to get a probability: the method most of them give numbers for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.classic_chances import TYPICAL_SPREAD, score_error, sum_error
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vitalfew.workspace.definitions import Cost, Policy, Scores

    Numbers = tuple[float, float] | None
    """What an idea is ordered by and the standard deviation of its error, on the log or the plain scale."""

STRETCH = 2.0
"""Variance of what comes over what people's ranges say, before any record: ranges are too narrow (kappa²)."""
_Z = 2 * 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Basis:
    """What ideas are ordered by: `observed` and `errors` by idea, on the log scale where `is_log`.

    `none`: ideas whose score is 0, which no factor of error lifts.
    """

    by: str
    observed: Mapping[str, float]
    errors: Mapping[str, float]
    is_log: bool = True
    spread: float = TYPICAL_SPREAD
    none: tuple[str, ...] = ()

    def shown(self, level: float) -> float:
        """A level on the scale of the score."""
        return math.exp(level) if self.is_log else level


def basis(scores: Mapping[str, Mapping[str, float]], given: Mapping[str, Scores], policy: Policy) -> Basis | None:
    """The method that most ideas give numbers for, the better known first; None when no idea has a score.

    Args:
        scores: of each idea, by method.
        given: what they are made from.
        policy: the error of each input, and the criteria.
    """
    counts = {by: sum(by in found for found in scores.values()) for by in _ERRORS}
    most = max(counts.values(), default=0)
    if not most:
        return None
    by = next(by for by in _ERRORS if counts[by] == most)
    is_log, error = _ERRORS[by]
    whole = {key: found[by] for key, found in scores.items() if by in found}
    if is_log:
        kept = {key: score for key, score in whole.items() if score > 0}
        errors = {key: error(given[key], policy) for key in kept}
        none = tuple(key for key in whole if key not in kept)
        return Basis(by, {key: math.log(score) for key, score in kept.items()}, errors, none=none)
    errors = {key: error(given[key], policy) for key in whole}
    return Basis(by, whole, errors, is_log=False, spread=_spread(list(whole.values())))


def estimates(given: Mapping[str, Scores], costs: Mapping[str, Cost | None], input_error: float) -> Basis | None:
    """Three quantiles of each idea, per cost where every one has a cost; on the log scale where all are positive.

    Ranges are stretched, as people's are too narrow. One without width is no certainty: it is off like a typed number.
    """
    found = {key: scores.estimate for key, scores in given.items() if scores.estimate is not None}
    if not found:
        return None
    price = {key: _cost(cost) for key in found if (cost := costs.get(key)) is not None}
    per_cost = len(price) == len(found)
    stretch = math.sqrt(STRETCH)
    if all(each.p10 > 0 for each in found.values()):
        logs = {key: math.log(each.p50 / (price[key][0] if per_cost else 1)) for key, each in found.items()}
        wide = {key: stretch * math.log(each.p90 / each.p10) / _Z for key, each in found.items()}
        errors = {key: math.hypot(sd, price[key][1] if per_cost else 0.0) for key, sd in wide.items()}
        return Basis("estimate", logs, {key: error or math.log(input_error) for key, error in errors.items()})
    middle = {key: each.p50 / (price[key][0] if per_cost else 1) for key, each in found.items()}
    errors = {
        key: math.hypot(
            stretch * (each.p90 - each.p10) / _Z / (price[key][0] if per_cost else 1),
            abs(middle[key]) * price[key][1] if per_cost else 0.0,
        )
        for key, each in found.items()
    }
    spread = _spread(list(middle.values()))
    typed = {key: max(abs(middle[key]), spread) * math.log(input_error) for key in middle}
    sure = {key: error or typed[key] for key, error in errors.items()}
    return Basis("estimate", middle, sure, is_log=False, spread=spread)


def _cost(cost: Cost) -> tuple[float, float]:
    """Median of a cost, and the standard deviation of its logarithm."""
    if not isinstance(cost, Quantiles):
        return cost, 0.0
    return (cost.p50, math.log(cost.p90 / cost.p10) / _Z) if cost.p10 > 0 else (cost.p50, 0.0)


def _spread(observed: list[float]) -> float:
    """How far plain scores are apart, as the scale of the prior of how far true ones are."""
    return max(float(np.std(observed)), 1e-9)


def _rice(_: Scores, policy: Policy) -> float:
    return score_error(4, policy.input_error)


def _wsjf(scores: Scores, policy: Policy) -> float:
    found = scores.wsjf
    parts = [] if found is None else [found.value or 0.0, found.criticality or 0.0, found.opportunity or 0.0]
    return math.hypot(sum_error(parts, policy.input_error), score_error(1, policy.input_error))


def _two(_: Scores, policy: Policy) -> float:
    return score_error(2, policy.input_error)


def _three(_: Scores, policy: Policy) -> float:
    return score_error(3, policy.input_error)


def _ice_mean(scores: Scores, policy: Policy) -> float:
    found = scores.ice
    parts = [] if found is None else [found.impact or 0.0, found.confidence or 0.0, found.ease or 0.0]
    return max(math.log(policy.input_error) * math.hypot(*parts) / 3, 1e-9)


def _weighted(scores: Scores, policy: Policy) -> float:
    parts = [criterion.weight * scores.weighted[name] for name, criterion in policy.criteria.items()]
    return max(math.log(policy.input_error) * math.hypot(*parts), 1e-9)


_ERRORS: Mapping[str, tuple[bool, Callable[[Scores, Policy], float]]] = {
    "rice": (True, _rice),
    "delay": (True, _two),
    "wsjf": (True, _wsjf),
    "ice_product": (True, _three),
    "ice_mean": (False, _ice_mean),
    "value_effort": (True, _two),
    "weighted": (False, _weighted),
}
