"""What knowing more before the choice is worth: closed forms, bounds, and what the rows say."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decide.building import definitions
from vitalfew.decide.information import information
from vitalfew.decide.information_rows import information_rows
from vitalfew.decide.options import Options
from vitalfew.decide.regression import expected_given
from vitalfew.decide.worth import evpi

DRAWS = 10_000


def options(swings: Any, weights: Any = None, costs: Any = None, budget: float = 1.0, **other: Any) -> Options:
    lines, factors, draws = swings.shape
    return Options(
        tuple(f"line_{at}" for at in range(lines)),
        tuple(f"factor_{at}" for at in range(factors)),
        swings.astype(np.float32),
        np.full((factors, draws), 1 / factors) if weights is None else weights,
        np.ones((lines, draws)) if costs is None else costs,
        budget,
        other.get("fundable", np.ones(lines, dtype=bool)),
    )


def normals(*shape: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def test_one_idea_that_may_be_left_is_worth_its_closed_form() -> None:
    found = information(options(0.5 + normals(1, 1, DRAWS)))
    assert found is not None
    assert found.of("everything") == pytest.approx(evpi(0.5, 1.0), abs=0.01)
    assert found.of("effects", "line_0") == pytest.approx(evpi(0.5, 1.0), abs=0.01)


def test_two_equal_ideas_and_money_for_one_are_worth_the_mean_of_the_larger() -> None:
    # E max(X, Y) - mean = sd of the difference / sqrt(2 pi), far above zero where leaving both plays no part.
    found = information(options(50.0 + normals(2, 1, DRAWS)))
    assert found is not None
    assert found.of("everything") == pytest.approx(sqrt(2) / sqrt(2 * pi), abs=0.02)
    assert found.of("effects", "line_0") == pytest.approx(1 / sqrt(2 * pi), abs=0.02)


def test_doubt_about_two_weights_is_worth_its_closed_form() -> None:
    share = np.clip(0.5 + 0.1 * normals(DRAWS), 0, 1)
    swings = np.zeros((2, 2, DRAWS))
    swings[0, 0], swings[1, 1] = 10.0, 10.0  # line 0 lives of factor 0, line 1 of factor 1
    found = information(options(swings, np.array([share, 1 - share])))
    assert found is not None
    # The better of 10 w and 10 (1 - w): 5 + E|10 w - 5|; the mean of |normal| is sd sqrt(2 / pi).
    assert found.of("weights") == pytest.approx(sqrt(2 / pi), abs=0.02)
    assert found.of("weights", "factor_0") == pytest.approx(found.of("weights"), abs=0.01)
    assert found.of("everything") == pytest.approx(found.of("weights"), abs=0.01)
    assert found.of("effects") == 0


def test_what_two_weights_say_together_counts_once_each_when_they_are_independent() -> None:
    # Three factors, three lines; the first weight alone decides between the first line and the rest.
    raised = np.exp(0.5 * normals(3, DRAWS))
    swings = np.zeros((3, 3, DRAWS))
    for at in range(3):
        swings[at, at] = 10.0
    found = information(options(swings, raised / raised.sum(axis=0)))
    assert found is not None
    exact = 10 * ((raised / raised.sum(axis=0)).max(axis=0).mean() - 1 / 3)
    assert found.of("weights") == pytest.approx(exact, abs=0.05)
    one = found.of("weights", "factor_0")
    weight = raised[0] / raised.sum(axis=0)
    # Given the first weight, the others share the rest alike: the first line or any other.
    assert one == pytest.approx(10 * (np.maximum(weight, (1 - weight) / 2).mean() - 1 / 3), abs=0.05)


def test_costs_that_are_known_before_save_a_choice_that_cannot_be_paid() -> None:
    # The first costs 1 or 3 at even odds and is worth 10, the second 1 and 6; the money is 3. Worked off in order the
    # second comes first, and the first only where it is cheap: 16 or 6. Who knows it is dear takes it alone: 10.
    costs = np.array([np.where(np.arange(DRAWS) % 2 == 0, 1.0, 3.0), np.full(DRAWS, 1.0)])
    swings = np.zeros((2, 1, DRAWS))
    swings[0], swings[1] = 10.0, 6.0
    found = information(options(swings, costs=costs, budget=3.0))
    assert found is not None
    assert found.plan == pytest.approx(11.0)
    assert found.of("costs") == pytest.approx(2.0)
    assert found.of("everything") == pytest.approx(2.0)


def test_doubt_about_a_link_is_worth_its_closed_form() -> None:
    # The first line is worth 2 through a link whose slope is 1 give or take 0.5; the second is worth 2 for sure.
    slopes = 1 + 0.5 * normals(1, DRAWS, seed=8)
    swings = np.full((2, 1, DRAWS), 2.0)
    swings[0, 0] = 2 * slopes[0]
    found = information(options(swings), {"link": slopes[0].astype(np.float32)})
    assert found is not None
    assert found.of("slopes") == pytest.approx(1 / sqrt(2 * pi), abs=0.02)  # their difference has sd 1
    noisy = swings + 3 * normals(2, 1, DRAWS, seed=9)
    blurred = information(options(noisy), {"link": slopes[0].astype(np.float32), "other": normals(DRAWS, seed=10)})
    assert blurred is not None
    assert blurred.of("slopes") == pytest.approx(1 / sqrt(2 * pi), abs=0.1)
    assert blurred.of("everything") > blurred.of("slopes")
    assert blurred.of("slopes", "link") == pytest.approx(blurred.of("slopes"), abs=0.05)
    assert blurred.of("slopes", "other") == pytest.approx(0.0, abs=0.03)


def test_what_is_certain_is_worth_nothing_to_know() -> None:
    found = information(options(np.full((3, 2, 100), 4.0), budget=2.0))
    assert found is not None
    assert [(one.about, one.worth) for one in found.worths] == [("everything", 0.0)]


def test_lines_that_may_not_be_funded_play_no_part() -> None:
    swings = np.full((2, 1, DRAWS), 4.0)
    swings[1] += 100 * normals(1, DRAWS)
    alone = information(options(swings, fundable=np.array([True, False])))
    assert alone is not None
    assert alone.of("everything") == 0
    assert information(options(swings, fundable=np.array([False, False]))) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 10_000), st.floats(0.2, 3))
def test_no_part_is_worth_less_than_nothing_or_more_than_everything(
    lines: int, factors: int, seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    swings = rng.normal(0.5, 1, (lines, factors, 1)) + spread * rng.standard_normal((lines, factors, 2_000))
    weights = rng.dirichlet(np.ones(factors), 2_000).T
    costs = rng.lognormal(0, 0.5, (lines, 2_000))
    found = information(options(swings, weights, costs, budget=float(lines) / 2))
    assert found is not None
    everything = found.of("everything")
    assert all(0 <= one.worth <= everything for one in found.worths)


def test_a_number_that_says_nothing_is_worth_nothing() -> None:
    targets, noise = normals(3, DRAWS, seed=2), normals(1, DRAWS, seed=3)
    assert expected_given(targets, noise).std(axis=1) == pytest.approx(0.0, abs=0.06)


def test_bent_and_joint_dependence_is_learnt_from_draws() -> None:
    given_numbers = normals(2, DRAWS, seed=4)
    first, second = given_numbers
    truth = np.array([np.maximum(first, 0), first * second, np.sin(2 * first)])
    found = expected_given(truth + normals(3, DRAWS, seed=5), given_numbers)
    for mean, exact in zip(found, truth, strict=True):
        assert ((mean - exact) ** 2).mean() < 0.02 * exact.var() + 0.005


def test_rows_begin_with_everything_and_say_where_the_next_hour_goes() -> None:
    share = np.clip(0.5 + 0.1 * normals(DRAWS), 0, 1)
    swings = np.zeros((2, 2, DRAWS))
    swings[0, 0], swings[1, 1] = 10.0, 10.0 + 0.1 * normals(DRAWS, seed=7)
    rows = information_rows(options(swings, np.array([share, 1 - share])), definitions())
    assert rows[0].about == "everything"
    assert rows[0].share == 1
    assert "the next hour goes into talking" in rows[0].message
    effects = next(row for row in rows if row.about == "effects" and row.subject is None)
    assert "hardly change the choice" in effects.message


def test_lines_whose_forecasts_are_hidden_have_no_row_of_their_own() -> None:
    rows = information_rows(options(1 + normals(2, 1, DRAWS)), definitions(), frozenset({"line_1"}))
    assert {row.subject for row in rows if row.about == "effects"} == {None, "line_0"}


def test_nothing_to_choose_has_no_rows() -> None:
    assert information_rows(options(np.zeros((0, 1, 10))), definitions()) == ()
