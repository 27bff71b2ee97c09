"""Checks of the value model and of what work is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

PAST_IDEA = frozenset({"framed", "forecast"})


@check(
    "R5",
    "warning",
    why="Where everything counts, nothing decides: a long list of factors is an agreement that was not made.",
    do="Drop the factor whose absence would have changed no decision, and ask again.",
    reads=("factors_warn", "factors_refuse"),
)
def too_many_factors(view: View) -> Iterator[Found]:
    """More factors than a group can weigh."""
    count = len(view.definitions.factors)
    most = view.thresholds.factors_warn
    if count > most:
        refused = count > view.thresholds.factors_refuse
        message = f"The value model has {count} factors; {most} are many."
        yield Found("factors", message, "error" if refused else "warning")


@check(
    "R46",
    "warning",
    why="Work that serves no need, goal or factor can succeed without anybody being better off.",
    do="Name what it serves, record the exception with its reason, or drop it.",
)
def serves_nothing(view: View) -> Iterator[Found]:
    """Initiatives past the idea that serve nothing, ask about no factor, remove nothing and have no exception."""
    factors = view.definitions.factors
    on_factor = {asked.initiative for asked in view.definitions.hypotheses.values() if asked.metric in factors}
    idle = []
    for key, initiative in view.definitions.initiatives.items():
        past_idea = initiative.status in PAST_IDEA or view.is_committed(initiative)
        served = initiative.serves or initiative.removes or initiative.exception or key in on_factor
        if past_idea and not served:
            idle.append(key)
    yield from folded(view, idle, "serves no need, goal, metric or factor", "initiatives")
