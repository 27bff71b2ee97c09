from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connect.foreign_shop import manifest, metric, shop, simple
from vitalfew.connect.dbt import read_dbt
from vitalfew.connect.import_writing import as_dict, sentences, write_import
from vitalfew.connect.importing import plan_import, workspace_of
from vitalfew.errors import DataError, Unsupported, UsageError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect.importing import ImportPlan

DONE = "{{ Dimension('order__state') }} = 'done'"


class Again:
    """A workspace into which manifests are imported one after the other."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, shop(path / "w")
        self.file = self.folder / "metrics_dbt.yaml"

    def plan(self, *metrics: dict[str, Any], only: tuple[str, ...] = ()) -> ImportPlan:
        found = read_dbt(manifest(self.path, *metrics), unit="customer")
        return plan_import(found, workspace_of(self.folder), only)

    def take(self, *metrics: dict[str, Any]) -> dict[str, str]:
        plan = self.plan(*metrics)
        write_import(plan)
        return {change.key: change.what for change in plan.changes}

    def edit(self, before: str, after: str) -> None:
        text = self.file.read_text(encoding="utf-8")
        assert before in text
        self.file.write_text(text.replace(before, after, 1), encoding="utf-8")

    def metric(self, key: str) -> Any:
        return load(self.folder).definitions.metrics[key]


@pytest.fixture
def again(tmp_path: Path) -> Again:
    return Again(tmp_path)


def test_importing_twice_changes_nothing(again: Again) -> None:
    metrics = (simple("revenue", "revenue"), simple("p90", "p90"), simple("buyers", "buyers"))
    assert set(again.take(*metrics).values()) == {"added"}
    written = again.file.read_bytes()
    assert set(again.take(*metrics).values()) == {"same"}
    assert again.file.read_bytes() == written
    assert not again.plan(*metrics).writes


def test_what_people_added_stays_when_upstream_changes(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    again.edit("  revenue:\n", "  revenue:\n    direction: down\n    role: goal\n    unit: EUR\n    level: business\n")
    again.edit("metrics:\n", "teams: {growth: {}}\nmetrics:\n")
    again.edit("    title: revenue\n", "    title: Money in\n    owner: growth\n")
    assert again.take(simple("revenue", "revenue")) == {"revenue": "kept"}
    assert again.take(simple("revenue", "revenue", DONE)) == {"revenue": "changed"}
    now = again.metric("revenue")
    assert now.numerator.filters == ("status == 'done'",)
    assert (now.direction, now.role, now.unit, now.level) == ("down", "goal", "EUR", "business")
    assert (now.title, now.owner) == ("Money in", "growth")


def test_words_follow_upstream_until_people_change_them(again: Again) -> None:
    again.take(simple("revenue", "revenue", label="Revenue"))
    assert again.take(simple("revenue", "revenue", label="Sales")) == {"revenue": "changed"}
    assert again.metric("revenue").title == "Sales"
    again.edit("title: Sales", "title: Money")
    plan = again.plan(simple("revenue", "revenue", label="Turnover"))
    assert plan.changes[0].details == ("title: 'Money' is kept; upstream 'Turnover'",)
    write_import(plan)
    assert again.metric("revenue").title == "Money"


def test_a_change_here_is_kept_and_one_on_both_sides_is_a_conflict(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    again.edit("    column: amount\n", "    column: amount\n    filters: ['amount > 1']\n")
    assert again.take(simple("revenue", "revenue")) == {"revenue": "kept"}
    both = again.plan(simple("revenue", "revenue", DONE))
    assert [change.what for change in both.conflicts] == ["conflict"]
    assert any("amount > 1" in detail and "status == 'done'" in detail for detail in both.conflicts[0].details)
    write_import(both)
    assert again.metric("revenue").numerator.filters == ("amount > 1",)
    assert again.plan(simple("revenue", "revenue", DONE)).conflicts  # until somebody settles it
    again.edit("amount > 1", "status == ''done''")
    assert again.take(simple("revenue", "revenue", DONE)) == {"revenue": "same"}


def test_a_conflict_is_settled_by_removing_the_hashes(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    again.edit("    column: amount\n", "    column: cost\n")
    key = again.metric("revenue").import_key
    again.edit(key, key.partition("#")[0])
    assert again.take(simple("revenue", "revenue", DONE)) == {"revenue": "kept"}
    assert again.metric("revenue").numerator.column == "cost"
    assert again.take(simple("revenue", "revenue", DONE)) == {"revenue": "kept"}


def test_what_vanishes_upstream_is_said_and_kept(again: Again) -> None:
    again.take(simple("revenue", "revenue"), simple("buyers", "buyers"))
    assert again.take(simple("revenue", "revenue"), simple("buyers", "largest")) == {
        "revenue": "same",
        "buyers": "gone",
    }
    plan = again.plan(simple("revenue", "revenue"))
    assert "upstream no more" in plan.changes[-1].details[0]
    assert not plan.writes


def test_metrics_written_by_hand_are_never_touched(again: Again) -> None:
    own = again.folder / "own.yaml"
    own.write_text("metrics:\n  revenue: {source: orders, column: amount}\n  mine:\n    source: orders\n"
                   "    column: cost\n    import_key: 'dbt:shop/buyers'\n"
                   "sources:\n  orders: {shape: events, table: o.csv, unit: customer_id, time: ordered_at}\n",
                   encoding="utf-8")  # fmt: skip
    before = own.read_bytes()
    assert again.take(simple("revenue", "revenue"), simple("buyers", "buyers")) == {
        "revenue_dbt": "added",
        "mine": "elsewhere",
    }
    assert own.read_bytes() == before
    plan = again.plan(simple("revenue", "revenue"))
    assert plan.notes == ["another source is called 'orders' here, so the imported one is 'orders_dbt'"]
    assert again.metric("revenue_dbt").numerator.source == "orders_dbt"
    assert not plan.writes


def test_the_table_of_an_imported_source_may_be_adapted(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    again.edit("table: analytics.orders", "table: orders.parquet")
    plan = again.plan(simple("revenue", "revenue"), simple("buyers", "buyers"))
    assert plan.notes == ["source 'orders': table 'orders.parquet' is kept; upstream 'analytics.orders'"]
    write_import(plan)
    sources = load(again.folder).definitions.sources
    assert sorted(sources) == ["exposures", "orders"]
    assert sources["orders"].table == "orders.parquet"


def test_a_source_of_the_same_table_is_shared(again: Again) -> None:
    own = "sources:\n  orders: {shape: events, table: analytics.orders, unit: customer_id, time: ordered_at}\n"
    (again.folder / "own.yaml").write_text(own, encoding="utf-8")
    again.take(simple("revenue", "revenue"))
    assert "sources:" not in again.file.read_text("utf-8")


def test_a_source_of_another_shape_is_no_match(again: Again) -> None:
    (again.folder / "own.yaml").write_text("sources:\n  orders: {table: o.csv, unit: id}\n", encoding="utf-8")
    again.take(simple("revenue", "revenue"))
    assert again.metric("revenue").numerator.source == "orders_dbt"
    assert not again.plan(simple("revenue", "revenue")).writes


def test_a_renamed_metric_is_known_by_its_import_key(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    again.edit("  revenue:\n", "  money:\n")
    assert again.take(simple("revenue", "revenue", DONE)) == {"money": "changed"}
    assert list(load(again.folder).definitions.metrics) == ["money"]


def test_only_the_metrics_asked_for_are_taken(again: Again) -> None:
    both = (simple("revenue", "revenue"), simple("buyers", "buyers"), simple("largest", "largest"))
    plan = again.plan(*both, only=("buyers",))
    assert [change.key for change in plan.changes] == ["buyers"]
    with pytest.raises(UsageError, match="no mean over units"):
        again.plan(*both, only=("largest",))


def test_nothing_is_written_when_the_workspace_would_not_be_sound(again: Again) -> None:
    again.take(simple("revenue", "revenue"))
    before = again.file.read_bytes()
    plan = again.plan(simple("revenue", "revenue"), simple("buyers", "buyers"))
    (again.folder / "late.yaml").write_text("metrics:\n  buyers: {source: orders, column: cost}\n", encoding="utf-8")
    with pytest.raises(Unsupported, match="nothing was changed"):
        write_import(plan)
    assert again.file.read_bytes() == before


def test_more_metrics_than_a_file_may_hold_are_refused_with_the_way_out(again: Again) -> None:
    many = [simple(f"revenue_{number}", "revenue", description="d" * 1500) for number in range(200)]
    with pytest.raises(DataError, match="--metric"):
        write_import(again.plan(*many))
    assert not again.file.exists()


def test_odd_names_and_texts_make_a_file_that_can_be_read_back(again: Again) -> None:
    odd = simple("Umsatz: 'neu' #1", "revenue", label="Tab\tand\x00 'quote' \u202e", description="line\nline: # no\n")
    again.take(odd, metric("x" * 300, "simple", {"measure": {"name": "revenue"}}))
    assert again.metric("umsatz_neu_1").title == "Tab and 'quote'"
    assert set(again.take(odd).values()) == {"same", "gone"}


def test_the_plan_is_told_before_and_after_and_as_plain_values(again: Again) -> None:
    metrics = (simple("revenue", "revenue"), simple("largest", "largest"))
    plan = again.plan(*metrics)
    shown = list(sentences(plan, written=False))
    assert shown[0] == "Added:"
    assert "1 of 2 metrics can be mapped." in shown
    assert "--dry-run" in shown[-1]
    plain = as_dict(plan, written=False)
    assert plain["not_mapped"][0]["name"] == "largest"
    assert not plain["written"]
