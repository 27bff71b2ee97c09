"""What past choices were made for: accepted and rejected lines against what each promised for every factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.rows import Estimate
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.portfolio import Flags

SLOPE_SD, LEVEL_SD = 1.5, 5.0
"""Standard deviation of the prior of a slope per standard deviation of the scores, and of the level; log odds."""
_STEPS, _CLOSE = 50, 1e-10
_Z80 = two_sided(0.8)


@dataclass(frozen=True, slots=True)
class Slopes:
    """Change of the log odds of being chosen per unit of each score, with its standard error, `(factors,)` each.

    NaN for a score that is the same on all lines.
    """

    estimates: Floats
    errors: Floats

    def interval(self, at: int, per: float = 1.0) -> Estimate | None:
        """One of them with its 80 % interval, per so many units of the score."""
        centre, reach = per * float(self.estimates[at]), per * _Z80 * float(self.errors[at])
        return Estimate(centre, centre - reach, centre + reach) if np.isfinite(centre) else None


def chosen_for(scores: Floats, accepted: Flags) -> Slopes:
    """A logistic regression of acceptance on scores with normal priors, at its most likely place.

    Scores enter by their standard deviations; the prior keeps slopes finite where a score parts all accepted from all
    rejected lines. Errors are those of the normal around the most likely place (Laplace).

    Args:
        scores: `(lines, factors)`.
        accepted: `(lines,)`.
    """
    spread = scores.std(axis=0)
    usable = spread > _CLOSE
    made = np.column_stack([np.ones(len(scores)), (scores - scores.mean(axis=0))[:, usable] / spread[usable]])
    prior = np.diag([1 / LEVEL_SD**2, *[1 / SLOPE_SD**2] * int(usable.sum())])
    at = np.zeros(made.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-made @ at))
        information = made.T @ (made * (chance * (1 - chance))[:, None]) + prior
        step = np.linalg.solve(information, made.T @ (accepted - chance) - prior @ at)
        at = at + step
        if np.abs(step).max() < _CLOSE:
            break
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    estimates, deviations = np.full(len(spread), np.nan), np.full(len(spread), np.nan)
    estimates[usable], deviations[usable] = at[1:] / spread[usable], errors[1:] / spread[usable]
    return Slopes(estimates, deviations)
