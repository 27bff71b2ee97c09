"""The candidates of the ledger: expected value, P in the best portfolio, next step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import FEWEST_FORECASTERS, SEALED, is_sealed
from vitalfew.decide.break_even import dominated
from vitalfew.decide.effects import stronger
from vitalfew.decide.options import weighed
from vitalfew.decide.portfolio import by_blocks
from vitalfew.decide.ranks import standing_of
from vitalfew.decide.shipped import use_sentence
from vitalfew.results.figures import decimals, figure, of_unit, unit_of, with_unit
from vitalfew.results.rows import CandidateLine, Cost, FactorPart, Value
from vitalfew.results.words import listed
from vitalfew.workspace.definitions import Quantiles
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Candidate, Options, Pool, Singles
    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.results.figures import Unit
    from vitalfew.results.rows import Choice
    from vitalfew.workspace.definitions import Grade

__all__ = [
    "DROP_TO",
    "FEWEST_FORECASTERS",
    "FUND_FROM",
    "OVER",
    "candidate_lines",
    "is_sealed",
    "recommended",
    "summaries_of",
]

FUND_FROM, DROP_TO = 0.9, 0.1


def candidate_lines(inputs: Inputs, pool: Pool) -> tuple[CandidateLine, ...]:
    """Candidates in order of P(in the best portfolio), then of value."""
    options = pool.options
    values = weighed(pool.swings, options.weights)
    summaries, means = summaries_of(values), values.mean(axis=1, dtype=np.float64)
    chances = _chances(options, values[: len(options.lines)])
    passed = dominated(options)
    lines = []
    for at, candidate in enumerate(pool.candidates):
        line = _line(inputs, candidate)
        if candidate.valued:
            p_best, p_in = chances.get(candidate.key, (None, None))
            line = replace(line, p_best=p_best, p_in=p_in)
        if candidate.valued and not candidate.sealed:
            parts = _parts(options.factors, pool.swings[at], options.weights)
            per_cost = _per_cost(options, at, float(means[at]))
            line = replace(line, value=summaries[at], parts=parts, per_cost=per_cost)
        line = _passed(inputs, line, passed.get(candidate.key))
        by_value = -float(means[at]) if candidate.valued else float("inf")
        lines.append(((-(-1.0 if line.p_in is None else line.p_in), by_value), _decided(line, candidate.gates)))
    removed = {initiative.removes for initiative in inputs.definitions.initiatives.values()}
    lines += [((1.0, float("inf")), _removal_line(inputs, key)) for key in _hardly_used(inputs) if key not in removed]
    return tuple(line for _, line in sorted(lines, key=lambda each: each[0]))


def _line(inputs: Inputs, candidate: Candidate) -> CandidateLine:
    initiative, reasons = candidate.initiative, (*_not_counted(inputs, candidate.key), *candidate.reasons)
    if candidate.sealed and candidate.valued:
        reasons = (*reasons, SEALED)
    if initiative.cost is None:
        reasons = (*reasons, "no cost given: it cannot be ranked within a budget")
    if initiative.later is not None:
        more = _cost(initiative.later.cost)
        unit = inputs.definitions.policy.cost_unit
        told = of_unit(f"{more.p50 if more else 0:,.4g}", unit)
        after = of_unit(f"{initiative.later.after_weeks:g}", "weeks")
        reasons = (*reasons, f"in two steps: {told} more after {after}; both are counted where it is ranked")
    if initiative.removes is not None:
        reasons = (*reasons, *_saving(inputs, initiative.removes), use_sentence(inputs.main_use(initiative.removes)))
    return CandidateLine(
        line=candidate.key,
        title=inputs.definitions.title("initiatives", candidate.key),
        kind="initiative",
        team=initiative.team,
        product=inputs.definitions.product_of(initiative),
        value=None,
        parts=(),
        cost=_cost(initiative.cost),
        p_best=None,
        p_in=None,
        recommendation="test_first",
        grade=candidate.grade or ("opinion" if initiative.scores is not None else None),
        reasons=reasons,
    )


def _not_counted(inputs: Inputs, key: str) -> Iterator[str]:
    """What was tested of it and is no value yet: the metric is no factor, and no known link leads from it to one."""
    definitions, counted = inputs.definitions, inputs.transfer.carriers | set(inputs.definitions.factors)
    found: list[tuple[str, str]] = []
    for metric, known in inputs.known.get(key, {}).items():
        if definitions.factors and metric not in counted and known.trusted and stronger(known.grade, "tested"):
            title, unit = definitions.title("metrics", metric), unit_of(definitions.metrics.get(metric))
            told = with_unit(figure(*_rounded(known, unit), signed=True), unit.change_in_words)
            found.append((title, told))
    if len(found) == 1:
        ((title, told),) = found
        yield f"tested: {told} on {title}, which is no factor and leads to none: link {title} to a factor"
    elif found:
        titles = listed([title for title, _ in found])
        yield f"tested on {titles}, which are no factors and lead to none: link them to a factor"


def _rounded(known: Known, unit: Unit) -> tuple[float, int]:
    return known.estimate * unit.factor, decimals((known.high - known.low) * unit.factor)


def _passed(inputs: Inputs, line: CandidateLine, by: str | None) -> CandidateLine:
    """Say so where another candidate does as much for less, of a line that is more likely out of the plan than in."""
    if by is None or line.p_in is None or line.p_in >= 0.5:  # noqa: PLR2004 - more likely than not
        return line
    told = f"{inputs.definitions.title('initiatives', by)} does at least as much for every factor and costs no more"
    return replace(line, reasons=(*line.reasons, told))


def _chances(options: Options, values: Singles) -> dict[str, tuple[float, float]]:
    """P(best) and P(in the best portfolio) among the lines that may be funded; 0 for one that may not."""
    found = standing_of(options, values).told(options.sealed)
    told = dict(zip(options.ready, zip(found.p_best.tolist(), found.p_in.tolist(), strict=True), strict=True))
    return {line: told.get(line, (0.0, 0.0)) for line in options.lines}


def _per_cost(options: Options, at: int, value: float) -> float | None:
    """Mean value over mean cost, where there is one."""
    if at >= len(options.lines):
        return None
    cost = float(options.costs[at].mean())
    return value / cost if cost > 0 else None


def summaries_of(values: Singles) -> list[Value]:
    """Mean, 80 % interval and P(value > 0) of every line."""
    if not len(values):
        return []
    means, positive = values.mean(axis=1, dtype=np.float64), (values > 0).mean(axis=1)
    low, high = _tails(values)
    return [Value(*(float(part) for part in each)) for each in zip(means, low, high, positive, strict=True)]


def _tails(values: Singles) -> tuple[Floats, Floats]:
    """The 10 % and 90 % quantiles of every row."""

    def block(rows: slice) -> Floats:
        return np.asarray(np.quantile(values[rows], [0.1, 0.9], axis=1), dtype=np.float64)

    low, high = np.concatenate(by_blocks(block, (values.shape[1], len(values))), axis=1)
    return low, high


def _parts(factors: Sequence[str], swings: Singles, weights: Floats) -> tuple[FactorPart, ...]:
    """Mean and 80 % interval of the part of each factor that the line moves."""
    moved = [at for at in range(len(factors)) if swings[at].any()]
    if not moved:
        return ()
    parts = (swings[moved] * weights[moved]).astype(np.float32)
    low, high = np.quantile(parts, [0.1, 0.9], axis=1)
    means = parts.mean(axis=1, dtype=np.float64)
    return tuple(
        FactorPart(factors[at], float(mean), float(least), float(most))
        for at, mean, least, most in zip(moved, means, low, high, strict=True)
    )


def _removal_line(inputs: Inputs, feature: str) -> CandidateLine:
    definition = inputs.definitions.features[feature]
    use = f"{use_sentence(inputs.main_use(feature))}; hide it from some first and see whether anybody misses it"
    return CandidateLine(
        line=f"remove_{feature}",
        title=f"Remove {inputs.definitions.title('features', feature)}",
        kind="feature",
        team=definition.team,
        product=inputs.definitions.product_of(definition),
        value=None,
        parts=(),
        cost=None,
        p_best=None,
        p_in=None,
        recommendation="test_first",
        grade=None,
        reasons=(*_saving(inputs, feature), use),
    )


def _saving(inputs: Inputs, feature: str) -> tuple[str, ...]:
    """What removing a feature saves, in words."""
    defined = inputs.definitions.features.get(feature)
    if defined is None or not defined.upkeep:
        return ()
    return (f"removing it saves {of_unit(f'{defined.upkeep:g}', inputs.definitions.policy.cost_unit)} a year",)


def _hardly_used(inputs: Inputs) -> list[str]:
    used = ((key, inputs.main_use(key)) for key in inputs.definitions.features)
    hardly = [(key, use) for key, use in used if use is not None and use.hardly_used]
    return [key for _, key in sorted((use.reach.estimate if use.reach else 0.0, key) for key, use in hardly)]


def _decided(line: CandidateLine, gates: Mapping[str, GateStatus]) -> CandidateLine:
    """The line with its recommendation, and the reason where only the evidence stands in the way."""
    choice = recommended(line.p_in, line.grade, gates)
    if choice == "test_first" and line.p_in is not None and line.p_in >= FUND_FROM and not gates:
        reasons = (*line.reasons, "the evidence is opinion: test before funding, or decide anyway")
        return replace(line, reasons=reasons)
    return replace(line, recommendation=choice)


def recommended(p_in: float | None, grade: Grade | None, gates: Mapping[str, GateStatus]) -> Choice:
    """The recommendation by P(in the best portfolio).

    Below grade *staged*, and while a guardrail is not known to hold, the strongest is *test first*.

    Args:
        p_in: None of a line that is in no portfolio for want of a value or a cost.
        grade: the weakest that the value rests on.
        gates: guardrails that stand in the way.
    """
    if p_in is not None and p_in <= DROP_TO:
        return "drop"
    if p_in is None or p_in < FUND_FROM or gates:
        return "test_first"
    return "fund" if stronger(grade, "staged") else "test_first"


def _cost(cost: float | Quantiles | None) -> Cost | None:
    if cost is None:
        return None
    return Cost(cost.p10, cost.p50, cost.p90) if isinstance(cost, Quantiles) else Cost(cost, cost, cost)
