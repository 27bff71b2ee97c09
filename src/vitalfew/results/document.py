"""The JSON export of a run, version 1: its shape as types, and the way from the tables to it.

The schema in `docs/reference/results.schema.json` is generated from these types.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from vitalfew.results.codec import plain
from vitalfew.results.decision_parts import CalibrationPart, PlansPart, ReviewPart, ValuePart, decision_parts
from vitalfew.results.evidence_parts import CorpusPart, ReleasePart, evidence_parts
from vitalfew.results.grouped import grouped
from vitalfew.results.rows import (
    BandRow,
    BetRow,
    CandidateLine,
    ClassicRow,
    DisagreementRow,
    EffectRow,
    Estimate,
    FailedRow,
    FindingRow,
    GroupChoiceRow,
    GroupWeightRow,
    HealthRow,
    HeterogeneityRow,
    InformationRow,
    LinkRow,
    PromiseRow,
    Proof,
    RankRow,
    ReasonRow,
    ShippedLine,
    Tables,
    TriangulationRow,
    UseRow,
    VerdictRow,
    VitalFactorsRow,
    WeightRow,
)
from vitalfew.results.run import RunInfo
from vitalfew.stats.shares import wilson
from vitalfew.workspace.definitions import Definitions, Quantiles

SCHEMA_VERSION: Literal[1] = 1
PARTS = (
    "experiments",
    "releases",
    "links",
    "corpus",
    "features",
    "weights",
    "groups",
    "disagreement",
    "promises",
    "verdicts",
    "calibration",
    "vital_few",
    "value",
    "ledger",
    "ranks",
    "plans",
    "information",
    "classic",
    "explanations",
    "triangulation",
    "bets",
    "review",
    "checks",
)
_MIN_RESOLVED = 10


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What an experiment suggests."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether the analysis plan was declared, and whether it is proved that it was locked before the start."""

    declared: bool
    locked_at: str | None
    proved: Proof


@dataclass(frozen=True, slots=True)
class ExperimentPart:
    """One experiment: trust first, then what it suggests, then its effects, for whom they differ, how they came about.

    `bands`: the always-valid interval of the primary metrics by day of first exposure.
    """

    title: str
    initiative: str | None
    health: tuple[HealthRow, ...]
    recommendation: Recommendation
    plan: Plan
    effects: tuple[EffectRow, ...]
    heterogeneity: tuple[HeterogeneityRow, ...]
    bands: tuple[BandRow, ...]


@dataclass(frozen=True, slots=True)
class Vital:
    """About k (low to high, 80 %) of n valued shipped lines gave 80 % of the positive value."""

    k: int | None
    low: int | None
    high: int | None
    n: int


@dataclass(frozen=True, slots=True)
class HardlyUsed:
    """Features hardly used, of those whose use is measured, of all; their cost and yearly upkeep in the policy's unit.

    `share`: of the cost of all features that were judged, with its 80 % interval.
    """

    count: int | None
    measured: int
    features: int
    cost: float | None
    share: Estimate | None = None
    upkeep: float | None = None


