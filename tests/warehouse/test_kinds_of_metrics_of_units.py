"""Kinds of metrics over a table with one row per unit, and times to an event that are too many to keep one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.errors import Unsupported
from vitalfew.results.moments import moments_of
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.export import moments_sql, query_hash
from vitalfew.warehouse.lifetimes import MOST_TIMES, gathered
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vitalfew.warehouse.measured import Measured

NAN = float("nan")

METRICS: dict[str, dict[str, Any]] = {
    "regular": {"kind": "proportion", "column": "visits", "threshold": 3},
    "rare": {"kind": "proportion", "column": "visits", "threshold": 3, "complement": True},
    "left": {"kind": "retention", "column": "back", "complement": True},
    "nps": {"kind": "nps", "column": "score"},
    "nps_asked": {"kind": "nps", "column": "score", "filters": ["asked"]},
    "csat": {"kind": "csat", "column": "stars"},
    "ease": {"kind": "ces", "rule": "net", "column": "ease"},
    "seconds": {"kind": "duration", "column": "seconds", "filters": ["asked"]},
    "failing": {"kind": "error_rate", "column": "errors", "denominator": {"source": "units", "column": "visits"}},
    "active": {"kind": "participation", "column": "visits", "window": {"length": 20}},
    "tail": {"kind": "quantile", "quantile": 0.95, "column": "seconds"},
}
WORTH: dict[str, Callable[[Mapping[str, Any]], float]] = {
    "regular": lambda row: _if(row["visits"], lambda visits: visits >= 3),
    "rare": lambda row: _if(row["visits"], lambda visits: visits < 3),
    "left": lambda row: _if(row["back"], lambda back: not back),
    "nps": lambda row: _if(row["score"], lambda score: 100 * ((score >= 9) - (score <= 6))),
    "nps_asked": lambda row: (
        _if(row["score"], lambda score: 100 * ((score >= 9) - (score <= 6))) if row["asked"] else NAN
    ),
    "csat": lambda row: _if(row["stars"], lambda stars: stars >= 4),
    "ease": lambda row: _if(row["ease"], lambda ease: 100 * ((ease >= 5) - (ease <= 3))),
    "seconds": lambda row: _if(row["seconds"], float) if row["asked"] else NAN,
    "failing": lambda row: _if(row["errors"], float),
    "failing/denominator": lambda row: _if(row["visits"], float),
    "active": lambda row: _if(row["visits"], lambda visits: visits / 20),
}


def _if(cell: Any, worth: Callable[[Any], float]) -> float:
    return NAN if cell is None or cell in ("", "n/a") else float(worth(float(cell)))


def _units(count: int = 400) -> pa.Table:
    rng = np.random.default_rng(8)

    def gaps(values: Any, empty: object = None) -> list[Any]:
        return [empty if rng.random() < 0.1 else value for value in values.tolist()]

    return pa.table(
        {
            "id": np.arange(count),
            "arm": rng.choice(["a", "b"], count),
            "visits": gaps(rng.integers(0, 20, count)),
            "back": gaps(rng.random(count) < 0.4),
            "score": gaps(rng.integers(0, 11, count).astype(str), "n/a"),
            "stars": gaps(rng.integers(1, 6, count)),
            "ease": gaps(rng.integers(1, 8, count).astype(float)),
            "seconds": gaps(rng.lognormal(3, 1, count)),
            "errors": rng.integers(0, 5, count),
            "asked": rng.random(count) < 0.7,
            "old": rng.random(count) < 0.5,
        }
    )


def _definitions(metrics: Mapping[str, Mapping[str, Any]], **more: Any) -> Definitions:
    raw: dict[str, Any] = {
        "sources": {"units": {"table": "units", "unit": "id"}},
        "metrics": {key: {"source": "units"} | dict(metric) for key, metric in metrics.items()},
        "segments": {"old": {"filter": "old"}},
        "experiments": {
            "one": {"source": "units", "variant": "arm", "control": "a"},
            "two": {"source": "units", "variant": "arm", "control": "b", "segments": []},
        },
    }
    return Definitions.model_validate(raw | more)


def _measured(table: pa.Table, definitions: Definitions) -> Measured:
    engine = DuckDBEngine(DataSettings(), None, {"units": table})
    try:
        return measure(definitions, "units", engine)
    finally:
        engine.close()


def test_a_column_called_like_the_metric_need_not_be_named() -> None:
    table = _units()
    found = _measured(table, _definitions({"visits": {}, "back": {"kind": "proportion"}, "nowhere": {}}))
    named = {"visits": {"column": "visits"}, "back": {"kind": "proportion", "column": "back"}}
    wanted = _measured(table, _definitions(named))
    assert [(row.names, row.mean) for row in found.moments] == [(row.names, row.mean) for row in wanted.moments]
    assert found.failed
    assert all("'nowhere' names no column" in row.reason for row in found.failed)


def test_every_kind_over_columns_equals_a_loop_over_the_rows() -> None:
    table = _units()
    measured = _measured(table, _definitions(METRICS))
    assert measured.failed == ()
    assert {(row.experiment, row.arm, row.segment) for row in measured.moments} == {
        (experiment, arm, segment)
        for experiment, segments in (("one", (None, "old")), ("two", (None,)))
        for arm in "ab"
        for segment in segments
    }
    for row in measured.moments:
        rows = [unit for unit in table.to_pylist() if unit["arm"] == row.arm and (row.segment is None or unit["old"])]
        assert set(row.names) == set(WORTH)
        found = moments_of(row)
        for name, worth in WORTH.items():
            values = np.array([worth(unit) for unit in rows])
            values = values[~np.isnan(values)]
            assert found.count(name) == len(values), name
            assert found.mean_of(name) == pytest.approx(values.mean(), abs=1e-12), name
            assert found.variance_of(name) == pytest.approx(values.var(ddof=1), rel=1e-9), name


def test_quantiles_of_units_are_those_of_each_experiment_that_shares_them() -> None:
    table = _units()
    measured = _measured(table, _definitions({"tail": METRICS["tail"]}))
    assert [(row.experiment, row.arm, row.segment) for row in measured.quantiles] == [
        ("one", "a", None), ("two", "a", None), ("one", "b", None), ("two", "b", None),
        ("one", "a", "old"), ("one", "b", "old"),
    ]  # fmt: skip
    for row in measured.quantiles:
        rows = [unit for unit in table.to_pylist() if unit["arm"] == row.arm and (row.segment is None or unit["old"])]
        values = [unit["seconds"] for unit in rows if unit["seconds"] is not None]
        assert row.n == len(values)
        np.testing.assert_allclose(row.values, np.quantile(values, row.probabilities), rtol=1e-12)


def test_cells_that_are_no_answer_are_refused_with_their_number() -> None:
    wrong: dict[str, dict[str, Any]] = {
        "nps": {"kind": "nps", "column": "visits"},
        "csat": {"kind": "csat", "column": "ease"},
        "ces": {"kind": "ces", "rule": "mean", "column": "seconds"},
        "active": {"kind": "participation", "column": "visits", "window": {"length": 10}},
    }
    table = _units()
    found = {
        row.item: row.reason for row in _measured(table, _definitions(wrong)).failed if row.item.startswith("one/")
    }
    above = sum((visits or 0) > 10 for visits in table["visits"].to_pylist())
    high = sum((ease or 0) > 5 for ease in table["ease"].to_pylist())
    assert (
        found["one/nps"] == f"{above} cells in column 'visits' of 'units' hold no answer from 0 to 10, in whole numbers"
    )
    assert found["one/csat"] == f"{high} cells in column 'ease' of 'units' hold no answer from 1 to 5, in whole numbers"
    assert re.fullmatch(r"\d+ cells in column 'seconds' .* no answer from 1 to 7, in whole numbers", found["one/ces"])
    assert (
        found["one/active"] == f"{above} cells in column 'visits' of 'units' hold no number of active days from 0 to 10"
    )


def test_plain_kinds_are_exported_and_give_what_is_measured_here() -> None:
    table = _units()
    plain = {key: metric for key, metric in METRICS.items() if key != "tail"}
    definitions = _definitions(plain, segments={})
    engine = DuckDBEngine(DataSettings(), None, {"units": table})
    (exported,) = moments_sql(definitions, ["nps", "regular", "active"], "duckdb", engine)
    rows = engine._run(exported.text).fetchall()
    names = [column[0] for column in engine._run(exported.text).description]
    engine.close()
    first = dict(zip(names, rows[0], strict=True))
    found = next(row for row in _measured(table, definitions).moments if row.arm == first["arm"])
    moments = moments_of(found)
    for at, name in enumerate(exported.metrics):
        assert first[f"n{at}"] == moments.count(name)
        assert first[f"m{at}"] + first[f"s{at}"] / first[f"n{at}"] == pytest.approx(moments.mean_of(name))


def test_a_quantile_is_not_exported_and_a_threshold_changes_what_is_asked() -> None:
    with pytest.raises(Unsupported, match="'tail' is a quantile, which sums cannot tell"):
        moments_sql(_definitions({"tail": METRICS["tail"]}, segments={}), ["tail"], "duckdb")
    hashes = {
        query_hash(_definitions({"regular": METRICS["regular"] | more}), "units", "arm", ("regular",), ())
        for more in ({}, {"threshold": 4}, {"complement": True}, {"title": "Regular"})
    }
    assert len(hashes) == 3


def test_many_times_are_gathered_and_restricted_means_hardly_move() -> None:
    rng = np.random.default_rng(4)
    n = 30_000
    event, end = rng.weibull(0.7, n) * 9, 5 + rng.random(n) * 40
    time, had = np.minimum(event, end), (event <= end).astype(float)
    horizon = 28.0
    times, events, censored = gathered(time, had, 1 - had, horizon)
    assert len(times) <= MOST_TIMES
    assert (events.sum(), censored.sum()) == (had.sum(), n - had.sum())
    assert (events * times).sum() == pytest.approx((time * had).sum(), rel=1e-12)
    assert events[times <= horizon].sum() == had[time <= horizon].sum()
    assert _restricted_mean(times, events, censored, horizon) == pytest.approx(
        _restricted_mean(*_one_by_one(time, had), horizon), rel=1e-4
    )


def _one_by_one(time: np.ndarray, had: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.argsort(time)
    return time[order], had[order], 1 - had[order]


def _restricted_mean(times: np.ndarray, events: np.ndarray, censored: np.ndarray, horizon: float) -> float:
    """The area below Kaplan-Meier's curve up to the horizon."""
    at_risk = np.cumsum((events + censored)[::-1])[::-1]
    share = np.cumprod(1 - events / at_risk)
    inside = times < horizon
    edges = np.concatenate([[0.0], times[inside], [horizon]])
    return float((np.diff(edges) * np.concatenate([[1.0], share[inside]])).sum())


