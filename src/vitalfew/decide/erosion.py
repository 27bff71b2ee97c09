"""What becomes of technical health: where each metric with a floor will stand, as it goes on and with the best plan.

As it goes on: the outlook of its series. With the plan: the same and what the plan's lines are believed to do to it, by
the same draws that rank them. What the way down costs goes through links, as the effects of lines do.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import believed, changes
from vitalfew.decide.draws import value_of
from vitalfew.decide.sampling import LEVELS, chances
from vitalfew.evidence.foreseen import NO_SERIES, Foreseen, foreseen, series_of
from vitalfew.evidence.standing import standings
from vitalfew.results.basics import Estimate
from vitalfew.results.goal_rows import ErosionRow
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.evidence.standing import Standing, Week
    from vitalfew.workspace.definitions import Floor

SEALED = "what is planned for it is not shown: it would tell forecasts that are not locked yet"
NO_PLAN = "no line of the best plan is known to move it"
NO_FACTOR = "it is no factor and no known link leads to one: what that costs and what work changes is not known"
_STEPS = 200
"""Quantiles from which an outlook is drawn."""


def erosion(inputs: Inputs) -> tuple[ErosionRow, ...]:
    """A row for each floor of the policy; nothing where it has none.

    Args:
        inputs: with the tables of the plans among the others.
    """
    technical = inputs.definitions.policy.technical
    if technical is None or not technical.floors:
        return ()
    stands = standings(inputs.definitions, inputs.tables)
    series = series_of(inputs.definitions, inputs.tables)
    found = [(floor, stands.get(floor.metric), series.get(floor.metric, NO_SERIES)) for floor in technical.floors]
    return tuple(_row(inputs, *each) for each in found)


def _row(inputs: Inputs, floor: Floor, now: Standing | None, seen: tuple[Week, ...] | str) -> ErosionRow:
    on = inputs.today + timedelta(weeks=inputs.definitions.policy.horizon_weeks)
    row = ErosionRow(floor.metric, floor.level, on.isoformat(), _now(now))
    if isinstance(seen, str) or now is None:
        return replace(row, notes=(seen if isinstance(seen, str) else NO_SERIES,))
    ahead = foreseen(inputs.definitions.metrics[floor.metric], seen, on)
    if not isinstance(ahead, Foreseen):
        return replace(row, weeks=ahead[0], notes=(ahead[1],))
    drawn = _drawn(inputs, floor.metric, ahead)
    row = replace(row, forecast=ahead.likely(), chance=_beyond(inputs, floor, drawn), weeks=ahead.weeks)
    row = _with_cost(inputs, replace(row, notes=ahead.notes), drawn - now.value)
    return _with_plan(inputs, row, floor, drawn)


def _now(found: Standing | None) -> Estimate | None:
    return None if found is None else Estimate(found.value, *(found.likely or (None, None)))


def _drawn(inputs: Inputs, metric: str, ahead: Foreseen) -> Floats:
    """Draws of an outlook, `(draws,)`."""
    steps = (np.arange(_STEPS) + 0.5) / _STEPS
    u = (chances(inputs.draws, inputs.seed, "", "erosion", metric) + 0.5) / LEVELS
    return np.interp(u, steps, [ahead.at(step) for step in steps])


def _beyond(inputs: Inputs, floor: Floor, drawn: Floats) -> float:
    is_down = inputs.definitions.metrics[floor.metric].direction == "down"
    return float((drawn > floor.level if is_down else drawn < floor.level).mean())


def _with_cost(inputs: Inputs, row: ErosionRow, drift: Floats) -> ErosionRow:
    """The same with what the way from now to the forecast does to factors, and what that is worth."""
    moved = {factor: each.change for factor, each in inputs.transfer.carried({row.metric: drift}).items()}
    if row.metric in inputs.curves:
        moved[row.metric] = drift
    if not moved:
        return replace(row, notes=(*row.notes, NO_FACTOR))
    counted = {factor: change for factor, change in moved.items() if factor in inputs.weights}
    cost = value_of(inputs.curves, counted, inputs.weights).summary() if counted else None
    moves = {factor: _summary(np.asarray(change, dtype=np.float64)) for factor, change in sorted(moved.items())}
    return replace(row, moves=moves, cost=cost)


def _with_plan(inputs: Inputs, row: ErosionRow, floor: Floor, drawn: Floats) -> ErosionRow:
    """The same with the lines of the best plan that are known to move the metric."""
    best = next((plan.lines for plan in inputs.tables.plans if plan.plan == "best"), ())
    lines, planned, sealed = _changes(inputs, row.metric, best)
    if not lines:
        unknown = (NO_PLAN,) if row.metric in inputs.counted else ()
        return replace(row, notes=(*row.notes, *((SEALED,) if sealed else unknown)))
    kept = drawn + planned
    notes = (*row.notes, f"{SEALED}: {_names(inputs, sealed)}") if sealed else row.notes
    chance = _beyond(inputs, floor, kept)
    return replace(row, lines=lines, planned=_summary(planned), kept=_summary(kept), kept_chance=chance, notes=notes)


def _changes(inputs: Inputs, metric: str, lines: Iterable[str]) -> tuple[tuple[str, ...], Floats, tuple[str, ...]]:
    """The lines that are known to move a metric, draws of what they change together, and those that are sealed."""
    known, sealed, total = [], [], np.zeros(inputs.draws)
    for line in lines:
        initiative = inputs.definitions.initiatives[line]
        beliefs = believed(inputs, line, initiative)
        about = {belief.promise.metric for belief in beliefs.forecasts} | set(beliefs.measured)
        if metric not in about:
            continue
        if beliefs.sealed:
            sealed.append(line)
        else:
            known.append(line)
            total += changes(inputs, line, initiative.team, beliefs).by_metric[metric]
    return tuple(known), total, tuple(sealed)


def _names(inputs: Inputs, lines: Iterable[str]) -> str:
    return listed(inputs.definitions.title("initiatives", line) for line in lines)


def _summary(drawn: Floats) -> Estimate:
    low, middle, high = (float(each) for each in np.quantile(drawn, [0.1, 0.5, 0.9]))
    return Estimate(middle, low, high)
