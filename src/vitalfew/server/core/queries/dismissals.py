"""Findings that somebody dismissed, with the reason, and those that stay open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.models import Dismissal

if TYPE_CHECKING:
    from datetime import datetime

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import FindingRow
    from vitalfew.server.core.models import Workspace

SEVERITIES = ("error", "warning", "info")
"""From grave to slight."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """Why a finding is not to be shown any more, who said so and when."""

    id: int
    check_id: str
    subject: str
    reason: str
    by: str
    at: datetime


def dismissed(workspace: Workspace) -> dict[tuple[str, str], Dismissed]:
    """All dismissals of a workspace, by check and subject."""
    rows = Dismissal.objects.filter(workspace=workspace).select_related("by")
    return {
        (row.check_id, row.subject): Dismissed(
            row.pk, row.check_id, row.subject, row.reason, str(row.by) if row.by else "somebody who left", row.at
        )
        for row in rows
    }


def open_findings(workspace: Workspace, run: Results) -> tuple[FindingRow, ...]:
    """The findings of a run that nobody dismissed, the gravest first."""
    known = set(Dismissal.objects.filter(workspace=workspace).values_list("check_id", "subject"))
    found = [row for row in run.tables.findings if (row.id, row.subject) not in known]
    return tuple(sorted(found, key=lambda row: SEVERITIES.index(row.severity)))
