"""Plan an experiment: what it can find in how many weeks, in every inference mode, from what history shows.

A primary metric is tested for a difference, its error rate shared over metrics and arms. A guardrail is tested for
being no worse than its margin, one-sided, taking it that the change does it no harm; its error rate is its own, but
the chance to miss something is shared over all that must succeed (`stats.power.power_each`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - a plan is read back by the types of its fields
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from vitalfew.evidence.baselines import Baseline  # noqa: TC001 - as above
from vitalfew.stats import power as powers
from vitalfew.stats.bayes import WEAK_SD, Prior
from vitalfew.stats.designs import Design, drift_needed
from vitalfew.workspace.definitions import Mode, Plan
from vitalfew.workspace.metric_kinds import follow_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

Part = Literal["primary", "secondary", "guardrail"]
Question = Literal["difference", "non_inferiority"]
MODES: tuple[Mode, ...] = get_args(Mode)
WEEKS = 12
FEWEST_UNITS = 4.0
"""Units of two arms from which anything can be found."""
_ROUNDS = 8  # until the detectable change of a share and its variance agree to six digits
_POINTS = 41
_LONGEST = 520.0  # weeks
NO_LEVEL = "the level cannot be told from zero, so a share of it says nothing"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a plan.

    Attributes:
        mode: inference mode.
        alpha: error rate of all primary metrics and arms together.
        power: of the whole decision.
        weeks: duration that sentences and curves speak of.
        smallest: smallest change worth finding, relative to a metric's level; None: the promise, where there is one.
        split: weight of each arm, the control first.
        within: units met within so many weeks, fractions too; None when nobody knows.
        priors: what past effects on a metric lead to expect, gains relative to its level; weak where there are few.
    """

    mode: Mode
    alpha: float
    power: float
    weeks: int
    smallest: float | None
    split: Mapping[str, float]
    within: Callable[[float], float] | None
    priors: Mapping[str, Prior] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModePlan:
    """One metric in one mode.

    Attributes:
        mode: inference mode.
        detectable: smallest change found with the power, in the metric's unit, when planned for week 1 to 12; for a
            guardrail the smallest margin that can be shown to hold. None where no unit is followed to the end.
        units: units of all arms together that the target needs; None without a target or beyond reason.
        weeks: weeks that takes, the follow-up included; None when unknown.
        power: for the target in the weeks asked for.
        assurance: power averaged over the promise; None without one.
    """

    mode: Mode
    detectable: tuple[float | None, ...]
    units: int | None
    weeks: float | None
    power: float | None
    assurance: float | None


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """One metric of a plan.

    Attributes:
        metric: its key.
        title: its name.
        part: what it is for.
        question: a difference, or being no worse than the margin.
        baseline: what history shows.
        alpha: error rate of its own test (for a difference two-sided).
        power: of its own test.
        target: change to find in the metric's unit, positive; for a guardrail its margin.
        target_from: where the target is from, in words; without one, why a share of the level gives none.
        follow_up: days that a unit is followed after its first exposure.
        modes: by inference mode.
        curve: power by change in the metric's unit, by mode, in the weeks asked for.
    """

    metric: str
    title: str
    part: Part
    question: Question
    baseline: Baseline
    alpha: float
    power: float
    target: float | None
    target_from: str
    follow_up: float
    modes: Mapping[Mode, ModePlan]
    curve: Mapping[Mode, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A metric that cannot be planned: why, and what to do."""

    metric: str
    title: str
    reason: str
    do: str


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What an experiment can find.

    Attributes:
        experiment: its key.
        title: its name.
        mode: inference mode asked for.
        alpha: error rate of all primary metrics and arms together.
        power: of the whole decision.
        weeks: duration that was asked about.
        arms: planned share of each arm, the control first.
        weekly: new units by week of the experiment, the last going on; empty when unknown.
        traffic: where these are from, in words.
        metrics: primary ones first.
        unknown: metrics without a history.
        cautions: what to know besides, in sentences.
    """

    experiment: str
    title: str
    mode: Mode
    alpha: float
    power: float
    weeks: int
    arms: Mapping[str, float]
    weekly: tuple[float, ...]
    traffic: str
    metrics: tuple[MetricPlan, ...]
    unknown: tuple[Unknown, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of an experiment by what they are for."""

    primary: tuple[str, ...]
    secondary: tuple[str, ...]
    guardrails: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """All of them, once each."""
        return tuple(dict.fromkeys((*self.primary, *self.guardrails, *self.secondary)))


def metrics_of(definitions: Definitions, experiment: str) -> Metrics:
    """What an experiment measures for what: by its plan, else factors and goals decide and guardrails guard.

    Without any of these the metrics it names all decide.
    """
    defined = definitions.experiments[experiment]
    plan = defined.plan or Plan()
    named = defined.named_metrics
    if not named:
        named = tuple(key for key, one in definitions.metrics.items() if one.numerator.source == defined.source)
    gates = tuple(key for key in (plan.guardrails or named) if key in definitions.guardrails)
    rest = tuple(key for key in named if key not in gates)
    goals = tuple(key for key in rest if key in definitions.factors or definitions.metrics[key].role == "goal")
    primary = plan.primary or goals or tuple(key for key in rest if key not in plan.secondary)
    return Metrics(primary, tuple(key for key in rest if key not in primary), gates)


def plan_metric(
    definitions: Definitions,
    experiment: str,
    found: Baseline,
    asked: Asked,
    metrics: Metrics,
    promise: Floats | None = None,
) -> MetricPlan:
    """Plan one metric.

    Args:
        definitions: the workspace.
        experiment: key of the experiment.
        found: what history shows of the metric.
        asked: mode, error rate, power, weeks, arms and traffic.
        metrics: of the experiment, over which error rate and power are shared.
        promise: equally likely effects by the forecast, in the metric's unit and sign, `(m,)`.
    """
    guarded = found.metric in metrics.guardrails
    gains = None if promise is None or guarded else _sign(definitions, found.metric) * promise
    target, told = _target(definitions, found, asked, gains)
    designs = designs_of(definitions, experiment, found, asked, metrics)
    followed = follow_up(definitions.metrics[found.metric]) or 0.0
    size = _Size(found, asked, followed, _sign(definitions, found.metric), guarded)
    return MetricPlan(
        metric=found.metric,
        title=definitions.title("metrics", found.metric),
        part="guardrail" if guarded else "primary" if found.metric in metrics.primary else "secondary",
        question="non_inferiority" if guarded else "difference",
        baseline=found,
        alpha=designs["fixed"].alpha_each,
        power=designs["fixed"].power,
        target=target,
        target_from=told,
        follow_up=size.follow_up,
        modes={mode: _mode(design, size, target, gains) for mode, design in designs.items()},
        curve=_curve(designs, size, target),
    )


def designs_of(
    definitions: Definitions, experiment: str, found: Baseline, asked: Asked, metrics: Metrics
) -> dict[Mode, Design]:
    """How one metric would be decided in each mode."""
    plan = definitions.experiments[experiment].plan or Plan()
    guarded = found.metric in metrics.guardrails
    rule = definitions.policy.decision
    must = len(metrics.guardrails) if rule.guardrails == "non_inferior" else 0
    must += len(metrics.primary) - 1 if rule.success == "all" and metrics.primary else 0
    alpha = definitions.guardrails[found.metric].alpha if guarded else asked.alpha
    primary = found.metric in metrics.primary
    common: dict[str, Any] = {
        "alpha": alpha,
        "power": powers.power_each(asked.power, must),
        "two_sided": not guarded,
        "allocation": tuple(asked.split.values()),
        "metrics": max(len(metrics.primary), 1) if primary else 1,
        "family": "none" if guarded else plan.family,
    }
    looks = plan.looks if isinstance(plan.looks, tuple) else tuple((at + 1) / plan.looks for at in range(plan.looks))
    # Of a guardrail the margin is part of what is believed in, so its prior stays the weak one.
    weak, level = Prior(0.0, WEAK_SD, 0), abs(found.mean)
    prior = weak if guarded else asked.priors.get(found.metric, weak)
    belief: dict[str, Any] = {"prior_mean": prior.mean * level, "prior_sd": prior.sd * level or math.inf}
    grouped: dict[str, Any] = {"looks": looks, "spending": plan.spending, "futility": plan.futility and not guarded}
    return {
        "always_valid": Design("always_valid", **common),
        "fixed": Design("fixed", **common),
        "group_sequential": Design("group_sequential", **common, **grouped),
        "bayesian": Design("bayesian", **common, **belief, chance=1 - (alpha if guarded else alpha / 2)),
    }


@dataclass(frozen=True, slots=True)
class _Size:
    """Units, variances and standard errors of one metric. `sign` turns a gain into a change of the level."""

    found: Baseline
    asked: Asked
    follow_up: float
    sign: float
    guarded: bool

    def units(self, weeks: Floats) -> Floats:
        """Units followed to the end after so many weeks, `(m,)`; NaN where nobody knows, or too few are."""
        within = self.asked.within
        if within is None:
            return np.full(len(weeks), np.nan)
        counts = np.array([within(max(0.0, week - self.follow_up / 7)) for week in weeks.tolist()])
        return np.where(counts >= FEWEST_UNITS * self.found.cluster_size, counts, np.nan)

    def variances(self, change: Floats) -> tuple[float, Floats]:
        """Variance of a unit in the control, and in an arm whose level is better by `change`, `(m,)`."""
        moved = np.zeros_like(change) if self.guarded else self.sign * change
        return self.found.variance, np.array([self.found.variance_at(one) for one in moved.tolist()])

    def detectable(self, design: Design, units: Floats) -> Floats:
        """Smallest changes found by so many units, `(m,)`; of a share its variance moves with it."""
        change = np.zeros(len(units))
        drift = _drift(design)
        for _ in range(_ROUNDS if self.found.is_share and not self.guarded else 1):
            control, treatment = self.variances(change)
            if drift is None:
                change = powers.detectable(units, control, design, treatment, self.found.cluster_size)
            else:
                change = drift * np.sqrt(powers.per_unit(design, control, treatment) / units)
            change = np.nan_to_num(change) if np.isnan(change).all() else change
        return np.where(np.isnan(units), np.nan, change)

    def power(self, design: Design, change: Floats, units: float) -> Floats:
        """Chance to find changes, `(m,)`."""
        control, treatment = self.variances(change)
        return powers.power(change, units, control, design, treatment, self.found.cluster_size)

    def needed(self, design: Design, change: float) -> float | None:
        """Units that find a change; None when no number does."""
        control, treatment = self.variances(np.array([change]))
        drift = _drift(design)
        if drift is not None:
            return float((drift / change) ** 2 * powers.per_unit(design, control, treatment[0]))
        found = float(powers.sample_size(change, control, design, treatment[0], self.found.cluster_size))
        return found if math.isfinite(found) else None

    def weeks(self, units: float) -> float | None:
        """Weeks until so many units are followed to the end; None when unknown or more than ten years."""
        within = self.asked.within
        if within is None or within(_LONGEST) < units:
            return None
        low, high = 0.0, _LONGEST
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if within(middle) >= units else (middle, high)
        return high + self.follow_up / 7


@lru_cache(maxsize=64)
def _drift(design: Design) -> float | None:
    """Expected z at the planned units that a sequential design needs; None where it depends on the units."""
    return float(drift_needed(design)) if design.mode in ("always_valid", "group_sequential") else None


def _sign(definitions: Definitions, metric: str) -> float:
    return -1.0 if definitions.metrics[metric].direction == "down" else 1.0


def _target(definitions: Definitions, found: Baseline, asked: Asked, gains: Floats | None) -> tuple[float | None, str]:
    if found.metric in definitions.guardrails:
        return definitions.guardrails[found.metric].margin or None, "its margin"
    if asked.smallest is not None and found.has_level:
        return asked.smallest * abs(found.mean), "the smallest effect worth finding"
    if gains is not None:
        middle = float(np.median(gains[gains != 0])) if np.any(gains != 0) else 0.0
        return (middle, "what is promised") if middle > 0 else (None, "")
    return None, "" if asked.smallest is None else NO_LEVEL


def _mode(design: Design, size: _Size, target: float | None, gains: Floats | None) -> ModePlan:
    detectable = size.detectable(design, size.units(np.arange(1.0, WEEKS + 1)))
    now = float(size.units(np.array([float(size.asked.weeks)]))[0])
    known = math.isfinite(now)
    needed = None if target is None else size.needed(design, target)
    power = float(size.power(design, np.array([target]), now)[0]) if known and target is not None else None
    assurance = None
    if known and gains is not None:
        chances = size.power(design, np.maximum(gains, 0.0), now)
        assurance = float(np.mean(chances * (gains > 0)))
    return ModePlan(
        mode=design.mode,
        detectable=tuple(None if math.isnan(one) else one for one in detectable.tolist()),
        units=None if needed is None else math.ceil(needed),
        weeks=None if needed is None else size.weeks(needed),
        power=power,
        assurance=assurance,
    )


def _curve(
    designs: Mapping[Mode, Design], size: _Size, target: float | None
) -> dict[Mode, tuple[tuple[float, float], ...]]:
    """Power by change up to twice what is found in the weeks asked for, or in the units that the target needs."""
    mine = designs[size.asked.mode]
    units = float(size.units(np.array([float(size.asked.weeks)]))[0])
    if math.isnan(units):
        units = (size.needed(mine, target) if target is not None else None) or math.nan
    if math.isnan(units):
        return {}
    widest = 2.0 * float(size.detectable(mine, np.array([units]))[0])
    changes = np.linspace(0.0, widest, _POINTS)
    return {
        mode: tuple(zip(changes.tolist(), size.power(design, changes, units).tolist(), strict=True))
        for mode, design in designs.items()
    }
