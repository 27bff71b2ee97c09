"""The candidates of the ledger: expected value, P in the best portfolio, next step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.draws import LineDraws, cost_draws, horizon_share, promise_draws, value_of
from vitalfew.decide.effects import stronger, weakest
from vitalfew.decide.portfolio import best_buy, in_best_portfolio, lots
from vitalfew.decide.shipped import effect_draws, is_shipped, unweighed_reasons, use_sentence
from vitalfew.judgement.streams import stream
from vitalfew.results.rows import CandidateLine, Cost
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.definitions import Grade, Initiative

FUND_FROM, DROP_TO = 0.9, 0.1
OVER = frozenset({"dropped", "removed"})
FEWEST_FORECASTERS = 3
"""People whose forecasts must be combined before a value that rests on an unlocked promise is shown."""
_SEALED = (
    "forecast by fewer than three people and not locked: its value would tell what they said, so only ranks use it"
)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A candidate with the draws of its value and cost, where there are any, and the state of its guardrails."""

    line: CandidateLine
    draws: LineDraws | None
    cost: Floats | None
    gates: Mapping[str, GateStatus]

    @property
    def fundable(self) -> bool:
        """Whether no guardrail failed: a failed one cannot be bought by any value."""
        return "fail" not in self.gates.values()

    def without_parts(self) -> PricedLine:
        """The same without the draws by factor."""
        return self if self.draws is None else replace(self, draws=self.draws.without_parts())


def candidate_lines(inputs: Inputs) -> tuple[tuple[CandidateLine, ...], tuple[str, ...]]:
    """Candidates in order of P(in the best portfolio), and notes about how they were ranked."""
    lines = [line.without_parts() for line in priced_lines(inputs)]
    removed = {initiative.removes for initiative in inputs.definitions.initiatives.values()}
    lines += [_removal_line(inputs, key) for key in _hardly_used(inputs) if key not in removed]
    ranked, notes = _with_probabilities(inputs, lines)
    decided = (_decided(line, priced.gates) for line, priced in zip(ranked, lines, strict=True))
    by_rank = sorted(zip(decided, lines, strict=True), key=lambda pair: _rank(pair[0], pair[1].draws))
    return tuple(line for line, _ in by_rank), notes


def priced_lines(inputs: Inputs) -> Iterator[PricedLine]:
    """The open initiatives with draws of value, by factor too, and of cost: one by one, for their size."""
    open_initiatives = {
        key: initiative
        for key, initiative in sorted(inputs.definitions.initiatives.items())
        if not is_shipped(initiative, inputs) and initiative.status not in OVER
    }
    for key, initiative in open_initiatives.items():
        yield _initiative_line(inputs, key, initiative)


def _initiative_line(inputs: Inputs, key: str, initiative: Initiative) -> PricedLine:
    draws, grades, reasons = _expected(inputs, key, initiative)
    cost = None if initiative.cost is None else cost_draws(initiative.cost, stream(inputs.seed, "", "cost", key))
    if cost is None:
        reasons = (*reasons, "no cost given: it cannot be ranked within a budget")
    if initiative.removes is not None:
        reasons = (*reasons, use_sentence(inputs.main_use(initiative.removes)))
    gates, gate_reasons = _gates(inputs, key)
    shown = None if _SEALED in reasons else draws
    line = CandidateLine(
        line=key,
        title=inputs.definitions.title("initiatives", key),
        kind="initiative",
        team=initiative.team,
        value=shown.summary() if shown else None,
        parts=shown.part_summaries() if shown else (),
        cost=_cost(initiative.cost),
        p_best=None,
        p_in=None,
        recommendation="test_first",
        grade=weakest(grades) or ("opinion" if initiative.scores is not None else None),
        reasons=(*reasons, *gate_reasons),
    )
    return PricedLine(line, draws, cost, gates)


