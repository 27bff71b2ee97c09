"""What changes of some metrics mean further up: through links, with the errors of effects and of slopes.

What is known of a metric itself stands in for all that would reach it, so that nothing is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.normal import two_sided
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import LinkCovarianceRow, LinkRow
    from vitalfew.workspace.definitions import Definitions, Grade
    from vitalfew.workspace.graph import Edge

    Floats = NDArray[np.float64]

_Z95 = two_sided(0.95)


@dataclass(frozen=True, slots=True)
class Known:
    """Effects on n metrics at once: estimates `(n,)`, covariance of their errors `(n, n)`, and how strong each is."""

    metrics: tuple[str, ...]
    effects: Floats
    noise: Floats
    grades: tuple[Grade, ...]
    experiments: tuple[str, ...]

    def scaled(self, share: float) -> Known:
        """The effect on all, of one on a share of them."""
        return Known(self.metrics, share * self.effects, share**2 * self.noise, self.grades, self.experiments)


@dataclass(frozen=True, slots=True)
class Carried:
    """A change of a metric, in its unit.

    Attributes:
        change: its estimate.
        noise: its variance from the errors of effects, and of products of two errors.
        by_slope: its derivative by each slope, `(l,)`.
        links: it came by; empty: measured on the metric itself.
        grades: of the effects and links that it rests on.
        experiments: that measured the effects.
        metrics: on which these were measured.
    """

    change: float
    noise: float
    by_slope: Floats
    links: tuple[str, ...]
    grades: tuple[Grade, ...]
    experiments: tuple[str, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Flow:
    """A change on its way: with its derivative by each effect `(n,)` and slope `(l,)`."""

    change: float
    by_effect: Floats
    by_slope: Floats
    second: float
    links: tuple[str, ...]
    grades: tuple[Grade, ...]


@dataclass(frozen=True, slots=True)
class Slopes:
    """Links whose slope is known or believed.

    Attributes:
        links: keys, `(l,)`.
        into: which of them lead into each metric, with their parents; causes come before what they move.
        means: `(l,)`.
        covariance: `(l, l)`.
        grades: of influences; None of what is exact.
    """

    links: tuple[str, ...]
    into: Mapping[str, tuple[tuple[int, str], ...]]
    means: Floats
    covariance: Floats
    grades: tuple[Grade | None, ...]

    @classmethod
    def of(cls, definitions: Definitions, links: Iterable[LinkRow], covariances: Iterable[LinkCovarianceRow]) -> Slopes:
        """Links of a run; those of which nobody knows or believes a slope carry nothing."""
        usable = [(row, found) for row in links if (found := _believed(row)) is not None]
        places = {row.link: at for at, (row, _) in enumerate(usable) if row.kind == "influence"}
        covariance = np.diag([sd**2 for _, (_, sd) in usable]) if usable else np.zeros((0, 0))
        for pair in covariances:
            if pair.first in places and pair.second in places:
                one, other = places[pair.first], places[pair.second]
                covariance[one, other] = covariance[other, one] = pair.covariance
        into: dict[str, list[tuple[int, str]]] = {}
        for at, (row, _) in enumerate(usable):
            into.setdefault(row.child, []).append((at, row.parent))
        return cls(
            tuple(row.link for row, _ in usable),
            {child: tuple(into[child]) for child in in_order(edges(definitions)) if child in into},
            np.array([mean for _, (mean, _) in usable]),
            covariance,
            tuple(row.grade if row.kind == "influence" or row.grade == "opinion" else None for row, _ in usable),
        )

    def carry(self, known: Known, wanted: Collection[str]) -> dict[str, Carried]:
        """Those of some metrics whose change is known, or follows by links."""
        size = len(self.links)
        own, none = np.eye(len(known.metrics)), np.zeros(size)
        flows = {
            metric: _Flow(float(known.effects[at]), own[at], none, 0.0, (), ())
            for at, metric in enumerate(known.metrics)
        }
        for child, parents in self.into.items():
            arrived = [(at, flows[parent]) for at, parent in parents if parent in flows]
            if child not in flows and arrived:
                flows[child] = self._joined(arrived, known)
        return {metric: self._told(flows[metric], known) for metric in wanted if metric in flows}

    def variance(self, by_slope: Floats) -> float:
        """Variance that the doubt about slopes gives to a sum with these derivatives."""
        return float(by_slope @ self.covariance @ by_slope)

    def interval(self, change: float, noise: float, by_slope: Floats) -> tuple[float, float]:
        """A 95 % interval of a change."""
        half = _Z95 * (max(noise, 0.0) + max(self.variance(by_slope), 0.0)) ** 0.5
        return change - half, change + half

    def _joined(self, arrived: Sequence[tuple[int, _Flow]], known: Known) -> _Flow:
        change, second = 0.0, 0.0
        by_effect, by_slope = np.zeros(len(known.metrics)), np.zeros(len(self.links))
        for at, flow in arrived:
            slope = self.means[at]
            change += slope * flow.change
            by_effect += slope * flow.by_effect
            by_slope += slope * flow.by_slope
            by_slope[at] += flow.change
            spread = flow.by_effect @ known.noise @ flow.by_effect + self.variance(flow.by_slope) + flow.second
            # Both factors of a product err: Var(ab) = a^2 Var b + b^2 Var a + Var a Var b.
            second += slope**2 * flow.second + self.covariance[at, at] * spread
        links = dict.fromkeys(link for at, flow in arrived for link in (*flow.links, self.links[at]))
        grades = [grade for at, flow in arrived for grade in (*flow.grades, self.grades[at]) if grade is not None]
        return _Flow(float(change), by_effect, by_slope, float(second), tuple(links), tuple(grades))

    def _told(self, flow: _Flow, known: Known) -> Carried:
        used = [at for at, weight in enumerate(flow.by_effect) if weight]
        return Carried(
            flow.change,
            float(flow.by_effect @ known.noise @ flow.by_effect) + flow.second,
            flow.by_slope,
            flow.links,
            (*flow.grades, *(known.grades[at] for at in used)),
            known.experiments,
            tuple(known.metrics[at] for at in used),
        )


def _believed(row: LinkRow) -> tuple[float, float] | None:
    if row.believed is not None:
        return row.believed
    return None if row.estimate is None or row.se is None else (row.estimate, row.se)


def in_order(found: Iterable[Edge], ends: Iterable[str] | None = None) -> list[str]:
    """What edges lead into on the way to the ends (by default everywhere), causes before what they move.

    Links never go round in a circle.
    """
    parents: dict[str, list[str]] = {}
    for edge in found:
        parents.setdefault(edge.child, []).append(edge.parent)
    ordered: dict[str, None] = {}
    for end in parents if ends is None else ends:
        trail = [(end, False)]
        while trail:  # without recursion: a chain of a thousand links is unusual, not wrong
            metric, done = trail.pop()
            if done:
                ordered[metric] = None
            elif metric not in ordered and metric in parents:
                trail.append((metric, True))
                trail += [(parent, False) for parent in parents[metric]]
    return list(ordered)
