from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.groups import shown_groups
from vitalfew.judgement.panel import Panel, panel_of
from vitalfew.judgement.spread import camps, dominant, herding, inconsistent, kendall_w, silhouette, spread

FACTORS = ("a", "b", "c", "d")


def panel(*answers: tuple[float, ...], factors: tuple[str, ...] = FACTORS) -> Panel:
    said = [Judgement(f"p{at:02}", dict(zip(factors, row, strict=True))) for at, row in enumerate(answers)]
    return panel_of(said, factors, {})


# Kendall's W --------------------------------------------------------------------------------------------------------


def test_concordance_without_ties_is_that_worked_out_by_hand() -> None:
    ranks = np.array([[1, 2, 3, 4], [2, 1, 3, 4], [1, 3, 2, 4]], dtype=float)
    # Sums 4, 6, 8, 12 around 7.5: 12.25 + 2.25 + 0.25 + 20.25 = 35; 12 * 35 / (9 * 60).
    assert kendall_w(ranks) == pytest.approx(420 / 540)


def test_concordance_with_ties_is_that_worked_out_by_hand() -> None:
    ratings = np.array([[10, 10, 5, 1], [10, 5, 5, 5]], dtype=float)
    # Ranks 3.5 3.5 2 1 and 4 2 2 2: sums 7.5 5.5 4 3 around 5, so S = 6.25 + 0.25 + 1 + 4 = 11.5.
    # Ties: 2³ - 2 = 6 and 3³ - 3 = 24. W = 12 * 11.5 / (4 * 60 - 2 * 30).
    assert kendall_w(ratings) == pytest.approx(138 / 180)


@pytest.mark.parametrize(
    ("ranks", "concordance"),
    [
        (([1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10], [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
          [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10]), 0.828),  # Kendall (1970): three judges, many ties
        (([5, 4, 1, 6, 3, 2], [2, 3, 1, 5, 6, 4], [4, 1, 6, 3, 2, 5], [4, 3, 2, 5, 1, 6]), 0.229),  # four, none
    ],
)  # fmt: skip
def test_concordance_is_that_of_kendall_s_examples(ranks: tuple[list[float], ...], concordance: float) -> None:
    assert kendall_w(np.array(ranks, dtype=float)) == pytest.approx(concordance, abs=5e-4)


@given(st.permutations(range(5)), st.integers(2, 6))
def test_people_of_one_order_agree_wholly(order: list[int], count: int) -> None:
    assert kendall_w(np.array([order] * count, dtype=float)) == pytest.approx(1)


def test_two_people_of_opposite_orders_do_not_agree_at_all() -> None:
    assert kendall_w(np.array([[1, 2, 3], [3, 2, 1]], dtype=float)) == pytest.approx(0)


@pytest.mark.parametrize("ratings", [np.ones((3, 4)), np.ones((1, 4)), np.ones((3, 1))])
def test_where_there_is_no_order_there_is_no_concordance(
    ratings: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    assert kendall_w(ratings) is None


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 4), min_size=2, max_size=7))
def test_concordance_lies_between_nothing_and_one(rows: list[tuple[int, ...]]) -> None:
    found = kendall_w(np.array(rows, dtype=float))
    assert found is None or -1e-12 <= found <= 1 + 1e-12


# Camps --------------------------------------------------------------------------------------------------------------

LEFT, RIGHT = (60, 20, 10, 10), (10, 10, 20, 60)


def noisy(*middles: tuple[float, ...], sd: float = 0.15) -> tuple[tuple[float, ...], ...]:
    rng = np.random.default_rng(2)
    return tuple(tuple(float(v * np.exp(rng.normal(0, sd))) for v in middle) for middle in middles)


def test_two_camps_are_found_and_named_by_what_they_differ_on() -> None:
    found = spread(panel(*noisy(*[LEFT] * 4, *[RIGHT] * 4)))
    assert found is not None
    assert found.camps is True
    assert found.camps_factor in {"a", "d"}


def test_many_people_are_split_as_well_as_few() -> None:
    weights = np.array(noisy(*[LEFT] * 9, *[RIGHT] * 7))
    side = camps(weights / weights.sum(axis=1, keepdims=True))
    assert side is not None
    assert len(set(side[:9])) == len(set(side[9:])) == 1


@pytest.mark.parametrize(("people", "factors"), [(6, 2), (7, 4), (8, 8), (14, 3), (25, 6)])
def test_people_of_one_mind_are_rarely_called_two_camps(people: int, factors: int) -> None:
    rng = np.random.default_rng(people)
    alarms = sum(camps(np.exp(rng.normal(0, 0.5, (people, factors)))) is not None for _ in range(60))
    assert alarms <= 8


def test_a_single_outsider_is_no_camp() -> None:
    found = spread(panel(*noisy(*[LEFT] * 7, RIGHT)))
    assert found is not None
    assert found.camps is False


