"""Which test pays before building: sizes against closed forms, what is said, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import ndtri

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import options_of
from vitalfew.decide.precision import Precision, precision
from vitalfew.decide.prices import Price, price
from vitalfew.decide.tails import Tails, tails_of, with_tails
from vitalfew.decide.testing import (
    DECIDE_ANYWAY,
    SIZES,
    Case,
    best_size,
    hidden_lines,
    points_per_unit,
    suggested_tests,
    with_tests,
)
from vitalfew.decide.worth import evsi, places_of, worth_of_tests
from vitalfew.results.rows import ArrivalRow, CandidateLine, Tables

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"
NORMAL = ndtri((np.arange(20_000) + 0.5) / 20_000)


def known(daily: float | None = 200.0, variance: float = 1.0) -> Precision:
    return Precision(variance, () if daily is None else (daily,) * 7, 0.0, "as before")


def case(mean: float = 0.0, sd: float = 0.1, **other: Any) -> Case:
    fields: dict[str, Any] = {"effects": places_of(mean + sd * NORMAL), "slope": 100.0, "other": 0.0, "cost": 5.0}
    return Case(**(fields | other))


def test_the_best_size_is_that_of_a_search_over_the_closed_form() -> None:
    size = best_size(case(0.05), known())
    weeks = np.maximum(2 * SIZES / 200 / 7, 1)
    worth = np.array([evsi(0.0, 10.0, 100 * se) for se in np.sqrt(2 / SIZES)])
    # What waiting loses is weeks / 52 of the value of what is built: mean 5, of which half is built, and the spread.
    spread = 10.0 / np.sqrt(1 + (np.sqrt(2 / SIZES) / 0.1) ** 2)
    built = 5.0 / 2 + spread / np.sqrt(2 * np.pi)
    best = int(np.argmax(worth - built * np.minimum(weeks / 52, 1)))
    assert size.per_arm == pytest.approx(SIZES[best], rel=0.35)  # a flat top: one or two steps of the round numbers
    at = int(np.flatnonzero(size.per_arm == SIZES)[0])
    assert size.worth == pytest.approx(worth[at], rel=0.02)
    assert size.cost == pytest.approx(built[at] * weeks[at] / 52, rel=0.03)
    assert size.net == pytest.approx((worth - built * weeks / 52).max(), rel=0.02)


def test_more_traffic_gives_a_larger_test_and_a_dearer_test_is_never_worth_more() -> None:
    slow, fast = (best_size(case(), known(daily)) for daily in (50.0, 5_000.0))
    assert fast.per_arm > slow.per_arm
    assert fast.net > slow.net
    assert best_size(case(test_cost=1.0), known()).net == pytest.approx(best_size(case(), known()).net - 1.0)


def test_without_traffic_the_smallest_size_that_tells_nine_tenths_is_taken() -> None:
    size = best_size(case(), known(None))
    assert size.weeks is None
    most = evsi(-5.0, 10.0, 1e-9)
    errors = 100 * np.sqrt(2 / SIZES)
    enough = next(n for n, se in zip(SIZES, errors, strict=True) if evsi(-5.0, 10.0, se) >= 0.9 * most)
    assert size.per_arm == pytest.approx(enough, rel=0.3)


def test_a_test_that_ends_after_the_day_it_is_needed_is_worth_nothing() -> None:
    assert best_size(case(until=0.1), known(10.0)).worth == 0
    assert best_size(case(until=30.0), known()).weeks <= 30.0  # type: ignore[operator]  # traffic is known


def test_waiting_takes_its_share_of_a_window_that_closes() -> None:
    size = best_size(case(0.05, until=26.0), known())
    gained = worth_of_tests(places_of(0.05 + 0.1 * NORMAL), 100.0, -5.0, [size.se])
    assert size.weeks is not None
    assert size.cost == pytest.approx(100.0 * float(gained.effect[0]) * size.weeks / 26)


def test_where_tails_are_fat_more_ideas_are_worth_a_test_and_each_a_smaller_one() -> None:
    def pair(sd: float, cost: float) -> tuple[Case, Case]:
        ordinary = case(sd=sd, cost=cost)
        return ordinary, replace(ordinary, effects=with_tails(sd * NORMAL, Tails(2.5, 0.0, 1.0, 40), 200))

    ordinary, tailed = (best_size(one, known()) for one in pair(0.05, 8.0))
    assert tailed.per_arm < ordinary.per_arm
    unlikely, possible = (best_size(one, known()) for one in pair(0.02, 4.0))
    assert unlikely.net <= 1e-9 < possible.net


def test_tails_are_found_where_few_effects_carry_the_gain_and_not_in_noise() -> None:
    rng = np.random.default_rng(3)
    found = tails_of(0.01 * rng.standard_t(2.2, 200) + 0.005 * rng.standard_normal(200), np.full(200, 0.005))
    assert found is not None
    assert found.freedom <= 4
    errors = np.full(200, 0.01)
    assert tails_of(0.01 * rng.standard_normal(200) + errors * rng.standard_normal(200), errors) is None
    assert tails_of(np.full(29, 0.1), np.full(29, 0.1)) is None


def test_normal_effects_are_seldom_taken_for_fat_tails() -> None:
    rng = np.random.default_rng(4)
    found = [tails_of(0.02 * rng.standard_normal(40), np.full(40, 0.005)) is not None for _ in range(60)]
    assert np.mean(found) <= 0.1


def test_fat_tails_leave_the_middle_of_a_belief_as_it_is() -> None:
    places = with_tails(NORMAL, Tails(2.5, 0.0, 1.0, 40), 1_000)
    assert np.quantile(places, [0.1, 0.5, 0.9]) == pytest.approx([-1.2816, 0.0, 1.2816], abs=0.01)
    assert places.max() > NORMAL.max()
    assert np.all(np.diff(places) >= 0)


def company(**initiative: Any) -> Definitions:
    return definitions(
        policy={"budget": 100},
        initiatives={
            "idea": {"cost": 5, "team": None, **initiative},
            "old": {"status": "shipped"},
            "other": {"cost": 8},
        },
        experiments={"past": {"source": "players", "variant": "v", "initiative": "old", "metrics": ["retention"]}},
        features={"board": {}},
    )


def measured(sd: float = 0.04, **parts: Any) -> Tables:
    arrivals = tuple(ArrivalRow("past", f"2026-05-{day:02d}", arm, 100) for day in range(1, 15) for arm in ("a", "b"))
    base: dict[str, Any] = {
        "effects": (effect("past", "retention", 0.01, 0.01, n={"old": 4000, "new": 4000}),),
        "arrivals": arrivals,
        "promises": (
            promise("idea", "retention", 0.01, 1.2815515655 * sd, locked_at=LOCKED),
            promise("other", "retention", 0.02, 0.001, locked_at=LOCKED),
        ),
    }
    return tables(**(base | parts))


def advised(defined: Definitions, found: Tables) -> tuple[dict[str, CandidateLine], Inputs]:
    inputs = Inputs.of(defined, found, TODAY, 1)
    options = options_of(inputs)
    _, candidates, _ = ledger(inputs)
    advice = suggested_tests(options, inputs, price(options, inputs), hidden_lines(options, candidates))
    return {line.line: line for line in with_tests(candidates, advice)}, inputs


def test_an_idea_in_doubt_gets_the_test_that_tells_most_for_its_time() -> None:
    lines, _ = advised(company(), measured())
    test = lines["idea"].test
    assert test is not None
    assert test.metric == "retention"
    assert test.se == pytest.approx(0.01 * np.sqrt(4000 / test.units_per_arm), rel=1e-6)
    assert test.weeks == pytest.approx(2 * test.units_per_arm / 200 / 7, rel=0.01)
    assert test.net == pytest.approx(test.worth - test.cost)
    assert "two arms" in test.reason
    assert lines["idea"].net is not None
    assert lines["idea"].net.low < lines["idea"].net.estimate < lines["idea"].net.high  # type: ignore[operator]  # an interval is given


def test_the_worth_of_a_test_of_one_metric_is_its_closed_form() -> None:
    lines, inputs = advised(company(), measured())
    line = lines["idea"]
    assert line.test is not None
    assert line.net is not None
    options = options_of(inputs)
    points = price(options, inputs).mean
    assert points is not None
    swings = options.swings[0, options.factors.index("retention")].astype(float)
    slope = points * float(inputs.weights["retention"].mean()) * points_per_unit(inputs, "idea", "retention", swings)
    draws = points * options.values()[0]
    exact = evsi(line.net.estimate, float(draws.std()), slope * line.test.se)
    assert line.test.worth == pytest.approx(exact, rel=0.08)  # a metalog is a little narrower in its middle


@pytest.mark.parametrize(
    ("given", "share"), [({}, 1.0), ({"reach": 0.3}, 0.3), ({"ramp_weeks": 52}, 0.5), ({"half_life_weeks": 1e6}, 1.0)]
)
def test_a_point_per_unit_counts_those_reached_and_the_weeks_that_are_left(given: dict[str, Any], share: float) -> None:
    inputs = Inputs.of(company(**given), measured(), TODAY, 1)
    options = options_of(inputs)
    swings = options.swings[0, options.factors.index("retention")].astype(float)
    # The range of retention is 0.2 wide, so one unit is five ranges of 100 points.
    assert points_per_unit(inputs, "idea", "retention", swings) == pytest.approx(500 * share, rel=0.01)


def test_a_feature_that_is_to_go_is_tested_by_what_it_brought() -> None:
    defined = definitions(
        policy={"budget": 100},
        features={"board": {}},
        initiatives={"old": {"status": "shipped", "feature": "board"}, "idea": {"cost": 1, "removes": "board"}},
        experiments={"past": {"source": "players", "variant": "v", "initiative": "old", "metrics": ["retention"]}},
    )
    harm = effect("past", "retention", -0.01, 0.01, n={"old": 4000, "new": 4000})
    lines, inputs = advised(defined, measured(promises=(), effects=(harm,)))
    assert lines["idea"].value is not None
    assert lines["idea"].value.mean > 0
    assert lines["idea"].net is not None
    swings = options_of(inputs).swings[0, 0].astype(float)
    assert points_per_unit(inputs, "idea", "retention", swings) == pytest.approx(500, rel=0.01)


def test_where_a_test_costs_more_than_it_tells_the_question_is_put() -> None:
    defined = definitions(
        policy={"budget": 9, "test_cost": 50},
        initiatives=dict(company().initiatives),
        experiments=dict(company().experiments),
    )
    lines, _ = advised(defined, measured(sd=0.02))
    assert lines["idea"].test is None
    assert lines["idea"].recommendation == "test_first"
    assert DECIDE_ANYWAY in lines["idea"].reasons


def test_what_few_people_forecast_is_not_told_by_its_test() -> None:
    sealed = promise("idea", "retention", 0.01, 0.05, forecasters=2)
    lines, _ = advised(company(), measured(promises=(sealed, promise("other", "retention", 0.02, 0.01))))
    assert lines["idea"].value is None
    assert lines["idea"].test is None
    assert lines["idea"].net is None


def test_no_test_is_sized_before_anything_is_known_of_how_units_differ() -> None:
    lines, inputs = advised(company(), measured(effects=()))
    assert lines["idea"].test is None
    assert "is not known" in precision(inputs, "idea", "retention").basis


def test_a_share_at_its_baseline_says_how_units_differ() -> None:
    defined = definitions(
        factors={"retention": {"range": [0.1, 0.3], "baseline": 0.2}, "tickets": {"range": [0, 10]}},
        initiatives={"idea": {"cost": 5}},
    )
    found = precision(Inputs.of(defined, tables(), TODAY, 1), "idea", "retention")
    assert found.variance == pytest.approx(0.16)
    assert np.isnan(found.weeks(SIZES)).all()


def test_the_follow_up_of_a_metric_makes_its_test_longer() -> None:
    plain, followed = known(), replace(known(), follow_up=28.0)
    assert followed.weeks(SIZES) - plain.weeks(SIZES) == pytest.approx(np.full(len(SIZES), 4.0))


def test_without_a_price_of_a_point_nothing_is_advised() -> None:
    inputs = Inputs.of(company(), measured(), TODAY, 1)
    assert suggested_tests(options_of(inputs), inputs, Price(None, None, "nothing tells")) == {}


def test_a_window_that_closes_soon_leaves_no_time_for_a_test() -> None:
    lines, _ = advised(company(needed_by=TODAY + timedelta(days=2)), measured())
    assert lines["idea"].test is None


def test_the_weeks_of_work_leave_less_of_a_window_for_a_test() -> None:
    window = TODAY + timedelta(days=83)
    without, with_work = (
        advised(company(needed_by=window, **work), measured())[0]["idea"].test for work in ({}, {"weeks": 11})
    )
    assert without is not None
    assert with_work is None
