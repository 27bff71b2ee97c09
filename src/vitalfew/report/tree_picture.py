"""The value tree as a picture: what the organisation wants at the left, what it does about it at the right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from vitalfew.report.markup import Markup, short, tag
from vitalfew.report.svg import label
from vitalfew.report.tree_layout import layered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.tree_layout import Places

LEVELS = ("Vision", "Business", "System", "Feature", "Initiatives")
BOX, BOX_HIGH = 204.0, 42.0
ROW = 66.0
LEAST_GAP, ROOM = 56.0, 44.0
"""Room between columns: at least, and besides the widest number between them."""
EDGE, TOP = 8.0, 30.0
LETTERS, LINES = 26, 2
"""Letters of a title in one line, and lines at most."""
WIDEST = 6.0
_LETTER, _LINE, _TITLE_LINE = 6.4, 12.0, 15.0
_ALONG = (0.5, 0.38, 0.62, 0.28, 0.72)
_NEAR_CAUSE = (0.3, 0.22, 0.38, 0.5, 0.62)
"""Where on its line a number may stand, from the cause (0) on; near the cause where many lines end in one box."""
_MANY = 3
_BESIDE = (0.0, -14.0, 14.0, -28.0, 28.0)

Line = Literal["exact", "replicated", "tested", "staged", "dated", "correlated", "opinion", "untested", "serves"]
DASHES: dict[Line, str | None] = {
    "exact": None,
    "serves": None,
    "replicated": "14 2",
    "tested": "9 3",
    "staged": "6 4",
    "dated": "4 5",
    "correlated": "3 6",
    "opinion": "2 7",
    "untested": "2 7",
}
"""The stronger the evidence, the denser the dashes; a formula is drawn through."""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A box: its name in the picture, what stands in it, its level, where it leads and what its card is."""

    name: str
    title: str
    under: str
    level: int
    kind: Literal["vision", "metric", "initiative", "more"]
    counts: str = ""
    address: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class TreeEdge:
    """A line from a cause to what it moves: how it is known, how much, how wide (0 to 1), in full in `title`.

    `text`: the number on the line; `span`: its interval, below it; `opens`: the page about what is behind them.
    """

    cause: str
    effect: str
    line: Line
    text: str
    span: str
    size: float
    title: str
    opens: str = ""

    @property
    def says(self) -> str:
        """Number and interval in one line."""
        return f"{self.text} ({self.span})" if self.span else self.text


@dataclass(frozen=True, slots=True)
class _Plan:
    """Places with the left edge of every column, in pixels."""

    places: Places
    lefts: Sequence[float]

    def corner(self, name: str) -> tuple[float, float]:
        column, row = self.places.at[name]
        return self.lefts[column], TOP + row * ROW


def tree_picture(nodes: Sequence[TreeNode], edges: Sequence[TreeEdge], title: str) -> Markup:
    """Draw a value tree.

    Args:
        nodes: boxes; their levels decide the columns.
        edges: lines between them.
        title: the text alternative.
    """
    places = layered({node.name: node.level for node in nodes}, [(edge.cause, edge.effect) for edge in edges])
    plan = _Plan(places, _lefts(places, edges))
    wide = plan.lefts[-1] + BOX + EDGE
    high = TOP + (places.rows - 1) * ROW + BOX_HIGH + EDGE
    drawn: list[Markup] = [*_heads(nodes, plan), *_lines(edges, plan)]
    drawn += [_box(node, *plan.corner(node.name)) for node in nodes]
    return tag(
        "svg", tag("title", title), drawn,
        viewBox=f"0 0 {wide:g} {high:g}", width=wide, height=high, role="group", aria_label=title, class_="value-tree",
    )  # fmt: skip


def _lefts(places: Places, edges: Sequence[TreeEdge]) -> list[float]:
    """Columns as far apart as the numbers between them need."""
    gaps = [LEAST_GAP] * (places.columns - 1)
    for edge in edges:
        effect, cause = places.at[edge.effect][0], places.at[edge.cause][0]
        if cause == effect + 1 and edge.text:
            gaps[effect] = max(gaps[effect], ROOM + _wide(edge))
    lefts = [EDGE]
    for gap in gaps:
        lefts.append(lefts[-1] + BOX + gap)
    return lefts


def _wide(edge: TreeEdge) -> float:
    return max(len(edge.text), len(edge.span)) * _LETTER


def _heads(nodes: Sequence[TreeNode], plan: _Plan) -> list[Markup]:
    """The name of each level above its first column."""
    first: dict[int, int] = {}
    for node in nodes:
        column = plan.places.at[node.name][0]
        first[node.level] = min(column, first.get(node.level, column))
    return [label(plan.lefts[column], 14, LEVELS[level], "level") for level, column in sorted(first.items())]


