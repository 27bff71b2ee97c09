"""Linear regressions of many comparisons at once, from sums of products `(m, p, p)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.stats.stack import Floats, Places

    Bools = NDArray[np.bool_]

_OWN = 1e-9  # share of its variance that a covariate must keep when the others have explained theirs


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of every comparison: units and squares of the metric `(m,)`, covariates' level `(m, p)` and products."""

    n: Floats
    squares: Floats
    level: Floats
    zy: Floats
    zz: Floats

    def only(self, items: Places, use: Bools) -> Arm:
        """Some of the comparisons, with zeros for covariates that are not used."""
        kept = use[items]
        both = kept[:, :, None] & kept[:, None, :]
        parts = ((self.level, kept), (self.zy, kept), (self.zz, both))
        return Arm(self.n[items], self.squares[items], *(np.where(mask, part[items], 0.0) for part, mask in parts))


class Fit(NamedTuple):
    """What a regression does to an arm: its mean `moved` by, variance of a unit's contribution, degrees of freedom."""

    moved: Floats
    variance: Floats
    df: Floats


def independent(zz: Floats, use: Bools) -> Bools:
    """Which covariates the ones before them do not explain, by sweeping one after the other; `(m, p)`."""
    own = np.sqrt(np.einsum("mii->mi", zz))
    scale = np.where(own > 0, own, 1.0)
    left = zz / scale[:, :, None] / scale[:, None, :]
    kept = use.copy()
    for at in range(zz.shape[1]):
        pivot = left[:, at, at]
        kept[:, at] &= pivot > _OWN
        row = np.where(kept[:, at], 1 / np.where(pivot > _OWN, pivot, 1.0), 0.0)[:, None] * left[:, at]
        left = left - left[:, :, at, None] * row[:, None, :]
    return kept


def pooled(control: Arm, treatment: Arm, use: Bools) -> tuple[Fit, Fit]:
    """One coefficient for both arms, from products within the arms (analysis of covariance, variances by arm)."""
    apart = treatment.level - control.level
    every = _invertible(control.zz + treatment.zz, use)
    theta, along = _solved(every, control.zy + treatment.zy), _solved(every, apart)
    n = control.n + treatment.n

    def fit(arm: Arm, share: Floats) -> Fit:
        lost = np.einsum("mii->m", np.linalg.solve(every, arm.zz))
        df = arm.n - 1 - lost
        variance = _left(arm, theta) / df * (1 + arm.n * _form(arm.zz, along))
        return Fit(share * _dot(theta, apart), variance, df)

    return fit(control, treatment.n / n), fit(treatment, -control.n / n)


def interacted(control: Arm, treatment: Arm, use: Bools) -> tuple[Fit, Fit]:
    """Coefficients of their own for each arm, both read at the covariates' mean over all units (Lin 2013).

    Besides the residuals the variance holds what the mean over all units may differ from the population's when the
    coefficients differ, less what their noise alone makes them differ.
    """
    apart = treatment.level - control.level
    n, p = control.n + treatment.n, use.sum(axis=1)
    arms = (control, treatment)
    inner = [_invertible(arm.zz, use) for arm in arms]
    thetas = [_solved(matrix, arm.zy) for matrix, arm in zip(inner, arms, strict=True)]
    residual = [_left(arm, theta) / (arm.n - 1 - p) for arm, theta in zip(arms, thetas, strict=True)]
    delta = thetas[1] - thetas[0]

    def fit(at: int, share: Floats) -> Fit:
        arm, other = arms[at], arms[1 - at]
        spread = arm.n * share * share * _dot(apart, _solved(inner[at], apart))
        crossed = np.einsum("mii->m", np.linalg.solve(inner[1 - at], arm.zz))
        noise = residual[at] * p + residual[1 - at] * crossed
        differ = np.maximum(_form(arm.zz, delta) - noise, 0.0) / (arm.n - 1)
        variance = residual[at] * (1 + spread) + (arm.n / (arm.n + other.n)) ** 2 * differ
        return Fit(share * _dot(thetas[at], apart), variance, arm.n - 1 - p)

    return fit(0, treatment.n / n), fit(1, -control.n / n)


def _left(arm: Arm, theta: Floats) -> Floats:
    """Sum of squared residuals; rounding may not make it negative."""
    return np.maximum(arm.squares - 2 * _dot(theta, arm.zy) + _form(arm.zz, theta), 0.0)


def _invertible(zz: Floats, use: Bools) -> Floats:
    """Ones on the diagonal of what is not used, so that the rest can be solved for."""
    return zz + np.where(use, 0.0, 1.0)[:, :, None] * np.eye(zz.shape[1])


def _solved(matrix: Floats, right: Floats) -> Floats:
    found: Floats = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    return found


def _dot(one: Floats, other: Floats) -> Floats:
    total: Floats = np.einsum("mi,mi->m", one, other)
    return total


def _form(matrix: Floats, vector: Floats) -> Floats:
    total: Floats = np.einsum("mi,mij,mj->m", vector, matrix, vector)
    return total
