"""Forms of metrics and the definitions they say: nothing is lost either way, and no text becomes a query."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.server.core.conditions import Conditions
from vitalfew.server.value.metric_bodies import body_of, initial_of, unknown_events
from vitalfew.workspace.expression_tree import Column, Compare, Literal
from vitalfew.workspace.expressions import parse

TYPES = {"use": {"plan": "text", "value": "number", "first seen": "time"}}


BACK = {"kind": "retention", "source": "use", "events": ["open"], "window": {"delay": 21, "length": 7}}
MINUTES = {
    "kind": "ratio",
    "source": "use",
    "column": "value",
    "aggregation": "sum",
    "denominator": {"source": "use", "events": ["plan"], "aggregation": "count"},
    "direction": "down",
}
CLICKS = {"kind": "count", "source": "use", "filters": ["plan == 'pro'", "value > 3"], "cap": {"absolute": 20.0}}
ODD = {"kind": "count", "source": "use", "filters": ["plan in ('a', 'b') or value < 2"], "version": 3}


@pytest.mark.parametrize("body", [BACK, MINUTES, CLICKS, ODD])
def test_a_definition_comes_back_from_its_form(body: dict[str, Any]) -> None:
    titled = body | {"title": "A metric"}
    assert body_of(initial_of(titled), titled, TYPES) == titled


@given(st.text(min_size=1, max_size=60))
def test_whatever_is_typed_as_a_value_stays_a_value(value: str) -> None:
    cleaned = {"source": "use", "kind": "count", "column_0": "plan", "operator_0": "==", "value_0": value}
    try:
        (said,) = body_of(cleaned, {}, TYPES)["filters"]
    except Conditions:
        return
    assert parse(said) == Compare(Column("plan"), "==", Literal(value))


def test_numbers_are_compared_as_numbers() -> None:
    cleaned = {"source": "use", "kind": "count", "column_0": "value", "operator_0": ">=", "value_0": "3"}
    assert body_of(cleaned, {}, TYPES)["filters"] == ["value >= 3"]
    with pytest.raises(Conditions) as refused:
        body_of(cleaned | {"value_0": "three"}, {}, TYPES)
    assert refused.value.rows == ((0, "the column holds numbers, and “three” is none"),)


def test_an_event_that_the_data_do_not_hold_is_told_with_what_was_meant() -> None:
    cleaned = {"source": "use", "events": "opn, plan"}
    assert list(unknown_events(cleaned, {"use": ["open", "plan"]})) == [
        ("events", "The data hold no event “opn”; did you mean 'open'?")
    ]
