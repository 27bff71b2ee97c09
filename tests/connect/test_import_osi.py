from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connect.foreign_shop import BY_HAND, compare, shop
from vitalfew.connect.import_writing import write_import
from vitalfew.connect.importing import plan_import, workspace_of
from vitalfew.connect.osi import read_osi
from vitalfew.errors import DataError, DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect.foreign import Foreign

HEAD = """
version: "1.0"
semantic_model:
  - name: shop
    datasets:
      - name: sales
        source: shop.analytics.orders
        primary_key: [order_id]
        fields:
          - name: moment
            expression: {dialects: [{dialect: ANSI_SQL, expression: ordered_at}]}
            dimension: {is_time: true}
          - {name: price, expression: {dialects: [{dialect: ANSI_SQL, expression: amount}]}}
          - {name: is_done, expression: {dialects: [{dialect: ANSI_SQL, expression: "status = 'done'"}]}}
          - {name: margin, expression: {dialects: [{dialect: ANSI_SQL, expression: amount - cost}]}}
      - {name: people, source: analytics.customers, primary_key: [customer_id]}
    relationships:
      - {name: r, from: sales, to: people, from_columns: [customer_id], to_columns: [customer_id]}
    metrics:
"""
METRICS = {
    "revenue": "SUM(sales.price)",
    "orders": "COUNT(*) FILTER (WHERE sales.order_id IS NOT NULL)",
    "done": "SUM(CASE WHEN sales.is_done THEN sales.amount ELSE 0 END)",
    "value": "SUM(sales.amount) / NULLIF(COUNT(sales.order_id), 0)",
    "average": "AVG(sales.amount)",
    "buyers": "COUNT(DISTINCT sales.customer_id)",
    "share_done": "AVG(CASE WHEN sales.status IN ('done') THEN 1 ELSE 0 END)",
    "median": "MEDIAN(sales.amount)",
    "sessions": "AVG(people.sessions)",
    "danes": "COUNT(CASE WHEN people.country LIKE 'D%' THEN people.customer_id END)",
}


def line(name: str, sql: str, dialect: str = "ANSI_SQL", more: str = "") -> str:
    quoted = sql.replace('"', '\\"')
    return (
        f'      - {{name: {name}, expression: {{dialects: [{{dialect: {dialect}, expression: "{quoted}"}}]}}{more}}}\n'
    )


def model(path: Path, *lines: str, head: str = HEAD) -> Path:
    file = path / "model.yaml"
    file.write_text(head + "".join(lines), encoding="utf-8")
    return file


def read(path: Path, *lines: str, head: str = HEAD) -> Foreign:
    return read_osi(model(path, *lines, head=head), unit="people")


def test_imported_metrics_give_the_numbers_of_metrics_written_by_hand(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    found = read(tmp_path, *(line(name, sql) for name, sql in METRICS.items()))
    assert not found.not_mapped
    write_import(plan_import(found, workspace_of(folder)))
    compare(folder, BY_HAND, list(METRICS))
    key = load(folder).definitions.metrics["revenue"].import_key
    assert key is not None
    assert key.startswith("osi:shop/revenue#")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("MAX(sales.amount)", "no mean over units"),
        ("SUM(sales.margin)", "computes with columns"),
        ("SUM(sales.amount) - SUM(sales.cost)", "no counterpart"),
        ("100.0 * SUM(sales.amount) / COUNT(*)", "scales"),
        ("SUM(sales.amount) / COUNT(DISTINCT nowhere.id)", "no dataset 'nowhere'"),
        ("SUM(sales.amount * people.sessions)", "computes with columns"),
        ("SUM(CASE WHEN people.country = 'DK' THEN sales.amount END)", "2 datasets at once"),
        ("SUM(sessions)", "several datasets may hold"),
        ("SUM(price)); DROP TABLE orders", "no SQL that can be read"),
        ("(SELECT SUM(amount) FROM analytics.orders)", "no counterpart"),
        ("SUM(sales.amount) OVER (PARTITION BY sales.status)", "no counterpart"),
        ("{{ metric }}", "template"),
        ("SUM(" * 2000 + "1" + ")" * 2000, "characters"),
        ("(" * 1200 + "a" + ")" * 1200, "nested too deeply"),
        ("COUNT(CASE WHEN sales.status = 'done' THEN 1 ELSE 0 END)", "counts every row"),
        ("COUNT(people.customer_id)", "1 for each of them"),
        ("COUNT(DISTINCT people.country)", "no number per unit"),
        ("STDDEV(sales.amount)", "no counterpart"),
        ("sales.amount", "no aggregate"),
        ("SUM(CASE WHEN sales.status LIKE 'd_ne' THEN 1 END)", "no counterpart"),
        ("SUM(CASE WHEN sales.amount / 3 > 2 THEN 1 END)", "no counterpart"),
    ],
)
def test_other_sql_is_listed_with_the_reason(tmp_path: Path, sql: str, reason: str) -> None:
    found = read(tmp_path, line("odd", sql), line("revenue", "SUM(sales.price)"))
    assert [metric.name for metric in found.metrics] == ["shop/revenue"]
    (left,) = found.not_mapped
    assert reason in left.reason


def test_dialects_that_are_no_sql_are_for_display_only(tmp_path: Path) -> None:
    found = read(tmp_path, line("odd", "[Measures].[Sales]", dialect="MDX"))
    assert "display only" in found.not_mapped[0].reason


def test_extensions_of_vendor_common_hold_what_the_format_lacks(tmp_path: Path) -> None:
    data = '{"vitalfew": {"direction": "down", "unit": "EUR", "guardrail_margin": 2}}'
    extension = (
        f", custom_extensions: [{{vendor_name: OTHER, data: 'no json'}}, {{vendor_name: COMMON, data: '{data}'}}]"
    )
    (taken,) = read(tmp_path, line("revenue", "SUM(sales.price)", more=extension)).metrics
    assert (taken.fields["direction"], taken.fields["unit"], taken.margin) == ("down", "EUR", 2)


def test_the_version_that_metricflow_writes_is_read_and_others_are_refused(tmp_path: Path) -> None:
    metric = line("revenue", "SUM(sales.price)")
    for version in ("version: 0.1.1", "version: 1.0", "x: y"):
        assert read(tmp_path, metric, head=HEAD.replace('version: "1.0"', version)).metrics
    with pytest.raises(DataError, match=r"version 3\.0"):
        read(tmp_path, metric, head=HEAD.replace('"1.0"', '"3.0"'))


def test_unit_and_time_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    metric = line("revenue", "SUM(sales.price)")
    asked = read_osi(model(tmp_path, metric))
    assert "order_id (sales), customer_id (people)" in asked.not_mapped[0].reason
    untimed = read(tmp_path, metric, head=HEAD.replace("is_time: true", "is_time: false"))
    assert "one time field" in untimed.not_mapped[0].reason


@pytest.mark.parametrize(
    "content", ["", "- 1", "semantic_model: 7", "a: &a [*a]", "semantic_model: [1]", "x: !!python/name:os.system"]
)
def test_what_is_no_semantic_model_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises((DataError, DefinitionError), match=r"model\.yaml|semantic_model"):
        read_osi(file)