def test_the_engine_counts_many_times_as_the_rows_have_them() -> None:
    rng = np.random.default_rng(6)
    n = 4_000
    begin = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1e6)
    shown = begin + (rng.random(n) * 10 * 86_400e6).astype(np.int64)
    bought = shown + (rng.weibull(0.8, n) * 6 * 86_400e6).astype(np.int64)
    last = begin + int(20 * 86_400e6)
    kept = bought <= last
    frames = {
        "seen": pa.table({"u": np.arange(n), "at": shown, "exp": ["one"] * n, "arm": rng.choice(["a", "b"], n)}),
        "log": pa.table(
            {
                "u": np.append(np.arange(n)[kept], -1),
                "at": np.append(bought[kept], last),
                "name": ["buy"] * (kept.sum() + 1),
            }
        ),
    }
    definitions = Definitions.model_validate(
        {
            "sources": {
                "seen": {"table": "seen", "unit": "u", "time": "at", "experiment": "exp", "variant": "arm"},
                "log": {"table": "log", "unit": "u", "time": "at", "event": "name"},
            },
            "metrics": {"wait": {"source": "log", "kind": "time_to_event", "events": ["buy"], "horizon": 9}},
            "experiments": {"one": {"source": "seen", "control": "a", "metrics": ["wait"]}},
        }
    )
    engine = DuckDBEngine(DataSettings(), None, frames)
    rows = measure(definitions, "seen", engine).lifetimes
    engine.close()
    days = (np.where(kept, bought, last) - shown) / 86_400e6
    for row in rows:
        mine = np.array(frames["seen"]["arm"].to_pylist()) == row.arm
        assert (row.units, sum(row.events)) == (mine.sum(), kept[mine].sum())
        assert len(row.times) <= MOST_TIMES
        found = _restricted_mean(np.array(row.times), np.array(row.events), np.array(row.censored), 9.0)
        exact = _restricted_mean(*_one_by_one(days[mine], kept[mine].astype(float)), 9.0)
        assert found == pytest.approx(exact, rel=1e-5)