def _expected(
    inputs: Inputs, key: str, initiative: Initiative
) -> tuple[LineDraws | None, tuple[Grade, ...], tuple[str, ...]]:
    """Draws of a candidate's value from its forecasts and, where it has been tested, its effects."""
    if not inputs.definitions.factors:
        return None, (), ("no factors yet: facts only",)
    known = {metric: effect for metric, effect in inputs.known.get(key, {}).items() if effect.trusted}
    priors, reasons = _priors(inputs, key)
    reasons += unweighed_reasons(inputs, sorted({*priors, *known}))
    priors = {metric: promise for metric, promise in priors.items() if metric in inputs.weights}
    effects = effect_draws(inputs, key, known, {m: p for m, p in priors.items() if p.segment == "all"})
    grades = [known[metric].grade for metric in effects]
    for metric, promise in priors.items():
        if metric not in effects:
            drawn = promise_draws(promise, stream(inputs.seed, key, metric))
            effects[metric] = drawn * _share(inputs, initiative, promise)
            grades.append("opinion")
    if not effects:
        return None, (), reasons or ("no forecast yet",)
    policy = inputs.definitions.policy
    scale = horizon_share(policy.horizon_weeks, policy.discount, initiative.ramp_weeks)
    reach = 1.0 if initiative.reach is None else initiative.reach
    valued = value_of(inputs.definitions, {f: reach * d for f, d in effects.items()}, inputs.weights, scale)
    if initiative.reach is None:
        reasons += (_reach_reason(inputs, effects, priors),)
    if any(is_sealed(promise) for promise in priors.values()):
        reasons += (_SEALED,)
    return valued, tuple(grades), reasons


def _share(inputs: Inputs, initiative: Initiative, promise: PromiseRow) -> float:
    """What a forecast about one segment is worth over all units, unless the initiative says whom it reaches."""
    if promise.segment == "all" or initiative.reach is not None:
        return 1.0
    return inputs.share_of(promise.segment) or 0.0


def _reach_reason(inputs: Inputs, effects: Iterable[str], priors: Mapping[str, PromiseRow]) -> str:
    """Whom a line without a given reach is taken to reach, in words."""
    segments = dict.fromkeys(priors[metric].segment if metric in priors else "all" for metric in effects)
    if "all" in segments:
        return "reach taken as all units"
    told = (f"{inputs.definitions.title('segments', s)} ({inputs.share_of(s) or 0:.0%} of all units)" for s in segments)
    return f"reach taken as {', '.join(told)}"


def _priors(inputs: Inputs, key: str) -> tuple[dict[str, PromiseRow], tuple[str, ...]]:
    """The forecast that counts for each factor: about all units before one segment, locked before open.

    And what is left out, in words: segments may overlap, so forecasts about several are never added up.
    """
    definitions = inputs.definitions
    priors: dict[str, PromiseRow] = {}
    left_out: dict[str, None] = {}
    for promise in sorted(inputs.promises_of(key), key=lambda promise: promise.segment != "all"):
        about = definitions.title("metrics", promise.metric)
        if promise.metric not in definitions.factors:
            left_out[f"forecast is about {about}, which is no factor"] = None
        elif promise.segment != "all" and inputs.share_of(promise.segment) is None:
            segment = definitions.title("segments", promise.segment)
            left_out[f"forecast of {about} is about {segment} alone, whose share of all units is not known"] = None
        elif promise.metric in priors:
            left_out[f"several forecasts of {about}: {priors[promise.metric].hypothesis} counts"] = None
        else:
            priors[promise.metric] = promise
    return dict(sorted(priors.items())), tuple(left_out)


def is_sealed(promise: PromiseRow) -> bool:
    """Whether a forecast is not to be known yet: open, and of so few people that a number would tell what they said."""
    return promise.locked_at is None and 0 < promise.forecasters < FEWEST_FORECASTERS  # a sheet is no blind forecast


def _gates(inputs: Inputs, key: str) -> tuple[dict[str, GateStatus], tuple[str, ...]]:
    """Guardrails that stand in the way of a candidate, after waivers, and what to say about them."""
    standing: dict[str, GateStatus] = {}
    reasons = []
    for metric, state in sorted(inputs.gates.get(key, {}).items()):
        title = inputs.definitions.title("metrics", metric)
        waived = max((inputs.waived[about] for about in (metric, key) if about in inputs.waived), default=None)
        if state == "fail" and waived:
            reasons.append(f"guardrail {title} failed; accepted by a waiver of {waived}")
        elif state == "fail":
            standing[metric] = state
            reasons.append(f"guardrail {title} failed: not to be funded without a signed waiver")
        elif state == "evidence needed":
            standing[metric] = state
            reasons.append(f"guardrail {title} needs more evidence before it can be funded")
    return standing, tuple(reasons)


