"""Plans: which candidates to fund, by expected value within everything that bounds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.milp import Bound, Effort, choose
from vitalfew.decide.options import weeks_open
from vitalfew.decide.payoff import by_quarter, weekly_share
from vitalfew.decide.plans_regret import best_in_hindsight
from vitalfew.results.figures import amount, significant
from vitalfew.results.rows import Estimate, PlanRow, Value
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.sides import is_technical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.milp import Choice
    from vitalfew.decide.plans_menu import Menu
    from vitalfew.decide.portfolio import Flags

NEAR_BEST = 0.95
"""Share of the best value that the cheapest plan keeps at least."""
LOOSER = 0.1
"""Share by which a bound is loosened to see what it stands in the way of."""
HINDSIGHT_DRAWS = 2_000
MANY = 200
"""Lines from which on the plans beside the best are searched for less thoroughly."""
_QUICK = Effort(seconds=1.0, gap=1e-3)
_SHOWN = 8
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Plans:
    """The sets that were found: the best, the cheapest near it, and the best without minimum shares."""

    best: Choice
    cheapest: Choice
    unfenced: Choice | None


def plans_of(menu: Menu) -> Plans:
    """The best plan, the cheapest within 5 % of its value, and, where shares are fenced off, the best without fences.

    Args:
        menu: what there is to choose from.
    """
    worth, price, quick = menu.worth, menu.price, _quick(menu)
    best = choose(worth, menu.bounds, menu.allowed)
    floor = Bound("floor", "", "95 % of the best value", -worth, -NEAR_BEST * best.value)
    cheapest = choose(-price, (*menu.bounds, floor), menu.allowed, quick) if best.chosen.any() else best
    free = tuple(bound for bound in menu.bounds if bound.kind != "share")
    unfenced = choose(worth, free, menu.allowed) if len(free) < len(menu.bounds) else None
    return Plans(best, cheapest if cheapest.feasible else best, unfenced)


def _quick(menu: Menu) -> Effort:
    return Effort() if len(menu.lines) <= MANY else _QUICK


def plan_rows(menu: Menu, found: Plans, inputs: Inputs) -> tuple[PlanRow, ...]:
    """The plans, with what stands in the way of more."""
    stopping = () if found.best.chosen.any() else blocking(menu)
    told = _remarks(menu, found, inputs, stopping)
    best = _row("best", found.best, menu, inputs, binding(menu, found.best), told)
    rows = [replace(best, blocking=stopping)]
    rows.append(_row("cheapest", found.cheapest, menu, inputs, (), _saved(menu, found, inputs)))
    if found.unfenced is not None:
        rows.append(_row("unfenced", found.unfenced, menu, inputs))
    return tuple(rows)


def _row(
    name: Literal["best", "cheapest", "unfenced"],
    choice: Choice,
    menu: Menu,
    inputs: Inputs,
    stands: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> PlanRow:
    chosen, hidden = choice.chosen, is_hidden(menu, choice.chosen)
    worth, costs = menu.values[chosen].sum(axis=0), menu.costs[chosen].sum(axis=0)
    low, median, high = (float(each) for each in np.quantile(costs, [0.1, 0.5, 0.9]))
    if hidden:
        notes = (*notes, "its value is not shown: it would tell forecasts that are not locked yet")
    return PlanRow(
        plan=name,
        lines=names(menu, chosen),
        value=None if hidden else summary(worth),
        cost=float(costs.mean()),
        budget=menu.budget,
        regret=None if is_hidden(menu, menu.allowed) else regret(menu, chosen, name),
        gap=choice.gap,
        binding=stands,
        notes=notes,
        costs=Estimate(median, low, high),
        p_over=float((costs > menu.budget * (1 + _NOTHING)).mean()),
        sides=None if hidden else by_side(menu, chosen),
        horizons=_spending(menu, chosen, inputs),
        payoff=() if hidden else _payoff(menu, chosen, inputs),
        technical=_technical(menu, chosen, inputs),
    )


def names(menu: Menu, chosen: Flags) -> tuple[str, ...]:
    """Lines of a set by expected value per cost, the best first."""
    ratio = menu.worth / np.maximum(menu.price, _NOTHING)
    return tuple(menu.lines[at] for at in sorted(np.flatnonzero(chosen), key=lambda at: (-ratio[at], menu.lines[at])))


def is_hidden(menu: Menu, chosen: Flags) -> bool:
    """Whether the value of a set would tell forecasts that are not to be known yet."""
    return bool((menu.sealed & chosen).any())


def by_side(menu: Menu, chosen: Flags) -> dict[str, float]:
    """Expected value of a set by side."""
    return {side: float(parts[chosen].sum()) for side, parts in menu.sides.items()}


def summary(worth: Floats) -> Value:
    """Value of a set from its draws."""
    low, high = np.quantile(worth, [0.1, 0.9])
    return Value(float(worth.mean()), float(low), float(high), float((worth > 0).mean()))


def regret(menu: Menu, chosen: Flags, name: str = "best") -> float:
    """Mean value that the best set of each draw has above a plan, both within the same bounds at expected costs.

    Args:
        menu: what there is to choose from.
        chosen: the plan, `(lines,)`.
        name: of the plan; *unfenced* is compared without minimum shares.
    """
    bounds = [bound for bound in menu.bounds if name != "unfenced" or bound.kind != "share"]
    draws = menu.values[:, :HINDSIGHT_DRAWS]
    useful = menu.allowed & ((draws > 0).any(axis=1) | chosen | _needed(bounds, len(menu.lines)))
    cut = [_only(bound, useful) for bound in bounds]
    best = best_in_hindsight(draws[useful], menu.price[useful], cut, chosen[useful])
    return float((best - draws[chosen].sum(axis=0)).mean())


def _needed(bounds: list[Bound], lines: int) -> Flags:
    needed = np.zeros(lines, dtype=bool)
    for bound in bounds:
        needed |= bound.coefficients < 0
    return needed


def _only(bound: Bound, lines: Flags) -> Bound:
    """A bound over some of the lines."""
    ease = None if bound.ease is None else bound.ease[lines]
    return Bound(bound.kind, bound.subject, bound.words, bound.coefficients[lines], bound.limit, ease, bound.share)


def _spending(menu: Menu, chosen: Flags, inputs: Inputs) -> dict[str, float]:
    """Share of a set's expected cost by horizon."""
    spent: dict[str, float] = {}
    for at in np.flatnonzero(chosen):
        horizon = inputs.definitions.initiatives[menu.lines[at]].horizon or "none"
        spent[horizon] = spent.get(horizon, 0.0) + float(menu.price[at])
    total = sum(spent.values())
    return {horizon: amount / total for horizon, amount in sorted(spent.items())} if total > 0 else {}


