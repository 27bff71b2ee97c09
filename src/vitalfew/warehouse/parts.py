"""Some units of a cell, summed: counts, sums and products of all pairs of columns, by multiplying blocks of values.

A database adds up each of hundreds of products apart, about a nanosecond each per unit. As a product of matrices they
take a tenth of that, so values are streamed out of it and summed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ALONE = 1 << 18  # multiplications for which no threads are started
_NEAR = 1e-12  # relative to a largest value: what may be equal to it


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
            values: NaN where missing, `(k, units)`. The constant is subtracted in place: what lies in memory that was
                never touched before costs as much as all the sums.
            centre: what is to be subtracted; the mean of each column when None.
        """
        k, units = values.shape
        low, high = _extremes(values)
        zeros = np.count_nonzero(values == 0, axis=1).astype(np.float64)
        if centre is None:
            # The mean of equal values may differ from them in the last bit, and their spread must be nothing.
            centre = np.where(low == high, low, mean_of(values))
        values -= centre[:, None]
        sums = values.sum(axis=1)
        if np.isfinite(sums).all():
            n, total = np.full((k, k), float(units)), np.repeat(sums[:, None], k, axis=1)
        else:
            missing = np.isnan(values)
            here = (~missing).astype(np.float64)
            values[missing] = 0.0
            n, total = here @ here.T, values @ here.T
        cubes = np.einsum("ij,ij,ij->i", values, values, values)
        return cls(units, centre, n, total, _products(values), cubes, low, high, zeros)

    def __add__(self, other: Part) -> Part:
        """The units of both, summed about the same constant."""
        return Part(
            self.units + other.units,
            self.centre,
            self.n + other.n,
            self.total + other.total,
            self.product + other.product,
            self.cubes + other.cubes,
            np.fmin(self.low, other.low),
            np.fmax(self.high, other.high),
            self.zeros + other.zeros,
        )

    def moments(self, names: tuple[str, ...], shift: Floats) -> Moments:
        """Moments of the units, about `shift`, `(k,)`, without smallest and largest values."""
        # Values near the largest float overflow here; what comes of it is refused where it is used.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            rest = np.where(self.n > 0, self.total / self.n, 0.0)
            cross = self.product - rest * rest.T * self.n
            cross[self.n <= 1] = 0.0
            np.fill_diagonal(cross, np.maximum(cross.diagonal(), 0.0))
            away, count = rest.diagonal(), self.n.diagonal()
            third = self.cubes - (3 * away * self.product.diagonal() - 2 * count * away**3)
            mean = np.where(self.n > 0, rest + (self.centre - shift)[:, None], 0.0)
        return Moments(names, self.n, shift, mean, cross, self.units, np.where(count > 1, third, 0.0))

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """Whether a column is everywhere what is subtracted, up to the last bit."""
        near = np.abs(self.low - self.centre) <= _NEAR * np.abs(self.low)
        return np.asarray((self.low == self.high) & (self.n.diagonal() == self.units) & near) | (self.units == 0)


def mean_of(values: Floats) -> Floats:
    """The mean of each column, 0 where there is no value, `(k,)`."""
    count = (~np.isnan(values)).sum(axis=1)
    total = np.nansum(values, axis=1)
    return np.asarray(np.divide(total, count, out=np.zeros(len(values)), where=count > 0), dtype=np.float64)


def _products(values: Floats) -> Floats:
    """Sums of products of all pairs of columns, in blocks too small to be shared out to threads.

    Threads of a library of linear algebra that wait for so little work cost more than the work.
    """
    k, units = values.shape
    rows = max(_ALONE // max(k * k, 1), 16)
    whole = units // rows * rows
    blocks = values[:, :whole].reshape(k, whole // rows, rows).transpose(1, 0, 2)
    found = np.matmul(blocks, blocks.transpose(0, 2, 1)).sum(axis=0)
    rest = values[:, whole:]
    return np.asarray(found + rest @ rest.T, dtype=np.float64)


def _extremes(values: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest value of each column, NaN where there is none."""
    if not values.shape[1]:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    low, high = values.min(axis=1), values.max(axis=1)
    if np.isnan(low).any():
        low, high = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    return low, high
