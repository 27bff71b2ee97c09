"""What was known of units before the experiment: the same measure before the exposure, and columns of their table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.stats.moments import Moments
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

DAY = 86_400_000_000
BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
UNITS = 300

METRICS: dict[str, Any] = {
    "orders": {"kind": "count", "source": "events", "events": ["order"], "window": {"length": 7}},
    "revenue": {"source": "events", "column": "amount", "cap": {"absolute": 150}, "covariate_days": 3},
    "bought": {"kind": "proportion", "source": "events", "events": ["order"]},
    "basket": {
        "kind": "ratio",
        "numerator": {"source": "events", "column": "amount"},
        "denominator": {"source": "events", "events": ["order"]},
    },
    "recent": {"kind": "count", "source": "events", "window": {"kind": "lookback", "length": 5}},
    "plain": {"kind": "count", "source": "events", "covariate_days": 0},
}


def _frames(seed: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n = 20 * UNITS
    times = BEGIN + rng.integers(0, 40 * 24, n) * (DAY // 24)
    start = BEGIN + rng.integers(15 * 24, 20 * 24, UNITS) * (DAY // 24)
    users = np.arange(UNITS)
    instant = pa.timestamp("us", tz="UTC")
    return {
        "events": pa.table(
            {
                "user": rng.integers(0, UNITS + 50, n),
                "at": pa.array(times, instant),
                "name": rng.choice(["order", "visit"], n),
                "amount": rng.integers(1, 100, n),
            }
        ),
        "seen": pa.table(
            {
                "user": users,
                "at": pa.array(start, instant),
                "exp": ["test"] * UNITS,
                "arm": np.where(users % 2, "control", "treatment"),
            }
        ),
        "users": pa.table(
            {
                "user": users,
                "age": pa.array([None if user % 7 == 0 else float(20 + user % 50) for user in users]),
                "seats": users % 5,
                "arm": np.where(users % 2, "control", "treatment"),
                "spend": users * 1.0,
                "name": ["somebody"] * UNITS,
            }
        ),
    }


def _measured(frames: dict[str, Any], source: str = "seen", **more: Any) -> Measured:
    raw: dict[str, Any] = {
        "sources": {
            "seen": {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
            "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
            "users": {"table": "users", "unit": "user"},
        },
        "policy": {"covariate_days": 14},
        "metrics": METRICS,
    }
    raw |= more
    raw["experiments"] = {"test": {"source": source, "variant": "arm", "metrics": list(raw["metrics"])}}
    engine = open_engine(DataSettings(), None, frames)
    try:
        return measure(Definitions.model_validate(raw), source, engine)
    finally:
        engine.close()


def _by_hand(frames: dict[str, Any], arm: str) -> dict[str, list[float]]:
    """The same numbers by loops over rows."""
    events = [row | {"at": row["at"].timestamp() * 1e6} for row in frames["events"].to_pylist()]
    last = max(row["at"] for row in events) + 1
    columns: dict[str, list[float]] = {}
    for unit in frames["seen"].to_pylist():
        if unit["arm"] != arm:
            continue
        start = unit["at"].timestamp() * 1e6
        mine = [(row, (row["at"] - start) / DAY) for row in events if row["user"] == unit["user"]]
        after = [(row, since) for row, since in mine if since >= 0]
        before = {days: [row for row, since in mine if -days <= since < 0] for days in (3, 14)}
        orders = [row for row in before[14] if row["name"] == "order"]
        values = {
            "orders": sum(row["name"] == "order" and since < 7 for row, since in after),
            "orders/before": len(orders),
            "revenue": min(sum(row["amount"] for row, _ in after), 150),
            "revenue/before": min(sum(row["amount"] for row in before[3]), 150),
            "bought": any(row["name"] == "order" for row, _ in after),
            "bought/before": bool(orders),
            "basket": sum(row["amount"] for row, _ in after),
            "basket/denominator": sum(row["name"] == "order" for row, _ in after),
            "basket/before": sum(row["amount"] for row in before[14]),
            "basket/denominator/before": len(orders),
            "recent": sum(row["at"] >= last - 5 * DAY for row, _ in after),
            "plain": len(after),
        }
        for name, value in values.items():
            columns.setdefault(name, []).append(float(value))
    return columns


def test_the_measure_before_the_exposure_equals_a_loop_over_the_rows() -> None:
    frames = _frames()
    measured = _measured(frames)
    assert measured.failed == ()
    for row in measured.moments:
        found = moments_of(row)
        columns = _by_hand(frames, row.arm)
        assert set(found.names) == set(columns)
        expected = Moments.of(
            {name: columns[name] for name in found.names}, dict(zip(found.names, found.shift, strict=True))
        )
        np.testing.assert_array_equal(found.n, expected.n)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.cross, expected.cross, rtol=1e-9, atol=1e-6)


def test_metrics_do_not_change_when_covariates_are_asked_for() -> None:
    with_them, without = _measured(_frames()), _measured(_frames(), policy={})
    for one, other in zip(with_them.moments, without.moments, strict=True):
        assert "orders/before" not in other.names
        names = [name for name in other.names if not name.endswith("/before")]
        np.testing.assert_allclose(moments_of(one).pick(names).cross, moments_of(other).pick(names).cross, rtol=1e-9)


def test_columns_of_the_units_are_covariates_and_gaps_stand_beside_them() -> None:
    frames = _frames()
    metrics = {"orders": {"kind": "count", "source": "events", "covariates": ["age", "seats"], "covariate_days": 0}}
    measured = _measured(frames, metrics=metrics)
    assert measured.failed == ()
    users = frames["users"].to_pydict()
    for row in measured.moments:
        found = moments_of(row)
        ages = [age for age, arm in zip(users["age"], users["arm"], strict=True) if arm == row.arm]
        assert set(found.names) == {
            "orders", "orders/covariate/age", "orders/covariate/age/missing", "orders/covariate/seats",
        }  # fmt: skip
        assert found.mean_of("orders/covariate/age") == pytest.approx(np.mean([age or 0.0 for age in ages]))
        assert found.mean_of("orders/covariate/age/missing") == pytest.approx(np.mean([age is None for age in ages]))
        assert found.count("orders/covariate/age") == len(ages)


def test_a_table_of_units_with_everything_in_it_has_covariates_in_the_same_pass() -> None:
    metrics = {"spend": {"source": "users", "column": "spend", "covariates": ["seats"]}}
    measured = _measured(_frames(), "users", metrics=metrics)
    assert measured.failed == ()
    assert {row.names for row in measured.moments} == {("spend", "spend/covariate/seats")}


@pytest.mark.parametrize(("column", "said"), [("agee", "did you mean 'age'?"), ("name", "hold no number")])
def test_a_covariate_that_cannot_be_read_costs_the_adjustment_and_not_the_metric(column: str, said: str) -> None:
    metrics = {"orders": {"kind": "count", "source": "events", "covariates": [column], "covariate_days": 0}}
    measured = _measured(_frames(), metrics=metrics)
    assert {row.names for row in measured.moments} == {("orders",)}
    assert [(row.item, row.remark) for row in measured.failed] == [("test/orders", True)]
    assert said in measured.failed[0].reason


def test_without_the_time_of_exposure_nothing_was_before_it() -> None:
    sources = {
        "seen": {"table": "seen", "unit": "user", "experiment": "exp", "variant": "arm"},
        "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
    }
    metrics = {"bought": METRICS["bought"], "revenue": METRICS["revenue"]}
    measured = _measured(_frames(), sources=sources, metrics=metrics)
    assert {row.names for row in measured.moments} == {("bought", "revenue")}
    assert [row.item for row in measured.failed] == ["test/revenue"]  # the other has the days of the policy
