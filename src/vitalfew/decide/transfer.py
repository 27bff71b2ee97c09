"""How changes of metrics that are no factors reach factors: through links, by an expert's range of each slope.

Slopes are drawn once and shared by all lines, so that a wrong link moves all lines that rest on it together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.sampling import chances, normals
from vitalfew.stats.normal import two_sided
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.decide.sampling import Singles
    from vitalfew.decide.utility import Reals
    from vitalfew.workspace.definitions import Definitions, Link
    from vitalfew.workspace.graph import Edge

_Z80 = two_sided(0.8)


@dataclass(frozen=True, slots=True)
class Slope:
    """How many units a metric moves when `parent` moves by one, `(draws,)`, by a link."""

    parent: str
    link: str
    draws: Singles


@dataclass(frozen=True, slots=True)
class Carried:
    """The change of a factor that links carry, `(draws,)`, and the links it came by."""

    change: Reals
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """The links that lead to factors.

    Attributes:
        factors: where they may end.
        into: slopes into each metric, in an order in which causes come before what they move.
    """

    factors: frozenset[str]
    into: Mapping[str, tuple[Slope, ...]]

    @property
    def carriers(self) -> frozenset[str]:
        """Metrics whose change reaches a factor through links."""
        return frozenset(slope.parent for slopes in self.into.values() for slope in slopes)

    @property
    def slopes(self) -> dict[str, Singles]:
        """Draws of the slope of every link, `(draws,)` each."""
        return {slope.link: slope.draws for slopes in self.into.values() for slope in slopes}

    def carried(self, changes: Mapping[str, Reals]) -> dict[str, Carried]:
        """What known changes of some metrics mean for the factors whose own change is not known.

        Several paths add up. What is known of a metric itself stands in for all that would reach it.

        Args:
            changes: by metric, `(draws,)` each.
        """
        found: dict[str, Carried] = {}
        for child, slopes in self.into.items():
            if child in changes:
                continue
            parts = [self._part(slope, changes, found) for slope in slopes]
            moved = [part for part in parts if part is not None]
            if moved:
                links = tuple(dict.fromkeys(link for part in moved for link in part.links))
                found[child] = Carried(np.sum([part.change for part in moved], axis=0, dtype=np.float32), links)
        return {metric: carried for metric, carried in found.items() if metric in self.factors}

    def _part(self, slope: Slope, changes: Mapping[str, Reals], found: Mapping[str, Carried]) -> Carried | None:
        if slope.parent in changes:
            return Carried(slope.draws * changes[slope.parent], (slope.link,))
        if slope.parent in found:
            before = found[slope.parent]
            return Carried(slope.draws * before.change, (*before.links, slope.link))
        return None


def transfer(definitions: Definitions, factors: Iterable[str], draws: int, seed: int) -> Transfer:
    """Draw the slopes of all links that lead to factors.

    Links without a range say that something moves, not by how much, and carry nothing.

    Args:
        definitions: with the links; they never go round in a circle.
        factors: those that count.
        draws: how many.
        seed: of the run.
    """
    usable = [edge for edge in sorted(edges(definitions), key=lambda edge: edge.link) if _ranged(edge.definition)]
    ends = frozenset(factors)
    into: dict[str, tuple[Slope, ...]] = {}
    for child in _in_order(usable, ends):
        slopes = (_slope(edge, draws, seed) for edge in usable if edge.child == child)
        into[child] = tuple(sorted(slopes, key=lambda slope: (slope.parent, slope.link)))
    return Transfer(ends, into)


def _ranged(link: Link) -> bool:
    return link.low is not None and link.high is not None


def _slope(edge: Edge, draws: int, seed: int) -> Slope:
    """Normal, with 80 % between the ends that the expert named."""
    low, high = sorted((edge.definition.low or 0.0, edge.definition.high or 0.0))
    noise = normals()[chances(draws, seed, "", "link", edge.link)]
    return Slope(edge.parent, edge.link, ((low + high) / 2 + (high - low) / 2 / _Z80 * noise).astype(np.float32))


def _in_order(usable: Iterable[Edge], ends: frozenset[str]) -> list[str]:
    """What links lead into on the way to the ends, causes before what they move."""
    parents: dict[str, list[str]] = {}
    for edge in usable:
        parents.setdefault(edge.child, []).append(edge.parent)
    ordered: dict[str, None] = {}
    for end in sorted(ends):
        trail = [(end, False)]
        while trail:  # without recursion: a chain of a thousand links is unusual, not wrong
            metric, done = trail.pop()
            if done:
                ordered[metric] = None
            elif metric not in ordered and metric in parents:
                trail.append((metric, True))
                trail += [(parent, False) for parent in sorted(parents[metric])]
    return list(ordered)
