"""Tables with one row per unit through DuckDB, held against numpy and exact rationals."""

from __future__ import annotations

from fractions import Fraction
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
    from collections.abc import Mapping
    from pathlib import Path

    from vitalfew.warehouse.measured import Measured


def _measured(table: pa.Table, metrics: Mapping[str, Any], **more: Any) -> Measured:
    raw: dict[str, Any] = {
        "sources": {"users": {"table": "users", "unit": "id"}},
        "metrics": {
            key: metric if "numerator" in metric else {"source": "users", **metric} for key, metric in metrics.items()
        },
        "experiments": {"test": {"source": "users", "variant": "arm", "control": "a", "metrics": list(metrics)}},
    }
    engine = open_engine(DataSettings(), None, {"users": table})
    try:
        return measure(Definitions.model_validate(raw | more), "users", engine)
    finally:
        engine.close()


def _by_arm(measured: Measured, segment: str | None = None) -> dict[str, Moments]:
    return {row.arm: moments_of(row) for row in measured.moments if row.segment == segment}


def _same(found: Moments, columns: Mapping[str, np.ndarray]) -> None:
    expected = Moments.of(columns, dict(zip(found.names, found.shift, strict=True)))
    assert found.names == expected.names
    assert found.units == expected.units
    np.testing.assert_array_equal(found.n, expected.n)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-9, atol=1e-9)
    scale = np.sqrt(np.outer(expected.cross.diagonal(), expected.cross.diagonal())) + 1e-300
    np.testing.assert_allclose(found.cross / scale, expected.cross / scale, rtol=0, atol=1e-9)


@pytest.fixture
def users() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    n = 3_000
    spend = rng.lognormal(2, 1, n)
    return {
        "id": rng.permutation(n) * 1_000,
        "arm": rng.choice(["a", "b", "c"], n),
        "spend": np.where(rng.random(n) < 0.1, np.nan, np.where(rng.random(n) < 0.01, np.inf, spend)),
        "visits": rng.poisson(3, n),
        "days": rng.integers(1, 30, n).astype(float),
        "kept": rng.random(n) < 0.3,
        "plan": rng.choice(["free", "pro", "team"], n),
    }


def _same_shape(found: Moments, columns: Mapping[str, np.ndarray]) -> None:
    expected = Moments.of(columns, dict(zip(found.names, found.shift, strict=True)))
    scale = expected.cross.diagonal() ** 1.5 / np.sqrt(expected.n.diagonal())
    np.testing.assert_allclose(found.third / scale, expected.third / scale, rtol=0, atol=1e-9)
    for at, name in enumerate(found.names):
        if np.isnan(found.low[at]):
            assert abs(expected.skewness_of(name)) < 1  # no single unit decides
        else:
            assert (found.low[at], found.high[at]) == pytest.approx((expected.low[at], expected.high[at]), abs=1e-12)


METRICS: dict[str, Any] = {
    "spend": {"column": "spend"},
    "visits": {"column": "visits", "kind": "count"},
    "kept": {"column": "kept", "kind": "proportion"},
    "pace": {
        "kind": "ratio",
        "numerator": {"source": "users", "column": "visits"},
        "denominator": {"source": "users", "column": "days"},
    },
}


