"""Rows streamed out of the engine and summed by the values of some of their columns."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.warehouse.parts import Part, mean_of
from vitalfew.warehouse.places import code_of, whole_numbers
from vitalfew.warehouse.running import ahead, floats

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from sqlglot import exp

    from vitalfew.warehouse.engine import Engine

    Floats = NDArray[np.float64]
    Key = tuple[int | str, ...]

_MOST_ROWS = 1 << 16  # of the stream at a time: what a processor has at hand
_MOST_BYTES = 1 << 25
_SMALL = 1 << 15  # codes below are sorted in linear time


def parts_of(
    engine: Engine, query: exp.Query, names: Sequence[str], k: int, unasked: Collection[int], shift: Floats | None
) -> tuple[dict[Key, Part], Floats]:
    """Sums by key.

    Args:
        engine: where the rows lie.
        query: the columns of the key, then `k` columns of doubles, NULL where missing.
        names: of the columns of the key, whole numbers but for `arm`.
        k: how many values there are.
        unasked: columns where NaN and infinities are missing as well.
        shift: a constant near the mean of each column, `(k,)`; found in the first rows when None.

    Returns:
        The sums by key, and the constant that they are about.
    """
    found: dict[Key, Part] = {}
    rows = min(max(_MOST_BYTES // (8 * max(k, 1)), 1 << 10), _MOST_ROWS)
    for keys, ends, values in ahead(_laid_out(engine.stream(query, rows), names, unasked)):
        # What overflows is refused where it is used.
        with np.errstate(invalid="ignore", over="ignore"):
            if shift is None:
                means = mean_of(values)
                shift = np.where(np.isfinite(means), means, 0.0)
            for key, (first, last) in zip(keys, pairwise(ends), strict=True):
                part = Part.of(values[:, first:last], shift)
                found[key] = found[key] + part if key in found else part
    return found, np.zeros(k) if shift is None else shift


def _laid_out(
    batches: Iterable[Any], names: Sequence[str], unasked: Collection[int]
) -> Iterator[tuple[list[Key], list[int], Floats]]:
    """The keys in each batch, where the rows of each end, and the values with these rows together, `(k, rows)`."""
    for batch in batches:
        if batch.num_rows:
            keys, order, ends = _grouped(batch, names)
            with np.errstate(invalid="ignore", over="ignore"):
                values = _values(batch, len(names), order, unasked)
            yield keys, ends, values


def _grouped(batch: Any, names: Sequence[str]) -> tuple[list[Key], NDArray[np.intp] | None, list[int]]:  # noqa: ANN401 - an Arrow batch, whose package has no types
    """The keys in a batch, the order that puts rows of the same key together (None where they are), and their ends."""
    columns, words = [], {}
    for at, name in enumerate(names):
        column = batch.column(at)
        if name == "arm":
            column = column.dictionary_encode()
            words[at] = column.dictionary.to_pylist()
            column = column.indices
        columns.append(whole_numbers(column))
    lows = [int(column.min()) for column in columns]
    widths = [int(column.max()) - low + 1 for column, low in zip(columns, lows, strict=True)]
    order, starts = None, np.zeros(1, np.intp)
    if prod(widths) > 1:
        code = code_of(columns, lows, widths)
        order = np.argsort(code.astype(np.int16) if prod(widths) <= _SMALL else code, kind="stable")
        starts = np.flatnonzero(np.diff(code[order], prepend=-1))
        firsts = [column[order[starts]].tolist() for column in columns]
    else:
        firsts = [[low] for low in lows]
    for at, found in words.items():
        firsts[at] = [str(found[number]) for number in firsts[at]]
    return list(zip(*firsts, strict=True)), order, [*starts.tolist(), batch.num_rows]


def _values(batch: Any, first: int, order: NDArray[np.intp] | None, unasked: Collection[int]) -> Floats:  # noqa: ANN401 - as above
    """The values of a batch in an order, NaN where missing, `(k, rows)`."""
    values = np.empty((batch.num_columns - first, batch.num_rows))
    for at, row in enumerate(values):
        column = batch.column(first + at)
        if order is None:
            row[:] = floats(column)
        else:
            np.take(floats(column), order, out=row, mode="clip")
        if column.null_count:
            missing = ~_present(column)
            row[missing if order is None else missing[order]] = np.nan
        if at in unasked and not np.isfinite(row.sum()):
            row[~np.isfinite(row)] = np.nan
    return values


def _present(column: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - an Arrow array
    """Which cells of a column are not NULL."""
    bits = np.unpackbits(np.frombuffer(column.buffers()[0], np.uint8), bitorder="little")
    return bits[column.offset : column.offset + len(column)].astype(bool)
