from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from connect.foreign_shop import CUSTOMERS, ORDERS, compare, manifest, metric, numbers, shop, simple
from vitalfew.connect.dbt import read_dbt
from vitalfew.connect.import_writing import write_import
from vitalfew.connect.importing import plan_import, workspace_of
from vitalfew.errors import DataError, UsageError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect.foreign import Foreign

DONE = "{{ Dimension('order__state') }} = 'done'"
MAPPED = (
    simple("revenue", "revenue", label="Revenue"),
    simple("orders", "order_count"),
    simple("order_rows", "order_rows"),
    simple("counted", "counted"),
    simple("buyers", "buyers"),
    simple("products", "products"),
    simple("average", "average"),
    simple("median", "median"),
    simple("p90", "p90"),
    simple("large_orders", "large_orders"),
    simple("done", "done"),
    simple("completed", "order_rows", DONE),
    simple("large_done", "order_rows", "{{Dimension('order__large')}} AND " + DONE),
    simple("sessions", "sessions"),
    simple("danes", "people", "{{ Dimension('customer__country') }} IN ('DK')"),
    metric("order_value", "ratio", {"numerator": {"name": "revenue"}, "denominator": {"name": "orders"}}),
    metric(
        "per_buyer",
        "derived",
        {"expr": "r * 1.0 / nullif(buyers, 0)", "metrics": [{"name": "revenue", "alias": "r"}, {"name": "buyers"}]},
    ),
    metric("ever", "cumulative", {"measure": {"name": "revenue"}}),
    metric(
        "last_week",
        "cumulative",
        {
            "measure": {"name": "revenue"},
            "cumulative_type_params": {"window": {"count": 1, "granularity": "week"}, "period_agg": "first"},
        },
    ),
)
BY_HAND = """
sources:
  o: {shape: events, table: analytics.orders, unit: customer_id, time: ordered_at}
  c: {table: analytics.customers, unit: customer_id}
metrics:
  revenue: {source: o, column: amount}
  orders: {source: o, kind: count}
  order_rows: {source: o, kind: count}
  counted: {source: o, kind: count}
  buyers: {source: o, kind: proportion}
  products: {source: o, column: product_id, aggregation: count_distinct}
  average: {kind: ratio, numerator: {source: o, column: amount}, denominator: {source: o}}
  median: {source: o, column: amount, kind: quantile, quantile: 0.5, over: events}
  p90: {source: o, column: amount, kind: quantile, quantile: 0.9, over: events}
  large_orders: {source: o, filters: [amount > 50]}
  done: {source: o, column: amount, filters: ["status == 'done'"]}
  completed: {source: o, filters: ["status == 'done'"]}
  large_done: {source: o, filters: ["amount > 50 and status == 'done'"]}
  sessions: {source: c, column: sessions}
  danes: {source: c, kind: proportion, column: customer_id, aggregation: count, filters: ["country == 'DK'"]}
  order_value: {kind: ratio, numerator: {source: o, column: amount}, denominator: {source: o}}
  per_buyer: {kind: ratio, numerator: {source: o, column: amount},
              denominator: {source: o, column: customer_id, aggregation: count_distinct}}
  ever: {source: o, column: amount}
  last_week: {source: o, column: amount, window: {kind: lookback, length: 7}}
"""


def imported(folder: Path, file: Path, **options: Any) -> Foreign:
    """Import a manifest into a folder and return what was read."""
    found = read_dbt(file, **({"unit": "customer"} | options))
    write_import(plan_import(found, workspace_of(folder)))
    return found


