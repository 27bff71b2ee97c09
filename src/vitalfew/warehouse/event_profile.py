"""A first look at events: how many users each has, how often they come back to it, which days are covered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import Scope, number, whole
from vitalfew.warehouse.use_query import DAY

if TYPE_CHECKING:
    from vitalfew.warehouse.engine import Engine

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class EventProfile:
    """One event name: users, events, users seen on two days or more, and the median of their mean gap in days."""

    name: str
    users: int
    events: int
    repeaters: int
    gap: float | None


@dataclass(frozen=True, slots=True)
class EventsProfile:
    """The most used events, how many names there are, and the days covered (99.9 % of the events lie within)."""

    events: tuple[EventProfile, ...]
    names: int
    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days covered."""
        return (self.last - self.first).days + 1


def profile_events(
    engine: Engine, table: str, unit: str, time: str, event: str, most: int = 400
) -> EventsProfile | None:
    """Profile the events of a table in one pass; None when no row names a unit, a time and an event.

    Args:
        engine: where the table lies.
        table: one row per event.
        unit: column with the user.
        time: column with the moment, as sources of events may have it.
        event: column with the name.
        most: at most so many names, those with most users first.
    """
    scope = Scope.open(engine, table, "e")
    query = _names(_pairs(_days(scope, unit, time, event)), most)
    rows = engine.query(query).to_pylist()
    if not rows:
        return None
    events = tuple(
        EventProfile(str(row["name"]), int(row["users"]), int(row["events"]), int(row["repeaters"]), row["gap"])
        for row in rows
    )
    return EventsProfile(events, int(rows[0]["names"]), _date(rows[0]["first"]), _date(rows[0]["last"]))


def _days(scope: Scope, unit: str, time: str, event: str) -> exp.Select:
    at = scope.instant(time)
    day = exp.cast(exp.Floor(this=exp.Div(this=exp.cast(at, "DOUBLE"), expression=number(DAY))), "INT")
    columns = (scope.text(event), scope.column(unit), at)
    return (
        exp.select(
            exp.alias_(scope.text(event), "name"),
            exp.alias_(scope.column(unit), "unit"),
            exp.alias_(day, "day"),
            exp.alias_(exp.Count(this=exp.Star()), "events"),
        )
        .from_(scope.source())
        .where(*(exp.not_(column.copy().is_(exp.null())) for column in columns))
        .group_by("1", "2", "3")
    )


def _pairs(days: exp.Select) -> exp.Select:
    """Per name and unit: events, days, and the mean gap between its days."""
    first, last = exp.Min(this=exp.column("day")), exp.Max(this=exp.column("day"))
    seen = exp.Count(this=exp.Star())
    span = exp.cast(exp.Sub(this=last, expression=first.copy()), "DOUBLE")
    between = exp.Nullif(this=exp.Sub(this=seen, expression=whole(1)), expression=whole(0))
    return (
        exp.select(
            exp.column("name"),
            exp.alias_(exp.Sum(this=exp.column("events")), "events"),
            exp.alias_(exp.Div(this=span, expression=exp.paren(between)), "gap"),
            exp.alias_(first.copy(), "first"),
            exp.alias_(last.copy(), "last"),
        )
        .from_(days.subquery("d"))
        .group_by("name", "unit")
    )


def _names(pairs: exp.Select, most: int) -> exp.Select:
    gap = exp.column("gap")
    per_name = (
        exp.select(
            exp.column("name"),
            exp.alias_(exp.Count(this=exp.Star()), "users"),
            exp.alias_(exp.Sum(this=exp.column("events")), "events"),
            exp.alias_(exp.Count(this=gap), "repeaters"),
            exp.alias_(exp.Anonymous(this="MEDIAN", expressions=[gap.copy()]), "gap"),
            exp.alias_(exp.Anonymous(this="QUANTILE_CONT", expressions=[exp.column("first"), number(0.001)]), "first"),
            exp.alias_(exp.Anonymous(this="QUANTILE_CONT", expressions=[exp.column("last"), number(0.999)]), "last"),
        )
        .from_(pairs.subquery("p"))
        .group_by("name")
    )
    everything = exp.Window(this=exp.Count(this=exp.Star()))
    return (
        exp.select(
            *(exp.column(name) for name in ("name", "users", "events", "repeaters", "gap")),
            exp.alias_(everything, "names"),
            exp.alias_(exp.Window(this=exp.Min(this=exp.column("first"))), "first"),
            exp.alias_(exp.Window(this=exp.Max(this=exp.column("last"))), "last"),
        )
        .from_(per_name.subquery("n"))
        .order_by(exp.Ordered(this=exp.column("users"), desc=True), exp.column("name"))
        .limit(most)
    )


def _date(day: float) -> date:
    return date.fromordinal(min(max(int(day) + _EPOCH, 1), date.max.toordinal()))
