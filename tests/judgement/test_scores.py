from __future__ import annotations

import ast
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.judgement.metalog import Metalog, SplitNormal, fit, sample
from vitalfew.judgement.record import Quantiles, in_ranges
from vitalfew.judgement.scores import (
    brier,
    cdf,
    coverage,
    crps,
    crps_normal,
    crps_sample,
    pit,
    skill,
)

ANSWERS = json.loads((Path(__file__).parents[1] / "stats" / "referees" / "scoringrules.json").read_text())["answers"]
GRID = (np.arange(4_000) + 0.5) / 4_000
SHAPES = [(-1.0, 0.0, 1.0), (0.0, 1.0, 3.0), (-3.0, -2.0, 1.0), (0.0, 0.1, 2.0), (1.0, 2.0, 2.0), (2.0, 2.0, 2.0)]


def asked(kind: str) -> list[str]:
    found = [name for name in ANSWERS if name.startswith(kind)]
    assert found
    return found


@pytest.mark.parametrize("name", asked("normal"))
def test_normal_forecasts_score_as_the_referee_says(name: str) -> None:
    _, mean, sd, _, x = name.split()
    assert float(crps_normal(float(mean), float(sd), float(x))) == pytest.approx(ANSWERS[name]["crps"], rel=1e-6)


@pytest.mark.parametrize("name", asked("sample"))
def test_samples_score_as_the_referee_says(name: str) -> None:
    samples = ([0.0, 1.0, 3.0], [-2.0, -2.0, 5.0, 9.0], [1.0])
    _, at, _, x = name.split()
    assert float(crps_sample(samples[int(at)], float(x))) == pytest.approx(ANSWERS[name]["crps"], abs=1e-6)


@pytest.mark.parametrize("name", asked("forecast"))
def test_forecasts_with_a_point_mass_score_as_the_referee_says(name: str) -> None:
    said, _, x = name.removeprefix("forecast ").partition(" at ")
    assert crps(Quantiles(*ast.literal_eval(said)), float(x)) == pytest.approx(ANSWERS[name]["crps"], abs=2e-5)


@pytest.mark.parametrize("name", asked("logistic"))
def test_a_symmetric_forecast_scores_as_the_logistic_it_is(name: str) -> None:
    x = float(name.removeprefix("logistic at "))
    assert crps(Quantiles(-1, 0, 1, 0.0), x) == pytest.approx(ANSWERS[name]["crps"], rel=1e-9)


