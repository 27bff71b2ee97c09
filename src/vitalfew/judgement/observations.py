"""Answers as linear observations of a person's log weights: what is kept of them for any noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.judgement.answers import Judgement

    Floats = NDArray[np.float64]

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Observations:
    """What P people said about n factors, in a basis of the m = n - 1 contrasts between them, at sigma = 1.

    Attributes:
        basis: orthonormal contrasts, `(n, m)`.
        values: eigenvalues of each person's precision, `(P, m)`: 0 where the person said nothing.
        vectors: their eigenvectors, `(P, m, m)`, one a column.
        scores: the weighted answers along these, `(P, m)`.
        squares: weighted sum of squared answers, `(P,)`, a free scale of the points taken out.
        free: answers less the free scale, `(P,)`.
    """

    basis: Floats
    values: Floats
    vectors: Floats
    scores: Floats
    squares: Floats
    free: Floats

    def left_over(self) -> tuple[Floats, Floats]:
        """Squared residuals of each person around their own best weights, and their degrees of freedom, `(P,)` each."""
        seen = self.values > TINY
        fitted = np.where(seen, self.scores**2 / np.where(seen, self.values, 1.0), 0.0).sum(axis=1)
        return np.maximum(self.squares - fitted, 0.0), self.free - seen.sum(axis=1)

    def own(self, group: Floats) -> Floats:
        """Each person's own log weights, `(P, n)`; those of the group where the person said nothing.

        Args:
            group: log weights to fill gaps with, `(P, n)` or `(n,)`.
        """
        everybody = np.broadcast_to(group, (len(self.values), len(self.basis)))
        filled = np.einsum("pij,pi->pj", self.vectors, everybody @ self.basis)
        seen = self.values > TINY
        along = np.where(seen, self.scores / np.where(seen, self.values, 1.0), filled)
        return np.asarray(np.einsum("pij,pj->pi", self.vectors, along) @ self.basis.T)


def contrasts(count: int) -> Floats:
    """An orthonormal basis of all vectors of so many numbers that sum to 0, `(count, count - 1)` (Helmert)."""
    basis = np.triu(np.ones((count, count - 1))) - np.diag(np.arange(1.0, count), -1)[:, : count - 1]
    return np.asarray(basis / np.linalg.norm(basis, axis=0), dtype=np.float64)


def observe(judgements: Sequence[Judgement], factors: Sequence[str]) -> Observations:
    """Collect what people said about two or more factors.

    Args:
        judgements: one per person.
        factors: all of them, at least two.
    """
    basis = contrasts(len(factors))
    place = {factor: at for at, factor in enumerate(factors)}
    count, size = len(judgements), len(factors)
    precision, answers = np.zeros((count, size, size)), np.zeros((count, size))
    squares, free = np.zeros(count), np.zeros(count)
    for person, judgement in enumerate(judgements):
        points = judgement.log_points(place)
        if points:
            at = np.array([place[name] for name in points])
            logs, spread = np.array(list(points.values())).T
            weight = 1.0 / spread
            # The scale of the points is free: it is taken out, which costs one degree of freedom.
            centred = np.diag(weight) - np.outer(weight, weight) / weight.sum()
            precision[person][np.ix_(at, at)] += centred
            answers[person][at] += centred @ logs
            squares[person] += logs @ centred @ logs
            free[person] += len(at) - 1
        for first, second, times in judgement.pairs(place):
            one, two, log = place[first], place[second], math.log(times)
            precision[person][[one, two], [one, two]] += 1.0
            precision[person][[one, two], [two, one]] -= 1.0
            answers[person][[one, two]] += log, -log
            squares[person] += log**2
            free[person] += 1
    values, vectors = np.linalg.eigh(basis.T @ precision @ basis)
    values = np.where(values > TINY, values, 0.0)
    scores = np.einsum("pij,pi->pj", vectors, answers @ basis)
    return Observations(basis, values, vectors, np.where(values > 0, scores, 0.0), squares, free)
