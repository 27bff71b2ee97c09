"""What a point of value is worth in the unit of cost."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decide.building import definitions, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.options import options_of
from vitalfew.decide.prices import Price, margin, price

TODAY = date(2026, 6, 1)


def priced(*, weights: bool = True, **kinds: Any) -> Price:
    initiatives = {
        "a": {"cost": 10, "reach": 1.0},
        "b": {"cost": 10, "reach": 1.0},
    }
    defined = definitions(**({"initiatives": initiatives} | kinds))
    promises = (promise("a", "retention", 0.04, 0.01), promise("b", "retention", 0.02, 0.01))
    run = tables(promises=promises) if weights else tables(promises=promises, weights=())
    inputs = Inputs.of(defined, run, TODAY, 1)
    return price(options_of(inputs), inputs)


def test_money_on_a_swing_prices_every_point() -> None:
    # 75 points are worth 7,500, a unit of cost 50: a point is worth two of them.
    factors = {"retention": {"range": [0.1, 0.3], "money": 7500}, "tickets": {"range": [0, 10]}}
    found = priced(factors=factors, policy={"money_per_cost_unit": 50})
    assert found.basis == "money"
    assert found.mean == pytest.approx(2.0)
    assert found.note == "A point is priced by what retention is worth in money."


def test_money_on_two_swings_counts_both() -> None:
    factors = {"retention": {"range": [0.1, 0.3], "money": 7500}, "tickets": {"range": [0, 10], "money": 500}}
    found = priced(factors=factors, policy={"money_per_cost_unit": 50})
    assert found.mean == pytest.approx(8000 / 100 / 50)


def test_costs_in_the_currency_need_no_rate() -> None:
    factors = {"retention": {"range": [0.1, 0.3], "money": 7500}, "tickets": {"range": [0, 10]}}
    found = priced(factors=factors, workspace={"currency": "EUR"}, policy={"cost_unit": "EUR"})
    assert found.mean == pytest.approx(100.0)


def test_uncertain_money_gives_an_uncertain_price() -> None:
    money = {"p10": 4000, "p50": 7500, "p90": 15000}
    factors = {"retention": {"range": [0.1, 0.3], "money": money}, "tickets": {"range": [0, 10]}}
    found = priced(factors=factors, policy={"money_per_cost_unit": 50})
    assert found.cost_per_point is not None
    low, high = np.quantile(found.cost_per_point, [0.1, 0.9]) * 75 * 50
    assert (low, high) == (pytest.approx(4000, rel=0.05), pytest.approx(15000, rel=0.05))


def test_without_money_the_last_line_within_the_budget_sets_the_price() -> None:
    # a: 15 points for 10, b: 7.5 points for 10; the budget ends in b.
    found = priced(policy={"budget": 15})
    assert found.basis == "budget"
    assert found.mean == pytest.approx(10 / 7.5, rel=0.01)
    assert "budget" in found.note


@pytest.mark.parametrize(
    ("weights", "policy", "why"),
    [
        (False, {"money_per_cost_unit": 50, "budget": 15}, "nobody has weighed the factors"),
        (True, {"budget": 15}, "no 'money_per_cost_unit'"),
    ],
)
def test_money_that_cannot_be_used_is_said(weights: bool, policy: dict[str, float], why: str) -> None:
    factors = {"retention": {"range": [0.1, 0.3], "money": 7500}, "tickets": {"range": [0, 10]}}
    found = priced(weights=weights, factors=factors, policy=policy)
    assert found.basis == "budget"
    assert why in found.note


def test_without_candidates_a_point_has_no_price() -> None:
    found = priced(initiatives={})
    assert found == Price(None, None, "No candidate has both a value above zero and a cost, so a point has no price.")


@given(
    st.lists(st.tuples(st.floats(-10, 10), st.floats(0.1, 10)), min_size=1, max_size=8),
    st.floats(0.1, 40),
    st.floats(0.1, 10),
)
def test_more_budget_never_raises_what_the_margin_gives(
    lines: list[tuple[float, float]], budget: float, more: float
) -> None:
    values, costs = (np.array(part) for part in zip(*lines, strict=True))
    fundable = np.ones(len(lines), dtype=bool)
    before, after = (margin(values, costs, given_, fundable)[0] for given_ in (budget, budget + more))
    assert (before is None) == (after is None) == bool((values <= 0).all())
    assert before is None or after is None or after <= before
