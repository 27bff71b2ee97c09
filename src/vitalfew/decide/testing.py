"""Which test of a candidate pays most before it is built: metric, units, weeks, what it tells and what it costs.

build = max(m, 0); test = -cost + EVSI(se) + max(m, 0) - what is lost by waiting x P(built after the test), with m the
expected net value in the policy's unit of cost (6.7). The larger one is recommended, with the size that makes the test
worth most. A test is judged by one metric, the one whose doubt weighs most; what it shows of others comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import believed, changes
from vitalfew.decide.options import weeks_open
from vitalfew.decide.payoff import running
from vitalfew.decide.phrases import chance, counted, moved
from vitalfew.decide.precision import precision
from vitalfew.decide.shipped import removed_changes
from vitalfew.decide.tails import tails_of, with_tails
from vitalfew.decide.worth import PLACES, perfect, places_of, worth_of_tests
from vitalfew.evidence.priors import corpus
from vitalfew.results.figures import MINUS
from vitalfew.results.rows import Estimate, SuggestedTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.decide.precision import Precision
    from vitalfew.decide.prices import Price
    from vitalfew.decide.tails import Tails
    from vitalfew.results.rows import CandidateLine

DECIDE_ANYWAY = "a test costs more than it can tell: decide anyway?"
SIZES: Floats = np.outer(10.0 ** np.arange(2, 8), [1, 1.5, 2, 3, 4, 6]).ravel()
"""Units per arm that are looked at: round numbers, for the best size is a flat top."""
ENOUGH = 0.9
"""Share of what any test can tell from which more units are not asked for, where waiting has no known price."""
TROUBLE = 0.01
"""Share of the cost of building that a test must be worth, or nobody would set it up."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate as a test of one of its metrics sees it, in the policy's unit of cost.

    Attributes:
        effects: equally likely changes for the better of the metric among those reached, `(k,)`, in its unit.
        slope: value of one unit of the metric.
        other: expected value of what the test does not judge by.
        cost: expected cost of building and running.
        test_cost: of the test itself.
        horizon: weeks over which value is counted.
        until: weeks by which building may begin later and still be worth something; None when there is no such day.
    """

    effects: Floats
    slope: float
    other: float
    cost: float
    test_cost: float = 0.0
    horizon: float = 52.0
    until: float | None = None

    @property
    def doubt(self) -> float:
        """What it would be worth to know the effect for sure."""
        return perfect(self.effects, self.slope, self.other - self.cost)


@dataclass(frozen=True, slots=True)
class Sized:
    """The size that makes a test worth most.

    Attributes:
        per_arm: units in each of two arms.
        se: standard error of the effect, in the metric's unit.
        weeks: it takes; None when nobody knows.
        worth: what it tells, in the unit of cost.
        cost: of the test, and of waiting for it.
        p_build: probability that it is built afterwards.
        hurdle: change for the better from which it is built, in the metric's unit; infinite when none would do.
    """

    per_arm: int
    se: float
    weeks: float | None
    worth: float
    cost: float
    p_build: float
    hurdle: float

    @property
    def net(self) -> float:
        """What testing is worth above deciding now; recommended where it is above zero."""
        return self.worth - self.cost


def best_size(case: Case, known: Precision) -> Sized:
    """The size of the test that is worth most after its cost and what waiting loses.

    Waiting `w` of `H` weeks loses the share w / H of the value of what is built then, with H the weeks in which it is
    worth something: those of the horizon, or of the window that closes before. Where nobody knows how many units come,
    waiting cannot be priced: the smallest size is taken that tells nine tenths of what any size tells.

    Args:
        case: the candidate.
        known: how units vary, and how many come; the variance must be known.
    """
    errors, weeks = known.errors(SIZES), known.weeks(SIZES)
    found = worth_of_tests(case.effects, case.slope, case.other - case.cost, errors)
    open_for = case.horizon if case.until is None else min(case.horizon, max(case.until, _NOTHING))
    later = np.nan_to_num(weeks) / open_for
    lost = np.maximum(case.slope * found.effect + case.other * found.p_build, 0.0) * np.minimum(later, 1.0)
    cost = case.test_cost + lost
    net = found.worth - cost
    if case.until is not None:
        net = np.where(np.nan_to_num(weeks) > case.until, -np.inf, net)
    at = int(np.argmax(net))
    if np.isnan(weeks).all():
        at = int(np.argmax(found.worth >= ENOUGH * found.worth.max()))
    took = float(weeks[at])
    return Sized(
        int(SIZES[at]),
        float(errors[at]),
        None if np.isnan(took) else took,
        float(found.worth[at]) if np.isfinite(net[at]) else 0.0,
        float(cost[at]),
        float(found.p_build[at]),
        float(found.hurdle[at]),
    )


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said about testing one candidate.

    `test`: the test that pays; `reason`: why there is none; `net`: value minus the cost of building and running, with
    its 80 % interval; `doubt`: what it would be worth to know the effect on the metric for sure, in the unit of cost.
    """

    test: SuggestedTest | None
    reason: str | None
    net: Estimate
    doubt: float


def hidden_lines(options: Options, lines: Iterable[CandidateLine]) -> frozenset[str]:
    """Candidates that are ranked but whose value is not shown: it would tell what few people forecast."""
    return frozenset(options.lines) - {line.line for line in lines if line.value is not None}


