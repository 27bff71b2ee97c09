"""Sufficient statistics as a value: counts, means and cross products of many columns, mergeable with `+`.

Everything an experiment needs (differences, ratios, regression adjustment) is a function of `Moments`, so that
one pass over the data serves every metric, and samples measured apart can be joined without the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vitalfew.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of `k` columns over units, with missing values handled pair by pair.

    A value that is NULL, NaN or infinite is missing: a pair (i, j) uses the units where both are present. Means are
    kept relative to a `shift` shared by all samples that will be compared, and products are central, so that a mean
    of 1e12 standard deviations costs no digits (Chan, Golub & LeVeque 1983, eq. 2.1, for the merge).

    Attributes:
        names: column names, `(k,)`.
        n: units where both columns are present, `(k, k)`; the diagonal counts the column alone.
        shift: constant subtracted from each column before anything is summed, `(k,)`.
        mean: `mean[i, j]` is the mean of column i minus `shift[i]` over the units where i and j are present, `(k, k)`.
        cross: sum of central products of columns i and j over those units, `(k, k)`, symmetric; NaN when the source
            did not give it (for example an aggregate without a variance).
        units: units in the sample, those with every column missing included.
    """

    names: tuple[str, ...]
    n: Floats
    shift: Floats
    mean: Floats
    cross: Floats
    units: int

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike], shift: Mapping[str, float] | None = None) -> Self:
        """Compute the moments of columns of equal length, `(n_units,)` each.

        Args:
            columns: values by column name; NaN and infinities are missing.
            shift: a constant near the mean of each column; the column's own mean when absent.
        """
        names = tuple(columns)
        rows = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns.values()])
        present = np.isfinite(rows)
        centre = _centre(rows, present, names, shift)
        shifted = np.where(present, rows - centre, 0.0)
        seen = present.astype(np.float64)
        n = seen.T @ seen
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(n > 0, (shifted.T @ seen) / n, 0.0)
        return cls(names, n, centre, mean, _central_products(shifted, present, mean), len(rows))

    @classmethod
    def given(cls, name: str, *, n: float, mean: float, variance: float | None) -> Self:
        """Take the moments of one column as somebody else reports them (variance with divisor n - 1)."""
        cross = np.nan if variance is None else variance * (n - 1)
        return cls((name,), np.array([[float(n)]]), np.array([float(mean)]), np.zeros((1, 1)), np.array([[cross]]), int(n))

    def __add__(self, other: Moments) -> Moments:
        """Moments of the two samples joined. Associative and commutative up to rounding."""
        if self.names != other.names:
            raise UsageError(f"moments of different columns cannot be added: {self.names} and {other.names}")
        n = self.n + other.n
        away = other.mean + (other.shift - self.shift)[:, None]
        delta = away - self.mean
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = np.where(n > 0, other.n / n, 0.0)
        mean = self.mean + delta * weight
        cross = self.cross + other.cross + delta * delta.T * self.n * weight
        return Moments(self.names, n, self.shift, mean, cross, self.units + other.units)

    def pick(self, names: Sequence[str]) -> Moments:
        """Moments of some of the columns, in the order asked for."""
        at = np.array([self._at(name) for name in names], dtype=np.intp)
        square = np.ix_(at, at)
        return Moments(tuple(names), self.n[square], self.shift[at], self.mean[square], self.cross[square], self.units)

    def count(self, name: str) -> int:
        """Units where the column is present."""
        at = self._at(name)
        return int(self.n[at, at])

    def mean_of(self, name: str) -> float:
        """Mean of the column over the units where it is present; NaN when there are none."""
        at = self._at(name)
        return float(self.shift[at] + self.mean[at, at]) if self.n[at, at] > 0 else float("nan")

    def variance_of(self, name: str) -> float:
        """Sample variance (divisor n - 1); NaN with fewer than two units."""
        return self.covariance_of(name, name)

    def covariance_of(self, first: str, second: str) -> float:
        """Sample covariance (divisor n - 1) over the units where both columns are present; NaN with fewer than two."""
        i, j = self._at(first), self._at(second)
        return float(self.cross[i, j] / (self.n[i, j] - 1)) if self.n[i, j] > 1 else float("nan")

    def _at(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise UsageError(f"no moments of '{name}'", hint=suggest(name, self.names)) from None

    def __repr__(self) -> str:
        return f"Moments({', '.join(self.names)}; {self.units:,} units)"


def _centre(rows: Floats, present: NDArray[Any], names: tuple[str, ...], shift: Mapping[str, float] | None) -> Floats:
    if shift is not None:
        return np.array([float(shift[name]) for name in names])
    counts = np.maximum(present.sum(axis=0), 1)
    rough = np.where(present, rows, 0.0).sum(axis=0) / counts
    return np.asarray(rough, dtype=np.float64)


def _central_products(shifted: Floats, present: NDArray[Any], mean: Floats) -> Floats:
    """Sum of (x_i - mean_ij)(x_j - mean_ji) over the units where both are present."""
    k = shifted.shape[1]
    cross = np.zeros((k, k))
    for i in range(k):
        for j in range(i, k):
            both = present[:, i] & present[:, j]
            cross[i, j] = cross[j, i] = float(
                (shifted[both, i] - mean[i, j]) @ (shifted[both, j] - mean[j, i]) if both.any() else 0.0
            )
    return cross
