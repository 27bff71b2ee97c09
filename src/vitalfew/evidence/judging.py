"""Estimates of all comparisons become rows: intervals and p-values in their modes, guardrails held to margins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.estimates import difference, unadjusted
from vitalfew.evidence.families import Spread
from vitalfew.evidence.grades import grade_of
from vitalfew.evidence.modes import CONFIDENCES, infer, non_inferior, progress
from vitalfew.evidence.roles import gate_of, is_planned, role_of, sign_of
from vitalfew.evidence.settings import Setting
from vitalfew.results.rows import EffectRow, Estimate, FailedRow, Interval
from vitalfew.stats.always_valid import BURN_IN
from vitalfew.stats.arrays import SMALLEST_P, Fault, lifts
from vitalfew.stats.comparison import TINY_P, fault_sentence, lift_of
from vitalfew.workspace.definitions import EventSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.comparisons import Item
    from vitalfew.evidence.estimates import Arms
    from vitalfew.evidence.modes import Inferred
    from vitalfew.results.rows import Role
    from vitalfew.stats.arrays import Differences, Lifts
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

STAGE = "effects"
_WIDE = CONFIDENCES.index(0.95)
NO_VARIANCE = "variance missing: no standard error, interval or p-value"
TOO_EARLY = {
    "always_valid": f"fewer than {BURN_IN} units: nothing is said before that",
    "group_sequential": "so early in the plan nothing can be significant: no interval yet",
}
NO_MARGIN = "planned as a guardrail, but the value model gives no margin that it could be held to"


@dataclass(frozen=True, slots=True)
class Batch:
    """All comparisons of a run, with what was computed of them; one entry each, `(m,)`."""

    definitions: Definitions
    items: Sequence[Item]
    arms: Arms
    settings: Sequence[Setting]
    found: Differences
    inferred: Inferred
    kept: Mapping[int, float]
    broken: Mapping[str, Sequence[str]]
    plain: Mapping[int, Estimate]

    @classmethod
    def of(
        cls,
        definitions: Definitions,
        items: Sequence[Item],
        arms: Arms,
        settings: Mapping[str, Setting],
        broken: Mapping[str, Sequence[str]],
    ) -> Batch:
        """Compare the arms, each experiment in its mode."""
        each = [settings.get(item.experiment, Setting()) for item in items]
        found = difference(arms, CONFIDENCES)
        so_far = progress(arms.units, each)
        inferred = infer(found, each, so_far)
        gates = {at: gate_of(definitions, item.metric, item.segment) for at, item in enumerate(items)}
        at = np.array([place for place, gate in gates.items() if gate is not None], dtype=np.intp)
        signs = np.array([sign_of(definitions, items[place].metric) for place in at], dtype=np.float64)
        margins = np.array([gate.margin for gate in gates.values() if gate is not None], dtype=np.float64)
        kept = non_inferior(signs * found.estimate[at] + margins, found, each, so_far, at) if len(at) else np.zeros(0)
        gated = dict(zip(at.tolist(), kept.tolist(), strict=True))
        return cls(definitions, items, arms, each, found, inferred, gated, broken, _plain(arms, each))

    def rows(self) -> tuple[list[EffectRow], list[Spread], list[FailedRow]]:
        """Effects, the spread of their two arms, and what could not be computed with the reason."""
        relative = self._relative()
        rows, spreads, failed = [], [], []
        for at, item in enumerate(self.items):
            fault = Fault(int(self.found.fault[at]))
            if fault in (Fault.NONE, Fault.VARIANCE_MISSING):
                rows.append(self._row(at, relative))
                spreads.append(self._spread(at))
            else:
                units = (int(self.arms.units[0, at]), int(self.arms.units[1, at]))
                defined = self.definitions.experiments.get(item.experiment)
                clustered = defined is not None and defined.cluster is not None
                sentence = fault_sentence(fault, item.metric, units, of="cluster" if clustered else "unit")
                reason = self.arms.reasons[at] or (self._unseen(at) if fault is Fault.CONSTANT else None) or sentence
                failed.append(FailedRow(STAGE, item.place, reason, remark=True))
        return rows, spreads, failed

    def _unseen(self, at: int) -> str | None:
        """Why a metric over events is 0 for every unit: nothing happened in its window. None of any other metric."""
        key = self.items[at].metric
        metric = self.definitions.metrics.get(key)
        measure = None if metric is None else metric.numerator
        source = None if measure is None else self.definitions.sources.get(measure.source)
        arms = (self.arms.control, self.arms.treatment)
        if measure is None or not isinstance(source, EventSource) or any(one.mean[at] + one.shift[at] for one in arms):
            return None
        zero = "" if measure.column is None else f", or '{measure.column}' is 0 in all of them"
        return f"not enough data for '{key}': it is 0 for every unit, as no event fell into its window{zero}"

    def _relative(self) -> Lifts:
        """Relative changes whose intervals are as wide as those of the mode.

        Fieller's interval takes Student's critical value; a variance so much larger stands for a larger one.
        """
        from scipy.special import stdtrit

        with np.errstate(invalid="ignore", divide="ignore"):
            wider = self.inferred.critical(self.found) / stdtrit(self.found.df, 0.975)
            wider = np.where(self.inferred.modes == "fixed", 1.0, wider) ** 2
            control = replace(self.arms.control, variance=self.arms.control.variance * wider)
            treatment = replace(self.arms.treatment, variance=self.arms.treatment.variance * wider)
        return lifts(control, treatment, self.found)

    def _spread(self, at: int) -> Spread:
        control, treatment = self.arms.control, self.arms.treatment
        with np.errstate(invalid="ignore", divide="ignore"):
            one, other = (float(arm.variance[at] / arm.n[at]) for arm in (control, treatment))
            return Spread(one, other, float(self.found.df[at]))

    def _row(self, at: int, relative: Lifts) -> EffectRow:
        item, setting = self.items[at], self.settings[at]
        certain = bool(self.found.fault[at] == Fault.NONE)
        intervals = self._intervals(at) if certain else ()
        lift = lift_of(*(float(part[at]) for part in (relative.estimate, relative.low, relative.high)))
        grade, doubts = grade_of(item.experiment, item.metric, self.broken)
        metric = self.definitions.metrics.get(item.metric)
        gate = gate_of(self.definitions, item.metric, item.segment)
        p_value = float(self.inferred.p_value[at])
        doubts += self._doubts(at, certain=certain, bounded=bool(intervals), lift=lift.reason if intervals else None)
        return EffectRow(
            experiment=item.experiment,
            metric=item.metric,
            metric_version=metric.version if metric else 1,
            segment=item.segment,
            arm=item.arm,
            control=item.control,
            estimate=float(self.found.estimate[at]),
            se=float(self.found.se[at]) if certain else None,
            intervals=intervals,
            p_value=p_value if certain else None,
            relative=None if lift.estimate is None else Estimate(lift.estimate, lift.low, lift.high),
            n={item.control: int(self.arms.units[0, at]), item.arm: int(self.arms.units[1, at])},
            mean={item.control: float(self.arms.control.level[at]), item.arm: float(self.arms.treatment.level[at])},
            method=self.arms.methods[at],
            mode=setting.mode,
            grade=grade,
            notes=(*item.notes, *self.arms.notes[at], *doubts),
            role=self._role(item),
            planned=is_planned(self.definitions, setting.plan, item.metric, item.segment),
            unadjusted=self.plain.get(at),
            variance_reduction=self.arms.reduction[at],
            margin=gate.margin if gate is not None else None,
            p_non_inferior=self.kept.get(at) if certain else None,
        )

    def _role(self, item: Item) -> Role:
        """The role of the metric; in a segment nothing decides, only guardrails that ask for it."""
        if item.segment is None:
            defined = self.definitions.experiments.get(item.experiment)
            return role_of(self.definitions, defined.plan if defined is not None else None, item.metric)
        return "guardrail" if gate_of(self.definitions, item.metric, item.segment) is not None else "exploratory"

    def _intervals(self, at: int) -> tuple[Interval, ...]:
        """Those intervals that have ends."""
        ends = ((c, self.inferred.low[i, at], self.inferred.high[i, at]) for i, c in enumerate(CONFIDENCES))
        return tuple(Interval(c, float(low), float(high)) for c, low, high in ends if np.isfinite([low, high]).all())

    def _doubts(self, at: int, *, certain: bool, bounded: bool, lift: str | None) -> tuple[str, ...]:
        item, setting = self.items[at], self.settings[at]
        notes = list(setting.notes)
        if not certain:
            notes.append(NO_VARIANCE)
        elif not bounded:
            notes.append(TOO_EARLY.get(setting.mode, NO_VARIANCE))
        if lift is not None:
            notes.append(lift)
        if certain and self.inferred.p_value[at] <= SMALLEST_P:
            notes.append(TINY_P)
        planned = setting.plan.guardrails if setting.plan is not None else ()
        if item.metric in planned and item.metric not in self.definitions.guardrails:
            notes.append(NO_MARGIN)
        return tuple(notes)


def _plain(arms: Arms, settings: Sequence[Setting]) -> dict[int, Estimate]:
    """Effects without covariates or strata, with intervals of the mode they stand in; a belief has no such interval."""
    at, without = unadjusted(arms)
    if not len(at):
        return {}
    each = [settings[place] for place in at]
    found = difference(without, CONFIDENCES)
    inferred = infer(found, each, progress(without.units, each))
    told = {}
    for index, place in enumerate(at.tolist()):
        ends = (float(inferred.low[_WIDE, index]), float(inferred.high[_WIDE, index]))
        known = np.isfinite(ends).all() and each[index].mode != "bayesian"
        told[place] = Estimate(float(found.estimate[index]), *(ends if known else (None, None)))
    return told
