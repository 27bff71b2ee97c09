"""Had we followed the recommendations of back then: what the lines chosen by each rule turned out to be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.portfolio import best_portfolio
from vitalfew.results.rows import Estimate, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.options import Options

Rule = Literal["vitalfew", "rice", "done", "all"]
RULES: tuple[Rule, ...] = ("vitalfew", "rice", "done", "all")
_FEWEST_ORDERED = 3


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """What one rule would have chosen on one day, and what is known of it by now.

    Attributes:
        as_of: the day, ISO; None: all days together.
        rule: *vitalfew* (most expected value within the budget), *rice* (highest score first), *done* (what was started
            until the next day), *all* (everything that was open: choosing blindly, on average).
        lines: what it chooses.
        known: how many of these have been measured since.
        cost: of those, in the policy's unit, as it was expected then.
        value: of those, in points, with its 80 % interval; None when nothing is known.
        per_cost: points per unit of cost, with its 80 % interval.
        behind: what following vitalfew would have brought more per unit of cost, with its 80 % interval.
    """

    as_of: str | None
    rule: Rule
    lines: tuple[str, ...]
    known: int
    cost: float
    value: Value | None
    per_cost: Estimate | None
    behind: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What each rule would have brought, day by day and in all.

    Attributes:
        days: rows by day and rule.
        total: one row per rule over all days; a line chosen on several days counts on the first.
        promised, delivered: points expected then and measured since, of the known lines that vitalfew chose, but for
            those that rested on a forecast which was not to be known then.
        tau: Kendall's tau between the order expected then and the one measured since; None below three known lines.
        tau_lines: how many lines that rests on.
        notes: what limits the comparison.
    """

    days: tuple[BacktestRow, ...]
    total: tuple[BacktestRow, ...]
    promised: float | None
    delivered: Estimate | None
    tau: float | None
    tau_lines: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What was to be chosen from on one day, what had a score, and what was begun until the next."""

    on: date
    options: Options
    scores: Mapping[str, float]
    begun: frozenset[str]

    def chosen(self, rule: Rule) -> tuple[str, ...]:
        """The lines that a rule chooses within the budget."""
        lines, costs = self.options.lines, self.options.costs.mean(axis=1)
        if rule == "vitalfew":
            open_to = np.where(self.options.fundable[:, None], self.options.values().mean(axis=1, keepdims=True), -1.0)
            taken = best_portfolio(open_to, costs[:, None], self.options.budget)[:, 0]
            return tuple(line for line, take in zip(lines, taken, strict=True) if take)
        if rule == "rice":
            price = dict(zip(lines, costs, strict=True))
            by_score = sorted((line for line in lines if line in self.scores), key=lambda one: (-self.scores[one], one))
            return _affordable(by_score, price, self.options.budget)
        return tuple(line for line in lines if rule == "all" or line in self.begun)


def backtest(days: Sequence[Day], realised: Mapping[str, Floats]) -> Backtest:
    """Hold what each rule would have chosen against what came.

    Only lines whose effect has been measured since can tell; the others are counted, never guessed.

    Args:
        days: in order.
        realised: draws of the measured value, by line, `(draws,)` each, of shared draws of the weights.
    """
    chosen = {(day.on, rule): day.chosen(rule) for day in days for rule in RULES}
    prices = [dict(zip(d.options.lines, d.options.costs.mean(axis=1), strict=True)) for d in days]
    by_day = []
    for day, price in zip(days, prices, strict=True):
        rows = {rule: (chosen[day.on, rule], price) for rule in RULES}
        by_day += _rows(day.on.isoformat(), rows, realised)
    together = {rule: _once([chosen[day.on, rule] for day in days], prices) for rule in RULES}
    expected = _expected_first(days)
    sealed = frozenset().union(*(day.options.sealed for day in days))
    picked = [line for line in together["vitalfew"][0] if line in realised and line not in sealed]
    tau, count = _order(expected, realised)
    return Backtest(
        days=tuple(by_day),
        total=tuple(_rows(None, together, realised)),
        promised=sum(expected[line] for line in picked) if picked else None,
        delivered=_estimate(np.sum([realised[line] for line in picked], axis=0)) if picked else None,
        tau=tau,
        tau_lines=count,
        notes=_notes(days, together["vitalfew"][0], realised),
    )


def _affordable(order: Iterable[str], price: Mapping[str, float], budget: float) -> tuple[str, ...]:
    taken, left = [], budget
    for line in order:
        if price[line] <= left:
            taken.append(line)
            left -= price[line]
    return tuple(taken)


def _once(
    chosen: Sequence[tuple[str, ...]], prices: Sequence[Mapping[str, float]]
) -> tuple[tuple[str, ...], Mapping[str, float]]:
    first: dict[str, float] = {}
    for lines, price in zip(chosen, prices, strict=True):
        for line in lines:
            first.setdefault(line, price[line])
    return tuple(first), first


def _rows(
    day: str | None,
    chosen: Mapping[Rule, tuple[tuple[str, ...], Mapping[str, float]]],
    realised: Mapping[str, Floats],
) -> list[BacktestRow]:
    rates: dict[Rule, Floats] = {}
    rows = []
    for rule, (lines, price) in chosen.items():
        known = [line for line in lines if line in realised]
        cost = float(sum(price[line] for line in known))
        value = per_cost = behind = None
        if known:
            drawn = np.sum([realised[line] for line in known], axis=0)
            low, high = np.quantile(drawn, [0.1, 0.9])
            value = Value(float(drawn.mean()), float(low), float(high), float((drawn > 0).mean()))
        if known and cost > 0:
            rates[rule] = drawn / cost
            per_cost = _estimate(rates[rule])
        if rule != "vitalfew" and rule in rates and "vitalfew" in rates:
            behind = _estimate(rates["vitalfew"] - rates[rule])
        rows.append(BacktestRow(day, rule, lines, len(known), cost, value, per_cost, behind))
    return rows


def _expected_first(days: Sequence[Day]) -> dict[str, float]:
    """The value each line was expected to have on the first day it was open."""
    expected: dict[str, float] = {}
    for day in days:
        for line, mean in zip(day.options.lines, day.options.values().mean(axis=1), strict=True):
            expected.setdefault(line, float(mean))
    return expected


def _order(expected: Mapping[str, float], realised: Mapping[str, Floats]) -> tuple[float | None, int]:
    known = [line for line in expected if line in realised]
    if len(known) < _FEWEST_ORDERED:
        return None, len(known)
    before = np.array([expected[line] for line in known])
    after = np.array([float(realised[line].mean()) for line in known])
    pairs = np.triu_indices(len(known), 1)
    first, second = (np.sign(np.subtract.outer(each, each))[pairs] for each in (before, after))
    ties = np.sqrt(float((first != 0).sum()) * float((second != 0).sum()))
    return (float((first * second).sum() / ties) if ties > 0 else None), len(known)


def _estimate(draws: Floats) -> Estimate:
    low, high = np.quantile(draws, [0.1, 0.9])
    return Estimate(float(draws.mean()), float(low), float(high))


def _notes(days: Sequence[Day], picked: Sequence[str], realised: Mapping[str, Floats]) -> tuple[str, ...]:
    if not days:
        return ("no day had candidates with a value and a cost: forecasts and costs of back then are needed",)
    unknown = [line for line in picked if line not in realised]
    said = []
    if unknown:
        said.append(
            f"{len(unknown)} of {len(picked)} lines that vitalfew would have chosen "
            f"{'was' if len(unknown) == 1 else 'were'} never measured: "
            "what they would have brought nobody knows"
        )
    if not any(day.scores for day in days):
        said.append("no initiative has RICE scores: give them, and the comparison shows that rule, too")
    said.append("only what was built and measured can tell, so rules that chose other things are judged on fewer lines")
    return tuple(said)
