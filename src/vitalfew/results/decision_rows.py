"""What decisions rest on: ranks, the vital few factors, plans, the worth of knowing more, views, explanations.

Values are in points (100: every factor from worst to best over the whole horizon), costs in the policy's unit.
Intervals are of 80 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vitalfew.results.basics import Choice, Estimate, Light, Value
from vitalfew.workspace.definitions import Grade


@dataclass(frozen=True, slots=True)
class RankRow:
    """Where a candidate stands among those that have a value and a cost and may be funded, by value per cost.

    Those worth nothing come after all that are worth something, by their value; equals are ranked by lot.

    Attributes:
        line: its key.
        rank: mean rank, with its 80 % interval.
        acceptability: probability of each rank from the first on (at most the first 100).
        p_top: probability of being among the first 1, 3, 5, 10, by these numbers as text.
        wins: probability of beating another candidate in value per cost, by its key (at most 30: the nearest in rank).
        central: mean weights of the factors in the draws in which it comes first; empty when it never does.
        confidence: probability of coming first at these weights; None when it never does, or is none of the 50 that do
            most often.
    """

    line: str
    rank: Estimate
    acceptability: tuple[float, ...]
    p_top: Mapping[str, float]
    wins: Mapping[str, float]
    central: Mapping[str, float]
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class RankedLine:
    """Where a candidate stands by some weights and budget.

    Attributes:
        line: its key.
        title: of the initiative.
        team: that would build it.
        rank: mean rank by value per cost with its 80 % interval; None where a guardrail failed.
        p_best: probability of the most value per cost.
        p_in: probability of belonging into the best portfolio.
        p_in_before: the same by the workspace's own weights and budget.
        value: in points, with its 80 % interval; None where a forecast is not to be known yet.
        cost: mean cost, in the policy's unit.
        recommendation: what that suggests.
        grade: the weakest evidence that the value rests on.
    """

    line: str
    title: str
    team: str | None
    rank: Estimate | None
    p_best: float
    p_in: float
    p_in_before: float
    value: Value | None
    cost: float
    recommendation: Choice
    grade: Grade | None


@dataclass(frozen=True)
class RankedLines:
    """Candidates ranked by some weights and a budget.

    Attributes:
        lines: those with a value and a cost, by P(in the best portfolio).
        weights: of the factors, with their 80 % intervals; without one where they were set.
        titles: of the factors.
        budget: in the unit of cost.
        unit: of cost.
        changed: whether weights or budget are others than the workspace's own.
        preview: whether only 2,000 draws were looked at.
        notes: what has to be said about it.
    """

    lines: tuple[RankedLine, ...]
    weights: Mapping[str, Estimate]
    titles: Mapping[str, str]
    budget: float
    unit: str
    changed: bool
    preview: bool
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        from vitalfew.results.codec import plain

        names = ("weights", "budget", "unit", "changed", "preview", "notes", "lines")
        return {name: plain(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True)
class VitalFactorsRow:
    """What deciding by `k` factors alone would cost: the one set of each size on the way down to the North Star.

    Attributes:
        k: how many factors are kept.
        factors: which.
        regret: share of the best plan's value that is lost, with its 80 % interval over draws of the weights; None
            where nothing that could be chosen has a value.
        tau: Kendall's tau of the order of lines with that by all factors, likewise.
        enough: this is the smallest set that loses 2 % or less at tau 0.8 or more.
        dropped: the factor that the next larger set holds besides.
        declared: the set is the one factor that the definitions call North Star, beside the way down.
        basis: what was chosen from: *candidates*; *shipped* lines too, where candidates are fewer than five or silent
            about a factor; *assumed* without lines: as if any line moved all factors alike and independently.
        lines: how many lines were chosen from.
        notes: what has to be said of it, on the set of all factors only.
    """

    k: int
    factors: tuple[str, ...]
    regret: Estimate | None
    tau: Estimate | None
    enough: bool = False
    dropped: str | None = None
    declared: bool = False
    basis: Literal["candidates", "shipped", "assumed"] = "candidates"
    lines: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactorShareRow:
    """How much a factor decides: its share of the differences in value between lines, and what changes without it.

    Attributes:
        factor: its key.
        share: of the variance of value, with its 80 % interval over draws of the weights; the shares sum to 1, and one
            below 0 works against the others. None with fewer than two lines.
        flips: share of the draws of the weights in which another set is funded without it; None without candidates.
        changed: lines that are decided otherwise without it: funded or not, worth keeping or not.
        parked: it changes no decision: one of the worthwhile many.
        raters: how many weighed it.
        zero_votes: how many of them said that it counts nothing.
    """

    factor: str
    share: Estimate | None
    flips: float | None = None
    changed: tuple[str, ...] = ()
    parked: bool = False
    raters: int = 0
    zero_votes: int = 0


@dataclass(frozen=True, slots=True)
class FactorLightsRow:
    """How far the agreement on a factor goes, in four lights: told, defined and measured, weighed, with a target.

    *on*, *partly* or *off*; `missing` says for each that is not on what would turn it on.
    """

    factor: str
    narrative: Light
    definition: Light
    weight: Light
    target: Light
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StarRow:
    """One test of a North Star: *yes*, *no*, or *unknown*, with the fact behind it (`said`).

    `test`: whether it *moves* within the horizon, is *customers*' value, is an *outcome* rather than activity, leads to
    the *business*, and decides well *alone*.
    """

    factor: str
    test: Literal["moves", "customers", "outcome", "business", "alone"]
    status: Literal["yes", "no", "unknown"]
    said: str


@dataclass(frozen=True, slots=True)
class RedundantRow:
    """A factor that says what others say already.

    `why`: *correlated* true effects with one other, *explained* by several (R²), or *path*: it is a means to the other
    in the graph of metrics. `strength`: correlation or R², freed of the noise of estimates and drawn towards none, with
    its 80 % interval. `keep`: the one to keep, by direction times sensitivity, where that can be told, and `merged`
    the weight it would have.
    """

    factor: str
    others: tuple[str, ...]
    why: Literal["correlated", "explained", "path"]
    strength: Estimate | None
    comparisons: int
    keep: str | None
    merged: float | None
    message: str


@dataclass(frozen=True, slots=True)
class GroupValueRow:
    """What a line means to some of those concerned, by their own weights or their own effects.

    `kind` *segment* (effects measured there, or forecasts about it), *raters* (weights of a rater group), *stakeholder*
    (weights of the raters who speak for them, else the factors that are theirs), *side* (the factors of customer,
    business, technical or employee).

    Attributes:
        line: its key.
        group: key of the segment or stakeholder, name of the rater group or side.
        kind: what the group is.
        value: in points of what counts to them; None where only a guardrail of theirs is known.
        p_loss: probability that they lose by it.
        p_breach: probability that a guardrail of theirs gets worse by more than its margin; None without one.
        guardrail: that of which this holds most.
        shipped: whether the line is out.
        notes: what has to be said of it.
    """

    line: str
    group: str
    kind: Literal["segment", "raters", "stakeholder", "side"]
    value: Value | None
    p_loss: float | None
    shipped: bool
    p_breach: float | None = None
    guardrail: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def risk(self) -> float:
        """The larger of the two probabilities; 0 where neither is known."""
        return max(self.p_loss or 0.0, self.p_breach or 0.0)


@dataclass(frozen=True, slots=True)
class SayDoRow:
    """Stated weight of a factor beside the weight that past choices reveal, each with its 80 % interval.

    Attributes:
        factor: its key.
        stated: its weight; None when nobody judged.
        revealed: share of the cost of what was chosen that went to what was meant to move the factor; None without
            chosen lines of known cost and purpose.
        chosen_for: change of the log odds of being chosen per tenth of the factor's range, from accepted and rejected
            lines; None when too few were accepted or rejected.
        lines: chosen lines behind `revealed`.
        gap: revealed less stated, with its 80 % interval.
        message: all of it in a sentence, with the reason for what is missing.
    """

    factor: str
    stated: Estimate | None
    revealed: Estimate | None
    chosen_for: Estimate | None
    lines: int
    gap: Estimate | None
    message: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A set of candidates to fund.

    Numbers are None, and mappings empty, where they would tell a forecast that is not to be known yet.

    Attributes:
        plan: *best* (most expected value within all bounds), *cheapest* (least cost within 5 % of the best value),
            *unfenced* (without minimum shares: what the fences cost).
        lines: their keys, by expected value per cost.
        value: of all of them.
        cost: expected; `costs` its median with the 80 % interval, `p_over` the probability of more than the budget.
        budget: in the same unit.
        regret: mean value that the best set of each draw, within the same bounds, has above it; a lower limit above
            twelve lines.
        gap: how far from the proved optimum at most, as a share.
        binding: bounds that stand in the way of more, with what each would give if it were a tenth looser.
        notes: what else to know.
        sides: expected value by side (customer, business, technical, employee).
        horizons: share of the cost by horizon (h1, h2, h3, none).
        payoff: share of the value by quarter (13 weeks) of the horizon.
        blocking: bounds that together leave nothing to fund, where something would be worth funding without them.
        technical: share of the cost that goes into technical health; None where no policy asks for it.
    """

    plan: Literal["best", "cheapest", "unfenced"]
    lines: tuple[str, ...]
    value: Value | None
    cost: float
    budget: float
    regret: float | None
    gap: float
    binding: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    costs: Estimate | None = None
    p_over: float | None = None
    sides: Mapping[str, float] | None = None
    horizons: Mapping[str, float] | None = None
    payoff: tuple[float, ...] = ()
    blocking: tuple[str, ...] = ()
    technical: float | None = None


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """The most expected value that a budget buys; `side` *all*, or that of one side with a floor on the others.

    `floor`: what every other side keeps at least, as a share of what it has in the best plan. Values are None where
    they would tell a forecast that is not to be known yet.
    """

    side: str
    budget: float
    cost: float
    value: float | None
    sides: Mapping[str, float] | None
    lines: tuple[str, ...]
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class SequenceRow:
    """When to start a line of the plan: by cost of delay over duration, team by team.

    Weeks are counted from the day of the run. `cost_of_delay`: points lost per week of delay (`closing` of it because a
    window closes); None where it would tell a forecast that is not to be known yet.
    """

    place: int
    line: str
    team: str | None
    weeks: float
    start_week: float
    end_week: float
    cost_of_delay: float | None
    reason: str
    closing: float | None = None


