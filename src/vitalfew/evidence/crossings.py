"""Do experiments that run at the same time change each other's effect?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.comparisons import control_of
from vitalfew.evidence.segments import SIGNIFICANT, corrected
from vitalfew.evidence.settings import Setting
from vitalfew.evidence.words import at_one_look, chance_of, signed, title_of
from vitalfew.results.columns import DENOMINATOR, metrics_in
from vitalfew.results.moments import moments_of
from vitalfew.results.rows import HeterogeneityRow
from vitalfew.stats.arrays import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vitalfew.results.rows import OverlapRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

_WIDE = 0.95


@dataclass(frozen=True, slots=True)
class _Square:
    """The four cells of units that two experiments share, on one metric, one arm of each against control."""

    first: str
    second: str
    first_arm: str
    second_arm: str
    metric: str
    denominator: str | None
    cells: tuple[Moments, Moments, Moments, Moments]


def crossings(
    definitions: Definitions, overlaps: Iterable[OverlapRow], settings: Mapping[str, Setting] | None = None
) -> tuple[HeterogeneityRow, ...]:
    """Test every pair of experiments that share units, on every metric both measure.

    The estimate is the first experiment's effect among those whom the second treats, minus that among those whom it
    does not. P-values are corrected over all pairs of the run (Benjamini-Hochberg). They hold at one look whatever the
    mode of the experiments (`settings`), which is said where these may be looked at again and again.
    """
    from vitalfew.stats.crossing import interactions

    squares = list(_squares(definitions, overlaps))
    if not squares:
        return ()
    neither, one, other, both = ([square.cells[at] for square in squares] for at in range(4))
    metrics, bottoms = [square.metric for square in squares], [square.denominator for square in squares]
    found = interactions(neither, one, other, both, metrics, bottoms, (_WIDE,))
    rows, known = [], settings or {}
    for at, square in enumerate(squares):
        if found.fault[at] == Fault.NONE and np.isfinite(found.p_value[at]):
            ends = (float(found.low[0, at]), float(found.high[0, at]))
            numbers = (float(found.estimate[at]), float(found.se[at]), float(found.p_value[at]))
            modes = (known.get(key, Setting()).mode for key in (square.first, square.second))
            rows.append(_row(definitions, square, numbers, ends, at_one_look(*modes)))
    return tuple(corrected(rows))


def _squares(definitions: Definitions, overlaps: Iterable[OverlapRow]) -> Iterator[_Square]:
    pairs: dict[tuple[str, str], dict[tuple[str, str], OverlapRow]] = {}
    for row in overlaps:
        pairs.setdefault((row.first, row.second), {})[row.first_arm, row.second_arm] = row
    for (first, second), cells in pairs.items():
        a, b = control_of(definitions, first), control_of(definitions, second)
        for one, two in cells:
            corners = [cells.get(corner) for corner in ((a, b), (one, b), (a, two), (one, two))]
            if one == a or two == b or any(corner is None for corner in corners):
                continue
            known = [moments_of(corner) for corner in corners if corner is not None]
            shared = set.intersection(*(set(each.names) for each in known))
            for metric in (name for name in metrics_in(known[0].names) if name in shared):
                bottom = f"{metric}{DENOMINATOR}"
                yield _Square(
                    first,
                    second,
                    one,
                    two,
                    metric,
                    bottom if bottom in shared else None,
                    (known[0], known[1], known[2], known[3]),
                )


def _row(
    definitions: Definitions, square: _Square, numbers: tuple[float, float, float], ends: tuple[float, float], once: str
) -> HeterogeneityRow:
    estimate, se, p_value = numbers
    chance = f"{chance_of(p_value)}{once}"
    title, other = title_of(definitions, square.metric), definitions.title("experiments", square.second)
    if p_value < SIGNIFICANT:
        way = "larger" if estimate > 0 else "smaller"
        by, low, high = (signed(definitions, square.metric, value, se) for value in (abs(estimate), *ends))
        text = (
            f"The effect on {title} is {way} by {by.removeprefix('+')} where {other} treats, too"
            f" ({low} to {high}, {chance})."
        )
    else:
        text = f"The effect on {title} does not clearly depend on {other} ({chance})."
    return HeterogeneityRow(
        experiment=square.first,
        metric=square.metric,
        arm=square.first_arm,
        kind="experiments",
        by=(square.second, square.second_arm),
        estimate=estimate,
        se=se,
        p_value=p_value,
        adjusted_p=p_value,
        reversal=False,
        message=text,
    )