def test_the_silhouette_of_two_pairs_is_that_worked_out_by_hand() -> None:
    points, side = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0.0, 0.0, 1.0, 1.0])
    # Outer points: within 1, between 10.5; inner: within 1, between 9.5.
    assert silhouette(points, side) == pytest.approx((2 * (1 - 1 / 10.5) + 2 * (1 - 1 / 9.5)) / 4)


# One person ---------------------------------------------------------------------------------------------------------


def test_one_who_moves_the_weights_is_counted() -> None:
    alike = [(40.0, 30.0, 20.0, 10.0)] * 5
    assert dominant(panel(*noisy(*alike)).posterior) == 0
    assert dominant(panel(*noisy(*alike), (8.0, 12.0, 20.0, 60.0)).posterior) == 1


def test_one_who_contradicts_himself_is_counted() -> None:
    pairs = [(a, b) for a in FACTORS for b in FACTORS if a < b]
    worth = dict(zip(FACTORS, (8.0, 4.0, 2.0, 1.0), strict=True))
    steady = [Judgement(f"s{at}", ratios=[(a, b, worth[a] / worth[b]) for a, b in pairs]) for at in range(5)]
    wild = Judgement("w", ratios=[(a, b, 9.0 if (a, b) != ("a", "d") else 1 / 9) for a, b in pairs])
    assert inconsistent(panel_of(steady, FACTORS, {}).posterior) == 0
    assert inconsistent(panel_of([*steady, wild], FACTORS, {}).posterior) == 1


def test_the_consistency_index_is_that_of_the_pairs() -> None:
    """2 / ((n - 1)(n - 2)) times the squared log errors; for a > b > c > a, twice each, these are 3 (log 2)²."""
    said = Judgement("x", ratios=[("a", "b", 2.0), ("b", "c", 2.0), ("c", "a", 2.0)])
    squares, free = panel_of([said], ("a", "b", "c"), {}).posterior.seen.left_over()
    assert (2 / (2 * 1)) * squares[0] == pytest.approx(3 * np.log(2.0) ** 2)
    assert free[0] == 1


def rounds(second: tuple[tuple[float, ...], ...]) -> Panel:
    first = panel(*noisy(*[LEFT] * 5, (5, 5, 5, 85), sd=0.5))
    later = panel(*second)
    return Panel(later.factors, later.judgements, {}, {each.person: each for each in first.judgements}, ())


def test_a_second_round_that_follows_one_person_is_herding() -> None:
    assert herding(rounds(noisy(*[(6, 5, 5, 84)] * 6, sd=0.05))) is True


def test_a_second_round_that_meets_in_the_middle_is_none() -> None:
    first = panel(*noisy(*[LEFT] * 5, (5, 5, 5, 85), sd=0.5))
    middle = tuple(float(np.exp(np.mean([np.log(each.points[name]) for each in first.judgements]))) for name in FACTORS)
    assert herding(rounds(noisy(*[middle] * 6, sd=0.05))) is False


def test_without_five_people_of_two_rounds_nothing_is_said_of_herding() -> None:
    assert herding(panel(*noisy(*[LEFT] * 6))) is None


# Who is shown -------------------------------------------------------------------------------------------------------


def test_below_five_people_nothing_is_said_that_could_be_about_one() -> None:
    found = spread(panel(*noisy(LEFT, LEFT, RIGHT, RIGHT)))
    assert found is not None
    assert found.kendall_w is not None
    assert (found.camps, found.dominant, found.inconsistent, found.herding) == (None, None, None, None)
    assert spread(panel(*noisy(LEFT, RIGHT))) is None


def grouped(**sizes: int) -> dict[str, int]:
    said = [Judgement(f"{name}{at}", {"a": 1}, group=name) for name, size in sizes.items() for at in range(size)]
    return {name: len(people) for name, people in shown_groups(said).items()}


def test_groups_under_five_are_merged_and_never_left_as_a_remainder() -> None:
    assert grouped(customers=5, staff=9) == {"customers": 5, "staff": 9}
    assert grouped(customers=5, sales=2, support=3) == {"customers": 5, "sales, support": 5}
    assert grouped(customers=5, staff=9, sales=2) == {"customers, sales": 7, "staff": 9}
    assert grouped(customers=5, sales=2) == {}
    assert grouped(customers=4, sales=4) == {}


@given(st.lists(st.sampled_from("uvwxyz"), max_size=30))
def test_what_is_shown_has_five_people_or_more_and_leaves_nobody_out(names: list[str]) -> None:
    said = [Judgement(str(at), {"a": 1}, group=name) for at, name in enumerate(names)]
    shown = shown_groups(said)
    assert all(len(people) >= 5 for people in shown.values())
    assert not shown or sum(len(people) for people in shown.values()) == len(names)


@pytest.mark.parametrize("count", [5, 9, 10, 30])
def test_people_who_say_the_very_same_are_no_camps(count: int) -> None:
    assert camps(np.array([[0.4, 0.3, 0.2, 0.1]] * count)) is None
