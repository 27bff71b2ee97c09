"""The joint fit behind all links of a corpus, in standard deviations of units, and what it says of each family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.downgrades import ESTIMATED, IDENTIFIED, fewest
from vitalfew.evidence.link_families import metrics_to_fit
from vitalfew.stats.bypass import bypass
from vitalfew.stats.link_fit import fit_links, pooled_noise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.joint_fits import JointFit, JointFits
    from vitalfew.evidence.link_families import Family
    from vitalfew.evidence.link_paths import Chain
    from vitalfew.stats.link_fit import Fitted, LinkFit
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]


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
    """The joint fit of a corpus, and what it says of links.

    Attributes:
        joint: of the comparisons and metrics in it.
        told: by child.
    """

    joint: JointFit
    told: Mapping[str, Told]

    @property
    def corpus(self) -> EffectCorpus:
        """The comparisons, in the metrics' units."""
        return self.joint.corpus

    @property
    def scale(self) -> Floats:
        """Standard deviation of a unit, `(G,)`: effects are divided by it before they are fitted."""
        return self.joint.scale

    @property
    def fitted(self) -> Fitted:
        """Covariance of true effects, and without each group of experiments."""
        return self.joint.for_links

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
                if _links(self.joint, [(at[0], at[1:])])[0].z_each[0] >= IDENTIFIED:
                    found.add(chain)
        return found


def fit(definitions: Definitions, fits: JointFits, families: Sequence[Family]) -> Fit | None:
    """Read all families from one fit; None where no link can be estimated.

    Raises:
        VitalfewError: the effects or their noise are none that can be fitted.
    """
    usable = [family for family in families if family.parents]
    if not usable:
        return None
    joint = fits.of(metrics_to_fit(fits.corpus, families))
    chosen, scale = joint.corpus, joint.scale
    edges = [(chosen.at(family.child), [chosen.at(parent) for parent in family.parents]) for family in usable]
    found = _links(joint, edges)
    told: dict[str, Told] = {}
    known = Fit(joint, told)
    for family, link in zip(usable, found, strict=True):
        units = scale[link.child] / scale[list(link.parents)]
        independent = known.independent((family.child, *family.parents))
        told[family.child] = Told(link, units, _bypass(definitions, joint, family, link), independent)
    return known


def _links(joint: JointFit, edges: Sequence[tuple[int, Sequence[int]]]) -> tuple[LinkFit, ...]:
    weights, clusters = joint.corpus.weights, joint.corpus.clusters
    return fit_links(joint.effects, joint.noise, edges, weights=weights, clusters=clusters, fitted=joint.for_links)


def _bypass(definitions: Definitions, joint: JointFit, family: Family, link: LinkFit) -> float | None:
    """P-value of no path round the parents, tested with all metrics that should reach the child by them alone.

    These are what the links say moves the parents, and metrics of features where parents and child are none.
    """
    if link.bypass is not None:
        return link.bypass.p
    mine = {family.child, *family.parents}
    if any(_level(definitions, metric) == "feature" for metric in mine):
        return None
    below = [
        at
        for at, name in enumerate(joint.corpus.metrics)
        if name not in mine and _level(definitions, name) == "feature"
    ]
    if not below:
        return None
    weights, within = pooled_noise(joint.effects, joint.noise, joint.corpus.weights, None)
    test = bypass(joint.effects, weights, within, link.child, link.parents, below, clusters=joint.corpus.clusters)
    return None if test is None else test.p


def _level(definitions: Definitions, metric: str) -> str:
    found = definitions.metrics.get(metric)
    return found.level if found is not None else "system"