def _technical(menu: Menu, chosen: Flags, inputs: Inputs) -> float | None:
    """Share of a set's expected cost that goes into technical health; None where no policy asks for it."""
    total = float(menu.price[chosen].sum())
    if inputs.definitions.policy.technical is None or total <= 0:
        return None
    mine = [at for at in np.flatnonzero(chosen) if is_technical(inputs.definitions, menu.lines[at])]
    return float(menu.price[mine].sum()) / total


def _payoff(menu: Menu, chosen: Flags, inputs: Inputs) -> tuple[float, ...]:
    """Share of a set's expected value by quarter of the horizon; of what gains, as losses have no share."""
    weeks: Floats = np.zeros(max(int(inputs.definitions.policy.horizon_weeks), 1))
    for at in np.flatnonzero(chosen & (menu.worth > 0)):
        initiative = inputs.definitions.initiatives[menu.lines[at]]
        for lag, share in _lags(menu, int(at), inputs).items():
            weekly = weekly_share(inputs, initiative, weeks_open(inputs, initiative), lag)
            weeks += share * menu.worth[at] * weekly / max(float(weekly.sum()), _NOTHING)
    return by_quarter(weeks)


def _lags(menu: Menu, at: int, inputs: Inputs) -> dict[float, float]:
    """Share of a line's gains by the weeks after which factors follow."""
    gains: dict[float, float] = {}
    for factor, part in menu.parts.items():
        lag = inputs.definitions.factors[factor].lag_weeks
        gains[lag] = gains.get(lag, 0.0) + max(float(part[at]), 0.0)
    total = sum(gains.values())
    return {lag: gain / total for lag, gain in gains.items()} if total > 0 else {0.0: 1.0}


# What stands in the way ----------------------------------------------------------------------------------------------


def binding(menu: Menu, best: Choice) -> tuple[str, ...]:
    """Bounds that stand in the way of a better plan, the dearest first, with what a tenth more room would give."""
    found = sorted(gains(menu, best), key=lambda each: (-each[1], each[0]))
    hidden = is_hidden(menu, menu.allowed)
    return tuple(_standing(words, kind, None if hidden else gain) for words, gain, kind in found)


