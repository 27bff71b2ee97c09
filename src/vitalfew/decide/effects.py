"""What is measured of an initiative: effects of its experiments, else of its releases, one per metric, joined."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.grades import GRADES, weakest
from vitalfew.evidence.release_scale import compares
from vitalfew.results.columns import DENOMINATOR
from vitalfew.results.moments import moments_of
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from vitalfew.results.rows import EffectRow, HealthRow, MomentsRow, Tables
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions, Grade

AGREE = 0.05
"""P-value of equal effects (Cochran's Q) from which several experiments count as repeating each other."""
BIAS: Mapping[Grade, float] = MappingProxyType(
    {"replicated": 0.0, "tested": 0.0, "staged": 0.02, "dated": 0.05, "correlated": 0.1, "opinion": 0.0}
)
"""What an effect of a grade may be wrong by besides its standard error: a standard deviation, as a share of the
factor's range. Random assignment leaves none. Opinion has none either, for its range says all of its doubt."""
BIAS_OF_EFFECT = 5.0
"""The same for a metric without a range: so many times as much, as a share of the effect itself."""
BEFORE = "before"
"""What stands for the control in effects of a release that all units got on one day."""
_Z95 = two_sided(0.95)
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Known:
    """The effect of an initiative on one metric: on the reached, in the metric's unit, treatment minus control.

    `arms` are the two that were compared, where the effect is of one experiment. `of_all`: the effect is on all units,
    reached or not, as a series over everybody shows it.
    """

    metric: str
    estimate: float
    se: float
    grade: Grade
    experiments: tuple[str, ...]
    low: float
    high: float
    trusted: bool = True
    arms: tuple[str, ...] = ()
    of_all: bool = False


def distrusted(health: Iterable[HealthRow]) -> frozenset[tuple[str, str | None]]:
    """What failed a trust test: an experiment as a whole (metric None), or one metric of it (`test/METRIC`)."""
    failed = (row for row in health if row.status == "failed")
    return frozenset((row.experiment, row.test.partition("/")[2] or None) for row in failed)


def believable(effects: Iterable[EffectRow], failed: frozenset[tuple[str, str | None]]) -> list[EffectRow]:
    """One effect per experiment and metric over all units, without what failed a trust test."""
    rows = largest_arms(effects, None)
    return [row for row in rows if not failed & {(row.experiment, None), (row.experiment, row.metric)}]


def known_effects(
    definitions: Definitions,
    effects: Iterable[EffectRow],
    failed: frozenset[tuple[str, str | None]],
    segment: str | None = None,
    releases: Iterable[EffectRow] = (),
) -> dict[str, dict[str, Known]]:
    """Effects by initiative and metric, in one segment (None: all units).

    Experiments that failed a trust test count only where nothing better exists. Several sound experiments on the same
    metric are joined by inverse variance and read *replicated* when they agree; where they differ by more than their
    errors, the standard error grows with that (Birge 1932) and they do not. The same data under two names count once.
    Of several arms the largest is taken. What was released without chance deciding who gets it counts only where no
    experiment tells: the two are never averaged.

    Args:
        definitions: of the workspace.
        effects: of experiments.
        failed: what failed a trust test.
        segment: None for all units.
        releases: effects that belong to one release and one initiative, see `of_releases`.
    """
    found: dict[tuple[str, str], list[EffectRow]] = {}
    for row in largest_arms(effects, segment):
        experiment = definitions.experiments.get(row.experiment)
        if experiment is not None and experiment.initiative is not None:
            found.setdefault((experiment.initiative, row.metric), []).append(row)
    known: dict[str, dict[str, Known]] = {}
    for (initiative, metric), rows in found.items():
        sound = [row for row in rows if not failed & {(row.experiment, None), (row.experiment, row.metric)}]
        usable = _once(definitions, sound or rows)
        known.setdefault(initiative, {})[metric] = _joined(metric, usable, trusted=bool(sound))
    for (initiative, metric), rows in _released(definitions, releases, segment).items():
        tested = known.setdefault(initiative, {}).get(metric)
        if tested is None or not tested.trusted:
            of_all = all(row.control == BEFORE for row in rows)
            known[initiative][metric] = replace(_joined(metric, rows, trusted=True), of_all=of_all)
    return known


def of_releases(definitions: Definitions, tables: Tables) -> tuple[EffectRow, ...]:
    """Effects of releases that stand for one initiative, in the size they have elsewhere.

    What came out together with others tells nothing of one; what is counted on a day is no number of a window.
    """
    bundled = {(row.release, row.metric) for row in tables.placebos if row.bundle}
    alone = {key for key, release in definitions.releases.items() if len(release.initiatives) == 1}
    rows = (row for row in tables.release_effects if row.experiment in alone)
    return tuple(
        row
        for row in rows
        if (row.experiment, row.metric) not in bundled and compares(definitions, row.experiment, row.metric)
    )


def _released(
    definitions: Definitions, releases: Iterable[EffectRow], segment: str | None
) -> dict[tuple[str, str], list[EffectRow]]:
    """Effects of releases by initiative and metric: only those of the strongest grade there is."""
    found: dict[tuple[str, str], list[EffectRow]] = {}
    for row in largest_arms(releases, segment):
        release = definitions.releases.get(row.experiment)
        if release is not None and len(release.initiatives) == 1:
            found.setdefault((release.initiatives[0], row.metric), []).append(row)
    best = {slot: min((row.grade for row in rows), key=GRADES.index) for slot, rows in found.items()}
    return {slot: [row for row in rows if row.grade == best[slot]] for slot, rows in found.items()}


def _once(definitions: Definitions, rows: list[EffectRow]) -> list[EffectRow]:
    """One effect per set of data, in the order of the experiments' keys."""
    first: dict[tuple[str | None, ...], EffectRow] = {}
    for row in sorted(rows, key=lambda row: row.experiment):
        defined = definitions.experiments[row.experiment]
        source = definitions.sources.get(defined.source)
        units = source is not None and source.shape == "units"
        name = None if units else defined.id or row.experiment
        first.setdefault((defined.source, defined.variant, name, row.control, row.arm), row)
    return list(first.values())


def bias_of(definitions: Definitions, effect: Known) -> float:
    """Standard deviation of what an effect may be wrong by besides its standard error, in the metric's unit.

    A *dated* effect counts with twice its variance besides: placebo dates say what days without a release do, not what
    else happened on the day of the release.
    """
    factor = definitions.factors.get(effect.metric)
    unknown = BIAS_OF_EFFECT * abs(effect.estimate) if factor is None else abs(factor.range[1] - factor.range[0])
    return hypot(BIAS[effect.grade] * unknown, effect.se if effect.grade == "dated" else 0.0)


def stronger(first: Grade | None, second: Grade) -> bool:
    """Whether the first grade is at least as strong as the second."""
    return first is not None and GRADES.index(first) <= GRADES.index(second)


def correlation(rows: Iterable[MomentsRow], experiment: str, known: Mapping[str, Known]) -> NDArray[np.float64]:
    """Correlation `(k, k)` of the estimates of several metrics of one experiment, from its cross products.

    Ratios enter by their linearisation (delta method). Without cross products two metrics count as uncorrelated.

    Args:
        rows: moments of the run.
        experiment: its key.
        known: effects by metric; only the arms that they compare count.
    """
    covariance = np.zeros((len(known), len(known)))
    arms = {arm for effect in known.values() for arm in effect.arms}
    for row in rows:
        if row.experiment == experiment and row.segment is None and (row.arm in arms or not arms):
            covariance += _covariance(moments_of(row), tuple(known))
    sd = np.sqrt(np.clip(np.diag(covariance), 0, None))
    scale = np.outer(sd, sd)
    joint = np.clip(np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0), -1, 1)
    np.fill_diagonal(joint, 1.0)
    return _possible(np.asarray(joint, dtype=np.float64))


