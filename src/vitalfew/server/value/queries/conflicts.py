"""Who works against whom: the conflicts of a run, and what the work of each team did to each metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.evidence.changes import STRONG, adjusted, changes
from vitalfew.evidence.conflicts import RATE, Whose
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.evidence.changes import Change
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import ConflictRow
    from vitalfew.server.core.filters import Filter
    from vitalfew.workspace.definitions import Definitions, Treaty


@dataclass(frozen=True, slots=True)
class Did:
    """What the work of a team did to a metric: clear gains and losses, the largest first, and the rest as a number."""

    team: str
    metric: str
    gains: tuple[Change, ...]
    losses: tuple[Change, ...]
    others: int

    @property
    def clear(self) -> tuple[Change, ...]:
        """Both, losses first."""
        return (*self.losses, *self.gains)


def conflicts(run: Results, wanted: Filter) -> tuple[ConflictRow, ...]:
    """Conflicts from grade staged up, by what was released; a team only narrows them down."""
    return tuple(
        row
        for row in run.tables.conflicts
        if row.grade in STRONG
        and (not wanted.team or wanted.team in row.teams)
        and wanted.metric in ("", row.gain_metric, row.loss_metric)
    )


def did(run: Results, wanted: Filter) -> tuple[Did, ...]:
    """What each team did to each metric, of what is clear while the whole workspace is looked at at once.

    Effects are those that conflicts are found among: on all units, of grade staged or stronger, of trusted experiments.
    """
    return tuple(one for one in everything(run) if wanted.team in ("", one.team) and wanted.metric in ("", one.metric))


def everything(run: Results) -> tuple[Did, ...]:
    """What all teams did to all metrics."""
    return per_run(run, "teams by metrics", _did)


def treaties(definitions: Definitions, rows: Iterable[Did]) -> tuple[Treaty, ...]:
    """Exchanges that were agreed on by one of these teams, over a metric that they moved."""
    pairs = {(one.team, one.metric) for one in rows}
    return tuple(
        treaty
        for treaty in definitions.policy.treaties
        if any((team, metric) in pairs for team in treaty.between for metric in (treaty.gains, treaty.loses))
    )


def _did(run: Results) -> tuple[Did, ...]:
    definitions, tables = run.workspace.definitions, run.tables
    whose = Whose(definitions, run.day)
    effects = (*tables.effects, *tables.release_effects)
    found = changes(definitions, effects, tables.health, lambda row: row.segment is None and not whose.is_dropped(row))
    p_values = adjusted([min(change.p_gain, change.p_loss) for change in found])
    of: dict[tuple[str, str], list[tuple[Change, bool]]] = {}
    for change, p_value in zip(found, p_values, strict=True):
        team = whose.team(change.effect)
        if team is not None:
            of.setdefault((team, change.effect.metric), []).append((change, p_value <= RATE))
    return tuple(_one(team, metric, some) for (team, metric), some in of.items())


def _one(team: str, metric: str, found: list[tuple[Change, bool]]) -> Did:
    clear = sorted((change for change, is_clear in found if is_clear), key=lambda change: -abs(change.good))
    return Did(
        team,
        metric,
        gains=tuple(change for change in clear if change.good > 0),
        losses=tuple(change for change in clear if change.good < 0),
        others=len(found) - len(clear),
    )