def _columns(users: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    found = {"spend": users["spend"], "visits": users["visits"], "kept": users["kept"]}
    found |= {"pace": users["visits"], "pace/denominator": users["days"]}
    return {name: values[chosen] for name, values in found.items()}


def test_missing_values_and_overlapping_segments_equal_numpy(users: dict[str, np.ndarray]) -> None:
    segments = {
        "busy": {"filter": "visits >= 3"},
        "paying": {"source": "users", "filter": "plan in ('pro', 'team')"},
        "rich": {"filter": "spend > 20"},
    }
    measured = _measured(pa.table(users), METRICS, segments=segments)
    assert measured.failed == ()
    members: dict[str | None, Any] = {
        None: np.ones(len(users["id"]), dtype=bool),
        "busy": users["visits"] >= 3,
        "paying": users["plan"] != "free",
        "rich": np.isfinite(users["spend"]) & (users["spend"] > 20),
    }
    for segment, inside in members.items():
        found = _by_arm(measured, segment)
        assert set(found) == {"a", "b", "c"}
        for arm in found:
            columns = _columns(users, inside & (users["arm"] == arm))
            _same(found[arm], columns)
            _same_shape(found[arm], columns)
            assert not np.isnan(found[arm].high[:1]).any()


def test_more_segments_than_one_pass_takes_are_all_measured(users: dict[str, np.ndarray]) -> None:
    segments = {f"over_{floor}": {"filter": f"visits > {floor}"} for floor in range(11)}
    measured = _measured(pa.table(users), {"visits": {"column": "visits"}}, segments=segments)
    for floor in range(8):
        inside = (users["visits"] > floor) & (users["arm"] == "b")
        assert _by_arm(measured, f"over_{floor}")["b"].units == int(inside.sum())


def test_percentile_caps_are_found_over_all_arms(users: dict[str, np.ndarray]) -> None:
    users["spend"] = np.where(users["arm"] == "a", users["days"] * 10, users["days"])
    metrics = {
        "capped": {"column": "spend", "cap": {"percentile": 0.9}},
        "both": {"column": "spend", "cap": {"percentile": 0.8, "side": "both"}},
        "fixed": {"column": "spend", "cap": {"absolute": 12}},
    }
    measured = _measured(pa.table(users), metrics)
    low, eight, nine = np.quantile(users["spend"], [0.2, 0.8, 0.9])
    for arm, found in _by_arm(measured).items():
        spend = users["spend"][users["arm"] == arm]
        columns = {
            "capped": np.minimum(spend, nine),
            "both": np.clip(spend, low, eight),
            "fixed": np.minimum(spend, 12),
        }
        _same(found, columns)


@pytest.mark.parametrize("level", [0.0, 1e6, 1e12])
def test_variances_are_exact_however_far_the_mean_is_from_zero(level: float) -> None:
    rng = np.random.default_rng(1)
    values = level + rng.normal(0, 1, 5_000)
    measured = _measured(
        pa.table({"id": np.arange(5_000), "arm": np.where(np.arange(5_000) % 2, "a", "b"), "x": values}),
        {"x": {"column": "x"}},
    )
    for arm, found in _by_arm(measured).items():
        exact = [Fraction(float(value)) for value in values[(np.arange(5_000) % 2 == 1) == (arm == "a")]]
        mean = sum(exact, Fraction()) / len(exact)
        variance = sum(((value - mean) * (value - mean) for value in exact), Fraction()) / (len(exact) - 1)
        assert abs(found.variance_of("x") / float(variance) - 1) < 1e-9
        off = Fraction(float(found.shift[0])) + Fraction(float(found.mean[0, 0])) - mean
        assert abs(float(off / mean)) < 1e-9


def test_a_misleading_sample_does_not_cost_digits() -> None:
    n = 60_000
    values = np.where(np.arange(n) < 30_000, 0.0, 1e9) + np.random.default_rng(2).normal(0, 1, n)
    arms = np.where(np.arange(n) < 30_000, "b", "a")
    measured = _measured(pa.table({"id": np.arange(n), "arm": arms, "x": values}), {"x": {"column": "x"}})
    for arm, found in _by_arm(measured).items():
        assert found.variance_of("x") == pytest.approx(np.var(values[arms == arm], ddof=1), rel=1e-9)


@pytest.mark.parametrize("odd", [[np.inf], [np.nan], [np.inf, -np.inf], [-np.inf, np.nan]])
def test_one_value_that_is_no_number_among_many_is_missing_and_nothing_else(odd: list[float]) -> None:
    rng = np.random.default_rng(8)
    n = 50_000  # more than a sample sees
    spend, visits = rng.lognormal(2, 1, n), rng.poisson(3, n).astype(float)
    spend[-len(odd) :] = odd
    arm = rng.choice(["a", "b"], n)
    table = pa.table({"id": np.arange(n), "arm": arm, "spend": spend, "visits": visits})
    found = _by_arm(_measured(table, {"spend": {"column": "spend"}, "visits": {"column": "visits"}}))
    for name in ("a", "b"):
        _same(found[name], {"spend": spend[arm == name], "visits": visits[arm == name]})


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_is_missing_and_not_cut_to_a_percentile(odd: float) -> None:
    n = 50_000
    spend = np.random.default_rng(8).lognormal(2, 1, n)
    spend[-10:] = odd
    table = pa.table({"id": np.arange(n), "arm": np.where(np.arange(n) % 2, "a", "b"), "spend": spend})
    found = _by_arm(_measured(table, {"spend": {"column": "spend", "cap": {"percentile": 0.9}}}))
    bound = np.quantile(spend[:-10], 0.9)
    for at, name in enumerate(("b", "a")):
        mine = spend[:-10][at::2]
        assert (found[name].units, found[name].count("spend")) == (n // 2, n // 2 - 5)
        assert found[name].mean_of("spend") == pytest.approx(np.minimum(mine, bound).mean(), rel=1e-9)


def test_more_rows_than_are_read_at_once_in_many_segments_are_those_of_all_units() -> None:
    rng = np.random.default_rng(9)
    n = 300_000
    columns = {name: rng.lognormal(2, 1, n) for name in ("x", "y")}
    columns["y"][rng.integers(0, n, 5)] = np.nan
    columns["y"][-1] = np.inf
    gaps = pa.array(columns["x"], mask=np.arange(n) == n - 7)
    columns["x"][n - 7] = np.nan
    arm, age = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3999, 0.0001]), rng.integers(0, 8, n)
    table = pa.table({"id": np.arange(n), "arm": arm, "age": age, "x": gaps, "y": columns["y"]})
    segments = {f"older_{least}": {"source": "users", "filter": f"age > {least}"} for least in range(7)}
    measured = _measured(table, {"x": {"column": "x"}, "y": {"column": "y"}}, segments=segments)
    for name in ("a", "b", "c"):
        mine = arm == name
        _same(_by_arm(measured)[name], {key: column[mine] for key, column in columns.items()})
        older = mine & (age > 4)
        _same(_by_arm(measured, "older_4")[name], {key: column[older] for key, column in columns.items()})


