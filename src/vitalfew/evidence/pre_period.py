"""Were the arms alike before? What was known of each unit before it was exposed, compared as an A/A test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.words import title_of
from vitalfew.results.columns import BEFORE, COVARIATE, DENOMINATOR, all_covariates
from vitalfew.results.rows import HealthRow
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.sample_sizes import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.arms import Measured
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

PRE_PERIOD = "pre_period"
CAUSES = (
    "Likely causes: an assignment that is not random or was changed by hand, users left over from an earlier "
    "experiment on the same salt, units lost in one arm. Look at who these units are, and deal anew with a new salt."
)
_RANK = 1e-9  # share of the largest eigenvalue below which a direction has no variance of its own
_SPARE = 20  # units beyond the number of covariates that make the test worth making


def pre_period(definitions: Definitions, experiment: str, control: str, found: Measured) -> Iterator[HealthRow]:
    """Compare the arms on everything known before exposure, in one test over all of it (Hotelling's T squared).

    Phases are compared apart and put together by their size; with several arms the smallest p counts, times their
    number.
    """
    tests = [
        (arm, *test)
        for arm in found.all_arms
        if arm != control and (test := _compared(found.phases(None), control, arm)) is not None
    ]
    if not tests:
        return
    arm, p_value, columns, z = min(tests, key=lambda test: test[1])
    p_value = min(1.0, p_value * len(tests))
    status = status_of(p_value)
    number = f"{len(columns)} measure{'s' if len(columns) != 1 else ''}"
    if status == "ok":
        told = f"Before the exposure the arms were alike in {number} (p {p_value:.2g})."
    else:
        worst = int(np.argmax(np.abs(z)))
        named = _named(definitions, columns[worst])
        told = (
            f"Before the exposure {arm} already differed from {control} in {number} (p {p_value:.2g}), most in {named}"
            f" ({z[worst]:+.1f} standard errors). {CAUSES}"
        )
    yield HealthRow(experiment, PRE_PERIOD, p_value, status, told)


def _named(definitions: Definitions, column: str) -> str:
    metric, _, covariate = column.partition(COVARIATE)
    return covariate or title_of(definitions, metric.removesuffix(BEFORE).removesuffix(DENOMINATOR))


def _compared(
    phases: Mapping[int, Mapping[str, Sequence[Moments]]], control: str, arm: str
) -> tuple[float, list[str], Floats] | None:
    """P-value, columns, and each column's difference in standard errors; None when nothing was known before."""
    pairs = [
        pair
        for arms in phases.values()
        if (pair := _joint(arms.get(control, ()), arms.get(arm, ()))) is not None
        and min(part.units for part in pair) > _SPARE + len(pair[0].names)
    ]
    if not pairs or any(pair[0].names != pairs[0][0].names for pair in pairs):
        return None
    columns = list(pairs[0][0].names)
    units = np.array([sum(part.units for part in pair) for pair in pairs], dtype=np.float64)
    weights = units / units.sum()
    apart, spread = np.zeros(len(columns)), np.zeros((len(columns), len(columns)))
    for weight, (one, two) in zip(weights, pairs, strict=True):
        apart += weight * (two.shift - one.shift + two.mean.diagonal() - one.mean.diagonal())
        spread += weight**2 * (_of_means(one) + _of_means(two))
    if not np.isfinite(spread).all():
        return None
    return _tested(apart, spread, float(units.sum()) - 2 * len(pairs), columns)


def _joint(control: Iterable[Moments], treatment: Iterable[Moments]) -> tuple[Moments, Moments] | None:
    """The covariates of both arms, from the rows that hold most of them."""
    best: tuple[Moments, Moments] | None = None
    for one in control:
        names = all_covariates(one.names)
        other = next((part for part in treatment if set(names) <= set(part.names)), None)
        if names and other is not None and (best is None or len(names) > len(best[0].names)):
            best = one.pick(names), other.pick(names)
    return best


def _of_means(moments: Moments) -> Floats:
    """Covariance matrix of the means."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(moments.cross / (moments.n - 1) / moments.n)


def _tested(
    apart: Floats, spread: Floats, freedom: float, columns: list[str]
) -> tuple[float, list[str], Floats] | None:
    """Hotelling's T squared over the directions that vary, as F (Anderson 2003, section 5.3.2)."""
    from scipy.special import fdtrc

    se = np.sqrt(np.diagonal(spread))
    varies = se > 0
    if not varies.any():
        return None
    kept = [name for name, there in zip(columns, varies, strict=True) if there]
    z = apart[varies] / se[varies]
    values, vectors = np.linalg.eigh(spread[np.ix_(varies, varies)] / np.outer(se[varies], se[varies]))
    own = values > _RANK * values.max()
    rank = int(own.sum())
    squared = float((((vectors.T @ z)[own]) ** 2 / values[own]).sum())
    f = squared * (freedom - rank + 1) / (freedom * rank)
    return max(float(fdtrc(rank, freedom - rank + 1, f)), SMALLEST_P), kept, z
