"""How likely a unit was to take something up, given what was known of it: logistic regression by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import DataError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_STEPS = 50
_SMALL = 1e-10  # a step of the coefficients, in standard deviations of the covariates
_RIDGE = 1.0  # penalty on squared coefficients in these units where classes are separated: a unit's worth of data
_EXTREME = 30.0  # log odds beyond which a unit tells no more: only separation leads there


@dataclass(frozen=True, slots=True, eq=False)
class Propensity:
    """Chances of having taken something up.

    Attributes:
        chance: per unit, `(n,)`.
        coefficients: intercept first, then one per covariate in its own unit, `(p + 1,)`.
        separated: whether covariates tell those who did from the others (nearly) without error; coefficients are then
            held back by a penalty, as they would be infinite.
    """

    chance: Floats
    coefficients: Floats
    separated: bool


def propensity(covariates: ArrayLike, took: ArrayLike) -> Propensity:
    """Fit the chance of taking something up.

    Args:
        covariates: `(n, p)`, without missing values; columns that do not vary are left alone.
        took: whether each unit did, `(n,)`.

    Raises:
        UsageError: shapes do not fit, or a value is missing.
        DataError: all units did, or none.
    """
    rows, chosen = checked(covariates, took)
    if chosen.all() or not chosen.any():
        raise DataError("all units took it up, or none did", expected="some that did and some that did not")
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack((np.ones(len(rows)), (rows - centre) / scale))
    found = _newton(design, chosen, 0.0)
    separated = found is None
    if found is None:
        found = _newton(design, chosen, _RIDGE)
    if found is None:
        raise DataError("the chance of taking it up cannot be fitted", hint="leave out covariates that repeat others")
    slopes = found[1:] / scale
    coefficients = np.concatenate(([found[0] - slopes @ centre], slopes))
    return Propensity(_chance(design @ found), coefficients, separated)


def checked(covariates: ArrayLike, took: ArrayLike) -> tuple[Floats, Bools]:
    """Covariates as a table and who took it up, `(n, p)` and `(n,)`.

    Raises:
        UsageError: shapes do not fit, or a value is missing.
    """
    rows, chosen = np.asarray(covariates, dtype=np.float64), np.asarray(took, dtype=bool)
    if rows.ndim != 2 or chosen.shape != rows.shape[:1]:  # noqa: PLR2004 - units by covariates
        raise UsageError(f"covariates of shape {rows.shape} for {chosen.shape} units", expected="a row for each unit")
    if not np.isfinite(rows).all():
        raise UsageError("a covariate is missing", expected="a number for every unit and covariate")
    return rows, chosen


def _newton(design: Floats, chosen: Bools, ridge: float) -> Floats | None:
    """Coefficients of largest (penalised) likelihood; None when they run away or the design is singular."""
    penalty = ridge * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    found = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = _chance(design @ found)
        gradient = design.T @ (chosen - chance) - penalty @ found
        information = (design * (chance * (1.0 - chance))[:, None]).T @ design + penalty
        # Columns that repeat others share their coefficient.
        step = np.linalg.lstsq(information, gradient, rcond=1e-12)[0]
        found = found + step
        if np.abs(design @ found).max() > _EXTREME and ridge == 0.0:
            return None
        if np.abs(step).max() < _SMALL:
            return found
    return None


def _chance(log_odds: Floats) -> Floats:
    from scipy.special import expit

    found: Floats = expit(log_odds)
    return found
