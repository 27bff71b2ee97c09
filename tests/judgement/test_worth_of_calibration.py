from __future__ import annotations

from pathlib import Path

import pytest

from validate_forecasts import PEOPLE, TEAMS, WORLDS, Team, World, best_ten, combining, recovery

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "forecasts.md"
USUAL = WORLDS[0]


def test_what_looks_best_disappoints_and_calibrated_it_does_not() -> None:
    raw, ours = (best_ten(USUAL, 40, 12, calibrate=on) for on in (False, True))
    assert raw.predicted > 1.5 * raw.delivered
    assert ours.predicted == pytest.approx(ours.delivered, rel=0.35)


def test_the_published_tables_have_every_setting() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {each.title} | " in page for each in (*WORLDS, *TEAMS))
    assert all(f"| {people} | " in page for people in PEOPLE)


@pytest.mark.prove
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.title)
def test_with_forty_resolved_what_is_predicted_of_the_best_comes(world: World) -> None:
    ours, raw = best_ten(world, 40, 100, calibrate=True), best_ten(world, 40, 100, calibrate=False)
    assert ours.predicted == pytest.approx(ours.delivered, rel=0.35)
    assert ours.delivered >= raw.delivered - 0.1
    assert ours.held >= 0.78


@pytest.mark.prove
def test_where_one_team_sees_and_another_hopes_calibration_chooses_better() -> None:
    raw, ours = (best_ten(WORLDS[-1], 80, 100, calibrate=on) for on in (False, True))
    assert ours.delivered > 1.05 * raw.delivered


@pytest.mark.prove
@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.title)
def test_slope_and_spread_of_a_team_are_found(team: Team) -> None:
    found = recovery(team, 80, 100)
    assert found.held >= 0.75
    assert found.spread == pytest.approx(1, abs=0.15)
    if team.slope is not None:
        assert found.slope == pytest.approx(team.slope, abs=0.15)


@pytest.mark.prove
def test_weights_by_record_cost_nothing_where_all_are_alike_and_gain_where_they_are_not() -> None:
    assert combining(PEOPLE["all alike"], 20, 60)[0] < 1.02
    assert combining(PEOPLE["very different"], 20, 60)[0] < 0.9
