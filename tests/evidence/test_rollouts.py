"""Releases in waves from planted events to graded effects: through a folder of files and the real engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.evidence.rollouts import rollouts
from vitalfew.results.rows import SeriesRow
from vitalfew.warehouse.cohorts import cohorts
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.evidence.rollouts import RolledOut

FIRST = date(2026, 1, 5)
TODAY = date(2026, 4, 12)
WEEKS = 14
EFFECT = 1.2  # visits a week more, from the wave on
UNITS = 900


@cache
def _planted(kind: str) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Visits of units in three waves, of which the last never comes; all grow by the same trend.

    `apart`: earlier waves grow faster by themselves. `chosen`: the active take it up.
    """
    rng = np.random.default_rng(11)
    age = rng.normal(40, 10, UNITS)
    level = 3 + 0.5 * rng.normal(size=UNITS) + 0.1 * (age - 40)
    group = rng.permutation(UNITS) % 3
    if kind == "chosen":
        group = np.where(rng.random(UNITS) < 1 / (1 + np.exp(-0.08 * (age - 40))), 0, 2)
    wave = np.array([5, 8, 99])[group]
    users, events = [], []
    for unit in range(UNITS):
        day = None if wave[unit] > WEEKS else FIRST + timedelta(weeks=int(wave[unit]))
        users.append({"user": unit, "got": day, "age": float(age[unit]), "region": f"r{group[unit]}-{unit % 20}"})
        for week in range(WEEKS):
            own = 0.35 * week * (group[unit] == 0) if kind == "apart" else 0.0
            mean = max(level[unit], 0.3) + 0.05 * week + own + (EFFECT if week >= wave[unit] else 0.0)
            for second in rng.integers(0, 7 * 86_400, rng.poisson(mean)).tolist():
                begin = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(weeks=week)
                events.append({"user": unit, "at": begin + timedelta(seconds=second), "event": "visit"})
    return tuple(events), tuple(users)


def _judged(
    folder: Path, kind: str = "even", window: float | None = None, metric: str = "count", **rollout: Any
) -> RolledOut:
    events, users = _planted(kind)
    pq.write_table(pa.Table.from_pylist(list(events)), folder / "events.parquet")
    pq.write_table(pa.Table.from_pylist(list(users)), folder / "users.parquet")
    definitions = Definitions.model_validate(
        {
            "data": {"path": str(folder)},
            "sources": {
                "events": {"table": "events.parquet", "unit": "user", "time": "at", "event": "event"},
                "users": {"table": "users.parquet", "unit": "user"},
            },
            "metrics": {
                "visits": {"kind": metric, "source": "events", "events": ["visit"]}
                | ({} if window is None else {"window": {"length": window}})
            },
            "factors": {"visits": {"range": [0, 10]}},
            "releases": {
                "search": {
                    "date": "2026-02-09",
                    "after_days": 35,
                    "rollout": {"source": "users", "wave": "got", **rollout},
                }
            },
        }
    )
    engine = open_engine(definitions.data)
    try:
        rows, units, failed = cohorts(definitions, engine, TODAY)
    finally:
        engine.close()
    assert not [row for row in failed if not row.remark]
    return rollouts(definitions, rows, (), units, TODAY)


def test_waves_dealt_by_chance_find_the_planted_effect(tmp_path: Path) -> None:
    found = _judged(tmp_path, randomised=True)
    (effect,) = found.release_effects
    assert found.failed == ()
    interval = effect.interval()
    assert interval is not None
    assert interval.low < EFFECT < interval.high
    assert interval.low > 0.5
    assert (effect.experiment, effect.arm, effect.control, effect.grade) == ("search", "released", "not yet", "staged")
    assert effect.n == {"released": 600, "not yet": 600}
    assert effect.role == "primary"
    assert effect.mean["released"] - effect.mean["not yet"] == pytest.approx(effect.estimate)
    assert effect.notes[0].startswith("stands out")
    assert effect.notes[1].startswith("chance decided who came when")


def test_the_event_study_is_flat_before_and_steps_up_at_the_release(tmp_path: Path) -> None:
    rows = _judged(tmp_path, randomised=True).event_study
    assert [row.period for row in rows] == list(range(-8, 5))
    for row in rows:
        assert row.band_low <= row.low <= row.estimate <= row.high <= row.band_high
        truth = EFFECT if row.period >= 0 else 0.0
        assert row.band_low <= truth <= row.band_high
    assert next(row for row in rows if row.period == -1).se == 0
    assert next(row.units for row in rows if row.period == 0) == 600


def test_waves_that_moved_alike_before_are_staged_without_a_draw_too(tmp_path: Path) -> None:
    (effect,) = _judged(tmp_path).release_effects
    assert effect.grade == "staged"
    assert "periods before show no difference" in effect.notes[1]


@pytest.mark.parametrize("randomised", [True, False])
def test_waves_that_moved_apart_before_are_only_dated(tmp_path: Path, randomised: bool) -> None:
    (effect,) = _judged(tmp_path, "apart", randomised=randomised).release_effects
    assert effect.grade == "dated"
    assert "moved apart before" in effect.notes[1]


def test_longer_periods_leave_too_little_before(tmp_path: Path) -> None:
    (effect,) = _judged(tmp_path, period_days=21).release_effects
    assert effect.grade == "dated"
    assert "nobody can see whether waves moved alike" in effect.notes[1]


