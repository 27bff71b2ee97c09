"""Experiments measured from several tables: assignment in one, events and attributes in others.

The population is numbered and kept; each event source is grouped by that number in one scan; the result, one row per
unit with all metrics side by side, is kept and summed. All experiments of the source go through together.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, VitalfewError
from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.arrivals import Arrivals, arrivals, days_of, history
from vitalfew.warehouse.clusters import first_days
from vitalfew.warehouse.compile import as_text, table_named, whole
from vitalfew.warehouse.distributions import Units, distributions, read_by
from vitalfew.warehouse.event_values import EventPlan
from vitalfew.warehouse.facts import Facts
from vitalfew.warehouse.grouped import NUMBERS, Events, Setting, group
from vitalfew.warehouse.overlaps import overlaps
from vitalfew.warehouse.passes import in_one_pass, sums_of
from vitalfew.warehouse.places import PLACE, numbered
from vitalfew.warehouse.population import FIRST_EXPOSURES
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.silence import Place, explain_silence, sent_again, unreadable_times
from vitalfew.warehouse.sums import cells
from vitalfew.warehouse.unique import repeats
from vitalfew.warehouse.units import SEGMENTS_A_PASS, pattern, segment_flags, several_rows, usable_values
from vitalfew.warehouse.values import contradictions
from vitalfew.workspace.definitions import EventSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.continued import Continued
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.grouped import Grouped
    from vitalfew.warehouse.measured import Measured
    from vitalfew.warehouse.population import Population
    from vitalfew.warehouse.state import State
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Segment

_POPULATION, _PER_UNIT = "vitalfew population", "vitalfew per unit"


def measure_joined(
    study: Study,
    population: Population,
    engine: Engine,
    end: int | None,
    state: State | None = None,
    continued: Continued | None = None,
) -> Measured:
    """Measure all experiments of a study in one scan per event source.

    Args:
        study: the experiments.
        population: who takes part.
        engine: where the tables lie.
        end: events from this instant on (microseconds since 1970) are ignored.
        state: numbers remembered from earlier runs.
        continued: the last run, where this one may go on from it.
    """
    folder = tempfile.TemporaryDirectory(prefix="vitalfew-")
    try:
        plan = _Plan(study, population, engine, end)
        if continued is not None:
            plan.checked, plan.order = continued.checked, PLACE
        plan.make()
        chunks = list(batched(plan.flags, SEGMENTS_A_PASS)) or [()]
        onward = None
        if continued is not None:
            onward = continued.admit(_POPULATION, chunks, partial(plan.listed, chunks), plan.patterned)
        if onward is None:
            people = numbered(engine.query(plan.listed(chunks)))
            engine.lend(_POPULATION, people)
        else:
            people = onward.people
        newest = None if continued is None else continued.newest
        facts = Facts(study, engine, _POPULATION, population.unit_type, end, newest)
        facts.count()
        if facts.has_bots:
            people = engine.query(exp.select("*").from_(table_named(_POPULATION)).order_by("id"))
        known = [value for value in study.values() if value in plan.values]
        kept = sorted(known, key=lambda value: not value.is_summed)
        memory, label = study.definitions.data.memory, f"{study.source} {list(study.experiments)}"
        setting = Setting(engine, _POPULATION, people, end, Path(folder.name), memory, state, label, onward)
        laid = _Laid(plan, kept, chunks, group(setting, plan.groupings), continued)
        measured = laid.measured(facts)
        counts = (*measured.counts, *facts.rows)
        return replace(measured, counts=counts, failed=(*population.notes, *plan.notes, *facts.notes, *measured.failed))
    finally:
        for name in (_PER_UNIT, NUMBERS, f"{NUMBERS} ever", _POPULATION, f"{_POPULATION} ever", FIRST_EXPOSURES):
            engine.drop(name)
        folder.cleanup()


@dataclass(slots=True)
class _Laid:
    """Units with their numbers, one row each, which are laid out when somebody asks for all of them.

    Attributes:
        plan: what values are.
        values: those to be measured, those that sums tell of first.
        chunks: the segments.
        grouped: the events.
        continued: the last run, where this one may go on from it.
        done: whether the units lie there.
    """

    plan: _Plan
    values: Sequence[Value]
    chunks: Sequence[tuple[str, ...]]
    grouped: Grouped
    continued: Continued | None
    done: bool = False

    def lay_out(self, keys: Collection[str] | None = None) -> None:
        """Name the table of all units, with the values of some metrics or of all."""
        plan, grouped = self.plan, self.grouped
        values = {at: value for at, value in enumerate(self.values) if keys is None or value.key in keys}
        if grouped.step is None and self.done:
            return
        query = plan.per_unit(values, len(self.chunks), grouped)
        grouped.whole([query])
        # What costs nothing but a glance at numbers beside each other need not be copied to be read several times.
        name_it = plan.engine.write if plan.joins or grouped.rest else plan.engine.lend
        name_it(_PER_UNIT, query)
        self.done = True

    def measured(self, facts: Facts) -> Measured:
        """Everything that is measured."""
        plan, study, engine = self.plan, self.plan.study, self.plan.engine
        arrived = self._arrived()
        summed = [value for value in self.values if value.is_summed]
        tables = [(keys, _per_unit(len(summed), chunk)) for chunk, keys in enumerate(self.chunks)]
        all_cells = cells
        if self.continued is not None and len(tables) == 1 and in_one_pass(study, tables, arrived):
            self.continued.lay_out = self.lay_out
            self.continued.values = [
                self.grouped.read(exp.select(plan.values[value])).expressions[0] for value in summed
            ]
            self.continued.day |= {} if facts.newest is None else {"newest": facts.newest}
            all_cells = partial(self.continued.cells, self.grouped, arrived)
        if all_cells is cells or self.grouped.step is None:
            self.lay_out()
        found, daily = sums_of(study, engine, tables, summed, arrived, all_cells=all_cells)
        explain_silence(study, engine, plan.places, self.values, found[0][1].values())
        measured = study.answer(found, plan.population.crossed) + history(study, arrived)
        units = _units(study, self.values, self.chunks)
        read = read_by(units)
        if read:
            self.lay_out(read)
        measured += distributions(engine, units)
        if study.may_overlap:
            self.lay_out()
            every = exp.select("*").from_(table_named(_PER_UNIT))
            measured += overlaps(study, engine, every, summed, timed=plan.population.timed)
        return replace(measured, daily=tuple(study.daily(daily)))

    def _arrived(self) -> Arrivals:
        if self.continued is not None and self.continued.goes_on:
            return self.continued.arrived()
        people = exp.select("*").from_(table_named(_POPULATION))
        people = people if self.plan.study.cluster is None else first_days(people)
        return arrivals(self.plan.engine, people) if self.plan.population.timed else Arrivals()


@dataclass(slots=True)
class _Plan:
    """Tables to join to the population, and what values and segments are in terms of them.

    Sources of units in `checked` are known to have one row for a unit; units are numbered in the `order` of columns.
    """

    study: Study
    population: Population
    engine: Engine
    end: int | None
    checked: Sequence[str] = ()
    order: Sequence[str] = ()
    segment_joins: list[tuple[exp.Expr, exp.Expr]] = field(default_factory=list)
    joins: list[tuple[exp.Expr, exp.Expr]] = field(default_factory=list)
    groupings: dict[str, Events] = field(default_factory=dict)
    values: dict[Value, exp.Expr] = field(default_factory=dict)
    flags: dict[str, exp.Expr] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    notes: list[FailedRow] = field(default_factory=list)

    def make(self) -> None:
        """Plan every source; what cannot be measured is noted in the study, and the rest goes on."""
        wanted = self.study.segments()
        places = {name: segment.source or self.study.source for name, segment in wanted.items()}
        sources = dict.fromkeys([*(value.measure.source for value in self.study.values()), *places.values()])
        for number, key in enumerate(sources):
            values = [value for value in self.study.values() if value.measure.source == key]
            segments = {name: wanted[name] for name, place in places.items() if place == key}
            try:
                self._source(key, number, values, segments)
            except VitalfewError as error:
                self.study.reasons |= {value.name: str(error) for value in values}
                self.study.reasons |= {f"segment {name}": str(error) for name in segments}

    def _source(self, key: str, number: int, values: Sequence[Value], segments: Mapping[str, Segment]) -> None:
        source = self.study.definitions.sources[key]
        if isinstance(source, UnitSource):
            self._units(key, source, number, values, segments)
        elif isinstance(source, EventSource) and not segments:
            self._events(key, source, number, values)
        else:
            raise DataError(
                f"'{key}' holds {source.shape}", expected="units (for segments and metrics) or events (for metrics)"
            )

    def _units(
        self, key: str, source: UnitSource, number: int, values: Sequence[Value], segments: Mapping[str, Segment]
    ) -> None:
        scope = opened(self.engine, self.study.definitions.data, source, f"t{number}")
        if self.study.switchback and values:
            raise DataError("a switchback compares blocks of time", expected="metrics over events")
        if source.unit is None:
            raise DataError(f"'{source.table}' names no unit column, so it cannot be joined")
        rows = exp.select(exp.alias_(scope.column(source.unit), "unit"), exp.alias_(whole(0), "arm"))
        here = exp.not_(exp.Is(this=scope.column(source.unit), expression=exp.null()))
        if key not in self.checked:
            found = repeats(self.engine, scope, source.unit, rows.from_(scope.source()).where(here))
            if found.within:
                raise DataError(several_rows(source.table, found.within))
        join = (scope.source(), self._same_unit(scope, source.unit, "p"))
        self.places[key] = Place(scope, source.unit, None, self._same_unit(scope, source.unit, "p"), _people())
        self.values |= usable_values(self.study, self.engine, scope, values)
        self.flags |= segment_flags(self.study, scope, segments)
        self.joins.extend([join] if values else [])
        if segments:
            self.segment_joins.append((scope.source(), self._same_unit(scope, source.unit, "a")))

    def _events(self, key: str, source: EventSource, number: int, values: Sequence[Value]) -> None:
        scope = opened(self.engine, self.study.definitions.data, source, "e")
        plan = EventPlan(scope, source, self.population.timed, self._last(scope, source, values), end=self.end)
        self.study.reasons |= contradictions(self.engine, scope, values, source.event)
        alias = f"g{number}"
        self.values |= plan.add(values, alias, self.study.reasons)
        self.notes.extend(unreadable_times(self.engine, scope, source.time))
        again = sent_again(self.engine, scope, source)
        self.notes.extend(FailedRow("measure", source.table, reason, remark=True) for reason in again)
        same = self._same_unit(scope, source.unit, "p")
        if self.study.switchback:
            in_block = exp.LT(this=scope.instant(source.time), expression=exp.column("until", "p"))
            same = exp.and_(same, in_block)
        self.places[key] = Place(scope, source.unit, source.time, same, _people())
        grouping = plan.grouping(_people(), same.copy(), None)
        if plan.slots:
            own = scope.column(source.time) if scope.type_of(source.time) == "time" else None
            self.groupings[alias] = Events(grouping, scope.instant(source.time), own, plan.reach)
        self.joins.extend(plan.chained(_people(), same.copy()))

    def _last(self, scope: Scope, source: EventSource, values: Sequence[Value]) -> int | None:
        """The end from which lookback windows count back: that of the day asked for, else of the data."""
        windows = [value.metric.window for value in values if value.metric.window is not None]
        if self.end is not None or not any(window.kind == "lookback" for window in windows):
            return self.end
        newest = exp.alias_(exp.Max(this=scope.instant(source.time)), "last")
        last = self.engine.query(exp.select(newest).from_(scope.source())).to_pylist()[0]["last"]
        return None if last is None else int(last) + 1

    def _same_unit(self, scope: Scope, unit: str, population: str) -> exp.Expr:
        mine: exp.Expr = exp.column("unit", population)
        theirs: exp.Expr = scope.column(unit)
        if scope.type_of(unit) != self.population.unit_type:
            mine, theirs = as_text(mine, self.population.unit_type), scope.text(unit)
        return exp.EQ(this=theirs, expression=mine)

    def listed(self, chunks: Sequence[Sequence[str]]) -> exp.Select:
        """The population with the patterns of segments, in the order in which it is numbered."""
        query = exp.select("*").from_(self._unnumbered(chunks).subquery("n"))
        order = ("experiment", "unit") if self.study.to_the_bit else self.order
        return query.order_by(*map(exp.column, order)) if order else query

    def _unnumbered(self, chunks: Sequence[Sequence[str]]) -> exp.Select:
        start: list[exp.Expr] = []
        day: exp.Expr = exp.null()
        if self.population.timed:
            start = [exp.column(name, "a") for name in ("start", *(("until",) if self.study.switchback else ()))]
            day = days_of(self.engine, self.study.zone, self.population.query, start[0])
        cluster: exp.Expr = exp.cast(exp.null(), "INT") if self.study.cluster is None else exp.column("cluster", "a")
        start.append(exp.alias_(cluster, "cluster"))
        names = [exp.column(name, "a") for name in ("experiment", "arm", "unit")]
        query = exp.select(*names, *start, exp.alias_(exp.cast(day, "INT"), "day"))
        return self._with_patterns(query.from_(self.population.query.subquery("a")), chunks)

    def patterned(self, table: str) -> exp.Select:
        """The patterns of the units of a table, where one chunk has all segments."""
        people = exp.alias_(table_named(table), "a", table=True)
        found = self._with_patterns(exp.select("a.id").from_(people), [list(self.flags)])
        first, second = found.expressions
        found.set("expressions", [exp.cast(first, "BIGINT"), exp.cast(second.unalias(), "BIGINT")])
        return found

    def _with_patterns(self, query: exp.Select, chunks: Sequence[Sequence[str]]) -> exp.Select:
        for table, same in self.segment_joins:
            query = query.join(table, on=same, join_type="left")
        patterns = [
            exp.alias_(pattern([self.flags[key] for key in keys]), f"pattern{chunk}")
            for chunk, keys in enumerate(chunks)
        ]
        return query.select(*patterns)

    def per_unit(self, values: Mapping[int, Value], chunks: int, grouped: Grouped) -> exp.Select:
        """One row per unit with values by their position."""
        names = ["experiment", "arm", "day", "cluster"]
        if self.study.may_overlap:
            names.extend(["unit", "start"] if self.population.timed else ["unit"])
        names.extend(f"pattern{chunk}" for chunk in range(chunks))
        query = exp.select(*(exp.column(name, "p") for name in names))
        query = query.select(*(exp.alias_(self.values[value], f"v{at}") for at, value in values.items()))
        query = query.from_(exp.alias_(table_named(grouped.people), "p", table=True))
        for table, same in (*self.joins, *grouped.joins()):
            query = query.join(table, on=same, join_type="left")
        query = query.order_by("p.id") if self.study.to_the_bit else query
        return grouped.read(query)


def _units(study: Study, values: Sequence[Value], chunks: Sequence[tuple[str, ...]]) -> Units:
    tables = [
        exp.select("*", exp.alias_(exp.column(f"pattern{chunk}"), "pattern")).from_(table_named(_PER_UNIT))
        for chunk in range(len(chunks))
    ]
    return Units(study, list(zip(chunks, tables, strict=True)), {value: f"v{at}" for at, value in enumerate(values)})


def _per_unit(values: int, chunk: int) -> exp.Select:
    names = ["experiment", "arm", "day", "cluster", *(f"v{at}" for at in range(values))]
    query = exp.select(exp.alias_(exp.column(f"pattern{chunk}"), "pattern"), *(exp.column(name) for name in names))
    return query.from_(table_named(_PER_UNIT))


def _people() -> exp.Expr:
    return exp.alias_(table_named(_POPULATION), "p", table=True)
