"""At a turning point the decision really is another: decided anew with the changed number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.decide.break_even import MOST, Means, dominated, standings
from vitalfew.decide.options import Options
from vitalfew.decide.portfolio import best_portfolio

if TYPE_CHECKING:
    from vitalfew.decide.break_even import Standing

DRAWS = 500
few = settings(max_examples=25, deadline=None)


def options(
    values: Any, costs: Any, budget: float, weights: Any = None, spread: float = 0.0, fundable: Any = None
) -> Options:
    """Lines of expected values `(lines, factors)` at weight 1, each with the same noise."""
    values, costs = np.asarray(values, dtype=float), np.asarray(costs, dtype=float)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((*values.shape, DRAWS))
    noise -= noise.mean(axis=2, keepdims=True)
    shares = np.full(values.shape[1], 1 / values.shape[1]) if weights is None else np.asarray(weights, dtype=float)
    return Options(
        tuple(f"line_{at}" for at in range(len(values))),
        tuple(f"factor_{at}" for at in range(values.shape[1])),
        (values[:, :, None] + spread * noise).astype(np.float32),
        np.repeat(shares[:, None], DRAWS, axis=1),
        np.repeat(costs[:, None], DRAWS, axis=1),
        budget,
        np.ones(len(values), dtype=bool) if fundable is None else fundable,
    )


def means(of: Options) -> Means:
    return Means.of(of, np.arange(len(of.lines)))


def planned(values: Any, costs: Any, budget: float, line: int) -> bool:
    return bool(best_portfolio(values[:, None], costs[:, None], budget)[line, 0])


def at(found: tuple[Standing, ...], line: str) -> Standing:
    return next(one for one in found if one.line == line)


companies = st.integers(2, 7).flatmap(
    lambda count: st.tuples(
        st.lists(st.lists(st.floats(-3, 8), min_size=3, max_size=3), min_size=count, max_size=count),
        st.lists(st.floats(0.5, 6), min_size=count, max_size=count),
        st.floats(1, 15),
    )
)


@few
@given(companies)
def test_at_the_value_and_the_cost_told_the_line_changes_sides(company: Any) -> None:
    chosen = options(*company)
    expected = means(chosen)
    for one in standings(chosen):
        line = chosen.lines.index(one.line)
        if one.effect is not None:
            values = expected.values.copy()
            values[line] = one.effect.at
            assert planned(values, expected.costs, chosen.budget, line) != one.planned
            assert (one.effect.at < one.value) == one.planned
        if one.price is not None:
            costs = expected.costs.copy()
            costs[line] = one.price.at
            assert planned(expected.values, costs, chosen.budget, line) != one.planned
            assert (one.price.at > one.cost) == one.planned


@few
@given(companies, st.lists(st.floats(0.1, 1), min_size=3, max_size=3))
def test_at_the_weight_told_the_line_changes_sides(company: Any, raw: list[float]) -> None:
    weights = np.array(raw) / sum(raw)
    values, costs, budget = company
    chosen = options(values, costs, budget, weights)
    expected = means(chosen)
    for one in standings(chosen):
        if one.weight is None:
            continue
        factor = chosen.factors.index(str(one.weight.factor))
        total = expected.weights.sum()
        other = expected.weights * (total - one.weight.at) / (total - expected.weights[factor])
        other[factor] = one.weight.at
        line = chosen.lines.index(one.line)
        assert planned(expected.swings @ other, expected.costs, chosen.budget, line) != one.planned


def test_two_lines_for_the_money_of_one_turn_where_their_value_per_cost_is_equal() -> None:
    first, second = standings(options([[8.0], [6.0]], [2.0, 2.0], 2.0))
    assert (first.line, first.planned, second.planned) == ("line_0", True, False)
    assert first.effect is not None
    assert first.effect.at == pytest.approx(6.0)
    assert second.effect is not None
    assert second.effect.at == pytest.approx(8.0)
    assert first.price is not None
    assert first.price.at == pytest.approx(2.0)  # dearer than the money, it cannot be paid
    assert second.price is not None
    assert second.price.at == pytest.approx(0.0, abs=1e-6)  # 8 points stay more than 6, unless both can be paid


def test_the_weight_at_which_two_lines_change_places_is_found() -> None:
    # Worth 10 w and 10 (1 - w): the first leads while its factor counts more than half.
    found = standings(options([[10.0, 0.0], [0.0, 10.0]], [1.0, 1.0], 1.0, weights=[0.7, 0.3]))
    for one in found:
        assert one.weight is not None
        assert one.weight.factor in ("factor_0", "factor_1")
        half = one.weight.at if one.weight.factor == "factor_0" else 1 - one.weight.at
        assert half == pytest.approx(0.5, abs=1e-6)


def test_the_probability_of_a_turn_is_that_of_the_draws_beyond_it() -> None:
    chosen = options([[8.0], [6.0]], [2.0, 2.0], 2.0, spread=2.0)
    first = at(standings(chosen), "line_0")
    assert first.effect is not None
    assert first.effect.chance == pytest.approx(float((chosen.swings[0, 0] < first.effect.at).mean()))
    assert 0.1 < first.effect.chance < 0.22  # one standard deviation below


def test_what_no_money_can_pay_turns_at_no_value_and_what_harms_at_no_cost() -> None:
    found = standings(options([[8.0], [-2.0]], [5.0, 1.0], 2.0))
    assert at(found, "line_0").effect is None
    assert at(found, "line_0").price is not None
    assert at(found, "line_1").price is None


def test_a_single_factor_has_no_weight_to_change() -> None:
    assert all(one.weight is None for one in standings(options([[8.0], [6.0]], [2.0, 2.0], 2.0)))


def test_a_line_that_another_beats_in_everything_is_named() -> None:
    found = standings(options([[4.0, 4.0], [3.0, 4.0], [9.0, 0.0]], [2.0, 3.0, 4.0], 5.0))
    assert at(found, "line_1").dominated_by == "line_0"
    assert at(found, "line_2").dominated_by is None
    assert at(found, "line_0").dominated_by is None


def test_what_another_passes_in_everything_is_told_unless_a_sealed_forecast_or_one_factor_alone_says_so() -> None:
    chosen = options([[4.0, 4.0], [3.0, 4.0], [9.0, 0.0]], [2.0, 3.0, 4.0], 5.0)
    assert dominated(chosen) == {"line_1": "line_0"}
    assert dominated(replace(chosen, sealed=frozenset({"line_0"}))) == {}
    assert dominated(replace(chosen, sealed=frozenset({"line_1"}))) == {}
    assert dominated(options([[4.0], [3.0]], [2.0, 3.0], 5.0)) == {}


def test_lines_that_may_not_be_funded_do_not_stand_in_the_order() -> None:
    found = standings(options([[8.0], [6.0]], [2.0, 2.0], 2.0, fundable=np.array([False, True])))
    assert [one.line for one in found] == ["line_1"]
    assert standings(options([[8.0]], [2.0], 2.0, fundable=np.array([False]))) == ()


def test_of_very_many_lines_those_near_the_end_of_the_budget_are_looked_at() -> None:
    rng = np.random.default_rng(2)
    count = MOST + 60
    found = standings(options(rng.uniform(1, 9, (count, 1)), np.ones(count), 30.0))
    looked = [place for place, one in enumerate(found) if one.effect is not None]
    assert len(looked) == MOST
    assert looked[0] == 0
    assert looked[-1] == MOST - 1
