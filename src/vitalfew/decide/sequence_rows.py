"""The order of work for a plan: jobs from its lines, and the sequence in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.sequence import Job, sequence
from vitalfew.results.figures import significant
from vitalfew.results.rows import SequenceRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.plans_menu import Menu
    from vitalfew.decide.portfolio import Flags
    from vitalfew.decide.sequence import Slot
    from vitalfew.workspace.definitions import Initiative

_DAYS = 7
_LEAST_WEEKS = 0.1
_NOTHING = 1e-9


def sequence_rows(menu: Menu, chosen: Flags, inputs: Inputs) -> tuple[SequenceRow, ...]:
    """When to begin each line of a plan, one after the other in each team.

    Cost of delay: what a line is worth over the horizon, per week of it; where it is needed by a day, per week of those
    in which it could still be out before, as what it is worth falls due in them.

    Args:
        menu: what there was to choose from.
        chosen: the plan, `(lines,)`.
        inputs: of the ledger.
    """
    lines = {menu.lines[at]: int(at) for at in np.flatnonzero(chosen)}
    jobs, closing = [], {}
    for line, at in lines.items():
        initiative = inputs.definitions.initiatives[line]
        worth, weeks = max(float(menu.worth[at]), 0.0), weeks_of(inputs, initiative, float(menu.price[at]))
        closing[line] = _closing(inputs, initiative, worth, weeks)
        delay = worth / inputs.definitions.policy.horizon_weeks + closing[line]
        jobs.append(Job(line, weeks, delay, initiative.team, initiative.prerequisites))
    slots = sequence(jobs)
    return tuple(
        _row(place, slot, closing[slot.job.key], inputs, sealed=bool(menu.sealed[lines[slot.job.key]]))
        for place, slot in enumerate(slots, start=1)
    )


def weeks_of(inputs: Inputs, initiative: Initiative, cost: float) -> float:
    """How long a team is busy with a line: as given, and never less than its capacity allows.

    Without either, its cost counts as weeks, which is enough for the order.
    """
    capacity, weeks = _capacity(inputs, initiative), initiative.weeks or 0.0
    if capacity is not None:
        weeks = max(weeks, cost * inputs.definitions.policy.horizon_weeks / capacity)
    return max(weeks or cost, _LEAST_WEEKS)


def _closing(inputs: Inputs, initiative: Initiative, worth: float, weeks: float) -> float:
    """What a week of delay costs besides because a window closes."""
    left, horizon = _weeks_left(inputs, initiative), inputs.definitions.policy.horizon_weeks
    if left is None:
        return 0.0
    return max(worth / max(left - weeks, 1.0) - worth / horizon, 0.0)


def _weeks_left(inputs: Inputs, initiative: Initiative) -> float | None:
    """Weeks until a line is needed; None when it always is."""
    if initiative.needed_by is None:
        return None
    return (initiative.needed_by - inputs.today).days / _DAYS


def _row(place: int, slot: Slot, closing: float, inputs: Inputs, *, sealed: bool) -> SequenceRow:
    job = slot.job
    reasons = _reasons(slot, inputs, sealed=sealed)
    return SequenceRow(
        place=place,
        line=job.key,
        team=job.team,
        weeks=job.weeks,
        start_week=slot.start,
        end_week=slot.end,
        cost_of_delay=None if sealed else job.delay,
        reason="; ".join(reasons),
        closing=None if sealed else closing,
    )


def _reasons(slot: Slot, inputs: Inputs, *, sealed: bool) -> Iterator[str]:
    job, initiative = slot.job, inputs.definitions.initiatives[slot.job.key]
    if sealed:
        yield "its cost of delay would tell a forecast that is not locked yet"
    elif job.delay > _NOTHING:
        lost, by_length = significant(job.delay), significant(job.delay / job.weeks)
        yield f"{lost} points lost per week of delay, {by_length} per week of work"
    else:
        yield "no value of its own"
    yield from _lengths(inputs, initiative)
    if slot.waits is not None:
        yield f"waits for {inputs.definitions.title('initiatives', slot.waits)} until week {slot.start:.3g}"
    left = _weeks_left(inputs, initiative)
    if left is not None:
        late = slot.end > left + _NOTHING
        yield f"needed by {initiative.needed_by}, which is {'missed' if late else 'met'}"
    if slot.end > inputs.definitions.policy.horizon_weeks + _NOTHING:
        yield "ends after the horizon"


def _lengths(inputs: Inputs, initiative: Initiative) -> Iterator[str]:
    """Where the length is not given, where it comes from."""
    if initiative.weeks is None:
        paced = _capacity(inputs, initiative) is not None
        yield "length by its cost and the team's capacity" if paced else "no length given: its cost counts as weeks"


def _capacity(inputs: Inputs, initiative: Initiative) -> float | None:
    """What the team of a line can do over the horizon, in the unit of cost."""
    team = inputs.definitions.teams.get(initiative.team or "")
    return None if team is None else team.capacity
