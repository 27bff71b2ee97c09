"""Links, trade-offs and contributions of a run, as the pages about them show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import ContributionRow, LinkRow, TradeOffRow
    from vitalfew.server.core.filters import Choices, Filter


def links_of(run: Results, wanted: Filter) -> tuple[LinkRow, ...]:
    """Links that are asked for, in the order of a run."""
    return tuple(
        row
        for row in run.tables.links
        if wanted.state in ("", row.status) and wanted.metric in ("", row.parent, row.child)
    )


def trade_offs(run: Results, wanted: Filter) -> tuple[TradeOffRow, ...]:
    """Pairs of metrics that are asked for: those that experiments tell of first, the most opposed on top."""
    found = (row for row in run.tables.trade_offs if wanted.metric in ("", row.first, row.second))
    return tuple(sorted(found, key=lambda row: (row.covariance is None, -(row.p_opposed or 0.0), -row.experiments)))


def contributions(run: Results, wanted: Filter) -> dict[str, tuple[ContributionRow, ...]]:
    """What each gave, by metric at the top, the largest first."""
    found: dict[str, list[ContributionRow]] = {}
    for row in run.tables.contributions:
        if row.contribution is not None and wanted.metric in ("", row.metric) and _is_of(run, row, wanted):
            found.setdefault(row.metric, []).append(row)
    return {metric: tuple(sorted(rows, key=_size)) for metric, rows in found.items()}


def metrics(run: Results | None, named: Iterable[str]) -> Choices:
    """Metrics to choose from, by title."""
    if run is None:
        return ()
    definitions = run.workspace.definitions
    return sorted(((key, definitions.title("metrics", key)) for key in set(named)), key=lambda one: one[1])


def _is_of(run: Results, row: ContributionRow, wanted: Filter) -> bool:
    """Whether what gave it is of the team that is asked for."""
    if not wanted.team:
        return True
    if row.kind == "team":
        return row.subject == wanted.team
    definitions = run.workspace.definitions
    kinds: dict[str, Mapping[str, object]] = {
        "experiment": definitions.experiments,
        "release": definitions.releases,
        "feature": definitions.features,
        "initiative": definitions.initiatives,
    }
    found = kinds.get(row.kind, {}).get(row.subject)
    return found is not None and wanted.owned(None, getattr(found, "team", None))


def _size(row: ContributionRow) -> float:
    return -abs(row.contribution.estimate) if row.contribution else 0.0
