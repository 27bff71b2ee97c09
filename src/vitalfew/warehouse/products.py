"""Moments changed by the units that changed: what these gave before is taken out, and what they give now put in.

Sums are about the mean that a cell had before, so that nothing cancels but what really left. Where rounding could show
(a spread that fell to a small part of what once was added up) or a smallest or largest value left and nobody knows what
comes after it, there is no answer, and all units are added up again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.moments import Moments
from vitalfew.warehouse.sums import is_skewed, of_share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LOST = 1e-4  # of what was added up: four of sixteen digits
_ALONE = 1 << 18  # multiplications for which no threads are started
_NEAR = 1e-12  # relative to a largest value: what may be equal to it


@dataclass(frozen=True, slots=True)
class Products:
    """Moments of one cell, with what it takes to change them.

    Attributes:
        moments: with smallest and largest values of skewed columns and of those that once were.
        most: largest sum of squares that ever went into `cross`, `(k,)`.
        zeros: units whose value is 0, `(k,)`; below nothing, most values have this as their smallest.
    """

    moments: Moments
    most: Floats
    zeros: Floats

    @classmethod
    def of(cls, moments: Moments, zeros: Floats, shares: frozenset[int]) -> Products:
        """Those that were just added up from all units; shares need no smallest and largest values."""
        known = ~np.isin(np.arange(len(moments.names)), list(shares))
        low, high = (np.where(known, ends, np.nan) for ends in (moments.low, moments.high))
        return cls(replace(moments, low=low, high=high), np.array(moments.cross.diagonal()), zeros)

    def row(self) -> Floats:
        """All in one row, as it is kept in a file."""
        it = self.moments
        squares = [it.n.ravel(), it.mean.ravel(), it.cross.ravel()]
        return np.concatenate([[it.units], *squares, it.shift, it.third, it.low, it.high, self.most, self.zeros])

    @classmethod
    def from_row(cls, names: tuple[str, ...], row: Floats) -> Products:
        """The inverse of `row`.

        Raises:
            ValueError: the row is of other columns.
        """
        k = len(names)
        if len(row) != width(k):
            raise ValueError("products of other columns")
        n, mean, cross = row[1 : 1 + 3 * k * k].reshape(3, k, k)
        shift, third, low, high, most, zeros = row[1 + 3 * k * k :].reshape(6, k)
        return cls(Moments(names, n, shift, mean, cross, int(row[0]), third, low, high), most, zeros)

    @classmethod
    def anew(cls, names: tuple[str, ...], shift: Floats, part: Part, known: NDArray[np.bool_]) -> Products:
        """Those of a cell that holds these units and no others.

        Args:
            names: of the columns.
            shift: a constant near the mean of each column, `(k,)`.
            part: the units.
            known: columns whose smallest and largest values are asked for, `(k,)`.
        """
        rest = np.divide(part.total, part.n, out=np.zeros_like(part.total), where=part.n > 0)
        cross = part.product - rest * rest.T * part.n
        cross[part.n <= 1] = 0.0
        away, count = rest.diagonal(), part.n.diagonal()
        cubes = part.cubes - 3 * away * part.product.diagonal() + 2 * count * away**3
        mean = np.where(part.n > 0, rest + (part.centre - shift)[:, None], 0.0)
        low, high = (np.where(known, ends - shift, np.nan) for ends in (part.low, part.high))
        moments = Moments(names, part.n, shift, mean, cross, part.units, cubes, low, high)
        return cls(moments, np.array(part.product.diagonal()), part.zeros)

    def emptied(self) -> Products:
        """Those of a cell that nobody is in."""
        shift = self.moments.shift
        nobody = Part.of(np.empty((0, len(shift))))
        return Products.anew(self.moments.names, shift, nobody, np.zeros(len(shift), np.bool_))

    @property
    def centre(self) -> Floats | None:
        """About what parts that change it are to be summed; None where about anything."""
        return self.moments.shift + self.moments.mean.diagonal() if self.moments.units else None

    def changed(self, out: Part, into: Part, known: NDArray[np.bool_]) -> Products | None:
        """The same after some units changed, joined or left; None when that cannot be told from these alone.

        Args:
            out: those that were here, with the values that they had, about `centre`.
            into: those that are here now, with the values that they have, about `centre`.
            known: columns whose smallest and largest values are known wherever there are any, `(k,)`.
        """
        old = self.moments
        units = old.units + into.units - out.units
        if not old.units or not units:
            return Products.anew(old.names, old.shift, into, known)
        ends = self._ends(out, into, known)
        if ends is None:
            return None
        low, high, zeros = ends
        away = old.mean.diagonal()
        n = old.n + into.n - out.n
        beyond = old.mean - away[:, None]
        total = old.n * beyond + into.total - out.total
        product = old.cross + old.n * beyond * beyond.T + into.product - out.product
        mean = np.divide(total, n, out=np.zeros_like(total), where=n > 0)
        cross = product - mean * mean.T * n
        cross[n <= 1] = 0.0
        spread = cross.diagonal().copy()
        most = np.maximum.reduce([self.most, product.diagonal(), out.product.diagonal(), into.product.diagonal()])
        constant = out.is_constant & into.is_constant & (old.cross.diagonal() == 0)
        lost = (spread < _LOST * most) & (n.diagonal() > 1) & ~constant
        if lost.any():
            return None
        flat = constant | (spread <= 0)
        mean[constant, :] = 0.0
        cross[flat, :] = cross[:, flat] = 0.0
        new = mean.diagonal()
        cubes = old.third + into.cubes - out.cubes - 3 * new * product.diagonal() + 2 * n.diagonal() * new**3
        cubes = np.where(flat, 0.0, cubes)
        mean = np.where(n > 0, mean + away[:, None], 0.0)
        moments = Moments(old.names, n, old.shift, mean, cross, units, cubes, low, high)
        return replace(self, moments=moments, most=most, zeros=zeros)

    def _ends(self, out: Part, into: Part, known: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats] | None:
        """Smallest and largest values, and how many are 0; None when one left and nobody knows the next."""
        old = self.moments
        zeros = self.zeros - out.zeros + into.zeros
        low, high = old.low + old.shift, old.high + old.shift
        near = _NEAR * np.fmax(np.abs(low), np.abs(high))
        left = np.where(low == 0, zeros <= 0, out.low <= low + near) & ~(into.low <= low + near)
        left |= (out.high >= high - near) & ~(into.high >= high - near)
        if (known & left).any():
            return None
        low, high = (np.where(known, ends, np.nan) for ends in (np.fmin(low, into.low), np.fmax(high, into.high)))
        return low - old.shift, high - old.shift, zeros


@dataclass(frozen=True, slots=True)
class Part:
    """Some units of a cell, summed about a constant for each column.

    Attributes:
        units: how many there are.
        centre: what is subtracted, `(k,)`.
        n: units where both columns are present, `(k, k)`.
        total: sum of column i over the units where i and j are present, `(k, k)`.
        product: sum of products, `(k, k)`.
        cubes: sum of cubes, `(k,)`.
        low: smallest values, nothing subtracted, `(k,)`; NaN where there is none.
        high: largest values.
        zeros: how many values are 0, `(k,)`.
    """

    units: int
    centre: Floats
    n: Floats
    total: Floats
    product: Floats
    cubes: Floats
    low: Floats
    high: Floats
    zeros: Floats

    @classmethod
    def of(cls, values: Floats, centre: Floats | None = None) -> Part:
        """Sum units.

        Args:
            values: NaN where missing, `(units, k)`.
            centre: what is to be subtracted; the mean of each column when None.
        """
        units, k = values.shape
        if centre is None:
            count = (~np.isnan(values)).sum(axis=0)
            centre = np.divide(np.nansum(values, axis=0), count, out=np.zeros(k), where=count > 0)
            low, high = _extremes(values, gaps=True)
            # The mean of equal values may differ from them in the last bit, and their spread must be nothing.
            centre = np.where(low == high, low, centre)
        moved = values - centre
        sums = moved.sum(axis=0)
        gaps = not np.isfinite(sums).all()
        low, high = _extremes(values, gaps=gaps)
        zeros = np.asarray(units - np.count_nonzero(values, axis=0), dtype=np.float64)
        if gaps:
            here = (~np.isnan(moved)).astype(np.float64)
            moved = np.where(here > 0, moved, 0.0)
            n, total = here.T @ here, moved.T @ here
        else:
            n, total = np.full((k, k), float(units)), np.repeat(sums[:, None], k, axis=1)
        cubes = np.einsum("ij,ij,ij->j", moved, moved, moved)
        return cls(units, centre, n, total, _products(moved), cubes, low, high, zeros)

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Whether a column is everywhere what is subtracted, up to the last bit."""
        near = np.abs(self.low - self.centre) <= _NEAR * np.abs(self.low)
        return np.asarray((self.low == self.high) & (self.n.diagonal() == self.units) & near) | (self.units == 0)


