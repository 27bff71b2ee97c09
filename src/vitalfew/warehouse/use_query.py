"""The queries behind feature use, as trees: one over names and days, one over units, features and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.cadence import WINDOWS
from vitalfew.warehouse.compile import count_where, number, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.warehouse.compile import Scope

YEAR = 365
DAY = 86_400_000_000
"""Microseconds: the unit in which the warehouse compares moments, from 1970 in UTC."""

# Parts of the query; a table of the workspace with the same name would be hidden by them.
_SEEN, _POPULATION = "vitalfew_seen", "vitalfew_population"


@dataclass(frozen=True, slots=True)
class Events:
    """A table of events as a query sees it, with the names of its columns."""

    scope: Scope
    unit: str
    time: str
    event: str

    def at(self) -> exp.Expr:
        """The moment of an event."""
        return self.scope.instant(self.time)


@dataclass(frozen=True, slots=True)
class Population:
    """A table of units: since when they exist, and a condition per segment (in the order of all segments) or None."""

    scope: Scope
    unit: str
    since: str | None
    members: tuple[exp.Expr | None, ...]


@dataclass(frozen=True, slots=True)
class UseQuestion:
    """All that is asked of one source of events.

    `names` are pairs of an event name and the number of the feature it belongs to; `end` is the last moment that
    counts; `populations` is empty when only the events themselves tell which units there are; `units_as_text`
    compares ids as text because the tables write them in different types.
    """

    events: Events
    names: tuple[tuple[str, int], ...]
    end: int
    populations: tuple[Population, ...]
    segments: int
    units_as_text: bool = False


def days_query(events: Events, names: Sequence[str], before: int | None) -> exp.Select:
    """Ask for events per name and day.

    The answer has `name` (position in `names`, NULL for others), `day` (since 1970), `events`, `latest` (moment) and
    `unknown` (events that name no unit).

    Args:
        events: the events.
        names: event names that features use, at least one.
        before: moments from here on are ignored.
    """
    at = events.at()
    day = exp.cast(exp.Floor(this=exp.Div(this=exp.cast(at, "DOUBLE"), expression=number(DAY))), "BIGINT")
    query = (
        exp.select(
            exp.alias_(exp.column("position", "n"), "name"),
            exp.alias_(day, "day"),
            exp.alias_(exp.Count(this=exp.Star()), "events"),
            exp.alias_(exp.Max(this=at.copy()), "latest"),
            exp.alias_(count_where(_missing(events.scope.column(events.unit))), "unknown"),
        )
        .from_(events.scope.source())
        .join(
            exp.values(list(zip(names, range(len(names)), strict=True)), alias="n", columns=("event", "position")),
            on=events.scope.text(events.event).eq(exp.column("event", "n")),
            join_type="left",
        )
        .where(exp.not_(_missing(at)))
        .group_by("1", "2")
    )
    return query if before is None else query.where(exp.LT(this=at.copy(), expression=whole(before)))


def names_query(events: Events, limit: int) -> exp.Select:
    """Ask for the most frequent event names, to find the nearest to one that does not occur."""
    return (
        exp.select(exp.alias_(events.scope.text(events.event), "name"))
        .from_(events.scope.source())
        .where(exp.not_(_missing(events.scope.column(events.event))))
        .group_by("1")
        .order_by(exp.Ordered(this=exp.Count(this=exp.Star()), desc=True), exp.column("name"))
        .limit(limit)
    )


def use_query(question: UseQuestion) -> exp.Query:
    """Ask for eligible units and use, per feature and pattern of segments, in one pass over the events.

    The answer has a row per pattern of segments with `feature` -1 (`now_W`, `before_W`: eligible units in the window
    and the window before) and a row per feature and pattern (`now_W`, `before_W`: users; `uses_W`). `known` is 0 for
    units that the population does not have.
    """
    by_events = not question.populations
    flags = [f"s{number}" for number in range(question.segments)]
    answer = exp.union(_eligible(flags), _used(flags), distinct=False)
    return answer.with_(_SEEN, as_=_seen(question, everyone=by_events)).with_(
        _POPULATION, as_=_active(question) if by_events else _units(question, flags)
    )


def _seen(question: UseQuestion, *, everyone: bool) -> exp.Select:
    """Uses per unit and feature; with `everyone`, also the units that used none, and when they were last seen."""
    events, end = question.events, question.end
    at = events.at()
    columns = [
        exp.alias_(_unit(events.scope, events.unit, question), "unit"),
        exp.alias_(exp.column("feature", "n"), "feature"),
    ]
    for window in WINDOWS:
        start, before = _back(end, window), _back(end, 2 * window)
        columns.append(exp.alias_(count_where(_after(at, start)), f"now_{window}"))
        columns.append(exp.alias_(count_where(exp.and_(_after(at, before), _until(at, start))), f"before_{window}"))
        if everyone:
            last = exp.Max(this=exp.case().when(_until(at, start), at.copy()))
            columns.append(exp.alias_(last, f"last_{window}"))
    if everyone:
        columns.append(exp.alias_(exp.Max(this=at.copy()), "last"))
    oldest = _back(end, 2 * max(WINDOWS) + (YEAR if everyone else 0))
    return (
        exp.select(*columns)
        .from_(events.scope.source())
        .join(
            exp.values(list(question.names), alias="n", columns=("event", "feature")),
            on=events.scope.text(events.event).eq(exp.column("event", "n")),
            join_type="left" if everyone else "inner",
        )
        .where(exp.not_(_missing(events.scope.column(events.unit))), _after(at, oldest), _until(at, end))
        .group_by("1", "2")
    )


def _active(question: UseQuestion) -> exp.Select:
    """Units by their events alone: eligible in a window when seen in it or in the year before it."""
    columns: list[exp.Expr] = [exp.column("unit")]
    for window in WINDOWS:
        start, before = _back(question.end, window), _back(question.end, 2 * window)
        last, last_before = exp.Max(this=exp.column("last")), exp.Max(this=exp.column(f"last_{window}"))
        columns.append(_flag(_after(last, _back(start, YEAR)), f"now_{window}"))
        columns.append(_flag(_after(last_before, _back(before, YEAR)), f"before_{window}"))
    return exp.select(*columns).from_(_SEEN).group_by("unit")


def _units(question: UseQuestion, flags: Sequence[str]) -> exp.Select:
    """Units by their sources: eligible in every window, and in the one before it when they existed by its end."""
    parts = [_part(population, flags, question) for population in question.populations]
    rows = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    since = exp.Min(this=exp.column("since"))
    columns: list[exp.Expr] = [exp.column("unit")]
    for window in WINDOWS:
        columns.append(exp.alias_(whole(1), f"now_{window}"))
        columns.append(_flag(_existed(since, _back(question.end, window)), f"before_{window}"))
    columns += [exp.alias_(exp.Max(this=exp.column(flag)), flag) for flag in flags]
    return exp.select(*columns).from_(rows.subquery("u")).group_by("unit").having(_existed(since, question.end))


def _part(population: Population, flags: Sequence[str], question: UseQuestion) -> exp.Select:
    scope = population.scope
    since = exp.cast(exp.null(), "BIGINT") if population.since is None else scope.instant(population.since)
    columns = [exp.alias_(_unit(scope, population.unit, question), "unit"), exp.alias_(since, "since")]
    for flag, member in zip(flags, population.members, strict=True):
        columns.append(exp.alias_(whole(0), flag) if member is None else _flag(member, flag))
    return exp.select(*columns).from_(scope.source()).where(exp.not_(_missing(scope.column(population.unit))))


def _eligible(flags: Sequence[str]) -> exp.Select:
    columns: list[exp.Expr] = [exp.alias_(whole(-1), "feature"), exp.alias_(whole(1), "known")]
    columns += [exp.column(flag, "p") for flag in flags]
    for window in WINDOWS:
        columns.append(exp.alias_(exp.Sum(this=exp.column(f"now_{window}", "p")), f"now_{window}"))
        columns.append(exp.alias_(exp.Sum(this=exp.column(f"before_{window}", "p")), f"before_{window}"))
        columns.append(exp.alias_(whole(0), f"uses_{window}"))
    query = exp.select(*columns).from_(exp.to_table(_POPULATION).as_("p"))
    return query.group_by(*(exp.column(flag, "p") for flag in flags)) if flags else query


def _used(flags: Sequence[str]) -> exp.Select:
    known = exp.case().when(_missing(exp.column("unit", "p")), whole(0)).else_(whole(1))
    columns = [exp.column("feature", "s"), exp.alias_(known, "known"), *(exp.column(flag, "p") for flag in flags)]
    for window in WINDOWS:
        now, before = exp.column(f"now_{window}", "s"), exp.column(f"before_{window}", "s")
        eligible, eligible_before = (_or_one(exp.column(f"{when}_{window}", "p")) for when in ("now", "before"))
        uses = exp.Sum(this=exp.Mul(this=now.copy(), expression=eligible.copy()))
        columns.append(exp.alias_(count_where(exp.and_(_positive(now), _positive(eligible))), f"now_{window}"))
        columns.append(
            exp.alias_(count_where(exp.and_(_positive(before), _positive(eligible_before))), f"before_{window}")
        )
        columns.append(exp.alias_(uses, f"uses_{window}"))
    return (
        exp.select(*columns)
        .from_(exp.to_table(_SEEN).as_("s"))
        .join(
            exp.to_table(_POPULATION).as_("p"),
            on=exp.column("unit", "s").eq(exp.column("unit", "p")),
            join_type="left",
        )
        .where(exp.not_(_missing(exp.column("feature", "s"))))
        .group_by("1", "2", *(exp.column(flag, "p") for flag in flags))
    )


# Small parts of a tree ---------------------------------------------------------------------------------------------


def _unit(scope: Scope, name: str, question: UseQuestion) -> exp.Expr:
    return scope.text(name) if question.units_as_text else scope.column(name)


def _back(moment: int, days: int) -> int:
    return moment - days * DAY


def _after(at: exp.Expr, moment: int) -> exp.Expr:
    return exp.GT(this=at.copy(), expression=whole(moment))


def _until(at: exp.Expr, moment: int) -> exp.Expr:
    return exp.LTE(this=at.copy(), expression=whole(moment))


def _existed(since: exp.Expr, moment: int) -> exp.Expr:
    return exp.or_(_missing(since), _until(since, moment))


def _missing(value: exp.Expr) -> exp.Expr:
    return value.copy().is_(exp.null())


def _positive(value: exp.Expr) -> exp.Expr:
    return exp.GT(this=value.copy(), expression=whole(0))


def _or_one(value: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=value, expressions=[whole(1)])


def _flag(condition: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(exp.case().when(condition, whole(1)).else_(whole(0)), name)
