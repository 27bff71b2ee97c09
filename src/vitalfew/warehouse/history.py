"""What data from before an experiment tell about it: how its metrics vary, and how many units come in a week.

A table of units is taken as it is. Of events, everybody seen in some weeks is followed from their first event in these
weeks on, as an experiment that began there would have followed them. Both are then measured like an experiment with one
arm, so that windows, caps, covariates and clusters mean the same as later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.errors import DataError, VitalfewError
from vitalfew.warehouse.compile import Scope, number, whole
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.event_values import DAY
from vitalfew.warehouse.measure import measure
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.study import Study
from vitalfew.workspace.definitions import EventSource, ExposureSource, UnitSource
from vitalfew.workspace.metric_kinds import follow_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, Experiment

HISTORY = "history"
"""Name of the only arm."""
FOLLOWED = 14.0
"""Days for which units are followed where a metric has no window."""
MOST_WEEKS = 12
_ENROLLED, _FEWEST_DAYS = 28.0, 3.0
_TABLE, _SOURCE = "vitalfew history", "vitalfew history"
_WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Traffic:
    """Units an experiment would meet: `weekly[i]` new ones in its week i + 1; later weeks bring what the last did.

    `weekly` is empty when no times are known; `units` are all units known. `weekday_swing`: standard deviation of the
    days of a week relative to the mean day; None when it cannot be told.
    """

    weekly: tuple[float, ...]
    units: int
    basis: str
    weekday_swing: float | None = None

    def within(self, weeks: float) -> float:
        """Units met within so many weeks."""
        whole, total = int(weeks), 0.0
        for week in range(min(whole, len(self.weekly))):
            total += self.weekly[week]
        last = self.weekly[-1] if self.weekly else 0.0
        total += max(0, whole - len(self.weekly)) * last
        return total + (weeks - whole) * (self.weekly[whole] if whole < len(self.weekly) else last)


@dataclass(slots=True)
class History:
    """Rows of an experiment with one arm, what each metric's are from, and why others have none, by metric.

    `independent`: the same without clusters, where the experiment has some. `traffic` by source.
    """

    measured: Measured = field(default_factory=Measured)
    independent: Measured = field(default_factory=Measured)
    basis: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)


def history(
    definitions: Definitions,
    experiment: str,
    metrics: Sequence[str],
    engine: Engine,
    as_of: date | None = None,
    segments: Sequence[str] = (),
) -> History:
    """Measure metrics as an experiment would have, in data from before it.

    Args:
        definitions: the workspace.
        experiment: key of the experiment that is planned; its clusters are kept.
        metrics: keys of the metrics.
        engine: where the tables lie.
        as_of: what comes after the end of this day is ignored.
        segments: measured besides all units.
    """
    found = History()
    by_source: dict[str, list[str]] = {}
    for key in metrics:
        by_source.setdefault(definitions.metrics[key].numerator.source, []).append(key)
    for source, keys in by_source.items():
        try:
            _of_source(found, _Past(definitions, experiment, source, tuple(keys), engine, as_of, tuple(segments)))
        except VitalfewError as error:
            found.reasons |= {key: str(error) for key in keys}
        finally:
            engine.drop(_TABLE)
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the pseudo experiment finds its units, and what that is in words."""

    key: str
    source: UnitSource | ExposureSource
    variant: str | None
    basis: str


@dataclass(frozen=True, slots=True)
class _Past:
    """Metrics of one source, to be measured before the experiment."""

    definitions: Definitions
    experiment: str
    source: str
    metrics: tuple[str, ...]
    engine: Engine
    as_of: date | None
    segments: tuple[str, ...] = ()

    def measured(self, place: _Place, cluster: str | None) -> Measured:
        """Measure the pseudo experiment."""
        planned = self.definitions.experiments[self.experiment]
        update = {
            "source": place.key, "variant": place.variant, "control": HISTORY, "id": None, "metrics": self.metrics,
            "segments": self.segments, "strata": (), "split": None, "dealing": None, "design": "units", "holds_out": (),
            "start": None, "end": None, "cluster": cluster, "plan": None, "crossed": "exclude",
        }  # fmt: skip
        experiment: Experiment = planned.model_copy(update=update)
        known = {**self.definitions.sources, place.key: place.source}
        pseudo = self.definitions.model_copy(update={"sources": known, "experiments": {self.experiment: experiment}})
        return measure(pseudo, place.key, self.engine, self.as_of)


