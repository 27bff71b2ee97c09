"""Everything data say about experiments, in one walk: settings, trust, effects, for whom, over time, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.evidence.arms import by_experiment, only_tellers
from vitalfew.evidence.bands import bands
from vitalfew.evidence.crossings import crossings
from vitalfew.evidence.doubts import doubts
from vitalfew.evidence.effects import effects
from vitalfew.evidence.health import health
from vitalfew.evidence.segments import reversals, segments
from vitalfew.evidence.settings import settings
from vitalfew.evidence.summaries import summaries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.results.rows import (
        BandRow,
        EffectRow,
        ExperimentRow,
        FailedRow,
        HealthRow,
        HeterogeneityRow,
        Tables,
    )
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.plan_locks import PlanProof


@dataclass(frozen=True, slots=True)
class Evidence:
    """What data say about the experiments of a run; fields are tables of the run."""

    effects: tuple[EffectRow, ...]
    bands: tuple[BandRow, ...]
    heterogeneity: tuple[HeterogeneityRow, ...]
    health: tuple[HealthRow, ...]
    experiments: tuple[ExperimentRow, ...]
    failed: tuple[FailedRow, ...]


def evaluate(
    definitions: Definitions,
    tables: Tables,
    today: date | None = None,
    plans: Mapping[str, PlanProof] | None = None,
) -> Evidence:
    """Judge every experiment of a run.

    Args:
        definitions: experiments, their plans, metrics, guardrails.
        tables: what was measured.
        today: the day of the run: experiments that have not ended by then are judged so that they may be looked at any
            time. Without a day none counts as running.
        plans: whether the plan of each experiment was locked before its start.
    """
    distributions = only_tellers(definitions, (*tables.quantiles, *tables.lifetimes))
    known = settings(definitions, by_experiment(tables.moments, distributions), tables.arrivals, today)
    tests = health(definitions, tables.assignments, tables.moments, tables.arrivals, tables.counts, known)
    rows, failed = effects(definitions, tables.moments, tables.given, tests, distributions, known)
    rows, between = segments(definitions, rows, tables.moments)
    turned = reversals(between)
    tests = (*tests, *doubts(definitions, tables.moments, rows, known), *turned.values())
    return Evidence(
        effects=rows,
        bands=bands(definitions, tables.daily, known),
        heterogeneity=(*between, *crossings(definitions, tables.overlaps, known)),
        health=tests,
        experiments=summaries(definitions, rows, tests, known, plans, turned),
        failed=tuple(failed),
    )
