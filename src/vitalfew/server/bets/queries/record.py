"""How often changes work out, to be seen beside each prediction: the own record, else what is usual elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.words import LEAST_RECORD, share, share_span

if TYPE_CHECKING:
    from vitalfew.pipeline import Results

ELSEWHERE = "Experience from elsewhere: half of all changes do nothing, one in five makes things better."


@dataclass(frozen=True, slots=True)
class BaseRate:
    """What usually comes of a prediction: this organisation's record, or a prior that is called so."""

    resolved: int
    sentences: tuple[str, ...]


def base_rate(run: Results | None) -> BaseRate:
    """The record over everything of a run, in sentences."""
    row = next((row for row in run.tables.calibration if row.kind == "overall"), None) if run else None
    if row is None:
        return BaseRate(0, ("No record yet.", ELSEWHERE))
    if not row.own:
        prior = f"Until then a prior is used: of what is forecast, {share_span(row.slope)} comes."
        return BaseRate(
            row.resolved,
            (f"No record yet ({row.resolved} of {LEAST_RECORD} promises resolved).", ELSEWHERE, prior),
        )
    sentences = [
        f"Our record over {row.resolved} resolved promises: of what we forecast, {share_span(row.slope)} came."
    ]
    sentences.append(f"{share(row.better)} of our changes made things better, {share(row.nothing)} did nothing.")
    if row.coverage is not None:
        sentences.append(f"Inside our 80 % ranges came {share_span(row.coverage)}.")
    return BaseRate(row.resolved, tuple(sentences))