@dataclass(frozen=True, slots=True)
class InformationRow:
    """What it would be worth to know something for sure before choosing (expected value of perfect information).

    `about`: *everything*, *weights* (or the weight of `subject`), *effects* (or those of the line `subject`), *slopes*
    (links between metrics), *costs*. `worth` in points, with its standard error; `share` of that of everything.
    """

    about: Literal["everything", "weights", "effects", "slopes", "costs"]
    subject: str | None
    worth: float
    error: float
    share: float
    message: str


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A long-term bet in two steps: build a little, look, and go on only if it is worth it.

    `now`: expected value of the first step with the right to stop, in the unit of cost; `at_once`: of doing all of it;
    `p_go_on`: probability that the second step will be taken.
    """

    line: str
    now: float
    at_once: float
    p_go_on: float
    first_cost: float
    later_cost: float
    message: str


@dataclass(frozen=True, slots=True)
class ClassicRow:
    """Scores of the classic methods beside the probability that a candidate belongs to the first.

    Only what the line gives numbers for; the conventions are those of each method's authors. The probability is by
    one method, `by`, the one that most lines give numbers for: each of its inputs is off by the stated `input_error` (a
    factor), an `estimate` by its own range.

    Attributes:
        line: its key.
        evidence: confidence by the strongest evidence that is linked, 0.01 to 10, and `evidence_kind` in words.
        delay: money lost per week of delay over the weeks of work (CD3).
        odi: opportunity score of the need served with the highest one; this, `better` and `worse` with 95 % intervals.
        estimate: median that the sheet gives, in its own unit, per cost where every line has one.
        score: by the method `by`; `likely`: what is left of it without luck, with its 80 % interval.
        ranks: rank by each method.
        rank: mean rank by the method `by`, with its 80 % interval.
        p_top: probability of being among the first `top` of `among`; `p_first` of being the first.
    """

    line: str
    rice: float | None = None
    ice_mean: float | None = None
    ice_product: float | None = None
    evidence: float | None = None
    evidence_kind: str | None = None
    wsjf: float | None = None
    delay: float | None = None
    value_effort: float | None = None
    weighted: float | None = None
    normalised: float | None = None
    odi: Estimate | None = None
    kano: str | None = None
    better: Estimate | None = None
    worse: Estimate | None = None
    maxdiff: float | None = None
    estimate: float | None = None
    ranks: Mapping[str, int] | None = None
    by: str | None = None
    score: float | None = None
    likely: Estimate | None = None
    rank: Estimate | None = None
    p_top: float | None = None
    p_first: float | None = None
    top: int | None = None
    among: int | None = None
    input_error: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A sentence about a line of the ledger.

    `kind`: *why* it stands where it does; *change*: what would have to be otherwise for it to stand elsewhere; *ask*:
    the cheapest question to answer next. `numbers`: what the sentence is made from.
    """

    line: str
    kind: Literal["why", "change", "ask"]
    text: str
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BetRow:
    """How long and how dear it was to find out: from the hypothesis to its verdict, and before the first evidence.

    Days; None while open. `open_days`: of a hypothesis without a verdict, until today. `spent`: cost before the first
    evidence on the initiative, in the policy's unit; `spread`: whether it was spread evenly over the work for lack of
    dates.
    """

    hypothesis: str
    initiative: str
    asked: str | None
    evidence: str | None
    verdict: str | None
    days: int | None
    open_days: int | None
    spent: float | None
    spread: bool
    overdue: bool
