"""What measuring a source gives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.results.rows import (
        ArrivalRow,
        AssignmentRow,
        CountRow,
        FailedRow,
        GivenRow,
        LifetimesRow,
        MomentsRow,
        OverlapRow,
        QuantilesRow,
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows measured from one source, and the items that could not be, with the reason."""

    moments: tuple[MomentsRow, ...] = ()
    assignments: tuple[AssignmentRow, ...] = ()
    given: tuple[GivenRow, ...] = ()
    daily: tuple[MomentsRow, ...] = ()
    quantiles: tuple[QuantilesRow, ...] = ()
    lifetimes: tuple[LifetimesRow, ...] = ()
    overlaps: tuple[OverlapRow, ...] = ()
    arrivals: tuple[ArrivalRow, ...] = ()
    counts: tuple[CountRow, ...] = ()
    failed: tuple[FailedRow, ...] = ()

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )
