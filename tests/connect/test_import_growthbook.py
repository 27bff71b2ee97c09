from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connect.foreign_shop import compare, shop
from vitalfew.connect.growthbook import read_growthbook
from vitalfew.connect.import_writing import write_import
from vitalfew.connect.importing import plan_import, workspace_of
from vitalfew.errors import DataError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect.foreign import Foreign

ORDERS: dict[str, Any] = {
    "id": "ftb_orders",
    "name": "Orders",
    "userIdTypes": ["customer_id"],
    "sql": "SELECT customer_id, ordered_at AS timestamp, amount, status, product_id AS product, gift,"
    " amount - cost AS margin FROM analytics.orders",
    "columns": [
        {"column": "amount", "datatype": "number"},
        {"column": "status", "datatype": "string"},
        {"column": "gift", "datatype": "boolean"},
        {"column": "product", "datatype": ""},
        {"column": "double_vc", "datatype": "number", "isVirtual": True, "sql": "2 * amount"},
    ],
    "filters": [{"id": "flt_done", "name": "Done", "value": "status = 'done' AND amount > 10"}],
}


def side(column: str, **more: Any) -> dict[str, Any]:
    return {"factTableId": "ftb_orders", "column": column} | more


def where(column: str, operator: str, *values: str) -> dict[str, Any]:
    return {"column": column, "operator": operator, "values": list(values)}


def metric(name: str, kind: str, numerator: dict[str, Any], **more: Any) -> dict[str, Any]:
    basis = {"cappingSettings": {"type": "none"}, "windowSettings": {"type": "none"}, "inverse": False}
    return {"id": f"fact__{name}", "name": name, "metricType": kind, "numerator": numerator, **basis, **more}


def window(kind: str, value: float = 0, unit: str = "days", delay: float = 0) -> dict[str, Any]:
    return {"type": kind, "windowValue": value, "windowUnit": unit, "delayValue": delay, "delayUnit": "hours"}


STARTS_WITH_D = where("status", "starts_with", "d")
MAPPED = (
    metric("revenue", "mean", side("amount", aggregation="sum")),
    metric("orders", "mean", side("$$count")),
    metric("products", "mean", side("product", aggregation="count distinct")),
    metric("buyers", "proportion", side("$$distinctUsers")),
    metric("regulars", "proportion", side("$$distinctUsers", aggregateFilterColumn="$$count", aggregateFilter=">= 3")),
    metric("spenders", "proportion", side("x", aggregateFilterColumn="amount", aggregateFilter=">=100")),
    metric("value", "ratio", side("amount"), denominator=side("$$count")),
    metric("per_buyer", "ratio", side("amount"), denominator=side("$$distinctUsers")),
    metric("done", "mean", side("amount", rowFilters=[where("status", "=", "done"), where("amount", ">", "10")])),
    metric("saved", "mean", side("amount", filters=["flt_done"], inlineFilters={"status": ["done", "open"]})),
    metric("gifts", "mean", side("$$count", rowFilters=[where("gift", "is_true"), STARTS_WITH_D])),
    metric("week", "mean", side("amount"), windowSettings=window("conversion", 1, "weeks", delay=12)),
    metric("recent", "mean", side("amount"), windowSettings=window("lookback", 10)),
    metric("back", "retention", side("$$distinctUsers"), windowSettings=window("", delay=7 * 24)),
    metric("capped", "mean", side("amount"), cappingSettings={"type": "percentile", "value": 0.9}),
    metric("limited", "mean", side("amount"), cappingSettings={"type": "absolute", "value": 60}),
    metric("p90", "quantile", side("amount"), quantileSettings={"type": "event", "quantile": 0.9, "ignoreZeros": True}),
    metric("unit_p90", "quantile", side("amount"), quantileSettings={"type": "unit", "quantile": 0.9}),
    metric("days", "dailyParticipation", side("$$distinctUsers"), windowSettings=window("conversion", 14)),
)
BY_HAND = """
sources:
  o: {shape: events, table: analytics.orders, unit: customer_id, time: ordered_at}
metrics:
  revenue: {source: o, column: amount}
  orders: {source: o, kind: count}
  products: {source: o, column: product_id, aggregation: count_distinct}
  buyers: {source: o, kind: proportion}
  regulars: {source: o, kind: proportion, threshold: 3}
  spenders: {source: o, kind: proportion, column: amount, threshold: 100, aggregation: sum}
  value: {kind: ratio, numerator: {source: o, column: amount}, denominator: {source: o}}
  per_buyer: {kind: ratio, numerator: {source: o, column: amount},
              denominator: {source: o, column: customer_id, aggregation: count_distinct}}
  done: {source: o, column: amount, filters: ["status == 'done'", amount > 10]}
  saved: {source: o, column: amount, filters: ["status == 'done'", amount > 10]}
  gifts: {source: o, kind: count, filters: [gift, "startswith(status, 'd')"]}
  week: {source: o, column: amount, window: {delay: 0.5, length: 7}}
  recent: {source: o, column: amount, window: {kind: lookback, length: 10}}
  back: {source: o, kind: proportion, window: {delay: 7}}
  capped: {source: o, column: amount, cap: {percentile: 0.9}}
  limited: {source: o, column: amount, cap: {absolute: 60}}
  p90: {source: o, column: amount, kind: quantile, quantile: 0.9, over: events}
  unit_p90: {source: o, column: amount, kind: quantile, quantile: 0.9}
  days: {source: o, kind: participation, window: {length: 14}}
"""