def _possible(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """A correlation `(k, k)` without contradictions, `joint` itself where it has none.

    Where a source reports some pairs only, the zeros of the others can contradict them; likewise covariances that no
    data could have. Negative eigenvalues are then set to zero and the diagonal back to one.
    """
    values, vectors = np.linalg.eigh(joint)
    if not (values < -_ROUNDING).any():
        return joint
    clipped = (vectors * np.clip(values, 0, None)) @ vectors.T
    sd = np.sqrt(np.diag(clipped))
    return np.asarray(clipped / np.outer(sd, sd), dtype=np.float64)


def _covariance(moments: Moments, metrics: tuple[str, ...]) -> NDArray[np.float64]:
    """Covariance `(k, k)` of the means (or ratios of means) of one arm; 0 for what it does not hold."""
    linear = np.zeros((len(metrics), len(moments.names)))  # each metric as coefficients of columns, around their means
    counts = np.ones(len(metrics))
    for i, metric in enumerate(metrics):
        bottom = f"{metric}{DENOMINATOR}"
        if metric not in moments.names:
            continue
        counts[i] = max(moments.count(metric), 1)
        below = moments.mean_of(bottom) if bottom in moments.names else 1.0
        if below:
            linear[i, moments.at(metric)] = 1 / below
        if below and bottom in moments.names:
            linear[i, moments.at(bottom)] = -moments.mean_of(metric) / below**2
    sums = np.divide(moments.cross * moments.n, moments.n - 1, out=np.zeros_like(moments.n), where=moments.n > 1)
    return np.asarray(linear @ np.nan_to_num(sums) @ linear.T / np.outer(counts, counts), dtype=np.float64)


def largest_arms(effects: Iterable[EffectRow], segment: str | None) -> list[EffectRow]:
    """Effects with a standard error in one segment: of several arms the largest, by experiment and metric."""
    best: dict[tuple[str, str], EffectRow] = {}
    for row in effects:
        if row.segment != segment or row.estimate is None or row.se is None or not row.se > 0:
            continue
        slot = (row.experiment, row.metric)
        if slot not in best or _size(row) < _size(best[slot]):
            best[slot] = row
    return list(best.values())


def _size(row: EffectRow) -> tuple[int, str]:
    """Largest first, then by name."""
    return (-row.n.get(row.arm, 0), row.arm)


def _joined(metric: str, rows: list[EffectRow], *, trusted: bool) -> Known:
    experiments = tuple(row.experiment for row in rows)
    estimates, errors = [float(row.estimate or 0.0) for row in rows], [float(row.se or 0.0) for row in rows]
    if len(rows) == 1:
        row, estimate, se = rows[0], estimates[0], errors[0]
        wide = row.interval()
        low, high = (wide.low, wide.high) if wide else (estimate - _Z95 * se, estimate + _Z95 * se)
        return Known(metric, estimate, se, row.grade, experiments, low, high, trusted, (row.control, row.arm))
    precision = [1 / se**2 for se in errors]
    estimate = sum(p * e for p, e in zip(precision, estimates, strict=True)) / sum(precision)
    q = sum(p * (e - estimate) ** 2 for p, e in zip(precision, estimates, strict=True))
    se = sqrt(max(1.0, q / (len(rows) - 1)) / sum(precision))
    weak = weakest(row.grade for row in rows) or "opinion"
    replicated = trusted and stronger(weak, "tested") and _agree(q, len(rows) - 1)
    grade: Grade = "replicated" if replicated else weak
    return Known(metric, estimate, se, grade, experiments, estimate - _Z95 * se, estimate + _Z95 * se, trusted)


def _agree(q: float, df: int) -> bool:
    from scipy.special import chdtrc

    return float(chdtrc(df, q)) >= AGREE
