"""Events grouped by unit: what can be added up row by row beside the units themselves, what cannot by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.additive import additive
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.memory import bytes_of
from vitalfew.warehouse.newcomers import lend_people
from vitalfew.warehouse.places import whole_numbers
from vitalfew.warehouse.refresh import Numbers, Task, key_of_numbers, numbers_in, numbers_of, step_of
from vitalfew.warehouse.running import ROWS, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.warehouse.additive import Additive
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.refresh import Changes, Step
    from vitalfew.warehouse.running import Floats
    from vitalfew.warehouse.state import Kept, State

NUMBERS = "vitalfew numbers"
_CHUNK = 1 << 18  # rows that a thread of the engine reads at a time
_UNBOUND = 4 * 10**9  # bytes for numbers per unit where no limit is set; what is more lies in files


@dataclass(slots=True)
class Grouped:
    """The units with their numbers side by side, in one table.

    Attributes:
        people: the table, with the columns of the population.
        answers: what a column of a grouping is there, by alias and name.
        rest: groupings that are still to be joined by `id`, by alias.
        numbers: running numbers where one source has all events, and where they are remembered.
        step: what came since the last run; the table then is not there until `whole` makes it.
        alias: of the one source.
    """

    people: str
    answers: dict[tuple[str, str], exp.Expr] = field(default_factory=dict)
    rest: dict[str, exp.Select] = field(default_factory=dict)
    numbers: Numbers | None = None
    step: Step | None = None
    alias: str = ""

    def lend(self, columns: Mapping[int, Floats], more: pa.Table) -> None:
        """Put some units with some of their numbers in the place of the table.

        Args:
            columns: numbers by position.
            more: other columns of the units.
        """
        if self.step is not None:
            self.step.task.engine.lend(NUMBERS, _side_by_side(more, self.alias, columns))

    def whole(self, values: Iterable[exp.Expr]) -> None:
        """Put all units in the place of those that changed, with the numbers that some values read."""
        if self.step is None:
            return
        self.step.hold()
        task, kept = self.step.task, self.step.kept
        read = {column.name for value in values for column in value.find_all(exp.Column)}
        which = [at for at in range(len(task.parts.running)) if f"{self.alias}r{at}" in read]
        columns = numbers_in(task, kept, which)
        gone = np.zeros(task.people.num_rows, dtype=bool) if kept.place is None else np.asarray(kept.place < 0)
        lend_people(task.engine, NUMBERS, _side_by_side(task.people, self.alias, columns), gone)

    def read(self, query: exp.Select) -> exp.Select:
        """The query with columns of groupings found where they are."""
        return query.transform(self._found).assert_is(exp.Select)

    def _found(self, node: exp.Expr) -> exp.Expr:
        found = self.answers.get((node.table, node.name)) if isinstance(node, exp.Column) else None
        return node if found is None else exp.paren(found.copy())

    def joins(self) -> Iterator[tuple[exp.Expr, exp.Expr]]:
        """What is still to be joined, with the condition."""
        for alias, grouping in self.rest.items():
            same = exp.EQ(this=exp.column("id", alias), expression=exp.column("id", "p"))
            yield grouping.subquery(alias), same


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one source to be grouped by unit.

    Attributes:
        grouping: as `additive` takes it, whenever the events happened.
        moment: the instant of an event, in microseconds since 1970.
        time: the column it is read from, where that holds times.
        reach: how long after a unit's first exposure events count for it, at the earliest; None when any may.
    """

    grouping: exp.Select
    moment: exp.Expr
    time: exp.Expr | None = None
    reach: int | None = None

    def since(self, people: pa.Table) -> exp.Expr | None:
        """Which events can count for some units."""
        if self.reach is None or not people.num_rows:
            return None
        first = int(whole_numbers(people.column("start")).min()) + self.reach
        if self.time is None:
            return exp.GTE(this=self.moment.copy(), expression=whole(first))
        # Held against the column itself, so that parts of files that are older need not be read.
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=first)
        instant = exp.cast(exp.Literal.string(at.strftime("%Y-%m-%d %H:%M:%S.%f")), "TIMESTAMP")
        return exp.GTE(this=self.time.copy(), expression=instant)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how events are grouped.

    Attributes:
        engine: where the tables lie.
        population: name of the table of units: `id` from 0 without gaps, `unit` and others.
        people: its rows, by `id`.
        end: events from this instant on are ignored.
        folder: for files that numbers may lie in; it must outlast their use.
        memory: the limit that the workspace sets, such as 1GB.
        state: where numbers are remembered from run to run.
        label: what else they hang on: the experiments.
        onward: what the last run left, and how the units changed.
    """

    engine: Engine
    population: str
    people: pa.Table
    end: int | None
    folder: Path
    memory: str | None = None
    state: State | None = None
    label: str = ""
    onward: Onward | None = None


class Onward(NamedTuple):
    """The numbers of the last run, under their key, and what changed before any event is read."""

    key: str
    kept: Kept
    people: pa.Table
    changes: Changes


class NotOnward(Exception):
    """A run cannot go on from the last one."""


def group(setting: Setting, events: Mapping[str, Events]) -> Grouped:
    """Group events by unit, by the alias of their grouping.

    Raises:
        NotOnward: what the last run left is not what is asked for now.
    """
    parts = {alias: additive(found.grouping) for alias, found in events.items()}
    if setting.onward is not None:
        return _onward(setting, setting.onward, events, parts)
    if not any(parts.values()):
        return Grouped(setting.population, rest={alias: _until(found, setting.end) for alias, found in events.items()})
    grouped = Grouped(NUMBERS)
    alone = len(events) == 1 and all(taken is not None and taken.rest is None for taken in parts.values())
    room = _room(setting)
    side_by_side = setting.people
    for alias, found in events.items():
        taken = parts[alias]
        if taken is None:
            grouped.rest[alias] = _until(found, setting.end)
            continue
        if taken.rest is not None:
            grouped.rest[alias] = _until(replace(found, grouping=taken.rest), setting.end)
        grouped.answers |= _answers(alias, taken)
        task = Task(setting.engine, taken, found.moment, setting.population, setting.people, setting.end, room)
        numbers = numbers_of(task, setting.state, setting.label)
        grouped.numbers = numbers if alone else None
        side_by_side = _side_by_side(side_by_side, alias, dict(enumerate(numbers.columns)))
    setting.engine.lend(NUMBERS, side_by_side)
    return grouped


def _onward(
    setting: Setting, onward: Onward, events: Mapping[str, Events], parts: Mapping[str, Additive | None]
) -> Grouped:
    """Take numbers from the last run, with what came since."""
    alias, found = next(iter(events.items()))
    taken = parts[alias]
    if len(events) > 1 or taken is None or taken.rest is not None:
        raise NotOnward
    task = Task(setting.engine, taken, found.moment, setting.population, onward.people, setting.end, _room(setting))
    if key_of_numbers(task, setting.label) != onward.key:
        raise NotOnward
    since = found.since(onward.people.slice(onward.changes.first))
    step = step_of(task, onward.kept, replace(onward.changes, since=since, reach=found.reach))
    if step is None:
        raise NotOnward
    return Grouped(NUMBERS, _answers(alias, taken), {}, Numbers([], onward.key, step.kept), step, alias)


def _answers(alias: str, taken: Additive) -> dict[tuple[str, str], exp.Expr]:
    return {(alias, name): answer.transform(_of(alias)) for name, answer in taken.answers.items()}


def _side_by_side(people: pa.Table, alias: str, columns: Mapping[int, Floats]) -> pa.Table:
    for at, column in columns.items():
        people = people.append_column(f"{alias}r{at}", _arrow(column))
    return people


def _until(events: Events, end: int | None) -> exp.Select:
    """The grouping of the events before an instant."""
    grouping = events.grouping.copy()
    if end is not None:
        inner = grouping.args["from_"].this.this
        inner.where(exp.LT(this=events.moment.copy(), expression=whole(end)), copy=False)
    return grouping


def _room(setting: Setting) -> Room:
    if setting.memory is None:
        return Room(setting.folder, _UNBOUND)
    limit = bytes_of(setting.memory)
    return Room(setting.folder, limit // 5, max(min(ROWS, limit // 4000), 1 << 14))


def _arrow(column: Floats) -> pa.ChunkedArray:
    """The numbers for the engine to read where they lie."""
    import pyarrow as pa

    whole = pa.Array.from_buffers(pa.float64(), len(column), [None, pa.py_buffer(column)])
    return pa.chunked_array([whole.slice(start, _CHUNK) for start in range(0, len(column), _CHUNK)], pa.float64())


def _of(alias: str) -> Callable[[exp.Expr], exp.Expr]:
    """Names the columns of running numbers as they stand beside those of other groupings."""

    def renamed(node: exp.Expr) -> exp.Expr:
        return exp.column(f"{alias}{node.name}", "p") if isinstance(node, exp.Column) else node

    return renamed
