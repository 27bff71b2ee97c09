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
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.warehouse.sums import Cell

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

    def changed(self, before: Floats, after: Floats, known: NDArray[np.bool_]) -> Products | None:
        """The same after some units changed; None when that cannot be told from these alone.

        Args:
            before: their values until now, NaN where missing, `(units, k)`.
            after: those that they have now, of the same units in any order.
            known: columns whose smallest and largest values are known wherever there are any, `(k,)`.
        """
        old = self.moments
        ends = self._ends(before, after, known)
        if ends is None:
            return None
        low, high, zeros = ends
        away = old.mean.diagonal()
        centre = old.shift + away
        out, into = _sums(before - centre), _sums(after - centre)
        n = old.n + into.n - out.n
        beyond = old.mean - away[:, None]
        total = old.n * beyond + into.total - out.total
        product = old.cross + old.n * beyond * beyond.T + into.product - out.product
        mean = np.divide(total, n, out=np.zeros_like(total), where=n > 0)
        cross = product - mean * mean.T * n
        cross[n <= 1] = 0.0
        spread = cross.diagonal().copy()
        most = np.maximum.reduce([self.most, product.diagonal(), out.product.diagonal(), into.product.diagonal()])
        constant = _constant(before, after) & (old.cross.diagonal() == 0)
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
        moments = Moments(old.names, n, old.shift, mean, cross, old.units, cubes, low, high)
        return replace(self, moments=moments, most=most, zeros=zeros)

    def _ends(self, before: Floats, after: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats] | None:
        """Smallest and largest values, and how many are 0; None when one left and nobody knows the next."""
        old = self.moments
        zeros = self.zeros - (before == 0).sum(axis=0) + (after == 0).sum(axis=0)
        low, high = old.low + old.shift, old.high + old.shift
        fell, rose = np.fmin.reduce(after, axis=0), np.fmax.reduce(after, axis=0)
        near = _NEAR * np.fmax(np.abs(low), np.abs(high))
        bottom = np.fmin.reduce(before, axis=0) <= low + near
        left = np.where(low == 0, zeros <= 0, bottom) & ~(fell <= low + near)
        left |= (np.fmax.reduce(before, axis=0) >= high - near) & ~(rose >= high - near)
        if (known & left).any():
            return None
        low, high = (np.where(known, ends, np.nan) for ends in (np.fmin(low, fell), np.fmax(high, rose)))
        return low - old.shift, high - old.shift, zeros


@dataclass(frozen=True, slots=True)
class _Sums:
    n: Floats
    total: Floats
    product: Floats
    cubes: Floats


def width(columns: int) -> int:
    """Numbers in a row of so many columns."""
    return 1 + 3 * columns * columns + 6 * columns


def _sums(values: Floats) -> _Sums:
    """Counts, sums and products of columns, pair by pair where values are missing."""
    missing = np.isnan(values)
    if missing.any():
        here = (~missing).astype(np.float64)
        values = np.where(missing, 0.0, values)
        n, total = here.T @ here, values.T @ here
    else:
        k = values.shape[1]
        n, total = np.full((k, k), float(len(values))), np.repeat(values.sum(axis=0)[:, None], k, axis=1)
    return _Sums(n, total, _products(values), np.einsum("ij,ij,ij->j", values, values, values))


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


def _constant(before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Whether a column has one and the same value, before and after."""
    both = np.concatenate([before, after])
    return np.asarray((both == both[:1]).all(axis=0), dtype=np.bool_)


def all_changed(
    found: Mapping[Cell, Products], rows: Mapping[Cell, tuple[Floats, Floats]], shares: frozenset[int]
) -> dict[Cell, Products] | None:
    """The products of all cells after the units of some changed; None when that cannot be told from these alone.

    Args:
        found: what is remembered.
        rows: values before and after, by cell.
        shares: columns of 0 and 1.
    """
    changed: dict[Cell, Products] = {}
    known = np.any([~np.isnan(products.moments.low) for products in found.values()], axis=0)
    for cell, products in found.items():
        new = products.changed(*rows[cell], known) if cell in rows else products
        if new is None:
            return None
        changed[cell] = new
    skewed = skewed_in([products.moments for products in changed.values()], shares)
    if rows.keys() - found.keys() or not known[skewed].all():
        return None
    return changed


def shown(found: Mapping[Cell, Products], shares: frozenset[int]) -> dict[Cell, Moments]:
    """The moments as a pass over all units gives them."""
    answer = {}
    skewed = skewed_in([products.moments for products in found.values()], shares)
    for cell, products in found.items():
        moments = products.moments
        third, low, high = moments.third.copy(), moments.low.copy(), moments.high.copy()
        for i in range(len(moments.names)):
            if i in shares:
                third[i], low[i], high[i] = of_share(moments, i)
            elif i not in skewed:
                low[i] = high[i] = np.nan
        answer[cell] = replace(moments, third=third, low=low, high=high)
    return answer


def skewed_in(found: Sequence[Moments], shares: frozenset[int]) -> list[int]:
    """Columns whose smallest and largest values are asked for."""
    return [i for i in range(len(found[0].names)) if i not in shares and is_skewed(found, i)] if found else []
