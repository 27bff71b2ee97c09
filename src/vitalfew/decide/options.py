"""What is to be chosen from: every candidate with a value and a cost, as draws that all decisions share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.candidates import budget_of, priced_lines
from vitalfew.decide.draws import DRAWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.decide.candidates import PricedLine
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.portfolio import Flags

    Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Options:
    """Candidates with a value and a cost, by draw; draw s of everything belongs together.

    Attributes:
        lines: keys of the candidates.
        factors: those that count, sorted.
        swings: value of each factor's change at weight 1, in points, reach and horizon applied,
            `(lines, factors, draws)`; single precision, for a thousand lines are 400 MB of it.
        weights: of the factors, `(factors, draws)`.
        costs: in the policy's unit, `(lines, draws)`.
        budget: in the same unit.
        fundable: False where a guardrail failed and was not waived, `(lines,)`.
        notes: where the budget comes from, in words.
    """

    lines: tuple[str, ...]
    factors: tuple[str, ...]
    swings: Singles
    weights: Floats
    costs: Floats
    budget: float
    fundable: Flags
    notes: tuple[str, ...] = ()

    def values(self, weights: Floats | None = None) -> Floats:
        """Value of every line, `(lines, draws)`, by the draws of the weights or by others.

        Args:
            weights: `(factors,)` or `(factors, draws)`; the workspace's own when None.
        """
        by = np.asarray(self.weights if weights is None else weights, dtype=np.float32)
        if by.ndim == 1:
            return np.asarray(np.einsum("lfd,f->ld", self.swings, by), dtype=np.float64)
        return np.asarray(np.einsum("lfd,fd->ld", self.swings, by), dtype=np.float64)


def options_of(inputs: Inputs) -> Options:
    """What the tables of a run leave to be chosen from."""
    factors = tuple(sorted(inputs.weights))
    ones = {factor: np.ones(DRAWS) for factor in factors}
    priced: list[PricedLine] = []
    swings = []
    for line in priced_lines(replace(inputs, weights=ones)):
        if line.draws is None or line.cost is None:
            continue
        nothing = np.zeros(DRAWS)
        swings.append(np.array([line.draws.parts.get(factor, nothing) for factor in factors], dtype=np.float32))
        priced.append(line.without_parts())
    budget, notes = budget_of(inputs, priced) if priced else (0.0, ())
    return Options(
        tuple(line.line.line for line in priced),
        factors,
        np.array(swings, dtype=np.float32).reshape(len(priced), len(factors), DRAWS),
        np.array([inputs.weights[factor] for factor in factors]).reshape(len(factors), DRAWS),
        np.array([line.cost for line in priced]).reshape(len(priced), DRAWS),
        budget,
        np.array([line.fundable for line in priced], dtype=bool),
        notes,
    )
