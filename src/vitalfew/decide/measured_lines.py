"""What has shipped and was measured, as draws of what it changed: for everything that looks back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.draws import horizon_share
from vitalfew.decide.shipped import is_shipped, measured_value
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.decide.draws import Floats, LineDraws
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Singles
    from vitalfew.workspace.definitions import Initiative

KEPT = 2_000
"""Draws that are kept: enough for a probability to 0.01."""


@dataclass(frozen=True, slots=True)
class MeasuredLines:
    """Shipped initiatives whose effects on factors were measured.

    Attributes:
        lines: their keys, sorted.
        factors: those that count, sorted.
        means: value of each factor's change at weight 1 over the horizon, as that of candidates is expected, in points,
            `(lines, factors)`.
        swings: draws of the value at full effect, as it was measured, `(lines, factors, draws)`.
        shares: share of its full effect that a line reaches over the horizon, `(lines, factors)`.
        measured: which factors were measured, `(lines, factors)`; the change of others is 0 above.
        costs: expected cost, `(lines,)`; NaN where none is given.
    """

    lines: tuple[str, ...]
    factors: tuple[str, ...]
    means: Floats
    swings: Singles
    shares: Floats
    measured: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    costs: Floats


def measured_lines(inputs: Inputs) -> MeasuredLines:
    """What a run knows of shipped initiatives; effects that failed a trust test count for nothing."""
    factors = tuple(sorted(inputs.weights))
    plain = replace(inputs, weights={factor: np.ones(inputs.draws) for factor in factors})
    nothing = np.zeros(inputs.draws)
    lines, means, swings, shares, measured, costs = [], [], [], [], [], []
    for key, initiative in sorted(inputs.definitions.initiatives.items()):
        if not is_shipped(initiative, inputs):
            continue
        known = {metric: effect for metric, effect in inputs.known.get(key, {}).items() if effect.trusted}
        drawn = measured_value(plain, key, initiative, known)
        if drawn is None:
            continue
        by_factor = [drawn.parts.get(factor, nothing) for factor in factors]
        lines.append(key)
        shares.append([*shares_of_horizon(inputs, initiative, factors).values()])
        means.append([share * part.mean() for share, part in zip(shares[-1], by_factor, strict=True)])
        swings.append(np.array([part[:KEPT] for part in by_factor], dtype=np.float32))
        measured.append([factor in drawn.parts for factor in factors])
        costs.append(expected_cost(initiative.cost))
    shape = (len(lines), len(factors))
    return MeasuredLines(
        tuple(lines),
        factors,
        np.array(means, dtype=np.float64).reshape(shape),
        np.array(swings, dtype=np.float32).reshape(*shape, min(KEPT, inputs.draws)),
        np.array(shares, dtype=np.float64).reshape(shape),
        np.array(measured, dtype=bool).reshape(shape),
        np.array(costs, dtype=np.float64),
    )


def over_horizon(inputs: Inputs, initiative: Initiative, measured: LineDraws) -> Floats:
    """Value of what was measured, as value is expected of candidates: with ramp, decay, lags and discount, `(draws,)`.

    Args:
        inputs: of the run.
        initiative: what was measured.
        measured: its value at full effect.
    """
    shares = shares_of_horizon(inputs, initiative, measured.parts)
    return np.sum([shares[key] * part for key, part in measured.parts.items()], axis=0, dtype=np.float64)


def shares_of_horizon(inputs: Inputs, initiative: Initiative, factors: Iterable[str]) -> dict[str, float]:
    """Share of its full effect that what is out reaches over the horizon, by factor: ramp, decay, lags, discount."""
    policy, defined = inputs.definitions.policy, inputs.definitions.factors
    ramp, half_life = inputs.ramp_of(initiative), initiative.half_life_weeks
    return {
        key: horizon_share(policy.horizon_weeks, policy.discount, ramp, half_life, defined[key].lag_weeks)
        for key in factors
    }


def expected_cost(cost: float | Quantiles | None) -> float:
    """The number given, the median of quantiles; NaN when there is none."""
    if cost is None:
        return float("nan")
    return float(cost.p50 if isinstance(cost, Quantiles) else cost)
