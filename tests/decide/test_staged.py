"""Bets in two steps."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decide.building import definitions, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.options import options_of
from vitalfew.decide.plans_tables import PlanTables, plan_tables
from vitalfew.decide.prices import price
from vitalfew.decide.staged import staged, staged_normal
from vitalfew.decide.worth import evsi

TODAY = date(2026, 6, 1)
shares = st.floats(0, 1)


@given(st.floats(-20, 20), st.floats(0, 15), st.floats(0, 9), st.floats(0, 20), shares)
def test_looking_is_worth_at_least_as_much_as_doing_all_or_nothing_blindly(
    mean: float, sd: float, first: float, later: float, told: float
) -> None:
    now = staged_normal(mean, sd, first, later, told)
    assert now >= mean - first - later - 1e-9
    assert now >= -first - 1e-9


@given(st.floats(-20, 20), st.floats(0.1, 15), st.floats(0, 9), st.floats(0, 20), shares, shares)
def test_a_first_step_that_tells_more_is_worth_more(
    mean: float, sd: float, first: float, later: float, one: float, two: float
) -> None:
    less, more = sorted((one, two))
    assert staged_normal(mean, sd, first, later, more) >= staged_normal(mean, sd, first, later, less) - 1e-9


@pytest.mark.parametrize("se", [0.5, 2.0, 8.0])
def test_the_right_to_stop_is_worth_what_a_test_of_that_error_is_worth(se: float) -> None:
    mean, sd, later = 6.0, 4.0, 5.0
    told = sd**2 / (sd**2 + se**2)
    assert staged_normal(mean, sd, 0, later, told) == pytest.approx(evsi(mean - later, sd, se) + max(mean - later, 0))


@pytest.mark.parametrize("told", [0.0, 0.3, 0.5, 1.0])
def test_draws_give_what_the_closed_form_gives(told: float) -> None:
    rng = np.random.default_rng(3)
    values, noise = rng.normal(6, 4, 200_000), rng.standard_normal(200_000)
    found = staged(values, np.full(1, 2.0), np.full(1, 5.0), noise, told, 0.9)
    assert found.now == pytest.approx(staged_normal(6, 4, 2, 5, told, 0.9), abs=0.02)
    assert found.at_once == pytest.approx(6 - 2 - 5, abs=0.03)


@given(st.integers(0, 99), st.floats(0.01, 3), st.floats(0, 30), shares)
@settings(max_examples=40, deadline=None)
def test_that_holds_for_draws_of_any_shape(seed: int, sd: float, later: float, told: float) -> None:
    rng = np.random.default_rng(seed)
    values, noise = rng.lognormal(1, sd, 500) - 2, rng.standard_normal(500)
    found = staged(values, np.full(1, 1.0), np.full(1, later), noise, told)
    assert found.now >= max(found.at_once, -1.0) - 1e-9 * np.abs(values).max()


def bet(forecasters: int = 3, **later: Any) -> PlanTables:
    defined = definitions(
        factors={"retention": {"range": [0.1, 0.3], "money": 7500}, "tickets": {"range": [0, 10]}},
        initiatives={
            "bet": {"cost": 2, "reach": 1.0, "later": {"cost": 30, "after_weeks": 26, **later}},
            "sure": {"cost": 10, "reach": 1.0},
        },
        policy={"budget": 12, "money_per_cost_unit": 50},
    )
    promises = (
        promise("bet", "retention", 0.03, 0.06, forecasters=forecasters),
        promise("sure", "retention", 0.04, 0.01),
    )
    inputs = Inputs.of(defined, tables(promises=promises), TODAY, 1)
    options = options_of(inputs)
    return plan_tables(options, inputs, price(options, inputs))


def test_a_bet_is_funded_for_its_first_step() -> None:
    found = bet(tells=0.9)
    (row,) = found.staged
    # 0.03 of 0.2 at weight 0.75 are 11.25 points, worth 22.5; a symmetric metalog is logistic.
    sd = 22.5 / 0.03 * 0.06 / math.log(9) * math.pi / math.sqrt(3)
    assert row.now == pytest.approx(staged_normal(22.5, sd, 2, 30, 0.9), rel=0.1)
    assert row.now > row.at_once
    assert row.first_cost + row.later_cost == 32
    best = found.plans[0]
    assert set(best.lines) == {"bet", "sure"}
    assert best.cost == pytest.approx(12)
    assert any("only the first step is funded of bet" in note for note in best.notes)
    assert best.value is not None
    assert best.value.mean == pytest.approx(15 + (row.now + 2) / 2, rel=0.01)


def test_a_first_step_that_tells_nothing_does_not_pay() -> None:
    (row,) = bet(tells=0.0).staged
    assert row.now == pytest.approx(-2)
    assert row.p_go_on == 0
    assert "Not even the first step pays" in row.message


def test_a_bet_that_rests_on_an_open_forecast_of_few_shows_no_worth() -> None:
    found = bet(forecasters=1)
    assert found.staged == ()
    assert found.plans[0].value is None
    assert found.plans[0].regret is None
    assert [row.cost_of_delay is None for row in found.sequence] == [row.line == "bet" for row in found.sequence]
