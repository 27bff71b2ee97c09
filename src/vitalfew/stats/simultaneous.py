"""Several estimates at once: each with its interval, a band that holds for all together, and a joint test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import check_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 10_000
_RANK = 1e-9  # share of the largest variance below which a direction is only rounding
_SMALLEST_P = 1e-300
_MOST_NUMBERS, _FEWEST_DRAWS = 3_000_000, 2_000  # so that very many estimates take seconds and 24 MB


class JointTest(NamedTuple):
    """A test that several numbers are all zero."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates with their covariance.

    Attributes:
        labels: what each is of, for example the period since the release, `(m,)`.
        estimate: in the outcome's unit, `(m,)`.
        covariance: `(m, m)`.
        df: how well each standard error is known, `(m,)`; infinite where it is not an estimate.
    """

    labels: tuple[int, ...]
    estimate: Floats
    covariance: Floats
    df: Floats

    @property
    def se(self) -> Floats:
        """Standard errors, `(m,)`."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def at(self, label: int) -> int:
        """Position of a label.

        Raises:
            UsageError: there is none such.
        """
        try:
            return self.labels.index(label)
        except ValueError:
            raise UsageError(f"no estimate at {label}", expected=f"one of {list(self.labels)}") from None

    def pick(self, labels: Sequence[int]) -> Estimates:
        """Some of them, in the order asked for."""
        at = np.array([self.at(label) for label in labels], dtype=np.intp)
        return Estimates(tuple(labels), self.estimate[at], self.covariance[np.ix_(at, at)], self.df[at])

    def combined(self, weights: Floats, label: int = 0) -> Estimates:
        """A weighted sum of them, with the degrees of freedom of the least known part that counts."""
        part = np.asarray(weights, dtype=np.float64)
        df = self.df[part != 0].min(initial=np.inf)
        value, variance = part @ self.estimate, part @ self.covariance @ part
        return Estimates((label,), np.array([value]), np.array([[variance]]), np.array([df]))

    def p_values(self) -> Floats:
        """Two-sided p-value of each alone, `(m,)`; 1 where there is no uncertainty and no effect."""
        from scipy.special import stdtr

        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.se > 0, np.abs(self.estimate) / self.se, np.where(self.estimate == 0, 0.0, np.inf))
        found: Floats = np.maximum(2.0 * stdtr(self._degrees(), -t), _SMALLEST_P)
        return found

    def intervals(self, confidence: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper bounds that hold for each alone, `(m,)` each.

        Raises:
            UsageError: the confidence is not strictly between 0 and 1.
        """
        check_confidence(confidence)
        return self._around(1.0 - confidence)

    def band(self, confidence: float = 0.95, draws: int = DRAWS, seed: int = 0) -> tuple[Floats, Floats]:
        """Lower and upper bounds that hold for all together, `(m,)` each, never narrower than `intervals`.

        The multiplier bootstrap of Callaway & Sant'Anna (2021, algorithm 1) perturbs the influence function of each
        unit (or cluster) with independent multipliers. With normal multipliers the perturbed estimates are, given the
        data, exactly normal with the covariance at hand; so drawing from that covariance *is* this bootstrap, whatever
        the number of units, and no unit need be kept. The largest draw is taken by its tail probability rather than
        its size, so that estimates with few degrees of freedom get the wider part of the band.

        Args:
            confidence: chance that all true values lie within.
            draws: number of draws; fewer with very many estimates.
            seed: of the draws; the same seed gives the same band.

        Raises:
            UsageError: the confidence is not strictly between 0 and 1.
        """
        check_confidence(confidence)
        tails = self._least_tails(draws, seed)
        alone = 1.0 - confidence
        tail = alone if tails is None else min(float(np.quantile(tails, alone)), alone)
        return self._around(tail)

    def largest(self, draws: int = DRAWS, seed: int = 0) -> float:
        """P-value of all being zero, from the one furthest from zero; 1 without estimates."""
        if not self.labels:
            return 1.0
        least, tails = float(self.p_values().min()), self._least_tails(draws, seed)
        if tails is None:
            return least
        return float((1 + np.count_nonzero(tails <= least)) / (1 + len(tails)))

    def wald(self) -> JointTest:
        """Whether all are zero: chi-square of the quadratic form, over the directions that vary (pseudo-inverse)."""
        from scipy.special import gammaincc

        values, vectors = np.linalg.eigh(self.covariance) if self.labels else (np.zeros(0), np.zeros((0, 0)))
        kept = values > _RANK * values.max(initial=0.0)
        along = vectors[:, kept].T @ self.estimate
        statistic, df = float((along**2 / values[kept]).sum()), int(kept.sum())
        return JointTest(statistic, df, float(gammaincc(df / 2.0, statistic / 2.0)) if df else 1.0)

    def _degrees(self) -> Floats:
        return np.minimum(self.df, 1e10)  # from there on the same as normal, and infinity is no number of degrees

    def _around(self, tail: float) -> tuple[Floats, Floats]:
        from scipy.special import stdtrit

        half = -stdtrit(self._degrees(), tail / 2.0) * self.se
        return self.estimate - half, self.estimate + half

    def _least_tails(self, draws: int, seed: int) -> Floats | None:
        """The smallest two-sided tail probability of the estimates in each draw; None where none varies."""
        from scipy.special import ndtr

        vary = self.se > 0
        if not vary.any():
            return None
        scale = self.se[vary]
        values, vectors = np.linalg.eigh(self.covariance[np.ix_(vary, vary)] / np.outer(scale, scale))
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T  # symmetric: no sign of a direction sways draws
        draws = min(draws, max(_MOST_NUMBERS // len(scale), _FEWEST_DRAWS))
        normal = np.random.default_rng(seed).standard_normal((draws, len(scale)))
        found: Floats = 2.0 * ndtr(-np.abs(normal @ root.T).max(axis=1))
        return found
