"""What is known of all metrics of a corpus at once: how true effects scatter together, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.evidence.joint_fits import JointFits
from vitalfew.results.rows import Estimate
from vitalfew.stats.effect_spread import posterior_effects
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.joint_fits import JointFit
    from vitalfew.stats.effect_spread import Spread

    Floats = NDArray[np.float64]

FEWEST_JOINT = 30
"""Comparisons with cross products from which on metrics help each other; more where there are many metrics."""
PER_METRIC = 4
"""Comparisons per metric below which a covariance of all of them is mostly luck."""
_LEAST_DF = 3.0  # of an interval: below, its width says more of the approximation than of the doubt
_NORMAL = 1e6  # degrees of freedom from which on t is normal


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """How true effects of a corpus scatter, in the metrics' units.

    Attributes:
        corpus: the comparisons and metrics it was learned from, those with cross products.
        fit: covariance of true effects, `(G, G)`, with their tails.
        doubts: directions in which that covariance may be wrong, `(R, G, G)`: their squares add up to its variance.
        means: true effects, `(K, G)`, metrics that were not measured filled in.
        covariances: of these, with the covariance of true effects taken as known, `(K, G, G)`.
        shifts: how the means move along each doubt, `(R, K, G)`.
        unsteady: variance of the variances in `covariances`, for the same doubts, `(K, G)`.
    """

    corpus: EffectCorpus
    fit: Spread
    doubts: Floats
    means: Floats
    covariances: Floats
    shifts: Floats
    unsteady: Floats

    @property
    def spread(self) -> Floats:
        """Covariance of true effects, `(G, G)`."""
        return self.fit.matrix

    def interval(self, estimate: float, known: float, doubt: float, unsteady: float = 0.0) -> Estimate:
        """A 95 % interval, by t with degrees of freedom after Satterthwaite (1946).

        Args:
            estimate: its middle.
            known: variance with the covariance of true effects taken as known.
            doubt: variance that the doubt about it adds; it has one degree of freedom less than there are groups.
            unsteady: variance of `known`.
        """
        from scipy.special import stdtrit

        total = max(known, 0.0) + doubt
        loose = doubt**2 / (len(self.doubts) - 1) + unsteady / 2
        df = max(total**2 / loose, _LEAST_DF) if loose > 0 else np.inf
        half = total**0.5 * (float(stdtrit(df, 0.975)) if df < _NORMAL else two_sided(0.95))
        return Estimate(estimate, estimate - half, estimate + half)

    def doubt_of(self, statistic: Callable[[Floats], float]) -> float:
        """Variance of a number computed from the covariance of true effects, along its doubts."""
        here = statistic(self.spread)
        return float(sum((statistic(self.spread + one) - here) ** 2 for one in self.doubts))


def joint_of(corpus: EffectCorpus, fits: JointFits | None = None) -> Joint | None:
    """All metrics of a corpus at once; None where too few comparisons say how their metrics vary together.

    Args:
        corpus: of randomised experiments, or of releases.
        fits: its joint fits, where others read them too.
    """
    metrics = _usable(corpus)
    return None if metrics is None else joint_on((fits or JointFits(corpus)).of(metrics))


def joint_on(known: JointFit) -> Joint | None:
    """All metrics of some comparisons at once; whoever asks sees to it that they are enough for the question."""
    try:
        found = known.for_effects
    except NotEnoughData:
        return None
    usable, unit = known.corpus, np.outer(known.scale, known.scale)
    effects, noise = usable.effects, usable.noise
    fit, again = replace(found.spread, matrix=found.spread.matrix * unit), found.refits.without * unit
    doubts = (again - again.mean(axis=0)) * ((len(again) - 1) / len(again)) ** 0.5
    means, covariances = posterior_effects(effects, noise, fit)
    return Joint(usable, fit, doubts, means, covariances, *_moved(fit, doubts, effects, noise))


def _moved(fit: Spread, doubts: Floats, effects: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """How posterior means of comparisons move along each doubt, `(R, K, G)`; variance of their variances, `(K, G)`.

    With S = Lambda + V the mean is `Lambda S^-1 e`, so a change D of Lambda moves it by `Q D S^-1 e` with
    Q = 1 - Lambda S^-1, and the covariance by `Q D Q'`. With fat tails each comparison has a Lambda of its own, smaller
    by its weight.
    """
    moved, unsteady = np.zeros((len(doubts), *effects.shape)), np.zeros(effects.shape)
    weights = fit.weights if len(fit.weights) == len(effects) else np.ones(len(effects))
    for k, (effect, errors, weight) in enumerate(zip(effects, noise, weights, strict=True)):
        seen = np.flatnonzero(np.isfinite(effect))
        own = fit.matrix / weight
        inverse = np.linalg.pinv(own[np.ix_(seen, seen)] + errors[np.ix_(seen, seen)], hermitian=True)
        rest = np.eye(len(own))
        rest[:, seen] -= own[:, seen] @ inverse
        moved[:, k] = (doubts[:, :, seen] @ (inverse @ effect[seen])) @ rest.T / weight
        unsteady[k] = (((rest @ doubts) * rest).sum(axis=2) ** 2).sum(axis=0) / weight**2
    return moved, unsteady


def _usable(corpus: EffectCorpus) -> tuple[str, ...] | None:
    """Metrics that enough comparisons with cross products measured, where these are enough for so many."""
    part = corpus.joint()
    often = [name for name in part.metrics if np.isfinite(part.effects[:, part.at(name)]).sum() >= FEWEST_JOINT]
    if len(often) < 2:  # noqa: PLR2004 - one metric has nothing to be joined with
        return None
    part = corpus.joint(often)
    return part.metrics if len(part) >= max(FEWEST_JOINT, PER_METRIC * len(often)) else None
