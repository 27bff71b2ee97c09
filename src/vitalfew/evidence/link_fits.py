"""The joint fit behind all links of a corpus, in standard deviations of units, and what it says of each family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.downgrades import ESTIMATED, IDENTIFIED, fewest
from vitalfew.evidence.link_families import metrics_to_fit
from vitalfew.stats.bypass import bypass
from vitalfew.stats.effect_spread import fit_spread, least_chance
from vitalfew.stats.link_fit import fit_corpus, fit_links, pooled_noise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.link_families import Family
    from vitalfew.evidence.link_paths import Chain
    from vitalfew.stats.effect_spread import Spread
    from vitalfew.stats.link_fit import Fitted, LinkFit
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

_RIDGE = 1e-8  # of a variance
_OUTSTANDING = 1e-8  # chance, among as many normal effects, of one as large: tails cost time, and some precision


@dataclass(frozen=True, slots=True)
class Told:
    """What the corpus says of one family; everything in the metrics' units.

    Attributes:
        fit: slopes, in standard deviations of units.
        units: what a slope of one standard deviation per standard deviation is in the metrics' units, `(p,)`.
        bypass_p: of no path round the parents.
        independent: experiments, those that share a control taken as one.
    """

    fit: LinkFit
    units: Floats
    bypass_p: float | None
    independent: int

    @property
    def enough(self) -> bool:
        """Whether there are experiments enough for an interval, however strongly they moved the parents."""
        return self.independent >= fewest(len(self.fit.parents))

    @property
    def is_identified(self) -> bool:
        """Whether the slopes are told at all."""
        return self.enough and self.fit.z >= IDENTIFIED

    @property
    def is_estimated(self) -> bool:
        """Whether they count as an estimate."""
        return self.enough and self.fit.z > ESTIMATED

    @property
    def slopes(self) -> Floats:
        """Child units per unit of each parent, `(p,)`."""
        return self.fit.slopes * self.units

    @property
    def covariance(self) -> Floats:
        """Of the slopes, `(p, p)`."""
        return self.fit.covariance * np.outer(self.units, self.units)


@dataclass(frozen=True, slots=True)
class Fit:
    """The joint fit of a corpus.

    Attributes:
        corpus: the comparisons and metrics in it, in the metrics' units.
        scale: standard deviation of a unit, `(G,)`: effects are divided by it before they are fitted.
        fitted: covariance of true effects, and without each group of experiments.
        told: by child.
    """

    corpus: EffectCorpus
    scale: Floats
    fitted: Fitted
    told: Mapping[str, Told]

    @property
    def metrics(self) -> tuple[str, ...]:
        """In the order of the arrays."""
        return self.corpus.metrics

    def spread(self, metrics: Sequence[str]) -> Floats:
        """Covariance of true effects on some metrics, in their units."""
        at = [self.corpus.at(metric) for metric in metrics]
        return np.asarray((self.fitted.spread.matrix * np.outer(self.scale, self.scale))[np.ix_(at, at)])

    def seen(self, metrics: Sequence[str]) -> NDArray[np.bool_]:
        """Which comparisons measured all of these, `(K,)`."""
        at = [self.corpus.at(metric) for metric in metrics]
        return np.asarray(np.isfinite(self.corpus.effects[:, at]).all(axis=1))

    def independent(self, metrics: Sequence[str]) -> int:
        """Experiments that measured all of these; those that share a control count as one."""
        return len(set(np.array(self.corpus.clusters)[self.seen(metrics)].tolist()))

    def within(self, metrics: Sequence[str]) -> Floats:
        """Covariance of weighted noise on some metrics, in their units."""
        at, rows = [self.corpus.at(metric) for metric in metrics], self.seen(metrics)
        picked = self.corpus.noise[rows][:, at][:, :, at]
        return np.asarray((picked * self.corpus.weights[rows, None, None]).mean(axis=0))

    def told_directly(self, chains: Sequence[Chain]) -> set[Chain]:
        """Chains whose ends, and what is held fixed, were measured together by enough experiments that moved them."""
        found = set()
        for chain in chains:
            wanted = (chain.child, chain.parent, *chain.others)
            if set(wanted) <= set(self.metrics) and self.independent(wanted) >= fewest(len(wanted) - 1):
                at = [self.corpus.at(metric) for metric in wanted]
                if _links(self.corpus, self.scale, [(at[0], at[1:])], self.fitted)[0].z_each[0] >= IDENTIFIED:
                    found.add(chain)
        return found


def fit(definitions: Definitions, corpus: EffectCorpus, families: Sequence[Family]) -> Fit | None:
    """Fit all families at once; None where no link can be estimated.

    Raises:
        VitalfewError: the effects or their noise are none that can be fitted.
    """
    usable = [family for family in families if family.parents]
    if not usable:
        return None
    chosen = corpus.joint(metrics_to_fit(corpus, families))
    scale = _scale(chosen)
    effects, noise = _scaled(chosen, scale)
    fitted = fit_corpus(effects, noise, clusters=chosen.clusters, fitted=_spread(effects, noise))
    edges = [(chosen.at(family.child), [chosen.at(parent) for parent in family.parents]) for family in usable]
    found = _links(chosen, scale, edges, fitted)
    told: dict[str, Told] = {}
    known = Fit(chosen, scale, fitted, told)
    for family, link in zip(usable, found, strict=True):
        units = scale[link.child] / scale[list(link.parents)]
        independent = known.independent((family.child, *family.parents))
        told[family.child] = Told(link, units, _bypass(definitions, chosen, scale, family, link), independent)
    return known


def _links(
    corpus: EffectCorpus, scale: Floats, edges: Sequence[tuple[int, Sequence[int]]], fitted: Fitted
) -> tuple[LinkFit, ...]:
    effects, noise = _scaled(corpus, scale)
    return fit_links(effects, noise, edges, weights=corpus.weights, clusters=corpus.clusters, fitted=fitted)


def _scale(corpus: EffectCorpus) -> Floats:
    """Standard deviation of a unit, after adjustment: from noise and weights, which every comparison has."""
    with np.errstate(all="ignore"):
        variances = np.diagonal(corpus.noise, axis1=1, axis2=2) * corpus.weights[:, None]
        return np.asarray(np.sqrt(np.nanmedian(variances, axis=0)))


def _spread(effects: Floats, noise: Floats) -> Spread:
    """Covariance of true effects; with heavy tails where single experiments stand far out.

    A few that moved everything ten times as far would else set the slopes, and weaken them where they lack the child.
    """
    found = fit_spread(effects, noise)
    if least_chance(effects, noise, found.matrix) >= _OUTSTANDING:
        return found
    return fit_spread(effects, noise, tails="t", start=found.matrix)


def _scaled(corpus: EffectCorpus, scale: Floats) -> tuple[Floats, Floats]:
    """Effects and noise in standard deviations; metrics that are sums of others get a breath of noise of their own."""
    own = 1 + _RIDGE * np.eye(len(scale))
    return corpus.effects / scale, corpus.noise / np.outer(scale, scale) * own


def _bypass(
    definitions: Definitions, corpus: EffectCorpus, scale: Floats, family: Family, link: LinkFit
) -> float | None:
    """P-value of no path round the parents, tested with all metrics that should reach the child by them alone.

    These are what the links say moves the parents, and metrics of features where parents and child are none.
    """
    if link.bypass is not None:
        return link.bypass.p
    mine = {family.child, *family.parents}
    if any(_level(definitions, metric) == "feature" for metric in mine):
        return None
    below = [
        at for at, name in enumerate(corpus.metrics) if name not in mine and _level(definitions, name) == "feature"
    ]
    if not below:
        return None
    effects, noise = _scaled(corpus, scale)
    weights, within = pooled_noise(effects, noise, corpus.weights, None)
    test = bypass(effects, weights, within, link.child, link.parents, below, clusters=corpus.clusters)
    return None if test is None else test.p


def _level(definitions: Definitions, metric: str) -> str:
    found = definitions.metrics.get(metric)
    return found.level if found is not None else "system"
