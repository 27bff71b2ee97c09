"""What history says comes later of an experiment: the surrogate index, learned from the units of other experiments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.stats.surrogate import index_from, long_run, misfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.stats.surrogate import LongRun, SurrogateIndex

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foretold:
    """An effect by the surrogate index: what it rests on, and how many experiments tested it to the end."""

    found: LongRun
    through: tuple[str, ...]
    explained: float
    units: float
    tested: int


class History:
    """Units of a corpus by experiment: how early metrics and one later metric vary together within arms."""

    def __init__(self, corpus: EffectCorpus, early: Sequence[str], target: str) -> None:
        self.corpus, self.early, self.target = corpus, tuple(early), target
        self._pasts: dict[tuple[str, ...], _Past] = {}

    def foretell(self, k: int) -> Foretold | None:
        """The effect of one comparison on the later metric, by units of all other experiments; None: no history."""
        effects = self.corpus.effects[k]
        names = tuple(name for name in self.early if np.isfinite(effects[self.corpus.at(name)]))
        if not names:
            return None
        places = [self.corpus.at(name) for name in names]
        noise = self.corpus.noise[k][np.ix_(places, places)]
        if names not in self._pasts:
            self._pasts[names] = _Past(self.corpus, [*places, self.corpus.at(self.target)])
        past = self._pasts[names]
        index = past.without(self.corpus.clusters[k])
        if index is None or not np.isfinite(noise).all():
            return None
        missed, tested = past.misfit
        found = long_run(index, effects[places], noise, missed or 0.0)
        return Foretold(found, names, index.explained, index.units, tested)


class _Past:
    """Comparisons that measured some early metrics and the later one, which is last, and how units vary in them."""

    def __init__(self, corpus: EffectCorpus, places: list[int]) -> None:
        block = np.ix_(np.arange(len(corpus)), places, places)
        known = np.isfinite(corpus.noise[block]).all(axis=(1, 2)) & np.isfinite(corpus.weights)
        at = np.flatnonzero(known)
        self.effects, self.noise = corpus.effects[np.ix_(at, places)], corpus.noise[block][at]
        self.clusters = np.array(corpus.clusters, dtype=np.intp)[at]
        units = np.maximum(2 * corpus.users_per_arm[at] - 2, 0.0)
        self.units: dict[int, float] = {}
        self.sums: dict[int, Floats] = {}
        for cluster in dict.fromkeys(self.clusters.tolist()):
            own = self.clusters == cluster
            self.units[cluster] = float(units[own].sum())
            spread = self.noise[own] * corpus.weights[at[own], None, None]
            self.sums[cluster] = np.einsum("k,kij->ij", units[own], spread)
        self.total: tuple[Floats, float] = (np.sum(list(self.sums.values()), axis=0), sum(self.units.values()))

    def without(self, cluster: int) -> SurrogateIndex | None:
        """The index without the experiments of one control: no unit foretells itself."""
        summed, units = self.total
        if cluster in self.sums:
            summed, units = summed - self.sums[cluster], units - self.units[cluster]
        try:
            return index_from(summed / units, units) if units > 0 else None
        except NotEnoughData:
            return None

    @cached_property
    def misfit(self) -> tuple[float | None, int]:
        """How far the later metric went elsewhere than foretold, and in how many experiments that was seen."""
        indexes = {cluster: self.without(cluster) for cluster in self.sums}
        found = [index for cluster in self.clusters.tolist() if (index := indexes[cluster]) is not None]
        return misfit(found, self.effects, self.noise) if len(found) == len(self.effects) else (None, 0)
