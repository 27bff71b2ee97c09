"""Moments as rows of a run's table, and back, without losing a bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.rows import MomentsRow
from vitalfew.stats.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray


def moments_row(
    source: str,
    experiment: str,
    arm: str,
    segment: str | None,
    moments: Moments,
    phase: int = 0,
    day: str | None = None,
) -> MomentsRow:
    """Flatten the moments of the units of one arm and segment (None: all) row by row.

    A smallest value above the largest stands for extremes that are not known, as NaN does not equal itself.
    """
    unknown = np.isnan(moments.low) | np.isnan(moments.high)
    return MomentsRow(
        source=source,
        experiment=experiment,
        arm=arm,
        segment=segment,
        units=moments.units,
        names=moments.names,
        n=tuple(moments.n.ravel().tolist()),
        shift=tuple(moments.shift.tolist()),
        mean=tuple(moments.mean.ravel().tolist()),
        cross=tuple(moments.cross.ravel().tolist()),
        third=_known(moments.third),
        low=() if unknown.all() else tuple(np.where(unknown, 1.0, moments.low).tolist()),
        high=() if unknown.all() else tuple(np.where(unknown, -1.0, moments.high).tolist()),
        phase=phase,
        day=day,
    )


def moments_of(row: MomentsRow) -> Moments:
    """Rebuild the moments that a row holds, `(k, k)` matrices from their flattened form."""
    k = len(row.names)
    low, high = np.asarray(row.low, dtype=np.float64), np.asarray(row.high, dtype=np.float64)
    known = low <= high
    return Moments(
        names=tuple(row.names),
        n=np.asarray(row.n, dtype=np.float64).reshape(k, k),
        shift=np.asarray(row.shift, dtype=np.float64),
        mean=np.asarray(row.mean, dtype=np.float64).reshape(k, k),
        cross=np.asarray(row.cross, dtype=np.float64).reshape(k, k),
        units=row.units,
        third=np.asarray(row.third, dtype=np.float64),
        low=np.where(known, low, np.nan),
        high=np.where(known, high, np.nan),
    )


def _known(values: NDArray[np.float64]) -> tuple[float, ...]:
    """One number per name, or nothing when the source gives none."""
    return () if np.isnan(values).all() else tuple(values.tolist())
