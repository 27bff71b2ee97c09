"""What deciding by fewer factors costs, on cases worked out by hand and on planted ones."""

from __future__ import annotations

from itertools import combinations, pairwise
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.decide.vital_factors import (
    Stakes,
    alone,
    assumed,
    flips,
    kendall_tau,
    shares_of_variance,
    way_down,
)

few = settings(max_examples=30)
numbers = st.floats(-5, 5).map(lambda value: round(value, 3))


def stakes(
    values: list[list[float]], weights: list[float], budget: float = 1.0, costs: list[float] | None = None
) -> Stakes:
    factors = tuple("abcdefghij"[: len(weights)])
    drawn = np.tile(np.array(weights), (3, 1))
    return Stakes(factors, np.array(values), np.array(costs or [1.0] * len(values)), budget, drawn)


def test_the_price_of_a_north_star_by_hand() -> None:
    """One of two lines can be funded. By both factors: 0.6 x 10 = 6 against 0.4 x 20 = 8. By `a` alone the first is
    taken, which loses 2 of 8.
    """
    made = stakes([[10.0, 0.0], [0.0, 20.0]], [0.6, 0.4])
    whole, one = way_down(made)
    assert (whole.factors, whole.regret.tolist(), whole.tau.tolist()) == (("a", "b"), [0, 0, 0], [1, 1, 1])
    assert (one.factors, one.dropped, one.regret.tolist()) == (("b",), "a", [0, 0, 0])
    declared = alone(made, ["a"])
    assert declared.regret == pytest.approx([0.25] * 3)
    assert declared.tau.tolist() == [-1, -1, -1]
    assert not declared.is_enough()


def test_a_plan_that_hurts_loses_more_than_everything() -> None:
    made = stakes([[10.0, -30.0], [1.0, 2.0]], [0.5, 0.5])
    assert alone(made, ["a"]).regret == pytest.approx([(1.5 + 10) / 1.5] * 3)


def test_planted_vital_factors_are_the_ones_that_stay() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0.3, 1.0, (40, 7)) * np.array([8.0, 6.0, 0.3, 0.3, 0.3, 0.3, 0.3])
    weights = rng.dirichlet(np.full(7, 60.0), 200)
    made = Stakes(tuple("abcdefg"), values, rng.lognormal(0, 0.3, 40), 12.0, weights)
    steps = way_down(made)
    smallest = min((step for step in steps if step.is_enough()), key=lambda step: len(step.factors))
    assert set(smallest.factors) == {"a", "b"}
    assert [len(step.factors) for step in steps] == [7, 6, 5, 4, 3, 2, 1]
    assert all(set(less.factors) < set(more.factors) for more, less in pairwise(steps))


def test_where_all_factors_count_alike_none_can_go() -> None:
    rng = np.random.default_rng(2)
    made = Stakes(tuple("abcde"), rng.normal(0, 1, (60, 5)), np.ones(60), 20.0, np.full((50, 5), 0.2))
    assert [step.is_enough() for step in way_down(made)] == [True, False, False, False, False]


def test_ties_go_by_the_smaller_weight_then_by_name() -> None:
    made = stakes([[1.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]], [0.4, 0.2, 0.1, 0.3])
    assert [step.dropped for step in way_down(made)] == [None, "c", "b", "d"]
    even = stakes([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]], [0.4, 0.3, 0.3])
    assert [step.dropped for step in way_down(even)] == [None, "b", "c"]


def test_without_any_value_nothing_can_be_lost_and_nothing_is_claimed() -> None:
    steps = way_down(stakes([[-1.0, -2.0], [-3.0, 0.0]], [0.5, 0.5]))
    assert [step.lost() for step in steps] == [None, None]
    assert not any(step.is_enough() for step in steps)


def test_a_single_factor_is_its_own_north_star() -> None:
    (only,) = way_down(stakes([[1.0], [2.0]], [1.0]))
    assert (only.factors, only.is_enough()) == (("a",), True)


