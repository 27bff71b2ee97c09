"""The candidates of the ledger: expected value, P in the best portfolio, next step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.draws import DRAWS, LineDraws, cost_draws, horizon_share, promise_draws, stream, updated, value_of
from vitalfew.decide.effects import stronger, weakest
from vitalfew.decide.portfolio import best_buy, in_best_portfolio
from vitalfew.decide.shipped import is_shipped, use_sentence
from vitalfew.results.rows import CandidateLine, Cost
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.ledger import Inputs
    from vitalfew.results.rows import Choice
    from vitalfew.workspace.definitions import Grade, Initiative

FUND_FROM, DROP_TO = 0.9, 0.1
OVER = frozenset({"dropped", "removed"})


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A candidate with the draws of its value and cost, where there are any."""

    line: CandidateLine
    draws: LineDraws | None
    cost: Floats | None


def candidate_lines(inputs: Inputs) -> tuple[tuple[CandidateLine, ...], tuple[str, ...]]:
    """Candidates in order of P(in the best portfolio), and notes about how they were ranked."""
    open_initiatives = {
        key: initiative
        for key, initiative in inputs.definitions.initiatives.items()
        if not is_shipped(initiative, inputs) and initiative.status not in OVER
    }
    lines = [_initiative_line(inputs, key, initiative) for key, initiative in open_initiatives.items()]
    removed = {initiative.removes for initiative in inputs.definitions.initiatives.values()}
    lines += [_removal_line(inputs, key) for key in _hardly_used(inputs) if key not in removed]
    ranked, notes = _with_probabilities(inputs, lines)
    return tuple(sorted((_decided(line) for line in ranked), key=_rank)), notes


def _initiative_line(inputs: Inputs, key: str, initiative: Initiative) -> PricedLine:
    draws, grades, reasons = _expected(inputs, key, initiative)
    cost = None if initiative.cost is None else cost_draws(initiative.cost, stream(inputs.seed, f"{key}/cost"))
    if cost is None:
        reasons = (*reasons, "no cost given: it cannot be ranked within a budget")
    if initiative.removes is not None:
        reasons = (*reasons, use_sentence(inputs.main_use(initiative.removes)))
    line = CandidateLine(
        line=key,
        title=inputs.definitions.title("initiatives", key),
        kind="initiative",
        team=initiative.team,
        value=draws.summary() if draws else None,
        parts=draws.part_summaries() if draws else (),
        cost=_cost(initiative.cost),
        p_best=None,
        p_in=None,
        recommendation="test_first",
        grade=weakest(grades),
        reasons=reasons,
    )
    return PricedLine(line, draws, cost)


def _expected(
    inputs: Inputs, key: str, initiative: Initiative
) -> tuple[LineDraws | None, tuple[Grade, ...], tuple[str, ...]]:
    """Draws of a candidate's value from its forecasts and, where it has been tested, its effects."""
    factors = inputs.definitions.factors
    if not factors:
        return None, (), ("no factors yet: facts only",)
    rng = stream(inputs.seed, key)
    known = {metric: effect for metric, effect in inputs.known.get(key, {}).items() if effect.trusted}
    effects: dict[str, Floats] = {}
    grades: list[Grade] = []
    for promise in inputs.promises_of(key):
        if promise.metric in factors:
            prior = promise_draws(promise, rng)
            tested = known.get(promise.metric)
            effects[promise.metric] = updated(prior, tested, rng) if tested else prior
            grades.append(tested.grade if tested else "opinion")
    for metric, tested in known.items():
        if metric in factors and metric not in effects:
            effects[metric] = np.asarray(rng.normal(tested.estimate, tested.se, DRAWS), dtype=np.float64)
            grades.append(tested.grade)
    if not effects:
        about = ", ".join(inputs.definitions.title("metrics", p.metric) for p in inputs.promises_of(key))
        return None, (), (f"forecast is about {about}, which is no factor" if about else "no forecast yet",)
    policy = inputs.definitions.policy
    scale = horizon_share(policy.horizon_weeks, policy.discount, initiative.ramp_weeks)
    reach = 1.0 if initiative.reach is None else initiative.reach
    drawn = value_of(inputs.definitions, {f: reach * d for f, d in effects.items()}, inputs.weights, scale)
    reasons = ("reach taken as all units",) if initiative.reach is None else ()
    return drawn, tuple(grades), reasons


