"""What is measured of an initiative: its experiments' effects, one per metric, joined where there are several."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.moments import moments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from vitalfew.results.rows import EffectRow, HealthRow, MomentsRow
    from vitalfew.workspace.definitions import Definitions, Grade

GRADES: tuple[Grade, ...] = ("replicated", "tested", "staged", "dated", "correlated", "opinion")


@dataclass(frozen=True, slots=True)
class Known:
    """The effect of an initiative on one metric: on the reached, in the metric's unit, treatment minus control."""

    metric: str
    estimate: float
    se: float
    grade: Grade
    experiments: tuple[str, ...]
    low: float
    high: float
    trusted: bool = True


def distrusted(health: Iterable[HealthRow]) -> frozenset[tuple[str, str | None]]:
    """What failed a trust test: an experiment as a whole (metric None), or one metric of it (`test/METRIC`)."""
    failed = (row for row in health if row.status == "failed")
    return frozenset((row.experiment, row.test.partition("/")[2] or None) for row in failed)


def known_effects(
    definitions: Definitions,
    effects: Iterable[EffectRow],
    failed: frozenset[tuple[str, str | None]],
    segment: str | None = None,
) -> dict[str, dict[str, Known]]:
    """Effects by initiative and metric, in one segment (None: all units).

    Experiments that failed a trust test count only where nothing better exists. Several sound experiments on the same
    metric are joined by inverse variance and read *replicated*. Of several arms the largest is taken.
    """
    found: dict[tuple[str, str], list[EffectRow]] = {}
    for row in _largest_arms(effects, segment):
        experiment = definitions.experiments.get(row.experiment)
        if experiment is not None and experiment.initiative is not None:
            found.setdefault((experiment.initiative, row.metric), []).append(row)
    known: dict[str, dict[str, Known]] = {}
    for (initiative, metric), rows in found.items():
        sound = [row for row in rows if not failed & {(row.experiment, None), (row.experiment, row.metric)}]
        known.setdefault(initiative, {})[metric] = _joined(metric, sound or rows, trusted=bool(sound))
    return known


def stronger(first: Grade | None, second: Grade) -> bool:
    """Whether the first grade is at least as strong as the second."""
    return first is not None and GRADES.index(first) <= GRADES.index(second)


def weakest(grades: Iterable[Grade]) -> Grade | None:
    """The weakest of some grades; None of none."""
    ordered = sorted(grades, key=GRADES.index)
    return ordered[-1] if ordered else None


def correlation(rows: Iterable[MomentsRow], experiment: str, metrics: tuple[str, ...]) -> NDArray[np.float64]:
    """Correlation `(k, k)` of the estimates of several metrics of one experiment, from its cross products.

    Metrics whose estimate is no plain mean (ratios), and sources without cross products, count as uncorrelated.
    """
    covariance = np.zeros((len(metrics), len(metrics)))
    for row in rows:
        if row.experiment != experiment or row.segment is not None:
            continue
        moments = moments_of(row)
        for i, first in enumerate(metrics):
            for j, second in enumerate(metrics):
                if first in row.names and second in row.names:
                    n = max(moments.count(first), 1)
                    covariance[i, j] += np.nan_to_num(moments.covariance_of(first, second)) / n
    sd = np.sqrt(np.clip(np.diag(covariance), 0, None))
    scale = np.outer(sd, sd)
    joint = np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0)
    np.fill_diagonal(joint, 1.0)
    return np.asarray(joint, dtype=np.float64)


def _largest_arms(effects: Iterable[EffectRow], segment: str | None) -> list[EffectRow]:
    best: dict[tuple[str, str], EffectRow] = {}
    for row in effects:
        if row.segment != segment or row.estimate is None or row.se is None or not row.se > 0:
            continue
        slot = (row.experiment, row.metric)
        if slot not in best or _size(row.n, row.arm) > _size(best[slot].n, best[slot].arm):
            best[slot] = row
    return list(best.values())


def _size(n: Mapping[str, int], arm: str) -> int:
    return n.get(arm, 0)


def _joined(metric: str, rows: list[EffectRow], *, trusted: bool) -> Known:
    experiments = tuple(row.experiment for row in rows)
    if len(rows) == 1:
        row = rows[0]
        wide = next((i for i in row.intervals if i.confidence == 0.95), None)  # noqa: PLR2004 - the contract's level
        estimate, se = float(row.estimate or 0.0), float(row.se or 0.0)
        low, high = (wide.low, wide.high) if wide else (estimate - 1.96 * se, estimate + 1.96 * se)
        return Known(metric, estimate, se, row.grade, experiments, low, high, trusted)
    precision = [1 / float(row.se or 1.0) ** 2 for row in rows]
    total = sum(precision)
    estimate = sum(p * float(row.estimate or 0.0) for p, row in zip(precision, rows, strict=True)) / total
    se = 1 / sqrt(total)
    weak = weakest(row.grade for row in rows) or "opinion"
    grade: Grade = "replicated" if trusted and stronger(weak, "tested") else weak
    return Known(metric, estimate, se, grade, experiments, estimate - 1.96 * se, estimate + 1.96 * se, trusted)
