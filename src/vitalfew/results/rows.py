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
Role = Literal["primary", "secondary", "guardrail", "exploratory"]


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
    """Moments of the units of one arm and segment (None: all). Matrices `(k, k)` are flattened row by row.

    Names: the key of a metric for its numerator, `KEY/denominator`, `KEY/before` (the same measure before the exposure;
    `KEY/denominator/before`), `KEY/covariate/COLUMN`, `KEY/step2` and so on. `third`, `low` and `high`, one per name:
    sum of cubed deviations from the mean, smallest and largest value minus shift; empty when not known, `low` above
    `high` where one column's are not. `phase` counts stretches of days with the same split, from 0. `day` (ISO) only in
    the table `daily`: the day of first exposure.
    """

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
    third: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    phase: int = 0
    day: str | None = None


@dataclass(frozen=True, slots=True)
class QuantilesRow:
    """Order statistics of one metric in one arm and segment, for quantile metrics and pictures of distributions.

    `values[i]` is the sample quantile at `probabilities[i]` over `n` units (or events). `design_effect`: variance
    of the share below the metric's quantile, relative to independent values (above 1 when events of a unit are alike).
    """

    source: str
    experiment: str
    arm: str
    segment: str | None
    metric: str
    n: int
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class LifetimesRow:
    """Times to an event in days, of one metric in one arm and segment: at each of `times`, how many had it or left."""

    source: str
    experiment: str
    arm: str
    segment: str | None
    metric: str
    units: int
    times: tuple[float, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """Moments of the units that two experiments share, by the arms they are in (as in `MomentsRow`)."""

    first: str
    second: str
    first_arm: str
    second_arm: str
    units: int
    names: tuple[str, ...]
    n: tuple[float, ...]
    shift: tuple[float, ...]
    mean: tuple[float, ...]
    cross: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """Units first exposed on one day (ISO, in the workspace's time zone), by arm."""

    experiment: str
    day: str
    arm: str
    units: int


CountedFact = Literal["before_start", "duplicates", "bots", "merged", "mismatched", "held_out", "late"]


@dataclass(frozen=True, slots=True)
class CountRow:
    """Something counted per arm that trust depends on: `count` of `of`.

    *before_start*: units exposed before the start; *duplicates*: events that came again (of events); *bots*: units
    left out; *merged*: units that had several ids; *mismatched*: units whose arm is not the one the dealing gives;
    *held_out*: units of a holdout's control found in an experiment it is kept out of; *late*: events that came more
    than 48 hours after they happened (`of` 0: when they came is not known). `until` (ISO, of *late* only): the last
    complete day; days after it may still change.
    """

    experiment: str
    what: CountedFact
    arm: str
    count: int
    of: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Units assigned to one arm. `crossed` counts units seen in several arms (left out, or kept in the first)."""

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
    """An estimated change of one metric in one segment (None: all), one arm against control.

    `mode` says how intervals and `p_value` (two-sided) are meant: *fixed*: at one look; *always_valid*: at any look;
    *group_sequential*: at this look, whether or not one stops; *bayesian*: intervals of the belief, and twice the
    smaller chance of the two directions; `estimate` and `se` are those of the data alone in every mode. `planned` None:
    no plan was declared. `adjusted_p` is corrected over the `family`. `unadjusted` is the effect without covariates or
    strata, `variance_reduction` their gain as a share. `shrunk`: a segment's effect drawn towards that of all units; in
    mode bayesian the belief. `p_better` and `expected_loss` in mode bayesian. `margin` and `p_non_inferior` of a
    guardrail: p-value of being worse by the margin or more. `check_first`: why the effect is too good to be believed as
    it stands (Twyman's law).
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
    mode: str
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
class WeightRow:
    """Weight of a factor, 0 to 1, with its 80 % interval; `mean` is at the mean of the log weights.

    Between `member_low` and `member_high` lie 80 % of single members' weights, by the model: no person is shown.
    `zero_votes`: how many said that it counts nothing.
    """

    factor: str
    mean: float
    low: float | None = None
    high: float | None = None
    raters: int = 0
    note: str | None = None
    member_low: float | None = None
    member_high: float | None = None
    zero_votes: int = 0


@dataclass(frozen=True, slots=True)
class WeightPosteriorRow:
    """One of the normals whose mixture the log weights are: its `share`, and mean and covariance row by row."""

    share: float
    factors: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GroupWeightRow:
    """Weight of a factor to one group of raters (five people or more) with its 80 % interval.

    `gap`: its weight minus that of everybody else, with its 80 % interval. Smaller groups are merged, and their names
    joined.
    """

    group: str
    factor: str
    raters: int
    mean: float
    low: float
    high: float
    gap: float
    gap_low: float
    gap_high: float


@dataclass(frozen=True, slots=True)
class GroupChoiceRow:
    """What a group of raters would fund by its own weights: `agreement` with what all would, as a Jaccard index.

    `adds` and `drops`: lines that only this group would fund, or would not.
    """

    group: str
    raters: int
    agreement: float
    adds: tuple[str, ...]
    drops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisagreementRow:
    """How far people are apart, and whether it matters. Facts about the panel: nothing here is about one person.

    `decision_agreement`: share of people whose own weights fund the same lines (Jaccard index of 0.7 or more).
    `kendall_w`: agreement of their orders, 0 to 1, corrected for ties. `tau`: spread between people on log weights.
    `camps`: whether there are two, and `camps_factor` on what they differ most. `dominant`, `overruled` and
    `inconsistent` count people; `herding`: the second round followed one person. None: not known or, with fewer than
    five people, not shown; `notes` say which.
    """

    people: int
    decision_agreement: float | None = None
    kendall_w: float | None = None
    tau: float | None = None
    camps: bool | None = None
    camps_factor: str | None = None
    dominant: int | None = None
    overruled: int | None = None
    inconsistent: int | None = None
    herding: bool | None = None
    notes: tuple[str, ...] = ()


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
    daily: tuple[MomentsRow, ...] = ()
    quantiles: tuple[QuantilesRow, ...] = ()
    lifetimes: tuple[LifetimesRow, ...] = ()
    overlaps: tuple[OverlapRow, ...] = ()
    arrivals: tuple[ArrivalRow, ...] = ()
    counts: tuple[CountRow, ...] = ()
    use: tuple[UseRow, ...] = ()
    effects: tuple[EffectRow, ...] = ()
    bands: tuple[BandRow, ...] = ()
    heterogeneity: tuple[HeterogeneityRow, ...] = ()
    health: tuple[HealthRow, ...] = ()
    experiments: tuple[ExperimentRow, ...] = ()
    weights: tuple[WeightRow, ...] = ()
    weight_posterior: tuple[WeightPosteriorRow, ...] = ()
    group_weights: tuple[GroupWeightRow, ...] = ()
    promises: tuple[PromiseRow, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    shipped: tuple[ShippedLine, ...] = ()
    candidates: tuple[CandidateLine, ...] = ()
    headline: tuple[Headline, ...] = ()
    disagreement: tuple[DisagreementRow, ...] = ()
    group_choices: tuple[GroupChoiceRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    failed: tuple[FailedRow, ...] = field(default=())
