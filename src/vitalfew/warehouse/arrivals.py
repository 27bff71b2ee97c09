"""When units arrived: by day of first exposure and arm, and the phases of a ramp found in that."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from vitalfew.results.rows import ArrivalRow, CountRow
from vitalfew.warehouse.calendar_days import date_of, day_number, day_of
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.sums import ALWAYS, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value

MOST_DAYS = 400  # of the daily table; what came before stands on the first of them


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Units by position of the experiment, day of first exposure (since 1970) and arm.

    Attributes:
        units: how many units arrived.
        phases: first and last day of each stretch with the same split, by position of the experiment.
    """

    units: Mapping[tuple[int, int, str], int] = field(default_factory=dict)
    phases: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Mapping[tuple[int, int, str], int]) -> Self:
        """Those of units counted by experiment, day and arm, with the phases that are found in them."""
        return cls(units, _phases(units))

    @property
    def ramped(self) -> bool:
        """Whether any experiment has more than one phase."""
        return any(len(found) > 1 for found in self.phases.values())

    def phase(self) -> exp.Expr:
        """The phase of a unit, from its columns `experiment` and `day`; 0 for one whose day is not known."""
        choice = exp.Case()
        for experiment, found in self.phases.items():
            for number, (first, _) in reversed(list(enumerate(found))):
                if number:
                    mine = exp.EQ(this=exp.column("experiment"), expression=whole(experiment))
                    since = exp.GTE(this=exp.column("day"), expression=whole(first))
                    choice = choice.when(exp.and_(mine, since), whole(number))
        return choice.else_(whole(0)) if choice.args.get("ifs") else whole(0)

    def phase_of(self, experiment: int, day: int) -> int:
        """The phase of units that arrived on a day."""
        firsts = [first for first, _ in self.phases.get(experiment, ())]
        return max((number for number, first in enumerate(firsts) if first <= day), default=0)

    def floors(self) -> dict[int, int]:
        """The first day that the daily table shows, by position of the experiment."""
        last: dict[int, int] = {}
        for experiment, day, _ in self.units:
            last[experiment] = max(day, last.get(experiment, day))
        return {experiment: day - MOST_DAYS + 1 for experiment, day in last.items()}

    def first_shown(self) -> exp.Expr:
        """The day under which a unit stands in the daily table: its own, or the first of those shown."""
        floor = exp.Case()
        floors = self.floors()
        for experiment, first in floors.items():
            mine = exp.EQ(this=exp.column("experiment"), expression=whole(experiment))
            floor = floor.when(mine, whole(first))
        return exp.Greatest(this=exp.column("day"), expressions=[floor]) if floors else exp.column("day")

    def copied(self, experiments: int) -> Arrivals:
        """The arrivals of the first experiment for all that share its units."""
        units = {(at, day, arm): n for at in range(experiments) for (_, day, arm), n in self.units.items()}
        return Arrivals(units, {at: found for at in range(experiments) for found in self.phases.values()})

    def rows(self, study: Study) -> Iterator[ArrivalRow]:
        """The table of arrivals."""
        keys = list(study.experiments)
        for (experiment, day, arm), units in sorted(self.units.items()):
            yield ArrivalRow(keys[experiment], date_of(day), arm, units)


def days_of(engine: Engine, zone: str, people: exp.Query, start: exp.Expr) -> exp.Expr:
    """The day of first exposure where the team is.

    Args:
        engine: where the tables lie.
        zone: the workspace's time zone.
        people: query of the units, with a column `start`.
        start: the instant, as the query around it names it.
    """
    ends = [exp.alias_(kind(this=exp.column("start")), name) for kind, name in ((exp.Min, "low"), (exp.Max, "high"))]
    row = engine.query(exp.select(*ends).from_(people.copy().subquery("p"))).to_pylist()[0]
    low = row["low"] or 0
    return day_of(start, zone, low, row["high"] or low)


