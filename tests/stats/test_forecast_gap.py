"""The effect of a date on one series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.forecast_gap import Gap, Question, forecast_gap

DAY, DAYS = 400, 428
WEEK = np.array([0.0, 5.0, 10.0, 10.0, 5.0, -20.0, -10.0])


def noise(seed: int = 1, days: int = DAYS) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 1, days)


def estimate(found: Gap) -> float:
    assert found.judged is not None
    return found.judged.estimate


@given(st.floats(-50, 50), st.floats(-70, 1e4))
def test_what_is_added_after_the_date_is_found_and_what_is_added_throughout_is_not(step: float, shift: float) -> None:
    plain = forecast_gap(noise(), Question(DAY))
    moved = forecast_gap(noise() + shift + step * (np.arange(DAYS) >= DAY), Question(DAY))
    assert estimate(moved) == pytest.approx(estimate(plain) + step, abs=1e-6)


def test_days_of_the_week_and_steady_growth_are_no_effect() -> None:
    plain = forecast_gap(noise(), Question(DAY))
    days = np.arange(DAYS)
    dressed = forecast_gap(noise() + 3 * WEEK[days % 7] + 0.05 * days, Question(DAY))
    assert estimate(dressed) == pytest.approx(estimate(plain), abs=0.05)
    assert dressed.judged is not None
    assert dressed.judged.p > 0.05


def test_a_release_on_any_day_of_the_week_and_after_any_number_of_days_is_judged_without_the_pattern() -> None:
    days = np.arange(DAYS + 10)
    for day in range(DAY, DAY + 7):
        found = forecast_gap(100 + WEEK[days % 7], Question(day, after=10))
        assert found.change == pytest.approx(0, abs=1e-9)


def test_a_planted_step_is_found_and_its_interval_holds_it() -> None:
    found = forecast_gap(noise() + 2 * (np.arange(DAYS) >= DAY), Question(DAY))
    assert found.judged is not None
    _, low, high = found.judged.intervals[1]
    assert found.judged.p < 0.001
    assert low < 2 < high
    assert found.after - found.before == pytest.approx(found.change)


def test_a_control_that_shares_the_weather_makes_the_interval_narrow() -> None:
    rng = np.random.default_rng(4)
    weather = np.cumsum(rng.normal(size=DAYS))
    series, control = 50 + weather + rng.normal(size=DAYS), 80 + 2 * weather + rng.normal(size=DAYS)
    alone = forecast_gap(series, Question(DAY))
    beside = forecast_gap(series, Question(DAY), controls=[control])
    assert alone.judged is not None
    assert beside.judged is not None
    assert beside.judged.se < alone.judged.se / 2
    assert beside.judged.slopes[0] > 0
    assert beside.controls == 1


def test_many_controls_are_averaged_into_one() -> None:
    rng = np.random.default_rng(4)
    found = forecast_gap(noise(), Question(DAY), controls=[rng.normal(size=DAYS) for _ in range(9)])
    assert found.controls == 1


def test_less_than_thirteen_windows_of_history_only_describe() -> None:
    found = forecast_gap(noise()[-363 - 28 :], Question(363))
    assert found.judged is None
    assert found.reason is not None
    assert "364 without gaps are needed to tell a change from noise" in found.reason
    assert forecast_gap(noise()[-364 - 28 :], Question(364)).judged is not None
    assert forecast_gap(noise(), Question(170, after=7)).judged is not None


def test_holes_cost_placebo_dates_and_a_hole_at_the_date_everything() -> None:
    series = noise(days=800)
    series[100:120] = np.nan
    holed = forecast_gap(series, Question(700))
    assert holed.judged is not None
    assert all(not {*range(start - 28, start + 28)} >= {*range(100, 120)} for start in holed.dates)
    series[690:700] = np.nan
    with pytest.raises(NotEnoughData, match="right before or after"):
        forecast_gap(series, Question(700))


def test_dates_near_something_else_are_left_out_where_enough_remain_and_kept_where_not() -> None:
    days = np.arange(828)
    series = noise(days=828) + 30 * (days >= 300) - 30 * (days >= 500)
    known = forecast_gap(series, Question(800), avoid=[300, 500])
    unknown = forecast_gap(series, Question(800))
    assert known.judged is not None
    assert unknown.judged is not None
    assert known.left_out > 0
    assert known.judged.se < unknown.judged.se / 3
    crowded = forecast_gap(series, Question(800), avoid=list(range(0, 800, 30)))
    assert (crowded.left_out, crowded.disturbed) == (0, len(crowded.dates))


def test_several_changes_are_judged_as_one_from_before_the_first_to_after_the_last() -> None:
    series = noise(days=450)
    series[DAY : DAY + 14] += 100  # between the first and the last nothing counts
    series[DAY + 14 :] += 3
    found = forecast_gap(series, Question(DAY, span=14))
    assert estimate(found) == pytest.approx(3, abs=0.7)


def test_a_series_that_grew_many_times_is_judged_in_proportion() -> None:
    level = 10 * 1.005 ** np.arange(DAYS)
    rng = np.random.default_rng(2)
    found = forecast_gap(level * rng.normal(1, 0.02, DAYS), Question(DAY))
    assert found.relative
    assert found.judged is not None
    assert found.judged.p > 0.05
    _, low, high = found.judged.intervals[1]
    assert low < 0 < high


def test_a_series_that_fell_steadily_is_judged_as_it_is_and_not_in_proportion() -> None:
    falling = [
        forecast_gap(300 - 0.55 * np.arange(DAYS) + 2 * noise(seed) - 200, Question(DAYS - 28)) for seed in range(40)
    ]
    assert not any(found.relative for found in falling)
    assert sum(found.judged is not None and found.judged.p < 0.05 for found in falling) <= 5


def test_few_counts_a_day_are_judged_as_they_are() -> None:
    for seed in range(40):
        counts = np.random.default_rng(seed).poisson(0.3, DAYS).astype(float)
        found = forecast_gap(counts, Question(DAYS - 28))
        assert not found.relative
        assert abs(estimate(found)) < 1


@pytest.mark.parametrize("seed", range(5))
def test_a_launch_long_ago_is_not_taken_for_what_dates_usually_bring(seed: int) -> None:
    level = np.where(np.arange(DAYS) < 150, 10.0, 100.0)
    found = forecast_gap(level * noise(seed) / 100, Question(DAYS - 28))
    assert abs(estimate(found)) < 5
    assert found.judged is not None
    assert found.judged.intervals[-1][1] < 0 < found.judged.intervals[-1][2]


def grown(seed: int, ratio: float, *, share: bool, days: int = DAYS) -> np.ndarray:
    """A level that grows to `ratio` times itself, with noise of 5 % of it, or of 5 of the last level."""
    level = 100 * ratio ** (np.arange(days) / days - 1)
    return level + 5 * np.random.default_rng(seed).normal(size=days) * (level / 100 if share else 1)


@pytest.mark.parametrize("ratio", [0.4, 2.2, 10])
def test_how_a_grown_series_strays_is_told_by_its_days(ratio: float) -> None:
    alike = [
        [forecast_gap(grown(seed, ratio, share=share), Question(DAY)).relative for seed in range(20)]
        for share in (True, False)
    ]
    assert sum(alike[0]) >= 18
    assert sum(alike[1]) <= 2


@pytest.mark.parametrize("share", [True, False])
def test_growth_by_a_share_of_the_level_is_no_effect_however_the_series_strays(share: bool) -> None:
    found = [estimate(forecast_gap(grown(seed, 2.2, share=share), Question(DAY))) for seed in range(40)]
    assert abs(np.mean(found)) < 0.6  # a gain as it was on average would be 1.9 below what such stretches gain now


@pytest.mark.parametrize("jump", [10.0, 0.1])
@pytest.mark.parametrize("at", [150, 200])
def test_one_jump_long_ago_does_not_hide_what_a_release_does(jump: float, at: int) -> None:
    level = np.where(np.arange(DAYS) < at, 100 / jump, 100)
    series = level * noise() / 100 + 2 * (np.arange(DAYS) >= DAY)
    found = forecast_gap(series, Question(DAY))
    assert found.jump is not None
    assert abs(found.jump - at) <= 7
    assert found.judged is not None
    assert found.judged.p < 0.001


@pytest.mark.parametrize("after", [14, 28, 42])
@pytest.mark.parametrize("at", range(170, 177))
def test_no_date_that_a_launch_is_in_the_days_of_tells_how_far_a_series_strays(at: int, after: int) -> None:
    found = forecast_gap(noise(3, 750) + 30 * (np.arange(750) >= at), Question(700, after))
    dates = np.array(found.dates)
    assert not ((dates - 28 < at) & (at < dates + after)).any()
    assert len(dates[dates < at]) > 5


def test_jumps_that_come_again_remain_in_how_a_series_strays() -> None:
    days = np.arange(828)
    twice = noise(days=828) + 30 * (days >= 300) + 30 * (days >= 500)
    yearly = noise(days=828) + 30 * (days >= 410)
    for series, question in ((twice, Question(800)), (yearly, Question(770))):
        found = forecast_gap(series, question)
        assert found.jump is None
        assert found.judged is not None
        assert found.judged.se > 3
    assert forecast_gap(yearly, Question(600)).jump is not None
    assert forecast_gap(noise(days=828) + 30 * (days >= 790), Question(800)).jump is None


def test_days_beyond_the_series_and_controls_of_another_length_are_refused() -> None:
    with pytest.raises(UsageError, match="428 of every series"):
        forecast_gap(noise(), Question(DAY + 1))
    with pytest.raises(UsageError):
        forecast_gap(noise(), Question(DAY), controls=[noise()[1:]])


def test_a_series_that_never_moved_before_gives_no_scale_to_judge_by() -> None:
    found = forecast_gap(np.where(np.arange(DAYS) < DAY, 7.1, 8.1), Question(DAY))
    assert found.judged is None
    assert found.change == pytest.approx(1)
    assert found.reason is not None
    assert found.reason.startswith("on no placebo date did the series move")


def test_one_placebo_date_is_one_and_not_many() -> None:
    days = np.arange(130)
    told = {
        found.reason or ""
        for release in range(50, 101)
        if (found := forecast_gap(days.astype(float) % 7, Question(release))).judged is None
    }
    assert any("(one placebo date)" in reason for reason in told)
    assert not any("(1 placebo" in reason for reason in told)
