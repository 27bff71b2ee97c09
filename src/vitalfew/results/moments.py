"""Moments as rows of a run's table, and back, without losing a bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.rows import MomentsRow
from vitalfew.stats.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.results.rows import OverlapRow


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


def moments_of(row: MomentsRow | OverlapRow) -> Moments:
    """Rebuild the moments that a row holds, `(k, k)` matrices from their flattened form."""
    k = len(row.names)
    n, mean, cross = (np.asarray(part, dtype=np.float64).reshape(k, k) for part in (row.n, row.mean, row.cross))
    shape: dict[str, NDArray[np.float64]] = {}
    if isinstance(row, MomentsRow):
        low, high = np.asarray(row.low, dtype=np.float64), np.asarray(row.high, dtype=np.float64)
        known = low <= high
        shape = {"low": np.where(known, low, np.nan), "high": np.where(known, high, np.nan)}
        shape["third"] = np.asarray(row.third, dtype=np.float64)
    return Moments(tuple(row.names), n, np.asarray(row.shift, dtype=np.float64), mean, cross, row.units, **shape)


def _known(values: NDArray[np.float64]) -> tuple[float, ...]:
    """One number per name, or nothing when the source gives none."""
    return () if np.isnan(values).all() else tuple(values.tolist())
