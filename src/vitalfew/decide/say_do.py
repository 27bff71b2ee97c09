"""Say and do: the stated weight of each factor beside the weight that past choices reveal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import is_sealed
from vitalfew.decide.chosen_for import chosen_for
from vitalfew.decide.measured_lines import KEPT, expected_cost
from vitalfew.decide.purposes import meant_for
from vitalfew.decide.shipped import is_shipped
from vitalfew.evidence.roles import sign_of
from vitalfew.judgement.metalog import moments
from vitalfew.judgement.streams import stream
from vitalfew.results.rows import Estimate, SayDoRow
from vitalfew.stats.percent import percent
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from vitalfew.decide.chosen_for import Slopes
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.rows import CandidateLine, ShippedLine
    from vitalfew.workspace.definitions import Initiative

FEWEST_CHOSEN = 3
"""Chosen lines from which shares of effort are shown: of fewer, one decides all."""
FEWEST_EACH = 5
"""Accepted, and rejected, lines from which it is asked what was chosen for."""
TENTH = 0.1
_SHOWN_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Effort:
    """Where effort went.

    Attributes:
        costs: of each chosen line, `(lines,)`.
        spread: share of each line's cost by factor, `(lines, factors)`; a row sums to 1, or to 0 for no factor.
    """

    costs: Floats
    spread: Floats

    @property
    def seen(self) -> Floats:
        """Share of the effort that went to each factor, `(factors,)`, of what went to any."""
        by_factor = self.spread.T @ self.costs
        return np.asarray(by_factor / by_factor.sum())

    def shares(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draws of the share of effort by factor, `(factors, draws)`: a Bayesian bootstrap over the lines.

        Half a line of usual cost is added to each factor: what none of a few lines served is rare, not impossible.
        """
        counts = rng.exponential(size=(len(self.costs), draws))
        more = self.costs.mean() * rng.gamma(0.5, size=(self.spread.shape[1], draws))
        by_factor = self.spread.T @ (self.costs[:, None] * counts) + more
        return np.asarray(by_factor / by_factor.sum(axis=0))

    @property
    def aimless(self) -> float:
        """Share of the cost that went to what serves no factor."""
        total = float(self.costs.sum())
        return float(self.costs[self.spread.sum(axis=1) == 0].sum()) / total if total else 0.0


def say_do(inputs: Inputs) -> tuple[SayDoRow, ...]:
    """A row per weighed factor; empty without factors, and without both judgements and chosen work.

    Args:
        inputs: with the tables of the ledger among the others.
    """
    factors = tuple(key for key in inputs.definitions.factors if key in inputs.weights)
    effort = _effort(inputs, factors)
    stated = np.array([inputs.weights[factor][:KEPT] for factor in factors]) if inputs.tables.weights else None
    aimed = int((effort.spread.sum(axis=1) > 0).sum())
    if not factors or (stated is None and not aimed):
        return ()
    shares = None
    if aimed >= FEWEST_CHOSEN:
        shares = effort.shares(stream(inputs.seed, "", "say_do"), KEPT)
    slopes, why_not = _slopes(inputs, factors)
    rows = []
    for at, factor in enumerate(factors):
        said = _summary(stated[at]) if stated is not None else None
        done = _summary(shares[at], effort.seen[at]) if shares is not None else None
        gap = None
        if stated is not None and shares is not None:
            gap = _summary(shares[at] - stated[at], effort.seen[at] - stated[at].mean())
        chosen = slopes.interval(at, TENTH) if slopes else None
        told = _sentence(said, done, aimed, effort.aimless, why_not if slopes is None or chosen is None else None)
        rows.append(SayDoRow(factor, said, done, chosen, aimed, gap, told))
    return tuple(rows)


def is_chosen(inputs: Inputs, initiative: Initiative) -> bool:
    """Whether it was agreed on, begun or shipped; what was dropped later had been chosen, but is so no more."""
    if initiative.status in OVER:
        return initiative.status == "removed"
    begun = initiative.started is not None and initiative.started <= inputs.today
    return begun or initiative.status == "committed" or is_shipped(initiative, inputs)


