"""How work is spread over horizons, when it is expected to pay, and what exploring taught."""

from __future__ import annotations

from dataclasses import dataclass

from vitalfew.results.basics import Estimate
from vitalfew.workspace.vocabulary import Horizon


@dataclass(frozen=True, slots=True)
class MixRow:
    """What the work of one horizon takes of all that is agreed on or in progress, beside its target.

    Attributes:
        horizon: None: work that names none.
        target: agreed share of effort; None where nothing was agreed.
        lines: how many are agreed on or in progress, and not out.
        effort: what they cost, in the policy's unit.
        share: of the effort of all of them, with its 80 % interval where costs are ranges; None while none has a cost.
        planned: share of the cost of the best plan; None without one.
    """

    horizon: Horizon | None
    target: float | None
    lines: int
    effort: float
    share: Estimate | None
    planned: float | None


@dataclass(frozen=True, slots=True)
class PayoffRow:
    """How many candidates are expected to have paid for themselves for the first time in a quarter of the calendar.

    Attributes:
        quarter: such as `2027-Q1`; None: later than the horizon after they are out, in more than ten years, or never.
        agreed: of work that is agreed on or in progress; else of what is only a candidate.
        lines: how many, with the 80 % interval.
    """

    quarter: str | None
    agreed: bool
    lines: Estimate


@dataclass(frozen=True, slots=True)
class ExplorationRow:
    """What exploring a horizon beyond today's business taught; never what it delivered.

    Attributes:
        horizon: h2 or h3.
        target: agreed share of effort, and `protected`: the least share of each plan; None where there is none.
        bets: begun, whether they go on, are out or were stopped.
        learnt: bets that taught something: a question answered, its uncertainty at least halved, or stopped early.
        share: of `learnt` among the bets, with its 80 % interval (Wilson); None of fewer than five.
        questions: hypotheses of these bets; `answered`: with a verdict that is clear.
        resolved: locked promises that were held against what was measured.
        bought_down: mean share of the forecast's variance that measuring took away; None while nothing is resolved.
        stopped: bets that were dropped before all of their cost was spent.
        saved: what these did not cost any more, in the policy's unit; None where no spending is dated.
    """

    horizon: Horizon
    target: float | None
    protected: float | None
    bets: int
    learnt: int
    share: Estimate | None
    questions: int
    answered: int
    resolved: int
    bought_down: float | None
    stopped: int
    saved: float | None