def gains(menu: Menu, best: Choice) -> Iterator[tuple[str, float, str]]:
    """Words, gain in points and kind of each bound that would let in a better plan if it were a tenth looser."""
    groups = dict.fromkeys((bound.kind, bound.subject) for bound in menu.bounds)
    for kind, subject in groups:
        if kind in ("prerequisite", "exclusion"):
            continue
        mine = [(bound.kind, bound.subject) == (kind, subject) for bound in menu.bounds]
        eased = [bound.loosened(LOOSER) if own else bound for bound, own in zip(menu.bounds, mine, strict=True)]
        gain = choose(menu.worth, eased, menu.allowed, _quick(menu)).value - best.value
        if gain > max(_quick(menu).gap * abs(best.value), _NOTHING):
            yield next(bound.words for bound, own in zip(menu.bounds, mine, strict=True) if own), gain, kind


def _standing(words: str, kind: str, gain: float | None) -> str:
    much = "more value" if gain is None else f"{significant(gain)} points more"
    return f"{words}: a tenth {'less' if kind == 'share' else 'more'} would give {much}"


def blocking(menu: Menu) -> tuple[str, ...]:
    """Bounds that together leave nothing to fund, where without them something would be worth funding.

    Empty where the plan is empty for another reason, or not empty.
    """
    worth = menu.worth
    single = menu.allowed & (worth > 0)
    if not single.any():
        return ()
    something = Bound("floor", "", "", -single.astype(float), -1.0)
    found = choose(worth, (*menu.bounds, something), menu.allowed, _quick(menu))
    return tuple(words for words in found.contradicting if words)


# Words ---------------------------------------------------------------------------------------------------------------


def _remarks(menu: Menu, found: Plans, inputs: Inputs, stopping: tuple[str, ...]) -> tuple[str, ...]:
    """What else to know about the best plan."""
    notes = list(menu.notes)
    best = found.best.chosen
    if not best.any():
        poor = "no candidate is expected to be worth anything"
        why = f"together these leave nothing: {listed(stopping)}" if stopping else poor
        notes.insert(0, f"nothing is to be funded: {why}")
    if found.unfenced is not None and not is_hidden(menu, best | found.unfenced.chosen):
        cost = found.unfenced.value - found.best.value
        share = f" ({percent(cost / found.unfenced.value, 1)})" if found.unfenced.value > 0 else ""
        notes.append(f"the minimum shares cost {significant(max(cost, 0.0))} points{share}")
    idle = [menu.lines[at] for at in np.flatnonzero(best & (menu.worth <= 0))]
    if idle:
        named = listed([inputs.definitions.title("initiatives", line) for line in idle], _SHOWN)
        notes.append(f"funded without a value of its own, because others or a minimum share need it: {named}")
    steps = [line for line in names(menu, best) if inputs.definitions.initiatives[line].later is not None]
    if steps:
        named = listed([inputs.definitions.title("initiatives", line) for line in steps], _SHOWN)
        notes.append(f"only the first step is funded of {named}; its value is that of the right to go on")
    upkeep = _upkeep(inputs, names(menu, best))
    if upkeep > 0:
        notes.append(f"keeping it takes another {amount(upkeep, inputs.definitions.policy.cost_unit)} a year")
    if found.best.gap > Effort().gap:
        notes.append(f"the search ran out of time: the optimum is at most {percent(found.best.gap, 1)} better")
    return tuple(notes)


def _upkeep(inputs: Inputs, lines: tuple[str, ...]) -> float:
    return sum(inputs.definitions.initiatives[line].upkeep or 0.0 for line in lines)


def _saved(menu: Menu, found: Plans, inputs: Inputs) -> tuple[str, ...]:
    """What the cheapest plan near the best saves."""
    best, cheapest = (float(menu.price[each.chosen].sum()) for each in (found.best, found.cheapest))
    if best - cheapest <= _NOTHING * max(best, 1.0):
        return ("the best plan is the cheapest within 5 % of its value",)
    saved = amount(best - cheapest, inputs.definitions.policy.cost_unit)
    return (f"saves {saved} for at most 5 % of the value",)


def spend(menu: Menu, choice: Choice) -> float:
    """Expected cost of a set."""
    return float(menu.price[choice.chosen].sum())