def _of_source(found: History, past: _Past) -> None:
    source = past.definitions.sources[past.source]
    cluster = past.definitions.experiments[past.experiment].cluster
    if isinstance(source, UnitSource):
        place = _units(found, past, source)
    elif isinstance(source, EventSource):
        place = _events(found, past, source)
    else:
        raise DataError(
            f"'{past.source}' holds {source.shape}, which tells nothing of single units, and no experiment with a"
            " control arm has run on the metric",
        )
    known = cluster if cluster in past.engine.columns(_TABLE) else None
    measured = past.measured(place, known)
    found.measured += measured
    if known is not None:
        found.independent += past.measured(place, None)
    had = {name for row in measured.moments for name in row.names}
    had |= {row.metric for row in measured.quantiles} | {row.metric for row in measured.lifetimes}
    found.basis |= {metric: place.basis for metric in past.metrics if metric in had}
    reasons = {row.item.rpartition("/")[2]: row.reason for row in measured.failed if not row.remark}
    for metric in past.metrics:
        if metric not in had:
            found.reasons[metric] = reasons.get(metric) or reasons.get(past.experiment) or "nothing could be measured"


# Units -------------------------------------------------------------------------------------------------------------


def _units(found: History, past: _Past, source: UnitSource) -> _Place:
    scope = Scope.open(past.engine, source.table, "u")
    arm = exp.alias_(exp.Literal.string(HISTORY), HISTORY, quoted=True)
    past.engine.write(_TABLE, exp.select(exp.Star(), arm).from_(scope.source()))
    found.traffic[past.source] = _arrivals(past, source)
    title = f"all {found.traffic[past.source].units:,} units of '{past.source}'"
    return _Place(past.source, source.model_copy(update={"table": _TABLE}), HISTORY, title)


