"""Draws of value: per draw one set of weights for all lines, one stream of effects per line and factor.

Every stream is keyed by names, so that adding or removing a line changes no other, and no order changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.metalog import moments, sample
from vitalfew.judgement.posterior import Mixture
from vitalfew.judgement.streams import stream, weight_numbers
from vitalfew.results.rows import FactorPart, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.effects import Known
    from vitalfew.results.rows import PromiseRow, Tables, WeightPosteriorRow
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

    def without_parts(self) -> LineDraws:
        """The value alone: what is kept of hundreds of lines until all are compared."""
        return LineDraws(self.value, {})

    def part_summaries(self) -> tuple[FactorPart, ...]:
        """Mean and 80 % interval of each factor's part."""
        return tuple(
            FactorPart(factor, float(part.mean()), *(float(q) for q in np.quantile(part, [0.1, 0.9])))
            for factor, part in self.parts.items()
        )


def weight_draws(definitions: Definitions, tables: Tables, seed: int) -> dict[str, Floats]:
    """Weights by factor, `(draws,)` each, the same for all lines.

    Where people judged, draws of their consensus, or its means where it has no posterior (a single factor); else
    uniform over all possible weights.
    """
    factors = tuple(definitions.factors)
    if not factors:
        return {}
    if tables.weight_posterior:
        agreed = mixture(tables.weight_posterior)
        drawn = agreed.draw(*weight_numbers(seed, agreed.factors, DRAWS))
        return {factor: drawn[at] for at, factor in enumerate(agreed.factors) if factor in factors}
    if tables.weights:
        given = {row.factor: row.mean for row in tables.weights}
        return {factor: np.full(DRAWS, given[factor]) for factor in factors if factor in given}
    # Shares of exponential variables are uniform over the simplex (Dirichlet with ones).
    raised = {factor: stream(seed, "", "weights", factor).exponential(size=DRAWS) for factor in factors}
    total = np.sum([raised[factor] for factor in sorted(factors)], axis=0)
    return {factor: raised[factor] / total for factor in factors}


def mixture(rows: Sequence[WeightPosteriorRow]) -> Mixture:
    """The posterior of the log weights as a run holds it."""
    factors = rows[0].factors
    share, means = np.array([row.share for row in rows]), np.array([row.mean for row in rows])
    covariance = np.array([row.covariance for row in rows]).reshape(len(rows), len(factors), len(factors))
    return Mixture(factors, share, means, covariance)


def measured_draws(
    known: Mapping[str, Known], joint: Floats, priors: Mapping[str, PromiseRow], seed: int, line: str
) -> dict[str, Floats]:
    """Draws of measured effects on factors, `(draws,)` each, in the metrics' units.

    With a forecast as prior the draws are of the posterior: normal prior with the forecast's moments, normal likelihood
    with the covariance of the estimates (6.3). That serves only to rank candidates; verdicts and shipped lines never
    mix a promise with its own evidence. A forecast without any spread does not say how sure it is, and gives no prior.

    Args:
        known: effects by factor.
        joint: correlation of their estimates, `(k, k)`, in the order of `known`.
        priors: forecasts of some of the factors.
        seed: of the run.
        line: key of the line.
    """
    if not known:
        return {}
    se = np.array([effect.se for effect in known.values()])
    mean, covariance = np.array([effect.estimate for effect in known.values()]) / se, joint
    prior = [moments(priors[factor]) if factor in priors else (0.0, 0.0) for factor in known]
    if any(variance > 0 for _, variance in prior):
        # In standard errors, so that units do not matter; the ridge keeps identical estimates invertible.
        evidence = np.linalg.inv(joint + 1e-9 * np.eye(len(se)))
        spread = np.array([variance for _, variance in prior])
        precision = np.divide(se**2, spread, out=np.zeros_like(se), where=spread > 0)
        covariance = np.linalg.inv(evidence + np.diag(precision))
        mean = covariance @ (evidence @ mean + precision * np.array([m for m, _ in prior]) / se)
    noise = _root(covariance) @ np.vstack([stream(seed, line, factor).standard_normal(DRAWS) for factor in known])
    return {factor: se[i] * (mean[i] + noise[i]) for i, factor in enumerate(known)}


def _root(covariance: Floats) -> Floats:
    """The symmetric square root: it does not depend on the order of the rows."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T, dtype=np.float64)


def promise_draws(promise: PromiseRow, rng: np.random.Generator) -> Floats:
    """Draws of a forecast effect, `(draws,)`: the three-term metalog, with the point mass of no effect."""
    return sample(promise, rng.uniform(np.finfo(float).eps, 1, DRAWS))


def value_of(
    definitions: Definitions, effects: Mapping[str, Floats], weights: Mapping[str, Floats], scale: float
) -> LineDraws:
    """Value in points: 100 x sum of weight x change of utility, linear over each factor's range (6.5).

    Args:
        definitions: for ranges and directions.
        effects: change of each factor's metric over all units (reach applied), `(draws,)`.
        weights: by factor, `(draws,)`; of every factor in `effects`.
        scale: share of the horizon that counts, after ramp and discount.
    """
    parts = {}
    for factor, change in sorted(effects.items()):
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
    """Draws of cost, `(draws,)`: lognormal through the 10 % and 90 % quantiles, or the number given.

    A lognormal never reaches 0: with a 10 % quantile of 0 it goes through the median and the 90 % quantile, and a
    median of 0 leaves the 90 % quantile as the cost.
    """
    if isinstance(cost, (int, float)):
        return np.full(DRAWS, float(cost))
    if cost.p50 <= 0:
        return np.full(DRAWS, max(float(cost.p90), 0.0))
    low, high = cost.p10 if cost.p10 > 0 else cost.p50**2 / cost.p90, cost.p90
    sd = np.log(high / low) / _COST_Z
    return np.asarray(rng.lognormal((np.log(low) + np.log(high)) / 2, sd, DRAWS), dtype=np.float64)
