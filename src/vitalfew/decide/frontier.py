"""What more budget buys, and what one side gains when the others are held."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.decide.milp import Bound, Effort, choose
from vitalfew.decide.plans import by_side, is_hidden, names
from vitalfew.results.rows import FrontierRow
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.milp import Choice
    from vitalfew.decide.plans_menu import Menu
    from vitalfew.workspace.definitions import Side

POINTS = 12
"""Most budgets of the frontier: in even round steps up to where all that is worth something is paid for."""
_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
FLOORS = (0.0, 0.5, 0.8)
"""What the other sides keep at least, as shares of what they have in the best plan."""
_EFFORT = Effort(seconds=1.0, gap=1e-3)
_TRACE = 0.01
_SAME = 1e-9
_NEAR = 0.01  # a budget of the grid so near to the given one says nothing besides


def frontier(menu: Menu, best: Choice) -> tuple[FrontierRow, ...]:
    """The most expected value over a grid of budgets, then the most of each side with floors on the others.

    Args:
        menu: what there is to choose from.
        best: the best plan within it.
    """
    if not best.chosen.any() and not (menu.allowed & (menu.worth > 0)).any():
        return ()
    return (*_over_budgets(menu), *_over_sides(menu, best))


def grid(menu: Menu) -> tuple[float, ...]:
    """Round budgets up to what pays for the best set when money is no object; the menu's own among them if smaller."""
    free = [bound for bound in menu.bounds if bound.kind != "budget"]
    most = float(menu.price[choose(menu.worth, free, menu.allowed, _EFFORT).chosen].sum())
    if most <= 0:
        return ()
    budgets = list(_steps(most))
    if menu.budget >= most:
        return tuple(budgets)
    apart = [budget for budget in budgets if abs(budget - menu.budget) > _NEAR * most]
    return tuple(sorted([*apart, menu.budget]))


def _steps(most: float) -> Iterator[float]:
    """The multiples of a round number, from the first to the one that is not below `most`; twelve of them at most."""
    power = 10.0 ** math.floor(math.log10(most / POINTS))
    step = next(part * power for part in _ROUND if part * power * (1 + _SAME) >= most / POINTS)
    last = math.ceil(most / step - _SAME)
    yield from (float(f"{step * place:.6g}") for place in range(1, last + 1))


def _over_budgets(menu: Menu) -> Iterator[FrontierRow]:
    """More budget never buys less: where the search stops short of the optimum, the set before is kept."""
    before: Choice | None = None
    for budget in grid(menu):
        bounds = [replace(bound, limit=budget) if bound.kind == "budget" else bound for bound in menu.bounds]
        found = choose(menu.worth, bounds, menu.allowed, _EFFORT)
        if before is not None and before.value > found.value:
            found = before
        before = found
        yield _row("all", budget, menu, found, menu.worth, 0.0)


def _over_sides(menu: Menu, best: Choice) -> Iterator[FrontierRow]:
    """Sides that somebody's value is on; one alone has nothing to be weighed against."""
    if len(menu.sides) < 2 or not best.chosen.any():  # noqa: PLR2004 - a trade-off has two sides
        return
    for side, parts in menu.sides.items():
        for floor in FLOORS:
            held = [_floor(menu, best, other, floor) for other in menu.sides if other != side]
            # A trace of the whole value decides between sets that serve a side alike.
            found = choose(parts + _TRACE * menu.worth, (*menu.bounds, *held), menu.allowed, _EFFORT)
            if found.feasible:
                yield _row(side, menu.budget, menu, found, parts, floor)


def _floor(menu: Menu, best: Choice, side: Side, share: float) -> Bound:
    """At least a share of what a side has in the best plan; at least all of a loss."""
    parts = menu.sides[side]
    has = float(parts[best.chosen].sum())
    least = share * has if has > 0 else has
    return Bound("floor", side, f"{percent(share)} of the {side} value of the best plan", -parts, -least)


def _row(side: str, budget: float, menu: Menu, found: Choice, worth: Floats, floor: float) -> FrontierRow:
    chosen, hidden = found.chosen, is_hidden(menu, found.chosen)
    return FrontierRow(
        side=side,
        budget=budget,
        cost=float(menu.price[chosen].sum()),
        value=None if hidden else float(worth[chosen].sum()),
        sides=None if hidden else by_side(menu, chosen),
        lines=names(menu, chosen),
        floor=floor,
    )
