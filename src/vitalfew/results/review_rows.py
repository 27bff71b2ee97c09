"""What a review looks back on: where effort went and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate, Value, Verdict

BreakdownKind = Literal["origin", "team", "product", "horizon", "discipline"]


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """Initiatives that have something in common: what was made of them, and what came of it.

    Of fewer than five nothing but counts is said: the rest would be the luck of one.

    Attributes:
        kind: what they have in common.
        group: which; None where it is not said.
        ideas: how many there are.
        committed: how many of them were agreed on, begun, shipped or shipped and removed since.
        shipped: how many are out.
        accepted: share of ideas that were committed or further, with its 80 % interval (Wilson).
        verdicts: lines that are out by their verdict.
        effort: what the committed cost, in the policy's unit; None where no cost is known.
        share: of all effort, with its 80 % interval where costs are ranges; without one where all are numbers.
        measured: how many of those that are out were measured on a factor.
        value: of these together, in points at full effect, from the joint draws, with its 80 % interval.
        notes: what is missing.
    """

    kind: BreakdownKind
    group: str | None
    ideas: int
    committed: int
    shipped: int
    accepted: Estimate | None
    verdicts: Mapping[Verdict, int]
    effort: float | None
    share: Estimate | None
    measured: int
    value: Value | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EffortRow:
    """What went into a value discipline in a quarter of the calendar (`2026-Q1`), as a share of all dated effort of it.

    `group` None: initiatives that name no discipline. `lines`: all initiatives that took effort in this quarter.
    """

    quarter: str
    group: str | None
    effort: float
    share: float
    lines: int
