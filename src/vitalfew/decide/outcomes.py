"""What came of locked promises: the unshrunk effect on the day each fell due, beside what was promised."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.decide.verdict import has_come
from vitalfew.judgement.calibration import NO_TEAM
from vitalfew.judgement.record import Outcome

if TYPE_CHECKING:
    from vitalfew.results.rows import Tables, VerdictRow
    from vitalfew.workspace.definitions import Definitions


def is_resolved(row: VerdictRow, today: date) -> bool:
    """A promise is resolved when its day is over and an effect was measured, whatever the answer."""
    if row.promised is None or row.estimate is None:
        return False
    return has_come(date.fromisoformat(row.due) if row.due else None, today)


def outcomes(definitions: Definitions, tables: Tables, today: date) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
    """The resolved promises of a run, and what is said of those that cannot be learned from.

    Args:
        definitions: of the workspace.
        tables: with promises, effects and verdicts.
        today: the day of the run.
    """
    locked = {promise.hypothesis: promise for promise in tables.promises if promise.locked_at is not None}
    found, without = [], 0
    for row in tables.verdicts:
        promise = locked.get(row.hypothesis)
        if promise is None or row.estimate is None or not row.se or not is_resolved(row, today):
            continue
        scale = _scale(definitions, tables, row)
        if scale is None:
            without += 1
            continue
        initiative = definitions.initiatives.get(row.initiative)
        team = (initiative.team if initiative else None) or NO_TEAM
        found.append(Outcome(row.hypothesis, team, scale, promise, row.estimate, row.se))
    notes = (f"{without} left out: on metrics without range and without a known spread",) if without else ()
    return tuple(found), notes


def _scale(definitions: Definitions, tables: Tables, row: VerdictRow) -> float | None:
    """One range of the factor, or one standard deviation of a metric that is none; negative where less is better."""
    metric = definitions.metrics.get(row.metric)
    if metric is None:
        return None
    sign = -1.0 if metric.direction == "down" else 1.0
    if row.metric in definitions.factors:
        low, high = definitions.factors[row.metric].range
        return sign * abs(high - low)
    spread = _spread(definitions, tables, row)
    return None if spread is None else sign * spread


def _spread(definitions: Definitions, tables: Tables, row: VerdictRow) -> float | None:
    """The standard deviation of a metric between units, from the error of its effect and how many were compared."""
    for effect in tables.effects:
        experiment = definitions.experiments.get(effect.experiment)
        if experiment is None or (experiment.initiative, effect.metric) != (row.initiative, row.metric):
            continue
        counts = [effect.n.get(arm, 0) for arm in (effect.arm, effect.control)]
        if effect.se and min(counts) > 0:
            return effect.se / math.sqrt(sum(1 / count for count in counts))
    return None
