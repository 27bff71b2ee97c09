"""What it would be worth to know something before the portfolio is chosen: EVPI, and EVPPI of its parts.

The choice is which candidates the budget goes to. Without knowing more it follows the expected values; knowing
something, it may follow what that leads one to expect, draw by draw. The difference in value is what knowing is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.portfolio import FEW, best_portfolio
from vitalfew.decide.regression import expected_given

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags
    from vitalfew.decide.utility import Reals

About = Literal["everything", "weights", "effects", "slopes", "costs"]

CELLS = 1_000_000
"""Lines times draws that are looked at: all draws of a hundred lines, fewer of a thousand."""
_FEWEST_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Worth:
    """What knowing something for sure adds to the expected value of the portfolio.

    Attributes:
        about: what kind of thing.
        subject: key of the factor or line; None for all of the kind.
        worth: in points, not below 0 and not above that of everything.
        error: its standard error, from the draws.
    """

    about: About
    subject: str | None
    worth: float
    error: float


@dataclass(frozen=True, slots=True)
class Information:
    """What knowing is worth, of everything first, and the expected value of the plan without knowing more."""

    plan: float
    worths: tuple[Worth, ...]

    def of(self, about: About, subject: str | None = None) -> float:
        """What knowing something is worth in points; 0 where nothing is uncertain."""
        return next((one.worth for one in self.worths if (one.about, one.subject) == (about, subject)), 0.0)


def information(options: Options, slopes: Mapping[str, Reals] = MappingProxyType({})) -> Information | None:
    """What knowing each thing would be worth; None without a candidate that may be funded.

    Knowing all weights, all effects or those of one line has exact conditional expectations, for weights and effects
    are drawn independently of each other; that of one weight or of the links is learnt from the draws
    (`expected_given`). Costs that are not known in advance are met while the plan is worked off: what the money left
    cannot pay is left out.

    What is carried by links depends on their slopes too, which therefore count in the worth of effects as well.

    Args:
        options: what there is to choose from.
        slopes: of links between metrics by their keys, `(draws,)` each, where the values rest on some.
    """
    chosen = _Choice.of(options)
    if chosen is None:
        return None
    everything, error = chosen.gain(chosen.values, chosen.costs, chosen.values)
    most = max(everything, 0.0)
    parts = (
        Worth(about, subject, min(max(gain, 0.0), most), se)
        for about, subject, gain, se in _parts(chosen, options, slopes)
    )
    return Information(chosen.expected, (Worth("everything", None, most, error), *parts))


def _parts(
    chosen: _Choice, options: Options, slopes: Mapping[str, Reals]
) -> Iterator[tuple[About, str | None, float, float]]:
    by_weights = chosen.swings @ chosen.weights
    doubtful = chosen.weights.std(axis=1) > 0
    if doubtful.any():
        yield ("weights", None, *chosen.gain(by_weights, None, by_weights))
        for at in np.flatnonzero(doubtful):
            weights = expected_given(chosen.weights, chosen.weights[at][None])
            yield ("weights", options.factors[at], *chosen.gain(chosen.swings @ weights, None, by_weights))
    by_effects = chosen.by_effects
    if (by_effects.std(axis=1) > 0).any():
        yield ("effects", None, *chosen.gain(by_effects, None, by_effects))
        for line, gain, se in _of_lines(chosen):
            yield "effects", line, gain, se
    if slopes:
        drawn = {link: np.asarray(one[: by_effects.shape[1]], dtype=np.float64) for link, one in slopes.items()}
        together = expected_given(by_effects, np.vstack(list(drawn.values())))
        yield ("slopes", None, *chosen.gain(together, None, by_effects))
        for link, one in drawn.items():
            yield ("slopes", link, *chosen.gain(expected_given(by_effects, one[None]), None, by_effects))
    if (chosen.costs.std(axis=1) > 0).any():
        values = chosen.expected_values
        yield ("costs", None, *chosen.gain(values, chosen.costs, np.broadcast_to(values, chosen.values.shape)))


def _of_lines(chosen: _Choice) -> Iterator[tuple[str, float, float]]:
    """What knowing the effects of each line is worth: those of the others stay as expected.

    The line is then built where it is worth more than what its money would buy otherwise.
    """
    instead = chosen.bought_instead()
    for at, line in enumerate(chosen.lines):
        above = chosen.by_effects[at] - instead[at]
        built = float(above.mean()) > 0
        gains = np.maximum(above, 0.0) - (above if built else 0.0)
        yield line, float(gains.mean()), float(gains.std() / sqrt(len(gains)))


@dataclass(frozen=True, slots=True)
class _Choice:
    """What there is to choose from, lines that may not be funded left out.

    `values`, `by_effects` (at mean weights) and `costs` are `(lines, draws)`, `swings` mean values at weight 1,
    `(lines, factors)`, `weights` `(factors, draws)`, `plan` what is chosen without knowing more, `(lines, draws)`.
    """

    lines: tuple[str, ...]
    values: Floats
    by_effects: Floats
    swings: Floats
    weights: Floats
    costs: Floats
    budget: float
    plan: Flags

    @classmethod
    def of(cls, options: Options) -> _Choice | None:
        kept = np.flatnonzero(options.fundable)
        if not len(kept) or not options.factors:
            return None
        draws = min(options.weights.shape[1], max(CELLS // len(kept), _FEWEST_DRAWS))
        swings, weights = options.swings[kept][:, :, :draws], options.weights[:, :draws]
        values = np.einsum("lfd,fd->ld", swings, weights.astype(np.float32)).astype(np.float64)
        by_effects = np.einsum("lfd,f->ld", swings, weights.mean(axis=1).astype(np.float32)).astype(np.float64)
        means, costs = swings.mean(axis=2, dtype=np.float64), options.costs[kept][:, :draws]
        expected = (means @ weights.mean(axis=1))[:, None]
        plan = _worked_off(expected, costs.mean(axis=1, keepdims=True), costs, options.budget)
        lines = tuple(options.lines[at] for at in kept)
        return cls(lines, values, by_effects, means, weights, costs, options.budget, plan)

    @property
    def expected_values(self) -> Floats:
        """Expected values without knowing more, `(lines, 1)`."""
        return (self.swings @ self.weights.mean(axis=1))[:, None]

    @property
    def expected(self) -> float:
        """Expected value of the plan."""
        return float((self.plan * self.expected_values).sum(axis=0).mean())

    def gain(self, expected: Floats, costs: Floats | None, values: Floats) -> tuple[float, float]:
        """Mean value gained over the plan, and its standard error.

        Args:
            expected: values that are reckoned with, `(lines, draws)` or `(lines, 1)`.
            costs: that are reckoned with; the means when None.
            values: by which the choice is judged.
        """
        reckoned = self.costs.mean(axis=1, keepdims=True) if costs is None else costs
        informed = _worked_off(expected, reckoned, self.costs, self.budget)
        # By value per cost is not always best; where the plan as it was is expected to do better, it stays.
        stays = (self.plan * expected).sum(axis=0) > (informed * expected).sum(axis=0)
        informed = np.where(stays, self.plan, informed)
        more = ((informed.astype(np.float64) - self.plan) * values).sum(axis=0)
        return float(more.mean()), float(more.std() / sqrt(len(more)))

    def bought_instead(self) -> Floats:
        """Expected value that each line's money buys otherwise, `(lines,)`; infinite where it cannot be paid."""
        values = self.expected_values[:, 0]
        costs = self.costs.mean(axis=1)
        without = np.repeat(values[:, None], len(values), axis=1)
        np.fill_diagonal(without, 0.0)
        # Worth more than all others together, a line is taken first, of many by its value per cost, too; what is left
        # buys the rest.
        most = np.full(len(values), 2 * np.abs(values).sum() + 1.0)
        sure = without + np.diag(most if len(values) <= FEW else most * 1e3 * np.maximum(costs, 1.0))
        columns = np.repeat(costs[:, None], len(values), axis=1)
        rest = [(best_portfolio(v, columns, self.budget) * without).sum(axis=0) for v in (without, sure)]
        return np.where(costs <= self.budget, np.maximum(rest[0] - rest[1], 0.0), np.inf)


def _worked_off(values: Floats, costs: Floats, paid: Floats, budget: float) -> Flags:
    """Which lines are built when those chosen are worked off in order until the money is spent, `(lines, draws)`.

    Args:
        values: that are reckoned with, `(lines, draws)` or `(lines, 1)`.
        costs: likewise.
        paid: what they turn out to cost, `(lines, draws)`.
        budget: what may be spent.
    """
    shape = np.broadcast_shapes(values.shape, costs.shape)
    values, costs = np.broadcast_to(values, shape), np.broadcast_to(costs, shape)
    chosen = best_portfolio(values, costs, budget)
    if np.array_equal(np.broadcast_to(costs, paid.shape), paid):
        return np.broadcast_to(chosen, paid.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(values > 0, values / costs, -np.inf)
    order = np.broadcast_to(np.lexsort((-ratio, ~chosen), axis=0), paid.shape)
    worth, draws = np.broadcast_to(values > 0, paid.shape), np.arange(paid.shape[1])
    built, left = np.zeros(paid.shape, dtype=bool), np.full(paid.shape[1], float(budget))
    for line in order:
        price = paid[line, draws]
        take = worth[line, draws] & (price <= left)
        built[line, draws] = take
        left = left - np.where(take, price, 0.0)
    return built
