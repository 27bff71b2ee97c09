"""Questions about how definitions hang together that several rooms ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.workspace.definitions import EventSource
from vitalfew.workspace.formulas import parts_of
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from vitalfew.workspace.definitions import Definitions, Feature, Initiative, Link


@dataclass(frozen=True, slots=True)
class Edge:
    """One metric that moves another, by the link with the key `link`; a formula has one edge per part."""

    link: str
    parent: str
    child: str
    definition: Link

    @property
    def is_component(self) -> bool:
        """Whether the parent is a part of the child's formula."""
        return self.definition.kind == "component"


def edges(definitions: Definitions) -> tuple[Edge, ...]:
    """All edges, in the order of the links and of the parts of each; none of a formula that cannot be read."""
    return tuple(
        Edge(key, parent, link.child, link) for key, link in definitions.links.items() for parent in parts_of(link)
    )


def downstream(definitions: Definitions, metrics: Iterable[str]) -> set[str]:
    """These metrics and all that links lead to from them."""
    reached = set(metrics)
    open_ends = list(reached)
    while open_ends:
        parent = open_ends.pop()
        for edge in edges(definitions):
            if edge.parent == parent and edge.child not in reached:
                reached.add(edge.child)
                open_ends.append(edge.child)
    return reached


def event_source(definitions: Definitions, feature: Feature) -> str | None:
    """The key of the event source in which the use of a feature is seen.

    Returns:
        The source the feature names; else the only source that names its events; None when there is none or a choice.
    """
    if feature.source is not None:
        return feature.source
    keys = [key for key, source in definitions.sources.items() if isinstance(source, EventSource) and source.event]
    return keys[0] if len(keys) == 1 else None


def is_live(initiative: Initiative, today: date) -> bool:
    """Whether it has reached users by today."""
    if initiative.status in OVER:
        return False
    if initiative.shipped is not None:
        return initiative.shipped <= today
    return initiative.status in {"live", "shipped"}


def is_begun(initiative: Initiative, today: date) -> bool:
    """Whether work on it began by today; what has reached users had begun."""
    started = initiative.started is not None and initiative.started <= today
    return started or is_live(initiative, today)


def is_committed(initiative: Initiative, today: date) -> bool:
    """Whether work on it has been agreed or begun by today."""
    if initiative.status in OVER:
        return False
    return initiative.status == "committed" or is_begun(initiative, today)


def cycle_of_links(definitions: Definitions) -> tuple[str, ...]:
    """Metrics that move each other in a circle, each followed by one it moves and the first one again; else empty."""
    moves: dict[str, list[str]] = {}
    for edge in edges(definitions):
        moves.setdefault(edge.parent, []).append(edge.child)
    return cycle_of(moves)


def cycle_of(edges: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A way along edges that comes back to where it began, the first again at the end; empty when there is none."""
    finished: set[str] = set()
    for start in edges:
        found = _circle_from(start, edges, finished)
        if found:
            return found
    return ()


def _circle_from(start: str, moves: Mapping[str, Sequence[str]], finished: set[str]) -> tuple[str, ...]:
    """Search in depth without recursion: a chain of a thousand links is unusual, not wrong."""
    trail = [start]
    branches = [iter(moves.get(start, ()))]
    while branches:
        child = next(branches[-1], None)
        if child is None:
            branches.pop()
            finished.add(trail.pop())
        elif child in trail:
            return (*trail[trail.index(child) :], child)
        elif child not in finished:
            trail.append(child)
            branches.append(iter(moves.get(child, ())))
    return ()
