"""Moments and ready results become effects: every metric, segment and arm against control, in one vectorised pass."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from vitalfew.evidence.comparisons import Item, by_experiment, comparisons
from vitalfew.evidence.words import SHARES
from vitalfew.results.rows import EffectRow, Estimate, FailedRow, Interval
from vitalfew.stats.arrays import SMALLEST_P, Fault, differences, lifts, sample
from vitalfew.stats.comparison import DELTA, TINY_P, WELCH, fault_sentence, lift_of
from vitalfew.stats.normal import cdf, two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.results.rows import GivenRow, HealthRow, MomentsRow
    from vitalfew.stats.arrays import Differences, Lifts, Sample
    from vitalfew.workspace.definitions import Definitions, Grade

STAGE = "effects"
CONFIDENCES = (0.8, 0.95)
AS_GIVEN = "as given"


def effects(
    definitions: Definitions,
    moments: Iterable[MomentsRow],
    given: Iterable[GivenRow],
    health: Iterable[HealthRow] = (),
) -> tuple[tuple[EffectRow, ...], tuple[FailedRow, ...]]:
    """Compute the effect of every experiment on every metric it measures, per segment and arm.

    Args:
        definitions: experiments (also those nobody defined are computed, against the arm `control`) and metrics.
        moments: of the units of each arm.
        given: results somebody else computed; their intervals are normal, from the standard error as given.
        health: trust tests; one that *failed* makes the grade one step weaker, with a note.

    Returns:
        The effects, and what could not be computed, each with the reason; "not enough data" is an answer, and so a
        remark. A metric whose variance is missing keeps its
        estimate, without standard error and interval, and says so.
    """
    items: list[Item] = []
    failed: list[FailedRow] = []
    for experiment, found in by_experiment(moments).items():
        for item in comparisons(definitions, experiment, found):
            if isinstance(item, Item):
                items.append(item)
            else:
                failed.append(item)
    broken = _broken(health)
    rows, missing = _compute(definitions, items, broken)
    ready = tuple(_as_given(definitions, row, broken) for row in given)
    return (*rows, *ready), (*failed, *missing)


def _compute(
    definitions: Definitions, items: Sequence[Item], broken: dict[str, list[str]]
) -> tuple[list[EffectRow], list[FailedRow]]:
    metrics = [item.metric for item in items]
    bottoms = [item.denominator for item in items]
    control = sample([item.control_moments for item in items], metrics, bottoms)
    treatment = sample([item.treatment_moments for item in items], metrics, bottoms)
    found = differences(control, treatment, CONFIDENCES)
    relative = lifts(control, treatment, found)
    rows: list[EffectRow] = []
    failed: list[FailedRow] = []
    for at, item in enumerate(items):
        fault = Fault(int(found.fault[at]))
        if fault in (Fault.NONE, Fault.VARIANCE_MISSING):
            rows.append(_row(definitions, item, at, (control, treatment), found, relative, broken))
        else:
            units = (int(control.n[at]), int(treatment.n[at]))
            place = "/".join(filter(None, (item.experiment, item.metric, item.segment, item.arm)))
            failed.append(FailedRow(STAGE, place, fault_sentence(fault, item.metric, units), remark=True))
    return rows, failed


def _row(
    definitions: Definitions,
    item: Item,
    at: int,
    arms: tuple[Sample, Sample],
    found: Differences,
    relative: Lifts,
    broken: dict[str, list[str]],
) -> EffectRow:
    control, treatment = arms
    certain = found.fault[at] == Fault.NONE
    lift = lift_of(*(float(part[at]) for part in (relative.estimate, relative.low, relative.high)))
    p_value = float(found.p_value[at])
    grade, doubts = _grade(item.experiment, item.metric, broken)
    notes = [*item.notes, *doubts]
    if not certain:
        notes.append("variance missing: no standard error, interval or p-value")
    elif lift.reason is not None:
        notes.append(lift.reason)
    if certain and p_value <= SMALLEST_P:
        notes.append(TINY_P)
    metric = definitions.metrics.get(item.metric)
    return EffectRow(
        experiment=item.experiment,
        metric=item.metric,
        metric_version=metric.version if metric else 1,
        segment=item.segment,
        arm=item.arm,
        control=item.control,
        estimate=float(found.estimate[at]),
        se=float(found.se[at]) if certain else None,
        intervals=tuple(
            Interval(confidence, float(found.low[index, at]), float(found.high[index, at]))
            for index, confidence in enumerate(CONFIDENCES)
        )
        if certain
        else (),
        p_value=p_value if certain else None,
        relative=None if lift.estimate is None else Estimate(lift.estimate, lift.low, lift.high),
        n={item.control: int(control.n[at]), item.arm: int(treatment.n[at])},
        mean={item.control: float(control.level[at]), item.arm: float(treatment.level[at])},
        method=_method(definitions, item),
        mode="fixed",
        grade=grade,
        notes=tuple(notes),
    )


def _method(definitions: Definitions, item: Item) -> str:
    if item.denominator is not None:
        return DELTA
    metric = definitions.metrics.get(item.metric)
    return WELCH.replace("means", "proportions") if metric and metric.kind in SHARES else WELCH


def _as_given(definitions: Definitions, row: GivenRow, broken: dict[str, list[str]]) -> EffectRow:
    """A ready result: normal intervals around the estimate, from its standard error."""
    defined, metric = definitions.experiments.get(row.experiment), definitions.metrics.get(row.metric)
    grade, doubts = _grade(row.experiment, row.metric, broken)
    notes = [*doubts, *(() if row.n is None else (f"{row.n:,} units in all",))]
    se = row.se if row.se is not None and row.se > 0 else None
    if se is None:
        notes.append("standard error missing: no interval or p-value")
    p_value = None if se is None else max(2.0 * cdf(-abs(row.estimate / se)), SMALLEST_P)
    if p_value == SMALLEST_P:
        notes.append(TINY_P)
    return EffectRow(
        experiment=row.experiment,
        metric=row.metric,
        metric_version=metric.version if metric else 1,
        segment=None,
        arm="treatment",
        control=defined.control if defined else "control",
        estimate=row.estimate,
        se=se,
        intervals=() if se is None else tuple(_normal(row.estimate, se, confidence) for confidence in CONFIDENCES),
        p_value=p_value,
        relative=None,
        n={},
        mean={},
        method=AS_GIVEN,
        mode="fixed",
        grade=grade,
        notes=tuple(notes),
    )


def _normal(estimate: float, se: float, confidence: float) -> Interval:
    half = two_sided(confidence) * se
    return Interval(confidence, estimate - half, estimate + half)


def _broken(health: Iterable[HealthRow]) -> dict[str, list[str]]:
    broken: dict[str, list[str]] = defaultdict(list)
    for row in health:
        if row.status == "failed":
            broken[row.experiment].append(row.test)
    return broken


def _grade(experiment: str, metric: str, broken: dict[str, list[str]]) -> tuple[Grade, tuple[str, ...]]:
    """*tested*, one step weaker when a trust test of the experiment or of this metric failed."""
    tests = [test for test in broken.get(experiment, ()) if "/" not in test or test.partition("/")[2] == metric]
    if not tests:
        return "tested", ()
    names = ", ".join(test.partition("/")[0].replace("_", " ") for test in tests)
    return "staged", (f"trust test failed ({names}): the grade is staged instead of tested",)