def export(path: Path, *metrics: dict[str, Any], tables: tuple[dict[str, Any], ...] = (ORDERS,)) -> Path:
    file = path / "growthbook.json"
    file.write_text(json.dumps({"factTables": list(tables), "factMetrics": list(metrics)}), encoding="utf-8")
    return file


def read(path: Path, *metrics: dict[str, Any], tables: tuple[dict[str, Any], ...] = (ORDERS,)) -> Foreign:
    return read_growthbook(export(path, *metrics, tables=tables))


def test_imported_metrics_give_the_numbers_of_metrics_written_by_hand(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    found = read(tmp_path, *MAPPED)
    assert [one.reason for one in found.not_mapped] == []
    write_import(plan_import(found, workspace_of(folder)))
    compare(folder, BY_HAND, [str(one["name"]) for one in MAPPED])


def test_direction_covariates_and_sizes_are_taken_or_said(tmp_path: Path) -> None:
    one = metric(
        "tickets", "ratio", side("amount"), denominator=side("$$count"), inverse=True, displayAsPercentage=True,
        regressionAdjustmentSettings={"override": True, "enabled": True, "days": 14},
        priorSettings={"override": True, "proper": True, "mean": 0, "stddev": 0.3}, targetMDE=0.1,
        cappingSettings={"type": "absolute", "value": 60},
    )  # fmt: skip
    (taken,) = read(tmp_path, one).metrics
    assert taken.fields["direction"] == "down"
    assert taken.fields["covariate_days"] == 14
    assert taken.fields["unit"] == "share"
    assert len(taken.notes) == 3
    off = metric("x", "mean", side("amount"), regressionAdjustmentOverride=True, regressionAdjustmentEnabled=False)
    assert read(tmp_path, off).metrics[0].fields["covariate_days"] == 0


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (metric("x", "funnel", side("amount")), "type 'funnel'"),
        (metric("x", "mean", side("amount", aggregation="max")), "0 there and missing here"),
        (metric("x", "mean", side("amount", aggregation="hll merge")), "hll merge"),
        (metric("x", "mean", side("$$distinctDates")), "distinctDates"),
        (metric("x", "mean", side("double_vc")), "computed by GrowthBook"),
        (metric("x", "mean", side("margin")), "computes with columns"),
        (metric("x", "mean", side("amuont")), "did you mean 'amount'"),
        (metric("x", "mean", {"factTableId": "ftb_gone", "column": "a"}), "not in the file"),
        (metric("x", "mean", side("amount", aggregateFilter="> 3")), "belongs to a proportion"),
        (metric("x", "proportion", side("x", aggregateFilterColumn="amount", aggregateFilter="> 3")), "bound"),
        (metric("x", "proportion", side("x", aggregateFilterColumn="amount", aggregateFilter=">= 3, < 9")), "bound"),
        (metric("x", "mean", side("amount", rowFilters=[where("product", "=", "a")])), "type of 'product'"),
        (metric("x", "mean", side("amount", rowFilters=[where("status", "ends_with", "a")])), "ends_with"),
        (metric("x", "mean", side("amount", rowFilters=[where("status", "=", "a`b")])), "differently"),
        (metric("x", "mean", side("amount", rowFilters=[where("amount", "<", "1 OR 1=1")])), "numbers"),
        (metric("x", "mean", side("amount", rowFilters=[where("a.b", "=", "1")])), "part of one"),
        (metric("x", "mean", side("amount", rowFilters=[where("", "sql_expr", "1=1; DROP TABLE a")])), "one statement"),
        (metric("x", "mean", side("amount", rowFilters=[where("", "saved_filter", "flt")])), "saved filter 'flt'"),
        (metric("x", "mean", side("amount"), cappingSettings={"type": "percentile", "value": 0.9, "ignoreZeros": True}),
         "above 0"),
        (metric("x", "mean", side("amount"), windowSettings={"type": "conversion", "windowUnit": "moons"}), "moons"),
        (metric("x", "mean", side("amount"), windowSettings=window("conversion", 1, delay=-1)), "window.delay"),
        (metric("x", "dailyParticipation", side("$$distinctUsers")), "conversion window"),
        (metric("x", "mean", side("amount"), archived=True), "archived"),
        (metric("x", "mean", side("amount"), inverse="yes"), "'inverse'"),
        ({"id": "x", "name": "x"}, "'metricType'"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_listed_with_the_reason(tmp_path: Path, one: dict[str, Any], reason: str) -> None:
    found = read(tmp_path, MAPPED[0], one)
    assert [taken.name for taken in found.metrics] == ["revenue"]
    (left,) = found.not_mapped
    assert reason in left.reason


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.*, b.x FROM a JOIN b USING (id)",
        "SELECT user_id, timestamp FROM e WHERE timestamp > '{{ startDate }}'",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "DROP TABLE analytics.orders",
        "SELECT * FROM a; DELETE FROM a",
        "SELECT DISTINCT customer_id, timestamp FROM a",
        "not sql at all (",
    ],
)
def test_a_fact_table_with_other_sql_is_listed_with_what_to_do(tmp_path: Path, sql: str) -> None:
    found = read(tmp_path, MAPPED[0], tables=({**ORDERS, "sql": sql},))
    assert {one.what for one in found.not_mapped} == {"fact table", "metric"}
    assert all("make it a view" in one.reason for one in found.not_mapped)


