"""Whom an experiment is planned for: the segment of its hypotheses, and what was measured of that segment alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.warehouse.history import Traffic
    from vitalfew.warehouse.measured import Measured
    from vitalfew.workspace.definitions import Definitions


def segment_of(definitions: Definitions, experiment: str, metrics: Sequence[str]) -> str | None:
    """The segment that all hypotheses of the experiment's initiative about these metrics name; None for all units."""
    initiative = definitions.experiments[experiment].initiative
    named = {
        one.segment
        for one in definitions.hypotheses.values()
        if initiative is not None and one.initiative == initiative and one.metric in metrics
    }
    return next(iter(named)) if len(named) == 1 and named <= set(definitions.segments) else None


def narrowed(found: Measured, segment: str) -> tuple[Measured, float | None]:
    """What was measured of one segment, as if there were nobody else, and its share of all units.

    Where the segment cannot be told apart in the data, everything stays as it is, and the share is None.
    """
    inside, every = (
        sum(row.units for row in found.moments if row.segment == name) or _values(found, name)
        for name in (segment, None)
    )
    if not inside or not every:
        return found, None
    moments = tuple(replace(row, segment=None) for row in found.moments if row.segment == segment)
    quantiles = tuple(replace(row, segment=None) for row in found.quantiles if row.segment == segment)
    lifetimes = tuple(replace(row, segment=None) for row in found.lifetimes if row.segment == segment)
    return replace(found, moments=moments, quantiles=quantiles, lifetimes=lifetimes), min(1.0, inside / every)


def _values(found: Measured, segment: str | None) -> int:
    rows = [row.units for row in found.lifetimes if row.segment == segment]
    return sum(rows) or sum(row.n for row in found.quantiles if row.segment == segment)


def part_of(traffic: Traffic, share: float, title: str) -> Traffic:
    """The units of a segment among those an experiment would meet."""
    weekly = tuple(units * share for units in traffic.weekly)
    basis = f"{traffic.basis}; {percent(share, 1)} of them are {title}"
    return replace(traffic, weekly=weekly, units=round(traffic.units * share), basis=basis)
