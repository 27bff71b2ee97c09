"""Sufficient statistics as a value: counts, means and cross products of many columns, mergeable with `+`.

Everything an experiment needs (differences, ratios, regression adjustment) is a function of `Moments`, so that
one pass over the data serves every metric, and samples measured apart can be joined without the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

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
        third: sum of cubed deviations from the mean of each column, `(k,)`; NaN when not known.
        low: smallest value minus shift of each column, `(k,)`; NaN when not known or without units.
        high: largest value minus shift, likewise.

    >>> from vitalfew.stats import Moments
    >>> both = Moments.of({"minutes": [4.0, 6.0]}) + Moments.of({"minutes": [5.0, float("nan")]})
    >>> both.units, both.count("minutes"), both.mean_of("minutes"), both.variance_of("minutes")
    (4, 3, 5.0, 1.0)
    """

    names: tuple[str, ...]
    n: Floats
    shift: Floats
    mean: Floats
    cross: Floats
    units: int
    third: Floats = field(default_factory=lambda: np.zeros(0))
    low: Floats = field(default_factory=lambda: np.zeros(0))
    high: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        """Fill in NaN for what the source does not give."""
        for name in ("third", "low", "high"):
            if len(getattr(self, name)) != len(self.names):
                object.__setattr__(self, name, np.full(len(self.names), np.nan))

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike], shift: Mapping[str, float] | None = None) -> Self:
        """Compute the moments of columns of equal length, `(n_units,)` each.

        Args:
            columns: values by column name; NaN and infinities are missing.
            shift: a constant near the mean of each column; the column's own mean when absent.

        Raises:
            UsageError: a column is not a list of numbers, columns differ in length, or a shift is missing.
        """
        names = tuple(columns)
        rows = _rows(columns)
        present = np.isfinite(rows)
        centre = _centre(rows, present, names, shift)
        with np.errstate(invalid="ignore", over="ignore"):
            shifted = np.where(present, rows - centre, 0.0)
            n, mean, cross = _central_products(shifted, present)
            shape = _shape(shifted, present, mean.diagonal())
        return cls(names, n, centre, mean, cross, len(rows), *shape)

    @classmethod
    def given(cls, name: str, *, n: float, mean: float, variance: float | None) -> Self:
        """Take the moments of one column as somebody else reports them (variance with divisor n - 1).

        Raises:
            UsageError: `n` is negative or no number.

        >>> Moments.given("minutes", n=40, mean=5.0, variance=2.25).variance_of("minutes")
        2.25
        """
        if not 0 <= n < np.inf:
            raise UsageError(f"{n:g} units of '{name}'", expected="a count of 0 or more")
        cross = np.nan if variance is None else variance * (n - 1)
        square = (np.array([[float(n)]]), np.array([float(mean)]), np.zeros((1, 1)), np.array([[cross]]))
        return cls((name,), *square, int(n))

    def __add__(self, other: Moments) -> Moments:
        """Moments of the two samples joined. Associative and commutative up to rounding."""
        if not isinstance(other, Moments):
            return NotImplemented
        if self.names != other.names:
            raise UsageError(f"moments of different columns cannot be added: {self.names} and {other.names}")
        n = self.n + other.n
        weight = np.divide(other.n, n, out=np.zeros_like(n), where=n > 0)
        # A sample without any value of a column has no shift worth keeping: the other's is near the mean.
        shift = np.where(np.diagonal(self.n) > 0, self.shift, other.shift)
        here = np.where(self.n > 0, self.mean + (self.shift - shift)[:, None], 0.0)
        there = np.where(other.n > 0, other.mean + (other.shift - shift)[:, None], 0.0)
        with np.errstate(over="ignore", invalid="ignore"):  # values near the largest float: refused where they are used
            delta = there - here
            mean = here + delta * weight
            cross = _sum_of(self, other) + delta * delta.T * (self.n * weight)
            third = _third_of(self, other, delta.diagonal())
            low = np.fmin(self.low + self.shift - shift, other.low + other.shift - shift)
            high = np.fmax(self.high + self.shift - shift, other.high + other.shift - shift)
        return Moments(self.names, n, shift, mean, cross, self.units + other.units, third, low, high)

    def __radd__(self, other: object) -> Moments:
        """So that `sum` joins many samples: it starts from 0."""
        return self if other == 0 else NotImplemented

    def pick(self, names: Sequence[str]) -> Moments:
        """Moments of some of the columns, in the order asked for."""
        at = np.array([self.at(name) for name in names], dtype=np.intp)
        square = np.ix_(at, at)
        matrices = (self.n[square], self.shift[at], self.mean[square], self.cross[square])
        return Moments(tuple(names), *matrices, self.units, self.third[at], self.low[at], self.high[at])

    def count(self, name: str) -> int:
        """Units where the column is present."""
        at = self.at(name)
        return int(self.n[at, at])

    def mean_of(self, name: str) -> float:
        """Mean of the column over the units where it is present; NaN when there are none."""
        at = self.at(name)
        return float(self.shift[at] + self.mean[at, at]) if self.n[at, at] > 0 else float("nan")

    def variance_of(self, name: str) -> float:
        """Sample variance (divisor n - 1); NaN with fewer than two units."""
        return self.covariance_of(name, name)

    def skewness_of(self, name: str) -> float:
        """Skewness of the column, sum of cubed deviations / n over the cubed standard deviation; NaN when not known."""
        at = self.at(name)
        n, squares = float(self.n[at, at]), float(self.cross[at, at])
        return float(self.third[at] / n / (squares / n) ** 1.5) if n > 0 and squares > 0 else float("nan")

    def covariance_of(self, first: str, second: str) -> float:
        """Sample covariance (divisor n - 1) over the units where both columns are present; NaN with fewer than two."""
        i, j = self.at(first), self.at(second)
        return float(self.cross[i, j] / (self.n[i, j] - 1)) if self.n[i, j] > 1 else float("nan")

    def at(self, name: str) -> int:
        """Position of a column in the arrays."""
        try:
            return self.names.index(name)
        except ValueError:
            raise UsageError(f"no moments of '{name}'", hint=suggest(name, self.names)) from None

    def __repr__(self) -> str:
        return f"Moments({', '.join(self.names)}; {self.units:,} units)"


