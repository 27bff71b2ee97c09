"""When a line pays, and what keeping it costs: week by week once it is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.draws import weekly_shares
from vitalfew.decide.options import weeks_open

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.workspace.definitions import Initiative

QUARTER = 13
"""Weeks."""
WEEKS_A_YEAR = 52


def weekly_share(inputs: Inputs, initiative: Initiative, until: float | None, lag: float = 0.0) -> Floats:
    """Share of a line's full rate that each week of the horizon gives, `(weeks,)`, counted from when it is out.

    Args:
        inputs: for the horizon, the discount and the ramp of lines without one.
        initiative: what is out.
        until: weeks after which it is worth nothing any more; None: there is no such day.
        lag: weeks by which the factor follows.
    """
    policy, ramp = inputs.definitions.policy, inputs.ramp_of(initiative)
    return weekly_shares(policy.horizon_weeks, policy.discount, ramp, initiative.half_life_weeks, lag, until)


def running(inputs: Inputs, initiative: Initiative) -> Floats:
    """What keeping a line costs in each week of the horizon while it is worth something, `(weeks,)`, discounted.

    Below 0 where it saves the upkeep of what it takes away.
    """
    policy, feature = inputs.definitions.policy, inputs.definitions.features.get(initiative.removes or "")
    yearly = (initiative.upkeep or 0.0) - ((feature.upkeep or 0.0) if feature else 0.0)
    kept = weekly_shares(policy.horizon_weeks, policy.discount, 0.0, until=weeks_open(inputs, initiative))
    return yearly / WEEKS_A_YEAR * kept


def by_quarter(weeks: Floats) -> tuple[float, ...]:
    """Share of each quarter in a value by week, `(weeks,)`; none of a value that is not above 0."""
    total = float(weeks.sum())
    if total <= 0:
        return ()
    return tuple(float(part.sum()) / total for part in np.split(weeks, range(QUARTER, len(weeks), QUARTER)))
