"""Do the arms have the planned sizes, on every day if need be, and did the split change on the way?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import VitalfewError
from vitalfew.results.rows import HealthRow
from vitalfew.stats.percent import percent
from vitalfew.stats.sample_sizes import sample_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import ArrivalRow
    from vitalfew.workspace.definitions import Experiment

SAMPLE_RATIO, RAMP = "sample_ratio", "ramp"
SMALL_CHANGE = 0.05
"""Change of an arm's share below which a new split looks like a fault, not like a ramp."""
DAILY = "tested on every day, so that looking often raises no false alarm"
NO_SPLIT = "Nothing says which split was planned, so equal shares are taken: write it down if they are not."


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Units first exposed, `(days, arms)`, with the stretches of days between which the split changed."""

    days: tuple[str, ...]
    arms: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    phases: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, rows: Iterable[ArrivalRow]) -> Arrivals | None:
        """The arrivals of one experiment; None when they are not known."""
        from vitalfew.stats.phases import phases

        counts: dict[str, dict[str, int]] = {}
        arms: dict[str, None] = {}
        for row in rows:
            counts.setdefault(row.day, {})[row.arm] = row.units
            arms.setdefault(row.arm)
        if not counts:
            return None
        days = tuple(sorted(counts))
        table = tuple(tuple(counts[day].get(arm, 0) for arm in arms) for day in days)
        return cls(days, tuple(arms), table, tuple(phases(table)))

    def in_phase(self, number: int) -> dict[str, list[int]]:
        """Units by arm and day of one phase (negative: from the last)."""
        first, last = self.phases[number]
        columns = np.array(self.table, dtype=np.int64)[first : last + 1].T
        return {arm: column.tolist() for arm, column in zip(self.arms, columns, strict=True)}

    def shares(self, number: int) -> dict[str, float]:
        """Share of each arm in one phase."""
        sums = {arm: sum(days) for arm, days in self.in_phase(number).items()}
        total = sum(sums.values()) or 1
        return {arm: units / total for arm, units in sums.items()}


def sizes(
    experiment: str,
    defined: Experiment | None,
    counts: Mapping[str, int],
    arrived: Arrivals | None,
    *,
    aggregated: bool,
    running: bool,
    what: str = "units",
) -> HealthRow:
    """Test the sizes of the arms against the planned split.

    While an experiment runs, and its days are known, the test holds at every look; else it is the test for one look.
    After a change of the split, the last stretch is tested: what was planned before is not known.

    Args:
        experiment: its key.
        defined: its definition.
        counts: units by arm.
        arrived: units by arm and day, when known.
        aggregated: whether the data are ready aggregates, which are tested against a stated plan only.
        running: whether the experiment is looked at before its end.
        what: what was dealt to the arms: units, clusters or blocks.
    """
    split = defined.split if defined is not None else None
    if split is None and aggregated:
        total = sum(counts.values()) or 1
        seen = ", ".join(f"{arm} {percent(units / total, 2)}" for arm, units in counts.items())
        return HealthRow(experiment, SAMPLE_RATIO, None, "ok", f"Not tested: the planned split is not known ({seen}).")
    strange = [arm for arm, units in counts.items() if units and split is not None and arm not in split]
    if strange:
        named = ", ".join(split or ())
        told = f"Not tested: '{strange[0]}' has {what} and no share in the planned split, which names {named}."
        return HealthRow(experiment, SAMPLE_RATIO, None, "warning", told)
    found = _tested(experiment, split, counts, arrived, running=running, what=what)
    if split is None and found.p is not None and found.status != "ok":
        found = replace(found, message=f"{found.message} {NO_SPLIT}")
    return found


def _tested(
    experiment: str,
    split: Mapping[str, float] | None,
    counts: Mapping[str, int],
    arrived: Arrivals | None,
    *,
    running: bool,
    what: str,
) -> HealthRow:
    ramped = arrived is not None and len(arrived.phases) > 1
    try:
        if arrived is not None and (running or ramped):
            return _by_day(experiment, split, arrived, counts, running=running, what=what)
        found = sample_ratio({**dict.fromkeys(split or (), 0), **counts}, split, counted=what)
    except VitalfewError as error:
        return HealthRow(experiment, SAMPLE_RATIO, None, "warning", f"Not tested: {error}.")
    return HealthRow(experiment, SAMPLE_RATIO, found.p_value, found.status, found.message)


def _by_day(
    experiment: str,
    split: Mapping[str, float] | None,
    arrived: Arrivals,
    counts: Mapping[str, int],
    *,
    running: bool,
    what: str,
) -> HealthRow:
    from vitalfew.stats.sequential_ratio import sequential_ratio

    last = arrived.in_phase(-1)
    days = len(next(iter(last.values())))
    daily = {arm: last.get(arm, [0] * days) for arm in dict.fromkeys((*(split or ()), *counts, *last))}
    since = (
        f" Tested since {arrived.days[arrived.phases[-1][0]]}, when the split last changed." if _ramped(arrived) else ""
    )
    if not running:
        once = sample_ratio({arm: sum(units) for arm, units in daily.items()}, split, counted=what)
        return HealthRow(experiment, SAMPLE_RATIO, once.p_value, once.status, once.message + since)
    found = sequential_ratio(daily, split, counted=what)
    told = found.message.removesuffix(".")
    return HealthRow(experiment, SAMPLE_RATIO, found.p_value, found.status, f"{told}; {DAILY}.{since}")


def _ramped(arrived: Arrivals) -> bool:
    return len(arrived.phases) > 1


def ramp(experiment: str, arrived: Arrivals | None) -> Sequence[HealthRow]:
    """Say when the split changed; a change that is small for a ramp is a warning."""
    if arrived is None or not _ramped(arrived):
        return ()
    shares = [arrived.shares(number) for number in range(len(arrived.phases))]
    days = [arrived.days[first] for first, _ in arrived.phases[1:]]
    told = " → ".join(", ".join(f"{arm} {percent(share)}" for arm, share in each.items()) for each in shares)
    smallest = min(max(abs(after[arm] - before[arm]) for arm in arrived.arms) for before, after in pairwise(shares))
    message = (
        f"The split between the arms changed on {', '.join(days)} ({told}); the {len(shares)} phases are compared apart"
        " and averaged, because those that came at different times differ in more than their arm."
    )
    if smallest < SMALL_CHANGE:
        message += (
            " So small a change is rarely meant: look for what began or ended on that day in the assignment, the"
            " logging or the filters of one arm."
        )
    return (HealthRow(experiment, RAMP, None, "warning" if smallest < SMALL_CHANGE else "ok", message),)