def _rows(columns: Mapping[str, ArrayLike]) -> Floats:
    arrays = [_column(name, column) for name, column in columns.items()]
    lengths = {name: len(array) for name, array in zip(columns, arrays, strict=True)}
    if len(set(lengths.values())) > 1:
        raise UsageError(f"columns of different lengths: {lengths}", expected="one value per unit in every column")
    return np.column_stack(arrays) if arrays else np.zeros((0, 0))


def _column(name: str, column: ArrayLike) -> Floats:
    try:
        array = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"column '{name}' has values that are no numbers", expected="one number per unit") from None
    if array.ndim != 1:
        raise UsageError(f"column '{name}' is no list of numbers", expected="one number per unit")
    return array


def _centre(
    rows: Floats, present: NDArray[np.bool_], names: tuple[str, ...], shift: Mapping[str, float] | None
) -> Floats:
    if shift is not None:
        if missing := [name for name in names if name not in shift]:
            raise UsageError(f"no shift for '{missing[0]}'", expected="one for every column, or none at all")
        given = np.array([float(shift[name]) for name in names])
        return np.where(np.isfinite(given), given, 0.0)
    counts = np.maximum(present.sum(axis=0), 1)
    # Divided before it is summed, so that values near the largest float do not overflow.
    rough: Floats = (np.where(present, rows, 0.0) / counts).sum(axis=0)
    return rough


def _sum_of(first: Moments, second: Moments) -> Floats:
    """Add central products; those of a sample without any unit are zero even where the source did not give them."""
    return np.where(first.n > 0, first.cross, 0.0) + np.where(second.n > 0, second.cross, 0.0)


def _third_of(first: Moments, second: Moments, delta: Floats) -> Floats:
    """Third central sums of the joined samples (Chan, Golub & LeVeque 1983, extended by Terriberry 2007)."""
    n_1, n_2 = first.n.diagonal(), second.n.diagonal()
    n = np.maximum(n_1 + n_2, 1)
    squares_1, squares_2 = first.cross.diagonal(), second.cross.diagonal()
    mixed = delta**3 * n_1 * n_2 * (n_1 - n_2) / n**2 + 3 * delta * (n_1 * squares_2 - n_2 * squares_1) / n
    both = first.third + second.third + mixed
    return np.where(n_1 == 0, second.third, np.where(n_2 == 0, first.third, both))


def _shape(shifted: Floats, present: NDArray[np.bool_], mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Sum of cubed deviations, smallest and largest shifted value per column."""
    away = np.where(present, shifted - mean, 0.0)
    some = present.any(axis=0)
    low = np.where(present, shifted, np.inf).min(axis=0, initial=np.inf)
    high = np.where(present, shifted, -np.inf).max(axis=0, initial=-np.inf)
    return (away**3).sum(axis=0), np.where(some, low, np.nan), np.where(some, high, np.nan)


def _central_products(shifted: Floats, present: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Counts, means and sums of (x_i - mean_ij)(x_j - mean_ji) over the units where both are present, `(k, k)` each.

    Columns that miss the same units are taken together, so that the work is a matrix product per pair of such
    groups (one in all when nothing is missing), and every pair is centred on its own mean before it is multiplied.
    """
    k = shifted.shape[1]
    n, mean, cross = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    groups = _columns_missing_alike(present)
    for index, first in enumerate(groups):
        for second in groups[index:]:
            block, mirror = np.ix_(first, second), np.ix_(second, first)
            count, mean[block], mean[mirror], products = _block(shifted, present, first, second)
            n[block] = n[mirror] = count
            cross[block] = products
            cross[mirror] = products.T
    return n, mean, cross


def _columns_missing_alike(present: NDArray[np.bool_]) -> list[list[int]]:
    groups: dict[bytes, list[int]] = {}
    for column in range(present.shape[1]):
        groups.setdefault(np.packbits(present[:, column]).tobytes(), []).append(column)
    return list(groups.values())


def _block(
    shifted: Floats, present: NDArray[np.bool_], first: list[int], second: list[int]
) -> tuple[int, Floats, Floats, Floats]:
    both = present[:, first[0]] & present[:, second[0]]
    count = int(np.count_nonzero(both))
    if count == 0:
        return (
            0,
            np.zeros((len(first), len(second))),
            np.zeros((len(second), len(first))),
            np.zeros((len(first), len(second))),
        )
    rows = shifted if count == len(shifted) else shifted[both]
    left, mean_left = _centred(rows[:, first])
    right, mean_right = (left, mean_left) if first == second else _centred(rows[:, second])
    products = left.T @ right
    return count, np.repeat(mean_left[:, None], len(second), 1), np.repeat(mean_right[:, None], len(first), 1), products


def _centred(rows: Floats) -> tuple[Floats, Floats]:
    """Subtract the mean twice: the second pass removes what rounding left when the shift was far from the mean."""
    mean = rows.mean(axis=0)
    away = rows - mean
    rest = away.mean(axis=0)
    return away - rest, mean + rest
