"""What is to be chosen from: every candidate with a value and a cost, as draws that all decisions share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import believed, changes
from vitalfew.decide.draws import cost_draws, horizon_share
from vitalfew.decide.gates import gates_of
from vitalfew.decide.portfolio import THREADS, keep_memory
from vitalfew.decide.ramps import assumed
from vitalfew.decide.shipped import is_shipped, reached, removed_changes
from vitalfew.evidence.grades import weakest
from vitalfew.judgement.streams import stream
from vitalfew.results.figures import of_unit
from vitalfew.stats.percent import percent
from vitalfew.workspace.definitions import Quantiles
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from vitalfew.decide.beliefs import Beliefs
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.portfolio import Flags
    from vitalfew.decide.utility import Reals
    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.workspace.definitions import Grade, Initiative

    Singles = NDArray[np.float32]

_BEYOND = 0.05
"""Share of draws beyond the range of a factor from which it is said."""
_CLEARED = 20
"""Lines whose room is cleared in one go."""


@dataclass(frozen=True, slots=True)
class Options:
    """Candidates with a value and a cost, by draw; draw s of everything belongs together.

    Attributes:
        lines: keys of the candidates.
        factors: those that count, sorted.
        swings: value of each factor's change at weight 1, in points, reach and horizon applied,
            `(lines, factors, draws)`; single precision, for a thousand lines are 400 MB of it.
        weights: of the factors, `(factors, draws)`.
        costs: in the policy's unit, `(lines, draws)`; of a bet in two steps, of both, as its value is that of both.
        budget: in the same unit.
        fundable: False where a guardrail failed and was not waived, `(lines,)`.
        notes: where the budget comes from, in words.
        sealed: lines that rest on a forecast which is not to be known yet.
    """

    lines: tuple[str, ...]
    factors: tuple[str, ...]
    swings: Singles
    weights: Floats
    costs: Floats
    budget: float
    fundable: Flags
    notes: tuple[str, ...] = ()
    sealed: frozenset[str] = frozenset()

    @property
    def shown(self) -> Options:
        """The same without sealed lines: what may be told in numbers that would tell a forecast."""
        if not self.sealed:
            return self
        kept = np.array([line not in self.sealed for line in self.lines], dtype=bool)
        lines = tuple(line for line in self.lines if line not in self.sealed)
        few = {"swings": self.swings[kept], "costs": self.costs[kept], "fundable": self.fundable[kept]}
        return replace(self, lines=lines, sealed=frozenset(), **few)

    @property
    def ready(self) -> tuple[str, ...]:
        """Keys of the candidates that may be funded."""
        return tuple(line for line, ready in zip(self.lines, self.fundable, strict=True) if ready)

    def values(self, weights: Floats | None = None) -> Floats:
        """Value of every line, `(lines, draws)`, by the draws of the weights or by others.

        Args:
            weights: `(factors,)` or `(factors, draws)`; the workspace's own when None.
        """
        return self.singles(weights).astype(np.float64)

    def singles(self, weights: Floats | None = None) -> Singles:
        """The same in single precision, for what works on thousands of lines."""
        return weighed(self.swings, self.weights if weights is None else weights)


def weighed(swings: Singles, weights: Floats) -> Singles:
    """Value of every line, `(lines, draws)`: the sum of its swings by the weights.

    Args:
        swings: `(lines, factors, draws)`.
        weights: `(factors,)` or `(factors, draws)`.
    """
    by = np.asarray(weights, dtype=np.float32)
    by = np.broadcast_to(by[:, None], (len(by), swings.shape[2])) if by.ndim == 1 else by
    found = np.empty((swings.shape[0], swings.shape[2]), dtype=np.float32)

    def some(first: int) -> None:
        for at in range(first, len(swings), THREADS):
            np.einsum("fd,fd->d", swings[at], by, out=found[at])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(some, range(THREADS)))
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open initiative: what its value rests on, what has to be said, and what stands in its way."""

    key: str
    initiative: Initiative
    valued: bool
    grade: Grade | None
    sealed: bool
    reasons: tuple[str, ...]
    gates: Mapping[str, GateStatus]


@dataclass(frozen=True, slots=True)
class Pool:
    """All open initiatives with their draws.

    Attributes:
        candidates: those with a value and a cost, then those with a value alone, then the others; each sorted by key.
        swings: of those with a value, `(lines, factors, draws)`; the first of them are those of the options.
        options: what can be ranked within a budget.
    """

    candidates: tuple[Candidate, ...]
    swings: Singles
    options: Options


