"""A shop with one experiment in a DuckDB file, and its metrics as dbt, OSI and GrowthBook define them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORKSPACE = """
data: {path: shop.duckdb}
sources:
  exposures: {table: analytics.exposures, unit: customer_id, experiment: test, variant: arm, time: seen_at}
"""
BY_HAND = """
sources:
  o: {shape: events, table: analytics.orders, unit: customer_id, time: ordered_at}
  c: {table: analytics.customers, unit: customer_id}
metrics:
  revenue: {source: o, column: amount}
  orders: {source: o, kind: count}
  done: {source: o, column: amount, filters: ["status == 'done'"]}
  value: {kind: ratio, numerator: {source: o, column: amount}, denominator: {source: o}}
  average: {kind: ratio, numerator: {source: o, column: amount}, denominator: {source: o}}
  buyers: {source: o, kind: proportion}
  share_done: {kind: ratio, numerator: {source: o, filters: ["status == 'done'"]}, denominator: {source: o}}
  median: {source: o, column: amount, kind: quantile, quantile: 0.5, over: events}
  gifts: {source: o, kind: count, filters: ["gift", "amount > 5"]}
  sessions: {source: c, column: sessions}
  danes: {source: c, kind: proportion, column: customer_id, aggregation: count, filters: ["country == 'DK'"]}
"""
"""The metrics of the shop as somebody would write them here, over its own tables."""
EXPERIMENT = "experiments:\n  gate: {source: exposures, control: a, metrics: [%s]}\n"


def shop(folder: Path, customers: int = 400) -> Path:
    """A workspace with tables and no metrics yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "shop.duckdb")) as engine:
        engine.execute("CREATE SCHEMA analytics")
        engine.execute(
            "CREATE TABLE analytics.exposures AS SELECT i AS customer_id, 'gate' AS test,"
            " CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS arm, TIMESTAMP '2026-01-01' AS seen_at"
            f" FROM range({customers}) r(i)"
        )
        engine.execute(
            f"CREATE TABLE analytics.orders AS SELECT o AS order_id, (o * o + o // 7) % {customers} AS customer_id,"
            " TIMESTAMP '2026-01-01' + to_hours(CAST(o % 900 AS INTEGER)) AS ordered_at,"
            " TIMESTAMP '2026-01-03' + to_hours(CAST(o % 900 AS INTEGER)) AS shipped_at,"
            " (o * 6421 % 9973) / 100 + 0.5 AS amount, 20.0 AS cost, 'p' || (o % 5) AS product_id,"
            " CASE WHEN o % 3 = 0 THEN 'open' ELSE 'done' END AS status, o % 4 = 0 AS gift"
            f" FROM range({3 * customers}) r(o)"
        )
        engine.execute(
            "CREATE TABLE analytics.customers AS SELECT i AS customer_id, i % 11 AS sessions,"
            " CASE WHEN i % 5 = 0 THEN 'DK' ELSE 'SE' END AS country, TIMESTAMP '2025-06-01' AS created_at"
            f" FROM range({customers}) r(i)"
        )
    (folder / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    return folder


def numbers(folder: Path, metrics: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of each metric in the shop's experiment."""
    (folder / "experiment.yaml").write_text(EXPERIMENT % ", ".join(metrics), encoding="utf-8")
    results = run(load(folder))
    assert not results.failures, results.failures
    (folder / "experiment.yaml").unlink()
    found = {row.metric: (row.estimate or 0.0, row.se or 0.0) for row in results.tables.effects if row.segment is None}
    assert set(found) == set(metrics)
    return found


def compare(folder: Path, by_hand: str, metrics: Sequence[str]) -> None:
    """Hold imported metrics against the same ones written by hand, in one run."""
    head, _, written = by_hand.partition("metrics:\n")
    own = re.sub(r"^  (\w+): ", r"  own_\1: ", written, flags=re.MULTILINE)
    (folder / "by_hand.yaml").write_text(f"{head}metrics:\n{own}", encoding="utf-8")
    found = numbers(folder, [*metrics, *(f"own_{name}" for name in metrics)])
    for name in metrics:
        assert found[name] == pytest.approx(found[f"own_{name}"], rel=1e-9), name
        assert found[name][1] > 0, name


def measure(name: str, agg: str, expr: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "agg": agg, "expr": expr, **more}


ORDERS: dict[str, Any] = {
    "name": "orders",
    "node_relation": {"alias": "orders", "schema_name": "analytics", "relation_name": '"shop"."analytics"."orders"'},
    "defaults": {"agg_time_dimension": "ordered_at"},
    "primary_entity": None,
    "entities": [
        {"name": "order", "type": "primary", "expr": "order_id"},
        {"name": "customer", "type": "foreign", "expr": "customer_id"},
    ],
    "dimensions": [
        {"name": "ordered_at", "type": "time", "type_params": {"time_granularity": "day"}},
        {"name": "shipped_at", "type": "time", "type_params": {"time_granularity": "day"}},
        {"name": "state", "type": "categorical", "expr": "status"},
        {"name": "large", "type": "categorical", "expr": "amount > 50"},
    ],
    "measures": [
        measure("revenue", "sum", "amount"),
        measure("order_count", "count", "order_id"),
        measure("order_rows", "sum", "1"),
        measure("counted", "sum", "CASE WHEN order_id IS NOT NULL THEN 1 ELSE 0 END"),
        measure("buyers", "count_distinct", "customer_id"),
        measure("products", "count_distinct", "product_id"),
        measure("average", "average", "amount"),
        measure("largest", "max", "amount"),
        measure("median", "median", "amount"),
        measure("p90", "percentile", "amount", agg_params={"percentile": 0.9}),
        measure("large_orders", "sum_boolean", "amount > 50"),
        measure("margin", "sum", "amount - cost"),
        measure("done", "sum", "case when status = 'done' then amount else 0 end"),
        measure("balance", "sum", "amount", non_additive_dimension={"name": "ordered_at", "window_choice": "max"}),
        measure("shipped", "sum", "amount", agg_time_dimension="shipped_at"),
    ],
}
CUSTOMERS: dict[str, Any] = {
    "name": "customers",
    "node_relation": {"alias": "customers", "schema_name": "analytics"},
    "defaults": {"agg_time_dimension": "created_at"},
    "entities": [{"name": "customer", "type": "primary", "expr": "customer_id"}],
    "dimensions": [
        {"name": "created_at", "type": "time", "type_params": {"time_granularity": "day"}},
        {"name": "country", "type": "categorical"},
    ],
    "measures": [measure("sessions", "sum"), measure("people", "count", "customer_id")],
}


def metric(name: str, kind: str, params: dict[str, Any], where: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "type_params": params, "filter": where, **more}


def simple(name: str, measured: str, where: str | None = None, **more: Any) -> dict[str, Any]:
    filters = {"where_filters": [{"where_sql_template": where}]} if where else None
    return metric(name, "simple", {"measure": {"name": measured, "filter": None}}, filters, **more)


def manifest(folder: Path, *metrics: dict[str, Any], models: Sequence[dict[str, Any]] = (ORDERS, CUSTOMERS)) -> Path:
    """A semantic manifest in a project called shop."""
    target = folder / "project" / "target"
    target.mkdir(parents=True, exist_ok=True)
    (folder / "project" / "dbt_project.yml").write_text("name: 'shop'\nversion: '1.0'\n", encoding="utf-8")
    file = target / "semantic_manifest.json"
    tree = {"semantic_models": list(models), "metrics": list(metrics), "project_configuration": {}, "saved_queries": []}
    file.write_text(json.dumps(tree), encoding="utf-8")
    return file
