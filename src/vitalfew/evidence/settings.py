"""How each experiment is judged: its mode, its plan, how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vitalfew.workspace.definitions import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.evidence.arms import Measured
    from vitalfew.results.rows import ArrivalRow
    from vitalfew.workspace.definitions import Definitions, Experiment, Mode

FIRST_DAYS = 7
"""Days of arrivals from which the size of an experiment that has an end but no planned units is foretold.

A week, and only the first: a plan that follows the data would break the promise of always-valid intervals.
"""
ON_TIME = 0.02
"""How far beyond a planned look, as a share of the planned units, the data may be to count as that look."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How one experiment is judged.

    Attributes:
        mode: how intervals and p-values are meant.
        plan: the declared plan; None when there is none.
        units: of all arms together, so far.
        planned: units planned for all arms together; None when nobody planned and nothing can be foretold.
        ended: whether the last day has passed; None when no end is known.
        running: whether it may still be looked at before its end.
        notes: what a reader of every effect should know.
    """

    mode: Mode = "fixed"
    plan: Plan | None = None
    units: int = 0
    planned: float | None = None
    ended: bool | None = None
    running: bool = False
    notes: tuple[str, ...] = ()

    @property
    def alpha(self) -> float:
        """Error rate of the primary family."""
        return self.plan.alpha if self.plan is not None else Plan().alpha

    @property
    def share(self) -> float:
        """Share of the planned units that there are; 1 when none are planned."""
        return 1.0 if self.planned is None else self.units / self.planned

    @property
    def looks(self) -> tuple[float, ...]:
        """Shares of the planned units at which a group sequential design is looked at."""
        looks = (self.plan or Plan()).looks
        return tuple(at / looks for at in range(1, looks + 1)) if isinstance(looks, int) else looks

    @property
    def next_look(self) -> float | None:
        """Share at the next planned look, when now is none; None when it is time to look."""
        due = [look for look in self.looks if look <= self.share + 1e-9]
        if self.share >= 1 or (due and self.share - due[-1] <= ON_TIME):
            return None
        return next((look for look in self.looks if look > self.share), None)


def settings(
    definitions: Definitions,
    measured: Mapping[str, Measured],
    arrivals: Iterable[ArrivalRow] = (),
    today: date | None = None,
) -> dict[str, Setting]:
    """How each experiment is judged.

    The default mode is always valid while an experiment runs: `today` is not after its end, or it has a start (or days
    of first exposure) and no end. Data without dates, and experiments that are over, are judged once: fixed. `mode` of
    the plan, then of the experiment, overrides.
    """
    by_day: dict[str, dict[date, int]] = {}
    for row in arrivals:
        days = by_day.setdefault(row.experiment, {})
        day = date.fromisoformat(row.day)
        days[day] = days.get(day, 0) + row.units
    return {
        key: _setting(definitions.experiments.get(key), found, by_day.get(key, {}), today)
        for key, found in measured.items()
    }


def _setting(defined: Experiment | None, found: Measured, by_day: Mapping[date, int], today: date | None) -> Setting:
    units = sum(found.units(found.main).values())
    if defined is None:
        return Setting(units=units)
    ended = None if defined.end is None or today is None else defined.end < today
    dated = defined.start is not None or bool(by_day)
    running = today is not None and (ended is False or (defined.end is None and dated))
    plan = defined.plan
    asked = (plan.mode if plan is not None else None) or defined.mode
    mode = asked or ("always_valid" if running else "fixed")
    planned, notes = _planned(defined, by_day)
    told = notes if mode in ("always_valid", "group_sequential") else ()
    return Setting(mode, plan, units, planned, ended, running, told)


def _planned(defined: Experiment, by_day: Mapping[date, int]) -> tuple[float | None, tuple[str, ...]]:
    if defined.plan is not None and defined.plan.units is not None:
        return float(defined.plan.units), ()
    first = min(by_day, default=None)
    if first is None or defined.end is None or defined.end < first:
        return None, ("no planned number of units: say one in the plan, and the intervals are tuned to it",)
    week = [by_day.get(first + timedelta(days=at), 0) for at in range(FIRST_DAYS)]
    days = min(FIRST_DAYS, (max(by_day) - first).days + 1)
    foretold = sum(week) / days * ((defined.end - first).days + 1)
    return foretold, (f"about {foretold:,.0f} units expected by the end, from the arrivals of the first days",)
