"""How changes of metrics that are no factors reach factors: through links, by what is believed of each slope.

What is believed of a slope comes from many experiments and from an expert's range, from the range alone where no data
tell, or from a formula. Slopes are drawn once and shared by all lines, so that a wrong link moves all lines that rest
on it together; slopes into one metric, which were estimated together, are drawn together. What a change does to a
metric in ways that no link carries is drawn for every line on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.sampling import chances, normals
from vitalfew.evidence.carrying import in_order
from vitalfew.evidence.grades import weakest
from vitalfew.stats.normal import two_sided
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.decide.sampling import Singles
    from vitalfew.decide.utility import Reals
    from vitalfew.results.rows import LinkCovarianceRow, LinkRow
    from vitalfew.workspace.definitions import Definitions, Grade
    from vitalfew.workspace.graph import Edge

_Z80 = two_sided(0.8)
_LARGEST = 1e30
"""Changes beyond it are none that anybody measures; their squares are no numbers in single precision any more."""


@dataclass(frozen=True, slots=True)
class Slope:
    """How many units a metric moves when `parent` moves by one, `(draws,)`, by a link of some grade."""

    parent: str
    link: str
    draws: Singles
    grade: Grade = "opinion"

    def times(self, change: Reals) -> Reals:
        """What a change of the parent means, in double precision: a product of two large numbers does not overflow."""
        return np.multiply(self.draws, change, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Carried:
    """The change of a factor that links carry, `(draws,)`.

    Attributes:
        change: of the factor.
        links: by which it came.
        sources: the metrics whose change was known.
        grade: of the weakest of the links.
    """

    change: Reals
    links: tuple[str, ...]
    sources: tuple[str, ...]
    grade: Grade


@dataclass(frozen=True, slots=True)
class Transfer:
    """The links that lead to factors.

    Attributes:
        factors: where they may end.
        into: slopes into each metric, in an order in which causes come before what they move.
        rests: how far true effects on a metric scatter beyond what its links explain, where data tell.
        seed: of the run.
    """

    factors: frozenset[str]
    into: Mapping[str, tuple[Slope, ...]]
    rests: Mapping[str, float]
    seed: int

    @property
    def carriers(self) -> frozenset[str]:
        """Metrics whose change reaches a factor through links."""
        return frozenset(slope.parent for slopes in self.into.values() for slope in slopes)

    @property
    def slopes(self) -> dict[str, Singles]:
        """Draws of the slope of every link that is in doubt, `(draws,)` each: a formula is not."""
        every = (slope for slopes in self.into.values() for slope in slopes)
        return {slope.link: slope.draws for slope in every if np.ptp(slope.draws) > 0}

    def carried(self, changes: Mapping[str, Reals], line: str = "", reach: float = 1.0) -> dict[str, Carried]:
        """What known changes of some metrics mean for the factors whose own change is not known.

        Several paths add up. What is known of a metric itself stands in for all that would reach it. A change too large
        to compute with says nothing, and is not carried.

        Args:
            changes: by metric, `(draws,)` each.
            line: what changes them; what no link carries is its own.
            reach: the share of all units that it touches.
        """
        found: dict[str, Carried] = {}
        for child, slopes in self.into.items():
            if child in changes:
                continue
            parts = [self._part(slope, changes, found) for slope in slopes]
            moved = [part for part in parts if part is not None]
            if moved:
                links = tuple(dict.fromkeys(link for part in moved for link in part.links))
                sources = tuple(dict.fromkeys(metric for part in moved for metric in part.sources))
                change = np.sum([part.change for part in moved], axis=0, dtype=np.float64)
                if self.rests.get(child):
                    change = change + self._rest(child, line, reach) * (change != 0)  # what moves nothing has no rest
                if np.abs(change).max(initial=0.0) > _LARGEST:
                    continue
                change = change.astype(np.float32)
                found[child] = Carried(change, links, sources, _weakest(part.grade for part in moved))
        return {metric: carried for metric, carried in found.items() if metric in self.factors}

    def _rest(self, child: str, line: str, reach: float) -> Reals:
        """What a line does to a metric in ways that no link carries, `(draws,)`."""
        draws = len(self.into[child][0].draws)
        noise = normals()[chances(draws, self.seed, line, "rest", child)]
        return np.asarray(reach * self.rests[child] * noise, dtype=np.float32)

    def _part(self, slope: Slope, changes: Mapping[str, Reals], found: Mapping[str, Carried]) -> Carried | None:
        if slope.parent in changes:
            return Carried(slope.times(changes[slope.parent]), (slope.link,), (slope.parent,), slope.grade)
        if slope.parent in found:
            before = found[slope.parent]
            links, grade = (*before.links, slope.link), _weakest((before.grade, slope.grade))
            return Carried(slope.times(before.change), links, before.sources, grade)
        return None


def transfer(
    definitions: Definitions,
    factors: Iterable[str],
    draws: int,
    seed: int,
    links: Iterable[LinkRow] = (),
    covariances: Iterable[LinkCovarianceRow] = (),
) -> Transfer:
    """Draw the slopes of all links that lead to factors.

    Links of which nothing is known, neither from data nor from an expert, carry nothing.

    Args:
        definitions: with the links; they never go round in a circle.
        factors: those that count.
        draws: how many.
        seed: of the run.
        links: what the run knows of each link.
        covariances: of what is believed of links into the same metric.
    """
    known = {(row.link, row.parent): row for row in links}
    together = {frozenset((row.first, row.second)): row.covariance for row in covariances}
    every = [_belief(edge, known.get((edge.link, edge.parent))) for edge in edges(definitions)]
    usable = sorted((each for each in every if each is not None), key=lambda each: (each.parent, each.link))
    ends = frozenset(factors)
    children = in_order((each.edge for each in usable), sorted(ends))
    of = {key: [each for each in usable if each.edge.child == key] for key in children}
    into = {key: _slopes(believed, together, draws, seed) for key, believed in of.items()}
    rests = {row.child: row.rest for row in known.values() if row.rest and row.child in into}
    return Transfer(ends, into, rests, seed)


@dataclass(frozen=True, slots=True)
class _Believed:
    """Mean and standard deviation of the slope of an edge."""

    edge: Edge
    mean: float
    sd: float
    grade: Grade

    @property
    def parent(self) -> str:
        return self.edge.parent

    @property
    def link(self) -> str:
        return self.edge.link


def _belief(edge: Edge, row: LinkRow | None) -> _Believed | None:
    """From data and expert; the formula's slope; else 80 % between the ends that the expert named."""
    if row is not None and row.status == "exact" and row.estimate is not None:
        return _Believed(edge, row.estimate, row.se or 0.0, row.grade)
    if row is not None and row.believed is not None:  # foretold, not measured: never stronger than staged
        return _Believed(edge, *row.believed, _weakest((row.grade, "staged")))
    low, high = edge.definition.low, edge.definition.high
    if low is None or high is None:
        return None
    return _Believed(edge, (low + high) / 2, abs(high - low) / 2 / _Z80, "opinion")


