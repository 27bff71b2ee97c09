"""What trust depends on, counted per arm: bots, events that came again or late, merged ids, dealing, holdouts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from vitalfew.errors import VitalfewError
from vitalfew.results.rows import CountRow, FailedRow
from vitalfew.warehouse.calendar_days import day_of
from vitalfew.warehouse.compile import Scope, as_text, number, table_named, whole
from vitalfew.warehouse.dealing import dealt_arm
from vitalfew.warehouse.prepared import ALIAS, opened
from vitalfew.workspace.definitions import EventSource, ExposureSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vitalfew.results.rows import CountedFact
    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import Experiment

_BOTS = "vitalfew bots"
_ON_TIME = 48 * 3_600_000_000
"""Microseconds within which events come; a day is complete when so much time has passed since its end."""


@dataclass(slots=True)
class Facts:
    """Counts about the units of a study, which lie in a table that was kept.

    Attributes:
        study: the experiments.
        engine: where the tables lie.
        people: the table: `id` from 0 without gaps, `experiment`, `arm`, `unit` and others.
        unit_type: type of its column `unit`.
        end: events from this instant on are ignored.
        known: the newest event that is known, and the files that it was found in.
        newest: the newest event of the source looked at last, whatever the day asked for.
        rows: what was counted.
        notes: what could not be.
        has_bots: whether units were taken out of the table of people, and the others numbered anew.
    """

    study: Study
    engine: Engine
    people: str
    unit_type: ColumnType
    end: int | None = None
    known: tuple[int, Mapping[str, str]] | None = None
    newest: int | None = None
    rows: list[CountRow] = field(default_factory=list)
    notes: list[FailedRow] = field(default_factory=list)
    has_bots: bool = False

    def count(self) -> None:
        """Count everything that the workspace says enough for; bots leave the table of people."""
        sources = dict.fromkeys(value.measure.source for value in self.study.values())
        for key in sources:
            source = self.study.definitions.sources[key]
            if isinstance(source, EventSource):
                self._try(key, partial(self._duplicates, source))
                self._try(key, partial(self._bots, source))
                self._try(key, partial(self._late, source))
        if self.study.definitions.data.identities is not None:
            self._try(self.study.source, self._merged)
        for at, (key, experiment) in enumerate(self.study.experiments.items()):
            if experiment.dealing is not None:
                self._try(key, partial(self._mismatched, at, key, experiment))
            if experiment.design == "holdout" and experiment.holds_out:
                self._try(key, partial(self._held_out, at, key, experiment))

    def _try(self, item: str, step: Callable[[], None]) -> None:
        try:
            step()
        except VitalfewError as error:
            self.notes.append(FailedRow("measure", item, str(error), remark=True))

    def _bots(self, source: EventSource) -> None:
        """A unit with more events than this on any day is left out of every arm."""
        if source.bots_above is None:
            return
        scope = opened(self.engine, self.study.definitions.data, source, "e")
        moment = scope.instant(source.time)
        ends = [exp.alias_(kind(this=moment.copy()), name) for kind, name in ((exp.Min, "low"), (exp.Max, "high"))]
        found = self.engine.query(exp.select(*ends).from_(scope.source())).to_pylist()[0]
        day = day_of(moment, self.study.zone, found["low"] or 0, found["high"] or 0)
        rows = exp.select(exp.column("id", "p"), exp.alias_(day, "day"), exp.alias_(moment.copy(), "at"))
        rows = rows.from_(scope.source()).join(self._table("p"), on=self._same(scope, source.unit))
        if self.end is not None:
            rows = rows.where(exp.LT(this=moment.copy(), expression=whole(self.end)))
        many = exp.GT(this=exp.Count(this=exp.Star()), expression=number(source.bots_above))
        days = exp.select("id").from_(rows.subquery("r")).group_by("id", "day").having(many)
        self.engine.write(_BOTS, exp.select("id").distinct().from_(days.subquery("d")))
        bots = exp.select("id").from_(table_named(_BOTS)).subquery()
        mine = exp.In(this=exp.column("id", "p"), query=bots)
        self._counted("bots", mine)
        number_anew = exp.Sub(this=exp.Window(this=exp.RowNumber()), expression=whole(1))
        star = exp.Column(this=exp.Star(replace=[exp.alias_(number_anew, "id")]), table=exp.to_identifier("p"))
        self.engine.write(self.people, exp.select(star).from_(self._table("p")).where(exp.not_(mine.copy())))
        self.has_bots = True
        self.engine.drop(_BOTS)

    def _duplicates(self, source: EventSource) -> None:
        """Events that came again, of all events of the units that take part."""
        if source.id is None:
            return
        every = opened(self.engine, self.study.definitions.data, source.model_copy(update={"id": None}), "e")
        once = opened(self.engine, self.study.definitions.data, source, "e")
        found: dict[tuple[int, str], list[int]] = {}
        for scope in (every, once):
            query = exp.select("p.experiment", "p.arm", exp.alias_(exp.Count(this=exp.Star()), "n"))
            query = query.from_(scope.source()).join(self._table("p"), on=self._same(scope, source.unit))
            if self.end is not None:
                query = query.where(exp.LT(this=scope.instant(source.time), expression=whole(self.end)))
            for row in self.engine.query(query.group_by("p.experiment", "p.arm")).to_pylist():
                found.setdefault((row["experiment"], row["arm"]), []).append(row["n"])
        keys = list(self.study.experiments)
        for (at, arm), (total, different) in sorted(found.items()):
            self.rows.append(CountRow(keys[at], "duplicates", arm, total - different, total))

    def _late(self, source: EventSource) -> None:
        """Events that came long after they happened, and the day up to which hardly any is still to come."""
        scope = opened(self.engine, self.study.definitions.data, source.model_copy(update={"id": None}), "e")
        happened = scope.instant(source.time)
        came = happened if source.arrived is None else scope.instant(source.arrived)
        rows = exp.select().from_(scope.source())
        if self.end is not None:
            rows = rows.where(exp.LT(this=happened.copy(), expression=whole(self.end)))
        newest = self._newest(source, scope, rows)
        if newest is None:
            return
        until = self._complete(newest if self.end is None else min(newest, self.end))
        delay = exp.paren(exp.Sub(this=came.copy(), expression=happened.copy()))
        late = exp.Filter(
            this=exp.Count(this=exp.Star()), expression=exp.Where(this=exp.GT(this=delay, expression=whole(_ON_TIME)))
        )
        rows = rows.join(self._table("p"), on=self._same(scope, source.unit)).select("p.experiment", "p.arm")
        rows = rows.select(exp.alias_(late, "late"), exp.alias_(exp.Count(this=delay.copy()), "every"))
        found = self.engine.query(rows.group_by("p.experiment", "p.arm").order_by("1", "2")) if source.arrived else None
        for row in found.to_pylist() if found is not None else ():
            key = list(self.study.experiments)[row["experiment"]]
            self.rows.append(CountRow(key, "late", row["arm"], row["late"], row["every"], until))
        for key, one in self.study.experiments.items() if found is None else ():
            if one.end is None or until < one.end.isoformat():
                self.rows.append(CountRow(key, "late", one.control, 0, 0, until))

    def _newest(self, source: EventSource, scope: Scope, rows: exp.Select) -> int | None:
        """When the last event came, from the files that were added since that is known."""
        column = source.arrived or source.time
        if self.end is not None:
            latest = rows.copy().select(exp.alias_(exp.Max(this=scope.instant(column)), "at"))
            found: int | None = self.engine.query(latest).to_pylist()[0]["at"]
            return found
        at, files = self.known or (None, {})
        came = [path for path in self.engine.files(source.table) if str(path) not in files]
        if at is None or came:
            part = scope if at is None else replace(scope, table=self.engine.part(source.table, came))
            # The largest time of a Parquet file stands in its footer; of a whole glob, engines read it from the rows.
            most = exp.select(exp.alias_(exp.Max(this=part.column(column)), column, quoted=True)).from_(part.source())
            timed = scope.type_of(column) in ("date", "time")
            only = replace(scope, rows=most) if timed else part
            moment = only.instant(column)
            latest = exp.select(exp.alias_(moment if timed else exp.Max(this=moment), "at")).from_(only.source())
            found = self.engine.query(latest).to_pylist()[0]["at"]
            at = max((one for one in (at, found) if one is not None), default=None)
        self.newest = at
        return at

    def _complete(self, newest: int) -> str:
        """The last day that ended two days before the newest event."""
        seen = datetime.fromtimestamp((newest - _ON_TIME) / 1e6, ZoneInfo(self.study.zone))
        return str(seen.date() - timedelta(days=1))

    def _merged(self) -> None:
        """Units that the table of assignments knows by several ids."""
        source = self.study.definitions.sources[self.study.source]
        if not isinstance(source, UnitSource | ExposureSource) or source.unit is None:
            return
        scope = opened(self.engine, self.study.definitions.data, source, "m", apart=ALIAS)
        column, alias = scope.column(source.unit), scope.column(ALIAS)
        several = exp.NEQ(this=exp.Min(this=alias), expression=exp.Max(this=alias.copy()))
        units = exp.select(column).from_(scope.source()).group_by(column.copy()).having(several)
        self._counted("merged", exp.In(this=exp.column("unit", "p"), query=units.subquery()))

    def _mismatched(self, at: int, key: str, experiment: Experiment) -> None:
        """Units whose arm is not the one that is drawn again."""
        if experiment.dealing is None or experiment.split is None:
            reason = "how it was dealt cannot be checked without the share of each arm; add `split:`"
            self.notes.append(FailedRow("measure", key, reason, remark=True))
            return
        unit = as_text(exp.column("unit", "p"), self.unit_type)
        drawn = dealt_arm(experiment.dealing, experiment.split, unit)
        self._counted("mismatched", exp.NEQ(this=exp.column("arm", "p"), expression=drawn), at)

    def _held_out(self, at: int, key: str, experiment: Experiment) -> None:
        """Units of a holdout's control that an experiment it is kept out of has, too."""
        found = [query for other in experiment.holds_out for query in self._units_of(other)]
        if not found:
            self.notes.append(FailedRow("measure", key, "no table tells whom its experiments reach", remark=True))
            return
        unit = as_text(exp.column("unit", "p"), self.unit_type)
        reached = exp.or_(*(exp.In(this=unit.copy(), query=query.subquery()) for query in found))
        control = exp.EQ(this=exp.column("arm", "p"), expression=exp.Literal.string(experiment.control))
        self._counted("held_out", reached, at, control)

    def _units_of(self, key: str) -> Iterator[exp.Select]:
        """The units of an experiment as texts, in whatever arm."""
        experiment = self.study.definitions.experiments[key]
        source = self.study.definitions.sources[experiment.source]
        if isinstance(source, ExposureSource):
            scope = opened(self.engine, self.study.definitions.data, source, "h")
            mine = exp.EQ(this=scope.text(source.experiment), expression=exp.Literal.string(experiment.id or key))
            yield exp.select(scope.text(source.unit)).from_(scope.source()).where(mine)
        elif isinstance(source, UnitSource) and source.unit is not None and experiment.variant is not None:
            scope = opened(self.engine, self.study.definitions.data, source, "h", apart=experiment.variant)
            known = exp.not_(exp.Is(this=scope.column(experiment.variant), expression=exp.null()))
            yield exp.select(scope.text(source.unit)).from_(scope.source()).where(known)

    def _counted(self, what: CountedFact, which: exp.Expr, at: int | None = None, of: exp.Expr | None = None) -> None:
        """Count the units of which something holds, by arm."""
        some = exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=which.copy()))
        every = exp.alias_(exp.Count(this=exp.Star()), "every")
        query = exp.select("p.experiment", "p.arm", exp.alias_(some, "some"), every).from_(self._table("p"))
        if at is not None:
            query = query.where(exp.EQ(this=exp.column("experiment", "p"), expression=whole(at)))
        query = query.where(of) if of is not None else query
        keys = list(self.study.experiments)
        for row in self.engine.query(query.group_by("p.experiment", "p.arm").order_by("1", "2")).to_pylist():
            self.rows.append(CountRow(keys[row["experiment"]], what, row["arm"], row["some"], row["every"]))

    def _same(self, scope: Scope, unit: str) -> exp.Expr:
        mine: exp.Expr = exp.column("unit", "p")
        theirs: exp.Expr = scope.column(unit)
        if scope.type_of(unit) != self.unit_type:
            mine, theirs = as_text(mine, self.unit_type), scope.text(unit)
        return exp.EQ(this=theirs, expression=mine)

    def _table(self, alias: str) -> exp.Expr:
        return exp.alias_(table_named(self.people), alias, table=True)
