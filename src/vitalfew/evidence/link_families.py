"""Which links are estimated together: all parents of one child, on the experiments that measured them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.workspace.graph import edges
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.graph import Edge

MOST_PARENTS = 3
"""Parents of one child beyond which data can hardly tell them apart."""
BEYOND = 3
"""Experiments beyond the number of parents that a fit needs."""
_PER_METRIC = 5  # experiments per metric from which metrics that no link names join the fit

UNTOLD = "{metric} is a quantile or a time to an event, which has no products with other metrics"
UNMEASURED = "no experiment measured {metric}"
SINGLE = (
    "the {count} {experiments} that measured {metric} give variances only and no products between metrics: without"
    " these, shared noise cannot be taken out, and a link read from the effects would be one between users"
)
APART = "{parent} and {child} were measured together in {count} experiments only"


@dataclass(frozen=True, slots=True)
class Family:
    """One child with all links into it.

    Attributes:
        links: influence links into the child, in the order of the definitions.
        parents: those that can be estimated, once each.
        reasons: why the others cannot, by parent.
        experiments: comparisons that measured the child and all these parents.
    """

    child: str
    links: tuple[Edge, ...]
    parents: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)
    experiments: int = 0

    @property
    def named(self) -> tuple[str, ...]:
        """All parents that links name, once each."""
        return tuple(dict.fromkeys(link.parent for link in self.links))


def families(definitions: Definitions, corpus: EffectCorpus) -> tuple[Family, ...]:
    """The children of influence links, in the order of the definitions, each with what can be estimated."""
    by_child: dict[str, list[Edge]] = {}
    for edge in edges(definitions):
        if not edge.is_component:
            by_child.setdefault(edge.child, []).append(edge)
    joint = corpus.joint()
    return tuple(_family(definitions, corpus, joint, child, found) for child, found in by_child.items())


def metrics_to_fit(corpus: EffectCorpus, found: Sequence[Family], ends: Sequence[str] = ()) -> tuple[str, ...]:
    """What is fitted jointly: metrics of links, and all others as well where there are experiments enough for them.

    Every metric that says something of an experiment's true effects makes the others' sharper.
    """
    named = {metric for family in found for metric in (family.child, *family.parents)} | set(ends)
    joint = corpus.joint()
    seen = {metric: int(np.isfinite(joint.effects[:, at]).sum()) for at, metric in enumerate(joint.metrics)}
    kept = [metric for metric in joint.metrics if metric in named and seen[metric]]
    others = sorted((metric for metric in joint.metrics if metric not in named), key=lambda metric: -seen[metric])
    for metric in others:
        if len(joint) >= _PER_METRIC * (len(kept) + 1) and seen[metric] * 2 >= len(joint):
            kept.append(metric)
    return tuple(metric for metric in joint.metrics if metric in kept)


def _family(
    definitions: Definitions, corpus: EffectCorpus, joint: EffectCorpus, child: str, links: Sequence[Edge]
) -> Family:
    named = tuple(dict.fromkeys(link.parent for link in links))
    lacking = _why_not(definitions, corpus, joint, child)
    if lacking is not None:
        return Family(child, tuple(links), (), dict.fromkeys(named, lacking))
    reasons = {parent: why for parent in named if (why := _why_not(definitions, corpus, joint, parent)) is not None}
    parents = [parent for parent in named if parent not in reasons]
    together = _together(joint, child, parents)
    while parents and together < len(parents) + BEYOND:
        pairs = {parent: _together(joint, child, [parent]) for parent in parents}
        least = min(parents, key=lambda parent: pairs[parent])
        reasons[least] = APART.format(
            parent=definitions.title("metrics", least), child=definitions.title("metrics", child), count=pairs[least]
        )
        parents.remove(least)
        together = _together(joint, child, parents)
    return Family(child, tuple(links), tuple(parents), reasons, together if parents else 0)


def _why_not(definitions: Definitions, corpus: EffectCorpus, joint: EffectCorpus, metric: str) -> str | None:
    defined, title = definitions.metrics.get(metric), definitions.title("metrics", metric)
    if defined is not None and defined.kind in DISTRIBUTIONS:
        return UNTOLD.format(metric=title)
    if metric in joint.metrics and np.isfinite(joint.effects[:, joint.at(metric)]).any():
        return None
    if metric not in corpus.metrics:
        return UNMEASURED.format(metric=title)
    count = int(np.isfinite(corpus.effects[:, corpus.at(metric)]).sum())
    return SINGLE.format(count=count, metric=title, experiments="experiment" if count == 1 else "comparisons")


def _together(joint: EffectCorpus, child: str, parents: Sequence[str]) -> int:
    places = [joint.at(metric) for metric in (child, *parents)]
    return int(np.isfinite(joint.effects[:, places]).all(axis=1).sum())
