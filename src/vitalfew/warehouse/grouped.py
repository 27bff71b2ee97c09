"""Events grouped by unit: what can be added up row by row beside the units themselves, what cannot by the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.additive import additive
from vitalfew.warehouse.running import ROWS, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.warehouse.additive import Additive
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.running import Floats

NUMBERS = "vitalfew numbers"
_CHUNK = 1 << 18  # rows that a thread of the engine reads at a time
_BYTES = {"MB": 10**6, "GB": 10**9}
_UNBOUND = 4 * 10**9  # bytes for numbers per unit where no limit is set; what is more lies in files


@dataclass(slots=True)
class Grouped:
    """The units with their numbers side by side, in one table.

    Attributes:
        people: the table, with the columns of the population.
        answers: what a column of a grouping is there, by alias and name.
        rest: groupings that are still to be joined by `id`, by alias.
    """

    people: str
    answers: dict[tuple[str, str], exp.Expr] = field(default_factory=dict)
    rest: dict[str, exp.Select] = field(default_factory=dict)

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


def group(
    engine: Engine, groupings: Mapping[str, exp.Select], population: str, folder: Path, memory: str | None
) -> Grouped:
    """Group events by unit.

    Args:
        engine: where the tables lie.
        groupings: by alias, as `additive` takes them.
        population: table of the units that was kept: `id` from 0 without gaps, `unit` and others.
        folder: for files that numbers may lie in; it must outlast their use.
        memory: the limit that the workspace sets, such as 1GB.
    """
    taken = {alias: additive(grouping) for alias, grouping in groupings.items()}
    parts = {alias: found for alias, found in taken.items() if found is not None}
    if not parts:
        return Grouped(population, rest=dict(groupings))
    grouped = Grouped(NUMBERS)
    columns = {alias: _numbers(engine, found, population, folder, memory) for alias, found in parts.items()}
    for alias, grouping in groupings.items():
        found = taken[alias]
        if found is None:
            grouped.rest[alias] = grouping
            continue
        if found.rest is not None:
            grouped.rest[alias] = found.rest
        for name, answer in found.answers.items():
            grouped.answers[alias, name] = answer.transform(_of(alias))
    engine.lend(NUMBERS, _side_by_side(engine, population, columns))
    return grouped


def bytes_of(memory: str | None) -> int | None:
    """An amount of memory such as 4GB in bytes."""
    return None if memory is None else int(memory[:-2]) * _BYTES[memory[-2:]]


def _numbers(engine: Engine, parts: Additive, population: str, folder: Path, memory: str | None) -> list[Floats]:
    limit = bytes_of(memory)
    count = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n")).from_(_table(population))
    units = int(engine.query(count).to_pylist()[0]["n"])
    rows = ROWS if limit is None else max(min(ROWS, limit // 4000), 1 << 14)
    share = _UNBOUND if limit is None else limit // 5
    return run(parts, engine.stream(parts.rows, rows), units, folder, share)


def _side_by_side(engine: Engine, population: str, columns: Mapping[str, Sequence[Floats]]) -> pa.Table:
    table = engine.query(exp.select("*").from_(_table(population)).order_by("id"))
    for alias, numbers in columns.items():
        for at, column in enumerate(numbers):
            table = table.append_column(f"{alias}r{at}", _arrow(column))
    return table


def _arrow(column: Floats) -> pa.ChunkedArray:
    """The numbers for the engine to read where they lie."""
    import pyarrow as pa

    whole = pa.Array.from_buffers(pa.float64(), len(column), [None, pa.py_buffer(column)])
    return pa.chunked_array([whole.slice(start, _CHUNK) for start in range(0, len(column), _CHUNK)], pa.float64())


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _of(alias: str) -> Callable[[exp.Expr], exp.Expr]:
    """Names the columns of running numbers as they stand beside those of other groupings."""

    def renamed(node: exp.Expr) -> exp.Expr:
        return exp.column(f"{alias}{node.name}", "p") if isinstance(node, exp.Column) else node

    return renamed