def suggested_tests(
    options: Options, inputs: Inputs, price: Price, hidden: frozenset[str] = frozenset()
) -> dict[str, Advice]:
    """Net value and the test that pays most, by candidate.

    Args:
        options: what there is to choose from.
        inputs: of the ledger.
        price: of a point, in the unit of cost; without one nothing is advised.
        hidden: candidates whose value is not shown, and about which nothing is said.
    """
    points = price.cost_per_point
    if points is None:
        return {}
    rates = (options.weights * points).mean(axis=1)
    fat = _tails_by_metric(inputs)
    found = {}
    for at, line in enumerate(options.lines):
        if line in hidden or line not in inputs.definitions.initiatives:
            continue
        swings = options.swings[at].astype(np.float64)
        cost = options.costs[at] + running(inputs, inputs.definitions.initiatives[line]).sum()
        net = points * np.einsum("fd,fd->d", swings, options.weights) - cost
        low, high = np.quantile(net, [0.1, 0.9])
        told = Estimate(float(net.mean()), float(low), float(high))
        judged = int(np.argmax(rates * swings.std(axis=1)))
        metric = options.factors[judged]
        unit = points_per_unit(inputs, line, metric, swings[judged])
        if not unit > 0:
            found[line] = Advice(None, "its effect is taken as certain, so a test would tell nothing", told, 0.0)
            continue
        case = _case(inputs, line, swings, judged, (rates, unit, float(cost.mean())), fat.get(metric))
        found[line] = _advice(inputs, line, metric, case, told, fat.get(metric))
    return found


def points_per_unit(inputs: Inputs, line: str, metric: str, swings: Floats) -> float:
    """Points at weight 1 that one unit of change of a metric among those reached is worth, on average over the draws.

    Args:
        inputs: of the ledger.
        line: key of the candidate.
        metric: a factor.
        swings: draws of the value of its change at weight 1, `(draws,)`.
    """
    initiative = inputs.definitions.initiatives[line]
    beliefs = believed(inputs, line, initiative)
    change = changes(inputs, line, initiative.team, beliefs).by_metric.get(metric)
    reached = beliefs.reach if metric in beliefs.measured else 1.0
    told = [belief.share for belief in beliefs.forecasts if belief.promise.metric == metric]
    if told:
        reached = sum(told)
    if change is None and initiative.removes is not None:
        change = removed_changes(inputs, initiative.removes)[0].get(metric)
    if change is None:
        return 0.0
    away = np.asarray(change, dtype=np.float64) - float(change.mean(dtype=np.float64))
    spread = float(away @ away)
    return abs(float(away @ swings)) / spread * reached if spread > 0 else 0.0


def _case(
    inputs: Inputs,
    line: str,
    swings: Floats,
    judged: int,
    money: tuple[Floats, float, float],
    fat: Tails | None,
) -> Case:
    """The candidate as a test of one factor sees it; `money`: cost units per point by factor, points per unit, cost."""
    rates, unit, cost = money
    initiative, policy = inputs.definitions.initiatives[line], inputs.definitions.policy
    effects = swings[judged] / unit
    return Case(
        places_of(effects) if fat is None else with_tails(effects, fat, PLACES),
        float(rates[judged] * unit),
        float(rates @ swings.mean(axis=1) - rates[judged] * swings[judged].mean()),
        cost,
        policy.test_cost,
        policy.horizon_weeks,
        weeks_open(inputs, initiative),
    )


def _advice(inputs: Inputs, line: str, metric: str, case: Case, net: Estimate, fat: Tails | None) -> Advice:
    known = precision(inputs, line, metric)
    doubt = case.doubt
    if known.variance is None:
        return Advice(None, known.basis, net, doubt)
    size = best_size(case, known)
    if size.net <= max(TROUBLE * case.cost, _NOTHING):
        return Advice(None, DECIDE_ANYWAY, net, doubt)
    said = _said(inputs, (line, metric), size, known, fat)
    test = SuggestedTest(metric, size.per_arm, size.weeks, size.se, size.worth, size.cost, size.net, said)
    return Advice(test, None, net, doubt)


def _said(inputs: Inputs, about: tuple[str, str], size: Sized, known: Precision, fat: Tails | None) -> str:
    line, metric = about
    definition, done = inputs.definitions.metrics[metric], "built"
    if inputs.definitions.initiatives[line].removes:
        done = "taken out"
    title, unit = inputs.definitions.title("metrics", metric), inputs.definitions.policy.cost_unit
    time = f", about {counted(size.weeks, 'weeks')}" if size.weeks is not None else ""
    sign = MINUS if definition.direction == "down" else "+"
    when = f" if it shows about {sign}{moved(size.hurdle, definition)} or better" if 0 < size.hurdle < np.inf else ""
    told = (
        f"{size.per_arm:,} units in each of two arms{time} tell the change of {title} within ± "
        f"{moved(1.96 * size.se, definition)}; it is then {done}{when}, {chance(size.p_build)} likely; "
        f"worth {counted(size.net, unit)} more than deciding now ({known.basis})"
    )
    if fat is None:
        return told
    return f"{told}; a few of {fat.effects} past effects carry most of the gain: test more ideas, each with fewer units"


def _tails_by_metric(inputs: Inputs) -> dict[str, Tails]:
    past = corpus(inputs.definitions, inputs.tables.effects)
    found = {metric: tails_of(one.gains, one.ses) for metric, one in past.items()}
    return {metric: tails for metric, tails in found.items() if tails is not None}


def with_tests(lines: Iterable[CandidateLine], advice: Mapping[str, Advice]) -> tuple[CandidateLine, ...]:
    """Candidates with their net value, the test that pays, and the question whether to decide without one."""
    return tuple(_with_test(line, advice[line.line]) if line.line in advice else line for line in lines)


def _with_test(line: CandidateLine, advice: Advice) -> CandidateLine:
    asked = advice.reason == DECIDE_ANYWAY and line.recommendation == "test_first"
    reasons = (*line.reasons, DECIDE_ANYWAY) if asked else line.reasons
    return replace(line, net=advice.net, test=advice.test, reasons=reasons)
