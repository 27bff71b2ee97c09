from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulate.raw_data import METRICS, RawData
from vitalfew.simulate import Truth, demo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, RawData]:
    folder: Path = tmp_path_factory.mktemp("planted") / "fieldnote"
    return demo(folder, seed=11, size="small"), RawData(folder)


def scores(truth: Truth, data: RawData, *, by_segment: bool) -> dict[tuple[str, str, str | None], float]:
    """Distance of each estimate from the planted effect, in standard errors; sound experiments only."""
    found = {}
    for experiment in sorted({row.experiment for row in truth.effects if row.sound}):
        for row in data.differences(experiment, tuple(METRICS), by_segment=by_segment):
            planted = truth.effect(experiment, row.metric, row.segment)
            found[experiment, row.metric, row.segment] = (row.estimate - planted.effect) / row.se
    return found


def test_every_planted_effect_is_found_in_the_raw_data_within_four_standard_errors(
    made: tuple[Truth, RawData],
) -> None:
    found = scores(*made, by_segment=False)
    assert len(found) == 29 * 10
    far = {place: round(score, 1) for place, score in found.items() if abs(score) > 4}
    assert not far
    assert 0.85 < float(np.std(list(found.values()))) < 1.15


def test_planted_effects_hold_in_each_segment(made: tuple[Truth, RawData]) -> None:
    found = {place: score for place, score in scores(*made, by_segment=True).items() if place[2] is not None}
    assert len(found) == (28 * 3 + 1) * 10  # one experiment exposes large firms only
    assert {place for place, score in found.items() if abs(score) > 4.5} == set()


def test_links_carry_an_effect_on_from_feature_to_business(made: tuple[Truth, RawData]) -> None:
    truth, _ = made
    slope = {(link.parent, link.child): link.slope for link in truth.links}
    minutes, jobs, seats = (
        truth.effect("repeat_jobs", metric).effect for metric in ("planning_minutes", "jobs_completed", "seats_added")
    )
    assert jobs == pytest.approx(slope["planning_minutes", "jobs_completed"] * minutes)
    assert seats == pytest.approx(slope["jobs_completed", "seats_added"] * jobs)
    errors, contacts, back = (
        truth.effect("background_upload", metric).effect
        for metric in ("app_errors", "support_contacts", "retention_28")
    )
    assert contacts == pytest.approx(slope["app_errors", "support_contacts"] * errors)
    assert back == pytest.approx(slope["support_contacts", "retention_28"] * contacts)


def test_an_experiment_without_planted_changes_has_no_effect_anywhere(made: tuple[Truth, RawData]) -> None:
    truth, _ = made
    assert {row.effect for row in truth.effects if row.experiment == "custom_dashboards"} == {0.0}


def test_no_user_is_watched_by_two_experiments_at_once(made: tuple[Truth, RawData]) -> None:
    truth, data = made
    users, starts = [], []
    for experiment in {row.experiment for row in truth.effects}:
        user, exposed, _ = data.arms(experiment)
        users.append(user)
        starts.append(exposed)
    user, start = np.concatenate(users), np.concatenate(starts)
    order = np.lexsort((start, user))
    same = user[order][1:] == user[order][:-1]
    gaps = np.diff(start[order])[same]
    assert gaps.min() >= 28 * 86_400_000_000


def test_the_faulty_experiment_loses_idle_users_of_the_treatment_only(made: tuple[Truth, RawData]) -> None:
    _, data = made
    _, _, treated = data.arms("guided_tour")
    share = treated.mean()
    assert (0.5 - share) / np.sqrt(0.25 / len(treated)) > 5
    _, _, sound = data.arms("team_feed")
    assert abs(sound.mean() - 0.5) < 4 * np.sqrt(0.25 / len(sound))


def test_hardly_used_features_are_used_by_far_fewer_than_a_twentieth(made: tuple[Truth, RawData]) -> None:
    truth, data = made
    last_quarter = max(at.max() for _, at, _ in data.events.values()) - 90 * 86_400_000_000
    for feature in truth.features:
        if feature.use not in ("used", "hardly_used"):
            continue
        user, at, _ = data.events[f"used_{feature.key}"]
        eligible = data.count if feature.segment is None else int((data.segment == feature.segment).sum())
        reach = len(np.unique(user[at >= last_quarter])) / eligible
        assert reach < 0.035 if feature.use == "hardly_used" else reach > 0.08, feature.key


def test_the_optimistic_forecast_more_than_the_good_one(made: tuple[Truth, RawData]) -> None:
    trust = sorted(made[0].forecast_trust.values())
    assert trust[0] < 0.2
    assert min(trust[1:]) > 0.8
