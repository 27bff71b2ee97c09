"""The tables of a run, one frozen dataclass per row. Names follow the JSON export, which is a contract.

Estimates are treatment minus control in the metric's unit, never flipped by direction. Shares are 0 to 1. A missing
number is None with the reason beside it, never 0 and never NaN. Rows have files by topic, and every name is found here.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitalfew.results.balance_rows import ExplorationRow, MixRow, PayoffRow
from vitalfew.results.basics import (
    Choice,
    Estimate,
    HealthStatus,
    Interval,
    Light,
    NextStep,
    Proof,
    Role,
    Severity,
    Value,
    Verdict,
)
from vitalfew.results.decision_rows import (
    BetRow,
    ClassicRow,
    FactorLightsRow,
    FactorShareRow,
    FrontierRow,
    GroupValueRow,
    InformationRow,
    PlanRow,
    RankedLine,
    RankedLines,
    RankRow,
    ReasonRow,
    RedundantRow,
    SayDoRow,
    SequenceRow,
    StagedRow,
    StarRow,
    VitalFactorsRow,
)
from vitalfew.results.effect_rows import BandRow, DueRow, EffectRow, ExperimentRow, HealthRow, HeterogeneityRow
from vitalfew.results.goal_rows import ErosionRow, KeyResultRow
from vitalfew.results.judgement_rows import (
    CalibrationPosteriorRow,
    CalibrationRow,
    DisagreementRow,
    GroupChoiceRow,
    GroupWeightRow,
    PromiseRow,
    PulseRow,
    WeightPosteriorRow,
    WeightRow,
)
from vitalfew.results.ledger_rows import (
    CandidateLine,
    Cost,
    FactorPart,
    Headline,
    Measured,
    Promised,
    ShippedLine,
    SuggestedTest,
    VerdictRow,
    Viability,
)
from vitalfew.results.link_rows import (
    ConflictRow,
    ContributionRow,
    HorizonRow,
    HorizonVerdict,
    LinkCovarianceRow,
    LinkRow,
    LinkStatus,
    PartRow,
    PathRow,
    PredictedRow,
    ProxyRow,
    ShrunkRow,
    SpreadRow,
    TradeOffRow,
    WouldTake,
)
from vitalfew.results.measured_rows import (
    ArrivalRow,
    AssignmentRow,
    CountedFact,
    CountRow,
    GivenRow,
    LifetimesRow,
    MomentsRow,
    OverlapRow,
    QuantilesRow,
    UseRow,
)
from vitalfew.results.release_rows import (
    BalanceRow,
    ChosenRow,
    CohortRow,
    EventStudyRow,
    PlaceboRow,
    SeriesRow,
)
from vitalfew.results.review_rows import (
    Badge,
    BreakdownKind,
    BreakdownRow,
    CoverageRow,
    EffortRow,
    EvidenceKind,
    OverrideRow,
    ProcessMark,
    ProcessReading,
    ProcessRow,
    RestingRow,
    StopRow,
    TriangulationRow,
    ValueCellRow,
)
from vitalfew.results.story_rows import Aim, DistanceRow, NarrativeRow, OpposedRow

__all__ = [
    "Aim",
    "ArrivalRow",
    "AssignmentRow",
    "Badge",
    "BalanceRow",
    "BandRow",
    "BetRow",
    "BreakdownKind",
    "BreakdownRow",
    "CalibrationPosteriorRow",
    "CalibrationRow",
    "CandidateLine",
    "Choice",
    "ChosenRow",
    "ClassicRow",
    "CohortRow",
    "ConflictRow",
    "ContributionRow",
    "Cost",
    "CountRow",
    "CountedFact",
    "CoverageRow",
    "DisagreementRow",
    "DistanceRow",
    "DueRow",
    "EffectRow",
    "EffortRow",
    "ErosionRow",
    "Estimate",
    "EventStudyRow",
    "EvidenceKind",
    "ExperimentRow",
    "ExplorationRow",
    "FactorLightsRow",
    "FactorPart",
    "FactorShareRow",
    "FailedRow",
    "FindingRow",
    "FrontierRow",
    "GivenRow",
    "GroupChoiceRow",
    "GroupValueRow",
    "GroupWeightRow",
    "Headline",
    "HealthRow",
    "HealthStatus",
    "HeterogeneityRow",
    "HorizonRow",
    "HorizonVerdict",
    "InformationRow",
    "Interval",
    "KeyResultRow",
    "LifetimesRow",
    "Light",
    "LinkCovarianceRow",
    "LinkRow",
    "LinkStatus",
    "Measured",
    "MixRow",
    "MomentsRow",
    "NarrativeRow",
    "NextStep",
    "OpposedRow",
    "OverlapRow",
    "OverrideRow",
    "PartRow",
    "PathRow",
    "PayoffRow",
    "PlaceboRow",
    "PlanRow",
    "PredictedRow",
    "ProcessMark",
    "ProcessReading",
    "ProcessRow",
    "PromiseRow",
    "Promised",
    "Proof",
    "ProxyRow",
    "PulseRow",
    "QuantilesRow",
    "RankRow",
    "RankedLine",
    "RankedLines",
    "ReasonRow",
    "RedundantRow",
    "RestingRow",
    "Role",
    "SayDoRow",
    "SequenceRow",
    "SeriesRow",
    "Severity",
    "ShippedLine",
    "ShrunkRow",
    "SpreadRow",
    "StagedRow",
    "StarRow",
    "StopRow",
    "SuggestedTest",
    "Tables",
    "TradeOffRow",
    "TriangulationRow",
    "UseRow",
    "Value",
    "ValueCellRow",
    "Verdict",
    "VerdictRow",
    "Viability",
    "VitalFactorsRow",
    "WeightPosteriorRow",
    "WeightRow",
    "WouldTake",
]


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
    series: tuple[SeriesRow, ...] = ()
    cohorts: tuple[CohortRow, ...] = ()
    chosen: tuple[ChosenRow, ...] = ()
    release_effects: tuple[EffectRow, ...] = ()
    placebos: tuple[PlaceboRow, ...] = ()
    event_study: tuple[EventStudyRow, ...] = ()
    balance: tuple[BalanceRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    link_covariances: tuple[LinkCovarianceRow, ...] = ()
    paths: tuple[PathRow, ...] = ()
    spreads: tuple[SpreadRow, ...] = ()
    shrunk: tuple[ShrunkRow, ...] = ()
    proxies: tuple[ProxyRow, ...] = ()
    predicted: tuple[PredictedRow, ...] = ()
    horizons: tuple[HorizonRow, ...] = ()
    trade_offs: tuple[TradeOffRow, ...] = ()
    conflicts: tuple[ConflictRow, ...] = ()
    contributions: tuple[ContributionRow, ...] = ()
    parts: tuple[PartRow, ...] = ()
    weights: tuple[WeightRow, ...] = ()
    weight_posterior: tuple[WeightPosteriorRow, ...] = ()
    group_weights: tuple[GroupWeightRow, ...] = ()
    pulse: tuple[PulseRow, ...] = ()
    key_results: tuple[KeyResultRow, ...] = ()
    promises: tuple[PromiseRow, ...] = ()
    at_due: tuple[DueRow, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    calibration: tuple[CalibrationRow, ...] = ()
    calibration_posterior: tuple[CalibrationPosteriorRow, ...] = ()
    shipped: tuple[ShippedLine, ...] = ()
    candidates: tuple[CandidateLine, ...] = ()
    headline: tuple[Headline, ...] = ()
    ranks: tuple[RankRow, ...] = ()
    ranking: tuple[RankedLines, ...] = ()
    disagreement: tuple[DisagreementRow, ...] = ()
    group_choices: tuple[GroupChoiceRow, ...] = ()
    distances: tuple[DistanceRow, ...] = ()
    narratives: tuple[NarrativeRow, ...] = ()
    opposed: tuple[OpposedRow, ...] = ()
    vital_factors: tuple[VitalFactorsRow, ...] = ()
    factor_shares: tuple[FactorShareRow, ...] = ()
    factor_lights: tuple[FactorLightsRow, ...] = ()
    north_star: tuple[StarRow, ...] = ()
    redundant: tuple[RedundantRow, ...] = ()
    group_values: tuple[GroupValueRow, ...] = ()
    say_do: tuple[SayDoRow, ...] = ()
    plans: tuple[PlanRow, ...] = ()
    frontier: tuple[FrontierRow, ...] = ()
    sequence: tuple[SequenceRow, ...] = ()
    staged: tuple[StagedRow, ...] = ()
    erosion: tuple[ErosionRow, ...] = ()
    information: tuple[InformationRow, ...] = ()
    classic: tuple[ClassicRow, ...] = ()
    reasons: tuple[ReasonRow, ...] = ()
    triangulation: tuple[TriangulationRow, ...] = ()
    bets: tuple[BetRow, ...] = ()
    breakdowns: tuple[BreakdownRow, ...] = ()
    effort: tuple[EffortRow, ...] = ()
    overrides: tuple[OverrideRow, ...] = ()
    process: tuple[ProcessRow, ...] = ()
    stop: tuple[StopRow, ...] = ()
    horizon_mix: tuple[MixRow, ...] = ()
    payoffs: tuple[PayoffRow, ...] = ()
    exploration: tuple[ExplorationRow, ...] = ()
    value_matrix: tuple[ValueCellRow, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()
    resting: tuple[RestingRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    failed: tuple[FailedRow, ...] = ()