@dataclass(frozen=True, slots=True)
class OwnDelivery:
    """Share of the resolved promises that were kept, with its Wilson 95 % interval."""

    kept: int
    resolved: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PriorDelivery:
    """What teams deliver of what they promise, before anything is known of this one: the prior, labelled as such."""

    mean: float = 0.4
    sd: float = 0.3
    label: str = "prior: delivered share of what is promised, before a record of one's own"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Own record of kept promises: null below ten resolved, when only the prior is shown."""

    own: OwnDelivery | None
    resolved: int
    prior: PriorDelivery


@dataclass(frozen=True, slots=True)
class WindowOfUse:
    """Use in another window than the main one, or by one segment (null: all the eligible)."""

    segment: str | None
    window_days: int
    eligible: int | None
    users: int | None
    reach: Estimate | None
    frequency: float | None
    trend: float | None


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """Use of one feature in the window that fits its cadence; other windows and segments in `more`.

    `cost` and `upkeep` (per year) in the policy's unit; `reason` says why something is not known.
    """

    feature: str
    title: str
    measured: bool
    window_days: int
    eligible: int | None
    users: int | None
    reach: Estimate | None
    frequency: float | None
    trend: float | None
    hardly_used: bool | None
    cost: float | None
    upkeep: float | None
    reason: str | None
    more: tuple[WindowOfUse, ...]


@dataclass(frozen=True, slots=True)
class HeadlinePart:
    """The ledger in figures."""

    vital: Vital
    hardly_used: HardlyUsed
    delivery: Delivery
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """Shipped and candidates, ranked apart."""

    headline: HeadlinePart
    shipped: tuple[ShippedLine, ...]
    candidates: tuple[CandidateLine, ...]


@dataclass(frozen=True, slots=True)
class PromisePart:
    """A promise; while it is not locked its numbers are null: forecasting is blind, and nobody's answer is shown.

    `evidence`: what the forecasts of a locked promise rest on, web addresses and keys, all together; empty where fewer
    than five people named something. `evidenced`: how many named something; null where fewer than five forecast.
    """

    hypothesis: str
    initiative: str
    metric: str
    segment: str
    p10: float | None
    p50: float | None
    p90: float | None
    p_zero: float | None
    forecasters: int
    due: str | None
    locked_at: str | None
    proved: Proof
    notes: tuple[str, ...]
    evidence: tuple[str, ...]
    evidenced: int | None


@dataclass(frozen=True, slots=True)
class GroupPart:
    """One group of raters, five people or more: its weights, and what it would fund by them (null: not known)."""

    weights: Mapping[str, GroupWeightRow]
    choice: GroupChoiceRow | None


@dataclass(frozen=True, slots=True)
class Document:
    """The whole export. A missing number is null with its reason beside it."""

    schema: Literal[1]
    run: str
    workspace: str
    computed_at: str
    as_of: str | None
    code_version: str
    data_version: str
    definitions_version: str
    seed: int
    failed: tuple[FailedRow, ...]
    experiments: Mapping[str, ExperimentPart]
    releases: Mapping[str, ReleasePart]
    links: tuple[LinkRow, ...]
    corpus: CorpusPart
    features: tuple[FeaturePart, ...]
    weights: Mapping[str, WeightRow]
    groups: Mapping[str, GroupPart]
    disagreement: DisagreementRow | None
    promises: tuple[PromisePart, ...]
    verdicts: tuple[VerdictRow, ...]
    calibration: CalibrationPart
    vital_few: tuple[VitalFactorsRow, ...]
    value: ValuePart
    ledger: LedgerPart
    ranks: Mapping[str, RankRow]
    plans: PlansPart
    information: tuple[InformationRow, ...]
    classic: Mapping[str, ClassicRow]
    explanations: Mapping[str, tuple[ReasonRow, ...]]
    triangulation: Mapping[str, TriangulationRow]
    bets: tuple[BetRow, ...]
    review: ReviewPart
    checks: tuple[FindingRow, ...]


def document(tables: Tables, info: RunInfo, definitions: Definitions) -> Document:
    """Arrange the tables of a run as the export shows them."""
    decided, evidence = decision_parts(tables), evidence_parts(tables)
    return Document(
        schema=SCHEMA_VERSION,
        run=info.id,
        workspace=info.workspace,
        computed_at=info.computed_at,
        as_of=info.as_of,
        code_version=info.code_version,
        data_version=info.data_version,
        definitions_version=info.definitions_version,
        seed=info.seed,
        failed=tables.failed,
        experiments=_experiments(tables),
        releases=evidence.releases,
        links=evidence.links,
        corpus=evidence.corpus,
        features=_features(tables, definitions),
        weights={row.factor: row for row in tables.weights},
        groups=_groups(tables),
        disagreement=next(iter(tables.disagreement), None),
        promises=tuple(_promise(row) for row in tables.promises),
        verdicts=tables.verdicts,
        calibration=decided.calibration,
        vital_few=decided.vital_few,
        value=decided.value,
        ledger=LedgerPart(_headline(tables), tables.shipped, tables.candidates),
        ranks=decided.ranks,
        plans=decided.plans,
        information=decided.information,
        classic={row.line: row for row in tables.classic},
        explanations=decided.explanations,
        triangulation=decided.triangulation,
        bets=decided.bets,
        review=decided.review,
        checks=tables.findings,
    )


def to_dict(exported: Document, only: Iterable[str] = ()) -> dict[str, Any]:
    """The export as plain values; with `only`, just those parts besides the identity of the run.

    NaN and infinities, which JSON cannot say, never leave: they become null.
    """
    wanted = frozenset(only)
    left_out = frozenset(PARTS) - wanted if wanted else frozenset()
    kept = {f.name: getattr(exported, f.name) for f in fields(exported) if f.name not in left_out}
    return {name: _finite(plain(value)) for name, value in kept.items()}


def _promise(row: PromiseRow) -> PromisePart:
    hidden = {"p10": None, "p50": None, "p90": None, "p_zero": None} if row.locked_at is None else {}
    return PromisePart(**{**plain(row), **hidden, "notes": row.notes, "evidence": row.evidence})


def _groups(tables: Tables) -> dict[str, GroupPart]:
    choices = {row.group: row for row in tables.group_choices}
    found: dict[str, dict[str, GroupWeightRow]] = {}
    for row in tables.group_weights:
        found.setdefault(row.group, {})[row.factor] = row
    return {group: GroupPart(weights, choices.get(group)) for group, weights in found.items()}


def _experiments(tables: Tables) -> dict[str, ExperimentPart]:
    health = grouped(tables.health)
    effects = grouped(tables.effects)
    heterogeneity = grouped(tables.heterogeneity)
    bands = grouped(tables.bands)
    return {
        row.experiment: ExperimentPart(
            row.title,
            row.initiative,
            tuple(health.get(row.experiment, ())),
            Recommendation(row.action, row.reason),
            Plan(row.declared, row.locked_at, row.proved),
            tuple(effects.get(row.experiment, ())),
            tuple(heterogeneity.get(row.experiment, ())),
            tuple(bands.get(row.experiment, ())),
        )
        for row in tables.experiments
    }


def _headline(tables: Tables) -> HeadlinePart:
    if not tables.headline:
        nothing = Delivery(None, 0, PriorDelivery())
        return HeadlinePart(Vital(None, None, None, 0), HardlyUsed(None, 0, 0, None), nothing, ())
    head = tables.headline[0]
    return HeadlinePart(
        Vital(head.vital_k, head.vital_low, head.vital_high, head.vital_n),
        HardlyUsed(
            head.hardly_used,
            head.measured_features,
            head.features,
            head.hardly_used_cost,
            head.hardly_used_share,
            head.hardly_used_upkeep,
        ),
        Delivery(_own_delivery(head.kept, head.resolved), head.resolved, PriorDelivery()),
        head.notes,
    )


def _own_delivery(kept: int, resolved: int) -> OwnDelivery | None:
    if resolved < _MIN_RESOLVED:
        return None
    return OwnDelivery(kept, resolved, kept / resolved, *wilson(kept, resolved))


def _features(tables: Tables, definitions: Definitions) -> tuple[FeaturePart, ...]:
    rows: dict[str, list[UseRow]] = {}
    for row in tables.use:
        rows.setdefault(row.feature, []).append(row)
    return tuple(_feature(key, found, definitions) for key, found in rows.items())


def _feature(key: str, rows: list[UseRow], definitions: Definitions) -> FeaturePart:
    main = next((row for row in rows if row.main and row.segment is None), rows[0])
    feature = definitions.features.get(key)
    cost = feature.cost if feature else None
    more = (row for row in rows if row is not main)
    return FeaturePart(
        feature=key,
        title=definitions.title("features", key),
        measured=main.measured,
        window_days=main.window_days,
        eligible=main.eligible,
        users=main.users,
        reach=main.reach,
        frequency=main.frequency,
        trend=main.trend,
        hardly_used=main.hardly_used,
        cost=cost.p50 if isinstance(cost, Quantiles) else cost,
        upkeep=feature.upkeep if feature else None,
        reason=main.reason,
        more=tuple(
            WindowOfUse(r.segment, r.window_days, r.eligible, r.users, r.reach, r.frequency, r.trend) for r in more
        ),
    )


def _finite(value: Any) -> Any:  # noqa: ANN401 - walks plain values
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
