"""Whether work is balanced over horizons, when it pays, and whether exploring teaches anything (R79).

Exploration is judged by what was learnt: a question answered, doubt taken away, a bet stopped in time. What it delivers
comes late, if ever, so that judging it by value would end it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, get_args

import numpy as np

from vitalfew.decide.breakdowns import FEWEST, effort_draws, quarter_of, share_of
from vitalfew.decide.measured_lines import expected_cost
from vitalfew.decide.payback import QUANTILES
from vitalfew.decide.say_do import effort_of
from vitalfew.decide.sequence_rows import weeks_of
from vitalfew.judgement.metalog import moments
from vitalfew.results.rows import Estimate, ExplorationRow, MixRow, PayoffRow
from vitalfew.stats.shares import wilson
from vitalfew.workspace.graph import is_begun, is_committed, is_live
from vitalfew.workspace.vocabulary import Horizon

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.payback import Paying
    from vitalfew.results.rows import VerdictRow
    from vitalfew.workspace.definitions import Initiative

EXPLORING: tuple[Horizon, ...] = ("h2", "h3")
"""Horizons beyond today's business."""
_FARTHEST = 3653
"""Days from today, ten years: what pays later is counted with what does not."""
HALVED = 0.5
"""Share of a forecast's variance from which taking it away counts as having learnt."""
_CLEAR = frozenset({"kept", "fell_short", "harmful"})


def horizon_mix(inputs: Inputs) -> tuple[MixRow, ...]:
    """A row per horizon, and one for work that names none; empty where no work names one and no target is set.

    Args:
        inputs: with the table of plans among the others.
    """
    policy, made = inputs.definitions.policy, inputs.definitions.initiatives
    if not policy.horizon_targets and not any(each.horizon for each in made.values()):
        return ()
    agreed = [key for key, each in made.items() if is_agreed(inputs, each)]
    effort = {key: effort_draws(inputs, key) for key in agreed if effort_of(made[key]) > 0}
    best = next((row for row in inputs.tables.plans if row.plan == "best"), None)
    planned = best.horizons or {} if best else {}
    rows = []
    for horizon in (*get_args(Horizon), None):
        mine = [key for key in agreed if made[key].horizon == horizon]
        target, share = policy.horizon_targets.get(horizon) if horizon else None, planned.get(horizon or "none", 0.0)
        if mine or target or share or horizon:
            cost = sum(effort_of(made[key]) for key in mine if key in effort)
            part = _part(effort, mine, [effort_of(made[key]) for key in effort])
            rows.append(MixRow(horizon, target, len(mine), cost, part, share if planned else None))
    return tuple(rows)


def is_agreed(inputs: Inputs, initiative: Initiative) -> bool:
    """Whether it is agreed on or in progress, and not out."""
    return is_committed(initiative, inputs.today) and not is_live(initiative, inputs.today)


def _part(effort: Mapping[str, Floats], mine: list[str], costs: list[float]) -> Estimate | None:
    """Share of some of the lines in the effort of all; None where none of them has a cost."""
    if not effort:
        return None
    whole = np.sum([*effort.values()], axis=0)
    part = np.sum([effort[key] for key in mine if key in effort], axis=0) * np.ones_like(whole)
    chosen = frozenset(mine)
    middle = sum(cost for key, cost in zip(effort, costs, strict=True) if key in chosen) / sum(costs)
    return share_of(part, whole, middle)


def payoffs(found: Mapping[str, Paying], inputs: Inputs) -> tuple[PayoffRow, ...]:
    """In which quarter candidates have paid for themselves, and of how many that is not expected within the horizon.

    A line is out when the order of work says so, else when its own work is done; it is counted in the quarter in which
    what it brought exceeds what it cost. Lines whose value is not known or not shown are left out.

    Args:
        found: when lines pay, by key.
        inputs: with the order of work among the tables.
    """
    made = inputs.definitions.initiatives
    ends = {row.line: row.end_week for row in inputs.tables.sequence}
    rows = []
    for agreed in (True, False):
        known = [(key, each) for key, each in found.items() if is_agreed(inputs, made[key]) == agreed]
        days = {key: _days(inputs, key, each, ends.get(key)) for key, each in known if each.weeks is not None}
        if days:
            rows += _by_quarter(np.array([*days.values()]), inputs.today, agreed=agreed)
    return tuple(rows)


