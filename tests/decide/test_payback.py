"""Whether and when a candidate pays: building, running, what is given up for it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from decide.building import definitions, promise, tables
from vitalfew.decide.explain_payback import SEALED, pays
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.options import options_of
from vitalfew.decide.payback import given_up, paying, weeks_to_pay
from vitalfew.decide.payoff import running
from vitalfew.decide.prices import Price, price
from vitalfew.results.basics import Estimate
from vitalfew.results.rows import CandidateLine, Viability

if TYPE_CHECKING:
    from vitalfew.decide.options import Options

TODAY = date(2026, 6, 1)
EVEN = np.arange(1, 53) / 52
"""Of a value that comes evenly over 52 weeks, the share that has come by the end of each."""


def sure(line: str, change: float) -> Any:
    """A forecast without any doubt: as if everybody knew."""
    return promise(line, "retention", change, 0.0, locked_at="2026-01-01")


def made(policy: dict[str, Any], *lines: Any, **initiatives: Any) -> Inputs:
    """A product whose candidates move retention, with a feature that takes 10.4 person-weeks a year."""
    defined = definitions(
        policy=policy,
        factors={"retention": {"range": [0.1, 0.3]}},
        features={"board": {"upkeep": 10.4}},
        initiatives=initiatives,
    )
    return Inputs.of(defined, tables(promises=tuple(lines)), TODAY, 1)


def one_point_each(inputs: Inputs) -> Price:
    return Price(np.ones(inputs.draws), "money", "as it was said")


def viability(inputs: Inputs, line: str = "idea", **other: Any) -> Viability:
    return paying(options_of(inputs), inputs, one_point_each(inputs), **other)[line].viability


def test_a_value_that_comes_evenly_pays_when_it_has_brought_the_cost() -> None:
    # 52 in 52 weeks is 1 a week: 13 are back after 13 weeks, and of 10 in all 11 never come back.
    weeks = weeks_to_pay(
        np.array([[52.0, 52.0, 10.0, -5.0]]), EVEN[None, :], 0 * EVEN, np.array([13.0, 4.5, 11.0, 1.0])
    )
    assert weeks == pytest.approx([13.0, 4.5, np.inf, np.inf])


def test_running_it_takes_its_part_of_each_week() -> None:
    # 1 a week comes, half of it goes into keeping it: 13 take twice as long.
    weeks = weeks_to_pay(np.array([[52.0]]), EVEN[None, :], 26 * EVEN, np.array([13.0]))
    assert weeks == pytest.approx([26.0])


def test_what_follows_later_pays_later() -> None:
    late = np.clip(np.arange(1, 53) - 26, 0, None) / 26  # nothing in the first half, then 2 a week
    weeks = weeks_to_pay(np.array([[52.0]]), late[None, :], 0 * EVEN, np.array([13.0]))
    assert weeks == pytest.approx([26 + 13 / 2])
    both = weeks_to_pay(np.array([[26.0], [52.0]]), np.array([EVEN, late]), 0 * EVEN, np.array([18.0]))
    assert both == pytest.approx([26 + (18 - 13) / 2.5])  # half a unit a week, and from week 26 on two more


@given(
    arrays(np.float64, (2, 6), elements=st.floats(-50, 50)),
    arrays(np.float64, 6, elements=st.floats(0, 50)),
    st.floats(0, 40),
    st.floats(0.1, 20),
)
def test_dearer_is_never_sooner(gains: Any, build: Any, run: float, more: float) -> None:
    shares = np.array([EVEN, EVEN**2])
    sooner = weeks_to_pay(gains, shares, run * EVEN, build)
    assert (weeks_to_pay(gains, shares, run * EVEN, build + more) >= sooner).all()
    assert (weeks_to_pay(gains, shares, (run + more) * EVEN, build) >= sooner - 1e-9).all()
    assert ((sooner >= 0) & ((sooner <= 52) | np.isinf(sooner))).all()


def test_keeping_it_costs_its_upkeep_and_what_it_takes_away_saves_one() -> None:
    inputs = made({}, idea={"cost": 1, "upkeep": 5.2}, gone={"cost": 1, "removes": "board"}, plain={"cost": 1})
    cost = {key: float(running(inputs, each).sum()) for key, each in inputs.definitions.initiatives.items()}
    assert cost == pytest.approx({"idea": 5.2, "gone": -10.4, "plain": 0.0})


def test_half_a_horizon_of_half_a_year_is_kept_for_half_a_year() -> None:
    inputs = made({"horizon_weeks": 26}, idea={"cost": 1, "upkeep": 5.2})
    assert running(inputs, inputs.definitions.initiatives["idea"]).sum() == pytest.approx(2.6)


def test_in_every_draw_a_candidate_pays_when_its_own_value_has_brought_its_cost() -> None:
    unsure = promise("idea", "retention", 0.05, 0.05, locked_at="2026-01-01")
    inputs = made({"budget": 100}, unsure, idea={"cost": 5, "upkeep": 5.2})
    options = options_of(inputs)
    found = paying(options, inputs, one_point_each(inputs))["idea"]
    assert found.weeks is not None
    value = options.values()[0][: len(found.weeks)]
    paid = value > 5 + 5.2
    assert np.isfinite(found.weeks) == pytest.approx(paid)
    assert found.weeks[paid] == pytest.approx(5 / (value[paid] / 52 - 5.2 / 52), rel=1e-5)
    assert found.viability.build == 5
    assert found.viability.run == pytest.approx(5.2)
    assert found.viability.p_within == pytest.approx(paid.mean())


def test_a_candidate_that_rarely_pays_has_a_chance_and_no_week() -> None:
    told = viability(made({"budget": 100}, sure("idea", 0.1), idea={"cost": 80}))
    assert told.weeks is None
    assert told.p_within is not None
    assert told.p_within < 0.5


def test_an_end_that_lies_beyond_the_horizon_is_left_open() -> None:
    unsure = promise("idea", "retention", 0.05, 0.05, locked_at="2026-01-01")
    told = viability(made({"budget": 100}, unsure, idea={"cost": 10}))
    assert told.weeks is not None
    assert told.p_within is not None
    assert 0.5 < told.p_within < 0.9
    assert told.weeks.low is not None
    assert told.weeks.high is None
    assert told.weeks.low < told.weeks.estimate < 52


def test_without_a_price_the_reason_is_told_and_what_it_costs() -> None:
    inputs = made({"budget": 100}, sure("idea", 0.1), idea={"cost": 5, "upkeep": 5.2})
    told = paying(options_of(inputs), inputs, Price(None, None, "nothing tells"))["idea"].viability
    assert (told.reason, told.weeks, told.p_within, told.given_up) == ("nothing tells", None, None, None)
    assert told.run == pytest.approx(5.2)


def test_of_a_sealed_forecast_nothing_is_said_but_the_cost() -> None:
    told = viability(made({"budget": 100}, sure("idea", 0.1), idea={"cost": 5}), hidden=frozenset({"idea"}))
    assert (told.reason, told.weeks, told.p_within, told.given_up) == (SEALED, None, None, None)


def chosen(values: list[float], costs: list[float], budget: float) -> Options:
    """Lines whose values and costs are known for sure, by the letters of the alphabet."""
    many = "abcdefgh"[: len(values)]
    initiatives = {key: {"cost": cost} for key, cost in zip(many, costs, strict=True)}
    inputs = made({"budget": budget}, *(sure(key, 0.01) for key in many), **initiatives)
    found = options_of(inputs)
    exact = np.broadcast_to(np.array(values, np.float32)[:, None, None], found.swings.shape)
    return type(found)(
        found.lines, found.factors, exact.copy(), np.ones_like(found.weights), found.costs, found.budget, found.fundable
    )


def test_what_is_given_up_is_what_the_same_part_of_the_budget_would_bring_elsewhere() -> None:
    # By value per cost: a 4, b 3, c 1 a unit, and 10 units to spend.
    options = chosen([20.0, 12.0, 6.0], [5.0, 4.0, 6.0], 10.0)
    found = {line: each.estimate for line, each in given_up(options, np.ones(2_000)).items()}
    # Without a: b and all of c fit. With a, 5 are left: b, and 1 of c's 6. Given up: 5 of c.
    # Without b: a and 5 of c. With b, 6 are left: a and 1 of c. Without c: a and b (9); with c 4 are left: 4 of a's 5.
    assert found == pytest.approx({"a": 5.0, "b": 4.0, "c": 4.0 + 12.0}, rel=1e-5)


def test_where_the_budget_reaches_for_all_nothing_is_given_up() -> None:
    found = given_up(chosen([20.0, 12.0], [5.0, 4.0], 10.0), np.ones(2_000))
    assert [each.estimate for each in found.values()] == [0.0, 0.0]


def test_a_point_has_its_price_by_the_budget_where_nobody_put_money_on_it() -> None:
    inputs = made({"budget": 6}, sure("idea", 0.1), sure("other", 0.02), idea={"cost": 5}, other={"cost": 8})
    options = options_of(inputs)
    told = paying(options, inputs, price(options, inputs))["idea"].viability
    assert "priced by the budget" in told.basis


@pytest.mark.parametrize(("left", "told"), [(5.5e-8, "0 person-weeks"), (-7.5, "−7.5 person-weeks"), (16, "16 person")])
def test_what_is_nothing_beside_its_interval_is_told_as_nothing(left: float, told: str) -> None:
    line = CandidateLine(
        line="a", title="A", kind="initiative", team=None, value=None, parts=(), cost=None, p_best=None, p_in=None,
        recommendation="test_first", test=None, grade=None, reasons=(),
        net=Estimate(left, left - 100, left + 150), viability=Viability(38, 0, 52),
    )  # fmt: skip
    first = next(iter(pays(line, "person-weeks"))).text
    assert first.startswith(f"Of its value {told}")
