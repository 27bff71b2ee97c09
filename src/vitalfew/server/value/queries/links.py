"""Links, trade-offs, conflicts and contributions of a run, as the page about them shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.listing import teams_among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import ConflictRow, ContributionRow, LinkRow
    from vitalfew.workspace.definitions import Grade

STRONG: tuple[Grade, ...] = ("replicated", "tested", "staged")
"""Grades from which a conflict is told at all."""
STATUSES = ("exact", "estimated", "weak", "not_identified", "opinion")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the page, as its address gives them; '' is no filter."""

    team: str = ""
    status: str = ""
    metric: str = ""


def links_of(run: Results, wanted: Wanted) -> tuple[LinkRow, ...]:
    """Links that are asked for, in the order of a run."""
    return tuple(
        row
        for row in run.tables.links
        if wanted.status in ("", row.status) and wanted.metric in ("", row.parent, row.child)
    )


def conflicts(run: Results, wanted: Wanted) -> tuple[ConflictRow, ...]:
    """Conflicts from grade staged up, by what was released; a team only narrows them down."""
    return tuple(
        row
        for row in run.tables.conflicts
        if row.grade in STRONG
        and (not wanted.team or wanted.team in row.teams)
        and wanted.metric in ("", row.gain_metric, row.loss_metric)
    )


def contributions(run: Results, wanted: Wanted) -> dict[str, tuple[ContributionRow, ...]]:
    """What each gave, by metric at the top, the largest first."""
    found: dict[str, list[ContributionRow]] = {}
    for row in run.tables.contributions:
        if row.contribution is not None and wanted.metric in ("", row.metric) and _of_team(run, row, wanted.team):
            found.setdefault(row.metric, []).append(row)
    return {metric: tuple(sorted(rows, key=_size)) for metric, rows in found.items()}


def teams(run: Results) -> tuple[tuple[str, str], ...]:
    """Teams by which the page can be narrowed down: key and title."""
    return teams_among(run.workspace.definitions, run.workspace.definitions.teams)


def metrics(run: Results) -> tuple[tuple[str, str], ...]:
    """Metrics that links name: key and title."""
    keys = {key for row in run.tables.links for key in (row.parent, row.child)}
    definitions = run.workspace.definitions
    return tuple(sorted(((key, definitions.title("metrics", key)) for key in keys), key=lambda one: one[1]))


def _of_team(run: Results, row: ContributionRow, team: str) -> bool:
    if not team:
        return True
    definitions = run.workspace.definitions
    if row.kind == "team":
        return row.subject == team
    kinds: dict[str, Mapping[str, object]] = {
        "experiment": definitions.experiments,
        "release": definitions.releases,
        "feature": definitions.features,
        "initiative": definitions.initiatives,
    }
    found = kinds.get(row.kind, {}).get(row.subject)
    return found is not None and getattr(found, "team", None) == team


def _size(row: ContributionRow) -> float:
    return -abs(row.contribution.estimate) if row.contribution else 0.0