def width(columns: int) -> int:
    """Numbers in a row of so many columns."""
    return 1 + 3 * columns * columns + 6 * columns


def _products(values: Floats) -> Floats:
    """Sums of products of all pairs of columns, in blocks too small to be shared out to threads.

    Threads of a library of linear algebra that wait for so little work cost more than the work.
    """
    units, k = values.shape
    rows = max(_ALONE // (k * k), 16)
    whole = units // rows * rows
    blocks = np.ascontiguousarray(values[:whole]).reshape(-1, rows, k)
    found = np.matmul(blocks.transpose(0, 2, 1), blocks).sum(axis=0)
    rest = np.ascontiguousarray(values[whole:])
    return np.asarray(found + np.matmul(rest.T, rest), dtype=np.float64)


def _extremes(values: Floats, *, gaps: bool) -> tuple[Floats, Floats]:
    """Smallest and largest value of each column, NaN where there is none."""
    if not len(values):
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    if gaps:
        return np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    return values.min(axis=0), values.max(axis=0)


def all_changed(
    found: Sequence[Products],
    parts: Mapping[int, tuple[Part, Part]],
    shares: frozenset[int],
    again: Callable[[int], Part],
) -> list[Products] | None:
    """The products of all cells after units changed; None when all units are to be added up again.

    Args:
        found: what is remembered, by cell.
        parts: units that changed as they were and as they are, by cell; cells beyond those remembered are new.
        shares: columns of 0 and 1.
        again: all units of a cell, where those that changed do not tell enough.
    """
    known = np.any([~np.isnan(products.moments.low) for products in found], axis=0)
    changed: list[Products] = []
    for cell in range(max([len(found) - 1, *parts]) + 1):
        old = found[cell] if cell < len(found) else found[0].emptied()
        new = old.changed(*parts[cell], known) if cell in parts else old
        changed.append(new or Products.anew(old.moments.names, old.moments.shift, again(cell), known))
    skewed = skewed_in([products.moments for products in changed], shares)
    return changed if known[skewed].all() else None


def shown(found: Sequence[Products], shares: frozenset[int]) -> list[Moments]:
    """The moments as a pass over all units gives them."""
    answer = []
    skewed = skewed_in([products.moments for products in found], shares)
    for products in found:
        moments = products.moments
        third, low, high = moments.third.copy(), moments.low.copy(), moments.high.copy()
        for i in range(len(moments.names)):
            if i in shares:
                third[i], low[i], high[i] = of_share(moments, i)
            elif i not in skewed:
                low[i] = high[i] = np.nan
        answer.append(replace(moments, third=third, low=low, high=high))
    return answer


def skewed_in(found: Sequence[Moments], shares: frozenset[int]) -> list[int]:
    """Columns whose smallest and largest values are asked for."""
    return [i for i in range(len(found[0].names)) if i not in shares and is_skewed(found, i)] if found else []
