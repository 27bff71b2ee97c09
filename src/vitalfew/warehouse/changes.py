"""Values of the units that changed, from their running numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.compile import table_named
from vitalfew.warehouse.grouped import NUMBERS
from vitalfew.warehouse.running import ROWS, floats, integers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.warehouse.grouped import Grouped
    from vitalfew.warehouse.refresh import Step
    from vitalfew.warehouse.running import Floats

_MOST_COUNTED = 1 << 14  # events of a unit up to which what follows from their number is looked up


@dataclass(frozen=True, slots=True)
class Units:
    """Values of some units, column by column, NaN where missing."""

    columns: Sequence[Floats]

    def rows(self, at: NDArray[np.int64]) -> Floats:
        """The values of units at ascending positions, `(k, units)`."""
        # Units of a place lie side by side where they were numbered by place: then nothing has to be looked up.
        run = slice(int(at[0]), int(at[-1]) + 1) if len(at) and at[-1] - at[0] == len(at) - 1 else at
        found = np.empty((len(self.columns), len(at)))
        for number, column in enumerate(self.columns):
            found[number] = column[run]
        return found


@dataclass(slots=True)
class Valued:
    """What values units have, told from their running numbers.

    Attributes:
        grouped: how numbers are named.
        step: the last run and this one.
        values: what each value is, over columns of `p`.
        counted: values that hang on one count alone, for each count from 0 on.
    """

    grouped: Grouped
    step: Step
    values: Sequence[exp.Expr]
    counted: dict[int, Floats] = field(default_factory=dict)

    def of(self, columns: Sequence[Floats], ids: NDArray[np.int64]) -> Units:
        """Values of some units.

        Args:
            columns: running numbers of the units.
            ids: the units; there may be numbers of more.
        """
        running = self.step.task.parts.running
        names = {f"{self.grouped.alias}r{at}": at for at in range(len(running))}
        known = {name: at for name, at in names.items() if running[at].kind in ("sum", "count")}
        answer: dict[int, Floats] = {}
        asked: dict[int, exp.Expr] = {}
        for at, value in enumerate(self.values):
            plain, count = _as_it_is(value, known), _only_number(value, names)
            if plain is not None:
                answer[at] = columns[plain]
            elif count is not None and running[count].kind == "count" and len(ids):
                answer[at] = self._by_count(at, count, columns[count][: len(ids)], names)
            else:
                asked[at] = value
        if asked and len(ids):
            answer |= _computed(self.grouped, self.step, asked, dict(enumerate(columns)), ids, names)
        return Units([answer.get(at, np.empty(0)) for at in range(len(self.values))])

    def _by_count(self, at: int, count: int, column: Floats, names: Mapping[str, int]) -> Floats:
        """Most units have few events, so that the engine is asked once what follows from each number of them."""
        rows = column.astype(np.int64)
        most = int(rows.max())
        if most >= _MOST_COUNTED:
            ids = np.arange(len(rows))
            return _computed(self.grouped, self.step, {at: self.values[at]}, {count: column}, ids, names)[at]
        if most >= len(self.counted.get(at, ())):
            every = np.arange(2 * most + 2)
            numbers = {count: every.astype(np.float64)}
            self.counted |= _computed(self.grouped, self.step, {at: self.values[at]}, numbers, every, names)
        return self.counted[at][rows]


def _only_number(value: exp.Expr, names: Mapping[str, int]) -> int | None:
    """The number that is all that a value hangs on."""
    read = {column.name for column in value.find_all(exp.Column)}
    return names.get(next(iter(read))) if len(read) == 1 else None


def _as_it_is(value: exp.Expr, known: Mapping[str, int]) -> int | None:
    """The number that is the value, where nothing is to be computed: sums and counts are never missing."""
    while isinstance(value, exp.Paren | exp.Coalesce) or (isinstance(value, exp.Cast) and value.is_type("double")):
        value = value.this
    return known.get(value.name) if isinstance(value, exp.Column) else None


def _computed(
    grouped: Grouped,
    step: Step,
    values: Mapping[int, exp.Expr],
    columns: Mapping[int, Floats],
    ids: NDArray[np.int64],
    names: Mapping[str, int],
) -> dict[int, Floats]:
    """Values that the engine computes from numbers."""
    import pyarrow as pa

    read = {column.name for value in values.values() for column in value.find_all(exp.Column)}
    # Handed over as arrays, numbers would have Arrow import pandas where it is installed.
    at, count = pa.py_buffer(np.arange(len(ids))), len(ids)
    some = step.task.people.select(sorted(read - names.keys()))
    some = some.take(pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(ids)])) if some.num_columns else some
    number = pa.chunked_array([pa.Array.from_buffers(pa.int64(), count, [None, at])])
    some = some.append_column("id", number) if some.num_columns else pa.table({"id": number})
    grouped.lend({names[name]: columns[names[name]][:count] for name in sorted(read & names.keys())}, some)
    nothing = exp.cast(exp.Literal.string("nan"), "DOUBLE")
    found = [
        exp.Coalesce(this=exp.cast(value.copy(), "DOUBLE"), expressions=[nothing.copy()]) for value in values.values()
    ]
    query = exp.select(exp.column("id", "p"), *found).from_(exp.alias_(table_named(NUMBERS), "p", table=True))
    answer = {at: np.empty(count) for at in values}
    for batch in step.task.engine.stream(query, ROWS):
        rows = integers(batch.column(0))
        for column, at in enumerate(values, 1):
            answer[at][rows] = floats(batch.column(column))
    step.task.engine.drop(NUMBERS)
    return answer
