from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vitalfew.decide.portfolio import best_portfolio, vital_set
from vitalfew.decide.ranks import standing

VALUES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 20)), elements=st.floats(-100, 100, width=32)
)


@given(VALUES)
def test_the_vital_set_reaches_the_share_and_no_smaller_set_does(values: np.ndarray) -> None:
    members = vital_set(values, 0.8)
    positive = np.clip(values, 0, None)
    total = positive.sum(axis=0)
    reached = np.where(members, positive, 0).sum(axis=0)
    assert np.all(reached >= 0.8 * total - 1e-9 * np.maximum(total, 1))
    smallest = np.where(members, positive, np.inf).min(axis=0)
    some = members.any(axis=0)
    assert np.all(reached[some] - smallest[some] < 0.8 * total[some])


@given(VALUES)
def test_lines_without_positive_value_are_never_vital(values: np.ndarray) -> None:
    assert not vital_set(values)[values <= 0].any()


@given(VALUES, st.integers(0, 1000))
def test_permuting_lines_permutes_probabilities(values: np.ndarray, seed: int) -> None:
    values = values + np.arange(len(values))[:, None] * 1e-3  # ties have no order to permute
    costs = np.full(values.shape, 2.0)
    order = np.random.default_rng(seed).permutation(len(values))
    ratios = (values / costs).astype(np.float32)
    if any(len(set(column)) < len(column) for column in ratios.T):
        return
    assert np.allclose(standing(values, costs, 1.0).p_best[order], standing(values[order], costs[order], 1.0).p_best)
    assert np.allclose(standing(values, costs, 4).p_in[order], standing(values[order], costs[order], 4).p_in)


def test_a_dominated_and_costlier_line_is_never_the_best_buy() -> None:
    better = np.random.default_rng(1).normal(1, 2, 5000)
    values = np.vstack([better, better - 0.5])
    costs = np.vstack([np.full(5000, 2.0), np.full(5000, 3.0)])
    assert standing(values, costs, 1.0).p_best[1] == 0


def test_doing_nothing_wins_when_no_value_is_positive() -> None:
    values = np.full((3, 100), -1.0)
    assert standing(values, np.ones((3, 100)), 10).p_best.sum() == 0
    assert standing(values, np.ones((3, 100)), 10).p_in.sum() == 0


def test_a_budget_for_everything_takes_everything_of_value() -> None:
    values = np.array([[1.0, -1.0], [2.0, 2.0]])
    assert standing(values, np.ones((2, 2)), 10).p_in.tolist() == [0.5, 1.0]


def test_a_line_dearer_than_the_budget_is_never_in_and_leaves_room_for_others() -> None:
    values = np.array([[100.0], [1.0]])
    costs = np.array([[9.0], [1.0]])
    assert standing(values, costs, 5).p_in.tolist() == [0.0, 1.0]


def test_of_few_lines_the_best_set_of_each_draw_is_found() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(0.7, 0.7, (6, 1)) + rng.normal(0, 0.7, (6, 300))
    costs = rng.lognormal(0, 0.6, (6, 300))
    sets = np.array(list(product([False, True], repeat=6)))
    worth = np.where(sets @ costs <= 4.0, sets @ values, -np.inf)
    expected = sets[worth.argmax(axis=0)].T
    assert (best_portfolio(values, costs, 4.0) == expected).all()


def test_lines_alike_make_up_the_vital_set_by_their_number_alone() -> None:
    for value in (0.1, 0.3, 1 / 3, 2.7):
        assert [int(vital_set(np.full((lines, 1), value)).sum()) for lines in (5, 15, 30)] == [4, 12, 24]
