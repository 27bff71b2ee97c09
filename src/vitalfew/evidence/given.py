"""Results that somebody else computed, taken as given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.comparisons import control_of
from vitalfew.evidence.grades import grade_of
from vitalfew.evidence.modes import CONFIDENCES
from vitalfew.evidence.roles import gate_of, is_planned, role_of, sign_of
from vitalfew.results.rows import EffectRow, Interval
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.comparison import TINY_P
from vitalfew.stats.normal import cdf, two_sided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.results.rows import GivenRow
    from vitalfew.workspace.definitions import Definitions

AS_GIVEN = "as given"


def as_given(definitions: Definitions, row: GivenRow, broken: Mapping[str, Sequence[str]]) -> EffectRow:
    """A ready result: normal intervals around the estimate, from its standard error."""
    defined, metric = definitions.experiments.get(row.experiment), definitions.metrics.get(row.metric)
    plan = defined.plan if defined is not None else None
    grade, doubts = grade_of(row.experiment, row.metric, broken)
    notes = [*doubts, *(() if row.n is None else (f"{row.n:,} units in all",))]
    se = row.se if row.se is not None and row.se > 0 else None
    if se is None:
        notes.append("standard error missing: no interval or p-value")
    p_value = None if se is None else max(2.0 * cdf(-abs(row.estimate / se)), SMALLEST_P)
    if p_value == SMALLEST_P:
        notes.append(TINY_P)
    gate = gate_of(definitions, row.metric, None)
    good = sign_of(definitions, row.metric) * row.estimate
    return EffectRow(
        experiment=row.experiment,
        metric=row.metric,
        metric_version=metric.version if metric else 1,
        segment=None,
        arm="treatment",
        control=control_of(definitions, row.experiment),
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
        role=role_of(definitions, plan, row.metric),
        planned=is_planned(definitions, plan, row.metric, None),
        margin=gate.margin if gate else None,
        p_non_inferior=None if gate is None or se is None else max(cdf(-(good + gate.margin) / se), SMALLEST_P),
    )


def _normal(estimate: float, se: float, confidence: float) -> Interval:
    half = two_sided(confidence) * se
    return Interval(confidence, estimate - half, estimate + half)
