"""Metrics that are fresh, owned and shared out raise nothing; each fault is told once."""

from __future__ import annotations

from datetime import date
from typing import Any

from vitalfew import checks
from vitalfew.evidence.freshness import freshness
from vitalfew.results.rows import SeriesRow, Tables
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 30)
OURS = {"stale_metric", "ownerless_metric", "team_without_metric", "family_gap"}


def _found(days: str = "2026-06-29", **changed: Any) -> dict[str, str]:
    raw: dict[str, Any] = {
        "sources": {"kpi": {"table": "kpi.csv", "shape": "series", "time": "day", "fresh_days": 3}},
        "teams": {"apps": {}, "core": {}},
        "metrics": {"m": {"source": "kpi", "owner": "apps"}, "n": {"source": "kpi", "owner": "core"}},
        "factors": {"m": {"range": [0.0, 1.0]}},
        "initiatives": {"i": {"team": "core", "status": "committed"}},
    }
    definitions = Definitions.model_validate(raw | changed)
    rows = tuple(SeriesRow("kpi", metric, None, days, 1.0) for metric in definitions.metrics) if days else ()
    told = checks.run(definitions, ActLog(), Tables(series=rows), TODAY)
    return {row.id: row.message for row in told if row.id in OURS}


def test_fresh_owned_metrics_for_every_team_raise_nothing() -> None:
    assert _found() == {}


def test_a_source_that_does_not_keep_its_promise_is_told_once() -> None:
    assert _found("2026-06-20") == {"stale_metric": "Values of m and n end 10 days ago; promised: 3 days."}
    assert _found("") == {"stale_metric": "Values of m and n have no value yet; promised: 3 days."}


def test_without_a_promise_nothing_is_stale_but_the_age_is_known() -> None:
    plain = {"kpi": {"table": "kpi.csv", "shape": "series", "time": "day"}}
    assert _found("2020-01-01", sources=plain) == {}
    definitions = Definitions.model_validate({"sources": plain, "metrics": {"m": {"source": "kpi"}}})
    rows = (SeriesRow("kpi", "m", None, "2026-06-20", 1.0),)
    assert freshness(definitions, Tables(series=rows), TODAY)["m"].days == 10


def test_factors_without_an_owner_and_teams_without_a_metric_are_named() -> None:
    found = _found(metrics={"m": {"source": "kpi"}, "n": {"source": "kpi", "owner": "apps"}})
    assert found == {"ownerless_metric": "Nobody owns m.", "team_without_metric": "core has no metric."}


def test_where_nobody_owns_anything_owners_are_not_asked_for() -> None:
    assert _found(metrics={"m": {"source": "kpi"}, "n": {"source": "kpi"}}) == {}


def test_a_team_covers_each_family_or_waives_it_with_a_reason() -> None:
    families = {
        name: {"source": "kpi", "owner": "apps", "family": name} for name in ("acquisition", "conversion", "retention")
    }
    metrics = {"m": {"source": "kpi", "owner": "core"}} | families
    assert _found(metrics=metrics) == {"family_gap": "apps has no metric of technical and cost."}
    waived = {"apps": {"waives": {"technical": "core runs it", "cost": "no budget of its own"}}, "core": {}}
    assert _found(metrics=metrics, teams=waived) == {}
