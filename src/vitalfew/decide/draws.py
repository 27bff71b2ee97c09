"""Draws of value: per draw one set of weights for all lines, one stream of effects per line.

Every line has its own random stream, keyed by its name, so that adding or removing a line changes no other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.metalog import sample
from vitalfew.results.rows import FactorPart, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.effects import Known
    from vitalfew.results.rows import PromiseRow, WeightRow
    from vitalfew.workspace.definitions import Definitions, Quantiles

    Floats = NDArray[np.float64]

DRAWS = 10_000
_COST_Z = 2 * 1.2815515655446004  # distance of the 10 % and 90 % quantiles of a normal, in standard deviations


@dataclass(frozen=True, slots=True)
class LineDraws:
    """Value of one line, `(draws,)`, and of each factor's part, `(draws,)`, in points."""

    value: Floats
    parts: Mapping[str, Floats]

    def summary(self) -> Value:
        """Mean, 80 % interval and P(value > 0)."""
        low, high = np.quantile(self.value, [0.1, 0.9])
        return Value(float(self.value.mean()), float(low), float(high), float((self.value > 0).mean()))

    def part_summaries(self) -> tuple[FactorPart, ...]:
        """Mean and 80 % interval of each factor's part."""
        return tuple(
            FactorPart(factor, float(part.mean()), *(float(q) for q in np.quantile(part, [0.1, 0.9])))
            for factor, part in self.parts.items()
        )


def stream(seed: int, line: str) -> np.random.Generator:
    """The random stream of one line."""
    digest = hashlib.sha256(line.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def weight_draws(definitions: Definitions, weights: Sequence[WeightRow], seed: int) -> dict[str, Floats]:
    """Weights by factor, `(draws,)` each: the group's where people judged, else uniform over all possible weights."""
    factors = tuple(definitions.factors)
    if not factors:
        return {}
    if weights:
        given = {row.factor: row.mean for row in weights}
        return {factor: np.full(DRAWS, given.get(factor, 0.0)) for factor in factors}
    whole = stream(seed, "weights").dirichlet(np.ones(len(factors)), DRAWS)
    return {factor: whole[:, i] for i, factor in enumerate(factors)}


def measured_draws(
    known: Mapping[str, Known], factors: Sequence[str], joint: Floats, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draws of measured effects on factors, `(draws,)` each, with the correlation `(k, k)` of their estimates."""
    if not factors:
        return {}
    sd = np.array([known[factor].se for factor in factors])
    mean = np.array([known[factor].estimate for factor in factors])
    noise = rng.multivariate_normal(np.zeros(len(factors)), joint * np.outer(sd, sd), DRAWS, method="eigh")
    return {factor: mean[i] + noise[:, i] for i, factor in enumerate(factors)}


def promise_draws(promise: PromiseRow, rng: np.random.Generator) -> Floats:
    """Draws of a forecast effect, `(draws,)`: the three-term metalog, with the point mass of no effect."""
    return sample(promise, rng.uniform(np.finfo(float).eps, 1, DRAWS))


def updated(prior: Floats, known: Known, rng: np.random.Generator) -> Floats:
    """Draws of the effect after evidence: normal prior with the forecast's moments, normal likelihood (6.3).

    Serves only to rank candidates; verdicts never mix a promise with its own evidence.
    """
    variance = float(prior.var())
    if variance == 0:
        return prior
    precision = 1 / variance + 1 / known.se**2
    mean = (float(prior.mean()) / variance + known.estimate / known.se**2) / precision
    return np.asarray(rng.normal(mean, precision**-0.5, DRAWS), dtype=np.float64)


def value_of(
    definitions: Definitions, effects: Mapping[str, Floats], weights: Mapping[str, Floats], scale: float
) -> LineDraws:
    """Value in points: 100 x sum of weight x change of utility, linear over each factor's range (6.5).

    Args:
        definitions: for ranges and directions.
        effects: change of each factor's metric over all units (reach applied), `(draws,)`.
        weights: by factor, `(draws,)`.
        scale: share of the horizon that counts, after ramp and discount.
    """
    parts = {}
    for factor, change in effects.items():
        low, high = sorted(definitions.factors[factor].range)
        sign = -1.0 if definitions.metrics[factor].direction == "down" else 1.0
        parts[factor] = 100 * scale * weights[factor] * sign * change / (high - low)
    total = np.sum(list(parts.values()), axis=0) if parts else np.zeros(DRAWS)
    return LineDraws(np.asarray(total, dtype=np.float64), parts)


def horizon_share(weeks: float, discount: float, ramp_weeks: float) -> float:
    """Share of the horizon's value that a line reaches: linear ramp, yearly discount, week by week."""
    at = np.arange(max(int(weeks), 1)) + 0.5
    ramp = np.minimum(1.0, at / ramp_weeks) if ramp_weeks > 0 else np.ones_like(at)
    return float((ramp * (1 + discount) ** (-at / 52)).mean())


def cost_draws(cost: float | Quantiles, rng: np.random.Generator) -> Floats:
    """Draws of cost, `(draws,)`: lognormal through the 10 % and 90 % quantiles, or the number given."""
    if isinstance(cost, (int, float)):
        return np.full(DRAWS, float(cost))
    low, high = max(cost.p10, 1e-9), max(cost.p90, 1e-9)
    sd = np.log(high / low) / _COST_Z
    return np.asarray(rng.lognormal((np.log(low) + np.log(high)) / 2, sd, DRAWS), dtype=np.float64)
