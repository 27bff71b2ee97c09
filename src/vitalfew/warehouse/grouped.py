"""Events grouped by unit: what can be added up row by row beside the units themselves, what cannot by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.additive import additive
from vitalfew.warehouse.compile import table_named, whole
from vitalfew.warehouse.memory import bytes_of
from vitalfew.warehouse.refresh import Numbers, Task, numbers_of, step_of, without_log
from vitalfew.warehouse.running import ROWS, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.refresh import Step
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
        step: what came since the last run; the table then holds only units that it changes, as they are now.
        task: where all numbers come from then.
        alias: of the one source.
    """

    people: str
    answers: dict[tuple[str, str], exp.Expr] = field(default_factory=dict)
    rest: dict[str, exp.Select] = field(default_factory=dict)
    numbers: Numbers | None = None
    step: Step | None = None
    task: Task | None = None
    alias: str = ""

    def lend(self, columns: Sequence[Floats], ids: NDArray[np.int64]) -> None:
        """Put some units with their numbers in the place of the table."""
        if self.task is not None:
            import pyarrow as pa

            # Handed over as an array, ids would have Arrow import pandas where it is installed.
            at = pa.Array.from_buffers(pa.int64(), len(ids), [None, pa.py_buffer(ids)])
            some = self.task.people.take(at)
            self.task.engine.lend(NUMBERS, _side_by_side(some, self.alias, columns))

    def whole(self) -> None:
        """Put all units in the place of those that changed."""
        if self.task is not None and self.step is not None:
            columns = without_log(self.task, self.step.kept).numbers
            self.task.engine.lend(NUMBERS, _side_by_side(self.task.people, self.alias, columns))
            self.step = None

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
    """

    grouping: exp.Select
    moment: exp.Expr


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how events are grouped.

    Attributes:
        engine: where the tables lie.
        population: table of the units that was kept: `id` from 0 without gaps, `unit` and others.
        end: events from this instant on are ignored.
        folder: for files that numbers may lie in; it must outlast their use.
        memory: the limit that the workspace sets, such as 1GB.
        state: where numbers are remembered from run to run.
        label: what else they hang on: the experiments.
        kept: what the last run left, of the same units.
    """

    engine: Engine
    population: str
    end: int | None
    folder: Path
    memory: str | None = None
    state: State | None = None
    label: str = ""
    kept: tuple[str, Kept] | None = None


def group(setting: Setting, events: Mapping[str, Events]) -> Grouped:
    """Group events by unit, by the alias of their grouping."""
    parts = {alias: additive(found.grouping) for alias, found in events.items()}
    if not any(parts.values()):
        return Grouped(setting.population, rest={alias: _until(found, setting.end) for alias, found in events.items()})
    grouped = Grouped(NUMBERS)
    everybody = exp.select("*").from_(table_named(setting.population)).order_by("id")
    people = setting.engine.query(everybody) if setting.kept is None else setting.kept[1].people
    alone = len(events) == 1 and all(taken is not None and taken.rest is None for taken in parts.values())
    room = _room(setting)
    side_by_side = people
    for alias, found in events.items():
        taken = parts[alias]
        if taken is None:
            grouped.rest[alias] = _until(found, setting.end)
            continue
        if taken.rest is not None:
            grouped.rest[alias] = _until(replace(found, grouping=taken.rest), setting.end)
        for name, answer in taken.answers.items():
            grouped.answers[alias, name] = answer.transform(_of(alias))
        task = Task(setting.engine, taken, found.moment, setting.population, people, setting.end, room)
        if alone and _goes_on(grouped, task, setting, alias):
            return grouped
        numbers = numbers_of(task, setting.state, setting.label)
        grouped.numbers = numbers if alone else None
        side_by_side = _side_by_side(side_by_side, alias, numbers.columns)
    setting.engine.lend(NUMBERS, side_by_side)
    return grouped


def _goes_on(grouped: Grouped, task: Task, setting: Setting, alias: str) -> bool:
    """Take numbers from the last run, with what came since."""
    if setting.kept is None:
        return False
    key, kept = setting.kept
    step = step_of(task, kept)
    if step is None:
        return False
    grouped.step, grouped.task, grouped.alias = step, task, alias
    grouped.numbers = Numbers([], key, step.kept)
    grouped.lend(step.after, step.ids)
    return True


def _side_by_side(people: pa.Table, alias: str, columns: Sequence[Floats]) -> pa.Table:
    for at, column in enumerate(columns):
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
