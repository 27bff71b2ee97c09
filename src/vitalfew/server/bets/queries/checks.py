"""What the checks found in a run: open and dismissed, by severity, and how it went from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.html_about import SEVERITIES
from vitalfew.report.lights import light
from vitalfew.report.trend_picture import counts_by_run
from vitalfew.report.words import count
from vitalfew.server.core.queries.dismissals import SEVERITIES as ORDER
from vitalfew.server.core.queries.dismissals import Dismissed, dismissed
from vitalfew.server.core.queries.runs import finding_counts

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import FindingRow
    from vitalfew.server.core.rows import Workspace

NAMES = {"error": "Wrong", "warning": "To look at", "info": "To know"}
"""Severities as headings."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with its mark; `dismissed` where somebody did."""

    row: FindingRow
    mark: Markup
    dismissed: Dismissed | None


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of a run: open ones by severity with its name, and dismissed ones."""

    groups: tuple[tuple[str, tuple[Found, ...]], ...]
    dismissed: tuple[Found, ...]

    @property
    def open(self) -> int:
        """How many are open."""
        return sum(len(found) for _, found in self.groups)


def checked(workspace: Workspace, run: Results) -> Checked:
    """The findings of a run."""
    known = dismissed(workspace)
    every = [
        Found(row, light(SEVERITIES[row.severity]), known.get((row.id, row.subject))) for row in run.tables.findings
    ]
    groups = [
        (NAMES[severity], tuple(found for found in every if found.row.severity == severity and not found.dismissed))
        for severity in ORDER
    ]
    return Checked(
        tuple(group for group in groups if group[1]), tuple(found for found in every if found.dismissed is not None)
    )


def trend(workspace: Workspace) -> Markup | None:
    """Findings of the stored runs as a small picture; None with fewer than two runs."""
    runs = finding_counts(workspace)
    if len(runs) < 2:  # noqa: PLR2004 - one run is no trend
        return None
    counts = [tuple(run.findings.get(severity, 0) for severity in ORDER) for run in runs]
    told = ", ".join(str(sum(found)) for found in counts)
    return counts_by_run(counts, f"Findings of the last {count(len(runs), 'run')}, oldest first: {told}")