def test_brier_scores_are_those_of_the_referee() -> None:
    chances, came = [0.9, 0.8, 0.7, 0.2, 0.1, 0.05], [1, 1, 0, 0, 1, 0]
    assert brier(chances, came).score == pytest.approx(np.mean(ANSWERS["events"]["brier"]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("p_zero", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("x", [-2.5, 0.0, 0.4, 2.0, 7.0])
def test_the_closed_form_is_the_mean_score_of_many_draws(
    shape: tuple[float, float, float], p_zero: float, x: float
) -> None:
    forecast = Quantiles(*shape, p_zero)
    drawn = np.sort(sample(forecast, GRID))
    between = 2 * float(np.mean((2 * GRID - 1) * drawn))
    assert crps(forecast, x) == pytest.approx(float(np.abs(drawn - x).mean()) - between / 2, abs=1e-3)


@pytest.mark.parametrize("shape", SHAPES[:5])
def test_an_error_of_measurement_is_added_to_the_forecast(shape: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(7)
    forecast, se, x = Quantiles(*shape, 0.2), 0.6, 0.7
    blurred = np.sort(sample(forecast, rng.uniform(size=40_000)) + se * rng.standard_normal(40_000))
    places = (np.arange(40_000) + 0.5) / 40_000
    expected = np.abs(blurred - x).mean() - float(np.mean((2 * places - 1) * blurred))
    assert crps(forecast, x, se) == pytest.approx(expected, abs=0.025)
    assert cdf(forecast, x, se) == pytest.approx((blurred <= x).mean(), abs=0.01)


@pytest.mark.parametrize("shape", SHAPES[:5])
@pytest.mark.parametrize("x", [-1.5, 0.05, 0.7, 1.99, 3.0])
def test_the_distribution_function_is_the_inverse_of_the_quantiles(shape: tuple[float, float, float], x: float) -> None:
    found = fit(*shape)
    u = found.cdf(x)
    if 1e-9 < u < 1 - 1e-9:
        assert float(found.quantile(u)) == pytest.approx(x, abs=1e-6)


def test_a_certain_forecast_scores_its_distance() -> None:
    assert crps(Quantiles(2, 2, 2, 0.0), 5.0) == 3
    assert crps(Quantiles(1, 2, 3, 1.0), -0.5) == 0.5
    assert float(crps_normal(2.0, 0.0, 5.0)) == 3
    assert isinstance(fit(2, 2, 2), SplitNormal)
    assert isinstance(fit(1, 2, 3), Metalog)


def test_the_normal_score_at_its_mean_is_known() -> None:
    assert float(crps_normal(0.0, 1.0, 0.0)) == pytest.approx((math.sqrt(2) - 1) / math.sqrt(math.pi))


NUMBER = st.floats(-50, 50)


def rising(three: tuple[float, float, float], p_zero: float) -> Quantiles:
    low, middle, high = sorted(three)
    return Quantiles(low, middle, high, p_zero)


FORECASTS = st.builds(rising, st.tuples(NUMBER, NUMBER, NUMBER), st.floats(0, 1))


@given(FORECASTS, NUMBER, st.sampled_from([-3.0, -0.01, 0.5, 40.0]))
def test_the_unit_and_its_direction_only_scale_the_score(forecast: Quantiles, x: float, scale: float) -> None:
    told = crps(in_ranges(forecast, scale), x / scale) * abs(scale)
    assert told == pytest.approx(crps(forecast, x), abs=1e-6)


@given(FORECASTS, NUMBER)
def test_scores_are_never_negative_and_places_lie_in_the_forecast(forecast: Quantiles, x: float) -> None:
    assert crps(forecast, x) >= -1e-9
    assert 0 <= pit(forecast, x) <= 1
    assert pit(forecast, x, 0.5) == pytest.approx(cdf(forecast, x, 0.5))


@given(FORECASTS, st.floats(0.02, 0.98))
def test_the_distribution_function_of_the_mixture_is_that_of_its_draws(forecast: Quantiles, u: float) -> None:
    drawn = float(sample(forecast, u))
    width = 1 + abs(forecast.p90 - forecast.p10)
    assert cdf(forecast, drawn + 1e-6 * width) >= u - 1e-6
    assert cdf(forecast, drawn - 1e-6 * width) <= u + 1e-6


def test_the_place_of_no_effect_is_the_middle_of_its_point_mass() -> None:
    assert pit(Quantiles(1, 2, 3, 0.4), 0.0) == pytest.approx(0.2, abs=0.01)


def test_saying_what_one_believes_scores_best_on_average() -> None:
    truth = Quantiles(0.0, 1.0, 3.0, 0.3)
    came = sample(truth, GRID[::20])
    others = [Quantiles(0, 1, 3, 0.0), Quantiles(0.5, 1, 2, 0.3), Quantiles(-2, 1, 6, 0.3), Quantiles(1, 2, 4, 0.3)]
    honest = np.mean([crps(truth, float(x)) for x in came])
    for other in others:
        assert np.mean([crps(other, float(x)) for x in came]) > honest


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_the_parts_of_the_brier_score_add_up(events: list[tuple[float, int]]) -> None:
    found = brier([p for p, _ in events], [y for _, y in events])
    assert found.score == pytest.approx(found.reliability - found.resolution + found.uncertainty + found.within)
    assert min(found.reliability, found.resolution, found.uncertainty) >= 0


def test_forecasters_who_are_right_on_average_are_reliable_and_those_who_tell_apart_resolve() -> None:
    alike = brier([0.5] * 4, [0, 1, 0, 1])
    assert (alike.reliability, alike.resolution, alike.score) == (0, 0, 0.25)
    sure = brier([1.0, 0.0], [1, 0])
    assert (sure.score, sure.reliability, sure.resolution, sure.uncertainty) == (0, 0, 0.25, 0.25)


def test_coverage_comes_with_the_interval_of_wilson() -> None:
    covered, low, high = coverage([0.05] * 4 + [0.5] * 16)
    assert (covered, round(low, 3), round(high, 3)) == (0.8, 0.584, 0.919)
    with pytest.raises(NotEnoughData):
        coverage([])
    with pytest.raises(UsageError, match="no share of a range"):
        coverage([0.5], 80)


def test_skill_is_what_is_saved_of_the_reference() -> None:
    assert skill(0.1, 0.4) == pytest.approx(0.75)
    assert skill(0.5, 0.4) == pytest.approx(-0.25)
    assert skill(0.1, 0.0) is None


@pytest.mark.parametrize(
    ("probability", "came"), [([1.5], [1]), ([math.nan], [1]), ([0.5], [2]), ([0.5, 0.4], [1]), ([-0.1], [0])]
)
def test_what_is_no_probability_or_no_event_is_refused(probability: list[float], came: list[float]) -> None:
    with pytest.raises(UsageError, match="numbers from 0 to 1"):
        brier(probability, came)


@pytest.mark.parametrize(("x", "se"), [(math.nan, 0.0), (math.inf, 0.0), (1.0, -1.0), (1.0, math.nan)])
def test_what_came_is_a_number(x: float, se: float) -> None:
    with pytest.raises(UsageError, match="what came is"):
        crps(Quantiles(1, 2, 3, 0.0), x, se)


def test_no_values_are_no_forecast() -> None:
    with pytest.raises(NotEnoughData):
        crps_sample([], 0.0)


def test_no_events_have_no_score() -> None:
    with pytest.raises(NotEnoughData):
        brier([], [])
