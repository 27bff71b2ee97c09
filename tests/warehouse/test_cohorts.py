"""Units in waves become moments over periods: held against loops over the events, from files in a folder."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.warehouse.cohorts import cohorts
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import ChosenRow, CohortRow, FailedRow

FIRST = date(2026, 3, 2)  # the day of the first event
DAYS = 63
WAVES = {1: date(2026, 3, 23), 2: date(2026, 4, 6)}
PERIODS, BEFORE = 9, 3  # of 7 days: events end on 3 May


def _events(seed: int = 1, units: int = 90) -> list[dict[str, Any]]:
    """Purchases and visits; every unit comes on its first day."""
    rng = np.random.default_rng(seed)
    begin = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    rows: list[dict[str, Any]] = []
    for unit in range(units):
        days = [0, *rng.integers(0, DAYS, rng.poisson(14)).tolist(), *([DAYS - 1] if unit == 0 else [])]
        for day in days:
            at = begin + timedelta(days=day, seconds=int(rng.integers(0, 86_400)))
            name = "visit" if rng.random() < 0.6 else "buy"
            rows.append(
                {
                    "user": f"u{unit}",
                    "at": at,
                    "event": name,
                    "amount": round(float(rng.gamma(2, 10)), 2),
                    "n": len(rows),
                }
            )
    return rows


def _wave(unit: int) -> date | None:
    return WAVES.get(unit % 3)


def _workspace(folder: Path, events: list[dict[str, Any]], **rollout: Any) -> Definitions:
    pq.write_table(pa.Table.from_pylist(events), folder / "events.parquet")
    users = [
        {"user": f"u{unit}", "got": _wave(unit), "shop": f"s{unit % 15}", "age": 20 + unit % 30, "plan": "ab"[unit % 2]}
        for unit in range(90)
    ]
    pq.write_table(pa.Table.from_pylist(users), folder / "users.parquet")
    seen: list[dict[str, Any]] = [
        {"user": f"u{unit}", "exp": "search", "arm": "on", "at": datetime.combine(day, datetime.min.time(), UTC)}
        for unit in range(90)
        for day in [_wave(unit)]
        if day is not None
    ]
    again = [{**row, "at": row["at"] + timedelta(days=9)} for row in seen[::2]]
    pq.write_table(pa.Table.from_pylist(again + seen), folder / "seen.parquet")
    return Definitions.model_validate(
        {
            "data": {"path": str(folder)},
            "sources": {
                "events": {"table": "events.parquet", "unit": "user", "time": "at", "event": "event"},
                "users": {"table": "users.parquet", "unit": "user"},
                "seen": {
                    "table": "seen.parquet", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm",
                },
            },
            "metrics": {
                "revenue": {"source": "events", "events": ["buy"], "column": "amount"},
                "buyers": {"kind": "proportion", "source": "events", "events": ["buy"]},
                "visits": {"kind": "count", "source": "events", "events": ["visit"]},
                "value": {
                    "kind": "ratio",
                    "numerator": {"source": "events", "events": ["buy"], "column": "amount"},
                    "denominator": {"source": "events"},
                },
                "age": {"source": "users", "column": "age"},
            },
            "releases": {"search": {"date": "2026-03-23", "after_days": 28, "rollout": rollout}},
        }
    )  # fmt: skip


def _measured(
    definitions: Definitions, as_of: date | None = None
) -> tuple[tuple[CohortRow, ...], tuple[ChosenRow, ...], tuple[FailedRow, ...]]:
    engine = open_engine(definitions.data)
    try:
        return cohorts(definitions, engine, as_of)
    finally:
        engine.close()


def _by_hand(events: list[dict[str, Any]], what: str) -> np.ndarray:
    """Units by periods."""
    found = np.zeros((90, PERIODS))
    for row in events:
        period = (row["at"].date() - FIRST).days // 7
        unit = int(row["user"][1:])
        if what == "all" or (what == "visits" and row["event"] == "visit"):
            found[unit, period] += 1
        elif what == "revenue" and row["event"] == "buy":
            found[unit, period] += row["amount"]
        elif what == "buyers" and row["event"] == "buy":
            found[unit, period] = 1
    return found


def _told(row: CohortRow) -> tuple[np.ndarray, np.ndarray]:
    k = len(row.shift)
    mean = np.array(row.shift) + np.diagonal(np.array(row.mean).reshape(k, k))
    return mean, np.array(row.cross).reshape(k, k)


FROM_UNITS = {"source": "users", "wave": "got"}
OF_WAVE = {3: 1, 5: 2, None: 0}  # units by their number modulo 3


@pytest.mark.parametrize("rollout", [FROM_UNITS, {"source": "seen"}])
def test_moments_of_waves_are_those_of_the_units(tmp_path: Path, rollout: dict[str, Any]) -> None:
    events = _events()
    rows, _, failed = _measured(_workspace(tmp_path, events, **rollout))
    assert not [row for row in failed if not row.remark]
    for metric in ("revenue", "buyers", "visits"):
        values = _by_hand(events, metric)
        found = {row.wave: row for row in rows if row.metric == metric}
        assert set(found) == {3, 5, None}
        for wave, row in found.items():
            own = values[np.arange(90) % 3 == OF_WAVE[wave]]
            mean, cross = _told(row)
            assert (row.units, row.since, row.period_days, row.clusters) == (30, "2026-03-02", 7, None)
            np.testing.assert_allclose(mean, own.mean(axis=0), atol=1e-9)
            np.testing.assert_allclose(cross, np.cov(own.T) * 29, atol=1e-7)


def test_a_ratio_is_one_of_sums_with_the_delta_method(tmp_path: Path) -> None:
    events = _events()
    rows, _, _ = _measured(_workspace(tmp_path, events, **FROM_UNITS))
    top, bottom = _by_hand(events, "revenue"), _by_hand(events, "all")
    for row in (row for row in rows if row.metric == "value"):
        mine = np.arange(90) % 3 == OF_WAVE[row.wave]
        ratio = top[mine].sum(axis=0) / bottom[mine].sum(axis=0)
        influence = (top[mine] - ratio * bottom[mine]) / bottom[mine].mean(axis=0)
        mean, cross = _told(row)
        np.testing.assert_allclose(mean, ratio, rtol=1e-9)
        np.testing.assert_allclose(cross, influence.T @ influence, rtol=1e-6, atol=1e-7)


def test_whole_clusters_come_together_and_count_as_one(tmp_path: Path) -> None:
    events = _events()
    rows, _, _ = _measured(_workspace(tmp_path, events, cluster="shop", **FROM_UNITS))
    values = _by_hand(events, "revenue")
    shop = np.arange(90) % 15  # 15 shops: all units of one have the same wave, as 15 is a multiple of 3
    for row in (row for row in rows if row.metric == "revenue"):
        mine = np.unique(shop[np.arange(90) % 3 == OF_WAVE[row.wave]])
        sums = np.array([values[shop == one].sum(axis=0) for one in mine])
        mean, cross = _told(row)
        assert (row.units, row.clusters) == (30, 5)
        np.testing.assert_allclose(mean, sums.sum(axis=0) / 30, rtol=1e-9)
        away = (sums - sums.mean(axis=0)) / 6
        np.testing.assert_allclose(cross, away.T @ away, rtol=1e-6, atol=1e-6)


def test_what_happens_after_the_day_asked_for_is_ignored(tmp_path: Path) -> None:
    events = _events()
    workspace = _workspace(tmp_path, events, **FROM_UNITS)
    rows, _, _ = _measured(workspace, date(2026, 4, 5))
    assert {(row.wave, len(row.shift)) for row in rows} == {(3, 5), (None, 5)}
    earlier = [row for row in events if row["at"].date() <= date(2026, 4, 5)]
    again, _, _ = _measured(_workspace(tmp_path, earlier, **FROM_UNITS))
    first = {(row.metric, row.wave): _told(row)[0][:4] for row in rows}
    for row in again:
        np.testing.assert_allclose(_told(row)[0][:4], first[row.metric, row.wave], rtol=1e-12)


def test_units_that_came_later_are_left_out_and_named(tmp_path: Path) -> None:
    events = [row for row in _events() if row["user"] != "u1" or row["at"].date() >= WAVES[1]]
    rows, _, failed = _measured(_workspace(tmp_path, events, source="seen"))
    assert next(row.units for row in rows if row.wave == 3) == 29
    assert any("left out: 1 unit with the release but not there before" in row.reason and row.remark for row in failed)


def test_units_that_joined_later_have_no_before(tmp_path: Path) -> None:
    events = _events()
    definitions = _workspace(tmp_path, events, **FROM_UNITS)
    joined = [{"user": f"u{n}", "joined": WAVES[1] if n in (4, 6) else FIRST, "got": _wave(n)} for n in range(90)]
    pq.write_table(pa.Table.from_pylist(joined), tmp_path / "joined.parquet")
    source = definitions.sources["users"].model_copy(update={"table": "joined.parquet", "time": "joined"})
    rows, _, failed = _measured(definitions.model_copy(update={"sources": {**definitions.sources, "users": source}}))
    assert {row.wave: row.units for row in rows} == {3: 29, 5: 30, None: 29}
    assert any("left out: 1 unit with the release but not there before" in row.reason and row.remark for row in failed)


def test_events_under_another_id_are_those_of_the_same_person(tmp_path: Path) -> None:
    events = _events()
    other = [{**row, "user": "phone4"} if row["user"] == "u4" and row["n"] % 2 else row for row in events]
    pq.write_table(pa.table({"device": ["phone4"], "person": ["u4"]}), tmp_path / "ids.parquet")
    definitions = _workspace(tmp_path, other, source="seen")
    ids = {"identities": {"table": "ids.parquet", "alias": "device", "unit": "person"}}
    data = DataSettings.model_validate(definitions.data.model_dump() | ids)
    rows, _, _ = _measured(definitions.model_copy(update={"data": data}))
    plain, _, _ = _measured(_workspace(tmp_path, events, source="seen"))
    assert [(row.metric, row.wave, row.units) for row in rows] == [(row.metric, row.wave, row.units) for row in plain]
    for one, two in zip(rows, plain, strict=True):
        np.testing.assert_allclose(_told(one)[0], _told(two)[0], rtol=1e-12)


def test_it_is_too_early_to_say(tmp_path: Path) -> None:
    rows, _, failed = _measured(_workspace(tmp_path, _events(), **FROM_UNITS), WAVES[1] + timedelta(days=3))
    assert rows == ()
    assert [(row.item, row.remark) for row in failed] == [("search", True)]
    assert "no period of 7 days has passed" in failed[0].reason


def test_a_machine_is_no_unit(tmp_path: Path) -> None:
    events = _events()
    events += [{**events[0], "user": "u4", "n": 10_000 + n} for n in range(500)]
    definitions = _workspace(tmp_path, events, **FROM_UNITS)
    source = definitions.sources["events"].model_copy(update={"bots_above": 100.0})
    definitions = definitions.model_copy(update={"sources": {**definitions.sources, "events": source}})
    rows, _, failed = _measured(definitions)
    assert next(row.units for row in rows if row.wave == 3) == 29
    assert any("left out: 1 unit with more events" in row.reason for row in failed)


def test_units_that_chose_come_with_what_was_known_of_them(tmp_path: Path) -> None:
    events = _events()
    workspace = _workspace(tmp_path, events, chosen=True, covariates=["age", "plan"], **FROM_UNITS)
    rows, units, failed = _measured(workspace)
    assert rows == ()
    found = {(row.kind, row.column): np.array(row.values) for row in units}
    names = sorted(f"u{unit}" for unit in range(90))
    which = np.array([int(name[1:]) for name in names])
    np.testing.assert_array_equal(found["took", "took"], (which % 3 != 0).astype(float))
    np.testing.assert_array_equal(found["covariate", "age"], 20.0 + which % 30)
    np.testing.assert_array_equal(found["covariate", "plan = b"], (which % 2).astype(float))
    values = _by_hand(events, "revenue")[which]
    np.testing.assert_allclose(found["outcome", "revenue"], values[:, 3:7].mean(axis=1))
    np.testing.assert_allclose(found["covariate", "revenue/before"], values[:, :3].mean(axis=1))
    assert any("'value' is a ratio" in row.reason for row in failed)


def test_a_metric_without_events_is_named_where_it_was_asked_for(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path, _events(), **FROM_UNITS)
    release = workspace.releases["search"].model_copy(update={"metrics": ("age", "revenue")})
    rows, _, failed = _measured(workspace.model_copy(update={"releases": {"search": release}}))
    assert {row.metric for row in rows} == {"revenue"}
    assert [row.item for row in failed] == ["search/age"]


@pytest.mark.parametrize(
    ("rollout", "reason"),
    [
        ({"source": "users", "wave": "gott"}, "no column 'gott'"),
        ({"source": "users"}, "does not tell when"),
        ({"source": "users", "wave": "plan"}, "90 cells hold no day in column 'plan'"),
        ({"source": "seen", "id": "sarch"}, "no row of 'seen.parquet' has 'sarch'"),
        ({"source": "events"}, "does not tell who"),
        ({"source": "users", "wave": "got", "period_days": 28}, "at least one period of 28 days before"),
    ],
)
def test_what_cannot_be_measured_says_why(tmp_path: Path, rollout: dict[str, Any], reason: str) -> None:
    rows, units, failed = _measured(_workspace(tmp_path, _events(), **rollout))
    assert (rows, units) == ((), ())
    assert len(failed) == 1
    assert reason in failed[0].reason


def test_the_day_is_the_teams_own(tmp_path: Path) -> None:
    events = _events()
    moved = [{**row, "at": row["at"] - timedelta(hours=1)} for row in events]  # Copenhagen is an hour ahead, then two
    workspace = _workspace(tmp_path, moved, **FROM_UNITS)
    about = workspace.workspace.model_copy(update={"time_zone": "Europe/Copenhagen"})
    rows, _, _ = _measured(workspace.model_copy(update={"workspace": about}))
    values = _by_hand(events, "visits")
    for row in (row for row in rows if row.metric == "visits"):
        own = values[np.arange(90) % 3 == OF_WAVE[row.wave]]
        np.testing.assert_allclose(_told(row)[0][:3], own.mean(axis=0)[:3], atol=1e-9)  # clocks change on 29 March
