"""Duplicates, merged people, bots, dealing and holdouts: what is counted, and what estimates become after the rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.evidence.counted import counted
from vitalfew.results.moments import moments_of
from vitalfew.stats.arrays import differences, sample
from vitalfew.warehouse.dealing import dealt
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Dealing, Definitions

if TYPE_CHECKING:
    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.measured import Measured

DAY = 86_400_000_000
BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
INSTANT = pa.timestamp("us", tz="UTC")
ARMS = np.array(["control", "treatment"])


def _measured(frames: dict[str, Any], threads: int = 2, source: str = "seen", **more: Any) -> Measured:
    raw: dict[str, Any] = {
        "sources": {
            "seen": {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
            "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
            "users": {"table": "users", "unit": "user"},
        },
        "metrics": {
            "orders": {"kind": "count", "source": "events"},
            "revenue": {"source": "events", "column": "amount"},
            "size": {"source": "events", "column": "amount", "aggregation": "avg"},
        },
    }
    raw["experiments"] = {
        "test": {"source": source, "variant": "arm", "metrics": list(more.get("metrics", raw["metrics"]))}
    }
    for key, value in more.items():
        raw[key] = {**raw.get(key, {}), **value}
    engine = DuckDBEngine(DataSettings(), None, frames)
    engine._run(f"SET threads = {threads}")
    try:
        return measure(Definitions.model_validate(raw), source, engine)
    finally:
        engine.close()


def _arms(measured: Measured) -> dict[str, Moments]:
    return {row.arm: moments_of(row) for row in measured.moments}


def _seen(users: np.ndarray, arms: np.ndarray, at: np.ndarray | int = 0) -> pa.Table:
    times = BEGIN + np.zeros(len(users), dtype=np.int64) + at
    return pa.table({"user": users, "at": pa.array(times, INSTANT), "exp": ["test"] * len(users), "arm": arms})


def _events(users: np.ndarray, amounts: np.ndarray, at: np.ndarray) -> dict[str, Any]:
    names = ["order"] * len(users)
    return {"user": users, "at": pa.array(BEGIN + at, INSTANT), "name": names, "amount": amounts}


def _simple(seed: int = 2, units: int = 400) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n = 6 * units
    events = _events(rng.integers(0, units, n), np.round(rng.lognormal(2, 1, n), 2), rng.integers(1, 20 * DAY, n))
    return {
        "seen": _seen(np.arange(units), ARMS[np.arange(units) % 2]),
        "events": pa.table(events | {"id": np.arange(n)}),
    }


WITH_ID = {"events": {"table": "events", "unit": "user", "time": "at", "event": "name", "id": "id"}}


def test_an_event_sent_one_to_five_times_in_any_order_counts_once_to_the_last_bit() -> None:
    frames = _simple()
    once = _measured(frames, sources=WITH_ID)
    assert once.failed == ()
    rng = np.random.default_rng(8)
    for threads in (1, 2, 2):
        copies = rng.integers(1, 6, frames["events"].num_rows)
        places = rng.permutation(np.repeat(np.arange(len(copies)), copies))
        shuffled = {
            "events": frames["events"].take(places),
            "seen": frames["seen"].take(rng.permutation(frames["seen"].num_rows)),
        }
        again = _measured(shuffled, threads, sources=WITH_ID)
        assert again.moments == once.moments
        assert again.daily == once.daily
        repeated = {row.arm: (row.count, row.of) for row in again.counts if row.what == "duplicates"}
        users = np.asarray(shuffled["events"]["user"])
        for at, arm in enumerate(ARMS):
            total = int((users % 2 == at).sum())
            assert repeated[arm] == (total - int((np.asarray(frames["events"]["user"]) % 2 == at).sum()), total)
    assert {(row.what, row.count) for row in once.counts if row.what != "late"} == {("duplicates", 0)}


def test_the_same_rows_in_any_order_and_with_any_threads_give_the_same_p_values() -> None:
    frames, rng = _simple(), np.random.default_rng(4)
    first = _p_values(_measured(frames))
    for run in range(10):
        shuffled = {name: table.take(rng.permutation(table.num_rows)) for name, table in frames.items()}
        np.testing.assert_allclose(_p_values(_measured(shuffled, 1 + run % 2)), first, rtol=1e-9)


def _p_values(measured: Measured) -> np.ndarray:
    arms = _arms(measured)
    names = ["orders", "revenue"]
    control, treatment = (sample([arms[arm]] * 2, names, [None, None]) for arm in ("control", "treatment"))
    return differences(control, treatment, (0.95,)).p_value


def test_an_event_that_comes_late_gives_what_it_would_have_given_in_time() -> None:
    frames = _simple()
    delay = np.random.default_rng(1).integers(0, 14 * DAY, frames["events"].num_rows)
    arrived = np.argsort(np.asarray(frames["events"]["at"].cast(pa.int64())) + delay)
    late = frames | {"events": frames["events"].take(arrived)}
    assert _measured(late, sources=WITH_ID).moments == _measured(frames, sources=WITH_ID).moments


def _merging(seed: int, units: int = 4_000) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tenth of all people have a second id, dealt by itself; treatment adds 0.1 to what a person does in all."""
    rng = np.random.default_rng(seed)
    twice = rng.random(units) < 0.1
    first, second = rng.integers(0, 2, units), rng.integers(0, 2, units)
    people = np.array([f"p{at}" for at in range(units)])
    alias = np.array([f"a{at}" for at in range(units)])
    seen = _seen(
        np.concatenate([people, alias[twice]]),
        ARMS[np.concatenate([first, second[twice]])],
        np.concatenate([np.zeros(units), np.full(twice.sum(), DAY)]).astype(np.int64),
    )
    spend = rng.normal(1, 1, units) + 0.1 * first
    share = np.where(twice, 0.5, 1.0)
    users = np.concatenate([people, alias[twice]])
    amounts = np.concatenate([spend * share, (spend * (1 - share))[twice]])
    events = pa.table(_events(users, amounts, np.full(len(users), 2 * DAY)))
    frames = {"seen": seen, "events": events, "same": pa.table({"other": alias[twice], "person": people[twice]})}
    return frames, {"crossed": int((twice & (first != second)).sum()), "merged": int(twice.sum())}


