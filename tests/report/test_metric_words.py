"""Definitions of metrics in plain sentences."""

from __future__ import annotations

from typing import Any

import pytest

from vitalfew.report.metric_words import definition_sentences
from vitalfew.workspace.definitions import Definitions

SOURCES = {"use": {"table": "use.csv", "title": "Use", "unit": "user", "time": "at", "event": "event"}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"kind": "retention", "source": "use", "events": ["open"], "window": {"delay": 7, "length": 7}},
            "The share of units for which the number of events open in “Use” is above 0.",
        ),
        (
            {"kind": "mean", "source": "use", "column": "minutes", "aggregation": "max"},
            "The largest column minutes of “Use”, per unit on average.",
        ),
        (
            {"kind": "funnel", "source": "use", "steps": ["view", "pay"], "window": {"length": 7}},
            "The share of units that go through view → pay in this order.",
        ),
        (
            {"kind": "quantile", "quantile": 0.9, "source": "use", "column": "minutes"},
            "The 90 % quantile over units of the column minutes of “Use”.",
        ),
    ],
)
def test_a_definition_begins_with_what_is_taken(body: dict[str, Any], said: str) -> None:
    definitions = Definitions.model_validate({"sources": SOURCES, "metrics": {"m": body}})
    assert definition_sentences(definitions, definitions.metrics["m"], "m")[0] == said


def test_caps_windows_filters_and_direction_are_said() -> None:
    body = {
        "kind": "count", "source": "use", "events": ["click"], "filters": ["plan == 'pro'"],
        "window": {"length": 28}, "cap": {"absolute": 20}, "direction": "down",
    }  # fmt: skip
    definitions = Definitions.model_validate({"sources": SOURCES, "metrics": {"m": body}})
    assert definition_sentences(definitions, definitions.metrics["m"], "m")[1:] == (
        "Only rows count where plan == 'pro'.",
        "Counted from day 0 to before day 28 after a unit's first exposure.",
        "Values above 20 are set to it.",
        "Less is better.",
    )
