"""What changes usually do, for whoever knows nothing of the one at hand: nothing, good, or harm.

Before a record of one's own: half do nothing, a fifth help (experience of those who test all they build). With one, the
shares are learned from the outcomes, each of which counts for what it most likely was: a measurement is never exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.combining import FEWEST_VERDICTS
from vitalfew.judgement.scores import crps_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.judgement.record import Resolved

NOTHING, BETTER = 0.5, 0.2
"""Shares of changes that do nothing, and that make things better, before a record of one's own."""
_WORTH = 10.0
_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class ReferenceClass:
    """Shares of changes that do nothing and that make things better; the rest makes them worse."""

    nothing: float = NOTHING
    better: float = BETTER

    @classmethod
    def of(cls, resolved: Sequence[Resolved]) -> ReferenceClass:
        """Learn the shares from ten outcomes or more, starting from what is usual, which counts as ten outcomes.

        Outcomes are a mixture of none and of half-normal effects either way, measured with error; shares and the size
        of effects are found by expectation and maximisation.
        """
        if len(resolved) < FEWEST_VERDICTS:
            return cls()
        x = np.array([each.outcome for each in resolved])
        s = np.maximum([each.se for each in resolved], 1e-9)
        shares = prior = np.array([NOTHING, BETTER, 1 - NOTHING - BETTER])
        size = max(float(np.sqrt(np.mean(np.maximum(x**2 - s**2, 0)))), 1e-9)
        for _ in range(_ROUNDS):
            belongs = _likelihood(x, s, size) * shares[:, None]
            belongs /= np.maximum(belongs.sum(axis=0), 1e-300)
            shares = (_WORTH * prior + belongs.sum(axis=1)) / (_WORTH + len(resolved))
            moved = 1 - belongs[0]
            size = max(math.sqrt(float(moved @ np.maximum(x**2 - s**2, 0)) / max(float(moved.sum()), 1e-9)), 1e-9)
        return cls(float(shares[0]), float(shares[1]))


def reference_score(resolved: Sequence[Resolved]) -> float | None:
    """Mean CRPS of who forecasts each outcome by all the others: a reference that knows no initiative."""
    if len(resolved) < FEWEST_VERDICTS:
        return None
    came = np.array([each.outcome for each in resolved])
    return float(np.mean([crps_sample(np.delete(came, at), value) for at, value in enumerate(came)]))


def _likelihood(x: np.ndarray, s: np.ndarray, size: float) -> np.ndarray:
    """Density of measured outcomes `(3, n)`: of no effect, of a good one, of a bad one, half-normal in size."""
    from scipy.special import ndtr

    wide = np.hypot(s, size)
    none = np.exp(-0.5 * (x / s) ** 2) / s
    any_effect = 2 * np.exp(-0.5 * (x / wide) ** 2) / wide
    place = x * size / (s * wide)
    return np.array([none, any_effect * ndtr(place), any_effect * ndtr(-place)])