def _identified(frames: dict[str, Any], crossed: str) -> Measured:
    experiments = {"test": {"source": "seen", "metrics": ["revenue"], "crossed": crossed}}
    data = {"identities": {"table": "same", "alias": "other", "unit": "person"}}
    return _measured(frames, experiments=experiments, data=data)


def test_a_person_with_several_ids_is_one_unit_and_in_one_arm() -> None:
    frames, expected = _merging(0)
    for rule, kept in (("exclude", expected["merged"] - expected["crossed"]), ("first", expected["merged"])):
        measured = _identified(frames, rule)
        assert measured.failed == ()
        assert {row.crossed for row in measured.assignments} == {expected["crossed"]}
        assert sum(row.units for row in measured.assignments) == 4_000 - (
            expected["crossed"] if rule == "exclude" else 0
        )
        assert sum(row.count for row in measured.counts if row.what == "merged") == kept
        assert expected["crossed"] / 4_000 > 0.01  # what evidence flags


@pytest.mark.prove
def test_both_rules_for_people_in_several_arms_are_unbiased() -> None:
    """60 runs with an effect of 0.1: the mean of the estimates lies within three standard errors of it."""
    for rule in ("exclude", "first"):
        found = []
        for seed in range(60):
            arms = _arms(_identified(_merging(seed, 2_000)[0], rule))
            found.append(arms["treatment"].mean_of("revenue") - arms["control"].mean_of("revenue"))
        assert abs(np.mean(found) - 0.1) < 3 * np.std(found) / np.sqrt(len(found))


