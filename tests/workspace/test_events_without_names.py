from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = "sources:\n  orders: {shape: events, table: orders.csv, unit: user, time: at}\n"


def test_a_table_of_one_kind_of_event_needs_no_names(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(f"{ORDERS}metrics:\n  spent: {{source: orders, column: amount}}\n")
    assert load(tmp_path).definitions.metrics["spent"].numerator.source == "orders"


@pytest.mark.parametrize(
    "more",
    [
        "metrics:\n  paid: {source: orders, events: [paid]}\n",
        "metrics:\n  steps: {source: orders, kind: funnel, steps: [view, order]}\n",
        "features:\n  shop: {source: orders, events: [paid]}\n",
    ],
)
def test_what_names_events_needs_their_column(tmp_path: Path, more: str) -> None:
    (tmp_path / "w.yaml").write_text(ORDERS + more)
    with pytest.raises(DefinitionError, match=r"does not tell its events apart; give the source 'event'") as found:
        load(tmp_path)
    assert found.value.problems[0].where is not None


def test_features_look_for_their_events_where_events_have_names(tmp_path: Path) -> None:
    more = "  clicks: {table: clicks.csv, unit: user, time: at, event: name}\nfeatures:\n  shop: {events: [paid]}\n"
    (tmp_path / "w.yaml").write_text(ORDERS + more)
    assert list(load(tmp_path).definitions.features) == ["shop"]
