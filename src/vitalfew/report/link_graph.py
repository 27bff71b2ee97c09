"""The picture of what moves what: metrics in columns from causes to ends, links as lines between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import label, picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import LinkStatus

BOX_HIGH, ROW_HIGH = 30.0, 46.0
EDGE = 6.0
LETTERS_IN_BOX = 36
WIDEST = 5.0
"""Width in pixels of a link that explains all of what its child does."""
_SWEEPS = 4
_NARROWEST_BOX, _LETTER, _PADDING = 148.0, 6.6, 16.0
_BOLD_LETTER, _TEXT_HIGH = 6.9, 13.0
_BESIDE_LINE = (0.0, -7.0, 7.0, -14.0, 14.0, -21.0, 21.0)
"""How far from its line a number may stand, best first."""
_ROOM_BESIDE = 90.0
"""Room between columns besides the widest number, so that numbers have somewhere to move to."""
_ALONG = (0.26, 0.34, 0.42, 0.5, 0.58, 0.66, 0.74)
"""Where on its line a number may stand: from the parent (0) to the child (1)."""
_MANY_PARENTS, _MANY_CHILDREN = 0.34, 0.66
"""Where it stands best when lines run together at the child, and when they part at the parent."""
_LINK_HIGH = 28.0
"""Height in pixels that every number between two columns has to itself."""
_SAMPLES = tuple(at / 12 for at in range(1, 12))


@dataclass(frozen=True, slots=True)
class Edge:
    """A link to draw: what it says (`text`), how wide (`size`, 0 to 1), and in full in `title`."""

    parent: str
    child: str
    status: LinkStatus
    text: str
    size: float
    title: str


@dataclass(frozen=True, slots=True)
class Grid:
    """How wide a box is, and how far columns and rows are apart, in pixels: as names and numbers need it."""

    box: float
    step: float
    row: float

    def corner(self, place: tuple[int, float]) -> tuple[float, float]:
        """Where the box at a column and row begins."""
        column, row = place
        return EDGE + column * self.step, EDGE + row * self.row


type Point = tuple[float, float]
type Spot = tuple[Point, float]
"""Where the middle of a number stands, and half its width."""
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
    grid = _grid(names, edges, rows)
    wide = 2 * EDGE + (columns - 1) * grid.step + grid.box
    high = 2 * EDGE + (rows - 1) * grid.row + BOX_HIGH
    ways = [_way(at, edge, places, grid) for at, edge in enumerate(edges)]
    drawn = [_line(edge, way) for edge, way in zip(edges, ways, strict=True)]
    drawn += [_box(names.get(key, key), grid, place) for key, place in places.items() if isinstance(key, str)]
    drawn += _numbers(edges, ways)
    return picture(title, drawn, width=wide, height=high, class_="graph")


def _grid(names: Mapping[str, str], edges: Sequence[Edge], rows: float) -> Grid:
    shown = {key: names.get(key, key) for edge in edges for key in (edge.parent, edge.child)}
    longest = min(LETTERS_IN_BOX, max(map(len, shown.values()), default=0))
    box = max(_NARROWEST_BOX, longest * _LETTER + _PADDING)
    step = box + _ROOM_BESIDE + max((len(edge.text) for edge in edges), default=0) * _BOLD_LETTER
    columns = _columns(edges)
    most = max(Counter(columns[edge.parent] for edge in edges if edge.text).values(), default=0)
    return Grid(box, step, max(ROW_HIGH, most * _LINK_HIGH / rows))


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


def _box(name: str, grid: Grid, place: tuple[int, float]) -> Markup:
    x, y = grid.corner(place)
    short = name if len(name) <= LETTERS_IN_BOX else f"{name[: LETTERS_IN_BOX - 1]}…"
    frame = tag("rect", x=x, y=y, width=grid.box, height=BOX_HIGH, rx=3, class_="n-box")
    return tag("g", tag("title", name), frame, label(x + grid.box / 2, y + BOX_HIGH / 2 + 4, short, "n-name mid"))


def _way(at: int, edge: Edge, places: Places, grid: Grid) -> list[Point]:
    """From the right of the parent, straight through the places that the link passes, to the left of the child."""
    columns = {key: column for key, (column, _) in places.items() if isinstance(key, str)}
    points: list[Point] = []
    for stop in _stops(at, edge, columns):
        x, y = grid.corner(places[stop])
        ends = [(x, y + BOX_HIGH / 2), (x + grid.box, y + BOX_HIGH / 2)]
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


def _numbers(edges: Sequence[Edge], ways: Sequence[Sequence[Point]]) -> list[Markup]:
    """A number on the first stretch of every link, where it covers no other number and few other lines.

    Each takes the best place that the others leave it, in turn, until none moves.
    """
    lines = [[_on(way, along) for along in _SAMPLES] for way in ways]
    free: dict[int, list[tuple[Spot, int]]] = {}
    for at, edge in enumerate(edges):
        if edge.text:
            passing = [point for other, line in enumerate(lines) if other != at for point in line]
            free[at] = [(spot, _crossed(spot, passing)) for spot in _spots(edge, ways[at], edges, ways)]
    taken: dict[int, Spot] = {}
    for _ in range(_SWEEPS):
        for at, spots in free.items():
            others = [spot for other, spot in taken.items() if other != at]
            taken[at] = min(spots, key=lambda found: (_covered(found[0], others), found[1]))[0]
    return [part for at, spot in taken.items() for part in _on_ground(edges[at].text, spot)]


def _on_ground(text: str, spot: Spot) -> list[Markup]:
    """A number on a ground of its own, so that no line runs through it."""
    (x, y), half = spot
    ground = tag("rect", x=x - half - 2, y=y - _TEXT_HIGH / 2, width=2 * half + 4, height=_TEXT_HIGH, class_="halo")
    return [ground, label(x, y + 4, text, "e-text mid")]


def _spots(edge: Edge, way: Sequence[Point], edges: Sequence[Edge], ways: Sequence[Sequence[Point]]) -> list[Spot]:
    """Where a number may stand, best first: between the boxes, within the picture."""
    more = sum(other.child == edge.child for other in edges) - sum(other.parent == edge.parent for other in edges)
    ideal = _MANY_PARENTS if more > 0 else _MANY_CHILDREN if more < 0 else 0.5
    points = [_on(way, along) for along in sorted(_ALONG, key=lambda along: abs(along - ideal))]
    levels = [y for other in ways for _, y in other]
    top, bottom = min(levels) - BOX_HIGH / 3, max(levels) + BOX_HIGH / 3
    half = len(edge.text) * _BOLD_LETTER / 2
    left, right = way[0][0] + half, way[1][0] - half
    return [
        ((min(max(x, left), right), y + off), half)
        for off in _BESIDE_LINE
        for x, y in points
        if top <= y + off <= bottom
    ]


def _covered(spot: Spot, taken: Iterable[Spot]) -> int:
    """How many numbers a number would cover at a place."""
    (x, y), half = spot
    return sum(abs(y - v) < _TEXT_HIGH and abs(x - u) < half + wide for (u, v), wide in taken)


def _crossed(spot: Spot, lines: Iterable[Point]) -> int:
    """How many points of other lines it would hide there."""
    (x, y), half = spot
    return sum(abs(y - v) < _TEXT_HIGH / 2 and abs(x - u) < half for u, v in lines)


def _on(way: Sequence[Point], along: float) -> Point:
    """A point of the first stretch that `_line` draws: a Bezier curve, both ends level."""
    (x1, y1), (x2, y2) = way[:2]
    across = 1.5 * along * (1 - along) + along**3
    return x1 + across * (x2 - x1), y1 + (3 - 2 * along) * along**2 * (y2 - y1)
