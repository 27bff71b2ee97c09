"""The inference modes over thousands of simulated experiments; docs/validation/inference.md has 10,000 of each."""

from __future__ import annotations

import numpy as np
import pytest

from validate_inference import (
    KINDS,
    Line,
    always_valid_alarms,
    any_look,
    group_sequential_lines,
    phase_lines,
    power_of_modes,
    ratio_alarms,
    ratio_power,
)

pytestmark = pytest.mark.prove


def broken(lines: list[Line]) -> list[Line]:
    return [line for line in lines if not line.holds]


def test_looking_at_any_time_raises_no_more_false_alarms_than_promised() -> None:
    assert broken(always_valid_alarms(2_000)) == []


def test_ten_times_more_looks_than_planned_raise_no_more_either() -> None:
    every = np.arange(50, 6_001)
    assert any_look(KINDS["normal"], every, 1_200.0, 99, 500) <= 0.057 + 0.02  # 500 runs scatter by that


def test_sequential_modes_have_the_power_that_planning_says() -> None:
    assert broken(power_of_modes()) == []


def test_group_sequential_results_are_calibrated_stage_by_stage() -> None:
    assert broken(group_sequential_lines()) == []


def test_sound_assignments_are_hardly_ever_suspected_on_any_day() -> None:
    assert broken(ratio_alarms(4_000)) == []


def test_lost_units_are_found_nearly_as_often_as_by_one_look_at_the_end() -> None:
    found = {what: (once, ever) for what, once, ever, _ in ratio_power(1_000)}
    assert found["2% of 1,000,000"][1] > 0.99
    assert found["5% of 50,000"][1] > 0.9
    assert all(ever > once - 0.25 for once, ever in found.values())


def test_ramps_are_found_on_their_day_and_nowhere_else() -> None:
    assert broken(phase_lines(2_000)) == []