def test_filters_of_a_fact_table_hold_for_its_metrics(tmp_path: Path) -> None:
    sql = 'SELECT * FROM `shop`.`analytics`.`orders` WHERE status = "done"'
    (taken,) = read(tmp_path, MAPPED[0], tables=({**ORDERS, "sql": sql, "columns": []},)).metrics
    assert taken.fields["filters"] == ["status == 'done'"]


def test_the_identifier_is_asked_for_where_there_are_several(tmp_path: Path) -> None:
    several = {**ORDERS, "userIdTypes": ["customer_id", "device_id"]}
    file = export(tmp_path, MAPPED[0], tables=(several,))
    assert "--unit" in read_growthbook(file).not_mapped[0].reason
    assert read_growthbook(file, unit="customer_id").metrics
    assert read_growthbook(file, units=["customer_id"]).metrics
    assert not read_growthbook(file, unit="device").metrics


def test_metrics_of_the_older_kind_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "growthbook.json"
    old = [{"id": "met_1", "name": "Old", "type": "binomial"}]
    file.write_text(json.dumps({"factTables": [], "factMetrics": [], "metrics": old}), encoding="utf-8")
    assert "make it a fact metric" in read_growthbook(file).not_mapped[0].reason


def test_a_definition_keeps_its_id_when_it_is_renamed(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    write_import(plan_import(read(tmp_path, MAPPED[0]), workspace_of(folder)))
    renamed = plan_import(read(tmp_path, {**MAPPED[0], "name": "Turnover"}), workspace_of(folder))
    assert [change.what for change in renamed.changes] == ["changed"]
    write_import(renamed)
    assert load(folder).definitions.metrics["revenue"].title == "Turnover"


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "growthbook.json"
    for content in ("[]", '{"factTables": []}', '{"factTables": {}, "factMetrics": []}'):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(DataError):
            read_growthbook(file)
