"""All effects of a workspace in one table: what many experiments show together is read from it.

Everything is in metrics' units, treatment minus control; which arm is called treatment changes signs and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.results.link_rows import Corpus
    from vitalfew.results.rows import EffectRow

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EffectCorpus:
    """Effects of K comparisons (an arm against its control) on G metrics, each with the noise they share.

    Attributes:
        kind: randomised experiments, or releases without randomisation: never both in one.
        metrics: their keys, `(G,)`.
        experiments: key of the experiment or release of each comparison, `(K,)`.
        arms: the arm, `(K,)`.
        controls: the arm it is compared with, `(K,)`.
        clusters: comparisons with the same number share a control (or units), `(K,)`.
        effects: `(K, G)`; NaN where a metric is missing.
        noise: covariance of the errors of the effects, `(K, G, G)`; NaN in rows and columns of a missing metric, and
            off the diagonal where the source gives variances only.
        weights: n_t n_c / (n_t + n_c) units, `(K,)`; NaN where nobody said how many.
        scale: standard deviation of a unit within an arm, `(G,)`; NaN where nobody said.
        within: covariance of a unit's contributions to the effects within an arm, after adjustment, `(G, G)`: noise is
            about `within / weight`; NaN for pairs that no source gives.
        users_per_arm: mean of both arms, `(K,)`.
        refused: experiments left out, with the reason.
        only_single: experiments whose source gives variances only: good for each metric alone, never for links.
        notes: what was left out of the others.
        rows: the effects as reported, for each comparison by metric, `(K,)`.
    """

    kind: Corpus
    metrics: tuple[str, ...]
    experiments: tuple[str, ...]
    arms: tuple[str, ...]
    controls: tuple[str, ...]
    clusters: tuple[int, ...]
    effects: Floats
    noise: Floats
    weights: Floats
    scale: Floats
    within: Floats
    users_per_arm: Floats
    refused: tuple[tuple[str, str], ...] = ()
    only_single: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[dict[str, EffectRow], ...] = ()

    def __len__(self) -> int:
        """Comparisons, K."""
        return len(self.experiments)

    @property
    def is_joint(self) -> Bools:
        """Which comparisons say how their metrics vary together, `(K,)`."""
        single = frozenset(self.only_single)
        return np.array([name not in single for name in self.experiments], dtype=bool)

    def at(self, metric: str) -> int:
        """Position of a metric in the arrays."""
        return self.metrics.index(metric)

    def only(self, keep: Bools, metrics: Sequence[str] | None = None) -> EffectCorpus:
        """Some of the comparisons `(K,)`, and of the metrics where named; those that measured none of these go too."""
        names = self.metrics if metrics is None else tuple(name for name in metrics if name in self.metrics)
        places = np.array([self.at(name) for name in names], dtype=np.intp)
        some = np.flatnonzero(keep & np.isfinite(self.effects[:, places]).any(axis=1))
        square = np.ix_(places, places)
        left = frozenset(self.experiments[k] for k in some)
        return EffectCorpus(
            kind=self.kind,
            metrics=names,
            experiments=tuple(self.experiments[k] for k in some),
            arms=tuple(self.arms[k] for k in some),
            controls=tuple(self.controls[k] for k in some),
            clusters=tuple(self.clusters[k] for k in some),
            effects=self.effects[np.ix_(some, places)],
            noise=self.noise[np.ix_(some, places, places)],
            weights=self.weights[some],
            scale=self.scale[places],
            within=self.within[square],
            users_per_arm=self.users_per_arm[some],
            refused=self.refused,
            only_single=tuple(name for name in self.only_single if name in left),
            notes=self.notes,
            rows=tuple(self.rows[k] for k in some) if self.rows else (),
        )

    def joint(self, metrics: Sequence[str] | None = None) -> EffectCorpus:
        """The comparisons that links and joint estimates may use."""
        return self.only(self.is_joint, metrics)


@dataclass(frozen=True, slots=True, eq=False)
class Corpora:
    """Effects of randomised experiments, and of releases, kept apart: their difference is shown, never averaged."""

    randomised: EffectCorpus
    releases: EffectCorpus
