"""Where the boxes of a value tree stand: columns by level, causes right of what they move, lines that cross little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Places:
    """Column (from the left) and height (in rows) of every box, and how many of both there are."""

    at: Mapping[str, tuple[int, float]]
    columns: int
    rows: float


def layered(levels: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> Places:
    """Columns by level, and within a level by how far a box is from its end; rows by the middle of neighbours.

    Args:
        levels: level by box, 0 at the left.
        edges: what moves (right) and what it moves (left); edges may skip levels or run against them.
    """
    columns = _columns(levels, edges)
    groups: dict[int, list[str]] = {}
    for box, column in columns.items():
        groups.setdefault(column, []).append(box)
    beside: dict[str, list[str]] = {box: [] for box in levels}
    for cause, effect in edges:
        beside[cause].append(effect)
        beside[effect].append(cause)
    ordered = _ordered(groups, beside)
    rows = _rows(ordered, beside)
    low = min(rows.values(), default=0.0)
    at = {box: (columns[box], rows[box] - low) for box in levels}
    return Places(at, len(groups), max((row for _, row in at.values()), default=0.0) + 1)


def _columns(levels: Mapping[str, int], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Every level takes as many columns as the longest chain within it (at most one per box, whatever the edges)."""
    within = dict.fromkeys(levels, 0)
    inside = [(cause, effect) for cause, effect in edges if levels[cause] == levels[effect]]
    for _ in range(len(levels)):
        moved = False
        for cause, effect in inside:
            if within[cause] <= within[effect] < len(levels):
                within[cause] = within[effect] + 1
                moved = True
        if not moved:
            break
    places = sorted({(levels[box], within[box]) for box in levels})
    return {box: places.index((levels[box], within[box])) for box in levels}


def _ordered(groups: Mapping[int, list[str]], beside: Mapping[str, list[str]]) -> list[list[str]]:
    """Barycentre sweeps to and fro (Sugiyama et al. 1981)."""
    columns = [list(groups[column]) for column in sorted(groups)]
    for sweep in range(_SWEEPS):
        order = {box: at / max(1, len(column) - 1) for column in columns for at, box in enumerate(column)}
        for column in columns if sweep % 2 == 0 else reversed(columns):
            middles = {
                box: sum(order[other] for other in beside[box]) / len(beside[box]) if beside[box] else order[box]
                for box in column
            }
            column.sort(key=lambda box: (middles[box], order[box]))
            order |= {box: at / max(1, len(column) - 1) for at, box in enumerate(column)}
    return columns


def _rows(columns: Sequence[Sequence[str]], beside: Mapping[str, list[str]]) -> dict[str, float]:
    """Boxes near the middle of their neighbours, a row apart at least, none out of order."""
    tallest = max((len(column) for column in columns), default=1)
    rows = {box: at + (tallest - len(column)) / 2 for column in columns for at, box in enumerate(column)}
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            wanted = [
                sum(rows[other] for other in beside[box]) / len(beside[box]) if beside[box] else rows[box]
                for box in column
            ]
            rows |= dict(zip(column, _apart(wanted), strict=True))
    return rows


def _apart(wanted: Sequence[float]) -> list[float]:
    """Heights a row apart, as close to those wanted as a merge of touching blocks gets (isotonic regression)."""
    blocks: list[tuple[float, int]] = []  # mean of `wanted` minus place, and size
    for at, height in enumerate(wanted):
        mean, size = height - at, 1
        while blocks and blocks[-1][0] > mean:
            other, many = blocks.pop()
            mean, size = (mean * size + other * many) / (size + many), size + many
        blocks.append((mean, size))
    levels = [mean for mean, size in blocks for _ in range(size)]
    return [mean + at for at, mean in enumerate(levels)]