def effort_of(initiative: Initiative) -> float:
    """What was spent on an initiative, else its expected cost, in the policy's unit; NaN where neither is known."""
    return sum(spent.amount for spent in initiative.spent) or expected_cost(initiative.cost)


def _effort(inputs: Inputs, factors: tuple[str, ...]) -> Effort:
    lines: tuple[ShippedLine | CandidateLine, ...] = (*inputs.tables.shipped, *inputs.tables.candidates)
    parts = {line.line: line for line in lines}
    costs, spread = [], []
    for key, initiative in sorted(inputs.definitions.initiatives.items()):
        cost = effort_of(initiative)
        if not is_chosen(inputs, initiative) or not cost > 0:
            continue
        meant = meant_for(inputs.definitions, key, _parts(parts.get(key), factors))
        shares = np.array([meant.get(factor, 0.0) for factor in factors])
        costs.append(cost)
        spread.append(shares / shares.sum() if shares.any() else shares)
    return Effort(np.array(costs), np.array(spread).reshape(len(costs), len(factors)))


def _parts(line: ShippedLine | CandidateLine | None, factors: tuple[str, ...]) -> dict[str, float]:
    return {part.factor: part.mean for part in line.parts if part.factor in factors} if line else {}


def _slopes(inputs: Inputs, factors: tuple[str, ...]) -> tuple[Slopes | None, str]:
    """What accepted lines promised more than rejected ones; with the reason where that cannot be told."""
    scores, accepted = [], []
    for key, initiative in sorted(inputs.definitions.initiatives.items()):
        rejected = initiative.status == "dropped"
        score = _score(inputs, key, initiative, factors)
        if score is not None and (rejected or is_chosen(inputs, initiative)):
            scores.append(score)
            accepted.append(not rejected)
    yes, no = sum(accepted), len(accepted) - sum(accepted)
    if min(yes, no) < FEWEST_EACH:
        return None, f"what was chosen for is not known: {yes} accepted and {no} rejected with numbers, 5 each needed"
    return chosen_for(np.array(scores), np.array(accepted)), "what was chosen for is not known: all promised the same"


def _score(inputs: Inputs, key: str, initiative: Initiative, factors: tuple[str, ...]) -> Floats | None:
    """Expected change of each factor as a share of its range: as forecast, else as measured; None without either."""
    told = [promise for promise in inputs.promises_of(key)[::-1] if not is_sealed(promise)]
    expected = {promise.metric: moments(promise)[0] for promise in told}
    known = {m: effect.estimate for m, effect in inputs.known.get(key, {}).items() if effect.trusted}
    changes = {factor: expected.get(factor, known.get(factor)) for factor in factors}
    if all(change is None for change in changes.values()):
        return None
    reach = 1.0 if initiative.reach is None else initiative.reach
    widths = [abs(high - low) for low, high in (inputs.definitions.factors[factor].range for factor in factors)]
    signed = [sign_of(inputs.definitions, factor) * (change or 0.0) for factor, change in changes.items()]
    return np.asarray(reach * np.array(signed) / np.array(widths))


def _summary(draws: Floats, middle: float | None = None) -> Estimate:
    """The 80 % interval of draws around their mean, or around what was seen, which it always holds."""
    low, high = np.quantile(draws, [0.1, 0.9])
    centre = float(draws.mean() if middle is None else middle)
    return Estimate(centre, min(float(low), centre), max(float(high), centre))


def _sentence(said: Estimate | None, done: Estimate | None, lines: int, aimless: float, unknown: str | None) -> str:
    parts = ["nobody has judged yet" if said is None else f"stated {percent(said.estimate)}"]
    if done is None:
        many = "1 chosen line has" if lines == 1 else f"{lines or 'no'} chosen lines have"
        parts.append(f"where effort went is not known: {many} a cost and a purpose, 3 are needed")
    else:
        parts.append(f"{percent(done.estimate)} of the effort of {lines} chosen lines")
    if aimless >= _SHOWN_SHARE:
        parts.append(f"{percent(aimless)} of all effort serves no factor")
    return "; ".join([*parts, unknown] if unknown else parts)
