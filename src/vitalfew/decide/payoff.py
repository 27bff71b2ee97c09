"""When a line pays: its value week by week once it is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.workspace.definitions import Initiative, Policy

QUARTER = 13
"""Weeks."""
_WEEKS_A_YEAR = 52


def weekly_share(policy: Policy, initiative: Initiative) -> Floats:
    """Share of a line's full rate that each week of the horizon gives, `(weeks,)`, counted from when it is out.

    Ramp, half-life and yearly discount, each at the middle of the week.
    """
    at = np.arange(max(int(policy.horizon_weeks), 1)) + 0.5
    ramp = np.minimum(1.0, at / initiative.ramp_weeks) if initiative.ramp_weeks > 0 else np.ones_like(at)
    decay = 0.5 ** (at / initiative.half_life_weeks) if initiative.half_life_weeks else np.ones_like(at)
    return np.asarray(ramp * decay * (1 + policy.discount) ** (-at / _WEEKS_A_YEAR), dtype=np.float64)


def by_quarter(weeks: Floats) -> tuple[float, ...]:
    """Share of each quarter in a value by week, `(weeks,)`; none of a value that is not above 0."""
    total = float(weeks.sum())
    if total <= 0:
        return ()
    return tuple(float(part.sum()) / total for part in np.split(weeks, range(QUARTER, len(weeks), QUARTER)))
