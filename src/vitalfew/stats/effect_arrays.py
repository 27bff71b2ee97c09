"""Effects of many experiments and their noise, checked, brought to one scale and made ready for many solves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FEWEST = 3
"""Experiments below which nothing is said about how effects scatter."""
_RIDGE = 1e-6  # added to noise correlations: a metric that is the sum of others is no reason to fail
_ASYMMETRY = 1e-6  # relative, of a covariance matrix: more is a mistake, less is rounding
_NEGATIVE = -1e-6  # smallest eigenvalue of a correlation matrix that rounding explains
_LEAST_NOISE = 0.1  # of its own that an effect keeps, however large it was
_FURTHEST = 1e3  # usual sizes at which an experiment is held: farther out, its square leaves no digits for the others


@dataclass(frozen=True, eq=False)
class Prepared:
    """K experiments x G metrics in units of typical noise; what is missing counts as measured without precision.

    Attributes:
        scale: typical standard error of each metric, `(G,)`; effects divided by it are what follows.
        effects: 0 where missing, `(K, G)`; an experiment beyond all measure is held, in its own direction.
        measured: which metrics each experiment has, `(K, G)`.
        noise: covariance over the measured metrics, the identity elsewhere, `(K, G, G)`.
        constants: of the log-likelihood of each experiment in the units that were given, `(K,)`.
    """

    scale: Floats
    effects: Floats
    measured: Flags
    noise: Floats
    constants: Floats

    def pick(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Prepared:
        """Some of the experiments."""
        return Prepared(self.scale, self.effects[rows], self.measured[rows], self.noise[rows], self.constants[rows])

    def weighed(self, weights: Floats) -> Prepared:
        """Effects and noise as if true effects were so many times as large in variance, `(K,)`: 1 leaves them as is.

        A tenth of the noise always stays. Effects all but free of noise say little more of others, and a fit to them
        has to creep along a ridge.
        """
        size = np.sqrt(weights)[:, None]
        constants = self.constants + self.measured.sum(axis=1) * np.log(weights) / 2
        noise = self.noise * np.maximum(weights, _LEAST_NOISE)[:, None, None]
        return Prepared(self.scale, self.effects * size, self.measured, noise, constants)

    @cached_property
    def complete(self) -> bool:
        """Whether every experiment measured every metric."""
        return bool(self.measured.all())

    @cached_property
    def precision(self) -> Floats:
        """Inverse noise covariance over the measured metrics, 0 elsewhere, `(K, G, G)`."""
        return only_measured(np.linalg.inv(self.noise), self)

    @cached_property
    def log_noise(self) -> Floats:
        """Logarithm of the determinant of each noise covariance, `(K,)`."""
        return np.asarray(np.linalg.slogdet(self.noise)[1])


def only_measured(matrices: Floats, data: Prepared) -> Floats:
    """The same matrices, `(K, G, G)`, with 0 in rows and columns of missing metrics."""
    if data.complete:
        return matrices
    return matrices * data.measured[:, :, None] * data.measured[:, None, :]


def prepare(effects: ArrayLike, noise: ArrayLike, sizes: Floats | None = None) -> Prepared:
    """Check effects, `(K, G)`, and their noise covariances, `(K, G, G)`; NaN: that metric was not measured.

    With `sizes` of true effects, `(G,)`, at hand nothing has to be learnt from the effects, so that any number will do.

    Raises:
        UsageError: shapes do not fit, a variance is not above zero, or a covariance matrix is none.
        NotEnoughData: fewer than three experiments, or a metric that none of them measured.
    """
    values, spread = checked(effects, noise, learn=sizes is None)
    values = held(values, spread) if sizes is None else values
    measured = np.isfinite(values)
    scale = _scale(measured, spread, sizes)
    both = measured[:, :, None] & measured[:, None, :]
    at = np.arange(values.shape[1])
    spread = np.where(both, spread / np.outer(scale, scale), 0.0)
    spread[:, at, at] = np.where(measured, spread[:, at, at] * (1 + _RIDGE), 1.0)
    scaled = np.where(measured, values / scale, 0.0)
    spread = _positive(spread)
    constants = -(measured.sum(axis=1) * np.log(2 * np.pi) / 2 + measured @ np.log(scale))
    return Prepared(scale, scaled, measured, spread, constants)


def checked(effects: ArrayLike, noise: ArrayLike, *, learn: bool = True) -> tuple[Floats, Floats]:
    """Bring effects and noise to arrays in which both miss the same metrics; see `prepare` for what is refused."""
    values, spread = _floats(effects, "effects"), _floats(noise, "noise")
    if values.ndim != 2:  # noqa: PLR2004 - experiments x metrics
        raise UsageError(f"effects of shape {values.shape}", expected="one row per experiment, one column per metric")
    count, width = values.shape
    if spread.shape != (count, width, width):
        raise UsageError(
            f"noise of shape {spread.shape} for effects of shape {values.shape}",
            expected=f"one covariance matrix per experiment: ({count}, {width}, {width})",
        )
    if learn and count < FEWEST:
        hint = "pool more experiments, or read each on its own"
        raise NotEnoughData(f"{count} experiments tell nothing about how effects scatter", hint=hint)
    variances = spread.diagonal(axis1=1, axis2=2)
    missing = ~(np.isfinite(values) & np.isfinite(variances))
    if learn and missing.all(axis=0).any():
        at = int(missing.all(axis=0).argmax())
        raise NotEnoughData(f"no experiment measured metric number {at + 1}", hint="leave it out")
    values, spread = np.where(missing, np.nan, values), spread.copy()
    spread[missing[:, :, None] | missing[:, None, :]] = np.nan
    _check_noise(spread, missing)
    return values, spread


def held(effects: Floats, noise: Floats) -> Floats:
    """The same effects, `(K, G)`, with all of an experiment made smaller alike where one is beyond all measure.

    Directions stay, which slopes are; and whether something is a thousand or a billion times as large as usual says
    nothing more of the others, while squares of the latter take all digits from them. Where all effects on a metric are
    large, large is usual.

    Args:
        effects: `(K, G)`; NaN: not measured.
        noise: their covariances, `(K, G, G)`.
    """
    measured = np.isfinite(effects) & (noise.diagonal(axis1=1, axis2=2) > 0)
    sizes = np.where(measured, np.abs(effects) / _scale(measured, noise, None), 0.0)
    usual = [1 + np.median(sizes[rows, at]) if rows.any() else 1.0 for at, rows in enumerate(measured.T)]
    furthest = (sizes / np.array(usual)).max(axis=1, initial=_FURTHEST)
    return np.asarray(effects * (_FURTHEST / furthest)[:, None])


def _scale(measured: Flags, spread: Floats, sizes: Floats | None) -> Floats:
    """Typical standard error of each metric; where none was measured, the size of its true effects."""
    variances = spread.diagonal(axis1=1, axis2=2)
    seen = measured.any(axis=0)
    scale = np.ones(measured.shape[1]) if sizes is None else np.where(sizes > 0, sizes, 1.0)
    for metric in np.flatnonzero(seen):
        scale[metric] = np.sqrt(np.median(variances[measured[:, metric], metric]))
    return scale


def _floats(given: ArrayLike, what: str) -> Floats:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{what} with values that are no numbers", expected="an array of numbers") from None


def _check_noise(spread: Floats, missing: Flags) -> None:
    variances = spread.diagonal(axis1=1, axis2=2)
    both = ~(missing[:, :, None] | missing[:, None, :])
    sizes = np.sqrt(np.abs(variances))
    bound = np.where(both, sizes[:, :, None] * sizes[:, None, :], np.inf)
    with np.errstate(invalid="ignore"):
        none = both & ~np.isfinite(spread)
        uneven = both & (np.abs(spread - spread.swapaxes(1, 2)) > _ASYMMETRY * bound)
        negative = ~missing & (variances <= 0)
    for wrong, what, expected in (
        (negative, "a noise variance that is not above zero", "squared standard errors on the diagonal"),
        (none, "metrics whose noise covariance is missing", "NaN for the whole row and column of one of them"),
        (uneven, "a noise covariance that is not symmetric", "the covariance matrix of the measured effects"),
    ):
        if wrong.any():
            at = int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
            raise UsageError(f"experiment number {at + 1} has {what}", expected=expected)


def _positive(correlated: Floats) -> Floats:
    try:
        np.linalg.cholesky(correlated)
    except np.linalg.LinAlgError:
        smallest = np.linalg.eigvalsh(correlated)[:, 0]
        at = int(smallest.argmin())
        if smallest[at] < _NEGATIVE:
            expected = "covariances that no combination of metrics makes negative"
            raise UsageError(
                f"the noise of experiment number {at + 1} is no covariance matrix", expected=expected
            ) from None
        return np.asarray(correlated + (abs(smallest[at]) + _RIDGE) * np.eye(correlated.shape[-1]))
    return correlated
