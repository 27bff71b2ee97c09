"""Experiments that may change each other although their exposures lie in different sources."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from vitalfew.workspace.definitions import ExposureSource

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions, Experiment


def meetings(definitions: Definitions) -> tuple[tuple[str, str], ...]:
    """Pairs of experiments from different sources of exposures that may share units and metrics.

    Both deal single units of one kind (the sources call them by the same column), measure a metric in common, and may
    have run on the same day; days that nobody wrote down are all days.
    """
    units = {key: one.unit for key, one in definitions.sources.items() if isinstance(one, ExposureSource)}
    single = [
        (key, one)
        for key, one in definitions.experiments.items()
        if one.source in units and one.cluster is None and one.design != "switchback"
    ]
    return tuple(
        (first, second)
        for (first, one), (second, other) in combinations(single, 2)
        if one.source != other.source
        and units[one.source] == units[other.source]
        and (one.id or first) != (other.id or second)
        and _may_meet(one, other)
    )


def _may_meet(one: Experiment, other: Experiment) -> bool:
    (begun, ended), (other_begun, other_ended) = (
        (each.start or date.min, each.end or date.max) for each in (one, other)
    )
    return bool(set(one.metrics) & set(other.metrics)) and begun <= other_ended and other_begun <= ended
