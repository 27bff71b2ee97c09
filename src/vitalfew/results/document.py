"""The JSON export of a run, version 1: its shape as types, and the way from the tables to it.

The schema in `docs/reference/results.schema.json` is generated from these types.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from vitalfew.results.codec import plain
from vitalfew.results.rows import (
    CandidateLine,
    EffectRow,
    FailedRow,
    FindingRow,
    HealthRow,
    PromiseRow,
    Proof,
    ShippedLine,
    Tables,
    UseRow,
    VerdictRow,
    WeightRow,
)
from vitalfew.results.run import RunInfo

SCHEMA_VERSION: Literal[1] = 1
PARTS = ("experiments", "features", "weights", "promises", "verdicts", "ledger", "checks")
_MIN_RESOLVED = 10
_PRIOR_DELIVERY = "of what is promised, teams deliver about 0.4 (prior, sd 0.3): too few resolved promises to say ours"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What an experiment suggests."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Whether the analysis plan was declared before the start."""

    declared: bool
    locked_at: str | None
    proved: Proof


@dataclass(frozen=True, slots=True)
class ExperimentPart:
    """One experiment: trust first, then what it suggests, then its effects."""

    title: str
    initiative: str | None
    health: tuple[HealthRow, ...]
    recommendation: Recommendation
    plan: Plan
    effects: tuple[EffectRow, ...]


@dataclass(frozen=True, slots=True)
class Vital:
    """About k (low to high, 80 %) of n valued shipped lines gave 80 % of the positive value."""

    k: int | None
    low: int | None
    high: int | None
    n: int


@dataclass(frozen=True, slots=True)
class HardlyUsed:
    """Features hardly used, of those whose use is measured, of all; their cost in the policy's unit."""

    count: int | None
    measured: int
    features: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Share of resolved promises kept; `own` is null below ten resolved, and `prior` is labelled as such."""

    own: float | None
    resolved: int
    prior: str | None


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
    """A promise; while it is not locked its numbers are null: forecasting is blind, and nobody's answer is shown."""

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
    features: tuple[UseRow, ...]
    weights: Mapping[str, WeightRow]
    promises: tuple[PromisePart, ...]
    verdicts: tuple[VerdictRow, ...]
    ledger: LedgerPart
    checks: tuple[FindingRow, ...]


def document(tables: Tables, info: RunInfo) -> Document:
    """Arrange the tables of a run as the export shows them."""
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
        features=tables.use,
        weights={row.factor: row for row in tables.weights},
        promises=tuple(_promise(row) for row in tables.promises),
        verdicts=tables.verdicts,
        ledger=LedgerPart(_headline(tables), tables.shipped, tables.candidates),
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
    return PromisePart(**{**plain(row), **hidden, "notes": row.notes})


def _experiments(tables: Tables) -> dict[str, ExperimentPart]:
    health = _grouped(tables.health)
    effects = _grouped(tables.effects)
    return {
        row.experiment: ExperimentPart(
            row.title,
            row.initiative,
            tuple(health.get(row.experiment, ())),
            Recommendation(row.action, row.reason),
            Plan(row.declared, row.locked_at, row.proved),
            tuple(effects.get(row.experiment, ())),
        )
        for row in tables.experiments
    }


def _headline(tables: Tables) -> HeadlinePart:
    if not tables.headline:
        return HeadlinePart(Vital(None, None, None, 0), HardlyUsed(None, 0, 0, None), Delivery(None, 0, None), ())
    head = tables.headline[0]
    enough = head.resolved >= _MIN_RESOLVED
    return HeadlinePart(
        Vital(head.vital_k, head.vital_low, head.vital_high, head.vital_n),
        HardlyUsed(head.hardly_used, head.measured_features, head.features, head.hardly_used_cost),
        Delivery(head.kept / head.resolved if enough else None, head.resolved, None if enough else _PRIOR_DELIVERY),
        head.notes,
    )


def _grouped[Row: (HealthRow, EffectRow)](rows: Iterable[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.experiment, []).append(row)
    return groups


def _finite(value: Any) -> Any:  # noqa: ANN401 - walks plain values
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