def test_sums_are_told_per_window_of_the_metric_and_shares_say_that_they_are_not(tmp_path: Path) -> None:
    (weekly,) = _judged(tmp_path, randomised=True).release_effects
    found = _judged(tmp_path, window=28, randomised=True)
    (monthly,) = found.release_effects
    assert monthly.estimate is not None
    assert monthly.se is not None
    assert (weekly.estimate, weekly.se) == pytest.approx((monthly.estimate / 4, monthly.se / 4))
    assert "28 days" in monthly.method
    assert any(note.startswith("counted in periods of 7 days and scaled to the 28 days") for note in monthly.notes)
    assert found.event_study[-1].high == pytest.approx(4 * _judged(tmp_path, randomised=True).event_study[-1].high)
    (share,) = _judged(tmp_path, window=28, metric="proportion", randomised=True).release_effects
    assert any("sizes do not compare with experiments" in note for note in share.notes)


def test_whole_regions_count_as_one_each(tmp_path: Path) -> None:
    (plain,) = _judged(tmp_path).release_effects
    (found,) = _judged(tmp_path, cluster="region").release_effects
    assert found.estimate == pytest.approx(plain.estimate, rel=1e-9)
    assert found.se is not None
    assert plain.se is not None
    assert 0.5 < found.se / plain.se < 2
    assert found.se != pytest.approx(plain.se, rel=1e-3)


def test_those_who_chose_are_matched_by_what_was_known_of_them(tmp_path: Path) -> None:
    found = _judged(tmp_path, "chosen", chosen=True, covariates=["age"])
    (effect,) = found.release_effects
    assert found.event_study == ()
    assert {row.covariate for row in found.balance} == {"age", "visits/before"}
    assert max(abs(row.before) for row in found.balance) > 0.3
    assert all(row.status == "ok" for row in found.balance)
    assert effect.grade == "dated"
    interval = effect.interval()
    assert interval is not None
    assert interval.low < EFFECT < interval.high
    assert any(note.startswith("E-value") for note in effect.notes)


def test_what_units_did_before_is_not_enough_for_a_grade(tmp_path: Path) -> None:
    (effect,) = _judged(tmp_path, "chosen", chosen=True).release_effects
    assert effect.grade == "correlated"
    assert any("covariates:" in note for note in effect.notes)


# Series of regions ----------------------------------------------------------------------------------------------------


def _regions(effect: float, count: int = 24, days: int = 98) -> tuple[list[SeriesRow], dict[str, date]]:
    rng = np.random.default_rng(2)
    waves = [FIRST + timedelta(weeks=6), FIRST + timedelta(weeks=8), FIRST + timedelta(weeks=9), None]
    rows, got = [], {}
    weather = rng.normal(size=days).cumsum()
    for region in range(count):
        day = waves[region % 4]
        if day is not None:
            got[f"r{region}"] = day
        level = rng.normal(50, 5)
        for at in range(days):
            here = FIRST + timedelta(days=at)
            value = level + weather[at] + rng.normal() + (effect if day is not None and here >= day else 0.0)
            rows.append(SeriesRow("sales", "sales", f"r{region}", here.isoformat(), float(value)))
    return rows, got


def _of_series(rows: list[SeriesRow], got: dict[str, date], **more: Any) -> RolledOut:
    definitions = Definitions.model_validate(
        {
            "sources": {"sales": {"table": "sales.csv", "time": "day", "value": "value", "unit": "region",
                                  "shape": "series"}},
            "metrics": {"sales": {"source": "sales"}},
            "releases": {"prices": {"date": min(got.values()), "rollout": {"units": got}, **more}},
        }
    )  # fmt: skip
    return rollouts(definitions, (), rows, (), TODAY)


def test_regions_that_got_it_on_different_days_are_waves() -> None:
    (effect,) = _of_series(*_regions(3.0)).release_effects
    interval = effect.interval()
    assert interval is not None
    assert interval.low < 3.0 < interval.high
    assert interval.high - interval.low < 2.5
    assert (effect.grade, effect.n) == ("staged", {"released": 18, "not yet": 18})
    assert "per day" in effect.method
    assert any("6 units only" in note for note in effect.notes)


def test_regions_that_chose_their_day_show_what_goes_together_only() -> None:
    rows, got = _regions(3.0)
    definitions = Definitions.model_validate(
        {
            "sources": {"sales": {"table": "s.csv", "time": "day", "value": "value", "unit": "r", "shape": "series"}},
            "metrics": {"sales": {"source": "sales"}},
            "releases": {"prices": {"date": min(got.values()), "rollout": {"units": got, "chosen": True}}},
        }
    )
    (effect,) = rollouts(definitions, (), rows, (), TODAY).release_effects
    assert effect.grade == "correlated"


def test_a_region_with_a_gap_is_left_out_and_named() -> None:
    rows, got = _regions(3.0)
    holed = [row for row in rows if not (row.unit == "r3" and row.day == "2026-02-20")]
    (effect,) = _of_series(holed, got).release_effects
    assert any("left out for days without a value: r3" in note for note in effect.notes)


def test_a_series_that_begins_with_the_release_says_so() -> None:
    rows, got = _regions(3.0)
    late = [row for row in rows if row.day >= "2026-02-14"]
    found = _of_series(late, got)
    assert found.release_effects == ()
    assert "at least one period" in found.failed[0].reason
    assert found.failed[0].remark


def test_another_release_in_the_same_days_is_named() -> None:
    rows, got = _regions(3.0)
    found = _of_series(rows, got)
    definitions = Definitions.model_validate(
        {
            "sources": {"sales": {"table": "s.csv", "time": "day", "value": "value", "unit": "r", "shape": "series"}},
            "metrics": {"sales": {"source": "sales"}},
            "releases": {
                "prices": {"date": min(got.values()), "rollout": {"units": got}},
                "campaign": {"date": min(got.values()) + timedelta(days=3), "title": "The campaign"},
            },
        }
    )
    (effect,) = rollouts(definitions, (), rows, (), TODAY).release_effects
    assert any("The campaign" in note for note in effect.notes)
    assert replace(effect, notes=()) == replace(found.release_effects[0], notes=())
