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
from vitalfew.warehouse.parts import Part
from vitalfew.warehouse.sums import of_share, skewed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LOST = 1e-4  # of what was added up: four of sixteen digits
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
        low, high = (np.where(known, ends - shift, np.nan) for ends in (part.low, part.high))
        moments = replace(part.moments(names, shift), low=low, high=high)
        return cls(moments, np.array(part.product.diagonal()), part.zeros)

    def emptied(self) -> Products:
        """Those of a cell that nobody is in."""
        shift = self.moments.shift
        nobody = Part.of(np.empty((len(shift), 0)))
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


def width(columns: int) -> int:
    """Numbers in a row of so many columns."""
    return 1 + 3 * columns * columns + 6 * columns


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
