"""False alarms, coverage and power of the default path for releases; docs/validation/releases.md has them in full."""

from __future__ import annotations

import pytest

from validate_releases import GROWN, NOISES, Grown, donors, grown, ours

pytestmark = pytest.mark.prove
RUNS = 1_000
MOST_ALARMS = 0.07  # the promise; 1,000 runs at a true 5 % exceed it once in 400 times


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("history", [365, 730])
def test_false_alarms_stay_below_seven_percent_and_intervals_hold_the_truth(name: str, history: int) -> None:
    told = ours(NOISES[name], history, RUNS, 1)
    assert told.judged == 1
    assert told.alarms <= MOST_ALARMS
    assert told.covered >= 1 - MOST_ALARMS
    assert told.covered80 >= 0.76


@pytest.mark.parametrize("name", NOISES)
def test_a_history_of_two_hundred_days_only_describes(name: str) -> None:
    assert ours(NOISES[name], 200, 20, 2).judged == 0


def test_an_effect_of_one_standard_deviation_is_found_under_white_noise() -> None:
    assert ours(NOISES["white"], 365, 300, 3, effect=1.0).alarms > 0.85


@pytest.mark.parametrize("what", GROWN, ids=lambda what: f"{what.name} {what.by:.2g}")
@pytest.mark.parametrize("history", [365, 730])
def test_growth_decline_and_a_launch_raise_no_more_alarms(what: Grown, history: int) -> None:
    told = grown(what, history, 600, 5)
    assert told.judged == 1
    assert told.alarms <= MOST_ALARMS + 0.01  # 600 runs know a rate of 5 % to 1.8 points
    assert told.covered >= 1 - MOST_ALARMS - 0.01


@pytest.mark.parametrize("what", [one for one in GROWN if one.kind == "launch"], ids=lambda what: what.name)
def test_after_a_launch_effects_are_found_as_without_one(what: Grown) -> None:
    found = [grown(one, 365, 200, 6, 2.0).alarms for one in (what, Grown("", what.make, 1.0, what.stray))]
    assert found[0] >= found[1] - 0.12


def test_placebos_among_units_hold_their_promise() -> None:
    alarms, covered = donors(300, 4, 21, 1, 0.0)
    assert alarms <= 0.09
    assert covered >= 0.91