def _days(inputs: Inputs, key: str, line: Paying, slot: float | None) -> Floats:
    """Days from today until a line has paid, `(KEPT,)`; infinite where it does not; `slot`: week in which it is out."""
    initiative = inputs.definitions.initiatives[key]
    if initiative.started is not None or slot is None:
        begun = min(initiative.started or inputs.today, inputs.today)
        slot = max(weeks_of(inputs, initiative, line.viability.build) - (inputs.today - begun).days / 7, 0.0)
    return 7 * (slot + np.asarray(line.weeks))


def _by_quarter(days: Floats, today: date, *, agreed: bool) -> list[PayoffRow]:
    """Rows of the quarters from today on, `days` by line and draw; the last one of what pays later or not at all."""
    rows, first = [], 0
    last = int(min(days[np.isfinite(days)].max(initial=0.0), _FARTHEST))
    while first <= last:
        quarter, end = quarter_of(today + timedelta(days=first)), first
        while quarter_of(today + timedelta(days=end)) == quarter:
            end += 1
        rows.append(PayoffRow(quarter, agreed, _counted((days >= first) & (days < end))))
        first = end
    return [*rows, PayoffRow(None, agreed, _counted(days >= first))]


def _counted(held: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Estimate:
    """How many lines a thing holds of, with the 80 % interval over the draws."""
    many = held.sum(axis=0)
    low, _, high = np.quantile(many, QUANTILES)
    return Estimate(float(many.mean()), float(low), float(high))


# Exploring ------------------------------------------------------------------------------------------------------------


def exploration(inputs: Inputs) -> tuple[ExplorationRow, ...]:
    """What bets beyond today's business taught, by horizon; empty while none was begun and no share is set for it.

    Args:
        inputs: with verdicts and promises among the tables.
    """
    policy = inputs.definitions.policy
    rows = []
    for horizon in EXPLORING:
        made = inputs.definitions.initiatives.items()
        bets = [key for key, each in made if each.horizon == horizon and _is_bet(inputs, each)]
        target, protected = policy.horizon_targets.get(horizon), policy.minimum_shares.get(horizon)
        if bets or target or protected:
            rows.append(_explored(inputs, horizon, bets, target, protected))
    return tuple(rows)


def _is_bet(inputs: Inputs, initiative: Initiative) -> bool:
    """Whether something was begun, however it ended."""
    return is_begun(initiative, inputs.today) or initiative.shipped is not None or bool(initiative.spent)


def _explored(
    inputs: Inputs, horizon: Horizon, bets: list[str], target: float | None, protected: float | None
) -> ExplorationRow:
    made = inputs.definitions.initiatives
    stopped = [key for key in bets if made[key].status == "dropped" and _left(made[key]) != 0]
    verdicts = [row for key in bets for row in inputs.verdicts_of(key)]
    bought = {row.hypothesis: share for row in verdicts if (share := bought_down(inputs, row)) is not None}
    taught = {row.initiative for row in verdicts if row.verdict in _CLEAR or bought.get(row.hypothesis, 0.0) >= HALVED}
    learnt = len(taught.union(stopped))
    left = [cost for key in stopped if (cost := _left(made[key])) is not None]
    return ExplorationRow(
        horizon=horizon,
        target=target,
        protected=protected,
        bets=len(bets),
        learnt=learnt,
        share=Estimate(learnt / len(bets), *wilson(learnt, len(bets), 0.8)) if len(bets) >= FEWEST else None,
        questions=sum(each.initiative in bets for each in inputs.definitions.hypotheses.values()),
        answered=sum(row.verdict in _CLEAR for row in verdicts),
        resolved=len(bought),
        bought_down=float(np.mean([*bought.values()])) if bought else None,
        stopped=len(stopped),
        saved=sum(left) if left else None,
    )


def _left(initiative: Initiative) -> float | None:
    """What an initiative did not cost any more when it was dropped; None where its spending is not dated."""
    if not initiative.spent or initiative.cost is None:
        return None
    return max(expected_cost(initiative.cost) - sum(each.amount for each in initiative.spent), 0.0)


def bought_down(inputs: Inputs, row: VerdictRow) -> float | None:
    """Share of the variance of a locked forecast that measuring took away: d² / (d² + se²), both taken as normal.

    None without both, and where the forecast left no doubt.
    """
    promise = next((p for p in inputs.tables.promises if p.hypothesis == row.hypothesis and p.locked_at), None)
    if promise is None or row.estimate is None or row.se is None:
        return None
    variance = moments(promise)[1]
    return variance / (variance + row.se**2) if variance > 0 else None