def _slopes(
    believed: Sequence[_Believed], together: Mapping[frozenset[str], float], draws: int, seed: int
) -> tuple[Slope, ...]:
    """Normal, those into one metric with the covariance they were estimated with."""
    noise = np.stack([normals()[chances(draws, seed, "", "link", each.link)] for each in believed])
    mixing = _mixing(believed, together)
    moved = np.array([[each.mean] for each in believed]) + mixing @ noise
    return tuple(
        Slope(each.parent, each.link, drawn.astype(np.float32), each.grade)
        for each, drawn in zip(believed, moved, strict=True)
    )


def _mixing(believed: Sequence[_Believed], together: Mapping[frozenset[str], float]) -> NDArray[np.float64]:
    """A square root of the covariance of some slopes, `(k, k)`; only the diagonal where nothing ties them."""
    covariance = np.diag([each.sd**2 for each in believed])
    for i, first in enumerate(believed):
        for j, second in enumerate(believed[:i]):
            covariance[i, j] = covariance[j, i] = together.get(frozenset((first.link, second.link)), 0.0)
    if not np.any(covariance - np.diag(covariance.diagonal())):
        return np.sqrt(covariance)
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T, dtype=np.float64)


def _weakest(grades: Iterable[Grade]) -> Grade:
    return weakest(grades) or "opinion"
