"""What experiments show: effects, how they came about, for whom they differ, and whether to believe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate, HealthStatus, Interval, Proof, Role
from vitalfew.workspace.definitions import Grade, Mode


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An estimated change of one metric in one segment (None: all), one arm against control.

    `mode` says how intervals and `p_value` (two-sided) are meant: *fixed*: at one look; *always_valid*: at any look;
    *group_sequential*: at this look, whether or not one stops; *bayesian*: intervals of the belief, and twice the
    smaller chance of the two directions; `estimate` and `se` are those of the data alone in every mode. `planned` None:
    no plan was declared. `adjusted_p` is corrected over the `family`. `unadjusted` is the effect without covariates or
    strata, its interval of the same mode (none in mode bayesian), `variance_reduction` their gain as a share. `shrunk`:
    a segment's effect drawn towards that of all units; in mode bayesian the belief. `p_better` and `expected_loss` in
    mode bayesian. `margin` and `p_non_inferior` of a guardrail: p-value of being worse by the margin or more.
    `check_first`: why the effect is too good to be believed as it stands (Twyman's law).
    """

    experiment: str
    metric: str
    metric_version: int
    segment: str | None
    arm: str
    control: str
    estimate: float | None
    se: float | None
    intervals: tuple[Interval, ...]
    p_value: float | None
    relative: Estimate | None
    n: Mapping[str, int]
    mean: Mapping[str, float]
    method: str
    mode: Mode
    grade: Grade
    notes: tuple[str, ...] = ()
    role: Role | None = None
    planned: bool | None = None
    adjusted_p: float | None = None
    family: str | None = None
    unadjusted: Estimate | None = None
    variance_reduction: float | None = None
    shrunk: Estimate | None = None
    p_better: float | None = None
    expected_loss: float | None = None
    margin: float | None = None
    p_non_inferior: float | None = None
    check_first: str | None = None

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """The interval at this confidence; None when there is none."""
        return next((found for found in self.intervals if found.confidence == confidence), None)


@dataclass(frozen=True, slots=True)
class BandRow:
    """The always-valid interval of one effect with all units first exposed up to the end of `day` (ISO)."""

    experiment: str
    metric: str
    arm: str
    day: str
    units: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeterogeneityRow:
    """Whether an effect differs between segments, or between the arms of a second experiment (`kind` experiments).

    `by` names the segments, or the second experiment and its arm. `p_value` of no difference, `adjusted_p` with the
    false-discovery rate controlled over the experiment. `reversal`: every segment points the other way than all units.
    """

    experiment: str
    metric: str
    arm: str
    kind: Literal["segments", "experiments"]
    by: tuple[str, ...]
    estimate: float | None
    se: float | None
    p_value: float
    adjusted_p: float
    reversal: bool
    message: str


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One trust test of one experiment. Only *failed* lowers the grade."""

    experiment: str
    test: str
    p: float | None
    status: HealthStatus
    message: str


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """What an experiment suggests, in a sentence, and whether its plan was declared before the start."""

    experiment: str
    title: str
    initiative: str | None
    action: str
    reason: str
    declared: bool = False
    locked_at: str | None = None
    proved: Proof = "no"


@dataclass(frozen=True, slots=True)
class DueRow:
    """What an experiment that went on showed on the day (ISO) a promise fell due: an effect, a trust test, or nothing.

    Every experiment that was looked at again has a row, also one that had shown nothing by then.
    """

    due: str
    experiment: str
    effect: EffectRow | None = None
    health: HealthRow | None = None
