"""What went into features that hardly anybody uses, as a share of what went into all whose use is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.breakdowns import share_of
from vitalfew.decide.draws import cost_draws
from vitalfew.decide.measured_lines import expected_cost
from vitalfew.judgement.streams import stream
from vitalfew.results.measured_rows import HARDLY_USED

if TYPE_CHECKING:
    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.rows import Estimate


def hardly_used_share(inputs: Inputs) -> Estimate | None:
    """Share of the cost of judged features that went into hardly used ones, with its 80 % interval.

    The interval holds ranges of costs, and that the reach of a feature near the bound is known from some users only (a
    beta posterior from Jeffreys' prior). None where no feature that was judged has a cost. Features whose use is not
    measured, or not judged yet, are left out on both sides.
    """
    costs = {key: inputs.definitions.features[key].cost for key in inputs.uses}
    judged = {
        key: cost
        for key, use in inputs.uses.items()
        if use.hardly_used is not None and (cost := costs[key]) is not None and expected_cost(cost) > 0
    }
    if not judged:
        return None
    hardly, whole = [], []
    for key, cost in judged.items():
        use, rng = inputs.uses[key], stream(inputs.seed, "", "hardly used", key)
        drawn = cost_draws(cost, rng)
        reach = rng.beta((use.users or 0) + 0.5, (use.eligible or 0) - (use.users or 0) + 0.5, len(drawn))
        hardly.append(np.where(reach < HARDLY_USED, drawn, 0.0))
        whole.append(drawn)
    spent = sum(expected_cost(cost) for key, cost in judged.items() if inputs.uses[key].hardly_used)
    total = sum(expected_cost(cost) for cost in judged.values())
    return share_of(np.sum(hardly, axis=0), np.sum(whole, axis=0), spent / total)


def hardly_used_upkeep(inputs: Inputs) -> float | None:
    """What hardly used features cost a year to keep, in the policy's unit; None where none says it."""
    known = [inputs.definitions.features[key].upkeep for key, use in inputs.uses.items() if use.hardly_used]
    told = [upkeep for upkeep in known if upkeep is not None]
    return sum(told) if told else None
