from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connect.foreign_shop import BY_HAND, compare, shop
from vitalfew.connect.bsl import read_bsl
from vitalfew.connect.import_writing import write_import
from vitalfew.connect.importing import plan_import, workspace_of
from vitalfew.errors import DataError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect.foreign import Foreign

HEAD = """
profile: my_shop
people:
  table: customers
  database: analytics
  dimensions: {customer_id: _.customer_id, from_denmark: _.country == 'DK'}
  measures:
    sessions: _.sessions.mean()
    danes: _.customer_id.count(where=_.from_denmark)
sales:
  table: analytics.orders
  dimensions:
    buyer: _.customer_id
    moment: {expr: _.ordered_at, is_time_dimension: true, smallest_time_grain: TIME_GRAIN_DAY}
    is_done: _.status == 'done'
  joins:
    people: {model: people, type: one, left_on: customer_id, right_on: customer_id}
  measures:
"""
MEASURES = {
    "revenue": "_.amount.sum()",
    "orders": "_.count()",
    "done": "_.amount.sum(where=_.is_done)",
    "value": "_.revenue / _.orders",
    "average": "_.amount.mean()",
    "buyers": "_.buyer.nunique()",
    "share_done": "_.status.isin(['done']).mean()",
    "median": "_.amount.median()",
    "gifts": "(_.gift & (_.amount > 5)).sum()",
}


def models(path: Path, measures: dict[str, str], head: str = HEAD) -> Path:
    file = path / "models.yml"
    quoted = {name: text.replace('"', '\\"') for name, text in measures.items()}
    file.write_text(head + "".join(f'    {name}: "{text}"\n' for name, text in quoted.items()), encoding="utf-8")
    return file


def read(path: Path, measures: dict[str, str], head: str = HEAD) -> Foreign:
    return read_bsl(models(path, measures, head), unit="people")


def test_imported_measures_give_the_numbers_of_metrics_written_by_hand(tmp_path: Path) -> None:
    folder = shop(tmp_path / "w")
    found = read(tmp_path, MEASURES)
    assert not found.not_mapped
    write_import(plan_import(found, workspace_of(folder)))
    compare(folder, BY_HAND, [*MEASURES, "sessions", "danes"])
    key = load(folder).definitions.metrics["revenue"].import_key
    assert key is not None
    assert key.startswith("bsl:sales/revenue#")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("_.amount.max()", "no mean over units"),
        ("(_.amount - _.cost).sum()", "computes with columns"),
        ("_.amount.sum() * 100", "scales"),
        ("_.amount", "no aggregate"),
        ("_.amount.std()", "more than names"),
        ("_.amount.sum().sum()", "more than names"),
        ("_.odd / _.orders", "defined by itself"),
        ("__import__('os').system('true')", "more than names"),
        ("_.count.__class__()", "more than names"),
        ("lambda t: t.amount.sum()", "more than names"),
        ("[x for x in _]", "more than names"),
        ("_.amount.sum(where=_.status == f'{1}')", "more than names"),
        ("_.amount.sum(", "no expression"),
        ("(" * 300 + "_.amount" + ")" * 300, "no expression"),
        ("_.a" + ".lower()" * 600, "nested too deeply"),
        ("_.amount.sum() + 1" + " " * 5000, "characters"),
    ],
)
def test_other_expressions_are_listed_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    found = read(tmp_path, {"odd": text, "orders": "_.count()"})
    assert "sales/orders" in [metric.name for metric in found.metrics]
    (left,) = found.not_mapped
    assert reason in left.reason


def test_words_beside_an_expression_are_taken(tmp_path: Path) -> None:
    more = "    refunds: {expr: _.amount.sum(), description: Money back, vitalfew: {direction: down, unit: EUR}}\n"
    (taken,) = (one for one in read(tmp_path, {}, HEAD + more).metrics if one.name == "sales/refunds")
    assert taken.words == {"title": "refunds", "description": "Money back", "direction": "down", "unit": "EUR"}


def test_a_dimension_stands_for_its_column_also_in_a_measure_of_its_name(tmp_path: Path) -> None:
    renamed = HEAD.replace("    buyer:", "    price: _.amount\n    cost: _.cost\n    buyer:")
    found = {one.name: one.fields["column"] for one in read(tmp_path, {"price": "_.price.sum()"}, renamed).metrics[2:]}
    assert found == {"sales/price": "amount"}
    (cost,) = (one for one in read(tmp_path, {"x": "_.cost.sum()"}, renamed).metrics if one.name == "sales/x")
    assert cost.fields["column"] == "cost"


def test_names_that_stand_for_each_other_or_double_at_every_step_are_refused(tmp_path: Path) -> None:
    circle = HEAD.replace("    buyer:", "    a: _.b\n    b: _.a\n    buyer:")
    doubled = {f"m{at}": f"_.m{at - 1} / _.m{at - 1}" if at else "_.amount.sum()" for at in range(60)}
    found = read(tmp_path, {"round": "_.a.sum()", **doubled}, circle)
    reasons = {left.name: left.reason for left in found.not_mapped}
    assert "defined by itself" in reasons["sales/round"]
    assert "more than 5,000 characters" in reasons["sales/m59"]


def test_a_filter_of_the_model_holds_for_its_measures(tmp_path: Path) -> None:
    filtered = HEAD.replace("  table: analytics.orders", "  table: analytics.orders\n  filter: _.is_done & ~_.gift")
    (taken,) = (one for one in read(tmp_path, {"orders": "_.count()"}, filtered).metrics if one.name == "sales/orders")
    assert taken.fields["filters"] == ["status == 'done'", "not gift"]


def test_a_model_without_a_key_or_a_time_says_what_it_needs(tmp_path: Path) -> None:
    lonely = "visits: {table: visits, dimensions: {who: _.who}, measures: {visits: _.count()}}\n"
    (tmp_path / "m.yml").write_text(lonely, encoding="utf-8")
    assert "has the keys none" in read_bsl(tmp_path / "m.yml").not_mapped[0].reason
    assert "needs one is_time_dimension" in read_bsl(tmp_path / "m.yml", unit="who").not_mapped[0].reason


def test_a_file_without_models_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text("profile: x\n", encoding="utf-8")
    with pytest.raises(DataError, match="holds no semantic model"):
        read_bsl(tmp_path / "m.yml")
