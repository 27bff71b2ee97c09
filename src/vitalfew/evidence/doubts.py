"""Doubts that need the results: skewed values, one unit that decides, looks that the mode does not allow.

They are warnings: they say how far a number may be trusted, and never hide it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.words import title_of
from vitalfew.results.rows import HealthRow
from vitalfew.stats.arrays import differences, sample
from vitalfew.stats.outliers import influence, outlier_warnings
from vitalfew.stats.skew import skew_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.settings import Setting
    from vitalfew.results.rows import EffectRow, MomentsRow
    from vitalfew.stats.arrays import Differences
    from vitalfew.stats.outliers import Influence
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

MOVED = 0.5
"""Standard errors that one unit must move the estimate by: a p-value near .05 turns with any unit."""
OUTLIERS, SKEW, PEEKING, TOO_GOOD = "outliers", "skew", "peeking", "check_first"
_EARLY = (
    "This experiment is judged as if it were looked at once, at the end, and it has not ended: looking again and again "
    "and stopping when it is significant finds an effect in every fourth experiment that has none. Decide on its last "
    "day, or set mode: always_valid."
)


def doubts(
    definitions: Definitions,
    moments: Iterable[MomentsRow],
    effects: Iterable[EffectRow],
    settings: Mapping[str, Setting],
) -> tuple[HealthRow, ...]:
    """Warnings on the effects of all units: one row per experiment and kind when all is well, else one per metric."""
    items = [
        item
        for experiment, found in by_experiment(moments).items()
        for item in comparisons(definitions, experiment, found)
        if isinstance(item, Item) and item.segment is None and len(item.cells) == 1
    ]
    rows = [*_on_values(definitions, items)]
    for experiment, setting in settings.items():
        if setting.mode == "fixed" and setting.ended is False:
            rows.append(HealthRow(experiment, PEEKING, None, "warning", _EARLY))
    for effect in effects:
        if effect.check_first is not None:
            told = f"{title_of(definitions, effect.metric)} in {effect.arm}: {effect.check_first}."
            rows.append(HealthRow(effect.experiment, f"{TOO_GOOD}/{effect.metric}", None, "warning", told))
    return tuple(rows)


def _on_values(definitions: Definitions, items: Sequence[Item]) -> Iterator[HealthRow]:
    if not items:
        return
    arms = ([item.cells[0][0] for item in items], [item.cells[0][1] for item in items])
    names = ([item.metric for item in items], [item.denominator for item in items])
    found = differences(sample(arms[0], *names), sample(arms[1], *names), (0.95,))
    without = influence(*arms, *names)
    moved = _moved(found, without)
    turned = [told if far > MOVED else None for told, far in zip(outlier_warnings(found, without), moved, strict=True)]
    skewed = skew_warnings(*arms, *names)
    for kind, warnings in ((OUTLIERS, turned), (SKEW, skewed)):
        seen: dict[tuple[str, str], str] = {}
        for item, warning in zip(items, warnings, strict=True):
            if warning is not None:
                seen.setdefault((item.experiment, item.metric), f"{item.arm}: {warning}")
        for (experiment, metric), told in seen.items():
            message = f"{title_of(definitions, metric)}, {told}."
            yield HealthRow(experiment, f"{kind}/{metric}", None, "warning", message)


def _moved(found: Differences, without: Influence) -> Floats:
    """Standard errors by which taking away one unit moves the estimate, at most."""
    parts = (without.control_low, without.control_high, without.treatment_low, without.treatment_high)
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.array([np.abs(part.estimate - found.estimate) / found.se for part in parts])
    return np.asarray(np.nan_to_num(steps).max(axis=0))
