"""What measuring a source gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.results.rows import AssignmentRow, FailedRow, GivenRow, MomentsRow


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows measured from one source, and the items that could not be, with the reason."""

    moments: tuple[MomentsRow, ...] = ()
    assignments: tuple[AssignmentRow, ...] = ()
    given: tuple[GivenRow, ...] = ()
    failed: tuple[FailedRow, ...] = ()

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.moments + other.moments,
            self.assignments + other.assignments,
            self.given + other.given,
            self.failed + other.failed,
        )
