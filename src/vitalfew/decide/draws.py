"""Draws of value: per draw one set of weights for all lines, one stream of effects per line and factor.

Every stream is keyed by names, so that adding or removing a line changes no other, and no order changes anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.posterior import Mixture
from vitalfew.judgement.streams import stream, weight_numbers
from vitalfew.results.rows import FactorPart, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.utility import Curve, Reals
    from vitalfew.results.rows import Tables, WeightPosteriorRow
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
    return any_weights(factors, seed)


def any_weights(factors: Sequence[str], seed: int) -> dict[str, Floats]:
    """Weights by factor, `(draws,)` each, of which none is likelier than another: what nobody agrees on.

    Shares of exponential variables are uniform over the simplex (Dirichlet with ones).
    """
    raised = {factor: stream(seed, "", "weights", factor).exponential(size=DRAWS) for factor in factors}
    total = np.sum([raised[factor] for factor in sorted(factors)], axis=0)
    return {factor: raised[factor] / total for factor in factors}


def mixture(rows: Sequence[WeightPosteriorRow]) -> Mixture:
    """The posterior of the log weights as a run holds it."""
    factors = rows[0].factors
    share, means = np.array([row.share for row in rows]), np.array([row.mean for row in rows])
    covariance = np.array([row.covariance for row in rows]).reshape(len(rows), len(factors), len(factors))
    return Mixture(factors, share, means, covariance)


def value_of(
    curves: Mapping[str, Curve], changes: Mapping[str, Reals], weights: Mapping[str, Floats], share: float = 1.0
) -> LineDraws:
    """Value in points: 100 x sum of weight x change of utility (6.5).

    Args:
        curves: utilities by factor.
        changes: of each factor's metric over all units (reach applied), in its unit, `(draws,)`.
        weights: by factor, `(draws,)`; changes of what was not weighed do not count.
        share: of the horizon that counts.
    """
    parts = {
        factor: np.asarray(100 * share * weights[factor] * curves[factor].change(change), dtype=np.float64)
        for factor, change in sorted(changes.items())
        if factor in weights
    }
    total = np.sum(list(parts.values()), axis=0) if parts else np.zeros(DRAWS)
    return LineDraws(np.asarray(total, dtype=np.float64), parts)


@cache
def horizon_share(
    weeks: float,
    discount: float,
    ramp_weeks: float,
    half_life: float | None = None,
    lag: float = 0.0,
    until: float | None = None,
) -> float:
    """Share of the horizon's value that a line reaches: the mean of `weekly_shares`, which says what is what."""
    return float(weekly_shares(weeks, discount, ramp_weeks, half_life, lag, until).mean())


def weekly_shares(
    weeks: float,
    discount: float,
    ramp_weeks: float,
    half_life: float | None = None,
    lag: float = 0.0,
    until: float | None = None,
) -> Floats:
    """Share of its full effect that a line has in each week of the horizon, `(weeks,)`, from the day it is out.

    Args:
        weeks: of the horizon.
        discount: per year, as a share.
        ramp_weeks: over which effects grow to their full size, in a straight line.
        half_life: weeks after which an effect is half as large; None: it stays.
        lag: weeks by which the factor follows.
        until: weeks after which it is worth nothing any more; None: there is no such day.
    """
    at = np.arange(max(int(weeks), 1)) + 0.5
    since = np.maximum(at - lag, 0)
    reached = np.minimum(1.0, since / ramp_weeks) if ramp_weeks > 0 else (since > 0).astype(np.float64)
    if half_life is not None:
        reached = reached * 0.5 ** (since / half_life)
    if until is not None:
        reached = reached * np.clip(until - at + 0.5, 0, 1)  # of the last week, the part that still counts
    return np.asarray(reached * (1 + discount) ** (-at / 52), dtype=np.float64)


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
    drawn = rng.standard_normal(DRAWS)
    drawn *= math.log(high / low) / _COST_Z
    drawn += (math.log(low) + math.log(high)) / 2
    return np.exp(drawn, out=drawn)
