"""What more budget buys, and what one side gains when the others are held."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.decide.frontier import FLOORS, frontier, grid
from vitalfew.decide.milp import Bound
from vitalfew.decide.plans import NEAR_BEST, plans_of, regret
from vitalfew.decide.plans_menu import Menu
from vitalfew.decide.plans_regret import best_in_hindsight, greedy_sets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Side

    Floats = NDArray[np.float64]


def menu(values: Floats, costs: Floats, budget: float, *bounds: Bound, sides: dict[Side, Floats] | None = None) -> Menu:
    """Lines with these draws of value, `(lines, draws)`, and sure costs, `(lines,)`."""
    lines = tuple(f"l{at:02}" for at in range(len(values)))
    everything = np.ones(len(values), dtype=bool)
    purse = Bound("budget", "", f"the budget of {budget:g}", costs, budget)
    return Menu(
        lines,
        values,
        np.repeat(costs[:, None], values.shape[1], axis=1),
        sides or {},
        {},
        everything,
        (purse, *bounds),
        budget,
        ~everything,
    )


def market(seed: int, lines: int, draws: int = 200) -> Menu:
    """Lines of two sides with a budget for half, a prerequisite, an exclusion and a minimum share."""
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.uniform(-1, 4, lines)[:, None], 2, (lines, draws))
    costs = rng.uniform(1, 5, lines)
    share = rng.uniform(0, 1, lines)
    sides: dict[Side, Floats] = {"customer": share * values.mean(axis=1), "business": (1 - share) * values.mean(axis=1)}
    needs, apart = np.zeros(lines), np.zeros(lines)
    needs[[0, 1]], apart[[2, 3]] = [1, -1], 1
    late = rng.random(lines) < 0.4
    return menu(
        values,
        costs,
        float(costs.sum()) / 2,
        Bound("prerequisite", "l00", "a needs b", needs, 0.0),
        Bound("exclusion", "l02", "c or d", apart, 1.0),
        Bound("share", "h3", "a fence", 0.2 * costs - late * costs, 0.0, 0.2 * costs, 0.2),
        sides=sides,
    )


def test_budgets_go_up_in_round_steps_with_the_one_given_among_them() -> None:
    found = grid(menu(np.full((4, 1), 5.0), np.full(4, 29.25), 55.5))
    assert found == (10, 20, 30, 40, 50, 55.5, 60, 70, 80, 90, 100, 110, 120)


@given(st.integers(0, 10_000), st.integers(4, 12))
@settings(max_examples=8, deadline=None)
def test_the_frontier_never_falls_and_ends_with_all_that_is_worth_having(seed: int, lines: int) -> None:
    held = market(seed, lines)
    rows = [row for row in frontier(held, plans_of(held).best) if row.side == "all"]
    values = [row.value or 0.0 for row in rows]
    assert values == sorted(values)
    assert all(row.cost <= row.budget * (1 + 1e-6) for row in rows)
    free = replace(held, bounds=held.bounds[1:])
    assert not rows or values[-1] == pytest.approx(plans_of(free).best.value, rel=2e-3)


@given(st.integers(0, 10_000))
@settings(max_examples=4, deadline=None)
def test_a_side_never_has_less_when_the_others_keep_less_nor_less_than_in_the_best_plan(seed: int) -> None:
    held = market(seed, 10)
    best = plans_of(held).best
    rows = [row for row in frontier(held, best) if row.side != "all"]
    for side, parts in held.sides.items():
        mine = [row.value or 0.0 for row in rows if row.side == side]
        assert len(mine) == (len(FLOORS) if best.chosen.any() else 0)
        assert all(more >= less - 2e-3 * abs(more) for more, less in pairwise(mine))
        assert all(value >= parts[best.chosen].sum() - 5e-3 * abs(value) for value in mine)
    for row in rows:
        assert row.sides is not None
        for other, parts in held.sides.items():
            if other != row.side:
                assert row.sides[other] >= row.floor * max(parts[best.chosen].sum(), 0) - 1e-6


@given(st.integers(0, 10_000), st.integers(4, 11))
@settings(max_examples=8, deadline=None)
def test_the_cheapest_plan_costs_no_more_and_keeps_most_of_the_value(seed: int, lines: int) -> None:
    held = market(seed, lines)
    found = plans_of(held)
    assert held.price[found.cheapest.chosen].sum() <= held.price[found.best.chosen].sum() + 1e-9
    assert held.worth[found.cheapest.chosen].sum() >= NEAR_BEST * found.best.value - 1e-6
    assert found.unfenced is not None
    assert found.unfenced.value >= found.best.value * (1 - 1e-4) - 1e-9


@given(st.integers(0, 10_000), st.integers(4, 11))
@settings(max_examples=8, deadline=None)
def test_hindsight_never_does_worse_than_the_plan(seed: int, lines: int) -> None:
    held = market(seed, lines)
    best = plans_of(held).best.chosen
    exact = regret(held, best)
    assert exact >= -1e-5
    sure = replace(held, values=np.repeat(held.worth[:, None], 50, axis=1))
    assert regret(sure, plans_of(sure).best.chosen) == pytest.approx(0, abs=2e-3 * abs(sure.worth).max())


def test_sets_built_greedily_keep_the_bounds_and_lose_little() -> None:
    lost = []
    for seed in range(30):
        held = market(seed, 12)
        plan = plans_of(held).best.chosen
        exact = best_in_hindsight(held.values, held.price, held.bounds, plan)
        greedy = greedy_sets(held.values, held.price, held.bounds)
        inside = np.ones(greedy.shape[1], dtype=bool)
        for bound in held.bounds:
            if bound.kind != "share":
                assert (bound.coefficients @ greedy <= bound.limit + 1e-6).all()
            inside &= bound.coefficients @ greedy <= bound.limit + 1e-6
        got = np.where(greedy, held.values, 0.0).sum(axis=0)[inside]
        assert (got <= exact[inside] + 1e-4).all()
        lost.append(1 - got.sum() / exact[inside].sum())
    assert np.mean(lost) < 0.03