def test_a_constant_column_has_no_variance_at_all() -> None:
    n = 1_000
    arms = np.where(np.arange(n) % 3 == 0, "a", "b")
    values = np.where(arms == "a", 0.1, np.arange(n) / 7)
    measured = _measured(pa.table({"id": np.arange(n), "arm": arms, "x": values}), {"x": {"column": "x"}})
    found = _by_arm(measured)["a"]
    assert found.variance_of("x") == 0.0
    assert found.mean_of("x") == pytest.approx(0.1, rel=1e-15)


def test_repeated_units_are_refused_with_their_number() -> None:
    table = pa.table({"id": [1, 2, 2, 3, 3], "arm": ["a", "a", "a", "b", "b"], "x": [1.0, 2, 3, 4, 5]})
    measured = _measured(table, {"x": {"column": "x"}})
    assert measured.moments == ()
    assert [row.reason for row in measured.failed] == [
        "2 units have several rows in 'users', which must have one row per unit; remove the repeated rows"
    ]


def test_a_slip_of_a_few_repeated_units_costs_these_and_not_the_experiment() -> None:
    ids, arms = [*range(1_000), 7, 7, 9], ["a", "b"] * 500 + ["b", "b", "b"]
    table = pa.table({"id": ids, "arm": arms, "x": [float(one % 13) for one in ids]})
    measured = _measured(table, {"x": {"column": "x"}})
    assert [(row.reason, row.remark) for row in measured.failed] == [
        ("2 units with several rows in 'users' are left out: it must have one row per unit", True)
    ]
    assert {row.arm: row.units for row in measured.assignments} == {"a": 500, "b": 498}
    kept = [float(one % 13) for one in range(1_000) if one % 2 and one not in (7, 9)]
    assert _by_arm(measured)["b"].mean_of("x") == pytest.approx(np.mean(kept), rel=1e-12)