def arrivals(engine: Engine, people: exp.Query) -> Arrivals:
    """Count units by day.

    Args:
        engine: where the tables lie.
        people: query of the units, with columns `experiment`, `arm` and `day`.
    """
    names = [exp.column(name) for name in ("experiment", "day", "arm")]
    query = exp.select(*names, exp.alias_(exp.Count(this=exp.Star()), "n")).from_(people.subquery("p"))
    known = exp.not_(exp.Is(this=exp.column("day"), expression=exp.null()))
    found = engine.query(query.where(known).group_by(*names)).to_pylist()
    units = {(int(row["experiment"]), int(row["day"]), str(row["arm"])): int(row["n"]) for row in found}
    return Arrivals.of(units)


def history(study: Study, arrived: Arrivals) -> Measured:
    """The table of arrivals, and how many units were exposed before the day on which their experiment began."""
    counts = []
    for at, (key, experiment) in enumerate(study.experiments.items()):
        mine = {(day, arm): units for (found, day, arm), units in arrived.units.items() if found == at}
        if experiment.start is not None:
            start = day_number(experiment.start)
            for arm in sorted({arm for _, arm in mine}):
                days = {day: units for (day, found), units in mine.items() if found == arm}
                early = sum(units for day, units in days.items() if day < start)
                counts.append(CountRow(key, "before_start", arm, early, sum(days.values())))
    return Measured(arrivals=tuple(arrived.rows(study)), counts=tuple(counts))


def phased(query: exp.Query, values: Sequence[Value], arrived: Arrivals, keys: tuple[str, ...]) -> Rows:
    """Values per unit by phase, where there are several.

    Args:
        query: columns `experiment`, `arm`, `pattern`, `v0` and so on, and `day` when arrivals are known.
        values: what each is.
        arrived: the phases.
        keys: columns that cells vary in.
    """
    more = ("phase",) if arrived.ramped else ()
    names = [exp.column(name) for name in (*ALWAYS, *(f"v{at}" for at in range(len(values))))]
    phase = [exp.alias_(arrived.phase(), name) for name in more]
    query = exp.select(*names, *phase).from_(query.subquery("w")) if more else query
    return rows_of(query, values, (*keys, *more))


def by_day(study: Study, query: exp.Query, values: Sequence[Value], arrived: Arrivals, keys: tuple[str, ...]) -> Rows:
    """Values per unit by day of first exposure, of the metrics whose course over the days is shown."""
    banded = study.banded()
    kept = [at for at, value in enumerate(values) if value.key in banded and value.is_summed]
    moved = [exp.alias_(exp.column(f"v{at}"), f"v{new}") for new, at in enumerate(kept)]
    cell = [exp.alias_(arrived.phase(), "phase"), exp.alias_(arrived.first_shown(), "day")]
    rows = exp.select("experiment", "arm", exp.alias_(whole(0), "pattern"), *cell, *moved).from_(query.subquery("w"))
    rows = rows.where(exp.not_(exp.Is(this=exp.column("day", "w"), expression=exp.null())))
    return replace(rows_of(rows, [values[at] for at in kept], (*keys, "phase", "day")), shape=False)


def rows_of(query: exp.Query, values: Sequence[Value], keys: tuple[str, ...]) -> Rows:
    """Values per unit as rows to sum."""
    caps = {at: value.percentile for at, value in enumerate(values) if value.percentile is not None}
    shares = frozenset(at for at, value in enumerate(values) if value.is_share)
    return Rows(query, tuple(value.name for value in values), caps, keys, shares)


def _phases(units: Mapping[tuple[int, int, str], int]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Stretches of days with the same split, for each experiment."""
    from vitalfew.stats.phases import phases

    by_day: dict[int, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for (experiment, day, arm), count in units.items():
        by_day[experiment][day][arm] = count
    found = {}
    for experiment, days in by_day.items():
        arms = sorted({arm for counts in days.values() for arm in counts})
        known = sorted(days)
        stretches = phases([[days[day].get(arm, 0) for arm in arms] for day in known])
        found[experiment] = tuple((known[first], known[last]) for first, last in stretches)
    return found
