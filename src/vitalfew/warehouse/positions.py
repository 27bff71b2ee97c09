"""Where units stand among those that take part, looked up by their own number where these lie close together.

A database joins events to units with a hash table; where units are whole numbers, as they mostly are where a database
counted them up, one array with a cell for each number does the same in a fraction of the time and of the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.warehouse.places import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

_MOST_WIDE = 4  # cells for a unit, of 4 bytes each: fewer than a row of a hash table takes
_ALWAYS = 1 << 16  # cells that are never too many
_FARTHEST = 1 << 62  # differences of smaller numbers do not wrap around to small ones
NOBODY = -1
"""The id of those who take no part."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Ids of units by their number.

    Attributes:
        low: the number that the first cell stands for; the first and the last cell are of nobody.
        table: id by number, -1 for those who take no part.
    """

    low: int
    table: NDArray[np.int32]

    @classmethod
    def of(cls, people: pa.Table, gone: NDArray[np.bool_] | None = None) -> Positions | None:
        """Those of a table of units.

        Args:
            people: columns `id`, which are positions, and `unit`.
            gone: which of them take part no more, `(units,)`; none when None.

        Returns:
            None where units are no whole numbers, lie too far apart, or take part twice.
        """
        units = people.column("unit")
        if not is_whole(units) or not people.num_rows:
            return None
        ends = [(int(part.min()), int(part.max())) for part in _parts(units)]
        empty = cls._between(min(low for low, _ in ends), max(high for _, high in ends), people.num_rows)
        if empty is None:
            return None
        start, mine = 0, len(units) - (0 if gone is None else np.count_nonzero(gone))
        for part in _parts(units):
            here = np.arange(start, start + len(part), dtype=np.int32)
            if gone is not None:
                here[gone[start : start + len(part)]] = NOBODY
            empty.table[part - empty.low] = here
            start += len(part)
        return empty if np.count_nonzero(empty.table != NOBODY) == mine else None

    @classmethod
    def _between(cls, low: int, high: int, units: int) -> Positions | None:
        if max(-low, high) >= _FARTHEST or high - low > _MOST_WIDE * units + _ALWAYS:
            return None
        return cls(low - 1, np.full(high - low + 3, NOBODY, np.int32))

    def changed(self, people: pa.Table, first: int, left: NDArray[np.int64]) -> Positions | None:
        """The same after some left, and the last of the table joined.

        Args:
            people: all units.
            first: id of the first that joined.
            left: ids of those that left.
        """
        joined = people.slice(first)
        new = whole_numbers(joined.column("unit"))
        ends = (self.low + 1, self.low + len(self.table) - 2)
        low, high = (min(ends[0], int(new.min())), max(ends[1], int(new.max()))) if len(new) else ends
        wide = self if (low, high) == ends else self._between(low, high, people.num_rows)
        if wide is None:
            return None
        if wide is not self:
            wide.table[ends[0] - wide.low : ends[1] - wide.low + 1] = self.table[1:-1]
        wide.table[whole_numbers(at_ids(people, np.sort(left)).column("unit")) - wide.low] = NOBODY
        wide.table[new - wide.low] = np.arange(first, people.num_rows, dtype=np.int32)
        return wide

    def ids(self, units: Any) -> NDArray[np.int32]:  # noqa: ANN401 - a column of Arrow, whose package has no types
        """The ids of units, which are whole numbers; -1 for those who take no part."""
        found = [self.table.take(part - self.low, mode="clip") for part in _parts(units)]
        return np.concatenate([np.zeros(0, np.int32), *found])

    def those_of(self, units: Any, some: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - as above
        """Which of many units are among some that take part; both whole numbers."""
        cells = np.zeros(len(self.table), np.bool_)
        cells[whole_numbers(some) - self.low] = True
        found = [cells.take(part - self.low, mode="clip") for part in _parts(units)]
        return np.concatenate([np.zeros(0, np.bool_), *found])


def at_ids(people: pa.Table, ids: NDArray[np.int64]) -> pa.Table:
    """The rows of some units, ascending: a table as a whole lays all of its texts side by side to give even few."""
    import pyarrow as pa

    batches = people.to_batches()
    ends = np.cumsum([0, *(batch.num_rows for batch in batches)])
    found = []
    for batch, start, (first, last) in zip(batches, ends[:-1], pairwise(np.searchsorted(ids, ends)), strict=True):
        if last > first:
            some = np.ascontiguousarray(ids[first:last] - start)
            found.append(batch.take(pa.Array.from_buffers(pa.int64(), len(some), [None, pa.py_buffer(some)])))
    return pa.Table.from_batches(found, people.schema)


def is_whole(column: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a column holds whole numbers, none of them missing."""
    import pyarrow as pa

    whole = pa.types.is_integer(column.type) and column.type != pa.uint64()
    return bool(whole and not column.null_count)


def _parts(column: Any) -> Iterator[NDArray[np.int64]]:  # noqa: ANN401 - as above
    return (whole_numbers(chunk) for chunk in column.chunks if len(chunk))
