"""The picture of what moves what: metrics in columns from causes to ends, links as lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.results.rows import LinkStatus

BOX_WIDE, BOX_HIGH = 148.0, 30.0
STEP_WIDE, STEP_HIGH = 246.0, 46.0
EDGE = 6.0
LETTERS_IN_BOX = 22
WIDEST = 5.0
"""Width in pixels of a link that explains all of what its child does."""
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Edge:
    """A link to draw: what it says (`text`), how wide (`size`, 0 to 1), and in full in `title`."""

    parent: str
    child: str
    status: LinkStatus
    text: str
    size: float
    title: str


type Places = Mapping[str | tuple[int, int], tuple[int, float]]
"""Column and row of every metric, and of every column that a longer link passes on its way (link, column)."""


def link_graph(names: Mapping[str, str], edges: Sequence[Edge], title: str) -> Markup:
    """Metrics as boxes, causes left of what they move; exact links solid, others dashed, those nobody tested grey.

    Args:
        names: title by metric.
        edges: the links; they never go round in a circle.
        title: the text alternative.
    """
    places = _places(edges)
    columns = max((column for column, _ in places.values()), default=0) + 1
    rows = max((row for _, row in places.values()), default=0.0) + 1
    wide = 2 * EDGE + (columns - 1) * STEP_WIDE + BOX_WIDE
    high = 2 * EDGE + (rows - 1) * STEP_HIGH + BOX_HIGH
    ways = [_way(at, edge, places) for at, edge in enumerate(edges)]
    drawn = [_line(edge, way) for edge, way in zip(edges, ways, strict=True)]
    drawn += [_box(names.get(key, key), *_corner(place)) for key, place in places.items() if isinstance(key, str)]
    drawn += [_number(edge, way) for edge, way in zip(edges, ways, strict=True) if edge.text]
    return picture(title, drawn, width=wide, height=high, class_="graph")


def _places(edges: Sequence[Edge]) -> Places:
    """As far right as the longest way from a cause, rows so that lines cross little (Sugiyama et al. 1981)."""
    columns = _columns(edges)
    column_of: dict[str | tuple[int, int], int] = dict(columns.items())
    beside: dict[str | tuple[int, int], list[str | tuple[int, int]]] = {}
    for at, edge in enumerate(edges):
        stops = _stops(at, edge, columns)
        column_of |= {stop: stop[1] for stop in stops if not isinstance(stop, str)}
        for one, other in pairwise(stops):
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    groups: dict[int, list[str | tuple[int, int]]] = {}
    for key, column in column_of.items():
        groups.setdefault(column, []).append(key)
    order = {key: float(at) for group in groups.values() for at, key in enumerate(group)}
    most = max((len(group) for group in groups.values()), default=1)
    for _ in range(_SWEEPS):
        for column in sorted(groups):
            middle = {k: sum(order[other] for other in beside[k]) / len(beside[k]) for k in groups[column]}
            groups[column].sort(key=lambda key: (middle[key], str(key)))
            first = (most - len(groups[column])) / 2
            order |= {key: first + at for at, key in enumerate(groups[column])}
    return {key: (column, order[key]) for key, column in column_of.items()}


def _stops(at: int, edge: Edge, columns: Mapping[str, int]) -> list[str | tuple[int, int]]:
    """Where a link passes: its parent, a free place in every column between, its child."""
    between = range(columns[edge.parent] + 1, columns[edge.child])
    return [edge.parent, *((at, column) for column in between), edge.child]


def _columns(edges: Sequence[Edge]) -> dict[str, int]:
    columns = dict.fromkeys((key for edge in edges for key in (edge.parent, edge.child)), 0)
    for _ in range(len(columns)):
        moved = False
        for edge in edges:
            if columns[edge.child] <= columns[edge.parent]:
                columns[edge.child] = columns[edge.parent] + 1
                moved = True
        if not moved:
            break
    for edge in reversed(edges):  # a cause stands beside what it moves, not at the far left
        others = [columns[other.child] for other in edges if other.parent == edge.parent]
        if not any(other.child == edge.parent for other in edges):
            columns[edge.parent] = min(others) - 1
    return columns


def _corner(place: tuple[int, float]) -> tuple[float, float]:
    column, row = place
    return EDGE + column * STEP_WIDE, EDGE + row * STEP_HIGH


def _box(name: str, x: float, y: float) -> Markup:
    short = name if len(name) <= LETTERS_IN_BOX else f"{name[: LETTERS_IN_BOX - 1]}…"
    frame = tag("rect", x=x, y=y, width=BOX_WIDE, height=BOX_HIGH, rx=3, class_="n-box")
    return tag("g", tag("title", name), frame, label(x + BOX_WIDE / 2, y + BOX_HIGH / 2 + 4, short, "n-name mid"))


def _way(at: int, edge: Edge, places: Places) -> list[tuple[float, float]]:
    """From the right of the parent, straight through the places that the link passes, to the left of the child."""
    columns = {key: column for key, (column, _) in places.items() if isinstance(key, str)}
    points: list[tuple[float, float]] = []
    for stop in _stops(at, edge, columns):
        x, y = _corner(places[stop])
        ends = [(x, y + BOX_HIGH / 2), (x + BOX_WIDE, y + BOX_HIGH / 2)]
        points += ends[1:] if stop == edge.parent else ends[:1] if stop == edge.child else ends
    return points


def _line(edge: Edge, way: Sequence[tuple[float, float]]) -> Markup:
    path = f"M{way[0][0]:.1f} {way[0][1]:.1f}"
    for (x1, y1), (x2, y2) in pairwise(way):
        bend = (x2 - x1) / 2
        path += f"C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    width = 1.2 + (WIDEST - 1.2) * min(1.0, max(0.0, edge.size))
    drawn = tag("path", d=path, class_=f"e-line e-{edge.status}", stroke_width=f"{width:.1f}")
    return tag("g", tag("title", edge.title), drawn)


def _number(edge: Edge, way: Sequence[tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = way[0], way[1]
    return label((x1 + x2) / 2, (y1 + y2) / 2 - 4, edge.text, "e-text mid")
