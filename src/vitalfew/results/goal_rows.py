"""What a run foresees of goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vitalfew.results.basics import Estimate, Value


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


@dataclass(frozen=True, slots=True)
class ErosionRow:
    """Where a metric of technical health will stand at the end of the horizon, if things go on as they did.

    Intervals are of 80 %, levels in the metric's unit. What is not known is None, with the reason in `notes`.

    Attributes:
        metric: its key.
        floor: the level that it must not cross for the worse.
        on: the last day of the week that is foreseen (ISO).
        now: where it stands.
        forecast: where it will stand, and `chance` of its being beyond the floor then.
        lines: work in the best plan that is known to move it.
        planned: what these change together.
        kept: where it will stand with them, and `kept_chance` of its being beyond the floor then.
        moves: what the way from now to the forecast does to factors, through links or because it is one itself.
        cost: the same in points of a horizon in which it stands there; None where it reaches no factor that is weighed.
        weeks: of its series, on which it rests.
        notes: what is missing, and why.
    """

    metric: str
    floor: float
    on: str
    now: Estimate | None = None
    forecast: Estimate | None = None
    chance: float | None = None
    lines: tuple[str, ...] = ()
    planned: Estimate | None = None
    kept: Estimate | None = None
    kept_chance: float | None = None
    moves: Mapping[str, Estimate] = field(default_factory=dict)
    cost: Value | None = None
    weeks: int = 0
    notes: tuple[str, ...] = ()
