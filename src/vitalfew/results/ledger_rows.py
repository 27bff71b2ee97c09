"""The value ledger: promises held against effects, lines shipped and candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Choice, Estimate, NextStep, Proof, Value, Verdict
from vitalfew.workspace.definitions import Grade


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A promise held against the effect, by the formula; estimates in the metric's unit.

    `se`: the standard error at a fixed horizon, which the verdict and scores use; `low` and `high` may be wider.
    """

    hypothesis: str
    initiative: str
    metric: str
    verdict: Verdict
    reason: str
    promised: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    due: str | None = None
    se: float | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise as the ledger shows it."""

    metric: str
    p10: float
    p50: float
    p90: float
    proved: Proof


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect as the ledger shows it, with its 95 % interval."""

    metric: str
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class FactorPart:
    """Contribution of one factor to the value of a line, in points, with its 80 % interval."""

    factor: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost in the policy's unit."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """A ledger line of something shipped: promised, measured, verdict, next step."""

    line: str
    title: str
    kind: Literal["feature", "initiative"]
    team: str | None
    promised: Promised | None
    measured: Measured | None
    value: Value | None
    parts: tuple[FactorPart, ...]
    upkeep: float | None
    use: Estimate | None
    verdict: Verdict
    recommendation: NextStep
    p_vital: float | None
    grade: Grade | None
    reasons: tuple[str, ...] = ()
    product: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestedTest:
    """The test of a candidate that is worth most before building it.

    `worth` (expected value of what it would tell), `cost` (the test itself, and the delay) and `net` in the policy's
    unit of cost; `weeks` None when the traffic is not known; `se`: standard error of the effect it would reach.
    """

    metric: str
    units_per_arm: int
    weeks: float | None
    se: float
    worth: float
    cost: float
    net: float
    reason: str


@dataclass(frozen=True, slots=True)
class Viability:
    """Whether a candidate pays what it costs, in the policy's unit of cost, from the day it is out.

    Attributes:
        build: expected cost of building, of both steps of a bet in two.
        run: of keeping it over the horizon; below 0 where it saves the upkeep of what it takes away.
        horizon: weeks that are looked at.
        given_up: what the same part of the budget would bring elsewhere (80 %); 0 where the budget reaches for all.
        weeks: until its value exceeds what building and running it has cost by then: the median with its 80 % interval.
            `high` None lies beyond the horizon, and where the median does, there is none.
        p_within: probability that it pays within the horizon.
        basis: how a point of value is priced, in words.
        reason: why nothing is said of value; None where something is.
    """

    build: float
    run: float
    horizon: float
    given_up: Estimate | None = None
    weeks: Estimate | None = None
    p_within: float | None = None
    basis: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A ledger line of something we may do: expected value, cost, probability in the best portfolio, next step.

    `per_cost`: mean value over mean cost, in points per unit of cost. `net`: value minus what building it and running
    it over the horizon cost, in the unit of cost with its 80 % interval, where a point has a price. `test`: the test
    that would pay most; None when none would. `viability`: when it pays, of lines with a value and a cost.
    """

    line: str
    title: str
    kind: Literal["feature", "initiative"]
    team: str | None
    value: Value | None
    parts: tuple[FactorPart, ...]
    cost: Cost | None
    p_best: float | None
    p_in: float | None
    recommendation: Choice
    grade: Grade | None
    reasons: tuple[str, ...] = ()
    per_cost: float | None = None
    net: Estimate | None = None
    test: SuggestedTest | None = None
    product: str | None = None
    viability: Viability | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The ledger in figures. `vital_k` of `vital_n` shipped lines gave 80 % of the positive value (80 % interval).

    `hardly_used_cost` went into features that hardly anybody uses, `hardly_used_share` (80 % interval) of the cost of
    all that were judged; keeping them costs `hardly_used_upkeep` a year. In the policy's unit.
    """

    shipped: int
    candidates: int
    vital_k: int | None = None
    vital_low: int | None = None
    vital_high: int | None = None
    vital_n: int = 0
    hardly_used: int | None = None
    measured_features: int = 0
    features: int = 0
    hardly_used_cost: float | None = None
    kept: int = 0
    resolved: int = 0
    notes: tuple[str, ...] = ()
    hardly_used_share: Estimate | None = None
    hardly_used_upkeep: float | None = None
