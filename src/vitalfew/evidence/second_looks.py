"""What the effects of a run say about each other: priors from past experiments, and effects too good to be true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.evidence.modes import CONFIDENCES
from vitalfew.evidence.priors import believe
from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import Estimate, Interval
from vitalfew.stats.twyman import too_good

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.evidence.priors import Past
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions

_WIDE = CONFIDENCES.index(0.95)


def second_looks(
    definitions: Definitions, rows: Sequence[EffectRow], past: Mapping[str, Past], spreads: Mapping[str, float]
) -> list[EffectRow]:
    """Give experiments in mode bayesian their beliefs, and mark what should be checked before it is believed.

    Args:
        definitions: the metrics.
        rows: effects of the run, their intervals from the data alone.
        past: effects of all experiments by metric.
        spreads: of true effects by metric, relative to the level of the control.
    """
    found = [_with_belief(definitions, row, past.get(row.metric)) if row.mode == "bayesian" else row for row in rows]
    return [_marked(row, spreads.get(row.metric)) for row in found]


def _with_belief(definitions: Definitions, row: EffectRow, past: Past | None) -> EffectRow:
    belief = believe(row, sign_of(definitions, row.metric), past, CONFIDENCES, row.margin)
    if belief is None:
        return row
    low, high = belief.intervals[_WIDE]
    level = abs(row.mean.get(row.control, 0.0))
    relative = Estimate(belief.mean / level, low / level, high / level) if level > 0 else None
    return replace(
        row,
        intervals=tuple(Interval(c, *ends) for c, ends in zip(CONFIDENCES, belief.intervals, strict=True)),
        p_value=belief.p_value,
        relative=relative,
        shrunk=Estimate(belief.mean, low, high),
        p_better=belief.p_better,
        expected_loss=belief.expected_loss,
        p_non_inferior=belief.p_inferior,
        notes=(*row.notes, belief.note),
    )


def _marked(row: EffectRow, spread: float | None) -> EffectRow:
    level = abs(row.mean.get(row.control, 0.0))
    if row.segment is not None or row.estimate is None or not row.se:
        return row
    why = too_good(row.estimate, row.se, row.relative, None if spread is None or not level > 0 else spread * level)
    return row if why is None else replace(row, check_first=why)