def options_of(inputs: Inputs) -> Options:
    """What the tables of a run leave to be chosen from."""
    return pool_of(inputs).options


def pool_of(inputs: Inputs) -> Pool:
    """Draw the value of every open initiative, once for all decisions."""
    still_open = [
        (key, initiative)
        for key, initiative in sorted(inputs.definitions.initiatives.items())
        if not is_shipped(initiative, inputs) and initiative.status not in OVER
    ]
    ordered = sorted(still_open, key=lambda each: each[1].cost is None)
    factors = tuple(sorted(inputs.weights))
    swings = np.empty((len(ordered), len(factors), inputs.draws), dtype=np.float32)
    keep_memory()
    # Lines in one thread: each is many short steps, and threads would spend longer on handing over than they gain.
    with ThreadPoolExecutor(1) as beside:
        rooms = _cleared(swings, beside)
        bought = beside.submit(_costs, inputs, [key for key, each in ordered if each.cost is not None])
        found = [_drawn(inputs, *each, factors, room) for each, room in zip(ordered, rooms, strict=True)]
    valued = [at for at, candidate in enumerate(found) if candidate.valued]
    priced = [at for at in valued if ordered[at][1].cost is not None]
    kept = _only(swings, valued)
    candidates = [found[at] for at in valued] + [each for each in found if not each.valued]
    options = _options(inputs, factors, kept[: len(priced)], _only(bought.result(), priced), candidates[: len(priced)])
    return Pool(tuple(candidates), kept, options)


def _cleared(swings: Singles, beside: Executor) -> Iterator[Singles]:
    """Room for each line, `(factors, draws)`, as soon as another thread has cleared it.

    The first touch of new memory takes a system about as long as drawing what will lie there.
    """
    starts = range(0, len(swings), _CLEARED)
    cleared = [beside.submit(_clear, swings[at : at + _CLEARED]) for at in starts]
    return (room for part in cleared for room in part.result())


def _clear(part: Singles) -> Singles:
    part.fill(0)
    return part


def _only[T: np.generic](lines: NDArray[T], places: Sequence[int]) -> NDArray[T]:
    """Some of the lines, in their order, moved to the front: four hundred megabytes are not copied."""
    for to, at in enumerate(places):
        if to != at:
            lines[to] = lines[at]
    return lines[: len(places)]


def pool_among(pool: Pool, grades: Collection[str]) -> Pool:
    """Those alone that can be ranked within a budget and whose evidence has one of some grades; the same draws."""
    options = pool.options
    priced = pool.candidates[: len(options.lines)]
    rows = [at for at, candidate in enumerate(priced) if candidate.grade in grades]
    lines = tuple(options.lines[at] for at in rows)
    left = replace(
        options,
        lines=lines,
        swings=options.swings[rows],
        costs=options.costs[rows],
        fundable=options.fundable[rows],
        sealed=options.sealed.intersection(lines),
    )
    return Pool(tuple(priced[at] for at in rows), left.swings, left)


def _costs(inputs: Inputs, keys: Sequence[str]) -> Floats:
    """Draws of what lines cost in all, `(lines, draws)`."""
    costs = np.empty((len(keys), inputs.draws))
    for at, key in enumerate(keys):
        costs[at] = first_cost(inputs, key)
        if inputs.definitions.initiatives[key].later:
            costs[at] += later_cost(inputs, key)
    return costs


def _options(
    inputs: Inputs, factors: tuple[str, ...], swings: Singles, costs: Floats, priced: Sequence[Candidate]
) -> Options:
    budget, notes = budget_of(inputs, [each.initiative for each in priced])
    return Options(
        tuple(each.key for each in priced),
        factors,
        swings,
        np.array([inputs.weights[factor] for factor in factors]).reshape(len(factors), inputs.draws),
        costs,
        budget,
        np.array(["fail" not in each.gates.values() for each in priced], dtype=bool),
        notes,
        frozenset(each.key for each in priced if each.sealed),
    )


def first_cost(inputs: Inputs, key: str) -> Floats:
    """Draws of a line's cost, `(draws,)`; of a bet in two steps, that of the first."""
    cost = inputs.definitions.initiatives[key].cost
    return cost_draws(cost or 0.0, stream(inputs.seed, "", "cost", key))


def later_cost(inputs: Inputs, key: str) -> Floats:
    """Draws of the cost of a line's second step, `(draws,)`: nothing where all is done at once."""
    later = inputs.definitions.initiatives[key].later
    return cost_draws(later.cost if later else 0.0, stream(inputs.seed, "", "later cost", key))


