"""From comparisons to two numbers per arm: level and variance, by the estimator that fits, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Sample, differences, sample
from vitalfew.stats.comparison import DELTA, WELCH
from vitalfew.workspace.metric_kinds import is_zero_or_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.comparisons import Item
    from vitalfew.stats.arrays import Differences
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]
    Fill = Callable[[Definitions, Sequence[Item], Places, "Arms"], None]

ADJUSTED = "adjusted for what was known of each unit before (CUPED)"
AVERAGED = "averaged over {what}"
CLUSTERS = "difference of averages over units, randomised in clusters of one {name} (delta method over clusters)"
SWITCHBACK = "difference of averages over units, switched in blocks of time (delta method over blocks)"
_WIDE = 0.95


@dataclass(slots=True)
class Arms:
    """What is known of both arms of every comparison, `(m,)` each.

    Attributes:
        control: of the control arms.
        treatment: of the treatment arms.
        units: that have the metric, `(2, m)`, control first.
        methods: how each was computed, in words.
        plain: both arms without covariates or strata, where these changed anything.
        reduction: share of the variance that covariates or strata took away; None where there are none.
        reasons: why there is no answer, where the estimator says so itself.
        notes: what the estimator left out.
    """

    control: Sample
    treatment: Sample
    units: Floats
    methods: list[str]
    plain: tuple[Sample, Sample]
    reduction: list[float | None]
    reasons: list[str | None]
    notes: list[tuple[str, ...]]

    @classmethod
    def empty(cls, count: int) -> Arms:
        """Room for so many comparisons."""
        blanks = [_blank(count) for _ in range(4)]
        found = cls(blanks[0], blanks[1], np.zeros((2, count)), [], (blanks[2], blanks[3]), [], [], [])
        for _ in range(count):
            found.methods.append("")
            found.reduction.append(None)
            found.reasons.append(None)
            found.notes.append(())
        return found

    def put(self, at: Places, control: Sample, treatment: Sample) -> None:
        """Write some comparisons into their places."""
        _write(self.control, at, control)
        _write(self.treatment, at, treatment)


def estimate(definitions: Definitions, items: Sequence[Item]) -> Arms:
    """Choose the estimator of every comparison and compute both of its arms.

    Means and ratios from moments: adjusted where there are covariates, put together where there are several phases or
    strata, corrected where whole clusters were dealt. Quantiles and times to an event from their distributions.
    """
    arms = Arms.empty(len(items))
    kinds: dict[tuple[Fill, int], list[int]] = {}
    for at, item in enumerate(items):
        kinds.setdefault((_kind(definitions, item), len(item.cells)), []).append(at)
    for (fill, _), places in kinds.items():
        fill(definitions, [items[at] for at in places], np.array(places, dtype=np.intp), arms)
    for at, item in enumerate(items):
        if item.distribution is None:
            parts = (_method(definitions, item), arms.methods[at], *_averages(item))
            arms.methods[at] = ", ".join(part for part in parts if part)
    return arms


def unadjusted(arms: Arms) -> tuple[Places, Arms]:
    """Which comparisons covariates or strata changed, and the same arms without them."""
    at = np.array([place for place, gain in enumerate(arms.reduction) if gain is not None], dtype=np.intp)
    found = Arms.empty(len(at))
    found.put(np.arange(len(at)), *(_at(arm, at) for arm in arms.plain))
    found.units[:] = found.control.n, found.treatment.n
    return at, found


def difference(arms: Arms, confidences: Sequence[float]) -> Differences:
    """Treatment minus control of every comparison, at one look."""
    return differences(arms.control, arms.treatment, confidences)


def _kind(definitions: Definitions, item: Item) -> Fill:
    if item.distribution is None:
        return _from_moments
    metric = definitions.metrics.get(item.metric)
    return _times if metric is not None and metric.kind == "time_to_event" else _quantiles


def _from_moments(definitions: Definitions, items: Sequence[Item], at: Places, arms: Arms) -> None:
    """Items with the same number of cells: each cell on its own, then all put together."""
    from vitalfew.stats.skew import skew_warnings
    from vitalfew.stats.strata import apart, combined

    cells = [[item.cells[index] for item in items] for index in range(len(items[0].cells))]
    metrics, bottoms = [item.metric for item in items], [item.denominator for item in items]
    if any(item.covariates for item in items):
        found = [_adjusted(items, each, at, arms) for each in cells]
    elif len(cells) > 1:
        found = apart(cells, metrics, bottoms)
    else:
        one, two = (sample([cell[arm] for cell in cells[0]], metrics, bottoms) for arm in (0, 1))
        found = [(one, two)]
    found = [_clustered(definitions, items, pair, index) for index, pair in enumerate(found)]
    control, treatment = found[0] if len(found) == 1 else combined(found)
    arms.put(at, control, treatment)
    arms.units[:, at] = control.n, treatment.n
    if len(cells) == 1:
        warnings = skew_warnings([cell[0] for cell in cells[0]], [cell[1] for cell in cells[0]], metrics, bottoms)
        for place, warning in zip(at, warnings, strict=True):
            arms.notes[place] += () if warning is None else (warning,)
    changed = [index for index, item in enumerate(items) if item.pooled is not None]
    _compare_with_plain([items[index] for index in changed], at[changed], arms)


def _adjusted(items: Sequence[Item], cells: Sequence[tuple], at: Places, arms: Arms) -> tuple[Sample, Sample]:  # type: ignore[type-arg] # pairs of moments
    from vitalfew.stats.regression import adjusted

    found = adjusted(
        [cell[0] for cell in cells],
        [cell[1] for cell in cells],
        [item.metric for item in items],
        [item.denominator for item in items],
        [item.covariates for item in items],
    )
    for place, item, used, notes in zip(at, items, found.used, found.notes, strict=True):
        arms.notes[place] = tuple(dict.fromkeys((*arms.notes[place], *notes)))
        if used and item.covariates:
            arms.methods[place] = ADJUSTED
    return found.control, found.treatment


def _clustered(
    definitions: Definitions, items: Sequence[Item], found: tuple[Sample, Sample], cell: int
) -> tuple[Sample, Sample]:
    """Correct one cell (a phase, a stratum) for few clusters of unequal size, where whole clusters were dealt."""
    from vitalfew.stats.clusters import for_clusters

    control, treatment = found
    where = np.array([_is_clustered(definitions, item) for item in items])
    if not where.any():
        return found
    places = np.flatnonzero(where)
    some = [item for item, chosen in zip(items, where, strict=True) if chosen]
    bottoms = [item.denominator or "" for item in some]
    corrected = [
        for_clusters(_at(arm, places), [item.cells[cell][side] for item in some], bottoms)
        for side, arm in enumerate((control, treatment))
    ]
    return _with(control, places, corrected[0]), _with(treatment, places, corrected[1])


def _is_clustered(definitions: Definitions, item: Item) -> bool:
    defined = definitions.experiments.get(item.experiment)
    grouped = defined is not None and (defined.cluster is not None or defined.design == "switchback")
    return grouped and item.denominator is not None


def _compare_with_plain(items: Sequence[Item], at: Places, arms: Arms) -> None:
    """Keep what the effect would have been without covariates or strata, and what they took from its variance."""
    pairs = [item.pooled for item in items if item.pooled is not None]
    if not pairs:
        return
    metrics, bottoms = [item.metric for item in items], [item.denominator for item in items]
    control, treatment = (sample([pair[arm] for pair in pairs], metrics, bottoms) for arm in (0, 1))
    plain = differences(control, treatment, (_WIDE,))
    found = differences(_at(arms.control, at), _at(arms.treatment, at), (_WIDE,))
    for index, place in enumerate(at):
        if np.isfinite(plain.estimate[index] + plain.se[index] + found.se[index]):
            arms.reduction[place] = 1.0 - float(found.se[index] / plain.se[index]) ** 2
    for arm, sound in zip(arms.plain, (control, treatment), strict=True):
        _write(arm, at, sound)


def _quantiles(definitions: Definitions, items: Sequence[Item], at: Places, arms: Arms) -> None:
    from vitalfew.stats.quantiles import METHOD, quantile_sample

    asked = [_quantile_of(definitions, item.metric) for item in items]
    found = [quantile_sample([item.quantiles[arm] for item in items], asked) for arm in (0, 1)]
    arms.put(at, found[0].sample, found[1].sample)
    for index, (place, item) in enumerate(zip(at, items, strict=True)):
        arms.units[:, place] = [row.n for row in item.quantiles]
        arms.reasons[place] = _reason(item.metric, found[0].reasons[index], found[1].reasons[index])
        arms.methods[place] = f"{METHOD} (quantile {asked[index]:g})"


def _times(definitions: Definitions, items: Sequence[Item], at: Places, arms: Arms) -> None:
    from vitalfew.stats.lifetimes import MEDIANS, RESTRICTED_MEAN, median_sample, restricted_mean_sample

    medians = np.array([definitions.metrics[item.metric].summary == "median" for item in items])
    for wanted in (True, False):
        chosen = np.flatnonzero(medians == wanted)
        some = [item for item, median in zip(items, medians, strict=True) if median == wanted]
        horizons = [_horizon_of(definitions, item) for item in some]
        rows = [[item.lifetimes[arm] for item in some] for arm in (0, 1)]
        found = [median_sample(each) if wanted else restricted_mean_sample(each, horizons) for each in rows]
        arms.put(at[chosen], found[0].sample, found[1].sample)
        for index, (place, item) in enumerate(zip(at[chosen], some, strict=True)):
            arms.units[:, place] = [row.units for row in item.lifetimes]
            arms.reasons[place] = _reason(item.metric, found[0].reasons[index], found[1].reasons[index])
            arms.methods[place] = MEDIANS if wanted else f"{RESTRICTED_MEAN} (horizon {horizons[index]:g} days)"


def _reason(metric: str, *reasons: str | None) -> str | None:
    return next((f"{metric}: {reason}" for reason in reasons if reason is not None), None)


def _quantile_of(definitions: Definitions, metric: str) -> float:
    defined = definitions.metrics.get(metric)
    return 0.5 if defined is None or defined.quantile is None else defined.quantile


def _horizon_of(definitions: Definitions, item: Item) -> float:
    """Days over which a mean is taken: as defined, else its window, else as long as both arms were followed."""
    defined = definitions.metrics[item.metric]
    window = defined.window.length if defined.window is not None else None
    return defined.horizon or window or min(max(row.times, default=0.0) for row in item.lifetimes)


def _method(definitions: Definitions, item: Item) -> str:
    defined = definitions.experiments.get(item.experiment)
    if defined is not None and defined.cluster is not None:
        return CLUSTERS.format(name=defined.cluster)
    if defined is not None and defined.design == "switchback":
        return SWITCHBACK
    if item.denominator is not None:
        return DELTA
    metric = definitions.metrics.get(item.metric)
    return WELCH.replace("means", "proportions") if metric and is_zero_or_one(metric) else WELCH


def _averages(item: Item) -> tuple[str, ...]:
    phases, strata = item.phases > 1, len(item.cells) > item.phases
    named = [name for name, there in (("phases", phases), ("strata", strata)) if there]
    return (AVERAGED.format(what=" and ".join(named)),) if named else ()


def _at(arm: Sample, at: Places) -> Sample:
    n, shift, mean, variance = (part[at] for part in (arm.n, arm.shift, arm.mean, arm.variance))
    return Sample(n, shift, mean, variance, arm.fault[at], arm.freedom[at])


def _with(arm: Sample, at: Places, other: Sample) -> Sample:
    """The arm with some entries replaced."""
    changed = _at(arm, np.arange(len(arm.n)))
    _write(changed, at, other)
    return changed


def _write(arm: Sample, at: Places, other: Sample) -> None:
    for name in ("n", "shift", "mean", "variance", "fault"):
        getattr(arm, name)[at] = getattr(other, name)
    arm.freedom[at] = other.freedom


def _blank(count: int) -> Sample:
    n, shift, mean, variance, df = (np.zeros(count) for _ in range(5))
    return Sample(n, shift, mean, variance, np.zeros(count, dtype=np.int64), df)