def test_a_chain_of_ids_is_followed_and_a_contradiction_refused() -> None:
    frames = _simple(units=10)
    text = pa.array([str(user) for user in frames["seen"]["user"].to_pylist()])
    frames["seen"] = frames["seen"].set_column(0, "user", text)
    data = {"identities": {"table": "same", "alias": "other", "unit": "person"}}
    frames["same"] = pa.table({"other": ["4", "2"], "person": ["2", "0"]})
    measured = _measured(frames, data=data)
    assert sum(row.units for row in measured.assignments) == 8
    assert {(row.arm, row.count) for row in measured.counts if row.what == "merged"} == {
        ("control", 1),
        ("treatment", 0),
    }
    frames["same"] = pa.table({"other": ["4", "4"], "person": ["2", "0"]})
    assert "1 id in column 'other' of 'same' stand" in _measured(frames, data=data).failed[0].reason
    frames["same"] = pa.table({"other": ["4", "2"], "person": ["2", "4"]})
    assert "circle" in _measured(frames, data=data).failed[0].reason


def test_a_table_of_units_keeps_one_row_of_a_person_with_several_ids() -> None:
    arms = ["control", "control", "treatment", "treatment", "control"]
    users = pa.table({"user": list("abcde"), "arm": arms, "spend": [1.0, 2.0, 3.0, 4.0, 5.0]})
    same = pa.table({"other": ["b", "d"], "person": ["a", "e"]})
    metrics = {"spend": {"source": "users", "column": "spend"}}
    data = {"identities": {"table": "same", "alias": "other", "unit": "person"}}
    measured = _measured({"users": users, "same": same}, source="users", metrics=metrics, data=data)
    assert {row.arm: (row.units, row.crossed) for row in measured.assignments} == {
        "control": (1, 1),
        "treatment": (1, 1),
    }
    assert _arms(measured)["control"].mean_of("spend") == 1.0
    assert {(row.arm, row.count) for row in measured.counts if row.what == "merged"} == {
        ("control", 1),
        ("treatment", 0),
    }


def _with_bots(one_sided: bool) -> tuple[dict[str, Any], np.ndarray]:
    rng = np.random.default_rng(6)
    units = 4_000
    bot = (rng.random(units) < 0.01) & (np.arange(units) % 2 == 1 if one_sided else True)
    events = rng.poisson(3, units) * np.where(bot, 100, 1)
    users = np.repeat(np.arange(units), events)
    frame = _events(users, np.ones(len(users)), rng.integers(0, 3 * DAY, len(users)))
    return {"seen": _seen(np.arange(units), ARMS[np.arange(units) % 2]), "events": pa.table(frame)}, bot & (events > 60)


def test_bots_are_left_out_of_every_arm_and_what_is_left_is_what_people_do() -> None:
    frames, bots = _with_bots(one_sided=False)
    rule = {"events": {"table": "events", "unit": "user", "time": "at", "event": "name", "bots_above": 20}}
    cleaned, naive = _measured(frames, sources=rule), _measured(frames)
    by_arm = [int(bots[at::2].sum()) for at in (0, 1)]
    assert [(row.arm, row.count, row.of) for row in cleaned.counts if row.what == "bots"] == [
        (arm, count, 2_000) for arm, count in zip(ARMS, by_arm, strict=True)
    ]
    assert [row.units for row in cleaned.assignments] == [2_000 - count for count in by_arm]
    for arm, found in _arms(cleaned).items():
        se = np.sqrt(found.variance_of("orders") / found.units)
        assert abs(found.mean_of("orders") - 3) < 2 * se
        assert _arms(naive)[arm].mean_of("orders") > 4
    one_sided = _measured(_with_bots(one_sided=True)[0], sources=rule)
    counts = {row.arm: row.count for row in one_sided.counts if row.what == "bots"}
    assert counts["control"] == 0
    assert counts["treatment"] > 10


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_the_dealing_is_drawn_again_and_those_in_another_arm_are_counted(kind: Literal["sha256", "md5"]) -> None:
    split = {"control": 1.0, "treatment": 2.0, "other": 1.0}
    dealing = Dealing(salt="Prüfung 'x'", hash=kind)
    users = np.arange(3_000)
    arms = np.array([dealt(dealing, split, str(user)) for user in users])
    assert np.bincount(np.unique(arms, return_inverse=True)[1]) == pytest.approx([750, 750, 1500], abs=100)
    frames = _simple(units=3_000) | {"seen": _seen(users, np.where(users < 30, "control", arms))}
    experiment = {"source": "seen", "split": split, "dealing": dealing.model_dump(), "metrics": ["orders"]}
    measured = _measured(frames, experiments={"test": experiment})
    wrong = int((arms[:30] != "control").sum())
    assert {row.arm: row.count for row in measured.counts if row.what == "mismatched"} == {
        "control": wrong,
        "treatment": 0,
        "other": 0,
    }
    experiment.pop("split")
    assert "add `split:`" in _measured(frames, experiments={"test": experiment}).failed[0].reason


