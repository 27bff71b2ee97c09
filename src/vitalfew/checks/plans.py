"""Checks of plans: can anything be funded, and whom and when does it serve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.results.figures import of_unit
from vitalfew.results.words import HORIZONS, listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import PlanRow
    from vitalfew.workspace.definitions import Initiative

_NAMED = 5
_QUARTER = 13  # weeks


def _best(view: View) -> PlanRow | None:
    return next((row for row in view.tables.plans if row.plan == "best"), None)


def _still_open(view: View) -> Iterator[tuple[str, Initiative]]:
    """Initiatives that are neither out nor given up."""
    for key, initiative in view.definitions.initiatives.items():
        if initiative.status not in OVER and not view.is_live(initiative):
            yield key, initiative


@check(
    "R48",
    "error",
    why="Bounds that leave nothing to fund decide nothing: whatever is built then is built against the policy.",
    do="Loosen one of these bounds, or bring candidates that keep them.",
)
def infeasible_policy(view: View) -> Iterator[Found]:
    """Budget, capacities, minimum shares or guardrails that together keep out everything worth funding."""
    best = _best(view)
    if best is not None and best.blocking:
        yield Found("policy", f"Nothing can be funded: {listed(best.blocking)} cannot be kept together.")


@check(
    "R48",
    "info",
    why="What costs more than there is can be wished for and never chosen.",
    do="Cut out the part that is worth most, or build it in two steps ('later').",
)
def unaffordable(view: View) -> Iterator[Found]:
    """Candidates that cost more than the whole budget, or than their team can do over the horizon."""
    policy = view.definitions.policy
    for line in view.tables.candidates:
        if line.cost is None:
            continue
        team = view.definitions.teams.get(line.team or "")
        limits = [(policy.budget, "the whole budget"), (team.capacity if team else None, "its team can do")]
        for limit, what in limits:
            if limit is not None and line.cost.p50 > limit:
                cost = of_unit(f"{line.cost.p50:,.4g}", policy.cost_unit)
                yield Found(line.line, f"{line.title} costs {cost}, more than {what}: {limit:,.4g}.")
                break


@check(
    "R49",
    "warning",
    why="Value for one side alone does not last: without customers no business, without business no product.",
    do="See in the portfolio what the other side could have; if one side comes first, record the decision.",
    reads=("least_side",),
)
def one_sided(view: View) -> Iterator[Found]:
    """A side (customer, business, technical, employee) that gets hardly any of the best plan's value."""
    best = _best(view)
    if best is None or best.value is None or not best.sides or len(best.sides) == 1:
        return
    total = sum(max(value, 0.0) for value in best.sides.values())
    if total <= 0:
        return
    poor = [side for side, value in best.sides.items() if value < view.thresholds.least_side * total]
    if poor:
        shares = (f"{side} {percent(max(best.sides[side], 0.0) / total)}" for side in best.sides)
        yield Found("portfolio", f"The best plan gives the {listed(poor)} side hardly anything ({', '.join(shares)}).")


@check(
    "R79",
    "warning",
    why="Where all value falls into a quarter, what pays later is never chosen, and the product lives off its past.",
    do="Keep a share of the budget for long-term bets (policy.minimum_shares), and look further ahead.",
    reads=("one_quarter",),
)
def short_term(view: View) -> Iterator[Found]:
    """A best plan whose value falls almost wholly within one quarter of the horizon."""
    best = _best(view)
    if best is None or not best.payoff:
        return
    weeks, most = view.definitions.policy.horizon_weeks, max(best.payoff)
    if most <= view.thresholds.one_quarter:
        return
    if weeks <= _QUARTER:
        yield Found("policy", f"Decisions look {weeks:g} weeks ahead: what pays later counts for nothing.")
    else:
        yield Found("portfolio", f"{percent(most)} of the best plan's value falls into one quarter.")


@check(
    "R79",
    "warning",
    why="Shares that are aimed at and not kept are a wish: what pays today crowds out what pays tomorrow.",
    do="Agree on work of that horizon next, or aim at shares that are meant ('policy.horizon_targets').",
    reads=("horizon_kept", "discipline_lines"),
)
def horizon_missed(view: View) -> Iterator[Found]:
    """A horizon has clearly less than half of its target of the effort that is agreed on or in progress."""
    rows = view.tables.horizon_mix
    if sum(row.lines for row in rows) < view.thresholds.discipline_lines:
        return
    for row in rows:
        if row.target is None or row.share is None or row.horizon is None:
            continue
        share = row.share
        if (share.estimate if share.high is None else share.high) < view.thresholds.horizon_kept * row.target:
            told = f"{percent(share.estimate)} of the effort that is agreed on goes into {HORIZONS[row.horizon]}"
            yield Found("policy", f"{told}; its target is {percent(row.target)}.")


@check(
    "R79",
    "info",
    why="Exploring pays by what it teaches. Bets that answer nothing are effort without a lesson.",
    do="Give each such bet a hypothesis with a day, and drop it as soon as the answer is clear.",
    reads=("taught_share",),
)
def exploring_teaches_little(view: View) -> Iterator[Found]:
    """Of five or more bets beyond today's business clearly fewer than half taught anything."""
    for row in view.tables.exploration:
        if row.share is not None and row.share.high is not None and row.share.high < view.thresholds.taught_share:
            yield Found("portfolio", f"Of {row.bets} bets on {HORIZONS[row.horizon]}, {row.learnt} taught something.")


@check(
    "R48",
    "warning",
    why="After its window has closed a line is worth nothing, however good it was.",
    do="Drop it, or say until when it can still help ('needed_by').",
)
def window_closed(view: View) -> Iterator[Found]:
    """Open initiatives that were needed by a day that has passed."""
    late = [(key, each) for key, each in _still_open(view) if each.needed_by and each.needed_by < view.as_of]
    for key, initiative in late[:_NAMED]:
        yield Found(key, f"{view.title('initiatives', key)} was needed by {initiative.needed_by}.")
    if len(late) > _NAMED:
        yield Found("initiatives", f"{len(late) - _NAMED} more initiatives were needed by a day that has passed.")


@check(
    "R80",
    "warning",
    why="Capability pays indirectly and late; without a sign to watch it is either cut too soon or fed for ever.",
    do="Pose a hypothesis about the first metric that should move, with the day on which you look.",
)
def capability_unwatched(view: View) -> Iterator[Found]:
    """Agreed or begun work on capability without a hypothesis that names a day."""
    watched = {asked.initiative for asked in view.definitions.hypotheses.values() if asked.due is not None}
    for key, initiative in _still_open(view):
        if initiative.capability and view.is_committed(initiative) and key not in watched:
            yield Found(key, f"{view.title('initiatives', key)} has no leading metric with a day to look at it.")
