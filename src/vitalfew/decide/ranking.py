"""The candidates in order, by the workspace's own weights and budget or by others, with what has to be said of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.what_if import ranked_lines, weights_of
from vitalfew.errors import UsageError
from vitalfew.results.rows import Estimate, RankedLines
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options, Pool
    from vitalfew.decide.what_if import Given, WhatIf

_NAMED = 5
"""Candidates that are named; of more it is said how many."""
_SET = 1e-9
"""Spread below which a weight was set and not judged."""
NO_WEIGHTS = "weights unknown: ranks run over the whole weight space"
ANY_WEIGHTS = "over all weights there could be, none likelier than another: what would hold if nobody agreed on any"


def ranked(
    inputs: Inputs,
    pool: Pool,
    what_if: WhatIf,
    given: Given | None = None,
    budget: float | None = None,
    *,
    preview: bool = False,
) -> RankedLines:
    """Rank candidates by other weights or another budget, or by the workspace's own.

    Args:
        inputs: of the run.
        pool: its candidates.
        what_if: the same, to be ranked again and again.
        given: weights of factors, see `weights_of`; the workspace's own when None.
        budget: in the policy's unit of cost; the workspace's own when None.
        preview: by the draws of a preview.

    Raises:
        UsageError: there is no such factor, or a weight or the budget is no number from 0 on.
    """
    options = pool.options
    if budget is not None and not (math.isfinite(budget) and budget >= 0):
        raise UsageError(f"a budget of {budget:g}", expected="a number from 0 on")
    by = options.weights if given is None else weights_of(options, given, inputs.seed)
    changed = given is not None or budget is not None
    before = what_if.own if preview else what_if.exact
    found = what_if.standing(by, budget, preview=preview) if changed else before
    notes = (
        *(options.notes if budget is None else ()),
        *((NO_WEIGHTS,) if given is None and inputs.weights and not inputs.tables.weights else ()),
        *((ANY_WEIGHTS,) if given == "any" else ()),
        *_unranked(inputs, pool),
    )
    return RankedLines(
        lines=ranked_lines(inputs, pool, found, before, what_if.values(by, preview=preview)),
        weights=_own(inputs, options) if given is None else _summaries(options.factors, by),
        titles={factor: inputs.definitions.title("factors", factor) for factor in options.factors},
        budget=options.budget if budget is None else budget,
        unit=inputs.definitions.policy.cost_unit,
        changed=changed,
        preview=preview,
        notes=notes,
    )


def _unranked(inputs: Inputs, pool: Pool) -> Iterator[str]:
    """Which candidates cannot be ranked, by what each of them lacks."""
    lacking: dict[str, list[str]] = {}
    for one in pool.candidates:
        lacks = [name for name, is_there in (("value", one.valued), ("cost", one.initiative.cost)) if not is_there]
        if lacks:
            title = inputs.definitions.title("initiatives", one.key)
            lacking.setdefault(" and no ".join(lacks), []).append(title)
    for what, titles in lacking.items():
        yield f"{listed(titles, _NAMED)} {'has' if len(titles) == 1 else 'have'} no {what} and cannot be ranked"


def _own(inputs: Inputs, options: Options) -> dict[str, Estimate]:
    """The workspace's own weights as every page says them, at the mean of the log weights; drawn ones without any."""
    known = {row.factor: Estimate(row.mean, row.low, row.high) for row in inputs.tables.weights}
    drawn = _summaries(options.factors, options.weights)
    return {factor: known.get(factor, estimate) for factor, estimate in drawn.items()}


def _summaries(factors: tuple[str, ...], weights: Floats) -> dict[str, Estimate]:
    if not factors:
        return {}
    low, high = np.quantile(weights, [0.1, 0.9], axis=1)
    return {
        factor: Estimate(float(row.mean()), *((None, None) if most - least < _SET else (float(least), float(most))))
        for factor, row, least, most in zip(factors, weights, low, high, strict=True)
    }
