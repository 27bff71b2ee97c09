"""Which row of a run a number comes from, and where the page stands that says what is behind it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse

from vitalfew.report.number_sheet import PARTS, may_open, sheet
from vitalfew.results.rows import CandidateLine, ShippedLine

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.report.number_sheet import Sheet
    from vitalfew.results.rows import Tables


class Sheets:
    """Addresses of the pages behind the numbers of a run, by the rows that hold them."""

    def __init__(self, workspace: str, run: str, tables: Tables) -> None:
        self._workspace, self._run, self._tables = workspace, run, tables

    def __call__(self, row: object) -> str | None:
        """The address for a row of this run; None where it has none."""
        if isinstance(row, ShippedLine | CandidateLine):
            return f"{reverse('line', kwargs={'workspace': self._workspace, 'key': row.line})}?run={self._run}"
        found = self._places.get(id(row))
        if found is None or not may_open(row):
            return None
        part, place = found
        given = {"workspace": self._workspace, "part": part, "place": place}
        return f"{reverse('number', kwargs=given)}?run={self._run}"

    @cached_property
    def _places(self) -> dict[int, tuple[str, int]]:
        """Part and place of each row, by what it is in memory: rows of an open run stay where they are."""
        return {
            id(row): (part, place) for part in PARTS for place, row in enumerate(getattr(self._tables, part), start=1)
        }


def with_sheets(run: Results, workspace: str) -> Results:
    """The same run, whose numbers lead to what is behind them."""
    return replace(run, opens=Sheets(workspace, run.info.id, run.tables))


def sheet_of(run: Results, part: str, place: int) -> Sheet | None:
    """What stands behind the number in a row, counted from 1; None where there is none, or it is not to be told."""
    rows = getattr(run.tables, part) if part in PARTS else ()
    row = rows[place - 1] if 1 <= place <= len(rows) else None
    return sheet(run.view, row, part) if may_open(row) else None
