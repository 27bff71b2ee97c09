"""Whether the effect of a release has the size it would have in an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.released_units import on_one_day
from vitalfew.evidence.waves import alike
from vitalfew.workspace.metric_kinds import is_told_by_days

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions, Release


def is_staged(release: Release) -> bool:
    """Whether units got a release one after the other, so that each of them has a date of its own."""
    return release.rollout is not None and not on_one_day(release)


def compares(definitions: Definitions, key: str, metric: str) -> bool:
    """Whether effects of a release are on the scale on which experiments, promises and factors tell the metric.

    What is counted within weeks is another number than what is counted on a day, or in a period of a rollout.
    """
    release, defined = definitions.releases.get(key), definitions.metrics.get(metric)
    if release is None or defined is None:
        return True
    if release.rollout is not None and release.rollout.source is not None:
        return alike(defined, release.rollout.period_days)
    return is_told_by_days(defined, definitions.sources[defined.numerator.source])
