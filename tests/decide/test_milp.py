"""The set of lines worth most within all bounds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.decide.milp import Bound, Effort, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXACT = Effort(gap=0.0)


def budget(costs: list[float], limit: float) -> Bound:
    return Bound("budget", "", f"the budget of {limit:g}", np.array(costs, dtype=float), limit)


def brute(values: Floats, bounds: list[Bound]) -> float | None:
    """The best value over all sets; None when none keeps the bounds."""
    best = None
    for bits in product([False, True], repeat=len(values)):
        chosen = np.array(bits)
        if all(bound.is_kept(chosen) for bound in bounds):
            value = float(values[chosen].sum())
            best = value if best is None else max(best, value)
    return best


@pytest.mark.parametrize(
    ("weights", "profits", "capacity", "best", "chosen"),
    [
        # Instances P01, P06 and P08 of J. Burkardt's collection of knapsack problems (after Kreher & Stinson 1999).
        (
            [23, 31, 29, 44, 53, 38, 63, 85, 89, 82],
            [92, 57, 49, 68, 60, 43, 67, 84, 87, 72],
            165,
            309,
            "1111010000",
        ),
        ([41, 50, 49, 59, 55, 57, 60], [442, 525, 511, 593, 546, 564, 617], 170, 1735, "0101001"),
        (
            [70, 73, 77, 80, 82, 87, 90, 94, 98, 106, 110, 113, 115, 118, 120],
            [135, 139, 149, 150, 156, 163, 173, 184, 192, 201, 210, 214, 221, 229, 240],
            750,
            1458,
            "101010111000011",
        ),
    ],
)
def test_known_knapsacks_are_solved(
    weights: list[float], profits: list[float], capacity: float, best: float, chosen: str
) -> None:
    found = choose(np.array(profits, dtype=float), [budget(weights, capacity)], effort=EXACT)
    assert found.value == best
    assert "".join(str(int(taken)) for taken in found.chosen) == chosen


def test_greedy_is_not_enough() -> None:
    # By value per cost the first is best, and then the other two do not fit.
    found = choose(np.array([10.0, 9.0, 9.0]), [budget([5, 5, 5], 10), budget([6, 5, 5], 10)])
    assert found.value == 18


def test_what_may_not_be_taken_is_left_out() -> None:
    found = choose(np.array([10.0, 1.0]), [budget([1, 1], 1)], np.array([False, True]))
    assert found.chosen.tolist() == [False, True]


def test_a_line_of_no_value_comes_only_where_a_bound_needs_it() -> None:
    needs = Bound("prerequisite", "0", "it needs the second", np.array([1.0, -1.0, 0.0]), 0)
    values = np.array([5.0, 0.0, 0.0])
    assert choose(values, [budget([1, 1, 1], 2), needs]).chosen.tolist() == [True, True, False]
    assert choose(values, [budget([1, 1.5, 1], 2), needs]).chosen.tolist() == [False, False, False]


def test_bounds_that_contradict_each_other_are_named_and_no_others() -> None:
    floor = Bound("floor", "business", "at least 8 points of business value", np.array([-5.0, -4.0, 0.0]), -8)
    few = Bound("capacity", "a", "the capacity of team a", np.array([1.0, 1.0, 0.0]), 1)
    found = choose(np.array([5.0, 4.0, 3.0]), [budget([1, 1, 1], 2.5), few, floor])
    assert not found.feasible
    assert found.contradicting == ("the capacity of team a", "at least 8 points of business value")
    assert not found.chosen.any()


def test_nothing_to_choose_from_is_an_answer() -> None:
    assert choose(np.zeros(0), [budget([], 3)]).chosen.shape == (0,)
    assert choose(np.array([-1.0]), [budget([1], 3)]).value == 0
    assert choose(np.array([2.0, 1.0]), []).chosen.all()


def test_a_search_that_is_out_of_time_says_so() -> None:
    rng = np.random.default_rng(1)
    rows = [budget(list(rng.uniform(1, 9, 60)), 40) for _ in range(25)]
    found = choose(rng.uniform(5, 6, 60), rows, effort=Effort(seconds=1e-3, gap=0.0))
    assert found.feasible
    assert 0 < found.gap <= 1


def test_units_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    values, costs = rng.uniform(1, 9, 12), rng.uniform(1, 9, 12)
    first = choose(values, [budget(list(costs), 20)], effort=EXACT)
    for unit in (1e-6, 1e9):
        again = choose(values * unit, [budget(list(costs / unit), 20 / unit)], effort=EXACT)
        assert again.chosen.tolist() == first.chosen.tolist()


cases = st.tuples(
    st.lists(st.tuples(st.integers(-5, 20), st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=8),
    st.integers(0, 30),
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=3),
    st.floats(0, 0.6),
)


def market(
    case: tuple[list[tuple[int, int, int]], int, int, list[tuple[int, int]], float],
) -> tuple[Floats, list[Bound]]:
    """Values and bounds of each kind: a budget, a capacity, prerequisites, a minimum share, an exclusion."""
    lines, limit, other, needs, share = case
    values, costs, loads = (np.array(part, dtype=float) for part in zip(*lines, strict=True))
    member = np.arange(len(lines)) % 2 == 0
    bounds = [
        budget(list(costs), limit),
        Bound("capacity", "a", "the capacity of a", loads, other),
        Bound("share", "h3", "a share", share * costs - member * costs, 0, share * costs),
    ]
    for number, (one, two) in enumerate(needs):
        if max(one, two) < len(lines) and one != two:
            row = np.zeros(len(lines))
            row[one], row[two] = 1, -1 if number else 1
            bounds.append(
                Bound("prerequisite" if number else "exclusion", str(number), "a rule", row, 0 if number else 1)
            )
    return values, bounds


@given(cases)
@settings(max_examples=50, deadline=None)
def test_it_is_what_trying_all_sets_finds(
    case: tuple[list[tuple[int, int, int]], int, int, list[tuple[int, int]], float],
) -> None:
    values, bounds = market(case)
    found = choose(values, bounds, effort=EXACT)
    assert found.value == pytest.approx(brute(values, bounds))
    assert all(bound.is_kept(found.chosen) for bound in bounds)


@given(cases, st.integers(0, 10), st.data())
@settings(max_examples=50, deadline=None)
def test_more_room_never_lowers_the_value_and_more_bounds_never_raise_it(
    case: tuple[list[tuple[int, int, int]], int, int, list[tuple[int, int]], float], more: int, data: st.DataObject
) -> None:
    values, bounds = market(case)
    value = choose(values, bounds, effort=EXACT).value
    at = data.draw(st.integers(0, len(bounds) - 1))
    wider = [replace(bound, limit=bound.limit + more) if i == at else bound for i, bound in enumerate(bounds)]
    assert choose(values, wider, effort=EXACT).value >= value - 1e-9
    assert choose(values, bounds[:at] + bounds[at + 1 :], effort=EXACT).value >= value - 1e-9
    eased = [bound.loosened(0.1) if i == at else bound for i, bound in enumerate(bounds)]
    assert choose(values, eased, effort=EXACT).value >= value - 1e-9


def test_the_solver_prints_nothing() -> None:
    # With this one HiGHS does print, even when told not to.
    program = """
import numpy as np
from vitalfew.decide.milp import Bound, choose
rng, n = np.random.default_rng(11), 100
values, costs = rng.lognormal(0, 1, n), rng.lognormal(1, 0.7, n)
team, horizon = rng.integers(0, 5, n), rng.integers(0, 3, n)
rows = [Bound("budget", "", "", costs, 0.3 * costs.sum())]
rows += [Bound("capacity", str(t), "", costs * (team == t), 0.08 * costs.sum()) for t in range(5)]
rows.append(Bound("share", "", "", 0.2 * costs - costs * (horizon == 2), 0))
for _ in range(n // 10):
    row, (j, k) = np.zeros(n), rng.choice(n, 2, replace=False)
    row[max(j, k)], row[min(j, k)] = 1, -1
    rows.append(Bound("prerequisite", "", "", row, 0))
choose(values, rows)
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "done\n"