def _removal_line(inputs: Inputs, feature: str) -> PricedLine:
    definition = inputs.definitions.features[feature]
    reasons = [use_sentence(inputs.main_use(feature))]
    if definition.upkeep:
        reasons.append(f"removing it saves {definition.upkeep:g} {inputs.definitions.policy.cost_unit} a year")
    line = CandidateLine(
        line=f"remove_{feature}",
        title=f"Remove {inputs.definitions.title('features', feature)}",
        kind="feature",
        team=definition.team,
        value=None,
        parts=(),
        cost=None,
        p_best=None,
        p_in=None,
        recommendation="test_first",
        grade=None,
        reasons=(*reasons, "hide it from some users first: a test tells whether anybody misses it"),
    )
    return PricedLine(line, None, None)


def _hardly_used(inputs: Inputs) -> list[str]:
    used = ((key, inputs.main_use(key)) for key in inputs.definitions.features)
    hardly = [(key, use) for key, use in used if use is not None and use.hardly_used]
    return [key for key, use in sorted(hardly, key=lambda pair: pair[1].reach.estimate if pair[1].reach else 0.0)]


def _with_probabilities(inputs: Inputs, lines: Sequence[PricedLine]) -> tuple[list[CandidateLine], tuple[str, ...]]:
    priced = [line for line in lines if line.draws is not None and line.cost is not None]
    if not priced:
        return [line.line for line in lines], ()
    values = np.vstack([line.draws.value for line in priced if line.draws is not None])
    costs = np.vstack([line.cost for line in priced if line.cost is not None])
    budget, notes = _budget(inputs, priced)
    p_best = best_buy(values, costs)
    p_in = in_best_portfolio(values, costs, budget)
    by_line = {line.line.line: (float(b), float(i)) for line, b, i in zip(priced, p_best, p_in, strict=True)}
    return [
        replace(line.line, p_best=by_line[line.line.line][0], p_in=by_line[line.line.line][1])
        if line.line.line in by_line
        else line.line
        for line in lines
    ], notes


def _budget(inputs: Inputs, priced: Sequence[PricedLine]) -> tuple[float, tuple[str, ...]]:
    policy = inputs.definitions.policy
    if policy.budget is not None:
        return policy.budget, ()
    half = sum(line.line.cost.p50 for line in priced if line.line.cost) / 2
    return half, (f"no budget given: half of the candidates' cost is taken, {half:.3g} {policy.cost_unit}",)


def _decided(line: CandidateLine) -> CandidateLine:
    """The recommendation by P(in the best portfolio); below grade *staged* the strongest is *test first*."""
    if line.p_in is None:
        return line
    if line.p_in <= DROP_TO:
        return replace(line, recommendation="drop")
    if line.p_in < FUND_FROM:
        return line
    if stronger(line.grade, "staged"):
        choice: Choice = "fund"
        return replace(line, recommendation=choice)
    return replace(line, reasons=(*line.reasons, "the evidence is opinion: test before funding, or decide anyway"))


def _cost(cost: float | Quantiles | None) -> Cost | None:
    if cost is None:
        return None
    return Cost(cost.p10, cost.p50, cost.p90) if isinstance(cost, Quantiles) else Cost(cost, cost, cost)


def _rank(line: CandidateLine) -> tuple[float, float]:
    return (-(line.p_in if line.p_in is not None else -1.0), -(line.value.mean if line.value else float("-inf")))
