"""What users do, what is measured of it, and the expected value of each measurement in closed form.

A user's events of a kind are a Poisson process with a weekly rhythm, so a window of `w` whole weeks holds
Poisson(rate * w) events, and every expectation below is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vitalfew.simulate.users import Users

    Floats = NDArray[np.float64]

EVENT_RATES: Mapping[str, float] = {
    "app_opened": 0.95,
    "job_completed": 0.9,
    "planning_click": 0.35,
    "visit_done": 0.4,
    "day_planned": 0.3,
    "app_error": 0.17,
    "invoice_sent": 0.12,
    "support_contact": 0.08,
    "overtime_logged": 0.07,
    "seats_added": 0.05,
}
"""Expected events per user and week, before activity."""

SEGMENT_ACTIVITY = (0.75, 1.1, 1.4)

MINUTES = 41.0
"""Mean minutes to plan a day."""

SEATS = (1, 2, 3)
SEAT_SHARES = (0.6, 0.25, 0.15)
SEATS_MEAN = 1.55
OVERTIME_HOURS = 2.0

How = Literal["count", "sum", "any", "mean_value", "share_value"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A metric of the workspace and the process behind it.

    `how`: events counted or summed (`size` is the mean value of one), any event at all, the mean of the values of
    the events, or the share of events whose value is one.
    """

    metric: str
    event: str
    how: How
    weeks: int = 4
    size: float = 1.0
    cap: int | None = None


OUTCOMES: Mapping[str, Outcome] = {
    outcome.metric: outcome
    for outcome in (
        Outcome("planning_minutes", "day_planned", "mean_value"),
        Outcome("app_errors", "app_error", "count"),
        Outcome("planning_clicks", "planning_click", "count", cap=20),
        Outcome("first_time_fix", "visit_done", "share_value"),
        Outcome("jobs_completed", "job_completed", "count"),
        Outcome("invoiced", "invoice_sent", "any", weeks=2),
        Outcome("support_contacts", "support_contact", "count"),
        Outcome("overtime_hours", "overtime_logged", "sum", size=OVERTIME_HOURS),
        Outcome("seats_added", "seats_added", "sum", size=SEATS_MEAN),
        Outcome("retention_28", "app_opened", "any", weeks=1),
    )
}
"""By metric, parents before the children they are linked to."""


def expected(outcome: Outcome, users: Users, at: NDArray[np.int64], change: float = 0.0) -> float:
    """Expected value of a metric over some units when each unit's process is changed.

    Args:
        outcome: the metric.
        users: all users.
        at: positions of the units the mean is over, `(n,)`.
        change: see `changed`; 0 for the control.

    Returns:
        The mean over the units (for the two kinds about values: the ratio of sums), in the metric's unit.
    """
    rate = users.rate[outcome.event][at]
    if outcome.how == "mean_value":
        return float((rate * users.minutes[at]).sum() / rate.sum() * (1 + change))
    if outcome.how == "share_value":
        return float((rate * users.fixed[at]).sum() / rate.sum() + change)
    mean = rate * outcome.weeks * (1 + change)
    if outcome.how == "any":
        return float(-np.expm1(-mean).mean())
    if outcome.cap is not None:
        return float(_capped(mean, outcome.cap).mean() * outcome.size)
    return float(mean.mean() * outcome.size)


def change_for(outcome: Outcome, users: Users, at: NDArray[np.int64], effect: float) -> float:
    """Change of every unit's process that moves the uncapped mean by `effect`, in the metric's unit.

    The change is relative, except for the share of visits fixed at once, where it is added to the probability.
    """
    if effect == 0.0:
        return 0.0
    if outcome.how == "share_value":
        return effect
    if outcome.how == "any":
        return _solve_any(users.rate[outcome.event][at] * outcome.weeks, effect)
    base = expected(Outcome(outcome.metric, outcome.event, outcome.how, outcome.weeks, outcome.size), users, at)
    return effect / base


def _solve_any(mean: Floats, effect: float) -> float:
    """Newton on a smooth, monotone function; eight steps reach rounding error for effects within reach."""
    target = float(np.exp(-mean).mean()) - effect
    factor = 1.0
    for _ in range(8):
        left = np.exp(-mean * factor)
        factor += (float(left.mean()) - target) / float((mean * left).mean())
    return factor - 1.0


def _capped(mean: Floats, cap: int) -> Floats:
    """E[min(N, cap)] of Poisson counts: the sum of P(N > k) for k below the cap."""
    probability = np.exp(-mean)
    below = probability.copy()
    total = 1.0 - below
    for k in range(1, cap):
        probability = probability * mean / k
        below += probability
        total = total + (1.0 - below)
    return np.asarray(total, dtype=np.float64)