def test_units_held_out_that_are_found_in_an_experiment_are_counted() -> None:
    users = np.arange(1_000)
    held = _seen(users, ARMS[users % 2])
    leaked = pa.table({"user": users[:500], "at": held["at"][:500], "exp": ["inner"] * 500, "arm": ["on"] * 500})
    frames = _simple() | {"seen": pa.concat_tables([held, leaked])}
    holdout = {"source": "seen", "design": "holdout", "holds_out": ["inner"], "metrics": ["orders"]}
    inner = {"source": "seen", "control": "on", "metrics": ["orders"]}
    measured = _measured(frames, experiments={"test": holdout, "inner": inner})
    assert [(row.arm, row.count, row.of) for row in measured.counts if row.what == "held_out"] == [
        ("control", 250, 500)
    ]


def _with_arrival(delays: np.ndarray, **more: Any) -> Measured:
    """Events of `_simple`, which reached the warehouse after some microseconds."""
    frames = _simple()
    events = frames["events"]
    came = pa.array(np.asarray(events["at"].cast(pa.int64())) + delays, INSTANT)
    frames["events"] = events.append_column("came", came)
    source = {"table": "events", "unit": "user", "time": "at", "event": "name", "arrived": "came"}
    return _measured(frames, sources={"events": source}, **more)


def test_events_that_came_more_than_two_days_late_are_counted_by_arm() -> None:
    events = _simple()["events"]
    users, n = np.asarray(events["user"]), events.num_rows
    late = np.random.default_rng(1).random(n) < np.where(users % 2 == 1, 0.3, 0.05)
    measured = _with_arrival(np.where(late, 49, 48) * DAY // 24)
    for at, arm in enumerate(ARMS):
        (row,) = (row for row in measured.counts if row.what == "late" and row.arm == arm)
        mine = users % 2 == at
        assert (row.count, row.of) == (int((late & mine).sum()), int(mine.sum()))
    health = {row.test: row for row in counted("test", measured.counts)}
    assert health["late"].status == "warning"
    assert "later days may still change" in health["late"].message


def test_days_are_complete_two_days_after_their_end() -> None:
    frames = _simple()
    newest = int(np.asarray(frames["events"]["at"].cast(pa.int64())).max())
    day = (newest - 2 * DAY) // DAY - 1
    expected = str(np.datetime64(day, "D"))
    (row,) = (row for row in _measured(frames).counts if row.what == "late")
    assert (row.count, row.of, row.until) == (0, 0, expected)
    (waited,) = {row.until for row in _with_arrival(np.full(frames["events"].num_rows, 5 * DAY)).counts}
    assert waited == str(np.datetime64(day + 5, "D"))
    told = [row.message for row in counted("test", [row], dated=True)]
    assert told == [f"Complete to {expected}; later days may still change."]
    assert list(counted("test", [row])) == []


def test_an_experiment_that_ended_before_the_newest_events_is_complete() -> None:
    over = {"source": "seen", "end": "2026-03-10", "metrics": ["orders"]}
    assert [row for row in _measured(_simple(), experiments={"test": over}).counts if row.what == "late"] == []
    open_still = {"source": "seen", "end": "2026-04-30", "metrics": ["orders"]}
    assert [row.what for row in _measured(_simple(), experiments={"test": open_still}).counts] == ["late"]