def _removal_line(inputs: Inputs, feature: str) -> PricedLine:
    definition = inputs.definitions.features[feature]
    saving = f"removing it saves {definition.upkeep or 0:g} {inputs.definitions.policy.cost_unit} a year"
    use = f"{use_sentence(inputs.main_use(feature))}; hide it from some first and see whether anybody misses it"
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
        reasons=(saving, use) if definition.upkeep else (use,),
    )
    return PricedLine(line, None, None, {})


def _hardly_used(inputs: Inputs) -> list[str]:
    used = ((key, inputs.main_use(key)) for key in inputs.definitions.features)
    hardly = [(key, use) for key, use in used if use is not None and use.hardly_used]
    return [key for _, key in sorted((use.reach.estimate if use.reach else 0.0, key) for key, use in hardly)]


def _with_probabilities(inputs: Inputs, lines: Sequence[PricedLine]) -> tuple[list[CandidateLine], tuple[str, ...]]:
    """P(best) and P(in the best portfolio) among the lines that may be funded; 0 for one that may not."""
    ready = {
        at: (line.draws.value, line.cost)
        for at, line in enumerate(lines)
        if line.draws is not None and line.cost is not None
    }
    if not ready:
        return [line.line for line in lines], ()
    open_to = [at for at in ready if lines[at].fundable]
    chances = dict.fromkeys(ready, (0.0, 0.0))
    budget, notes = budget_of(inputs, [lines[at] for at in ready])
    if open_to:
        values = np.vstack([ready[at][0] for at in open_to])
        costs = np.vstack([ready[at][1] for at in open_to])
        cast = lots([lines[at].line.line for at in open_to], values.shape[1])
        found = zip(best_buy(values, costs), in_best_portfolio(values, costs, budget, cast), strict=True)
        chances |= {at: (float(best), float(among)) for at, (best, among) in zip(open_to, found, strict=True)}
    ranked = [
        replace(line.line, p_best=chances[at][0], p_in=chances[at][1]) if at in chances else line.line
        for at, line in enumerate(lines)
    ]
    return ranked, notes


def budget_of(inputs: Inputs, priced: Sequence[PricedLine]) -> tuple[float, tuple[str, ...]]:
    """The budget, as given or taken from the candidates' costs, and what to say about it."""
    policy = inputs.definitions.policy
    if policy.budget is not None:
        return policy.budget, ()
    costs = [line.line.cost for line in priced if line.line.cost]
    half, dearest = sum(cost.p50 for cost in costs) / 2, max(cost.p90 for cost in costs)
    if half >= dearest:
        return half, (f"no budget given: half of the candidates' cost is taken, {half:,.4g} {policy.cost_unit}",)
    # With few candidates half would leave no room for some of them, and "drop" would say nothing about their worth.
    said = f"no budget given: what the dearest candidate may cost is taken, {dearest:,.4g} {policy.cost_unit}"
    return dearest, (said,)


def _decided(line: CandidateLine, gates: Mapping[str, GateStatus]) -> CandidateLine:
    """The recommendation by P(in the best portfolio).

    Below grade *staged*, and while a guardrail is not known to hold, the strongest is *test first*.
    """
    if line.p_in is None:
        return line
    if line.p_in <= DROP_TO:
        return replace(line, recommendation="drop")
    if line.p_in < FUND_FROM or gates:
        return line
    if stronger(line.grade, "staged"):
        return replace(line, recommendation="fund")
    return replace(line, reasons=(*line.reasons, "the evidence is opinion: test before funding, or decide anyway"))


def _cost(cost: float | Quantiles | None) -> Cost | None:
    if cost is None:
        return None
    return Cost(cost.p10, cost.p50, cost.p90) if isinstance(cost, Quantiles) else Cost(cost, cost, cost)


def _rank(line: CandidateLine, draws: LineDraws | None) -> tuple[float, float]:
    return (-(line.p_in if line.p_in is not None else -1.0), -(float(draws.value.mean()) if draws else float("-inf")))