@few
@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=6), st.permutations([0, 1, 2]))
def test_no_order_of_factors_changes_the_way_down(values: list[list[float]], order: list[int]) -> None:
    weights = np.random.default_rng(3).dirichlet([3.0, 2.0, 1.0], 20)
    table = np.array(values)
    costs = np.arange(1.0, len(values) + 1)
    first = way_down(Stakes(("a", "b", "c"), table, costs, 4.0, weights))
    names = tuple("abc"[at] for at in order)
    second = way_down(Stakes(names, table[:, order], costs, 4.0, weights[:, order]))
    assert [step.factors for step in first] == [step.factors for step in second]
    for one, other in zip(first, second, strict=True):
        assert one.regret == pytest.approx(other.regret, nan_ok=True)


@few
@given(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=6), st.floats(0.1, 20))
def test_the_unit_of_value_changes_nothing_and_regret_is_never_negative(
    values: list[list[float]], scale: float
) -> None:
    made = stakes(values, [0.7, 0.3], 2.0)
    scaled = stakes((scale * np.array(values)).tolist(), [0.7, 0.3], 2.0)
    for one, other in zip(way_down(made), way_down(scaled), strict=True):
        assert one.factors == other.factors
        assert one.regret == pytest.approx(other.regret, nan_ok=True, abs=1e-9)
        assert not (one.regret < 0).any()


def test_each_step_is_the_best_single_removal() -> None:
    rng = np.random.default_rng(4)
    weights = rng.dirichlet(np.full(5, 2.0), 30)
    made = Stakes(tuple("abcde"), rng.normal(0.2, 1, (12, 5)), rng.lognormal(0, 0.4, 12), 4.0, weights)
    for more, less in pairwise(way_down(made)):
        every = [alone(made, kept).lost() for kept in combinations(more.factors, len(less.factors))]
        lost = less.lost()
        assert lost is not None
        assert lost.estimate == pytest.approx(min(each.estimate for each in every if each), abs=1e-9)


def test_without_lines_the_price_is_that_of_lines_that_move_all_factors_alike() -> None:
    weights = np.array([[0.5, 0.3, 0.2]])
    steps = assumed(("a", "b", "c"), weights)
    assert [step.factors for step in steps] == [("a", "b", "c"), ("a", "b"), ("a",)]
    rng = np.random.default_rng(5)
    made = Stakes(("a", "b", "c"), rng.normal(0, 1, (4_000, 3)), np.ones(4_000), 2_000.0, weights)
    for step in steps:
        found = alone(made, step.factors)
        assert found.regret == pytest.approx(step.regret, abs=0.02)
        assert found.tau == pytest.approx(step.tau, abs=0.03)


def test_shares_of_variance_sum_to_one_and_name_what_differs() -> None:
    made = stakes([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]], [0.5, 0.5])
    shares = shares_of_variance(made)
    assert shares is not None
    assert shares[:, 0] == pytest.approx([1.0, 0.0])
    mixed = shares_of_variance(stakes([[1.0, 2.0], [2.0, 0.0], [4.0, 1.0]], [0.3, 0.7]))
    assert mixed is not None
    assert mixed.sum(axis=0) == pytest.approx([1, 1, 1])
    assert shares_of_variance(stakes([[1.0, 2.0]], [0.5, 0.5])) is None
    assert shares_of_variance(stakes([[1.0, 2.0], [1.0, 2.0]], [0.5, 0.5])) is None
    assert shares_of_variance(stakes([[0.1, 0.7], [0.1, 0.7], [0.1, 0.7]], [0.3, 0.7])) is None
    assert shares_of_variance(stakes([[0.0, 0.0], [0.0, 0.0]], [0.5, 0.5])) is None


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_unit_of_values_does_not_decide_what_is_known_of_factors(size: float) -> None:
    plain = [[10.0, 0.0], [0.0, 20.0], [3.0, 1.0]]
    made, sized = stakes(plain, [0.6, 0.4]), stakes((size * np.array(plain)).tolist(), [0.6, 0.4])
    assert shares_of_variance(sized) == pytest.approx(shares_of_variance(made))
    for one, other in zip(way_down(made), way_down(sized), strict=True):
        assert other.regret == pytest.approx(one.regret)


