"""Events, exposures and units through DuckDB, held against a plain computation in Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.stats.moments import Moments
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.warehouse.measured import Measured

DAY = 86_400_000_000
START = datetime(2026, 3, 20, tzinfo=UTC)

METRICS: dict[str, Any] = {
    "orders": {"kind": "count", "source": "events", "events": ["order"]},
    "revenue": {"source": "events", "events": ["order"], "column": "amount", "window": {"delay": 1, "length": 7}},
    "bought": {"kind": "proportion", "source": "events", "events": ["order"], "window": {"length": 3}},
    "back": {"kind": "retention", "source": "events", "window": {"delay": 7, "length": 1}},
    "basket": {
        "kind": "ratio",
        "numerator": {"source": "events", "events": ["order"], "column": "amount"},
        "denominator": {"source": "events", "events": ["order"]},
    },
    "largest": {"source": "events", "events": ["order"], "column": "amount", "aggregation": "max"},
    "last": {"source": "events", "column": "amount", "aggregation": "last"},
    "shops": {"source": "events", "column": "shop", "aggregation": "count_distinct"},
    "dear": {"kind": "count", "source": "events", "filters": ["amount > 50 and shop in ('a', 'b')"]},
    "age": {"source": "users", "column": "age"},
    "recent": {"kind": "count", "source": "events", "window": {"kind": "lookback", "length": 5}},
}


def _definitions(**more: Any) -> Definitions:
    raw: dict[str, Any] = {
        "sources": {
            "users": {"table": "users", "unit": "id"},
            "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
            "seen": {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
        },
        "metrics": METRICS,
        "segments": {
            "old": {"source": "users", "filter": "age >= 40"},
            "north": {"source": "users", "filter": "region == 'north'"},
        },
        "experiments": {
            "one": {"source": "seen", "control": "a", "metrics": list(METRICS)},
            "two": {"source": "seen", "id": "exp 2", "control": "off", "metrics": ["orders", "bought"], "segments": []},
        },
    }
    return Definitions.model_validate(raw | more)


def _world(seed: int = 3, units: int = 200) -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    n = 12 * units
    seen = 3 * units
    return {
        "users": {
            "id": np.arange(units),
            "age": np.where(rng.random(units) < 0.1, np.nan, rng.integers(18, 80, units)),
            "region": rng.choice(["north", "south"], units),
        },
        "events": {
            "user": rng.integers(0, units, n),
            # Whole hours, so that events fall exactly on the edges of windows.
            "at": rng.integers(0, 30 * 24, n) * 3_600_000_000,
            "name": rng.choice(["order", "visit"], n),
            "amount": np.where(rng.random(n) < 0.05, np.nan, rng.integers(1, 100, n)),
            "shop": rng.choice(["a", "b", "c"], n),
        },
        "seen": {
            "user": rng.integers(0, units, seen),
            "at": rng.integers(0, 14 * 24, seen) * 3_600_000_000,
            "exp": rng.choice(["one", "exp 2", "other"], seen),
            "arm": np.full(seen, ""),
        },
    }


def _frames(world: Mapping[str, Mapping[str, np.ndarray]], order: np.random.Generator | None = None) -> dict[str, Any]:
    copies = {name: dict(columns) for name, columns in world.items()}
    seen = copies["seen"]
    arms = np.where(seen["user"] % 2 == 0, "a", "b")
    arms = np.where(seen["exp"] == "exp 2", np.where(seen["user"] % 3 == 0, "on", "off"), arms)
    seen["arm"] = np.where((seen["user"] % 10 == 0) & (seen["at"] > 5 * DAY) & (seen["exp"] == "one"), "b", arms)
    frames = {}
    for name, columns in copies.items():
        size = len(next(iter(columns.values())))
        places = np.arange(size) if order is None else order.permutation(size)
        frames[name] = pa.table(
            {
                key: pa.array(_instants(values[places]) if key == "at" else values[places])
                for key, values in columns.items()
            }
        )
    return frames


def _instants(micros: np.ndarray) -> pa.Array:
    begin = int(START.timestamp() * 1_000_000)
    return pa.array(micros + begin, type=pa.timestamp("us", tz="UTC"))


def _measured(frames: Mapping[str, Any], as_of: date | None = None, threads: int = 2, **more: Any) -> Measured:
    engine = DuckDBEngine(DataSettings(), None, frames)
    engine._run(f"SET threads = {threads}")
    try:
        return measure(_definitions(**more), "seen", engine, as_of)
    finally:
        engine.close()


class Referee:
    """The same numbers by loops over rows."""

    def __init__(self, frames: Mapping[str, Any], experiment: str, end: datetime | None = None) -> None:
        self.users = {row["id"]: row for row in frames["users"].to_pylist()}
        self.events = [row for row in frames["events"].to_pylist() if end is None or row["at"] < end]
        self.last = end or max(row["at"] for row in self.events) + timedelta(microseconds=1)
        first: dict[int, list[Any]] = {}
        for row in frames["seen"].to_pylist():
            if row["exp"] == experiment and (end is None or row["at"] < end):
                kept = first.setdefault(row["user"], [row["at"], set()])
                kept[0] = min(kept[0], row["at"])
                kept[1].add(row["arm"])
        self.crossed = sum(len(arms) > 1 for _, arms in first.values())
        self.first = {user: (at, next(iter(arms))) for user, (at, arms) in first.items() if len(arms) == 1}

    def columns(self, arm: str, *, old: bool = False) -> dict[str, list[float]]:
        columns: dict[str, list[float]] = {}
        for user, (at, seen) in self.first.items():
            if seen != arm or (old and not self.users[user]["age"] >= 40):
                continue
            events = [row | {"since": row["at"] - at} for row in self.events if row["user"] == user and row["at"] >= at]
            for name, value in self._values(user, events).items():
                columns.setdefault(name, []).append(value)
        return columns

    def _values(self, user: int, events: list[dict[str, Any]]) -> dict[str, float]:
        orders = [row for row in events if row["name"] == "order"]
        amounts = [row["amount"] for row in orders if row["amount"] == row["amount"]]
        priced = sorted((row["at"], row["amount"]) for row in events if row["amount"] == row["amount"])
        return {
            "orders": len(orders),
            "revenue": sum(
                row["amount"]
                for row in orders
                if row["amount"] == row["amount"] and 1 <= row["since"] / timedelta(days=1) < 8
            ),
            "bought": float(any(row["since"] < timedelta(days=3) for row in orders)),
            "back": float(any(timedelta(days=7) <= row["since"] < timedelta(days=8) for row in events)),
            "basket": sum(amounts),
            "basket/denominator": len(orders),
            "largest": max(amounts, default=float("nan")),
            "last": priced[-1][1] if priced else float("nan"),
            "shops": len({row["shop"] for row in events}),
            "dear": sum(row["amount"] > 50 and row["shop"] in "ab" for row in events),
            "age": self.users[user]["age"],
            "recent": sum(row["at"] >= self.last - timedelta(days=5) for row in events),
        }


def _same(found: Moments, columns: Mapping[str, list[float]], tolerance: float = 1e-9) -> None:
    expected = Moments.of(
        {name: columns[name] for name in found.names}, dict(zip(found.names, found.shift, strict=True))
    )
    assert found.units == expected.units
    np.testing.assert_array_equal(found.n, expected.n)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=tolerance, atol=1e-9)
    scale = np.sqrt(np.outer(expected.cross.diagonal(), expected.cross.diagonal())) + 1e-12
    np.testing.assert_allclose(found.cross / scale, expected.cross / scale, rtol=0, atol=1e-9)


def test_every_kind_of_metric_equals_a_loop_over_the_rows() -> None:
    frames = _frames(_world())
    measured = _measured(frames)
    assert measured.failed == ()
    referee = Referee(frames, "one")
    rows = {(row.experiment, row.arm, row.segment): moments_of(row) for row in measured.moments}
    assert set(rows) == {("one", arm, segment) for arm in "ab" for segment in (None, "old", "north")} | {
        ("two", "on", None),
        ("two", "off", None),
    }
    for arm in "ab":
        _same(rows["one", arm, None], referee.columns(arm))
        _same(rows["one", arm, "old"], referee.columns(arm, old=True))
    _same(rows["two", "on", None], Referee(frames, "exp 2").columns("on"))


def test_units_seen_in_two_arms_are_left_out_and_counted() -> None:
    frames = _frames(_world())
    measured = _measured(frames)
    crossed = Referee(frames, "one").crossed
    assert crossed > 0
    assert {row.crossed for row in measured.assignments if row.experiment == "one"} == {crossed}


def test_what_happens_after_the_day_asked_for_is_ignored() -> None:
    frames = _frames(_world())
    measured = _measured(frames, date(2026, 4, 1), workspace={"time_zone": "America/New_York"})
    referee = Referee(frames, "one", datetime(2026, 4, 2, 4, tzinfo=UTC))  # midnight in New York, in summer time
    for row in measured.moments:
        if row.experiment == "one" and row.segment is None:
            _same(moments_of(row), referee.columns(row.arm))


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter() -> None:
    world = _world()
    first = _measured(_frames(world))
    for seed in range(3):
        again = _measured(_frames(world, np.random.default_rng(seed)), threads=1 + seed % 2)
        assert [(row.arm, row.segment, row.units) for row in again.moments] == [
            (row.arm, row.segment, row.units) for row in first.moments
        ]
        for one, other in zip(first.moments, again.moments, strict=True):
            np.testing.assert_allclose(moments_of(other).cross, moments_of(one).cross, rtol=1e-9, atol=1e-6)


def test_an_event_that_nobody_sent_is_named_with_the_nearest() -> None:
    metrics = METRICS | {"slip": {"kind": "count", "source": "events", "events": ["ordr"]}}
    experiments = {"one": {"source": "seen", "control": "a", "metrics": ["slip", "orders"]}}
    measured = _measured(_frames(_world()), metrics=metrics, experiments=experiments)
    assert [(row.item, row.reason) for row in measured.failed] == [
        ("one/slip", "'events' has no event 'ordr'; did you mean 'order'?")
    ]


def test_an_experiment_assigned_in_the_users_table_measures_events_from_its_time() -> None:
    frames = _frames(_world(units=60))
    joined = pa.array([START + timedelta(days=int(user) % 10) for user in frames["users"]["id"].to_pylist()])
    arms = pa.array(["a" if user % 2 else "b" for user in frames["users"]["id"].to_pylist()])
    frames["users"] = frames["users"].append_column("joined", joined).append_column("arm", arms)
    frames["seen"] = pa.table(
        {
            "user": frames["users"]["id"],
            "at": joined,
            "exp": pa.array(["one"] * 60),
            "arm": arms,
        }
    )
    sources = {
        "users": {"table": "users", "unit": "id", "time": "joined"},
        "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
    }
    experiments = {"one": {"source": "users", "variant": "arm", "control": "a", "metrics": list(METRICS)}}
    segments = {"old": {"filter": "age >= 40"}}
    engine = open_engine(DataSettings(), None, frames)
    measured = measure(_definitions(sources=sources, experiments=experiments, segments=segments), "users", engine)
    engine.close()
    assert measured.failed == ()
    referee = Referee(frames, "one")
    for row in measured.moments:
        _same(moments_of(row), referee.columns(row.arm, old=row.segment == "old"))


def test_windows_are_counted_in_hours_across_a_change_of_clocks() -> None:
    # Clocks in Europe go forward on 29 March 2026: local days are 23 hours long, windows are not.
    shown = datetime(2026, 3, 28, 12, tzinfo=UTC)
    times = [
        shown + timedelta(days=1) - timedelta(microseconds=1),
        shown + timedelta(days=1),
        shown + timedelta(days=2),
    ]
    frames = {
        "seen": pa.table({"user": [1, 2], "at": [shown, shown], "exp": ["one", "one"], "arm": ["a", "b"]}),
        "events": pa.table({"user": [1, 1, 1], "at": times, "name": ["visit"] * 3, "amount": [1.0, 2.0, 4.0]}),
    }
    metrics = {"day": {"source": "events", "column": "amount", "window": {"delay": 1, "length": 1}}}
    experiments = {"one": {"source": "seen", "control": "a", "metrics": ["day"]}}
    measured = _measured(frames, metrics=metrics, experiments=experiments, segments={})
    means = {row.arm: moments_of(row).mean_of("day") for row in measured.moments}
    assert means == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize("kind", ["text", "seconds", "milliseconds"])
def test_times_may_be_texts_with_zones_or_numbers(kind: str) -> None:
    shown = datetime(2026, 3, 28, 12, tzinfo=UTC)
    written = {
        "text": ["2026-03-28T14:30:00+02:00", "2026-03-28T13:30:00+02:00"],
        "seconds": [int(shown.timestamp()) + 1800, int(shown.timestamp()) - 1800],
        "milliseconds": [int(shown.timestamp()) * 1000 + 1_800_000, int(shown.timestamp()) * 1000 - 1_800_000],
    }[kind]
    frames = {
        "seen": pa.table({"user": ["u", "v"], "at": [shown, shown], "exp": ["one", "one"], "arm": ["a", "b"]}),
        "events": pa.table({"user": ["u", "u"], "at": written, "name": ["visit"] * 2}),
    }
    metrics = {"visits": {"kind": "count", "source": "events"}}
    experiments = {"one": {"source": "seen", "control": "a", "metrics": ["visits"]}}
    measured = _measured(frames, metrics=metrics, experiments=experiments, segments={})
    assert {row.arm: moments_of(row).mean_of("visits") for row in measured.moments} == {"a": 1.0, "b": 0.0}
