"""What a run foresees of goals."""

from __future__ import annotations

from dataclasses import dataclass

from vitalfew.results.basics import Estimate


@dataclass(frozen=True, slots=True)
class KeyResultRow:
    """Where a key result will stand when it is due, if things go on as they did.

    `forecast`: of the week that ends on the day it is due, in the metric's unit, with its 80 % interval; `chance`: of
    reaching the target. `reached`: once it was due, whether that week reached it. What is not known is None, with the
    reason in `notes`. `weeks`: of the series, on which it rests; `until`: their last day (ISO).
    """

    objective: str
    key: str
    metric: str | None
    forecast: Estimate | None = None
    chance: float | None = None
    reached: bool | None = None
    weeks: int = 0
    until: str | None = None
    notes: tuple[str, ...] = ()