def test_imported_metrics_give_the_numbers_of_metrics_written_by_hand(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    found = imported(folder, manifest(tmp_path, *MAPPED))
    assert not found.not_mapped
    compare(folder, BY_HAND, [str(one["name"]) for one in MAPPED])


def test_a_total_becomes_its_mean_per_exposed_unit(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    imported(folder, manifest(tmp_path, *MAPPED))
    with duckdb.connect(str(folder / "shop.duckdb"), read_only=True) as engine:
        rows = engine.execute(
            "SELECT arm, sum(amount) / count(DISTINCT e.customer_id) FROM analytics.exposures e"
            " LEFT JOIN analytics.orders o ON o.customer_id = e.customer_id GROUP BY arm ORDER BY arm"
        ).fetchall()
    estimate, _ = numbers(folder, ["revenue"])["revenue"]
    assert estimate == pytest.approx(rows[1][1] - rows[0][1])


def as_aggregations(one: dict[str, Any]) -> dict[str, Any]:
    """The same simple metric in the newer style, which holds the aggregation itself."""
    named = one["type_params"].get("measure")
    if one["type"] != "simple" or named is None:
        return one
    model, found = next(
        (model, each) for model in (ORDERS, CUSTOMERS) for each in model["measures"] if each["name"] == named["name"]
    )
    keys = ("agg", "agg_params", "agg_time_dimension", "non_additive_dimension")
    params = {key: found.get(key) for key in keys} | {"semantic_model": model["name"]}
    return one | {"type_params": {"metric_aggregation_params": params, "expr": found["expr"] or found["name"]}}


def test_both_styles_of_manifests_mean_the_same(tmp_path: Path) -> None:
    simple_ones = [one for one in MAPPED if one["type"] != "cumulative"]
    old = read_dbt(manifest(tmp_path, *simple_ones), unit="customer")
    new = read_dbt(
        manifest(
            tmp_path,
            *map(as_aggregations, simple_ones),
            models=[{**model, "measures": []} for model in (ORDERS, CUSTOMERS)],
        ),
        unit="customer",
    )
    assert not new.not_mapped
    assert [one.meaning for one in old.metrics] == [one.meaning for one in new.metrics]
    assert old.sources == new.sources


REFUSED = [
    (simple("x", "largest"), "no mean over units"),
    (simple("x", "margin"), "make it a column of a view"),
    (simple("x", "balance"), "non-additive"),
    (simple("x", "people"), "1 for each of them"),
    (simple("x", "nothing"), "no measure 'nothing'"),
    (simple("x", "revenue", "{{ Dimension('customer__country') }} = 'DK'"), "takes a join"),
    (simple("x", "revenue", "{{ TimeDimension('order__ordered_at', 'day') }} > '2026-01-01'"), "template"),
    (simple("x", "revenue", "{{ Dimension('order__ordered_at') }} > '2026-01-01'"), "cuts to whole periods"),
    (simple("x", "revenue", "{{ config.__class__.mro() }} = 1"), "template"),
    (simple("x", "revenue", "{% for i in range(9999999) %}1{% endfor %} = 1"), "template"),
    (simple("x", "revenue", "status = 'done'"), "without Dimension"),
    (simple("x", "revenue", DONE + "; DROP TABLE orders"), "not one statement"),
    (simple("x", "revenue", f"{DONE} OR 1 IN (SELECT 1)"), "no counterpart"),
    (metric("x", "conversion", {}), "per base event"),
    (metric("x", "lateral", {}), "type 'lateral'"),
    (metric("x", "derived", {"expr": "a - b", "metrics": [{"name": "a"}, {"name": "b"}]}), "more than one metric"),
    (metric("x", "derived", {"expr": "a / b", "metrics": [{"name": "a"}]}), "names 'b'"),
    (
        metric("x", "ratio", {"numerator": {"name": "revenue", "offset_window": {"count": 1, "granularity": "month"}},
                              "denominator": {"name": "revenue"}}),
        "earlier period",
    ),
    (metric("x", "ratio", {"numerator": {"name": "x"}, "denominator": {"name": "revenue"}}), "no simple metric"),
    (metric("x", "ratio", {"numerator": {"name": "averages"}, "denominator": {"name": "revenue"}}), "averages"),
    (
        metric("x", "cumulative", {"measure": {"name": "revenue"}, "window": {"count": 2, "granularity": "month"}}),
        "no fixed number of days",
    ),
    (metric("x", "cumulative", {"measure": {"name": "revenue"}, "grain_to_date": "month"}), "begins anew"),
    (metric("x", "simple", {"measure": {"name": "revenue"}, "is_private": True}), "private"),
    (metric("x", "simple", {"metric_aggregation_params": {"semantic_model": "shops", "agg": "sum"}}), "'shops'"),
    (simple("x", "revenue", config={"meta": {"vitalfew": {"direction": "sideways"}}}), "direction"),
    (simple("x", "revenue", config={"meta": {"vitalfew": {"winsor": "a lot"}}}), "'winsor'"),
    (simple("x", "revenue", config={"meta": {"vitalfew": {"winsor": 1e300}}}), "15 digits"),
    (simple("x", "revenue", config={"meta": {"vitalfew": {"guardrail_margin": float("nan")}}}), "15 digits"),
    (simple("x", "revenue", config={"meta": "none"}), "'meta'"),
    (metric("x", "simple", {"measure": 7}), "'measure'"),
    ({"name": "x", "type": "simple", "type_params": []}, "'type_params'"),
    ({"name": "x"}, "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "reason"), REFUSED)
def test_what_has_no_counterpart_is_listed_with_the_reason(tmp_path: Path, one: dict[str, Any], reason: str) -> None:
    others = (simple("revenue", "revenue"), simple("averages", "average"))
    found = read_dbt(manifest(tmp_path, *others, one), unit="customer")
    assert [metric.name for metric in found.metrics] == ["revenue", "averages"]
    (left,) = found.not_mapped
    assert left.name == "x"
    assert reason in left.reason


def test_the_unit_of_experiments_is_asked_for_and_never_guessed(tmp_path: Path) -> None:
    file = manifest(tmp_path, *MAPPED[:1])
    asked = read_dbt(file)
    assert "--unit customer" in asked.not_mapped[0].reason
    assert read_dbt(file, units=["customer_id"]).sources["orders"]["unit"] == "customer_id"
    wrong = read_dbt(file, unit="custmer")
    assert "did you mean 'customer'" in wrong.not_mapped[0].reason
    own = deepcopy(ORDERS) | {"config": {"meta": {"vitalfew": {"unit_entity": "customer"}}}}
    assert read_dbt(manifest(tmp_path, *MAPPED[:1], models=[own])).sources["orders"]["unit"] == "customer_id"


def test_a_measure_with_a_time_of_its_own_has_a_source_of_its_own(tmp_path: Path) -> None:
    found = read_dbt(manifest(tmp_path, simple("shipped", "shipped")), unit="customer")
    assert found.sources["orders_by_shipped_at"]["time"] == "shipped_at"


def test_extras_for_vitalfew_are_taken(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    extras = {"direction": "down", "role": "guardrail", "unit": "EUR", "guardrail_margin": 0.5, "winsor": 0.99}
    meta = {"meta": {"vitalfew": {**extras, "colour": "red"}}}
    found = imported(folder, manifest(tmp_path, simple("revenue", "revenue", config=meta)))
    definitions = load(folder).definitions
    taken = definitions.metrics["revenue"]
    assert (taken.direction, taken.role, taken.unit) == ("down", "guardrail", "EUR")
    assert taken.cap is not None
    assert taken.cap.percentile == 0.99
    assert definitions.guardrails["revenue"].margin == 0.5
    assert found.metrics[0].notes == ("'colour' among its extras for vitalfew is not read",)


def test_the_project_is_read_beside_the_manifest_or_given(tmp_path: Path) -> None:
    file = manifest(tmp_path, *MAPPED[:1])
    assert read_dbt(file, unit="customer").metrics[0].ident == "dbt:shop/revenue"
    assert read_dbt(file, unit="customer", project="other").metrics[0].ident == "dbt:other/revenue"


def test_a_version_nobody_tried_is_said(tmp_path: Path) -> None:
    file = manifest(tmp_path, *MAPPED[:1])
    tree = json.loads(file.read_text())
    for minor, notes in ((10, 0), (99, 1)):
        version = {"major_version": "0", "minor_version": str(minor), "patch_version": "1"}
        tree["project_configuration"] = {"dsi_package_version": version}
        file.write_text(json.dumps(tree))
        assert len(read_dbt(file, unit="customer").notes) == notes


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        '{"metrics": []}',
        '{"semantic_models": 3, "metrics": []}',
        '{"a": NaN}',
        "\x00",
        "[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused_in_plain_words(tmp_path: Path, content: str) -> None:
    file = tmp_path / "semantic_manifest.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"semantic_manifest|semantic_models"):
        read_dbt(file)
    with pytest.raises(UsageError, match="no file"):
        read_dbt(tmp_path / "nothing.json")


def test_a_deep_or_broken_part_harms_only_itself(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = {"deeper": deep}
    broken = {"name": "broken", "node_relation": "orders"}
    bad = simple("bad", "revenue") | {"config": {"meta": {"vitalfew": {"direction": deep}}}}
    file = manifest(tmp_path, simple("revenue", "revenue"), bad, models=[ORDERS, broken, {"name": 7}])
    found = read_dbt(file, unit="customer")
    assert [one.name for one in found.metrics] == ["revenue"]
    assert {one.what for one in found.not_mapped} == {"metric", "semantic model"}
