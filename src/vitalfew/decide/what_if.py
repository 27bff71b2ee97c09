"""What if we weighed otherwise, or had another budget? The same draws, ranked anew.

Draws of effects and costs do not depend on weights or budget, so that only what was changed moves the ranks. A preview
ranks by the first 2,000 draws, which are kept together for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.candidates import recommended, summaries_of
from vitalfew.decide.coarse import coarse_place
from vitalfew.decide.draws import any_weights
from vitalfew.decide.options import weighed
from vitalfew.decide.portfolio import lots
from vitalfew.decide.ranks import TAILS, standing_of
from vitalfew.errors import UsageError, suggest
from vitalfew.results.rows import Estimate, RankedLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options, Pool, Singles
    from vitalfew.decide.portfolio import Lots
    from vitalfew.decide.ranks import Standing

    type Given = Mapping[str, float] | Literal["any"]
    """Other weights: of factors, or all that there could be."""

PREVIEW = 2_000
"""Draws of a preview: probabilities are within 0.01 of the exact ones in two of three cases."""
_WHOLE = 1e-9


@dataclass(frozen=True)
class WhatIf:
    """Options that are ranked again and again."""

    options: Options

    @cached_property
    def kept(self) -> Singles:
        """The swings of the draws of a preview, `(lines, factors, draws)`."""
        return np.ascontiguousarray(self.options.swings[:, :, :PREVIEW])

    @cached_property
    def cast(self) -> Lots:
        """Lots of the draws of a preview, `(lines that may be funded, draws)`."""
        return lots(self.options.ready, self.kept.shape[2])

    @cached_property
    def exact(self) -> Standing:
        """Where they stand by the workspace's own weights and budget."""
        return self.standing()

    @cached_property
    def own(self) -> Standing:
        """Where they stand in a preview by the workspace's own weights and budget."""
        return self.standing(preview=True)

    def values(self, weights: Floats | None = None, *, preview: bool = False) -> Singles:
        """Value of every line, `(lines, draws)`.

        Args:
            weights: `(factors,)` or `(factors, draws)`; the workspace's own when None.
            preview: only the first draws.
        """
        by = self.options.weights if weights is None else weights
        if not preview:
            return self.options.singles(by)
        return weighed(self.kept, by if by.ndim == 1 else by[:, :PREVIEW])

    def standing(
        self, weights: Floats | None = None, budget: float | None = None, *, preview: bool = False
    ) -> Standing:
        """Where the candidates that may be funded stand by other weights or another budget.

        Args:
            weights: see `values`.
            budget: in the policy's unit of cost; the workspace's own when None.
            preview: by 2,000 draws.
        """
        values = self.values(weights, preview=preview)
        return standing_of(self.options, values, budget, self.cast if preview else None)


def weights_of(options: Options, given: Given, seed: int = 0) -> Floats:
    """Weights by which some are set, `(factors, draws)`.

    Where all factors are named, in any proportion. Where some are, as shares of the whole: the others keep their own
    proportions, draw by draw, within what is left. *any*: every weight that could be, none likelier than another
    (SMAA-2 without preferences), for what would hold if nobody agreed on anything.

    Args:
        options: with the workspace's own weights.
        given: weights by factor, none below 0; or *any*.
        seed: of the draws of *any*.

    Raises:
        UsageError: there is no such factor, a weight is below 0 or no number, or what is given leaves nothing.
    """
    if isinstance(given, str):
        if given != "any":
            raise UsageError(f"there are no weights called '{given}'", expected="weights by factor, or 'any'")
        drawn = any_weights(options.factors, seed)
        return np.array([drawn[factor][: options.weights.shape[1]] for factor in options.factors])
    for factor, weight in given.items():
        if factor not in options.factors:
            raise UsageError(f"there is no factor '{factor}' to weigh", hint=suggest(factor, options.factors))
        if not (np.isfinite(weight) and weight >= 0):
            raise UsageError(f"the weight of '{factor}' is {weight:g}", expected="a number from 0 on")
    total = float(sum(given.values()))
    fixed = np.array([given.get(factor, 0.0) for factor in options.factors])[:, None]
    others = np.array([factor not in given for factor in options.factors])
    if not others.any():
        if total <= 0:
            raise UsageError("all weights are 0", expected="at least one above 0")
        return np.broadcast_to(fixed / total, options.weights.shape)
    if total > 1 + _WHOLE:
        hint = "write them as shares, such as 0.4, or name all factors: then any numbers do"
        raise UsageError(f"the weights of some factors add up to {total:g}", expected="at most 1", hint=hint)
    rest = np.where(others[:, None], options.weights, 0.0)
    sums = rest.sum(axis=0)
    shares = np.where(sums > 0, rest / np.where(sums > 0, sums, 1.0), others[:, None] / others.sum())
    return np.asarray(fixed + (1 - total) * shares)


def ranked_lines(
    inputs: Inputs, pool: Pool, found: Standing, before: Standing, values: Singles
) -> tuple[RankedLine, ...]:
    """The candidates with a value and a cost, in order of P(in the best portfolio), then of mean rank.

    Args:
        inputs: of the run.
        pool: its candidates.
        found: where they stand by the weights and the budget in question.
        before: where they stand by the workspace's own.
        values: by these weights, `(lines, draws)`.
    """
    options = pool.options
    mean = found.mean_rank
    found, before = found.told(options.sealed), before.told(options.sealed)
    place = {line: at for at, line in enumerate(options.ready)}
    low, high = found.rank_at(TAILS[0]), found.rank_at(TAILS[1])
    summaries, costs = summaries_of(values), options.costs.mean(axis=1)
    lines = []
    for row, candidate in enumerate(pool.candidates[: len(options.lines)]):
        at = place.get(candidate.key)
        p_in = 0.0 if at is None else float(found.p_in[at])
        lines.append(
            RankedLine(
                candidate.key,
                inputs.definitions.title("initiatives", candidate.key),
                candidate.initiative.team,
                None if at is None else _rank((mean[at], low[at], high[at]), candidate.key, options),
                0.0 if at is None else float(found.p_best[at]),
                p_in,
                0.0 if at is None else float(before.p_in[at]),
                None if candidate.sealed else summaries[row],
                float(costs[row]),
                recommended(p_in, candidate.grade, candidate.gates),
                candidate.grade,
            )
        )
    last = len(lines) + 1.0
    return tuple(sorted(lines, key=lambda each: (-each.p_in, each.rank.estimate if each.rank else last)))


def _rank(found: tuple[float, ...], line: str, options: Options) -> Estimate:
    mean, low, high = (float(each) for each in found)
    return coarse_place(Estimate(mean, low, high), line, options.sealed)
