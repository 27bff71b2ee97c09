"""The value ledger: shipped and candidates, ranked apart, with the headline over both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.candidates import candidate_lines
from vitalfew.decide.hardly_used import hardly_used_share, hardly_used_upkeep
from vitalfew.decide.options import pool_of
from vitalfew.decide.outcomes import is_resolved
from vitalfew.decide.shipped import ValuedLine, shipped_lines, vital_counts
from vitalfew.judgement.combining import FEWEST_VERDICTS
from vitalfew.results.rows import CandidateLine, Headline, ShippedLine
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Pool
    from vitalfew.workspace.definitions import Definitions


def ledger(
    inputs: Inputs, pool: Pool | None = None
) -> tuple[tuple[ShippedLine, ...], tuple[CandidateLine, ...], Headline]:
    """The ledger, from the definitions and the tables of a run (effects, use, weights, promises, verdicts).

    Args:
        inputs: of the run.
        pool: the candidates with their draws; drawn here when None.
    """
    drawn = pool_of(inputs) if pool is None else pool
    valued = shipped_lines(inputs)
    candidates = candidate_lines(inputs, drawn)
    shipped = tuple(line.line for line in valued)
    return shipped, candidates, _headline(inputs, valued, candidates, drawn.options.notes)


def _headline(
    inputs: Inputs, valued: Sequence[ValuedLine], candidates: Sequence[CandidateLine], notes: tuple[str, ...]
) -> Headline:
    k, low, high = vital_counts(valued) or (None, None, None)
    hardly = [key for key, use in inputs.uses.items() if use.hardly_used]
    resolved = [row for row in inputs.tables.verdicts if is_resolved(row, inputs.today)]
    return Headline(
        shipped=len(valued),
        candidates=len(candidates),
        vital_k=k,
        vital_low=low,
        vital_high=high,
        vital_n=sum(line.draws is not None for line in valued),
        hardly_used=len(hardly) if inputs.uses else None,
        measured_features=sum(use.measured for use in inputs.uses.values()),
        features=len(inputs.definitions.features),
        hardly_used_cost=_cost_of(inputs.definitions, hardly),
        kept=sum(row.verdict == "kept" for row in resolved),
        resolved=len(resolved),
        notes=(*_model_notes(inputs), *notes),
        hardly_used_share=hardly_used_share(inputs),
        hardly_used_upkeep=hardly_used_upkeep(inputs),
    )


def _model_notes(inputs: Inputs) -> tuple[str, ...]:
    notes = []
    if not inputs.definitions.factors:
        notes.append("no factors yet: the ledger shows facts, not value")
    elif not inputs.tables.weights:
        notes.append("weights unknown: ranks run over the whole weight space")
    if inputs.tables.promises:
        notes.append(_how_calibrated(inputs))
    return tuple(notes)


def _how_calibrated(inputs: Inputs) -> str:
    overall = next((row for row in inputs.tables.calibration if row.kind == "overall"), None)
    if overall is None or overall.resolved < FEWEST_VERDICTS:
        return "forecasts are ranked by a prior, 40 % of what is forecast comes, until ten promises are resolved"
    return f"forecasts are ranked by what came of {overall.resolved} promises"


def _cost_of(definitions: Definitions, features: Sequence[str]) -> float | None:
    costs = [definitions.features[key].cost for key in features]
    known = [cost.p50 if isinstance(cost, Quantiles) else cost for cost in costs if cost is not None]
    return sum(known) if known else None