@pytest.mark.parametrize("size", [1.0, 1e9])
def test_what_rounding_leaves_is_no_value_to_lose(size: float) -> None:
    nothing = [[size * 0.7, size * -0.3], [size * 0.7, size * -0.3]]  # 0.3 x 0.7 - 0.7 x 0.3, but for rounding
    assert np.isnan(way_down(stakes(nothing, [0.1 + 0.2, 0.7]))[0].regret).all()


def test_a_factor_without_which_another_set_is_funded_is_told_from_one_that_changes_nothing() -> None:
    made = stakes([[10.0, 0.1], [9.0, 0.2], [0.0, 3.0]], [0.9, 0.1])
    assert flips(made).tolist() == [1.0, 0.0]


def test_what_costs_nothing_is_ordered_by_its_value_too() -> None:
    made = stakes([[3.0, 0.0], [1.0, 9.0]], [0.5, 0.5], budget=5.0, costs=[0.0, 0.0])
    assert alone(made, ["a"]).tau.tolist() == [-1, -1, -1]


def test_kendalls_tau_on_known_orders() -> None:
    one = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert kendall_tau(one, one).tolist() == [1.0]
    assert kendall_tau(one, -one).tolist() == [-1.0]
    swapped = np.array([[2.0], [1.0], [3.0], [4.0]])
    assert kendall_tau(one, swapped) == pytest.approx([(5 - 1) / 6])
    tied = np.array([[1.0], [1.0], [2.0], [3.0]])
    assert kendall_tau(one, tied) == pytest.approx([5 / np.sqrt(6 * 5)])
    assert kendall_tau(one, np.zeros((4, 1))).tolist() == [0.0]


def test_kendalls_tau_of_many_lines_is_that_of_all_pairs() -> None:
    from scipy.stats import kendalltau

    rng = np.random.default_rng(6)
    one = rng.normal(size=(400, 5))
    other = one + rng.normal(size=(400, 5))
    exact = [kendalltau(one[:, at], other[:, at]).statistic for at in range(5)]
    assert kendall_tau(one, other) == pytest.approx(exact, abs=0.04)


def test_ten_factors_a_hundred_lines_and_two_hundred_draws_take_half_a_second() -> None:
    rng = np.random.default_rng(7)
    weights = rng.dirichlet(np.full(10, 3.0), 200)
    made = Stakes(tuple("abcdefghij"), rng.normal(0.2, 1, (100, 10)), rng.lognormal(0, 0.5, 100), 30.0, weights)
    took = []
    for _ in range(3):
        begun = process_time()
        way_down(made)
        took.append(process_time() - begun)
    assert min(took) < 1.5  # 0.3 s on a quiet machine


@pytest.mark.prove
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_two_planted_factors_of_eight_are_found_in_nine_of_ten_companies(noise: float) -> None:
    size = np.array([1.0, 1.0, *[0.06] * 6])
    exact = 0
    for run in range(100):
        rng = np.random.default_rng([1, run])
        values = rng.normal(0.2, 1.0, (40, 8)) * size + noise * size * rng.normal(size=(40, 8))
        costs, weights = rng.lognormal(0, 0.5, 40), rng.dirichlet(np.full(8, 40.0), 100)
        steps = way_down(Stakes(tuple("abcdefgh"), values, costs, float(costs.sum()) * 0.3, weights))
        exact += set(min((s for s in steps if s.is_enough()), key=lambda s: len(s.factors)).factors) == {"a", "b"}
    assert exact >= 90
