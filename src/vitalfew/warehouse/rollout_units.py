"""Who got a release when, and who did not: the units of a rollout with the period of their wave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.errors import DataError, NotEnoughData, suggest
from vitalfew.warehouse.calendar_days import date_of, day_number, day_of
from vitalfew.warehouse.compile import as_text, count_where, number, present, table_named, whole
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.prepared import opened
from vitalfew.workspace.definitions import EventSource, ExposureSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.workspace.definitions import Definitions, Release, Rollout

TOLD, PEOPLE = "vitalfew rollout told", "vitalfew rollout people"
MOST_BEFORE = 8
"""Periods before the first wave that are looked at."""
MOST_PERIODS = 60
_NOON = 12 * 3_600_000_000
NEVER = -1
"""Stands for the wave of units that did not get the release."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of a rollout: `count` of them, `days` long each, from the day `first` (days since 1970) on.

    `before` of them lie before the first wave.
    """

    first: int
    days: int
    count: int
    before: int
    zone: str

    def begin(self, period: int) -> int:
        """The instant at which a period begins, in microseconds since 1970."""
        return midnight(date.fromisoformat(date_of(self.first + period * self.days)), self.zone)

    def period(self, instant: exp.Expr) -> exp.Expr:
        """The period of an instant; those before the first are negative or 0."""
        # The zone's offsets are looked up for the days around the calendar only, so what lies beyond is cut there.
        low, high = self.begin(-self.days), self.begin(self.count + 1)
        within = exp.Least(this=exp.Greatest(this=instant, expressions=[whole(low)]), expressions=[whole(high)])
        since = exp.Sub(this=day_of(within, self.zone, low, high), expression=whole(self.first))
        lifted = exp.Add(this=exp.paren(since), expression=whole(self.days * (self.days + 1)))
        return exp.Sub(
            this=exp.IntDiv(this=exp.paren(lifted), expression=whole(self.days)), expression=whole(self.days + 1)
        )


@dataclass(frozen=True, slots=True)
class People:
    """The units of a rollout, kept under `PEOPLE`: `id` from 0, `unit` (text), `arm` (wave or `NEVER`), `cluster`.

    `count` of them; `late` came after the first wave, so nothing is known of them before; `bots` were left out.
    """

    calendar: Calendar
    count: int
    late: int
    bots: int


def midnight(day: date, zone: str) -> int:
    """The instant at which a day begins where the team is, in microseconds since 1970."""
    begin = datetime.combine(day, time(), ZoneInfo(zone))
    return round((begin - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def people(
    definitions: Definitions, key: str, sources: Mapping[str, EventSource], engine: Engine, as_of: date | None
) -> People:
    """Keep the units of a release with their waves.

    From a table of units: all of them, but those that came (`time:`) after the first wave. From exposures: those with
    an event before the first wave, exposed or not.

    Args:
        definitions: the workspace.
        key: the release; its rollout names a source.
        sources: the sources of events that its metrics count.
        engine: where the tables lie.
        as_of: what happened after this day is ignored.

    Raises:
        DataError: a table or column is missing, or nobody got it.
        NotEnoughData: too little is known before or after.
    """
    release = definitions.releases[key]
    zone, rollout = definitions.workspace.time_zone, release.rollout
    if rollout is None:
        raise DataError(f"the release '{key}' has no rollout", expected="`rollout: {source: …}`")
    end = None if as_of is None else midnight(as_of + timedelta(days=1), zone)
    _told(definitions, key, rollout, engine, end)
    scopes = [(source, opened(engine, definitions.data, source, "e")) for source in sources.values()]
    calendar = _calendar(release, rollout, engine, scopes, zone, end)
    late = _kept(engine, scopes, calendar, from_events=isinstance(_source(definitions, rollout), ExposureSource))
    bots = sum(_without_bots(engine, source, scope, calendar) for source, scope in scopes)
    count = _count(engine, exp.select("*").from_(table_named(PEOPLE)))
    if not count:
        raise DataError(
            f"no unit of '{key}' had an event before the first wave", expected="units that were there before"
        )
    return People(calendar, count, late, bots)


def text_of(scope: Scope, unit: str) -> exp.Expr:
    """The unit of a row as text, so that tables with different types of ids meet."""
    kind: ColumnType = scope.type_of(unit)
    return as_text(scope.column(unit), kind)


def _source(definitions: Definitions, rollout: Rollout) -> UnitSource | ExposureSource:
    source = definitions.sources.get(rollout.source or "")
    if isinstance(source, ExposureSource) or (isinstance(source, UnitSource) and source.unit is not None):
        return source
    raise DataError(
        f"'{rollout.source}' does not tell who got the release",
        expected="exposures, or units with their ids in `unit:` and the day in the rollout's `wave:`",
    )


def _told(definitions: Definitions, key: str, rollout: Rollout, engine: Engine, end: int | None) -> None:
    """Keep what the source says: `unit`, `cluster`, when it `came`, and the instant `at` it got the release."""
    source = _source(definitions, rollout)
    scope = opened(engine, definitions.data, source, "x")
    if isinstance(source, ExposureSource):
        if source.time is None:
            raise DataError(f"'{rollout.source}' does not tell when units got the release", expected="`time: COLUMN`")
        moment = _moment(scope, source.time)
        name = rollout.id or key
        mine = exp.EQ(this=scope.text(source.experiment), expression=exp.Literal.string(name))
        rows = exp.select(exp.alias_(moment, "at")).from_(scope.source()).where(mine, present(moment))
    else:
        if rollout.wave is None:
            raise DataError(f"the rollout of '{key}' does not tell when units got it", expected="`wave: COLUMN`")
        rows = exp.select(exp.alias_(_moment(scope, rollout.wave), "at")).from_(scope.source())
    _readable(scope, rollout.wave if isinstance(source, UnitSource) else source.time, source.table, engine)
    unit = source.unit or ""
    cluster: exp.Expr = exp.cast(exp.null(), "VARCHAR") if rollout.cluster is None else scope.text(rollout.cluster)
    came: exp.Expr = exp.cast(exp.null(), "BIGINT")
    if isinstance(source, UnitSource) and source.time is not None:
        came = scope.instant(source.time)
    rows = rows.select(exp.alias_(text_of(scope, unit), "unit"), exp.alias_(cluster, "cluster"))
    rows = rows.select(exp.alias_(came, "came")).where(present(scope.column(unit)))
    at: exp.Expr = exp.Min(this=exp.column("at"))
    if end is not None:
        known = exp.Where(this=exp.LT(this=exp.column("at"), expression=whole(end)))
        at = exp.Filter(this=at, expression=known)
    one = [exp.alias_(exp.Min(this=exp.column(name)), name) for name in ("cluster", "came")]
    first = exp.select("unit", *one, exp.alias_(at, "at"))
    engine.write(TOLD, first.from_(rows.subquery("r")).group_by("unit"))
    if rollout.cluster is not None:
        _of_clusters(engine)
    some = exp.select("unit").from_(table_named(TOLD)).where(present(exp.column("at"))).limit(1)
    if not engine.query(some).num_rows:
        raise _nobody(scope, source, rollout, key, engine)


def _moment(scope: Scope, column: str) -> exp.Expr:
    """When a unit got it; of a mere date noon, which is the same day where the team is."""
    found = scope.instant(column)
    return exp.Add(this=found, expression=whole(_NOON)) if scope.type_of(column) == "date" else found


def _readable(scope: Scope, column: str | None, table: str, engine: Engine) -> None:
    """Refuse what is written but no day: such units would pass for those that never got it.

    Raises:
        DataError: how many there are.
    """
    if column is None:
        return
    written, read = exp.func("TRIM", scope.text(column)), scope.instant(column)
    strange = exp.and_(
        exp.NEQ(this=written, expression=exp.Literal.string("")), exp.Is(this=read, expression=exp.null())
    )
    (found,) = engine.query(exp.select(exp.alias_(count_where(strange), "n")).from_(scope.source())).to_pylist()
    if found["n"]:
        cells = "1 cell holds" if found["n"] == 1 else f"{found['n']:,} cells hold"
        raise DataError(f"{cells} no day in column '{column}' of '{table}'", expected="dates, or nothing")


def _nobody(scope: Scope, source: UnitSource | ExposureSource, rollout: Rollout, key: str, engine: Engine) -> DataError:
    if not isinstance(source, ExposureSource):
        return DataError(f"no unit has a day in column '{rollout.wave}' of '{source.table}'", expected="dates")
    names = exp.select(exp.alias_(scope.text(source.experiment), "id")).distinct().from_(scope.source()).limit(1000)
    known = sorted(row["id"] for row in engine.query(names).to_pylist() if row["id"] is not None)
    wanted = rollout.id or key
    return DataError(
        f"no row of '{source.table}' has '{wanted}' in column '{source.experiment}'",
        hint=suggest(wanted, known) + "; name it with `id:`",
    )


def _of_clusters(engine: Engine) -> None:
    """All units of a cluster got the release when its first one did; units of no cluster are left out."""
    first = exp.select("cluster", exp.alias_(exp.Min(this=exp.column("at")), "at")).from_(table_named(TOLD))
    first = first.where(present(exp.column("cluster"))).group_by("cluster")
    rows = exp.select("t.unit", "t.cluster", "t.came", "c.at").from_(exp.alias_(table_named(TOLD), "t", table=True))
    engine.write(TOLD, rows.join(first.subquery("c"), on="t.cluster = c.cluster"))


def _calendar(
    release: Release,
    rollout: Rollout,
    engine: Engine,
    scopes: Sequence[tuple[EventSource, Scope]],
    zone: str,
    end: int | None,
) -> Calendar:
    """The periods around the waves for which every source has events; the first wave begins a period."""
    days = rollout.period_days
    low, high = _covered(engine, scopes, zone, end)
    at = exp.column("at")
    ends = exp.select(exp.alias_(exp.Min(this=at), "low"), exp.alias_(exp.Max(this=at.copy()), "high"))
    told = engine.query(ends.from_(table_named(TOLD))).to_pylist()[0]
    first, last = (day_number(datetime.fromtimestamp(told[name] / 1e6, ZoneInfo(zone)).date()) for name in told)
    before = min((first - low) // days, MOST_BEFORE)
    if before < 1:
        raise NotEnoughData(
            f"the first wave was on {date_of(first)} and events are known from {date_of(low)} on",
            expected=f"at least one period of {days} days before the first wave",
        )
    since = first - before * days
    known = (high + 1 - since) // days
    wanted = (last - since) // days + 1 + -(-int(release.after_days) // days)
    count = min(known, wanted)
    if count <= before:
        raise NotEnoughData(f"no period of {days} days has passed since the first wave on {date_of(first)}")
    if count > MOST_PERIODS:
        raise DataError(
            f"{count} periods of {days} days are too many to compare", expected=f"at most {MOST_PERIODS}",
            hint="give the rollout longer periods (`period_days:`)",
        )  # fmt: skip
    return Calendar(since, days, count, before, zone)


def _covered(
    engine: Engine, scopes: Sequence[tuple[EventSource, Scope]], zone: str, end: int | None
) -> tuple[int, int]:
    """First and last day that all sources have events of, without stray dates."""
    lows, highs = [], []
    for source, scope in scopes:
        moment = scope.instant(source.time)
        ends = exp.select(exp.alias_(exp.Min(this=moment), "low"), exp.alias_(exp.Max(this=moment.copy()), "high"))
        extent = engine.query(ends.from_(scope.source())).to_pylist()[0]
        if extent["low"] is None:
            raise DataError(f"'{source.table}' has no events")
        day = exp.alias_(day_of(moment.copy(), zone, extent["low"], extent["high"]), "day")
        rows = exp.select(day).from_(scope.source()).where(present(moment))
        if end is not None:
            rows = rows.where(exp.LT(this=moment.copy(), expression=whole(end)))
        counts = exp.select("day", exp.alias_(exp.Count(this=exp.Star()), "n")).from_(rows.subquery("r"))
        found = {row["day"]: row["n"] for row in engine.query(counts.group_by("day")).to_pylist()}
        if not found:
            raise DataError(f"'{source.table}' has no events by the day asked for")
        covered = cover(found)
        lows.append(covered.first)
        highs.append(covered.last)
    return max(lows), min(highs)


def _kept(engine: Engine, scopes: Sequence[tuple[EventSource, Scope]], calendar: Calendar, *, from_events: bool) -> int:
    """Number the units and keep them; returns how many got the release but were not there before its first wave."""
    told = exp.alias_(table_named(TOLD), "t", table=True)
    wave = exp.Case().when(
        exp.and_(
            present(exp.column("at", "t")),
            exp.LT(this=exp.column("at", "t"), expression=whole(calendar.begin(calendar.count))),
        ),
        calendar.period(exp.column("at", "t")),
    )
    arm = exp.cast(wave.else_(whole(NEVER)), "INT")
    if from_events:
        there = _there_before(scopes, calendar).subquery("b")
        rows = exp.select("b.unit", "t.cluster", exp.alias_(arm, "arm")).from_(there)
        rows = rows.join(told, on="b.unit = t.unit", join_type="left")
        known = exp.select("b.unit").from_(_there_before(scopes, calendar).subquery("b"))
        absent: exp.Expr = exp.not_(exp.In(this=exp.column("unit", "t"), query=known.subquery()))
    else:
        came = exp.column("came", "t")
        later = exp.GTE(this=came, expression=whole(calendar.begin(calendar.before)))
        absent = exp.and_(present(came), later)
        rows = exp.select("t.unit", "t.cluster", exp.alias_(arm, "arm")).from_(told).where(exp.not_(absent.copy()))
    got = exp.select("t.unit").from_(told.copy()).where(absent, present(exp.column("at", "t")))
    late = _count(engine, got)
    id_of = exp.Sub(this=exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[exp.column("unit")])),
                    expression=whole(1))  # fmt: skip
    engine.write(PEOPLE, exp.select(exp.alias_(id_of, "id"), "*").from_(rows.subquery("r")))
    return late


def _there_before(scopes: Sequence[tuple[EventSource, Scope]], calendar: Calendar) -> exp.Select:
    """Units with an event in the periods before the first wave."""
    parts = []
    for source, scope in scopes:
        moment = scope.instant(source.time)
        rows = exp.select(exp.alias_(text_of(scope, source.unit), "unit")).from_(scope.source())
        rows = rows.where(present(scope.column(source.unit)))
        rows = rows.where(exp.GTE(this=moment, expression=whole(calendar.begin(0))))
        parts.append(rows.where(exp.LT(this=moment.copy(), expression=whole(calendar.begin(calendar.before)))))
    every: exp.Query = parts[0]
    for part in parts[1:]:
        every = exp.union(every, part, distinct=False)
    return exp.select("unit").distinct().from_(every.subquery("u"))


def _without_bots(engine: Engine, source: EventSource, scope: Scope, calendar: Calendar) -> int:
    """Leave out units with more events on any day than a person has; returns how many."""
    if source.bots_above is None:
        return 0
    moment = scope.instant(source.time)
    low, high = calendar.begin(0), calendar.begin(calendar.count)
    day = exp.alias_(day_of(moment, calendar.zone, low, high), "day")
    rows = exp.select(exp.alias_(text_of(scope, source.unit), "unit"), day).from_(scope.source())
    rows = rows.where(exp.GTE(this=moment.copy(), expression=whole(low)))
    rows = rows.where(exp.LT(this=moment.copy(), expression=whole(high)))
    many = exp.GT(this=exp.Count(this=exp.Star()), expression=number(source.bots_above))
    days = exp.select("unit").from_(rows.subquery("r")).group_by("unit", "day").having(many)
    bots = exp.select("unit").distinct().from_(days.subquery("d"))
    mine = exp.In(this=exp.column("unit", "p"), query=bots.subquery())
    every = exp.select("*").from_(exp.alias_(table_named(PEOPLE), "p", table=True))
    found = _count(engine, every.where(mine))
    if found:
        number_anew = exp.Sub(this=exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[exp.column("unit")])),
                              expression=whole(1))  # fmt: skip
        star = exp.Column(this=exp.Star(replace=[exp.alias_(number_anew, "id")]), table=exp.to_identifier("p"))
        kept = exp.select(star).from_(exp.alias_(table_named(PEOPLE), "p", table=True)).where(exp.not_(mine.copy()))
        engine.write(PEOPLE, kept)
    return found


def _count(engine: Engine, rows: exp.Select) -> int:
    counted = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(rows.subquery("c"))
    return int(engine.query(counted).to_pylist()[0]["n"])
