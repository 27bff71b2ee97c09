"""Releases judged by series: what is told, what is only described, and what is never split."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vitalfew.evidence.bundles import bundles, touching
from vitalfew.evidence.daily import Daily
from vitalfew.evidence.releases import releases
from vitalfew.results.rows import SeriesRow
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.evidence.releases import Released
    from vitalfew.results.rows import EffectRow

FIRST, DAYS = date(2024, 1, 1), 700
TODAY = FIRST + timedelta(DAYS)


def day(at: int) -> str:
    return (FIRST + timedelta(at)).isoformat()


def rows(values: Iterable[float], metric: str = "orders", unit: str | None = None, every: int = 1) -> list[SeriesRow]:
    return [SeriesRow("kpi", metric, unit, day(at * every), float(value)) for at, value in enumerate(values)]


def noise(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 2, DAYS)


def definitions(released: Mapping[str, Any], *metrics: str, **sources: Any) -> Definitions:
    named = {key: {"source": "kpi", "title": key.title()} for key in metrics or ("orders",)}
    table = {"kpi": {"table": "kpi", "shape": "series", "time": "date"}}
    return Definitions.model_validate({"sources": table | sources, "metrics": named, "releases": released})


def judged(released: Mapping[str, Any], series: Iterable[SeriesRow], *metrics: str, today: date = TODAY) -> Released:
    return releases(definitions(released, *metrics), series, today)


def the(found: Released, release: str, metric: str = "orders") -> EffectRow:
    (row,) = [row for row in found.release_effects if (row.experiment, row.metric) == (release, metric)]
    return row


def test_a_planted_change_stands_out_and_a_release_that_did_nothing_does_not() -> None:
    series = noise() + 6 * (np.arange(DAYS) >= 500)
    found = judged({"idle": {"date": day(420)}, "search": {"date": day(500)}}, rows(series))
    search, idle = the(found, "search"), the(found, "idle")
    wide = search.interval()
    assert wide is not None
    assert wide.low < 6 < wide.high
    assert (search.grade, search.arm, search.control) == ("dated", "after", "before")
    assert search.p_value is not None
    assert search.p_value < 0.001
    assert search.notes[0] == "stands out: 0 of 56 dates without it moved at least as much"
    assert idle.p_value is not None
    assert idle.p_value > 0.05
    assert idle.notes[0].startswith("cannot be told from noise: ")
    assert search.relative is not None
    assert search.relative.estimate == pytest.approx(0.06, abs=0.02)
    assert search.mean["after"] - search.mean["before"] == pytest.approx(6, abs=1.5)
    assert any("staged rollout" in note for note in search.notes)
    assert not found.failed


def test_placebos_and_effect_tell_the_same_p() -> None:
    found = judged({"search": {"date": day(500)}}, rows(noise()))
    (placebo,) = found.placebos
    assert placebo.p == the(found, "search").p_value
    assert not placebo.descriptive
    assert (placebo.before_days, placebo.after_days) == (28, 28)
    assert len(placebo.placebos) >= 20


def test_a_short_history_describes_without_interval_and_grade() -> None:
    row = the(judged({"early": {"date": day(100)}}, rows(noise())), "early")
    assert row.estimate is not None
    assert (row.se, row.p_value, row.intervals, row.grade) == (None, None, (), "correlated")
    assert row.notes[0].startswith("descriptive only: ")


def test_a_release_whose_days_are_not_over_is_not_judged_early() -> None:
    found = judged({"new": {"date": day(DAYS - 10)}}, rows(noise() + 50 * (np.arange(DAYS) >= DAYS - 10)))
    row = the(found, "new")
    assert row.p_value is None
    assert "(10 of 28 are)" in row.notes[0]
    assert f"not over until {day(DAYS + 18)}" in row.notes[0]
    newer = judged({"new": {"date": day(DAYS - 3)}}, rows(noise()))
    assert not newer.release_effects
    assert newer.failed[0].remark
    assert f"once the series reaches {day(DAYS + 24)}" in newer.failed[0].reason


def test_releases_within_the_same_days_have_one_effect_that_belongs_to_none_alone() -> None:
    series = noise() + 6 * (np.arange(DAYS) >= 500)
    found = judged({"a": {"date": day(490)}, "b": {"date": day(500)}, "c": {"date": day(600)}}, rows(series))
    first, second = the(found, "a"), the(found, "b")
    assert first.estimate == second.estimate
    assert first.estimate == pytest.approx(6, abs=2)
    assert {row.release: row.bundle for row in found.placebos} == {"a": ("b",), "b": ("a",), "c": ()}
    assert "came within the same days as 'b': the change is that of all of them together, of none alone" in first.notes


def test_a_row_of_releases_without_end_is_never_split_nor_judged_as_one() -> None:
    weekly = {f"r{at}": {"date": day(at)} for at in range(400, 520, 20)}
    found = judged(weekly, rows(noise()))
    by_key = {row.release: row.bundle for row in found.placebos}
    assert by_key["r440"] == ("r420", "r460")
    estimates = [row.estimate for row in found.release_effects]
    assert len(set(estimates)) == len(estimates)
    assert any("cannot be split" in note for note in the(found, "r440").notes)


def test_dates_near_other_releases_are_no_placebos() -> None:
    days = np.arange(DAYS)
    series = noise() + 40 * (days >= 200) + 40 * (days >= 400)
    big = {"big": {"date": day(200)}, "again": {"date": day(400)}}
    known = the(judged(big | {"small": {"date": day(650)}}, rows(series)), "small")
    unknown = the(judged({"small": {"date": day(650)}}, rows(series)), "small")
    assert known.se is not None
    assert unknown.se is not None
    assert known.se < unknown.se / 3
    assert any("left out: another release" in note for note in known.notes)


def test_a_launch_that_nobody_named_is_named_and_does_not_hide_what_came_later() -> None:
    days = np.arange(DAYS)
    series = noise() * np.where(days < 150, 0.1, 1) + 6 * (days >= 600)
    found = the(judged({"search": {"date": day(600)}}, rows(series)), "search")
    assert found.notes[0].startswith("stands out")
    (told,) = [note for note in found.notes if "moved once as at no other time" in note]
    assert abs(date.fromisoformat(told.split()[1]) - date.fromisoformat(day(150))) <= timedelta(7)


def test_only_the_metrics_a_release_names_are_looked_at_and_controls_are_none_of_them() -> None:
    weather = np.cumsum(np.random.default_rng(5).normal(size=DAYS))
    series = [*rows(noise() + weather), *rows(noise(2) + weather, "visits"), *rows(noise(3), "other")]
    named = {"date": day(500), "metrics": ["orders"], "controls": ["visits"]}
    found = judged({"search": named}, series, "orders", "visits", "other")
    assert {row.metric for row in found.release_effects} == {"orders"}
    alone = the(judged({"search": {"date": day(500), "metrics": ["orders"]}}, series, "orders", "visits"), "search")
    beside = the(found, "search")
    assert beside.se is not None
    assert alone.se is not None
    assert beside.se < 0.7 * alone.se
    assert any("cleared of 1 control" in note for note in beside.notes)
    assert {row.metric for row in judged({"all": {"date": day(500)}}, series).release_effects} == {
        "orders",
        "visits",
        "other",
    }


def test_a_metric_without_daily_values_is_named() -> None:
    found = judged({"a": {"date": day(500), "metrics": ["visits"]}}, rows(noise()), "orders", "visits")
    assert [(row.item, row.remark) for row in found.failed] == [("a/visits", False)]
    nothing = judged({"a": {"date": day(500)}}, [])
    assert [row.item for row in nothing.failed] == ["releases"]


def test_releases_and_values_after_today_are_passed_over() -> None:
    found = judged({"later": {"date": day(600)}}, rows(noise()), today=FIRST + timedelta(550))
    assert (found.release_effects, found.failed) == ((), ())
    assert the(judged({"r": {"date": day(500)}}, rows(noise()), today=FIRST + timedelta(512)), "r").p_value is None


def test_one_value_a_week_is_taken_for_its_days_and_said() -> None:
    series = np.random.default_rng(3).normal(100, 2, 100) + 8 * (np.arange(100) >= 75)
    row = the(judged({"search": {"date": day(75 * 7)}}, rows(series, every=7)), "search")
    assert row.estimate == pytest.approx(8, abs=3)
    assert row.p_value is not None
    assert "one value a week, taken for the seven days from its date on" in row.notes


def test_metrics_from_the_same_table_do_not_confirm_each_other() -> None:
    series = [*rows(noise(), "rating"), *rows(noise(2), "complaints")]
    row = the(judged({"v2": {"date": day(500)}}, series, "rating", "complaints"), "v2", "rating")
    assert "from the same table as Complaints: errors may go together, so one does not confirm the other" in row.notes


def test_a_mean_of_regions_does_not_move_when_one_of_them_is_late() -> None:
    large, small = noise() + 1_000, noise(2)
    large[300:303] = np.nan
    daily = Daily.of(row for unit, values in (("a", large), ("b", small)) for row in rows(values, unit=unit)
                     if np.isfinite(row.value))  # fmt: skip
    whole = daily.whole("orders")
    assert whole is not None
    assert np.isnan(whole[300:303]).all()
    assert np.nanstd(whole) < 10


# Some units only ----------------------------------------------------------------------------------------------------


def regions(count: int, effect: float, treated: int = 1) -> list[SeriesRow]:
    rng = np.random.default_rng(8)
    weather = np.cumsum(rng.normal(size=200))
    found = []
    for unit in range(count):
        values = 100 + 3 * unit + (1 + 0.1 * unit) * weather + rng.normal(size=200)
        found += rows(values + effect * (np.arange(200) >= 150) * (unit < treated), unit=f"r{unit}")
    return found


ONE_REGION = {"search": {"date": day(150), "rollout": {"units": {"r0": day(150)}}}}


def test_what_one_region_got_is_held_against_a_mean_made_of_the_others() -> None:
    row = the(judged(ONE_REGION, regions(15, 5.0)), "search")
    assert row.estimate == pytest.approx(5, abs=1.5)
    assert (row.arm, row.control, row.grade) == ("released", "not yet", "dated")
    assert row.n == {"released": 1, "not yet": 14}
    assert row.p_value is not None
    assert row.p_value < 0.01


def test_with_few_other_regions_it_is_only_described() -> None:
    row = the(judged(ONE_REGION, regions(8, 5.0)), "search")
    assert row.estimate == pytest.approx(5, abs=2)
    assert (row.p_value, row.intervals, row.grade) == (None, (), "correlated")
    assert row.notes[0].startswith("descriptive only: 7 units without it")


def test_regions_that_the_series_does_not_have_are_named() -> None:
    missing = {"search": {"date": day(150), "rollout": {"units": {"Kiel": day(150)}}}}
    (failed,) = judged(missing, regions(12, 0)).failed
    assert "the release names Kiel; the series has r0, r1, r2 and 9 more" in failed.reason


def test_releases_in_waves_are_left_to_those_who_compare_waves() -> None:
    waves = {"search": {"date": day(150), "rollout": {"units": {"r0": day(150), "r1": day(160)}}}}
    assert judged(waves, regions(12, 0)) == ((), (), ())


# Bundles ------------------------------------------------------------------------------------------------------------


def test_a_release_touches_what_it_names_or_everything_but_its_controls() -> None:
    defined = definitions(
        {
            "b": {"date": day(9), "metrics": ["orders"]},
            "a": {"date": day(9)},
            "c": {"date": day(1), "controls": ["orders"]},
        },
        "orders",
        "visits",
    )
    assert list(touching(defined, "orders")) == ["a", "b"]
    assert list(touching(defined, "visits")) == ["c", "a"]


def test_bundles_join_releases_closer_than_the_days_compared() -> None:
    defined = definitions({"a": {"date": day(0)}, "b": {"date": day(27)}, "c": {"date": day(60)}})
    found = bundles(defined.releases)
    assert (found["a"].others, found["a"].span, found["a"].joint) == (("b",), 27, True)
    assert found["c"].others == ()
    assert bundles({}) == {}


def test_values_on_single_days_are_described_from_the_last_before_to_those_after() -> None:
    sparse = [SeriesRow("kpi", "orders", "app", day(at), value) for at, value in ((100, 4.0), (200, 3.0), (210, 3.5))]
    released = {"v2": {"date": day(200), "rollout": {"units": {"app": day(200)}}}}
    row = the(judged(released, sparse), "v2")
    assert (row.estimate, row.p_value, row.grade) == (-0.75, None, "correlated")
    assert row.mean == {"not yet": 4.0, "released": 3.25}
    assert row.notes[0].startswith("descriptive only: values on 2 of the 56 days around it")
    whole = [SeriesRow("kpi", "orders", None, row.day, row.value) for row in sparse]
    assert the(judged({"v2": {"date": day(200)}}, whole), "v2").estimate == -0.75
    first = judged({"v1": {"date": day(100)}}, whole)
    assert not first.release_effects
    assert first.failed[0].remark


def test_regions_with_a_release_of_their_own_are_nothing_to_compare_with() -> None:
    other = {"other": {"date": day(140), "rollout": {"units": {"r9": day(140)}}}}
    found = judged(ONE_REGION | other, regions(15, 5.0))
    assert the(found, "search").n == {"released": 1, "not yet": 13}
    assert {row.release: row.bundle for row in found.placebos} == {"search": (), "other": ()}


def test_units_that_never_have_values_on_the_same_day_are_said_once() -> None:
    scattered = [SeriesRow("kpi", "orders", f"app {at % 2}", day(50 * at), 1.0) for at in range(12)]
    found = judged({"a": {"date": day(300)}, "b": {"date": day(400)}}, scattered)
    assert [row.item for row in found.failed] == ["orders"]
    assert "on no day do all of its 2 units have a value" in found.failed[0].reason


def test_of_very_many_releases_the_newest_are_judged_and_the_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitalfew.evidence.releases.MOST", 2)
    dates = {f"r{at}": {"date": day(400 + 60 * at)} for at in range(4)}
    found = judged(dates, rows(noise()))
    assert [row.experiment for row in found.release_effects] == ["r2", "r3"]
    (told,) = found.failed
    assert told.remark
    assert told.reason.startswith("4 pairs of a release and a metric: the newest 2 are judged")


def test_a_series_that_could_not_be_read_is_not_asked_for_again() -> None:
    (unread,) = judged({"one": {"date": day(400)}}, []).failed
    assert unread.reason.endswith("its series could not be read")
    source = {"kpi": {"table": "users", "shape": "units", "unit": "user"}}
    metrics = {"orders": {"source": "kpi", "column": "orders"}}
    known = {"sources": source, "metrics": metrics, "releases": {"one": {"date": day(400)}}}
    (missing,) = releases(Definitions.model_validate(known), [], TODAY).failed
    assert missing.reason.endswith("add a series")


def test_a_release_of_many_regions_takes_their_mean_once() -> None:
    regions = [row for at in range(3) for row in rows(noise(at), unit=f"region {at}")]
    daily = Daily.of(regions)
    assert daily.whole("orders") is daily.whole("orders")


def followed(lift: float) -> tuple[Definitions, list[SeriesRow]]:
    """A share of those who come on a day and are back 7 to 14 days later; from a release on more are."""
    back = {"source": "e", "kind": "retention", "events": ["open"], "window": {"delay": 7, "length": 7}}
    events = {"table": "e", "shape": "events", "unit": "user", "time": "at", "event": "name"}
    release = {"date": day(640), "metrics": ["back"]}
    defined = Definitions.model_validate(
        {"sources": {"e": events}, "metrics": {"back": back}, "releases": {"r": release}}
    )
    saw_it = np.clip((np.arange(DAYS) + 14 - 640) / 7, 0, 1)  # share of the window of those of a day
    return defined, rows(noise(2) / 1000 + lift * saw_it, "back")


def test_those_who_came_before_a_release_and_saw_it_while_they_were_followed_are_not_the_level_before_it() -> None:
    defined, series = followed(0.1)
    effect = the(releases(defined, series, TODAY), "r", "back")
    interval = effect.interval()
    assert interval is not None
    assert interval.low < 0.1 < interval.high
    assert effect.estimate == pytest.approx(0.1, abs=0.005)
    assert any("came in the 14 days before it" in note for note in effect.notes)


def test_releases_that_reach_the_same_followed_users_are_not_told_apart() -> None:
    defined, _ = followed(0.1)
    two = {
        key: defined.releases["r"].model_copy(update={"date": FIRST + timedelta(at)})
        for key, at in (("a", 600), ("b", 640))
    }
    assert bundles(two)["a"].others == ()
    assert bundles(two, 14)["a"].others == ("b",)
