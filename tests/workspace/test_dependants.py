"""What would miss a feature: metrics that count its events, features seen by the same, work that builds on it."""

from __future__ import annotations

from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.dependants import dependants

MADE = Definitions.model_validate({
    "sources": {
        "events": {"shape": "events", "table": "events.csv", "unit": "user", "time": "at", "event": "event"},
        "users": {"table": "users.csv", "unit": "user"},
    },
    "metrics": {
        "exports": {"source": "events", "events": ["exported"]},
        "started": {"kind": "funnel", "source": "events", "steps": ["opened", "exported"]},
        "per_visit": {
            "kind": "ratio",
            "numerator": {"source": "events", "events": ["visited"]},
            "denominator": {"source": "events", "events": ["exported"]},
        },
        "calm": {"source": "users", "column": "calm"},
        "visits": {"source": "events", "events": ["visited"]},
    },
    "features": {
        "wizard": {"source": "events", "events": ["exported"]},
        "menu": {"source": "events", "events": ["exported", "opened"]},
        "list": {"source": "events", "events": ["listed"]},
    },
    "initiatives": {
        "build_wizard": {"feature": "wizard", "title": "Wizard"},
        "templates": {"prerequisites": ["build_wizard"]},
        "given_up": {"prerequisites": ["build_wizard"], "status": "dropped"},
    },
})  # fmt: skip


def test_metrics_features_and_work_that_would_miss_it_are_named_with_the_reason() -> None:
    found = {(one.kind, one.key): one.why for one in dependants(MADE, "wizard")}
    assert found == {
        ("metrics", "exports"): "counts exported",
        ("metrics", "started"): "counts exported",
        ("metrics", "per_visit"): "counts exported",
        ("features", "menu"): "is seen by the same exported",
        ("initiatives", "templates"): "needs Wizard first",
    }


def test_what_nothing_counts_and_nothing_builds_on_is_missed_by_nothing() -> None:
    assert dependants(MADE, "list") == ()
