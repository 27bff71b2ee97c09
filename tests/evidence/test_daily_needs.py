"""Which metrics are counted by day: those that somebody asks for."""

from __future__ import annotations

from typing import Any

from vitalfew.evidence.daily_needs import daily_needs
from vitalfew.workspace.definitions import Definitions

SEEN = {"table": "e", "shape": "events", "unit": "user", "time": "at", "event": "name"}
METRIC = {"source": "s", "events": ["x"]}
WAVES = {"source": "s", "id": "r"}


def defined(releases: dict[str, Any], **more: Any) -> Definitions:
    metrics = {"orders": METRIC, "visits": METRIC, "rate": METRIC, "money": METRIC | {"level": "business"}}
    return Definitions.model_validate({"sources": {"s": SEEN}, "metrics": metrics, "releases": releases} | more)


def test_a_release_that_names_no_metric_asks_for_all() -> None:
    needs = daily_needs(defined({"r": {"date": "2026-01-02"}}))
    assert needs.counted == {"orders", "visits", "rate", "money"}
    assert needs.silent == needs.counted  # nobody named one, so nobody misses one that has no value of a day


def test_a_release_that_names_metrics_asks_for_them_and_its_controls() -> None:
    needs = daily_needs(defined({"r": {"date": "2026-01-02", "metrics": ["orders"], "controls": ["visits"]}}))
    assert needs.counted == {"orders", "visits", "money"}
    assert needs.silent == {"money"}  # its change is explained, but no release is judged on it


def test_releases_in_waves_ask_for_the_top_only_and_want_no_remark() -> None:
    needs = daily_needs(defined({"r": {"date": "2026-01-02", "rollout": WAVES}}))
    assert needs.counted == needs.silent == {"money"}


def test_a_formula_asks_for_its_whole_and_its_parts() -> None:
    links = {"by_rate": {"child": "orders", "kind": "component", "formula": "visits * rate"}}
    needs = daily_needs(defined({"r": {"date": "2026-01-02", "rollout": WAVES}}, links=links))
    assert {"orders", "visits", "rate"} <= needs.counted
