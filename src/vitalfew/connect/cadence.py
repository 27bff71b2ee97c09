"""How often a feature is meant to be used, guessed from how often its users come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.warehouse.event_profile import EventProfile
    from vitalfew.workspace.definitions import Cadence

_LIMITS: tuple[tuple[float, Cadence], ...] = ((2, "daily"), (14, "weekly"), (50, "monthly"), (140, "quarterly"))
_FEW = 5
_HALF_YEAR, _HALF_QUARTER = 183, 45


def guess_cadence(event: EventProfile, days: int) -> tuple[Cadence, str]:
    """Guess the cadence of an event.

    Users who come back tell it by the median of their mean gap. Where hardly anybody does, the longest cadence whose
    window is at least half covered is taken, so that what is used once a year is not called unused after a month.

    Args:
        event: how it is used.
        days: days that the data cover.

    Returns:
        The cadence, and why.
    """
    if event.gap is None or event.repeaters < _FEW or 4 * event.repeaters < event.users:
        slow: Cadence = "yearly" if days >= _HALF_YEAR else "quarterly" if days >= _HALF_QUARTER else "weekly"
        came = f"only {event.repeaters:,}" if event.repeaters else "nobody"
        return slow, f"{came} came back on another day"
    why = f"users come back after {event.gap:.0f} days in the middle"
    return next((cadence for limit, cadence in _LIMITS if event.gap <= limit), "yearly"), why
