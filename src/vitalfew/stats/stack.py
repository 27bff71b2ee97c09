"""Many Moments laid end to end, so that elements of all of them are gathered at once and not one by one."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.moments import Moments

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]


BLOCK = 2**18
"""Numbers of one kind that a stack should hold: two megabytes, which memory once taken holds again and again."""


class Stack:
    """One entry per comparison, `(m,)`; the same Moments may serve many entries and are laid down once.

    Places are positions of columns within the Moments of each entry, as `places` gives them; an array of places
    `(m,)` or `(m, p)` gives numbers of the same shape.
    """

    def __init__(self, moments: Sequence[Moments]) -> None:
        ids = list(map(id, moments))
        self._distinct = dict(zip(ids, moments, strict=True))
        order = {one: at for at, one in enumerate(self._distinct)}
        self._which = np.fromiter(map(order.__getitem__, ids), dtype=np.intp, count=len(ids))
        self._entries = moments
        width = np.array([len(one.names) for one in self._distinct.values()], dtype=np.intp)
        self._width = width[self._which]
        self._square = _starts(width * width)[self._which]
        self._line = _starts(width)[self._which]

    def places(self, names: Sequence[str]) -> Places:
        """Positions of one column per entry, `(m,)`.

        Raises:
            UsageError: an entry's Moments do not have the column.
        """
        tables: dict[tuple[str, ...], dict[str, int]] = {}
        for one in self._distinct.values():
            if one.names not in tables:
                tables[one.names] = {column: at for at, column in enumerate(one.names)}
        own = [tables[one.names] for one in self._distinct.values()]
        try:
            found = [own[which][name] for which, name in zip(self._which.tolist(), names, strict=True)]
        except KeyError:
            # The error that names what there is.
            found = [one.at(name) for one, name in zip(self._entries, names, strict=True)]
        return np.array(found, dtype=np.intp)

    def n(self, i: Places, j: Places) -> Floats:
        """Units that have both columns."""
        return self._ns[self._pairs(i, j)]

    def mean(self, i: Places, j: Places) -> Floats:
        """Mean minus shift of column i over the units that have j too."""
        return self._means[self._pairs(i, j)]

    def cross(self, i: Places, j: Places) -> Floats:
        """Sum of central products."""
        return self._crosses[self._pairs(i, j)]

    def shift(self, i: Places) -> Floats:
        """Constant that means, `low` and `high` of column i are relative to."""
        return self._shifts[self._singles(i)]

    def third(self, i: Places) -> Floats:
        """Sum of cubed deviations of column i."""
        return self._thirds[self._singles(i)]

    def low(self, i: Places) -> Floats:
        """Smallest value of column i, minus shift."""
        return self._lows[self._singles(i)]

    def high(self, i: Places) -> Floats:
        """Largest value of column i, minus shift."""
        return self._highs[self._singles(i)]

    def _pairs(self, i: Places, j: Places) -> Places:
        return _against(self._square, i) + i * _against(self._width, i) + j

    def _singles(self, i: Places) -> Places:
        return _against(self._line, i) + i

    def _flat(self, field: str) -> Floats:
        parts = [getattr(one, field) for one in self._distinct.values()]
        return np.concatenate(parts, axis=None) if parts else np.zeros(0)

    @cached_property
    def _ns(self) -> Floats:
        return self._flat("n")

    @cached_property
    def _means(self) -> Floats:
        return self._flat("mean")

    @cached_property
    def _crosses(self) -> Floats:
        return self._flat("cross")

    @cached_property
    def _shifts(self) -> Floats:
        return self._flat("shift")

    @cached_property
    def _thirds(self) -> Floats:
        return self._flat("third")

    @cached_property
    def _lows(self) -> Floats:
        return self._flat("low")

    @cached_property
    def _highs(self) -> Floats:
        return self._flat("high")


def blocks(*arms: Sequence[Moments]) -> list[slice]:
    """Stretches of entries to stack one after the other, so that many large Moments need little new memory.

    Where entries of the same Moments do not stand together they would be laid down again and again; then all are one.
    """
    new, distinct = zip(*map(_laid_down, arms), strict=True)
    total = np.cumsum(np.sum(new, axis=0))
    if not len(total) or total[-1] > 2 * sum(distinct):
        return [slice(0, len(total))]
    cuts = np.flatnonzero(np.diff(total // BLOCK)) + 1
    return [slice(first, last) for first, last in pairwise([0, *cuts.tolist(), len(total)])]


def _laid_down(arm: Sequence[Moments]) -> tuple[Places, int]:
    """Numbers of one kind that each entry adds to a stack, `(m,)`, and how many different Moments hold together."""
    ids = np.fromiter(map(id, arm), dtype=np.intp, count=len(arm))
    firsts = np.flatnonzero(np.diff(ids, prepend=0))
    new = np.zeros(len(arm), dtype=np.intp)
    new[firsts] = [len(arm[at].names) ** 2 for at in firsts.tolist()]
    _, once = np.unique(ids[firsts], return_index=True)
    return new, int(new[firsts[once]].sum())


def _starts(sizes: Places) -> Places:
    return np.concatenate((np.zeros(1, dtype=np.intp), np.cumsum(sizes)))[:-1]


def _against(per_entry: Places, i: Places) -> Places:
    """One number per entry, with axes added so that it meets places of any shape."""
    return per_entry.reshape(per_entry.shape + (1,) * (i.ndim - 1))