def test_a_repeated_unit_that_was_in_two_arms_as_well_counts_as_crossed() -> None:
    ids, arms = [*range(1_000), 7, 7], ["a", "b"] * 500 + ["b", "a"]
    measured = _measured(
        pa.table({"id": ids, "arm": arms, "x": [1.0 + one % 3 for one in ids]}), {"x": {"column": "x"}}
    )
    assert {(row.arm, row.units, row.crossed) for row in measured.assignments} == {("a", 500, 1), ("b", 499, 1)}
    assert measured.failed == ()


@pytest.mark.parametrize("ids", [[1, 2, 2, 3], ["u1", "u2", "u2", "u3"], [1, 10**12, 10**12, 3]])
def test_a_unit_in_two_arms_is_left_out_of_both_and_counted(ids: list[Any]) -> None:
    table = pa.table({"id": ids, "arm": ["a", "a", "b", "b"], "x": [1.0, 2, 3, 4]})
    measured = _measured(table, {"x": {"column": "x"}})
    assert {(row.arm, row.units, row.crossed) for row in measured.assignments} == {("a", 1, 1), ("b", 1, 1)}
    assert {arm: found.mean_of("x") for arm, found in _by_arm(measured).items()} == {"a": 1.0, "b": 4.0}


def test_a_metric_that_fails_does_not_stop_the_others() -> None:
    table = pa.table(
        {
            "id": [1, 2, 3, 4],
            "arm": ["a", "a", "b", "b"],
            "price": ["1", "2", "free", "n/a"],
            "ok": [1, 0, 2, 1],
            "paid": ["yes", "no", "TRUE", ""],
            "born": pa.array([0, 0, 0, 0], pa.timestamp("us")),
        }
    )
    metrics = {
        "price": {"column": "price"},
        "ok": {"kind": "proportion", "column": "ok"},
        "paid": {"kind": "proportion", "column": "paid"},
        "lost": {"column": "prise"},
        "born": {"column": "born"},
        "events": {"kind": "retention", "window": {"delay": 1, "length": 1}},
    }
    measured = _measured(table, metrics)
    assert {row.item: row.reason for row in measured.failed} == {
        "test/price": "1 cell in column 'price' of 'users' holds no number",
        "test/ok": "1 cell in column 'ok' of 'users' holds neither 0 nor 1; a proportion needs yes or no per unit, "
        "or a threshold",
        "test/lost": "'users' has no column 'prise'; did you mean 'price'?",
        "test/born": "the column 'born' of 'users' holds times, where numbers are needed",
        "test/events": "'events' needs events, and 'users' has one row per unit",
    }
    found = _by_arm(measured)
    assert found["a"].mean_of("paid") == 0.5
    assert found["b"].count("paid") == 1


def test_a_control_that_nobody_has_is_named_with_what_exists() -> None:
    table = pa.table({"id": [1, 2], "arm": ["A", "b"], "x": [1.0, 2.0]})
    measured = _measured(table, {"x": {"column": "x"}})
    assert [row.reason for row in measured.failed] == ["no unit has the variant 'a' (control); did you mean 'A'?"]


def test_cookie_cats_counts_every_player_once(data_dir: Path) -> None:
    definitions = Definitions.model_validate(
        {
            "sources": {"players": {"table": "cookie_cats.csv", "unit": "userid"}},
            "metrics": {"kept": {"source": "players", "kind": "proportion", "column": "retention_7"}},
            "experiments": {
                "gate": {"source": "players", "variant": "version", "control": "gate_30", "metrics": ["kept"]}
            },
        }
    )
    engine = open_engine(definitions.data, data_dir / "cookie_cats")
    measured = measure(definitions, "players", engine)
    engine.close()
    found = _by_arm(measured)
    assert {row.arm: row.units for row in measured.assignments} == {"gate_30": 44_700, "gate_40": 45_489}
    assert found["gate_40"].mean_of("kept") - found["gate_30"].mean_of("kept") == pytest.approx(-0.0082, abs=5e-5)
