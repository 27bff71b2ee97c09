"""Releases where values are few and far between: what changed from the last before to those after, described only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.relative import relative_to
from vitalfew.evidence.release_words import STAGED, shared_errors
from vitalfew.evidence.roles import role_of
from vitalfew.results.rows import EffectRow, PlaceboRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

METHOD = "change between two values"
LONGEST = 366
"""Days before a release beyond which a value says nothing of it."""


def snapshot(series: Sequence[Floats], day: int, after: int, followed: int = 0) -> tuple[float, float] | None:
    """The last value before a day and the mean of those in the days after it, averaged over series that have both.

    Args:
        series: `(days,)` each, NaN where a day has no value.
        day: position of the first day after the change.
        after: days after it that count.
        followed: days before it that do not: those of these days were followed beyond it.
    """
    found = []
    for values in series:
        last = max(0, day - followed)
        earlier, later = values[max(0, last - LONGEST) : last], values[max(0, day) : max(0, day) + after]
        earlier, later = earlier[np.isfinite(earlier)], later[np.isfinite(later)]
        if len(earlier) and len(later):
            found.append((float(earlier[-1]), float(later.mean())))
    if not found:
        return None
    before, now = np.mean(found, axis=0).tolist()
    return before, now


def described(
    definitions: Definitions, key: str, metric: str, levels: tuple[float, float], reason: str, arms: tuple[str, str]
) -> tuple[EffectRow, PlaceboRow]:
    """A change without any statement about chance.

    Args:
        definitions: the workspace.
        key: of the release.
        metric: its key.
        levels: before and after.
        reason: why nothing can be said of chance.
        arms: what stands for the treated and for the control.
    """
    defined = definitions.metrics.get(metric)
    message = f"descriptive only: {reason}"
    effect = EffectRow(
        experiment=key,
        metric=metric,
        metric_version=defined.version if defined else 1,
        segment=None,
        arm=arms[0],
        control=arms[1],
        estimate=levels[1] - levels[0],
        se=None,
        intervals=(),
        p_value=None,
        relative=relative_to(levels[0], levels[1] - levels[0], ()),
        n={},
        mean={arms[1]: levels[0], arms[0]: levels[1]},
        method=METHOD,
        mode="fixed",
        grade="correlated",
        notes=(message, *shared_errors(definitions, metric), STAGED),
        role=role_of(definitions, None, metric),
    )
    return effect, PlaceboRow(key, metric, (), None, True, (), 0, 0, message)  # noqa: FBT003 - fields of a row in order
