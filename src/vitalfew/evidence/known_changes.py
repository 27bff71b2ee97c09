"""Effects of experiments, initiatives and releases as vectors with their joint errors, with luck and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.carrying import Known
from vitalfew.evidence.grades import weakest
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.rows import ShrunkRow
    from vitalfew.workspace.definitions import Grade

    Floats = NDArray[np.float64]

_Z95 = two_sided(0.95)


def by_experiment(corpus: EffectCorpus) -> dict[str, tuple[Known, str]]:
    """The effects of each experiment or release and the arm they are of: of several arms the largest."""
    best: dict[str, int] = {}
    for k, name in enumerate(corpus.experiments):
        if name not in best or _size(corpus, k) > _size(corpus, best[name]):
            best[name] = k
    return {name: (_known(corpus, k), corpus.arms[k]) for name, k in best.items()}


def without_luck(known: Known, arm: str, shrunk: Mapping[tuple[str, str, str], ShrunkRow]) -> Known:
    """Effects drawn towards what such changes do, where that is known; errors keep their correlation."""
    effects, sd = known.effects.copy(), np.sqrt(np.diag(known.noise))
    correlation = known.noise / np.outer(sd, sd)
    for at, metric in enumerate(known.metrics):
        row = shrunk.get((known.experiments[0], arm, metric))
        if row is not None and row.shrunk.low is not None and row.shrunk.high is not None:
            effects[at] = row.shrunk.estimate
            sd[at] = (row.shrunk.high - row.shrunk.low) / 2 / _Z95
    return Known(known.metrics, effects, correlation * np.outer(sd, sd), known.grades, known.experiments)


def joined(parts: Sequence[Known]) -> Known:
    """Several experiments on the same change: each metric's effect by inverse variance.

    Where they differ by more than their errors, the errors grow with that (Birge 1932).
    """
    if len(parts) == 1:
        return parts[0]
    metrics = tuple(dict.fromkeys(metric for part in parts for metric in part.metrics))
    weights = np.zeros((len(parts), len(metrics)))
    effects = np.zeros((len(parts), len(metrics)))
    noise = np.zeros((len(parts), len(metrics), len(metrics)))
    for k, part in enumerate(parts):
        at = [metrics.index(metric) for metric in part.metrics]
        weights[k, at] = 1 / np.diag(part.noise)
        effects[k, at] = part.effects
        noise[k][np.ix_(at, at)] = part.noise
    total = weights.sum(axis=0)
    mean = (weights * effects).sum(axis=0) / total
    degrees = np.maximum((weights > 0).sum(axis=0) - 1, 1)
    scatter = np.sqrt(np.maximum((weights * (effects - mean) ** 2).sum(axis=0) / degrees, 1.0))
    shares = weights / total
    covariance = np.einsum("ki,kij,kj->ij", shares, noise, shares) * np.outer(scatter, scatter)
    grades = tuple(_grade(parts, metric) for metric in metrics)
    experiments = tuple(dict.fromkeys(name for part in parts for name in part.experiments))
    return Known(metrics, mean, covariance, grades, experiments)


def _grade(parts: Iterable[Known], metric: str) -> Grade:
    found = [part.grades[part.metrics.index(metric)] for part in parts if metric in part.metrics]
    return weakest(found) or "opinion"


def _size(corpus: EffectCorpus, k: int) -> int:
    return max((row.n.get(row.arm, 0) for row in corpus.rows[k].values()), default=0)


def _known(corpus: EffectCorpus, k: int) -> Known:
    at = np.flatnonzero(np.isfinite(corpus.effects[k]))
    metrics = tuple(corpus.metrics[place] for place in at)
    noise = corpus.noise[k][np.ix_(at, at)]
    unknown = ~np.isfinite(noise)  # where the source gives variances only, errors count as apart
    return Known(
        metrics,
        corpus.effects[k, at],
        np.where(unknown, 0.0, noise),
        tuple(corpus.rows[k][metric].grade for metric in metrics),
        (corpus.experiments[k],),
    )
