"""Where units count: by experiment, arm, pattern of segments and day of first exposure, a small number for each."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    Places = NDArray[np.int16]

_MOST_CODES = 1 << 24  # combinations of arm, pattern and day that may occur
_MOST_PLACES = 1 << 14
PLACE = ("experiment", "arm", "pattern0", "day")
"""Columns that say where a unit counts. Numbers of units that count together lie together."""
GONE = -1
"""The place of units that take part no more."""


class Place(NamedTuple):
    """A group of units: position of the experiment, arm, pattern of segments and day since 1970."""

    experiment: int
    arm: str
    pattern: int
    day: int


class Standing(NamedTuple):
    """Where units stand: for each the position of its place, what the places are, and how many stand at each."""

    at: Places
    places: Sequence[Place]
    units: NDArray[np.int64]


def placed(people: pa.Table, known: Sequence[Place] = ()) -> Standing | None:
    """Where units stand; None where there are too many places.

    Args:
        people: columns as in `PLACE`, none of them missing.
        known: places that come first in the list.
    """
    if not people.num_rows:
        return Standing(np.zeros(0, np.int16), known, np.zeros(len(known), np.int64))
    texts = people.column("arm").combine_chunks().dictionary_encode()
    arms = texts.dictionary.to_pylist()
    names = sorted({*arms, *(place.arm for place in known)})
    number = np.array([names.index(arm) for arm in arms], np.int64)
    mine = [whole_numbers(people.column(name)) for name in ("experiment", "pattern0", "day")]
    mine.insert(1, number[whole_numbers(texts.indices)])
    theirs = [(place.experiment, names.index(place.arm), place.pattern, place.day) for place in known]
    columns = [np.array([row[at] for row in theirs], np.int64) for at in range(len(Place._fields))]
    both = [(min(one), max(one)) for pair in zip(mine, columns, strict=True) if (one := _ends(*pair))]
    lows, widths = [int(low) for low, _ in both], [int(high - low) + 1 for low, high in both]
    if prod(widths) > _MOST_CODES:
        return None
    code, codes = code_of(mine, lows, widths), code_of(columns, lows, widths)
    table = np.full(prod(widths), GONE, np.int32)
    table[code] = len(known)
    table[codes] = np.arange(len(known))
    new = np.flatnonzero(table == len(known))
    if len(known) + len(new) > _MOST_PLACES:
        return None
    table[new] = np.arange(len(known), len(known) + len(new))
    rest = [tuple(int(part) + low for part, low in zip(row, lows, strict=True)) for row in _parts(new, widths)]
    places = [*known, *(Place(at, names[arm], *more) for at, arm, *more in rest)]
    found = table[code].astype(np.int16)
    return Standing(found, places, counted(found, len(places)))


def numbered(people: pa.Table, first: int = 0) -> pa.Table:
    """Units with their number, `id`, from `first` on."""
    import pyarrow as pa

    ids = np.arange(first, first + people.num_rows)
    number = pa.Array.from_buffers(pa.int64(), len(ids), [None, pa.py_buffer(ids)])
    return people.append_column("id", pa.chunked_array([number]))


def counted(at: Places, places: int) -> NDArray[np.int64]:
    """How many units stand at each place."""
    return np.bincount(at[at >= 0], minlength=places)


def _ends(*columns: NDArray[np.int64]) -> list[np.int64]:
    return [end for column in columns if len(column) for end in (column.min(), column.max())]


def code_of(columns: Sequence[NDArray[np.int64]], lows: Sequence[int], widths: Sequence[int]) -> NDArray[np.int64]:
    """One number for the values of all columns; every column lies from its low on over its width."""
    code = np.zeros(len(columns[0]), np.int64)
    for column, low, width in zip(columns, lows, widths, strict=True):
        code = code * width + (column - low)
    return code


def _parts(codes: NDArray[np.int64], widths: Sequence[int]) -> list[tuple[int, ...]]:
    return list(zip(*(part.tolist() for part in np.unravel_index(codes, tuple(widths))), strict=True))


def whole_numbers(column: Any) -> NDArray[np.int64]:  # noqa: ANN401 - an Arrow array, whose package has no types
    """The numbers of a column without gaps; Arrow's own conversion would import pandas where it is installed."""
    column = column.cast("int64")
    chunks = getattr(column, "chunks", [column])
    parts = [np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk)] for chunk in chunks]
    return np.concatenate([np.zeros(0, np.int64), *parts])
