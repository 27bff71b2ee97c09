"""What the JSON export says of decisions: how well we predict, the value model, ranks, plans, what to find out next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vitalfew.results.rows import (
    BetRow,
    BreakdownRow,
    CalibrationRow,
    CoverageRow,
    DistanceRow,
    EffortRow,
    ErosionRow,
    ExplorationRow,
    FactorLightsRow,
    FactorShareRow,
    FrontierRow,
    GroupValueRow,
    InformationRow,
    KeyResultRow,
    MixRow,
    NarrativeRow,
    OpposedRow,
    OverrideRow,
    PayoffRow,
    PlanRow,
    ProcessRow,
    PulseRow,
    RankRow,
    ReasonRow,
    RedundantRow,
    RestingRow,
    SayDoRow,
    SequenceRow,
    StagedRow,
    StarRow,
    StopRow,
    Tables,
    TriangulationRow,
    ValueCellRow,
    VitalFactorsRow,
)


@dataclass(frozen=True, slots=True)
class CalibrationPart:
    """How forecasts came out: over everything (null: no forecast yet), by team, by source; never by person."""

    overall: CalibrationRow | None
    by_team: Mapping[str, CalibrationRow]
    by_source: Mapping[str, CalibrationRow]


@dataclass(frozen=True, slots=True)
class ValuePart:
    """The value model at work: what factors decide, how agreed they are, what is redundant, who gains, pulse, goals.

    `distances`: how far groups of raters are apart; `narratives` of teams, and metrics on which these are `opposed`.
    """

    shares: tuple[FactorShareRow, ...]
    lights: tuple[FactorLightsRow, ...]
    north_star: tuple[StarRow, ...]
    redundant: tuple[RedundantRow, ...]
    groups: tuple[GroupValueRow, ...]
    say_do: tuple[SayDoRow, ...]
    pulse: tuple[PulseRow, ...]
    key_results: tuple[KeyResultRow, ...]
    distances: tuple[DistanceRow, ...]
    narratives: tuple[NarrativeRow, ...]
    opposed: tuple[OpposedRow, ...]


@dataclass(frozen=True, slots=True)
class PlansPart:
    """Sets of candidates to fund, what each budget buys, when to start what, bets in two steps, technical health."""

    plans: tuple[PlanRow, ...]
    frontier: tuple[FrontierRow, ...]
    sequence: tuple[SequenceRow, ...]
    staged: tuple[StagedRow, ...]
    erosion: tuple[ErosionRow, ...]


@dataclass(frozen=True, slots=True)
class BalancePart:
    """Work by horizon beside its targets, when it is expected to pay, and what exploring taught."""

    mix: tuple[MixRow, ...]
    payoffs: tuple[PayoffRow, ...]
    exploration: tuple[ExplorationRow, ...]


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """What a review looks back on: effort, what was decided anyway, what to stop, how bets were made and covered."""

    breakdowns: tuple[BreakdownRow, ...]
    effort: tuple[EffortRow, ...]
    overrides: tuple[OverrideRow, ...]
    stop: tuple[StopRow, ...]
    matrix: tuple[ValueCellRow, ...]
    process: tuple[ProcessRow, ...]
    coverage: tuple[CoverageRow, ...]
    resting: tuple[RestingRow, ...]
    balance: BalancePart


@dataclass(frozen=True, slots=True)
class DecisionParts:
    """All of it, under the names the export has for it."""

    calibration: CalibrationPart
    vital_few: tuple[VitalFactorsRow, ...]
    value: ValuePart
    ranks: Mapping[str, RankRow]
    plans: PlansPart
    information: tuple[InformationRow, ...]
    explanations: Mapping[str, tuple[ReasonRow, ...]]
    triangulation: Mapping[str, TriangulationRow]
    bets: tuple[BetRow, ...]
    review: ReviewPart


def decision_parts(tables: Tables) -> DecisionParts:
    """Arrange the tables of decisions as the export shows them."""
    reasons: dict[str, tuple[ReasonRow, ...]] = {}
    for row in tables.reasons:
        reasons[row.line] = (*reasons.get(row.line, ()), row)
    return DecisionParts(
        calibration=CalibrationPart(
            next((row for row in tables.calibration if row.kind == "overall"), None),
            {row.name: row for row in tables.calibration if row.kind == "team"},
            {row.name: row for row in tables.calibration if row.kind == "source"},
        ),
        vital_few=tables.vital_factors,
        value=ValuePart(
            tables.factor_shares,
            tables.factor_lights,
            tables.north_star,
            tables.redundant,
            tables.group_values,
            tables.say_do,
            tables.pulse,
            tables.key_results,
            tables.distances,
            tables.narratives,
            tables.opposed,
        ),
        ranks={row.line: row for row in tables.ranks},
        plans=PlansPart(tables.plans, tables.frontier, tables.sequence, tables.staged, tables.erosion),
        information=tables.information,
        explanations=reasons,
        triangulation={row.line: row for row in tables.triangulation},
        bets=tables.bets,
        review=ReviewPart(
            tables.breakdowns,
            tables.effort,
            tables.overrides,
            tables.stop,
            tables.value_matrix,
            tables.process,
            tables.coverage,
            tables.resting,
            BalancePart(tables.horizon_mix, tables.payoffs, tables.exploration),
        ),
    )