def _arrivals(past: _Past, source: UnitSource) -> Traffic:
    """Units of a table by the week they came in, whole weeks only, newest 12."""
    scope = Scope.open(past.engine, _TABLE, "u")
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(scope.source())
    units = int(past.engine.query(query).to_pylist()[0]["n"])
    if source.time is None:
        return Traffic((), units, f"'{past.source}' has no `time`, so nobody knows how many come in a week")
    at = scope.instant(source.time)
    day = exp.alias_(_floor(at, DAY), "day")
    some = exp.not_(at.copy().is_(exp.null()))
    daily = exp.select(day, exp.alias_(exp.Count(this=exp.Star()), "n")).from_(scope.source())
    daily = daily.where(some, _until(past, at)).group_by("1")
    counts = {int(row["day"]): int(row["n"]) for row in past.engine.query(daily).to_pylist()}
    if not counts:
        return Traffic((), units, f"no time in '{source.time}' of '{past.source}' can be read")
    days = cover(counts)
    weeks = min(MOST_WEEKS, (days.last - days.first + 1) // 7)
    if not weeks:
        return Traffic((), units, f"'{past.source}' covers less than a week")
    first = days.last + 1 - 7 * weeks
    mean = sum(counts.get(day, 0) for day in range(first, days.last + 1)) / weeks
    basis = f"new units of '{past.source}' in the {_weeks(weeks)} to {_day(days.last)}"
    return Traffic((mean,), units, basis, _swing([counts.get(day, 0) for day in range(first, days.last + 1)]))


# Events ------------------------------------------------------------------------------------------------------------


def _events(found: History, past: _Past, source: EventSource) -> _Place:
    scope = Scope.open(past.engine, source.table, "e")
    daily = _daily(past, scope, source)
    days = cover({day: events for day, (events, _) in daily.items()})
    span = days.last - days.first + 1
    followed = min(_follow_up(past), span / 2)
    enrolled = min(_ENROLLED, span - followed)
    if enrolled < _FEWEST_DAYS:
        raise DataError(
            f"'{past.source}' covers {span} days", expected="at least a week of events, to see how units vary"
        )
    end = days.last + 1
    first = round((end - followed - enrolled) * DAY)
    last = round((end - followed) * DAY)
    past.engine.write(_TABLE, _first_events(past, scope, source, first, last))
    found.traffic[past.source] = _returning(
        past, scope, source, days.first, end, [daily.get(day, (0, 0))[1] for day in range(days.first, end)]
    )
    table = ExposureSource(table=_TABLE, unit="unit", experiment="experiment", variant="variant", time="time")
    basis = (
        f"everybody seen in '{past.source}' from {_day(first // DAY)} to {_day(last // DAY - 1)}, each followed for "
        f"{followed:.0f} days or to the end of the data"
    )
    return _Place(_SOURCE, table, None, basis)


def _follow_up(past: _Past) -> float:
    days = (follow_up(past.definitions.metrics[key]) for key in past.metrics)
    return max((found for found in days if found is not None), default=FOLLOWED)


def _daily(past: _Past, scope: Scope, source: EventSource) -> dict[int, tuple[int, int]]:
    """Events and units by day since 1970."""
    at, unit = scope.instant(source.time), scope.column(source.unit)
    query = exp.select(
        exp.alias_(_floor(at, DAY), "day"),
        exp.alias_(exp.Count(this=exp.Star()), "events"),
        exp.alias_(exp.ApproxDistinct(this=unit), "units"),
    ).from_(scope.source())
    query = query.where(*(exp.not_(column.copy().is_(exp.null())) for column in (at, unit)), _until(past, at))
    found = {
        int(row["day"]): (int(row["events"]), int(row["units"]))
        for row in past.engine.query(query.group_by("1")).to_pylist()
    }
    if not found:
        raise DataError(f"no event of '{past.source}' has a unit and a readable time")
    return found


def _first_events(past: _Past, scope: Scope, source: EventSource, first: int, last: int) -> exp.Select:
    """Everybody's first event between two instants, as exposures to one arm."""
    at, unit = scope.instant(source.time), scope.column(source.unit)
    name, cluster = past.experiment, past.definitions.experiments[past.experiment].cluster
    query = exp.select(
        exp.alias_(unit, "unit"),
        exp.alias_(exp.Literal.string(name), "experiment"),
        exp.alias_(exp.Literal.string(HISTORY), "variant"),
        exp.alias_(exp.Min(this=at), "time"),
    ).from_(scope.source())
    if cluster is not None and cluster in scope.types:
        query = query.select(exp.alias_(exp.Max(this=scope.column(cluster)), cluster, quoted=True))
    return query.where(
        exp.not_(unit.copy().is_(exp.null())),
        exp.GTE(this=at.copy(), expression=whole(first)),
        exp.LT(this=at.copy(), expression=whole(last)),
    ).group_by(unit.copy())


def _returning(
    past: _Past, scope: Scope, source: EventSource, first_day: int, end: int, daily_units: Sequence[int]
) -> Traffic:
    """New units by week of an experiment that meets everybody at their next event: returning ones come but once."""
    weeks = min(MOST_WEEKS, (end - first_day) // 7)
    if not weeks:
        return Traffic((), 0, f"'{past.source}' covers less than a week")
    start = (end - 7 * weeks) * DAY
    at, unit = scope.instant(source.time), scope.column(source.unit)
    firsts = exp.select(exp.alias_(exp.Min(this=at), "first")).from_(scope.source())
    firsts = firsts.where(
        exp.not_(unit.copy().is_(exp.null())),
        exp.GTE(this=at.copy(), expression=whole(start)),
        exp.LT(this=at.copy(), expression=whole(end * DAY)),
    ).group_by(unit.copy())
    week = _floor(exp.Sub(this=exp.column("first"), expression=whole(start)), _WEEK)
    query = exp.select(exp.alias_(week, "week"), exp.alias_(exp.Count(this=exp.Star()), "n"))
    rows = past.engine.query(query.from_(firsts.subquery("f")).group_by("1")).to_pylist()
    counts = {int(row["week"]): int(row["n"]) for row in rows}
    weekly = tuple(float(counts.get(week, 0)) for week in range(weeks))
    basis = f"units by their first event in '{past.source}' in the {_weeks(weeks)} to {_day(end - 1)}"
    return Traffic(weekly, sum(counts.values()), basis, _swing(daily_units[-7 * weeks :]))


def _until(past: _Past, at: exp.Expr) -> exp.Expr:
    end = Study(past.definitions, past.source, {}).end(past.as_of)
    return exp.true() if end is None else exp.LT(this=at.copy(), expression=whole(end))


# Days --------------------------------------------------------------------------------------------------------------


def _swing(daily: Sequence[int]) -> float | None:
    """How much the days of a week differ, relative to the mean day."""
    whole_weeks = len(daily) // 7
    if whole_weeks < 2:  # noqa: PLR2004 - one week cannot tell a weekday from a day
        return None
    days = np.asarray(daily[-7 * whole_weeks :], dtype=np.float64).reshape(whole_weeks, 7).mean(axis=0)
    return float(days.std() / days.mean()) if days.mean() > 0 else None


def _floor(instant: exp.Expr, length: int) -> exp.Expr:
    share = exp.Div(this=exp.cast(exp.paren(instant.copy()), "DOUBLE"), expression=number(length))
    return exp.cast(exp.Floor(this=share), "INT")


def _day(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day))).date().isoformat()


def _weeks(count: int) -> str:
    return "week" if count == 1 else f"{count} weeks"
