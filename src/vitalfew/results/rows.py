"""The tables of a run, one frozen dataclass per row. Names follow the JSON export, which is a contract.

Estimates are treatment minus control in the metric's unit, never flipped by direction. Shares are 0 to 1. A missing
number is None with the reason beside it, never 0 and never NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vitalfew.workspace.definitions import Grade

HealthStatus = Literal["ok", "warning", "failed"]
Verdict = Literal["kept", "fell_short", "harmful", "unproven", "no_promise"]
NextStep = Literal["keep", "fix", "remove", "measure"]
Choice = Literal["fund", "test_first", "drop"]
Proof = Literal["proved", "claimed", "no"]
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; `confidence` as a share."""

    confidence: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval (80 % for a value of a line, as its field says); None when unknown."""

    estimate: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class MomentsRow:
    """Moments of the units of one arm and segment (None: all). Matrices `(k, k)` are flattened row by row."""

    source: str
    experiment: str
    arm: str
    segment: str | None
    units: int
    names: tuple[str, ...]
    n: tuple[float, ...]
    shift: tuple[float, ...]
    mean: tuple[float, ...]
    cross: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Units assigned to one arm. `crossed` counts units seen in more than one arm, which are left out of all arms."""

    experiment: str
    arm: str
    units: int
    crossed: int = 0
    share: float | None = None


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A result somebody else computed: an estimate with its standard error, as given."""

    source: str
    experiment: str
    metric: str
    estimate: float
    se: float | None
    n: int | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class UseRow:
    """Use of one feature in one window. `measured` False: no events are defined or found, with the `reason`.

    `reach`: share of the eligible who used it in the window (Wilson 95 % interval); `frequency`: mean uses per user
    and 30 days among those who used it; `trend`: reach in the window minus reach in the window before.
    """

    feature: str
    measured: bool
    window_days: int
    main: bool
    eligible: int | None = None
    users: int | None = None
    reach: Estimate | None = None
    frequency: float | None = None
    trend: float | None = None
    hardly_used: bool | None = None
    segment: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An estimated change of one metric in one segment (None: all), one arm against control."""

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
    mode: str
    grade: Grade
    notes: tuple[str, ...] = ()


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
class WeightRow:
    """Weight of a factor, 0 to 1; the interval is None until it is computed, with the reason in `note`."""

    factor: str
    mean: float
    low: float | None = None
    high: float | None = None
    raters: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """The combined forecast of a hypothesis given that there is an effect, before calibration; locked or not yet."""

    hypothesis: str
    initiative: str
    metric: str
    segment: str
    p10: float
    p50: float
    p90: float
    p_zero: float
    forecasters: int
    due: str | None = None
    locked_at: str | None = None
    proved: Proof = "no"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A promise held against the effect, by the formula; estimates in the metric's unit."""

    hypothesis: str
    initiative: str
    metric: str
    verdict: Verdict
    reason: str
    promised: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    due: str | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise as the ledger shows it."""

    metric: str
    p10: float
    p50: float
    p90: float
    proved: Proof


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect as the ledger shows it, with its 95 % interval."""

    metric: str
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Value:
    """Value in points (100: every factor from worst to best over the whole horizon), with its 80 % interval."""

    mean: float
    low: float
    high: float
    p_positive: float


@dataclass(frozen=True, slots=True)
class FactorPart:
    """Contribution of one factor to the value of a line, in points, with its 80 % interval."""

    factor: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost in the policy's unit."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """A ledger line of something shipped: promised, measured, verdict, next step."""

    line: str
    title: str
    kind: Literal["feature", "initiative"]
    team: str | None
    promised: Promised | None
    measured: Measured | None
    value: Value | None
    parts: tuple[FactorPart, ...]
    upkeep: float | None
    use: Estimate | None
    verdict: Verdict
    recommendation: NextStep
    p_vital: float | None
    grade: Grade | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A ledger line of something we may do: expected value, cost, probability in the best portfolio, next step."""

    line: str
    title: str
    kind: Literal["feature", "initiative"]
    team: str | None
    value: Value | None
    parts: tuple[FactorPart, ...]
    cost: Cost | None
    p_best: float | None
    p_in: float | None
    recommendation: Choice
    grade: Grade | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headline:
    """The ledger in figures. `vital_k` of `vital_n` shipped lines gave 80 % of the positive value (80 % interval)."""

    shipped: int
    candidates: int
    vital_k: int | None = None
    vital_low: int | None = None
    vital_high: int | None = None
    vital_n: int = 0
    hardly_used: int | None = None
    measured_features: int = 0
    features: int = 0
    hardly_used_cost: float | None = None
    kept: int = 0
    resolved: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What a check found: what, why it matters, one thing to do."""

    id: str
    requirement: str
    severity: Severity
    subject: str
    message: str
    why: str
    do: str


@dataclass(frozen=True, slots=True)
class FailedRow:
    """An item a stage could not compute, with the reason in the user's words.

    A `remark` is no failure: the item was computed, and the reason says what was left out of it.
    """

    stage: str
    item: str
    reason: str
    remark: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of a run in memory, as stages hand them on."""

    moments: tuple[MomentsRow, ...] = ()
    assignments: tuple[AssignmentRow, ...] = ()
    given: tuple[GivenRow, ...] = ()
    use: tuple[UseRow, ...] = ()
    effects: tuple[EffectRow, ...] = ()
    health: tuple[HealthRow, ...] = ()
    experiments: tuple[ExperimentRow, ...] = ()
    weights: tuple[WeightRow, ...] = ()
    promises: tuple[PromiseRow, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    shipped: tuple[ShippedLine, ...] = ()
    candidates: tuple[CandidateLine, ...] = ()
    headline: tuple[Headline, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    failed: tuple[FailedRow, ...] = field(default=())
