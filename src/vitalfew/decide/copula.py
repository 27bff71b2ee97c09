"""How effects on different metrics go together, learned from past experiments: what forecasts of one line share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.true_correlation import Pairs, true_correlation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import EffectRow

    Floats = NDArray[np.float64]

FEWEST, MOST = 20, 200
"""Experiments that must have measured two metrics before anything is said of them together, and how many count."""


@dataclass(frozen=True, slots=True)
class Together:
    """Estimates and standard errors by metric and experiment: what tells how effects go together."""

    measured: Mapping[str, tuple[tuple[str, float, float], ...]]

    def between(self, metrics: Sequence[str]) -> Floats:
        """Correlation of true effects, `(k, k)`, without contradictions; 0 below twenty experiments.

        The estimate is drawn towards 0 by what noise alone could make (`true_correlation`).
        """
        joint = np.eye(len(metrics))
        if not self.measured:
            return joint
        for i, first in enumerate(metrics):
            for j, second in enumerate(metrics[:i]):
                if first != second and first in self.measured and second in self.measured:
                    one, other = sorted((first, second))
                    joint[i, j] = joint[j, i] = _between(self.measured[one], self.measured[other])
        if np.array_equal(joint, np.eye(len(metrics))):
            return joint
        values, vectors = np.linalg.eigh(joint)
        if (values >= 0).all():
            return joint
        clipped = (vectors * np.clip(values, 0, None)) @ vectors.T  # pairs of different experiments may contradict
        sd = np.sqrt(np.diag(clipped))
        return np.asarray(clipped / np.outer(sd, sd), dtype=np.float64)


def together(effects: Iterable[EffectRow], metrics: Iterable[str]) -> Together:
    """What past experiments tell about how effects on metrics go together.

    Args:
        effects: of all units, one per experiment and metric, of experiments that can be believed.
        metrics: those in question.
    """
    wanted = frozenset(metrics)
    found: dict[str, list[tuple[str, float, float]]] = {}
    for row in effects:
        if row.metric in wanted and row.estimate is not None and row.se is not None:
            found.setdefault(row.metric, []).append((row.experiment, row.estimate, row.se))
    return Together({metric: tuple(sorted(rows)) for metric, rows in found.items() if len(rows) >= FEWEST})


@cache
def _between(first: tuple[tuple[str, float, float], ...], second: tuple[tuple[str, float, float], ...]) -> float:
    """The correlation of two metrics by the most precise experiments that measured both."""
    other = {experiment: (estimate, se) for experiment, estimate, se in second}
    both = [(estimate, se, *other[experiment]) for experiment, estimate, se in first if experiment in other]
    if len(both) < FEWEST:
        return 0.0
    rows = np.array(sorted(both, key=lambda row: row[1] * row[3])[:MOST])
    found = true_correlation(Pairs(rows[:, [0, 2]], rows[:, [1, 3]], np.full(len(rows), np.nan)))
    return 0.0 if found is None else found.estimate
