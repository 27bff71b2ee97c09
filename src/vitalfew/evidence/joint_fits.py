"""The joint fits of a corpus, each made once for all that read it: links, effects without luck, proxies, trade-offs.

All begin with the same normal fit. Where single experiments stand far out, two questions want two answers: a slope is
told best by large effects, so that links only pull in what no normal scatter explains; whether a large effect is luck
hangs on how often there are such, so that effects take the likeliest tails.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.effect_arrays import held
from vitalfew.stats.effect_spread import fit_spread, heavier, pulled_in
from vitalfew.stats.link_fit import fit_corpus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.stats.effect_spread import Spread
    from vitalfew.stats.link_fit import Fitted

    Floats = NDArray[np.float64]

_log = logging.getLogger(__name__)
_RIDGE = 1e-8  # of a variance
_FOR_TAILS = 60  # comparisons from which heavier tails than normal can be told


class JointFits:
    """Fits of one corpus, one per set of metrics that somebody asked for."""

    def __init__(self, corpus: EffectCorpus) -> None:
        self.corpus = corpus
        self._made: dict[tuple[str, ...], JointFit] = {}

    def of(self, metrics: Sequence[str]) -> JointFit:
        """The fit of the comparisons with cross products on these metrics, the same one whenever they are asked for."""
        key = tuple(metrics)
        if key not in self._made:
            self._made[key] = JointFit(self.corpus.joint(key))
        return self._made[key]


class JointFit:
    """What some comparisons show of all their metrics at once, in standard deviations of units; fitted when asked for.

    Raises:
        VitalfewError: where a fit is asked for of effects or noise that none can be made of.
    """

    def __init__(self, corpus: EffectCorpus) -> None:
        self.corpus = corpus

    @cached_property
    def scale(self) -> Floats:
        """Standard deviation of a unit, after adjustment, `(G,)`: from noise and weights; else a typical error."""
        variances = np.diagonal(self.corpus.noise, axis1=1, axis2=2)
        weighted = variances * self.corpus.weights[:, None]
        known = np.isfinite(weighted).any(axis=0)
        return np.asarray(np.sqrt(np.nanmedian(np.where(known, weighted, variances), axis=0)))

    @cached_property
    def effects(self) -> Floats:
        """In standard deviations, `(K, G)`; an experiment beyond all measure is made smaller, in its own direction."""
        return held(self.corpus.effects / self.scale, self.noise)

    @cached_property
    def noise(self) -> Floats:
        """Likewise, `(K, G, G)`; metrics that are sums of others get a breath of noise of their own."""
        own = 1 + _RIDGE * np.eye(len(self.scale))
        return np.asarray(self.corpus.noise / np.outer(self.scale, self.scale) * own)

    @cached_property
    def for_links(self) -> Fitted:
        """For slopes: experiments that stand far out are pulled in."""
        return self._fitted(pulled_in(self.effects, self.noise, self._normal))

    @cached_property
    def for_effects(self) -> Fitted:
        """For single effects: with the likeliest tails, where there are comparisons enough to tell."""
        enough = len(self.corpus) >= _FOR_TAILS
        return self._fitted(heavier(self.effects, self.noise, self._normal) if enough else self._normal)

    @cached_property
    def _normal(self) -> Spread:
        return fit_spread(self.effects, self.noise)

    @cached_property
    def _plain(self) -> Fitted:
        return fit_corpus(self.effects, self.noise, clusters=self.corpus.clusters, fitted=self._normal)

    def _fitted(self, spread: Spread) -> Fitted:
        if not spread.converged:
            size = len(self.corpus), len(self.corpus.metrics), spread.iterations
            _log.warning("the joint fit of %d comparisons on %d metrics did not come to rest in %d steps", *size)
        if spread is self._normal:
            return self._plain
        return fit_corpus(self.effects, self.noise, clusters=self.corpus.clusters, fitted=spread)