def _box(node: TreeNode, x: float, y: float) -> Markup:
    """A box that leads to its page and shows its card; keys move between boxes."""
    names = wrap(node.title, LETTERS, max_lines=LINES, placeholder="…")
    more = _TITLE_LINE * (len(names) - 1)  # the box grows up and down alike, so that lines still meet its middle
    top, high = y - more / 2, BOX_HIGH + more
    first = y + BOX_HIGH / 2 - more / 2 + (-2 if node.under else 4)
    frame = tag("rect", x=x, y=top, width=BOX, height=high, rx=4, class_=f"t-box t-{node.kind}")
    texts = [label(x + 12, first + at * _TITLE_LINE, name, "t-name") for at, name in enumerate(names)]
    if node.under:
        texts.append(label(x + 12, first + more + _TITLE_LINE, node.under, "t-under"))
    mark = tag("rect", x=x, y=top, width=4, height=high, rx=2, class_=f"t-{node.counts}") if node.counts else None
    said = ", ".join(part for part in (node.title, node.counts, node.under) if part)
    body = [tag("title", said), frame, mark, *texts]
    if not node.address:
        return tag("g", body, class_="t-node", data_node=node.name)
    card = node.card or None
    return tag(
        "a", body, href=node.address, class_="t-node", data_node=node.name,
        hx_get=card, hx_target="#drawer" if card else None, aria_label=said,
    )  # fmt: skip


def _lines(edges: Sequence[TreeEdge], plan: _Plan) -> list[Markup]:
    """Lines first, their numbers on top of all lines, each where it covers nothing else."""
    drawn: list[Markup] = []
    texts: list[Markup] = []
    corners = [plan.corner(name) for name in plan.places.at]
    taken = [(x + BOX / 2, y + BOX_HIGH / 2, BOX / 2, BOX_HIGH / 2) for x, y in corners]
    ending = Counter(edge.effect for edge in edges if edge.text)
    for edge in edges:
        ends = _ends(edge, plan)
        path = tag(
            "path", d=_path(ends), class_=f"t-line l-{edge.line}", stroke_dasharray=DASHES[edge.line],
            stroke_width=short(1.2 + (WIDEST - 1.2) * min(1.0, max(0.0, edge.size))),
        )  # fmt: skip
        drawn.append(tag("g", tag("title", edge.title), path, data_cause=edge.cause, data_effect=edge.effect))
        if edge.text:
            spots = _spots(ends, _NEAR_CAUSE if ending[edge.effect] > _MANY else _ALONG)
            texts.append(_number(edge, _free(spots, _wide(edge) / 2, _LINE if edge.span else _LINE / 2, taken)))
    return [*drawn, *texts]


def _number(edge: TreeEdge, at: tuple[float, float]) -> Markup:
    x, y = at
    half, tall = _wide(edge) / 2 + 2, _LINE if edge.span else _LINE - 4
    ground = tag("rect", x=x - half, y=y - tall, width=2 * half, height=2 * tall, rx=3, class_="t-ground")
    lines = [ground, label(x, y - 2 if edge.span else y + 4, edge.text, f"t-text mid x-{edge.line}")]
    if edge.span:
        lines.append(label(x, y + 10, edge.span, "t-span mid"))
    drawn = tag("a", lines, href=edge.opens, class_="opens", aria_label=edge.title) if edge.opens else lines
    return tag("g", drawn, data_of=f"{edge.cause} {edge.effect}")


type Ends = tuple[float, float, float, float]


def _ends(edge: TreeEdge, plan: _Plan) -> Ends:
    """From the left of the cause to the right of the effect; where the cause is not right of it, from side to side."""
    (x1, y1), (x2, y2) = plan.corner(edge.cause), plan.corner(edge.effect)
    start = x1 if x1 > x2 else x1 + BOX
    return start, y1 + BOX_HIGH / 2, x2 + BOX, y2 + BOX_HIGH / 2


def _path(ends: Ends) -> str:
    x1, y1, x2, y2 = ends
    bend = (x1 - x2) / 2 if x1 > x2 else -60.0
    return f"M{x1:.1f} {y1:.1f}C{x1 - bend:.1f} {y1:.1f} {x2 + bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _free(
    spots: Sequence[tuple[float, float]], half: float, tall: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float]:
    """Where a number stands best: the first of its places that covers no box and no other number, or least of them."""
    x, y = min(spots, key=lambda spot: _hidden(spot, half, tall, taken))
    taken.append((x, y, half, tall))
    return x, y


def _spots(ends: Ends, places: Sequence[float]) -> list[tuple[float, float]]:
    """Places for a number, the best first."""
    return [_spot(ends, along, beside) for beside in _BESIDE for along in places]


def _spot(ends: Ends, along: float, beside: float) -> tuple[float, float]:
    """A point of the curve that `_path` draws, a little above or below it."""
    x1, y1, x2, y2 = ends
    across = 1.5 * along * (1 - along) + along**3
    return x1 + (x2 - x1) * across, y1 + (y2 - y1) * (3 - 2 * along) * along**2 + beside


def _hidden(
    spot: tuple[float, float], half: float, tall: float, taken: Sequence[tuple[float, float, float, float]]
) -> float:
    x, y = spot
    return sum(max(0.0, half + wide - abs(x - u)) * max(0.0, tall + high - abs(y - v)) for u, v, wide, high in taken)