def _drawn(inputs: Inputs, key: str, initiative: Initiative, factors: tuple[str, ...], swings: Singles) -> Candidate:
    """One candidate; its draws are written to `swings`, `(factors, draws)`, where it has a value."""
    gates, gate_reasons = gates_of(inputs, key)
    if not inputs.definitions.factors:
        reasons = ("no factors yet: facts only", *gate_reasons)
        return Candidate(key, initiative, valued=False, grade=None, sealed=False, reasons=reasons, gates=gates)
    beliefs = believed(inputs, key, initiative)
    grade, said = _fill(inputs, key, initiative, beliefs, factors, swings)
    reasons = beliefs.reasons + said or (("no forecast yet",) if grade is None else ())
    return Candidate(key, initiative, grade is not None, grade, beliefs.sealed, (*reasons, *gate_reasons), gates)


def _fill(
    inputs: Inputs, key: str, initiative: Initiative, beliefs: Beliefs, factors: tuple[str, ...], swings: Singles
) -> tuple[Grade | None, tuple[str, ...]]:
    """Write the draws of a candidate; gives the weakest grade they rest on, and what has to be said."""
    found = changes(inputs, key, initiative.team, beliefs)
    by_factor: dict[str, Reals] = {factor: found.by_metric[factor] for factor in factors if factor in found.by_metric}
    grade, said = weakest(found.grades[factor] for factor in by_factor), []
    if not by_factor and initiative.removes is not None:
        by_factor, grade = removed_changes(inputs, initiative.removes)
        said += ["what it takes away was measured when it was built"] if by_factor else []
    for factor, change in by_factor.items():
        curve = inputs.curves[factor]
        share = np.float32(100 * share_of_horizon(inputs, initiative, factor))
        np.multiply(curve.change(change), share, out=swings[factors.index(factor)])
        beyond = curve.outside(change)
        if factor not in found.through and beyond < _BEYOND:
            continue
        title = inputs.definitions.title("factors", factor)
        if factor in found.through:
            said.append(reached(inputs.definitions, factor, found.through[factor]))
        if beyond >= _BEYOND:
            said.append(
                f"{title} would leave its range with probability {percent(beyond)}: counted by the slope at its end"
            )
    taken = assumed(initiative, inputs.past_ramp, inputs.uses)
    if by_factor and taken:
        said.append(taken.said)
    if by_factor and weeks_open(inputs, initiative) == 0:
        said.append(f"it cannot be out before {initiative.needed_by}, after which it is worth nothing")
    return grade, tuple(said)


def share_of_horizon(inputs: Inputs, initiative: Initiative, factor: str) -> float:
    """Share of the horizon's value that a candidate reaches on a factor."""
    policy = inputs.definitions.policy
    return horizon_share(
        policy.horizon_weeks,
        policy.discount,
        inputs.ramp_of(initiative),
        initiative.half_life_weeks,
        inputs.definitions.factors[factor].lag_weeks,
        weeks_open(inputs, initiative),
    )


def weeks_open(inputs: Inputs, initiative: Initiative) -> float | None:
    """Weeks between the day a candidate can be out at the earliest and the day its window closes."""
    if initiative.needed_by is None:
        return None
    out = (initiative.started or inputs.today) + timedelta(weeks=initiative.weeks or 0)
    return max((initiative.needed_by - max(out, inputs.today)).days / 7, 0.0)


def budget_of(inputs: Inputs, priced: Sequence[Initiative]) -> tuple[float, tuple[str, ...]]:
    """The budget, as given or taken from the candidates' costs, and what to say about it."""
    policy = inputs.definitions.policy
    if policy.budget is not None:
        return policy.budget, ()
    costs = [each.cost for each in priced if each.cost is not None]
    ends = [(cost.p50, cost.p90) if isinstance(cost, Quantiles) else (cost, cost) for cost in costs]
    if not ends:
        return 0.0, ()
    half, dearest = sum(middle for middle, _ in ends) / 2, max(high for _, high in ends)
    if half >= dearest:
        return half, (
            f"no budget given: half of the candidates' cost is taken, {of_unit(f'{half:,.4g}', policy.cost_unit)}",
        )
    # With few candidates half would leave no room for some of them, and "drop" would say nothing about their worth.
    said = (
        f"no budget given: what the dearest candidate may cost is taken, {of_unit(f'{dearest:,.4g}', policy.cost_unit)}"
    )
    return dearest, (said,)
