"""What each team says it is for, side by side, and where teams mean to move one metric in opposite directions (R72)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.rows import Aim, NarrativeRow, OpposedRow
from vitalfew.workspace.graph import is_live
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from vitalfew.results.rows import GroupWeightRow, Tables
    from vitalfew.workspace.definitions import Definitions, Initiative


def narratives(definitions: Definitions, tables: Tables, today: date) -> tuple[NarrativeRow, ...]:
    """A row for the organisation, then one per team that says anything; in the order of the definitions.

    Args:
        definitions: of the workspace.
        tables: of the run; promises and weights of groups are read.
        today: the day of the run.
    """
    aims = aims_of(definitions, tables, today)
    rows = (_row(definitions, tables, team, aims, today) for team in (None, *definitions.teams))
    return tuple(row for row in rows if _says_something(row))


def opposed(definitions: Definitions, tables: Tables, today: date) -> tuple[OpposedRow, ...]:
    """Metrics that different teams mean to move in opposite directions, by their keys. Arguments as above."""
    found: dict[str, list[Aim]] = {}
    for aim in aims_of(definitions, tables, today):
        found.setdefault(aim.metric, []).append(aim)
    rows = []
    for metric, aims in sorted(found.items()):
        up, down = (tuple(aim for aim in aims if aim.up == way) for way in (True, False))
        if any(one.team != other.team for one in up for other in down):
            rows.append(OpposedRow(metric, up, down))
    return tuple(rows)


def aims_of(definitions: Definitions, tables: Tables, today: date) -> tuple[Aim, ...]:
    """Key results with a direction, and locked promises of work that goes on. Arguments as above."""
    return (*_key_results(definitions), *_promised(definitions, tables, today))


def _key_results(definitions: Definitions) -> Iterator[Aim]:
    for key, objective in definitions.objectives.items():
        for result in objective.key_results.values():
            before, after = result.baseline, result.target
            if result.metric is not None and before is not None and after is not None and before != after:
                yield Aim(objective.team, result.metric, "key_result", key, before, after, after > before)


def _promised(definitions: Definitions, tables: Tables, today: date) -> Iterator[Aim]:
    """Only what is locked: before that a promise is not to be known."""
    for row in tables.promises:
        work = definitions.initiatives.get(row.initiative)
        if work is not None and row.locked_at is not None and row.p50 != 0 and _is_open(work, today):
            yield Aim(work.team, row.metric, "promise", row.initiative, None, row.p50, row.p50 > 0)


def _row(definitions: Definitions, tables: Tables, team: str | None, aims: Iterable[Aim], today: date) -> NarrativeRow:
    made = definitions
    work = {key for key, each in made.initiatives.items() if each.team == team and _is_open(each, today)}
    return NarrativeRow(
        team=team,
        visions=tuple(key for key, each in made.vision.items() if each.team == team),
        objectives=tuple(key for key, each in made.objectives.items() if each.team == team),
        aims=tuple(aim for aim in aims if aim.team == team),
        factors=tuple(key for key in made.factors if team is not None and made.metrics[key].owner == team),
        beliefs=tuple(key for key, each in made.hypotheses.items() if each.initiative in work and each.because),
        group=_group(definitions, tables.group_weights, team),
    )


def _says_something(row: NarrativeRow) -> bool:
    return any((row.visions, row.objectives, row.aims, row.factors, row.beliefs, row.group))


def _is_open(initiative: Initiative, today: date) -> bool:
    return initiative.status not in OVER and not is_live(initiative, today)


def _group(definitions: Definitions, rows: Iterable[GroupWeightRow], team: str | None) -> str | None:
    """The group of raters that is called as a team; merged groups are nobody's."""
    if team is None:
        return None
    names = {team.casefold(), definitions.title("teams", team).casefold()}
    return next((row.group for row in rows if row.group.casefold() in names), None)
